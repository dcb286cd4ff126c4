//! Attempts over time, with bars.

use std::io;

use super::alarming;
use crate::report::Report;
use crate::report::chart::{bar, chart, strip};
use crate::report::number::{counted, plural, thousands};
use crate::report::page::{FAINT, Page};
use crate::report::table::{Cell, Column, Table};

/// Attempts over time.
pub(in crate::report) fn timeline(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let chart = chart(&report.timeline.buckets);
    if chart.rows.len() < 2 {
        return Ok(());
    }
    let enforced = report.rates.enforcement.count > 0;
    let blocks = match page.width {
        0..=75 => 12,
        76..=89 => 20,
        _ => 36,
    };
    // Days show what each of their hours refused, where there is room for 24 marks.
    let strips = blocks >= 24 && chart.rows.iter().all(|row| !row.hours.is_empty());
    let legend = if strips {
        "by hour from 00 to 23: · nothing failed or put off, ▁ little, █ most"
    } else {
        "█ failed  ▒ put off  ░ delivered or relayed"
    };
    page.heading(&format!("By {}", chart.unit), legend)?;
    let mut columns = vec![
        Column::number("When", 0),
        Column::number("Attempts", 0),
        Column::number("Put off", 2),
        Column::number("Failed", 0),
        Column::text("", blocks, 1),
    ];
    if enforced {
        columns.insert(4, Column::number("Enforced", 0));
    }
    let mut table = Table::new(&columns);
    let most = chart.rows.iter().map(|row| row.outcomes.attempts).max().unwrap_or(0);
    let worst = chart.rows.iter().flat_map(|row| &row.hours).flatten().copied().max().unwrap_or(0);
    for row in &chart.rows {
        let picture = if strips { strip(&row.hours, worst) } else { bar(row.outcomes, most, blocks) };
        let mut cells = match &row.gap {
            Some(gap) => {
                let mut cells = vec![Cell::new(""); 4];
                cells[0] = Cell::new(&row.when).styled(FAINT);
                cells.push(Cell::new(gap).styled(FAINT));
                cells
            }
            None => vec![
                Cell::new(&row.when),
                Cell::new(thousands(row.outcomes.attempts)),
                Cell::new(thousands(row.outcomes.delayed)),
                Cell::new(thousands(row.outcomes.failed)),
                Cell::new(picture),
            ],
        };
        if enforced {
            cells.insert(4, if row.gap.is_some() { Cell::new("") } else { alarming(row.enforcement) });
        }
        table.row(cells);
    }
    page.table(&table)?;
    let left_out = chart.left_out as u64;
    if left_out > 0 {
        page.remark(&format!(
            "{} earlier {} not shown",
            thousands(left_out),
            plural(left_out, "row is", "rows are")
        ))?;
    }
    let undated = report.totals.undated;
    if undated > 0 {
        page.remark(&format!("{} on lines without a stamp", counted(undated, "attempt", "attempts")))?;
    }
    Ok(())
}
