//! What a code means, at whom, and what to do: knowledge as data.
//!
//! The TOML files under `data/` are embedded in the binary. No Rust file names a provider.

mod answer;
#[cfg(test)]
mod cases;
mod check;
mod decide;
mod eight;
mod entry;
mod fits;
mod flat;
mod gaps;
mod index;
mod kept;
mod listed;
mod load;
mod lookup;
mod marker;
mod named;
mod pattern;
mod provider;
mod raw;
mod read;
mod recall;
mod search;
#[cfg(test)]
mod tests;
mod texts;
mod words;

use std::fs;
use std::path::Path;

use entry::Scope;
use fits::{Handle, handles};
use listed::Listed;

pub use answer::{Answer, Quoted, Reading};
pub use check::{Checked, Replaced, Taken, check};
pub use entry::{Entry, Layer, Meaning, Rule};
pub use load::Error;
pub use named::Only;
pub use provider::Provider;
pub use read::Reader;
pub use search::Query;
pub use words::{Confidence, Deferral, Disposition, Escalation, Kind, Stage, Suppress};

/// A provider by number; only valid for the [`Catalog`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(pub u16);

/// A provider tag or phrase in a reply, by number; only valid for the [`Catalog`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkerId(pub u16);

/// The name of the provider nobody recognised.
pub const UNKNOWN: &str = "unknown";

/// A file under `data/`.
#[derive(Debug)]
struct Embedded {
    name: &'static str,
    /// As it is written.
    text: &'static str,
    /// The same without its codes, packed by the build script, which is read many times faster.
    head: &'static [u8],
    /// Its codes.
    codes: &'static [u8],
}

/// The files under `data/`, sorted by name; the build script lists them.
static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/catalog_files.rs"));

/// All knowledge, ready for look-up.
#[derive(Debug, Default)]
pub struct Catalog {
    providers: provider::Providers,
    markers: marker::Markers,
    entries: Vec<Entry>,
    /// Entries without a marker, by whose they are and what they can be found by.
    by_code: Listed<(Scope, Handle)>,
    /// Entries with a marker, by each of their markers.
    by_marker: Listed<MarkerId>,
}

impl Catalog {
    /// The embedded catalogue.
    pub fn builtin() -> Catalog {
        load::load(None).expect("the embedded files are the same for everybody, and the tests load them")
    }

    /// The embedded catalogue and the operator's file, which wins where both speak.
    pub fn load(operator_file: &Path) -> Result<Catalog, Error> {
        let text = fs::read_to_string(operator_file).map_err(|error| Error::unread(operator_file, &error))?;
        load::load(Some((operator_file, &text)))
    }

    /// Makes room for so many entries.
    fn reserve(&mut self, entries: usize) {
        self.entries.reserve(entries);
        // Most have one marker.
        self.markers.reserve(entries);
        self.by_marker.reserve(entries);
    }

    fn add_entry(&mut self, entry: Entry) {
        let number = self.entries.len();
        for marker in &entry.markers {
            self.by_marker.push(*marker, number);
        }
        if entry.markers.is_empty() {
            for handle in handles(entry.basic.as_ref(), entry.enhanced.as_ref()) {
                self.by_code.push((entry.scope, handle), number);
            }
        }
        self.entries.push(entry);
    }

    /// Makes the entries that were added findable.
    fn sort(&mut self) {
        self.by_marker.sort();
        self.by_code.sort();
    }

    /// Who runs the host of this name: whole labels from the right, the longest suffix wins, case ignored. Mail domains
    /// tell where no host is named.
    pub fn provider_of_host(&self, host: &[u8]) -> Option<ProviderId> {
        self.providers.of_host(host)
    }

    /// Who receives mail for this recipient domain, as far as it is a mailbox provider's own domain.
    pub fn provider_of_domain(&self, domain: &[u8]) -> Option<ProviderId> {
        self.providers.of_domain(domain)
    }

    /// The number of the provider of this short name.
    pub fn provider_id(&self, name: &str) -> Option<ProviderId> {
        self.providers.id(name)
    }

    /// All providers, in the order of the files.
    pub fn providers(&self) -> &[Provider] {
        self.providers.all()
    }

    /// All entries, in the order of the files.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The short name of a provider, as machine formats print it.
    pub fn provider_name(&self, provider: ProviderId) -> &str {
        self.providers.get(provider).map_or(UNKNOWN, |provider| &provider.id)
    }

    /// The provider of this short name.
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(self.provider_id(name)?)
    }

    /// The name people use for a provider given by its short name.
    pub fn provider_title<'a>(&'a self, name: &'a str) -> &'a str {
        self.provider(name).map_or(name, |provider| &provider.title)
    }

    /// The host suffixes and the mail domains that tell a provider, sorted.
    pub fn names_of(&self, provider: &Provider) -> (Vec<&str>, Vec<&str>) {
        self.provider_id(&provider.id).map(|id| self.providers.names(id)).unwrap_or_default()
    }

    /// Whether the provider is a smarthost: it takes mail on, and what the receiver says never reaches this log.
    pub fn is_relay(&self, provider: ProviderId) -> bool {
        self.providers.get(provider).is_some_and(|provider| provider.kind == Kind::Relay)
    }

    /// Whose replies an entry speaks about: the short name of a provider or a family, or `*` for everybody's.
    pub fn whose(&self, entry: &Entry) -> &str {
        self.providers.scope_name(entry.scope).unwrap_or("*")
    }

    /// The tags or phrases of an entry, any of which leads to it.
    pub fn marker_texts(&self, entry: &Entry) -> Vec<&str> {
        entry.markers.iter().map(|marker| self.marker_text(*marker)).collect()
    }

    /// The steps of the ladder that an entry stands on, itself among them: deferral, then rejection.
    pub fn ladder(&self, entry: &Entry) -> Vec<&Entry> {
        let same = |other: &&Entry| other.scope == entry.scope && other.ladder == entry.ladder;
        let mut steps: Vec<&Entry> = match entry.ladder {
            Some(_) => self.entries.iter().filter(same).collect(),
            None => Vec::new(),
        };
        steps.sort_by_key(|step| step.stage);
        steps
    }

    /// The text of a marker.
    pub fn marker_text(&self, marker: MarkerId) -> &str {
        self.markers.text(marker).unwrap_or_default()
    }
}
