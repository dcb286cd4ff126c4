//! The rows of the tables that the catalogue was written from, each one found again.
//!
//! `fixtures/catalog/README.md` tells what the columns are.

use std::collections::BTreeSet;

use super::*;

const ROWS: &str = include_str!("../../../fixtures/catalog/rows.tsv");
const PROVIDERS: &str = include_str!("../../../fixtures/catalog/providers.tsv");

/// The lines of a table under the names of its first line.
fn table<'a, const N: usize>(text: &'a str, columns: &[&str; N]) -> Vec<[&'a str; N]> {
    let mut lines = text.lines().map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        <[&str; N]>::try_from(cells).unwrap_or_else(|_| panic!("{N} columns: {line}"))
    });
    assert_eq!(lines.next().as_ref(), Some(columns));
    lines.collect()
}

/// The word that data files and machine formats use.
fn word(value: impl serde::Serialize) -> String {
    toml::Value::try_from(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn every_row_is_reachable() {
    let columns = [
        "table",
        "provider",
        "basic",
        "enhanced",
        "marker",
        "host",
        "reply",
        "whose",
        "category",
        "disposition",
        "suppress",
        "enforcement",
        "stage",
        "confidence",
        "differs",
    ];
    let catalog = Catalog::builtin();
    let lines = table(ROWS, &columns);
    let (mut rows, mut wrong) = (BTreeSet::new(), String::new());
    for line in &lines {
        let [table, provider, basic, enhanced, marker, host, reply, expected @ .., _] = *line;
        if table != "own" {
            rows.insert([table, provider, basic, enhanced, marker]);
        }
        let (entry, found) = read(&catalog, host, reply);
        let told = [
            entry.map_or("-", |entry| catalog.whose(entry)),
            found.category,
            &word(found.disposition),
            &word(found.suppress),
            if found.enforcement { "yes" } else { "no" },
            &found.stage.map_or("-".to_owned(), word),
            &entry.map_or("-".to_owned(), |entry| word(entry.confidence)),
        ];
        if told != expected {
            wrong += &format!("{host}: {reply}: {told:?} instead of {expected:?}\n");
        }
    }
    assert!(wrong.is_empty(), "of {} rows, asked {} times:\n{wrong}", rows.len(), lines.len());
    assert_eq!(rows.len(), 980, "65 basic codes, 117 enhanced codes, 798 answers of providers");
}

#[test]
fn every_provider_is_recognised() {
    let columns = ["provider", "match", "value", "asked", "found", "differs"];
    let catalog = Catalog::builtin();
    let lines = table(PROVIDERS, &columns);
    let mut wrong = String::new();
    for [_, by, _, asked, expected, _] in &lines {
        let found = match *by {
            "host" => catalog.provider_of_host(asked.as_bytes()),
            "domain" => catalog.provider_of_domain(asked.as_bytes()),
            "reply" => {
                let reading = Reader::new(&catalog).read(None, code_of(asked), asked.as_bytes());
                reading.quoted.and_then(|(provider, _)| provider)
            }
            other => panic!("{other}"),
        };
        let found = found.map_or("-", |id| catalog.provider_name(id));
        if found != *expected {
            wrong += &format!("{by} {asked}: {found} instead of {expected}\n");
        }
    }
    assert!(wrong.is_empty(), "of {} rows:\n{wrong}", lines.len());
    assert_eq!(lines.iter().filter(|[.., differs]| *differs != "own").count(), 443);
}
