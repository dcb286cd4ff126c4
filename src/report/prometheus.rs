//! The figures of one run in Prometheus' text format, for node_exporter's textfile collector.
//!
//! Gauges only: each run tells of its own log, and what it says may fall. No sample has a time of its own, since the collector
//! refuses those; every label has a closed set of values, so no stranger can make new series. A provider without mail has no
//! series; all others have all of theirs, noughts too, so that what was there once can be seen to be over.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

use super::Report;
use super::rows::{Natures, Outcomes};
use crate::analysis::{Kind, Severity};
use crate::catalog::{Catalog, UNKNOWN};
use crate::smtp::{Action, BasicCode, Direction};
use crate::time::Instant;

/// What the figures have besides the report.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// When it was.
    pub at: Instant,
    /// First and last stamp of what was read.
    pub period: Option<(Instant, Instant)>,
    /// Inputs that could not be opened.
    pub skipped: usize,
}

/// Where a run's figures stand, by provider.
#[derive(Clone, Copy, Debug, Default)]
struct Provider {
    outcomes: Outcomes,
    natures: Natures,
    answers: [u64; CLASSES.len()],
}

/// Classes of the basic code (RFC 5321, section 4.2.1); the last is for attempts that no server answered.
const CLASSES: [&str; 4] = ["2xx", "4xx", "5xx", "none"];

/// Writes all figures.
pub fn prometheus(report: &Report, catalog: &Catalog, run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Exposition { out };
    page.gauge("last_run_timestamp_seconds", "When smtpulse last wrote these figures.")?;
    page.sample("last_run_timestamp_seconds", &[], run.at)?;
    if let Some((first, last)) = run.period {
        for (name, help, at) in [
            ("first_line_timestamp_seconds", "Stamp of the first line that was counted.", first),
            ("last_line_timestamp_seconds", "Stamp of the last line that was counted.", last),
        ] {
            page.gauge(name, help)?;
            page.sample(name, &[], at)?;
        }
    }
    verdict(report, &mut page)?;
    findings(report, &mut page)?;
    providers(&by_provider(report, catalog), &mut page)?;
    if let Some(waiting) = report.totals.waiting {
        page.gauge("recipients_waiting", "Recipients whose mail still waited where the log ends.")?;
        page.sample("recipients_waiting", &[], waiting)?;
    }
    books(report, run, &mut page)
}

fn verdict(report: &Report, page: &mut Exposition<'_>) -> io::Result<()> {
    page.gauge("verdict", "1 for the severity of the verdict, 0 for all others.")?;
    ["critical", "warning", "ok", "empty"].into_iter().try_for_each(|severity| {
        page.sample("verdict", &[("severity", severity)], u8::from(report.verdict.severity == severity))
    })
}

fn findings(report: &Report, page: &mut Exposition<'_>) -> io::Result<()> {
    page.gauge(
        "findings",
        "What stands out, by kind and severity; active while it had not ended where the log ends.",
    )?;
    for kind in Kind::ALL.map(Kind::as_str) {
        for severity in Severity::ALL.map(Severity::as_str) {
            for (state, active) in [("active", true), ("ended", false)] {
                let count = report.findings.iter().filter(|finding| {
                    (finding.kind, finding.severity, finding.ongoing) == (kind, severity, active)
                });
                let labels = [("kind", kind), ("severity", severity), ("state", state)];
                page.sample("findings", &labels, count.count())?;
            }
        }
    }
    Ok(())
}

/// Sums by the providers that the catalogue knows; whoever a summary of elsewhere names besides is unknown here.
fn by_provider<'r>(report: &'r Report, catalog: &Catalog) -> BTreeMap<&'r str, Provider> {
    let known = |name: &'r str| if catalog.provider_id(name).is_some() { name } else { UNKNOWN };
    let mut all = BTreeMap::from([(UNKNOWN, Provider::default())]);
    for row in &report.providers {
        let sums = all.entry(known(&row.provider)).or_default();
        sums.outcomes.join(row.outcomes);
        sums.natures.join(row.natures);
    }
    for row in report.codes.iter().filter(|row| row.direction == Direction::Out) {
        let sums = all.entry(known(row.provider.as_deref().unwrap_or(UNKNOWN))).or_default();
        let class = match row.basic.map(BasicCode::severity) {
            Some(4) => 1,
            Some(5) => 2,
            Some(_) => 0,
            None => 3,
        };
        sums.answers[class] += row.count;
    }
    all
}

