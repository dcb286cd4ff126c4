//! The list as CSV (RFC 4180): one record a recipient and a line, under a header.

use std::io::{self, Write};

use super::{List, RecipientRow};
use crate::report::escape;

const HEAD: [&str; 10] = [
    "address",
    "category",
    "title",
    "rule",
    "basic",
    "enhanced",
    "provider",
    "first_seen",
    "last_seen",
    "count",
];

/// Writes the recipients to suppress.
pub fn csv(list: &List, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(HEAD)?;
    for row in &list.recipients {
        // An address may hold anything: made printable first, it stays on its line.
        writer.write_record(cells(row).map(|cell| {
            let printable = escape::terminal(&cell);
            escape::csv_cell(&printable).into_owned()
        }))?;
    }
    writer.flush()
}

fn cells(row: &RecipientRow) -> [String; 10] {
    let time = |time: &Option<String>| time.clone().unwrap_or_default();
    [
        String::from_utf8_lossy(&row.address).into_owned(),
        row.category.clone(),
        row.title.clone(),
        row.rule.to_owned(),
        row.basic.map(|code| code.to_string()).unwrap_or_default(),
        row.enhanced.map(|code| code.to_string()).unwrap_or_default(),
        row.provider.clone(),
        time(&row.first_seen),
        time(&row.last_seen),
        row.count.to_string(),
    ]
}
