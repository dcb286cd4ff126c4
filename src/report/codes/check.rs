//! What an operator's good file brings, and what it changes.

use std::io::{self, Write};

use crate::catalog::Checked;
use crate::report::Look;
use crate::report::number::counted;
use crate::report::page::{GOOD, Page};
use crate::report::table::{Cell, Column, Table};

/// Writes what a file without fault brings and takes over. `name` is the file's.
pub fn check(checked: &Checked, name: &str, out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::of(out, look);
    let providers = checked.providers.len() as u64;
    let brings = format!(
        "{name} is good: {}, {}.",
        counted(providers, "provider", "providers"),
        counted(checked.codes as u64, "code", "codes")
    );
    page.headline(&brings, GOOD.bold())?;
    let catalog = &checked.catalog;
    if !checked.taken.is_empty() {
        page.heading("Hosts and domains", "that belong to others in the built-in catalogue")?;
        let mut table =
            Table::new(&[Column::text("Name", 16, 0), Column::text("From", 8, 0), Column::text("To", 8, 0)]);
        for taken in &checked.taken {
            table.row(vec![Cell::new(&taken.name), Cell::new(&taken.from), Cell::new(&taken.to)]);
        }
        page.table(&table)?;
    }
    if !checked.replaced.is_empty() {
        page.heading("Built-in entries", "that no longer speak: this file does")?;
        let mut table = Table::new(&[
            Column::number("By line", 0),
            Column::text("Provider", 8, 0),
            Column::text("Code", 10, 0),
            Column::text("Marker", 8, 1),
            Column::text("Title", 16, 0),
            Column::text("File", 8, 2),
        ]);
        for replaced in &checked.replaced {
            let Some(entry) = catalog.entries().get(replaced.entry) else { continue };
            let markers = catalog.marker_texts(entry);
            table.row(vec![
                Cell::new(replaced.line.to_string()),
                Cell::new(catalog.whose(entry)),
                Cell::new(entry.code_text()),
                Cell::new(markers.first().copied().unwrap_or_default()),
                Cell::new(&entry.title),
                Cell::new(&entry.file),
            ]);
        }
        page.table(&table)?;
    }
    if !checked.policy.is_empty() {
        page.heading("Beware", "")?;
        for line in &checked.policy {
            page.remark(&format!(
                "Line {line} suppresses recipients for a code of policy (subject 7), which is rarely about them."
            ))?;
        }
    }
    Ok(())
}
