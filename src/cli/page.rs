//! A summary to the page that was asked for.

use std::io::IsTerminal;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Color, FailOn, Format, PageArgs, ShowArgs};
use super::exit::{Error, Exit};
use super::out::Out;
use super::when;
use crate::analysis::detect::Threshold;
use crate::analysis::{self, Finding};
use crate::catalog::{Catalog, UNKNOWN};
use crate::report::{self, Look, Report};
use crate::summary::Summary;
use crate::time::Instant;

/// What the surroundings say, asked once.
pub(super) struct Setting {
    /// The zone of the log's own clock and of the page.
    pub(super) zone: TimeZone,
    /// The present.
    pub(super) now: Instant,
}

impl Setting {
    /// Asks the clock and the system's zone, and checks what was typed.
    pub(super) fn new(args: &PageArgs, catalog: &Catalog) -> Result<Setting, Error> {
        if let Some(provider) = &args.provider
            && provider != UNKNOWN
            && catalog.provider_id(provider).is_none()
        {
            return Err(Error::usage(format!(
                "--provider {provider}: no provider of that name{}",
                near(provider, catalog)
            )));
        }
        Ok(Setting { zone: when::zone(args.tz.as_deref())?, now: Timestamp::now().as_second() })
    }
}

/// Providers whose short names begin alike.
fn near(name: &str, catalog: &Catalog) -> String {
    match did_you_mean(name, catalog.providers().iter().map(|provider| &*provider.id)) {
        Some(near) => format!("; {near}"),
        None => "; smtpulse codes --providers lists the short names".to_owned(),
    }
}

/// Of some names the few that are most like one that is none of them.
pub(super) fn did_you_mean<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let likeness = |known: &'n str| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known);
    let mut near: Vec<(f64, &str)> =
        names.into_iter().map(likeness).filter(|(much, _)| *much > 0.8).collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    near.dedup();
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, known)| known).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// Prints the page and tells how the program ends.
pub(super) fn show(
    summary: &Summary,
    catalog: &Catalog,
    setting: &Setting,
    page: &PageArgs,
    show: &ShowArgs,
) -> Result<Exit, Error> {
    let threshold = if show.strict { Threshold::STRICT } else { Threshold::USUAL };
    let findings = analysis::findings_above(summary, catalog, threshold);
    let options =
        report::Options { top: show.top, tz: setting.zone.clone(), provider: page.provider.clone() };
    let report = Report::new(summary, &findings, catalog, &options);
    let worth_saying = findings.iter().any(|finding| finding.severity != analysis::Severity::Notice);
    if !page.quiet || worth_saying {
        let mut out = Out::open(page.output.as_deref())?;
        let written = match show.format {
            Format::Text => report::text(&report, &mut out, &look(page.output.is_some(), show.color)),
            Format::Json => report::json(&report, &mut out),
        };
        out.finish(written)?;
    }
    let met = show.fail_on.is_some_and(|what| findings.iter().any(|finding| fails(what, finding)));
    Ok(if met { Exit::Condition } else { Exit::Done })
}

fn fails(what: FailOn, finding: &Finding) -> bool {
    match what {
        FailOn::Spike => finding.kind.is_alert(),
        FailOn::Enforcement => finding.enforcement,
        FailOn::Any => true,
    }
}

/// Width and colour: the terminal's, where the page goes to one.
pub(super) fn look(to_file: bool, color: Color) -> Look {
    let terminal = !to_file && std::io::stdout().is_terminal();
    let width = terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0));
    let colour = match color {
        Color::Always => true,
        Color::Never => false,
        // Knows NO_COLOR, CLICOLOR and TERM.
        Color::Auto => {
            terminal && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
    };
    Look { width: width.unwrap_or(Look::default().width).min(140), colour }
}
