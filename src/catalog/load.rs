//! Data files into a catalogue: TOML, defaults filled in, every name checked.
//!
//! A file may hold providers, codes, categories and advice in any mixture. All files are read before any name is
//! resolved, so their order means nothing, except that the operator's file is last and wins.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use serde::Deserialize;

use super::entry::{Entry, Scope};
use super::pattern::BasicPattern;
use super::raw::{RawCode, RawFile};
use super::words::{Confidence, Deferral, Disposition, Escalation, Stage, Suppress};
use super::{Catalog, EMBEDDED, Embedded};

/// Why a data file was refused.
#[derive(Debug)]
pub struct Error {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 when the file could not be read at all.
    pub line: usize,
    /// The key at fault; empty when no key is.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl Error {
    /// The file could not be read.
    pub(super) fn unread(file: &Path, error: &std::io::Error) -> Error {
        Error { file: file.to_owned(), line: 0, key: String::new(), what: error.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for Error {}

/// What the texts of a file are: ours stay where they lie in the binary, the operator's are kept.
pub(super) trait Text: AsRef<str> + Clone + Into<Cow<'static, str>> {}

impl Text for &'static str {}
impl Text for String {}

/// One file on its way into the catalogue.
pub(super) struct Loaded<'t, S> {
    pub(super) name: S,
    pub(super) text: &'t str,
    pub(super) operator: bool,
    pub(super) raw: RawFile<S>,
    /// Codes that are still packed.
    pub(super) packed: &'static [u8],
    /// Codes of the file that are so faulty that `raw` is without them, by number, in order.
    pub(super) skipped: Vec<usize>,
}

/// Reads the embedded files and the operator's. The first fault is enough.
pub(super) fn load(operator: Option<(&Path, &str)>) -> Result<Catalog, Error> {
    let embedded = read_embedded()?;
    let operator = operator.map(|(path, text)| {
        let (name, raw) = (path.display().to_string(), parse(path, text)?);
        Ok(Loaded { name, text, operator: true, raw, packed: &[], skipped: Vec::new() })
    });
    let mut faults = Vec::new();
    let catalog = build(embedded, operator.transpose()?, &mut faults);
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(catalog),
    }
}

/// Reads the embedded files, which the build script has read before.
pub(super) fn read_embedded() -> Result<Vec<Loaded<'static, &'static str>>, Error> {
    let read = |&Embedded { name, text, head, codes }: &Embedded| {
        let raw = unpacked(name, head)?;
        Ok(Loaded { name, text, operator: false, raw, packed: codes, skipped: Vec::new() })
    };
    EMBEDDED.iter().map(read).collect()
}

fn unpacked<T: Deserialize<'static>>(name: &str, packed: &'static [u8]) -> Result<T, Error> {
    let fault = |what: String| Error { file: name.into(), line: 0, key: String::new(), what };
    postcard::from_bytes(packed).map_err(|error| fault(error.to_string()))
}

/// Makes one catalogue of all files. What is faulty is left out and told, in the order it is met.
pub(super) fn build(
    mut embedded: Vec<Loaded<'_, &'static str>>,
    mut operator: Option<Loaded<'_, String>>,
    faults: &mut Vec<Error>,
) -> Catalog {
    let mut making = Making::default();
    // What is packed of a list begins with its length.
    let lengths = embedded.iter().filter_map(|file| postcard::take_from_bytes(file.packed).ok());
    making.catalog.reserve(lengths.map(|(length, _): (usize, _)| length).sum());
    embedded.iter().for_each(|file| making.names(file, faults));
    operator.iter().for_each(|file| making.names(file, faults));
    embedded.iter().for_each(|file| making.doubts(file, faults));
    operator.iter().for_each(|file| making.doubts(file, faults));
    for file in &mut embedded {
        // One file's codes at a time: they take the room of those before.
        match unpacked(file.name, file.packed) {
            Ok(codes) => file.raw.code = codes,
            Err(fault) => faults.push(fault),
        }
        making.codes(file, faults);
    }
    operator.iter_mut().for_each(|file| making.codes(file, faults));
    making.catalog.sort();
    making.catalog
}

/// A catalogue in the making, and what its entries refer to.
#[derive(Default)]
struct Making {
    catalog: Catalog,
    advice: HashMap<Cow<'static, str>, Advice>,
    categories: HashMap<Cow<'static, str>, Category>,
}

struct Advice {
    text: Cow<'static, str>,
    template: Cow<'static, str>,
}

/// What the codes of one kind of trouble have in common.
struct Category {
    disposition: Disposition,
    suppress: Suppress,
    escalation: Option<Escalation>,
    deferral: Option<Deferral>,
    advice: Vec<Cow<'static, str>>,
    steps: bool,
}

