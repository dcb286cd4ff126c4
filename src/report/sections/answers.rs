//! What was answered: enforcement codes with their cure, and the distribution.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;

use super::{more, told_cures};
use crate::report::number::{counted, percent, thousands};
use crate::report::page::{BAD, GOOD, Page, SHOULD_LOOK};
use crate::report::rows::CodeRow;
use crate::report::table::{Cell, Column, Table};
use crate::report::{Report, cures};
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};

/// Enforcement codes with their cure.
pub(in crate::report) fn enforcement(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if !report.has_attempts() {
        return Ok(());
    }
    let rows = &report.enforcement;
    if rows.is_empty() {
        page.heading("Enforcement", "none: no answer was about sender requirements")?;
        return Ok(());
    }
    let rate = report.rates.enforcement;
    let attempts = report.totals.outcomes.attempts;
    page.heading("Enforcement", &format!("{} of the attempts", percent(rate.count, attempts)))?;
    let mut table = Table::new(&[
        Column::number("Count", 0),
        Column::text("Provider", 8, 0),
        Column::text("Code", 11, 0),
        Column::text("First seen", 11, 1),
        Column::text("Last seen", 11, 2),
        Column::text("Meaning", 16, 0),
    ]);
    for row in rows.iter().take(report.top) {
        let first = row.first_seen.as_deref().unwrap_or_default();
        let last = row.last_seen.as_deref().unwrap_or_default();
        table.row(vec![
            Cell::new(thousands(row.events)),
            Cell::new(short(&row.provider_title)),
            Cell::new(code(row.basic, row.enhanced)).styled(colour(row.action)),
            Cell::new(seen(first)),
            Cell::new(if row.events > 1 { seen(last) } else { String::new() }),
            Cell::new(&row.title),
        ]);
    }
    page.table(&table)?;
    more(page, rows.len(), report.top, "row", "rows")?;
    let mut cures = told_cures(report);
    for row in rows.iter().take(report.top) {
        let answer = answered(&row.provider_title, row.basic, row.enhanced);
        let (rest, told) = cures.rest(&row.fix, &answer);
        if !rest.is_empty() {
            page.labelled("Fix", &format!("{answer}: {}", cures::worded(&rest, &told)))?;
        }
    }
    Ok(())
}

/// The distribution of answers to our mail: what was accepted in short, what was not by provider.
pub(in crate::report) fn codes(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let out = || report.codes.iter().filter(|row| row.direction == Direction::Out);
    if out().next().is_none() {
        return Ok(());
    }
    page.heading("Answers", "")?;
    let mut table = Table::new(&[
        Column::number("Count", 0),
        Column::number("Share", 1),
        Column::text("Answer", 6, 0),
        Column::text("Code", 10, 0),
        Column::text("Provider", 8, 0),
        Column::text("Meaning", 16, 0),
    ]);
    let accepted = |row: &&CodeRow| matches!(row.action, Action::Delivered | Action::Relayed);
    let mut joined: BTreeMap<(Action, String), (u64, &str)> = BTreeMap::new();
    for row in out().filter(accepted) {
        let basic = Code { basic: row.basic, enhanced: None };
        joined.entry((row.action, basic.to_string())).or_insert((0, &row.title)).0 += row.count;
    }
    let attempts = report.totals.outcomes.attempts;
    let mut line = |count, action: Action, code: String, provider: &str, meaning: String| {
        table.row(vec![
            Cell::new(thousands(count)),
            Cell::new(percent(count, attempts)),
            Cell::new(action.as_str()).styled(colour(action)),
            Cell::new(code),
            Cell::new(provider),
            Cell::new(meaning),
        ]);
    };
    for ((action, code), (count, title)) in joined {
        line(count, action, code, "all", title.to_owned());
    }
    let refused: Vec<&CodeRow> = out().filter(|row| !accepted(row)).collect();
    for row in refused.iter().take(report.top) {
        line(
            row.count,
            row.action,
            code(row.basic, row.enhanced),
            short(&row.provider_title),
            titled(row, &refused),
        );
    }
    page.table(&table)?;
    more(page, refused.len(), report.top, "row", "rows")
}

/// What is not mail to other hosts: what we refused, and local hops.
pub(in crate::report) fn apart(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    for (direction, name, count) in [
        (Direction::In, "Our own refusals", report.totals.rejected),
        (Direction::Local, "Local hops", report.totals.local),
    ] {
        let rows: Vec<&CodeRow> = report.codes.iter().filter(|row| row.direction == direction).collect();
        if rows.is_empty() {
            continue;
        }
        let remark = match direction {
            Direction::In => format!("said {}; not about our mail", times(count)),
            _ => format!("{}; no provider, in no rate above", counted(count, "attempt", "attempts")),
        };
        page.heading(name, &remark)?;
        let mut table = Table::new(&[
            Column::number("Count", 0),
            Column::text("Answer", 6, 0),
            Column::text("Code", 10, 0),
            Column::text("Meaning", 16, 0),
        ]);
        let short = report.top.min(5);
        for row in rows.iter().take(short) {
            // That a hop inside the house worked needs no explanation; without a code there is none.
            let explained =
                row.action != Action::Delivered && (row.basic.is_some() || row.enhanced.is_some());
            let title = if explained { titled(row, &rows) } else { String::new() };
            table.row(vec![
                Cell::new(thousands(row.count)),
                Cell::new(row.action.as_str()),
                Cell::new(code(row.basic, row.enhanced)),
                Cell::new(title),
            ]);
        }
        page.table(&table)?;
        more(page, rows.len(), short, "row", "rows")?;
    }
    Ok(())
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { counted(count, "time", "times") }
}

/// A stamp to the minute, as short as a table needs it: without its year and its offset.
fn seen(stamp: &str) -> String {
    stamp.get(5..16).unwrap_or_default().replace('T', " ")
}

pub(super) fn code(basic: Option<BasicCode>, enhanced: Option<EnhancedCode>) -> String {
    Code { basic, enhanced }.to_string()
}

/// What a row's answer means, with its tag or phrase where another row says the same but for that.
fn titled(row: &CodeRow, rows: &[&CodeRow]) -> String {
    let same = |other: &&&CodeRow| {
        (&other.provider, other.action, other.basic, other.enhanced, &other.title)
            == (&row.provider, row.action, row.basic, row.enhanced, &row.title)
    };
    match &row.marker {
        Some(marker) if rows.iter().filter(same).count() > 1 => format!("{} [{marker}]", row.title),
        _ => row.title.clone(),
    }
}

/// An answer of a provider, in short: `Google 550 5.7.26`.
pub(in crate::report) fn answered(
    provider: &str,
    basic: Option<BasicCode>,
    enhanced: Option<EnhancedCode>,
) -> String {
    format!("{} {}", short(provider), code(basic, enhanced))
}

/// A provider's title without what it explains in brackets, which the table of providers has.
pub(in crate::report) fn short(title: &str) -> &str {
    title.split(" (").next().unwrap_or(title)
}

pub(super) fn colour(action: Action) -> Style {
    match action {
        Action::Delivered => GOOD,
        Action::Delayed => SHOULD_LOOK,
        Action::Failed => BAD,
        Action::Relayed | Action::Rejected => Style::new(),
    }
}
