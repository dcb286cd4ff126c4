//! What stands out besides the verdict, and how much there was.

use std::io;

use super::answers::answered;
use super::more;
use crate::analysis::Kind;
use crate::report::Report;
use crate::report::cures::Cures;
use crate::report::findings::FindingRow;
use crate::report::number::{counted, percent, plural, thousands};
use crate::report::page::Page;
use crate::report::rows::Outcomes;

/// What stands out besides what the verdict tells.
pub(in crate::report) fn findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let told = report.told();
    let rest = report.findings.get(usize::from(told.is_some())..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    page.heading("Findings", if told.is_some() { "besides the first" } else { "" })?;
    let mut cures = Cures::default();
    if let Some(first) = told {
        cures.rest(&first.fix, &answer(first));
    }
    for (n, finding) in rest.iter().take(report.top).enumerate() {
        page.labelled(finding.severity, &finding.sentence)?;
        page.labelled("", &finding_remark(finding, &mut cures))?;
        super::course(report, n + usize::from(told.is_some()), page)?;
    }
    more(page, rest.len(), report.top, "finding", "findings")
}

/// The cures that the verdict and the findings tell: no section below tells them again.
pub(super) fn told_cures(report: &Report) -> Cures<'_> {
    let shown = usize::from(report.told().is_some()) + report.top;
    let mut cures = Cures::default();
    for finding in report.findings.iter().take(shown) {
        cures.rest(&finding.fix, &answer(finding));
    }
    cures
}

/// Title and cure; of a cure what was not told before.
fn finding_remark<'a>(finding: &'a FindingRow, cures: &mut Cures<'a>) -> String {
    let mut text = format!("{}.", finding.title.trim_end_matches('.'));
    // The sentence of an appearance holds its numbers already.
    if finding.kind != Kind::Appearance.as_str() {
        text.push_str(&format!(
            " {} of {} ({}).",
            thousands(finding.events),
            counted(finding.attempts, "attempt", "attempts"),
            percent(finding.events, finding.attempts)
        ));
    }
    if let Some(cause) = &finding.cause {
        text.push(' ');
        text.push_str(&capitalised(&cause.sentence));
    }
    let cure = cures.words(&finding.fix, &answer(finding));
    if !cure.is_empty() {
        text.push(' ');
        text.push_str(&cure);
    }
    text
}

/// What a finding is about, in short: `Google 550 5.7.26`.
fn answer(finding: &FindingRow) -> String {
    answered(&finding.provider_title, finding.basic, finding.enhanced)
}

/// A sentence of its own.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether times stand in the page before its period does.
pub(in crate::report) fn times_come_first(report: &Report) -> bool {
    report.has_attempts() && report.findings.iter().any(|finding| finding.start.is_some())
}

/// Which clock the times of the page are read from, where some follow.
pub(in crate::report) fn clock(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if !times_come_first(report) {
        return Ok(());
    }
    page.labelled("Times", &report.clock)
}

/// How much there was.
pub(in crate::report) fn totals(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let period = match (&report.period.start, &report.period.end) {
        (Some(start), Some(end)) => {
            let zone = if times_come_first(report) { String::new() } else { format!(" ({})", report.clock) };
            format!("{} to {}{zone}", readable(start), readable(end))
        }
        _ if report.accounting.lines > 0 => "not known: no line has a stamp".to_owned(),
        _ => return Ok(()),
    };
    let only = report.only_title.as_ref().map(|title| format!("only mail to {title}"));
    page.heading("Totals", only.as_deref().unwrap_or(""))?;
    page.labelled("Period", &period)?;
    if let Some(years) = report.note("years").filter(|_| report.period.start.is_some()) {
        page.labelled("Years", years)?;
    }
    if let Some(loss) = report.note("loss") {
        page.labelled("Lost", loss)?;
    }
    let totals = &report.totals;
    if report.has_attempts() {
        page.labelled("Attempts", &outcomes(totals.outcomes))?;
    }
    if let Some(usual) = &report.usual {
        page.labelled("Usually", &usual.sentence())?;
    }
    if let (Some(messages), Some(recipients)) = (totals.messages, totals.recipients)
        && (messages > 0 || recipients > 0)
    {
        let mut text = format!(
            "{} to {}",
            counted(messages, "message", "messages"),
            counted(recipients, "recipient", "recipients")
        );
        if let Some(waiting) = totals.waiting.filter(|&waiting| waiting > 0) {
            text.push_str(&format!("; {} still waiting when the log ends", thousands(waiting)));
        }
        if let Some(expired) = totals.expired.filter(|&expired| expired > 0) {
            text.push_str(&format!(
                "; {} given up after waiting too long",
                counted(expired, "message", "messages")
            ));
        }
        page.labelled("Messages", &text)?;
    }
    if let Some(suspended) = totals.suspended.filter(|&suspended| suspended > 0) {
        page.labelled(
            "Suspended",
            &format!(
                "{} {} an older answer without asking again; counted nowhere else",
                counted(suspended, "line", "lines"),
                plural(suspended, "repeats", "repeat")
            ),
        )?;
    }
    Ok(())
}

/// An RFC 3339 stamp as people write it, without its offset: `2026-03-03 09:42:11`.
fn readable(stamp: &str) -> String {
    stamp.get(..19).unwrap_or(stamp).replacen('T', " ", 1)
}

fn outcomes(outcomes: Outcomes) -> String {
    let parts = [
        (outcomes.delivered, "delivered"),
        (outcomes.relayed, "relayed"),
        (outcomes.delayed, "put off"),
        (outcomes.failed, "failed"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word} ({})", thousands(*count), percent(*count, outcomes.attempts)))
        .collect();
    format!("{} to other hosts: {}", thousands(outcomes.attempts), parts.join(", "))
}
