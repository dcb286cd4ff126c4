//! Which answers became more or fewer.

use std::io;

use super::answers::{code, colour, short};
use super::more;
use crate::analysis::Kind;
use crate::report::figures::Change;
use crate::report::number::percent;
use crate::report::page::Page;
use crate::report::table::{Cell, Column, Table};
use crate::report::{FindingRow, Report};

/// The refusals whose share of a provider's answers changed, without those that a finding tells better.
pub(in crate::report) fn changes(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let told = |change: &&Change| !report.findings.iter().any(|finding| tells(finding, change));
    let rows: Vec<&Change> = report.distribution.changes.iter().filter(told).collect();
    let Some(middle) = report.distribution.middle.as_deref().filter(|_| !rows.is_empty()) else {
        return Ok(());
    };
    let middle = middle.get(..16).unwrap_or(middle).replace('T', " ");
    page.heading("Changes", &format!("share of the provider's answers before and after {middle}"))?;
    let mut table = Table::new(&[
        Column::number("Before", 0),
        Column::number("After", 0),
        Column::text("Answer", 6, 1),
        Column::text("Code", 10, 0),
        Column::text("Provider", 8, 0),
        Column::text("Meaning", 16, 0),
    ]);
    for row in rows.iter().take(report.top) {
        table.row(vec![
            Cell::new(percent(row.before.count, row.before.attempts)),
            Cell::new(percent(row.after.count, row.after.attempts)),
            Cell::new(row.action.as_str()).styled(colour(row.action)),
            Cell::new(code(row.basic, row.enhanced)),
            Cell::new(short(&row.provider_title)),
            Cell::new(&row.title),
        ]);
    }
    page.table(&table)?;
    more(page, rows.len(), report.top, "change", "changes")
}

fn tells(finding: &FindingRow, change: &Change) -> bool {
    finding.kind != Kind::Appearance.as_str()
        && finding.provider == change.provider
        && (finding.basic, finding.enhanced) == (change.basic, change.enhanced)
}
