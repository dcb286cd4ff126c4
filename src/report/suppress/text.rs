//! The list for people: a table, then who is held back and who waits.

use std::io::{self, Write};

use super::plain::{held_back, waiting};
use super::{List, RecipientRow};
use crate::report::escape;
use crate::report::number::{counted, thousands};
use crate::report::page::{HEAD, Page};
use crate::report::table::{Cell, Column, Table};
use crate::report::text::Look;

/// Writes the list as a page. No line is wider than the look says, so addresses may be cut.
pub fn text(list: &List, out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::new(out, look.width.max(Look::NARROWEST), look.colour);
    let recipients = list.recipients.len() as u64;
    page.headline(&format!("{} to suppress", counted(recipients, "recipient", "recipients")), HEAD)?;
    if recipients > 0 {
        page.blank()?;
        page.table(&table(&list.recipients))?;
    }
    if !list.held_back.is_empty() {
        let held = counted(list.held_recipients(), "recipient", "recipients");
        page.heading("Held back", &format!("{held} not listed"))?;
        for held in &list.held_back {
            page.remark(&held_back(held))?;
        }
    }
    if let Some(waiting) = waiting(list) {
        page.heading("Waiting", "")?;
        page.remark(&waiting)?;
    }
    Ok(())
}

fn table(rows: &[RecipientRow]) -> Table {
    let mut table = Table::new(&[
        Column::text("Recipient", 32, 0),
        Column::text("Why", 20, 0),
        Column::text("Code", 10, 0),
        Column::text("Provider", 12, 2),
        Column::text("First", 10, 3),
        Column::text("Last", 10, 1),
        Column::number("Count", 4),
    ]);
    for row in rows {
        let day = |at: &Option<String>| {
            at.as_deref().and_then(|at| at.get(..10)).map_or_else(|| "-".to_owned(), str::to_owned)
        };
        table.row(vec![
            Cell::new(escape::terminal_bytes(&row.address)),
            Cell::new(&row.title),
            Cell::new(row.code().to_string()),
            Cell::new(&row.provider),
            Cell::new(day(&row.first_seen)),
            Cell::new(day(&row.last_seen)),
            Cell::new(thousands(row.count)),
        ]);
    }
    table
}
