//! The list as CSV (RFC 4180): one record a recipient and a line, under a header.

use std::io::{self, Write};

use super::{List, RecipientRow};
use crate::report::escape;

const HEAD: &str = "address,category,title,rule,basic,enhanced,provider,first_seen,last_seen,count";

/// Writes the recipients to suppress.
pub fn csv(list: &List, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{HEAD}")?;
    for row in &list.recipients {
        record(row, out)?;
    }
    Ok(())
}

fn record(row: &RecipientRow, out: &mut dyn Write) -> io::Result<()> {
    let address = String::from_utf8_lossy(&row.address);
    let basic = row.basic.map(|code| code.to_string());
    let enhanced = row.enhanced.map(|code| code.to_string());
    let count = row.count.to_string();
    let cells = [
        &*address,
        &row.category,
        &row.title,
        row.rule,
        basic.as_deref().unwrap_or_default(),
        enhanced.as_deref().unwrap_or_default(),
        &row.provider,
        row.first_seen.as_deref().unwrap_or_default(),
        row.last_seen.as_deref().unwrap_or_default(),
        &count,
    ];
    let cells: Vec<_> = cells.iter().map(|cell| escape::csv_cell(cell)).collect();
    writeln!(out, "{}", cells.join(","))
}