impl Making {
    /// Advice, categories, and providers with all that tells them.
    fn names<S: Text>(&mut self, file: &Loaded<'_, S>, faults: &mut Vec<Error>) {
        for (n, raw) in file.raw.advice.iter().enumerate() {
            let advice = Advice { text: raw.text.clone().into(), template: raw.template.clone().into() };
            if self.advice.insert(raw.id.clone().into(), advice).is_some() && !file.operator {
                faults.push(file.error("advice", n, "id", "stands twice"));
            }
        }
        for (n, raw) in file.raw.category.iter().enumerate() {
            let category = Category {
                disposition: raw.disposition,
                suppress: raw.suppress,
                escalation: raw.escalate,
                deferral: raw.deferral,
                advice: raw.advice.0.iter().cloned().map(Into::into).collect(),
                steps: raw.steps,
            };
            if self.categories.insert(raw.id.clone().into(), category).is_some() && !file.operator {
                faults.push(file.error("category", n, "id", "stands twice"));
            }
        }
        let Catalog { providers, markers, .. } = &mut self.catalog;
        for (n, raw) in file.raw.provider.iter().enumerate() {
            let mut fault = |key: &str, what: &str| faults.push(file.error("provider", n, key, what));
            let family = raw.family.as_ref().or(file.raw.family.as_ref()).unwrap_or(&raw.id);
            let id =
                providers.add(raw.id.clone(), raw.title.clone(), family.clone(), raw.kind, raw.note.clone());
            for name in &raw.hosts {
                providers
                    .add_host(id, name.clone(), file.operator)
                    .unwrap_or_else(|what| fault("hosts", &what));
            }
            for name in &raw.domains {
                providers
                    .add_domain(id, name.clone(), file.operator)
                    .unwrap_or_else(|what| fault("domains", &what));
            }
            for alias in &raw.aliases {
                let added = providers.add_alias(id, alias.as_ref(), file.operator);
                added.unwrap_or_else(|what| fault("aliases", &what));
            }
            for text in &raw.markers {
                markers.add_provider(id, text.clone()).unwrap_or_else(|what| fault("markers", &what));
            }
        }
    }

    fn doubts<S: Text>(&mut self, file: &Loaded<'_, S>, faults: &mut Vec<Error>) {
        for (n, raw) in file.raw.doubt.iter().enumerate() {
            for word in &raw.words {
                let added = self.catalog.markers.add_doubt(word.clone());
                added.unwrap_or_else(|what| faults.push(file.error("doubt", n, "words", &what)));
            }
        }
    }

    fn codes<S: Text>(&mut self, file: &mut Loaded<'_, S>, faults: &mut Vec<Error>) {
        for (n, raw) in std::mem::take(&mut file.raw.code).iter_mut().enumerate() {
            let mut wrong = |key: &str, what: String| faults.push(file.error("code", n, key, &what));
            if let Some(entry) = self.entry(file, raw, &mut wrong) {
                self.catalog.add_entry(entry);
            }
        }
    }

