//! Where every line went, and what was read.

use std::io;

use anstyle::Style;

use super::more;
use crate::report::Report;
use crate::report::number::{bytes, counted, plural, thousands};
use crate::report::page::{Page, SHOULD_LOOK};
use crate::report::table::{Cell, Column, Table};

/// Where every line went.
pub(in crate::report) fn accounting(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let from = &report.accounting;
    if from.lines == 0 && from.outside_period == 0 {
        return Ok(());
    }
    page.heading("Every line", "")?;
    let mut table = Table::new(&[Column::number("", 0), Column::text("", 20, 0)]);
    let programs: Vec<String> =
        from.programs.iter().take(4).map(|row| format!("{} {}", row.program, thousands(row.lines))).collect();
    let more_programs = from.programs.len().saturating_sub(4) as u64;
    let programs = match (programs.is_empty(), more_programs) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", programs.join(", ")),
        (false, n) => format!(": {} and {} more", programs.join(", "), thousands(n)),
    };
    let classes = [
        (from.attempts, "attempts, local hops included".to_owned()),
        (from.rejects, "refusals of our own".to_owned()),
        (from.other_events, "say something else about a message".to_owned()),
        (from.unrelated, "of the mail server, about no message".to_owned()),
        (from.other_programs, format!("of other programs{programs}")),
        (from.not_understood, "not understood".to_owned()),
    ];
    for (count, text) in classes {
        if count > 0 {
            table.row(vec![Cell::new(thousands(count)), Cell::new(text)]);
        }
    }
    let sum = if from.lines == 1 { "line in all" } else { "lines in all" };
    table.row(vec![
        Cell::new(thousands(from.lines)).styled(Style::new().bold()),
        Cell::new(format!("= {sum}")),
    ]);
    page.table(&table)?;
    if let Some(place) = &from.first_not_understood {
        page.labelled("First", &format!("not understood: {}:{}: {}", place.input, place.line, place.text))?;
    }
    let unattributed = report.totals.unattributed;
    if unattributed > 0 {
        page.remark(&format!(
            "{} without a known sender: the log does not hold the line that names it.",
            counted(unattributed, "attempt", "attempts")
        ))?;
    }
    if from.outside_period > 0 {
        page.remark(&format!(
            "{} outside the period {} not counted.",
            counted(from.outside_period, "line", "lines"),
            plural(from.outside_period, "is", "are")
        ))?;
    }
    if from.repeated > 0 {
        page.remark(&format!(
            "{} in no line of their own: the log only tells how often a line came again.",
            counted(from.repeated, "event stands", "events stand")
        ))?;
    }
    if from.long_lines > 0 {
        page.remark(&format!(
            "{} too long to be looked at to the end.",
            counted(from.long_lines, "line was", "lines were")
        ))?;
    }
    Ok(())
}

/// What was read.
pub(in crate::report) fn inputs(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.inputs.is_empty() {
        return Ok(());
    }
    page.heading(if report.inputs.len() == 1 { "Input" } else { "Inputs" }, "")?;
    let mut table = Table::new(&[
        Column::text("Name", 16, 0),
        Column::number("Lines", 0),
        Column::number("Size", 1),
        Column::text("Format", 8, 2),
        Column::text("", 12, 0),
    ]);
    for input in report.inputs.iter().take(report.top) {
        let state =
            if input.complete { Cell::new("") } else { Cell::new("not complete").styled(SHOULD_LOOK) };
        table.row(vec![
            Cell::new(&input.name),
            Cell::new(thousands(input.lines)),
            Cell::new(bytes(input.bytes)),
            Cell::new(&input.format),
            state,
        ]);
    }
    page.table(&table)?;
    more(page, report.inputs.len(), report.top, "input", "inputs")?;
    // A note means that something is missing: none is left out.
    for input in &report.inputs {
        if let Some(note) = &input.note {
            page.remark(&format!("{}: {note}", input.name))?;
        }
    }
    Ok(())
}
