//! Entries and providers for people: a table, or the whole of a few.

use std::io::{self, Write};

use super::{Entries, EntryRow, ProviderRow, Providers, word};
use crate::catalog::{Confidence, Disposition, Suppress};
use crate::report::Look;
use crate::report::number::{counted, thousands};
use crate::report::page::{BAD, FAINT, HEAD, Page, SHOULD_LOOK};
use crate::report::table::{Cell, Column, Table};

/// So many are shown whole.
const FEW: usize = 3;

/// Writes entries as text: a table, or everything of a few (or of all). Templates apart, no line is
/// wider than the look says.
pub fn entries_text(list: &Entries, full: bool, out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::of(out, look);
    let rows = &list.codes;
    if rows.is_empty() {
        return Ok(());
    }
    page.headline(&share(rows.len(), list.all, "entry", "entries"), HEAD)?;
    if full || rows.len() <= FEW {
        return rows.iter().try_for_each(|row| whole(row, &mut page));
    }
    page.blank()?;
    entry_table(rows, &mut page)?;
    page.blank()?;
    if rows.iter().any(|row| row.enforcement) {
        page.remark("! belongs to the sender requirements that providers enforce.")?;
    }
    if rows.iter().any(|row| row.operator) {
        page.remark("+ stands in your own catalogue.")?;
    }
    page.remark("--full shows entries whole, with meaning, fix and source.")
}

fn entry_table(rows: &[EntryRow], page: &mut Page<'_>) -> io::Result<()> {
    let mut table = Table::new(&[
        Column::text("Provider", 8, 0),
        Column::text("Code", 16, 0),
        Column::text("", 1, 0),
        Column::text("Title", 24, 0),
        Column::text("Marker", 8, 3),
        Column::text("Category", 12, 2),
        Column::text("Suppress", 11, 1),
    ]);
    for row in rows {
        let marker = match row.markers.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first, more @ ..] => format!("{first} +{}", more.len()),
        };
        let flag = match (row.operator, row.enforcement) {
            (true, true) => Cell::new("+!").styled(BAD),
            (true, false) => Cell::new("+").styled(SHOULD_LOOK),
            (false, true) => Cell::new("!").styled(BAD),
            (false, false) => Cell::new(""),
        };
        table.row(vec![
            Cell::new(&row.provider),
            Cell::new(&row.code),
            flag,
            Cell::new(&row.title),
            Cell::new(marker),
            Cell::new(&row.category),
            Cell::new(word(&row.suppress)),
        ]);
    }
    page.table(&table)
}

/// Everything of one entry.
fn whole(row: &EntryRow, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&format!("{} {}", row.provider, row.code), &row.title)?;
    page.labelled("Meaning", &row.meaning)?;
    if !row.fix.is_empty() {
        page.labelled("Fix", &row.fix)?;
    }
    if !row.template.is_empty() {
        page.labelled("Template", "")?;
        row.template.lines().try_for_each(|line| page.verbatim(line))?;
    }
    if !row.markers.is_empty() {
        let quoted: Vec<String> = row.markers.iter().map(|marker| format!("\"{marker}\"")).collect();
        page.labelled("Marker", &quoted.join(" or "))?;
    }
    let enforced = if row.enforcement { "; part of the enforced sender requirements" } else { "" };
    page.labelled("Category", &format!("{}: {}{enforced}", row.category, action(row.disposition)))?;
    page.labelled("Suppress", suppression(row))?;
    match (row.steps.as_slice(), row.stage) {
        ([_, _, ..], _) => page.labelled("Ladder", &row.steps.join(", then "))?,
        (_, Some(stage)) => page.labelled("Stage", &word(&stage))?,
        (_, None) => {}
    }
    match row.confidence {
        Confidence::High => {}
        Confidence::Medium => page.labelled("Certainty", "medium")?,
        Confidence::Low => {
            page.labelled("Certainty", "low: not confirmed; raises no alarm, suppresses nobody at once")?;
        }
    }
    if let Some(example) = &row.example {
        page.labelled("Example", example)?;
    }
    page.labelled("Source", &row.source)?;
    let file = if row.operator { format!("{}, your own", row.file) } else { row.file.clone() };
    page.labelled("Checked", &format!("{} ({file})", row.checked))
}

/// Writes providers as text.
pub fn providers_text(list: &Providers, out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::of(out, look);
    let rows = &list.providers;
    if rows.is_empty() {
        return Ok(());
    }
    page.headline(&share(rows.len(), list.all, "provider", "providers"), HEAD)?;
    page.blank()?;
    let mut table = Table::new(&[
        Column::text("Provider", 10, 0),
        Column::text("Title", 16, 0),
        Column::text("Family", 8, 1),
        Column::text("Kind", 7, 0),
        Column::number("Hosts", 3),
        Column::number("Domains", 2),
        Column::number("Codes", 0),
    ]);
    for row in rows {
        let family = Cell::new(&row.family);
        table.row(vec![
            Cell::new(&row.provider),
            Cell::new(&row.title),
            if row.family == row.provider { family.styled(FAINT) } else { family },
            Cell::new(word(&row.kind)),
            number(row.hosts.len()),
            number(row.domains.len()),
            number(row.codes),
        ]);
    }
    page.table(&table)?;
    if rows.len() <= FEW {
        for row in rows {
            names(row, &mut page)?;
        }
    }
    Ok(())
}

fn names(row: &ProviderRow, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&row.provider, &row.title)?;
    if !row.note.is_empty() {
        page.labelled("Note", &row.note)?;
    }
    for (label, names) in [("Hosts", &row.hosts), ("Domains", &row.domains)] {
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        page.labelled(label, &names)?;
    }
    Ok(())
}

fn number(number: usize) -> Cell {
    Cell::new(thousands(number as u64))
}

/// `3 of 702 entries`; `702 entries` when it is all of them.
fn share(shown: usize, all: usize, one: &str, many: &str) -> String {
    if shown == all {
        counted(all as u64, one, many)
    } else {
        format!("{} of {}", thousands(shown as u64), counted(all as u64, one, many))
    }
}

/// What the sender should do.
fn action(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::None => "nothing to do",
        Disposition::Suppress => "stop mailing the recipient",
        Disposition::Retry => "let the queue try again",
        Disposition::Throttle => "send more slowly",
        Disposition::FixAuth => "repair SPF, DKIM or DMARC",
        Disposition::FixDns => "repair DNS",
        Disposition::FixTls => "repair TLS",
        Disposition::FixConfig => "repair the configuration",
        Disposition::FixContent => "change the message",
        Disposition::FixReputation => "repair the reputation",
        Disposition::Investigate => "look closer",
    }
}

fn suppression(row: &EntryRow) -> &'static str {
    let only_permanent =
        row.basic.as_deref().is_some_and(|basic| basic.split('|').all(|b| b.starts_with('5')));
    match row.suppress {
        Suppress::Now if only_permanent => "at once",
        Suppress::Now => "at once; after a 4xx answer only if it is still so on another day",
        Suppress::AfterRetries => "after repeated failures over time without a success",
        Suppress::IfPersistent => "if it is still so on another day",
        Suppress::Never => "never: the recipient is not the reason",
    }
}
