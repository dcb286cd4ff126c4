//! A summary to the page that was asked for.

use std::io::IsTerminal;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Color, FailOn, PageArgs, ReportFormat, ShowArgs};
use super::exit::{Error, Exit};
use super::out::Out;
use super::{post, when};
use crate::analysis::detect::Threshold;
use crate::analysis::{self, Finding};
use crate::catalog::{Catalog, Only};
use crate::report::{self, Look, Report};
use crate::summary::Summary;
use crate::time::Instant;

/// What the surroundings say, asked once.
pub(super) struct Setting {
    /// The zone of the log's own clock and of the page.
    pub(super) zone: TimeZone,
    /// The present.
    pub(super) now: Instant,
    /// Whom `--provider` means.
    pub(super) provider: Option<Only>,
}

impl Setting {
    /// Asks the clock and the system's zone, and checks what was typed.
    pub(super) fn new(args: &PageArgs, catalog: &Catalog) -> Result<Setting, Error> {
        Ok(Setting {
            zone: when::zone(args.tz.as_deref())?,
            now: Timestamp::now().as_second(),
            provider: args.provider.as_deref().map(|name| provider(name, catalog)).transpose()?,
        })
    }
}

/// Whom `--provider` means, by any name people use.
pub(super) fn provider(name: &str, catalog: &Catalog) -> Result<Only, Error> {
    catalog.only(name).ok_or_else(|| {
        let near = match catalog.providers_near(name) {
            near if near.is_empty() => alike(name, catalog.providers().iter().map(|provider| &*provider.id)),
            near => near,
        };
        let near = did_you_mean(&near).unwrap_or_else(|| {
            "any usual name will do, such as gmail, o365, gmx or a mail domain; smtpulse codes --providers lists whom the \
             catalogue knows"
                .to_owned()
        });
        Error::usage(format!("--provider {name}: no provider of that name; {near}"))
    })
}

/// Of some names the few that are most like one that is none of them.
pub(super) fn alike<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = name.to_lowercase();
    let likeness = |known: &'n str| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known);
    let mut near: Vec<(f64, &str)> =
        names.into_iter().map(likeness).filter(|(much, _)| *much > 0.8).collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// The question that names which are near lead to; none where none is.
pub(super) fn did_you_mean(near: &[&str]) -> Option<String> {
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}

/// The name of a file that node_exporter's textfile collector reads.
pub(super) fn textfile(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    match path.extension() {
        Some(end) if end == "prom" => Ok(path),
        _ => {
            Err("its name is to end in .prom: node_exporter's textfile collector reads no other file"
                .to_owned())
        }
    }
}

/// What was read.
pub(super) struct Read<'a> {
    /// What it came to.
    pub(super) summary: &'a Summary,
    /// Inputs that could not be.
    pub(super) skipped: usize,
    /// What days like this one are usually like.
    pub(super) usual: Option<report::Usual>,
}

/// Prints the page and tells how the program ends.
pub(super) fn show(
    read: &Read<'_>,
    catalog: &Catalog,
    setting: &Setting,
    page: &PageArgs,
    show: &ShowArgs,
) -> Result<Exit, Error> {
    let findings = analysis::findings_above(read.summary, catalog, threshold(show));
    let look = look(page.output.is_some(), show.color);
    print(read, findings, catalog, setting, page, show, page.quiet, look)
}

/// The measure of which spikes are alerts.
pub(super) fn threshold(show: &ShowArgs) -> Threshold {
    if show.strict { Threshold::STRICT } else { Threshold::USUAL }
}

/// Prints what was found; with `quiet` only what is worth a mail. The figures are written all the same.
#[expect(clippy::too_many_arguments, reason = "each is its own matter")]
pub(super) fn print(
    read: &Read<'_>,
    mut findings: Vec<Finding>,
    catalog: &Catalog,
    setting: &Setting,
    page: &PageArgs,
    show: &ShowArgs,
    quiet: bool,
    look: Look,
) -> Result<Exit, Error> {
    let summary = read.summary;
    if let Some(only) = &setting.provider {
        findings.retain(|finding| only.has(&finding.provider));
    }
    let options =
        report::Options { top: show.top, tz: setting.zone.clone(), provider: setting.provider.clone() };
    let mut report = Report::new(summary, &findings, catalog, &options);
    report.usual.clone_from(&read.usual);
    let worth_saying = findings.iter().any(|finding| finding.severity != analysis::Severity::Notice);
    if !quiet || worth_saying {
        let mut out = Out::open(page.output.as_deref())?;
        let written = match show.format {
            ReportFormat::Text => report::text(&report, &mut out, &look),
            ReportFormat::Json => report::json(&report, &mut out),
            ReportFormat::Line => report::line(&report, &mut out),
            ReportFormat::Mail => report::mail(&report, &post::envelope(show, setting.now), &mut out),
        };
        out.finish(written)?;
    }
    if let Some(path) = &show.prometheus {
        let run = report::Run { at: setting.now, period: summary.period, skipped: read.skipped };
        let mut out = Out::open(Some(path))?;
        let written = report::prometheus(&report, catalog, &run, &mut out);
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