fn providers(all: &BTreeMap<&str, Provider>, page: &mut Exposition<'_>) -> io::Result<()> {
    page.gauge("attempts", "Attempts to deliver to other hosts, by provider and what became of them.")?;
    for (provider, Provider { outcomes, .. }) in all {
        for (action, count) in [
            (Action::Delivered, outcomes.delivered),
            (Action::Relayed, outcomes.relayed),
            (Action::Delayed, outcomes.delayed),
            (Action::Failed, outcomes.failed),
        ] {
            page.sample("attempts", &[("provider", provider), ("action", action.as_str())], count)?;
        }
    }
    page.gauge(
        "answers",
        "The same attempts by provider and class of the basic code; none: no server answered.",
    )?;
    for (provider, Provider { answers, .. }) in all {
        for (class, count) in CLASSES.iter().zip(answers) {
            page.sample("answers", &[("provider", provider), ("class", class)], count)?;
        }
    }
    let mut nature = |name: &str, help: &str, count: fn(&Natures) -> u64| {
        page.gauge(name, help)?;
        all.iter().try_for_each(|(provider, sums)| {
            page.sample(name, &[("provider", provider)], count(&sums.natures))
        })
    };
    nature(
        "enforcement_answers",
        "Attempts refused or put off for requirements on senders (SPF, DKIM, DMARC, DNS, TLS).",
        |natures| natures.enforcement,
    )?;
    nature("dead_address_answers", "Attempts refused because the address is dead.", |natures| {
        natures.dead_address
    })?;
    nature("policy_answers", "Attempts refused for policy: the recipient is not the reason.", |natures| {
        natures.policy
    })
}

/// What was read, and what of it could not be.
fn books(report: &Report, run: &Run, page: &mut Exposition<'_>) -> io::Result<()> {
    let from = &report.accounting;
    page.gauge("lines", "Lines of the log, each in one class.")?;
    for (class, count) in [
        ("attempts", from.attempts),
        ("rejects", from.rejects),
        ("other_events", from.other_events),
        ("other_programs", from.other_programs),
        ("unrelated", from.unrelated),
        ("not_understood", from.not_understood),
    ] {
        page.sample("lines", &[("class", class)], count)?;
    }
    page.gauge("lines_lost", "Lines that were lost before they came into the log, as far as it tells.")?;
    page.sample("lines_lost", &[], from.lost)?;
    page.gauge("inputs", "Logs, by how far they could be read.")?;
    let complete = report.inputs.iter().filter(|input| input.complete).count();
    for (state, count) in
        [("complete", complete), ("damaged", report.inputs.len() - complete), ("skipped", run.skipped)]
    {
        page.sample("inputs", &[("state", state)], count)?;
    }
    Ok(())
}

/// Prometheus' text format, version 0.0.4.
struct Exposition<'o> {
    out: &'o mut dyn Write,
}

/// What every name begins with.
const PREFIX: &str = "smtpulse_";

impl Exposition<'_> {
    /// A metric begins; its samples follow.
    fn gauge(&mut self, name: &str, help: &str) -> io::Result<()> {
        writeln!(self.out, "# HELP {PREFIX}{name} {help}")?;
        writeln!(self.out, "# TYPE {PREFIX}{name} gauge")
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) -> io::Result<()> {
        write!(self.out, "{PREFIX}{name}")?;
        for (n, (label, text)) in labels.iter().enumerate() {
            write!(self.out, "{}{label}=\"{}\"", if n == 0 { '{' } else { ',' }, label_value(text))?;
        }
        writeln!(self.out, "{} {value}", if labels.is_empty() { "" } else { "}" })
    }
}

/// A label's value as the format writes it.
fn label_value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_stay_within_their_quotes() {
        assert_eq!(label_value("google"), "google");
        assert_eq!(label_value("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
    }
}
