//! Who answered, and whose mail it was.

use std::io;

use super::course::WIDE;
use super::{alarming, more};
use crate::report::number::{percent, thousands};
use crate::report::page::Page;
use crate::report::table::{Cell, Column, Table};
use crate::report::{Report, spark};

/// One row per provider.
pub(in crate::report) fn providers(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.providers.is_empty() {
        return Ok(());
    }
    page.heading("Providers", "")?;
    let relayed = report.totals.outcomes.relayed > 0;
    let sparks = &report.sparks;
    let course = page.width >= WIDE && sparks.providers.values().any(|spark| !spark.is_empty());
    // What is delivered is the rest of what is not; a course tells more.
    let delivered = !course || page.width >= WIDE + 14;
    let mut columns = vec![
        Column::text("Provider", 10, 0),
        Column::number("Attempts", 0),
        Column::number("Delivered", 2),
        Column::number("Put off", 1),
        Column::number("Failed", 0),
        Column::number("Dead", 3),
        Column::number("Policy", 4),
        Column::number("Enforced", 0),
    ];
    if relayed {
        columns.insert(3, Column::number("Relayed", 5));
    }
    if !delivered {
        columns.remove(2);
    }
    if course {
        // Refusals says what the marks mean.
        columns.push(Column::text("Failed or put off", spark::IN_TABLE, 6));
    }
    let mut table = Table::new(&columns);
    for row in report.providers.iter().take(report.top) {
        let all = row.outcomes.attempts;
        let mut cells = vec![
            Cell::new(&row.title),
            Cell::new(thousands(all)),
            Cell::new(percent(row.outcomes.delivered, all)),
            Cell::new(percent(row.outcomes.delayed, all)),
            Cell::new(percent(row.outcomes.failed, all)),
            Cell::new(thousands(row.natures.dead_address)),
            Cell::new(thousands(row.natures.policy)),
            alarming(row.natures.enforcement),
        ];
        if relayed {
            cells.insert(3, Cell::new(percent(row.outcomes.relayed, all)));
        }
        if !delivered {
            cells.remove(2);
        }
        if course {
            cells.push(Cell::new(sparks.providers.get(&row.provider).map_or("", String::as_str)));
        }
        table.row(cells);
    }
    page.table(&table)?;
    more(page, report.providers.len(), report.top, "provider", "providers")?;
    // What is true of the whole report stands with its totals.
    let own = report.notes.iter().filter(|note| !matches!(note.topic, "loss" | "years"));
    own.into_iter().try_for_each(|note| page.remark(&note.text))
}

/// Whose mail it was.
pub(in crate::report) fn sender_domains(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.sender_domains.iter().all(|row| row.domain.is_none()) {
        return Ok(());
    }
    page.heading("Sender domains", "most failures first")?;
    let mut table = Table::new(&[
        Column::text("Domain", 12, 0),
        Column::number("Attempts", 0),
        Column::number("Delivered", 2),
        Column::number("Put off", 1),
        Column::number("Failed", 0),
        Column::number("Dead", 4),
        Column::number("Policy", 3),
        Column::number("Enforced", 0),
    ]);
    for row in report.sender_domains.iter().take(report.top) {
        let name = match row.domain.as_deref() {
            Some("<>") => "<> (bounces)",
            Some(domain) => domain,
            None => "(sender not known)",
        };
        table.row(vec![
            Cell::new(name),
            Cell::new(thousands(row.outcomes.attempts)),
            Cell::new(thousands(row.outcomes.delivered)),
            Cell::new(thousands(row.outcomes.delayed)),
            Cell::new(thousands(row.outcomes.failed)),
            Cell::new(thousands(row.natures.dead_address)),
            Cell::new(thousands(row.natures.policy)),
            alarming(row.natures.enforcement),
        ]);
    }
    page.table(&table)?;
    more(page, report.sender_domains.len(), report.top, "sender domain", "sender domains")
}