    /// The entry that a table describes; none when it is `wrong`, which is told of each of its keys that is.
    fn entry<S: Text>(
        &mut self,
        file: &Loaded<'_, S>,
        raw: &mut RawCode<S>,
        wrong: &mut dyn FnMut(&str, String),
    ) -> Option<Entry> {
        let missing = || "is missing, here and at the head of the file".to_owned();

        let scope = match raw.provider.as_ref().or(file.raw.family.as_ref()).map(AsRef::as_ref) {
            None => {
                wrong("provider", missing());
                None
            }
            Some("*") => Some(Scope::ANY),
            Some(whose) => self.catalog.providers.scope(whose).or_else(|| {
                wrong("provider", format!("no provider or family is called \"{whose}\""));
                None
            }),
        };
        let category = self.categories.get(raw.category.as_ref());
        if category.is_none() {
            wrong("category", format!("no category is called \"{}\"", raw.category.as_ref()));
        }

        let mut fix: Cow<'static, str> = raw.fix.clone().map(Into::into).unwrap_or_default();
        let mut template = Cow::default();
        let of_category = category.filter(|_| raw.advice.is_none() && fix.is_empty());
        let (key, own) = match &raw.advice {
            Some(names) => ("advice", names.0.as_slice()),
            None => ("category", [].as_slice()),
        };
        let names = own.iter().map(AsRef::as_ref);
        let names = names.chain(of_category.iter().flat_map(|category| &category.advice).map(AsRef::as_ref));
        let mut unknown_advice = false;
        for name in names {
            let Some(advice) = self.advice.get(name) else {
                wrong(key, format!("no advice is called \"{name}\""));
                unknown_advice = true;
                continue;
            };
            append(&mut fix, " ", advice.text.clone());
            append(&mut template, "\n", advice.template.clone());
        }

        let false_alarm = raw.enforcement && raw.confidence == Confidence::Low;
        if false_alarm {
            wrong("enforcement", "an unconfirmed entry must raise no alarm".to_owned());
        }
        let no_marker = raw.wraps && raw.marker.0.is_empty();
        if no_marker {
            wrong("wraps", "needs a marker: the other server's reply is looked for behind it".to_owned());
        }
        let mut markers = Vec::with_capacity(raw.marker.0.len());
        for text in &raw.marker.0 {
            match self.catalog.markers.add(text.clone()) {
                Ok(marker) => markers.push(marker),
                Err(what) => wrong("marker", what),
            }
        }
        let source = raw.source.clone().or_else(|| file.raw.source.clone());
        if source.is_none() {
            wrong("source", missing());
        }
        let checked = raw.checked.clone().or_else(|| file.raw.checked.clone());
        if checked.is_none() {
            wrong("checked", missing());
        }
        if unknown_advice || false_alarm || no_marker || markers.len() < raw.marker.0.len() {
            return None;
        }
        let (scope, category, source, checked) = (scope?, category?, source?, checked?);
        let in_steps = raw.enforcement || category.steps;
        let step = raw.basic.as_ref().filter(|_| in_steps).and_then(step_of);
        // Who says of a code that it asks to be slower does not speak of a greylist.
        let slower = category.deferral.is_some() && raw.disposition == Some(Disposition::Throttle);
        Some(Entry {
            scope,
            operator: file.operator,
            basic: raw.basic.take(),
            enhanced: raw.enhanced.take(),
            markers,
            first: raw.first,
            wraps: raw.wraps,
            file: file.name.clone().into(),
            title: raw.title.clone().into(),
            meaning: raw.meaning.clone().into(),
            fix,
            category: raw.category.clone().into(),
            disposition: raw.disposition.unwrap_or(category.disposition),
            suppress: raw.suppress.unwrap_or(category.suppress),
            // A code that is never to suppress anybody does not do so in the end either.
            escalation: category.escalation.filter(|_| raw.suppress != Some(Suppress::Never)),
            deferral: if slower { Some(Deferral::Throttling) } else { category.deferral },
            enforcement: raw.enforcement,
            stage: raw.stage.or(step),
            ladder: raw.ladder.clone().map(Into::into),
            template,
            confidence: raw.confidence,
            source: source.into(),
            checked: checked.into(),
            example: raw.example.clone().map(Into::into),
        })
    }
}

impl<S: Text> Loaded<'_, S> {
    /// The fault at a key of the `n`th table of a list; at its first line when the key is not written there.
    pub(super) fn error(&self, list: &str, n: usize, key: &str, what: &str) -> Error {
        let before = |n: usize| self.skipped.iter().fold(n, |n, skipped| n + usize::from(*skipped <= n));
        let n = if list == "code" { before(n) } else { n };
        let line = line_of_key(self.text, list, n, key).unwrap_or(0);
        Error { file: self.name.as_ref().into(), line, key: key.to_owned(), what: what.to_owned() }
    }
}

/// Adds a piece of text, with something between it and what is there.
fn append(text: &mut Cow<'static, str>, between: &str, piece: Cow<'static, str>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        let text = text.to_mut();
        text.push_str(between);
        text.push_str(&piece);
    }
}

/// The step that codes of one severity are.
fn step_of(basic: &BasicPattern) -> Option<Stage> {
    if basic.only_severity(4) {
        Some(Stage::Deferral)
    } else {
        basic.only_severity(5).then_some(Stage::Rejection)
    }
}

fn parse(file: &Path, text: &str) -> Result<RawFile<String>, Error> {
    toml::from_str(text).map_err(|error| fault(file, text, &error))
}

/// What TOML says is wrong, by the key of the line it says it of.
pub(super) fn fault(file: &Path, text: &str, error: &toml::de::Error) -> Error {
    let span = error.span().unwrap_or(0..0);
    let line = line_at(text, span.start);
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let key = written.split_once('=').map_or(written, |(key, _)| key).trim();
    Error { file: file.to_owned(), line, key: key.to_owned(), what: error.message().to_owned() }
}

/// Finds a key by reading the file once more, with places: only faults pay for it.
pub(super) fn line_of_key(text: &str, list: &str, n: usize, key: &str) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let item = document.get_ref().get(list)?.get_ref().as_array()?.get(n)?;
    let table = item.get_ref().as_table()?;
    let at = table
        .iter()
        .find(|(name, _)| name.get_ref() == key)
        .map_or(item.span().start, |(name, _)| name.span().start);
    Some(line_at(text, at))
}

pub(super) fn line_at(text: &str, at: usize) -> usize {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count() + 1
}
