//! What was answered: enforcement codes with their cure, dead addresses against policy, the distribution.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;

use super::{more, told_fixes};
use crate::report::Report;
use crate::report::number::{counted, percent, thousands};
use crate::report::page::{BAD, GOOD, Page, SHOULD_LOOK};
use crate::report::rows::CodeRow;
use crate::report::table::{Cell, Column, Table};
use crate::smtp::{Action, Code, Direction};

/// Enforcement codes with their cure.
pub(in crate::report) fn enforcement(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if !report.has_attempts() {
        return Ok(());
    }
    let rate = report.rates.enforcement;
    let attempts = report.totals.outcomes.attempts;
    let rows: Vec<&CodeRow> =
        report.codes.iter().filter(|row| row.enforcement && row.direction == Direction::Out).collect();
    if rows.is_empty() {
        page.heading("Enforcement", "none: no answer was about sender requirements")?;
        return Ok(());
    }
    page.heading("Enforcement", &format!("{} of the attempts", percent(rate.count, attempts)))?;
    let mut table = Table::new(&[
        Column::number("Count", 0),
        Column::text("Provider", 8, 0),
        Column::text("Answer", 6, 0),
        Column::text("Code", 10, 0),
        Column::text("Meaning", 16, 0),
    ]);
    for row in rows.iter().take(report.top) {
        table.row(vec![
            Cell::new(thousands(row.count)),
            Cell::new(&row.provider_title),
            Cell::new(row.action.as_str()).styled(colour(row.action)),
            Cell::new(code(row)),
            Cell::new(titled(row)),
        ]);
    }
    page.table(&table)?;
    more(page, rows.len(), report.top, "row", "rows")?;
    let mut fixes = told_fixes(report);
    for row in rows.iter().take(report.top) {
        if !row.fix.is_empty() && !fixes.contains(&row.fix.as_str()) {
            fixes.push(&row.fix);
            page.labelled("Fix", &format!("{} {}: {}", row.provider_title, code(row), row.fix))?;
        }
    }
    Ok(())
}

/// Dead addresses against policy rejections, and what is put off.
pub(in crate::report) fn refusals(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let outcomes = report.totals.outcomes;
    if outcomes.failed + outcomes.delayed == 0 {
        return Ok(());
    }
    let rates = &report.rates;
    let ratio = ratio(rates.dead_address.count, rates.policy.count);
    page.heading("Refusals", &ratio)?;
    let other = outcomes.failed.saturating_sub(rates.dead_address.count).saturating_sub(rates.policy.count);
    let mut table = Table::new(&[
        Column::text("", 10, 0),
        Column::number("Count", 0),
        Column::number("Share", 0),
        Column::text("What to do", 16, 0),
    ]);
    let wide = page.width >= 80;
    let rows = [
        (
            "Dead addresses",
            rates.dead_address.count,
            if wide { "suppress them: nobody reads mail there" } else { "suppress the recipients" },
        ),
        (
            "Policy rejections",
            rates.policy.count,
            if wide { "repair the cause; keep the recipients" } else { "repair; keep recipients" },
        ),
        ("Other failures", other, "see Answers"),
        (
            "Put off (4xx)",
            outcomes.delayed,
            if wide { "the queue tries again; slow down if it stays high" } else { "the queue tries again" },
        ),
    ];
    for (name, count, what) in rows {
        table.row(vec![
            Cell::new(name),
            Cell::new(thousands(count)),
            Cell::new(percent(count, outcomes.attempts)),
            Cell::new(if count > 0 { what } else { "" }),
        ]);
    }
    page.table(&table)
}

/// Which of the two rules, the greater one told per one of the other.
fn ratio(dead: u64, policy: u64) -> String {
    let per_one = |much: u64, little: u64| {
        let ratio = format!("{:.1}", much as f64 / little as f64);
        ratio.strip_suffix(".0").map_or(ratio.clone(), str::to_owned)
    };
    match (dead, policy) {
        (0, _) | (_, 0) => String::new(),
        (dead, policy) if dead == policy => "as many dead addresses as policy rejections".to_owned(),
        (dead, policy) if dead > policy => {
            format!("{} dead addresses for each policy rejection", per_one(dead, policy))
        }
        (dead, policy) => format!("{} policy rejections for each dead address", per_one(policy, dead)),
    }
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
        line(row.count, row.action, code(row), &row.provider_title, titled(row));
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
            let title = if explained { titled(row) } else { String::new() };
            table.row(vec![
                Cell::new(thousands(row.count)),
                Cell::new(row.action.as_str()),
                Cell::new(code(row)),
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

fn code(row: &CodeRow) -> String {
    Code { basic: row.basic, enhanced: row.enhanced }.to_string()
}

fn titled(row: &CodeRow) -> String {
    match &row.marker {
        Some(marker) => format!("{} [{marker}]", row.title),
        None => row.title.clone(),
    }
}

fn colour(action: Action) -> Style {
    match action {
        Action::Delivered => GOOD,
        Action::Delayed => SHOULD_LOOK,
        Action::Failed => BAD,
        Action::Relayed | Action::Rejected => Style::new(),
    }
}
