//! The same rows as CSV (RFC 4180, but for its line ends): one line of names, then one line a row.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::{Entries, Providers};
use crate::report::escape;

/// Columns of entries, named as in JSON.
const ENTRY: [&str; 21] = [
    "provider",
    "provider_title",
    "basic",
    "enhanced",
    "markers",
    "category",
    "disposition",
    "suppress",
    "enforcement",
    "stage",
    "ladder",
    "confidence",
    "title",
    "meaning",
    "fix",
    "template",
    "source",
    "checked",
    "example",
    "file",
    "operator",
];

/// Columns of providers, named as in JSON.
const PROVIDER: [&str; 8] = ["provider", "title", "family", "kind", "note", "hosts", "domains", "codes"];

/// Writes entries as CSV. What is absent is empty; ` | ` stands between markers, hosts and domains.
pub fn entries_csv(list: &Entries, out: &mut dyn Write) -> io::Result<()> {
    rows(&ENTRY, &list.codes, out)
}

/// Writes providers as CSV.
pub fn providers_csv(list: &Providers, out: &mut dyn Write) -> io::Result<()> {
    rows(&PROVIDER, &list.providers, out)
}

fn rows(columns: &[&str], rows: &[impl Serialize], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(columns)?;
    for row in rows {
        let row = serde_json::to_value(row)?;
        let cells = columns.iter().map(|column| text(&row[column]));
        writer.write_record(cells.map(|cell| escape::csv_cell(&cell).into_owned()))?;
    }
    writer.flush()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" | "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Query};

    #[test]
    fn every_key_is_a_column() {
        let catalog = Catalog::builtin();
        let entries = Entries::new(&catalog.search(&Query::default()), &catalog);
        let providers = Providers::new(&catalog.search_providers(&Query::default()), &catalog);
        for (columns, row) in [
            (ENTRY.as_slice(), serde_json::to_value(&entries.codes[0]).unwrap()),
            (PROVIDER.as_slice(), serde_json::to_value(&providers.providers[0]).unwrap()),
        ] {
            let mut columns = columns.to_vec();
            columns.sort_unstable();
            let mut keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(columns, keys);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let catalog = Catalog::builtin();
        let entries = Entries::new(&catalog.search(&Query::default()), &catalog);
        let mut out = Vec::new();
        entries_csv(&entries, &mut out).unwrap();
        let mut reader = ::csv::Reader::from_reader(out.as_slice());
        assert_eq!(reader.headers().unwrap(), ENTRY.as_slice());
        let mut rows = entries.codes.iter();
        for record in reader.records() {
            let (record, row) = (record.unwrap(), rows.next().unwrap());
            assert_eq!((&record[0], &record[12]), (&*row.provider, &*row.title));
            let formula = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(!record.iter().any(formula), "{record:?}");
        }
        assert!(rows.next().is_none());
    }
}
