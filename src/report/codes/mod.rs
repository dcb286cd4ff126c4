//! The catalogue itself as pages: its entries, its providers, and what an operator's file changes in it.

mod check;
mod csv;
mod text;

use std::io::{self, Write};

use serde::Serialize;

use super::clean;
use crate::catalog::{Catalog, Confidence, Disposition, Entry, Kind, Provider, Stage, Suppress};

pub use check::check;
pub use csv::{entries_csv, providers_csv};
pub use text::{entries_text, providers_text};

/// The name and version of the JSON form.
pub const SCHEMA: &str = "smtpulse.codes/1";

/// Entries of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Entries {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// One row for each, in the order given.
    pub codes: Vec<EntryRow>,
    /// How many the catalogue has.
    #[serde(skip)]
    pub all: usize,
}

/// One entry.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of catalog::Entry, by the names of its data files")]
pub struct EntryRow {
    pub provider: String,
    pub provider_title: String,
    pub basic: Option<String>,
    pub enhanced: Option<String>,
    pub markers: Vec<String>,
    pub category: String,
    pub disposition: Disposition,
    pub suppress: Suppress,
    pub enforcement: bool,
    pub stage: Option<Stage>,
    pub ladder: Option<String>,
    pub confidence: Confidence,
    pub title: String,
    pub meaning: String,
    pub fix: String,
    pub template: String,
    pub source: String,
    pub checked: String,
    pub example: Option<String>,
    pub file: String,
    /// Whether it stands in the operator's own file.
    pub operator: bool,
    /// Both patterns in one, for people.
    #[serde(skip)]
    code: String,
    /// The codes of its ladder, deferral before rejection.
    #[serde(skip)]
    steps: Vec<String>,
}

/// Providers of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Providers {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// One row for each, in the order given.
    pub providers: Vec<ProviderRow>,
    /// How many the catalogue has.
    #[serde(skip)]
    pub all: usize,
}

/// One provider.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderRow {
    /// The short name.
    pub provider: String,
    /// The name people use.
    pub title: String,
    /// The short name of its family; its own when it stands alone.
    pub family: String,
    /// What it does with mail.
    pub kind: Kind,
    /// What to bear in mind about its answers; may be empty.
    pub note: String,
    /// Suffixes of its host names.
    pub hosts: Vec<String>,
    /// Mail domains of its own.
    pub domains: Vec<String>,
    /// How many entries hold there besides everybody's: its own and its family's.
    pub codes: usize,
}

impl Entries {
    /// Words the entries.
    pub fn new(entries: &[&Entry], catalog: &Catalog) -> Entries {
        let codes = entries.iter().map(|entry| EntryRow::of(entry, catalog)).collect();
        Entries { schema: SCHEMA, codes, all: catalog.entries().len() }
    }
}

impl EntryRow {
    fn of(entry: &Entry, catalog: &Catalog) -> EntryRow {
        let whose = catalog.whose(entry);
        let step = |step: &&Entry| match step.stage {
            // The queue goes on asking, in vain.
            Some(Stage::Rejection) if step.is_transient() => {
                format!("{} (deferral for good)", step.code_text())
            }
            Some(stage) => format!("{} ({})", step.code_text(), word(&stage)),
            None => step.code_text(),
        };
        let mut steps: Vec<String> = catalog.ladder(entry).iter().map(step).collect();
        // Entries that differ only in their words are one step.
        steps.dedup();
        EntryRow {
            provider: whose.to_owned(),
            provider_title: match whose {
                Catalog::EVERYBODY => "any provider".to_owned(),
                whose => catalog.provider_title(whose).to_owned(),
            },
            basic: entry.basic_text(),
            enhanced: entry.enhanced_text(),
            markers: catalog.marker_texts(entry).into_iter().map(str::to_owned).collect(),
            category: entry.category.to_string(),
            disposition: entry.disposition,
            suppress: entry.suppress,
            enforcement: entry.enforcement,
            stage: entry.stage,
            ladder: entry.ladder.as_deref().map(str::to_owned),
            confidence: entry.confidence,
            title: entry.title.to_string(),
            meaning: entry.meaning.to_string(),
            fix: entry.fix.to_string(),
            template: entry.template.to_string(),
            source: entry.source.to_string(),
            checked: entry.checked.to_string(),
            example: entry.example.as_deref().map(str::to_owned),
            file: entry.file.to_string(),
            operator: entry.is_operators(),
            code: entry.code_text(),
            steps,
        }
    }
}

impl Providers {
    /// Words the providers.
    pub fn new(providers: &[&Provider], catalog: &Catalog) -> Providers {
        let row = |provider: &&Provider| {
            let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
            let (hosts, domains) = catalog.names_of(provider);
            let holds = |entry: &&Entry| {
                let whose = catalog.whose(entry);
                *whose == *provider.id || *whose == *provider.family
            };
            ProviderRow {
                provider: provider.id.to_string(),
                title: provider.title.to_string(),
                family: provider.family.to_string(),
                kind: provider.kind,
                note: provider.note.to_string(),
                hosts: owned(hosts),
                domains: owned(domains),
                codes: catalog.entries().iter().filter(holds).count(),
            }
        };
        let all = catalog.providers().len();
        Providers { schema: SCHEMA, providers: providers.iter().map(row).collect(), all }
    }
}

/// Writes entries or providers as one indented JSON object and a line end.
pub fn json(list: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    clean::exact(list, out)
}

/// The word that data files and machine formats have for a value.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
