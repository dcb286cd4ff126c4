//! Data files into a catalogue: TOML, defaults filled in, every name checked.
//!
//! A file may hold providers, codes, categories and advice in any mixture. All files are read before any name is
//! resolved, so their order means nothing, except that the operator's file is last and wins.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fmt, io, iter, mem, thread};

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::Catalog;
use super::entry::{Confidence, Disposition, Entry, Escalation, Scope, Stage, Suppress};
use super::pattern::{BasicPattern, EnhancedPattern, Texts};
use super::provider::Kind;

/// Why a data file was refused: its first fault, and the others.
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
    /// The faults behind this one, in the order they stand in.
    pub others: Vec<Error>,
}

impl Error {
    fn new(file: &Path, line: usize, key: &str, what: impl Into<String>) -> Error {
        Error { file: file.to_owned(), line, key: key.to_owned(), what: what.into(), others: Vec::new() }
    }

    /// A file that could not be read.
    pub(super) fn unread(file: &Path, what: &io::Error) -> Error {
        Error::new(file, 0, "", what.to_string())
    }

    /// Every fault, this one first.
    pub fn faults(&self) -> impl Iterator<Item = &Error> {
        iter::once(self).chain(&self.others)
    }
}

/// One line for each fault.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)?;
        self.others.iter().try_for_each(|other| write!(f, "\n{other}"))
    }
}

impl std::error::Error for Error {}

/// A data file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    family: Option<String>,
    source: Option<String>,
    checked: Option<Datetime>,
    #[serde(default)]
    provider: Vec<RawProvider>,
    #[serde(default)]
    category: Vec<RawCategory>,
    #[serde(default)]
    advice: Vec<RawAdvice>,
    #[serde(default)]
    doubt: Vec<RawDoubt>,
    #[serde(default)]
    code: Vec<RawCode>,
}

/// Words that put in doubt what a reply says of its recipient.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDoubt {
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    id: String,
    title: String,
    family: Option<String>,
    kind: Kind,
    #[serde(default)]
    note: String,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    markers: Vec<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
    #[serde(rename = "checked")]
    _checked: Option<Datetime>,
}

/// What the codes of one kind of trouble have in common, unless they say otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategory {
    id: String,
    disposition: Disposition,
    suppress: Suppress,
    escalate: Option<Escalation>,
    #[serde(default)]
    advice: Texts,
    /// Measures against the sender, deferred first and rejected later: the basic code tells the step.
    #[serde(default)]
    steps: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAdvice {
    id: String,
    text: String,
    #[serde(default)]
    template: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCode {
    provider: Option<String>,
    basic: Option<BasicPattern>,
    enhanced: Option<EnhancedPattern>,
    #[serde(default)]
    marker: Texts,
    #[serde(default)]
    first: bool,
    #[serde(default)]
    wraps: bool,
    title: String,
    meaning: String,
    fix: Option<String>,
    advice: Option<Texts>,
    category: String,
    disposition: Option<Disposition>,
    suppress: Option<Suppress>,
    #[serde(default)]
    enforcement: bool,
    stage: Option<Stage>,
    ladder: Option<String>,
    #[serde(default)]
    confidence: Confidence,
    source: Option<String>,
    checked: Option<Datetime>,
    example: Option<String>,
}

/// One file on its way into the catalogue.
struct Loaded<'a> {
    name: &'a str,
    text: &'a str,
    operator: bool,
    raw: RawFile,
}

/// What the codes of all files refer to by name.
#[derive(Default)]
struct Names {
    categories: HashMap<String, RawCategory>,
    advice: HashMap<String, RawAdvice>,
}

/// Reads the embedded files and the operator's. A file with faults is read to its end, so that all are told at once.
pub(super) fn load(embedded: &[(&str, &str)], operator: Option<(&Path, &str)>) -> Result<Catalog, Error> {
    let mut files = Vec::with_capacity(embedded.len() + 1);
    for ((name, text), raw) in embedded.iter().zip(parse_all(embedded)) {
        files.push(Loaded { name, text, operator: false, raw: raw? });
    }
    let operator_name = operator.map(|(path, _)| path.display().to_string());
    if let (Some((path, text)), Some(name)) = (operator, &operator_name) {
        files.push(Loaded { name, text, operator: true, raw: parse(path, text)? });
    }

    let mut catalog = Catalog::default();
    let mut names = Names::default();
    let mut faults = Vec::new();
    for file in &mut files {
        file.names(&mut names, &mut faults);
        file.providers(&mut catalog, &mut faults);
        file.doubts(&mut catalog, &mut faults);
    }
    for file in &mut files {
        for (n, raw) in mem::take(&mut file.raw.code).into_iter().enumerate() {
            if let Some(entry) = file.entry(n, raw, &mut catalog, &names, &mut faults) {
                catalog.add_entry(entry);
            }
        }
    }
    faults.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    first_of(faults).map_or(Ok(catalog), Err)
}

/// The first fault with the others behind it.
fn first_of(faults: Vec<Error>) -> Option<Error> {
    let mut faults = faults.into_iter();
    let mut first = faults.next()?;
    first.others = faults.collect();
    Some(first)
}

impl Loaded<'_> {
    fn names(&mut self, names: &mut Names, faults: &mut Vec<Error>) {
        for (n, item) in mem::take(&mut self.raw.advice).into_iter().enumerate() {
            if names.advice.insert(item.id.clone(), item).is_some() && !self.operator {
                faults.push(self.error("advice", n, "id", "stands twice"));
            }
        }
        for (n, item) in mem::take(&mut self.raw.category).into_iter().enumerate() {
            if names.categories.insert(item.id.clone(), item).is_some() && !self.operator {
                faults.push(self.error("category", n, "id", "stands twice"));
            }
        }
    }

    fn providers(&mut self, catalog: &mut Catalog, faults: &mut Vec<Error>) {
        for (n, raw) in mem::take(&mut self.raw.provider).into_iter().enumerate() {
            let mut wrong = |key: &str, what: &str| faults.push(self.error("provider", n, key, what));
            let family = raw.family.as_deref().or(self.raw.family.as_deref()).unwrap_or(&raw.id);
            let id = catalog.providers.add(&raw.id, &raw.title, family, raw.kind, &raw.note);
            for name in &raw.hosts {
                if let Err(what) = catalog.providers.add_host(id, name, self.operator) {
                    wrong("hosts", &what);
                }
            }
            for name in &raw.domains {
                if let Err(what) = catalog.providers.add_domain(id, name, self.operator) {
                    wrong("domains", &what);
                }
            }
            for text in &raw.markers {
                if let Err(what) = catalog.markers.add_provider(id, text) {
                    wrong("markers", &what);
                }
            }
        }
    }

    fn doubts(&mut self, catalog: &mut Catalog, faults: &mut Vec<Error>) {
        for (n, raw) in mem::take(&mut self.raw.doubt).iter().enumerate() {
            for word in &raw.words {
                if let Err(what) = catalog.markers.add_doubt(word) {
                    faults.push(self.error("doubt", n, "words", &what));
                }
            }
        }
    }

    /// The entry, or none and its faults.
    fn entry(
        &self,
        n: usize,
        raw: RawCode,
        catalog: &mut Catalog,
        names: &Names,
        faults: &mut Vec<Error>,
    ) -> Option<Entry> {
        let known = faults.len();
        let mut wrong = |key: &str, what: &str| faults.push(self.error("code", n, key, what));
        const MISSING: &str = "is missing, here and at the head of the file";

        let scope = match raw.provider.as_deref().or(self.raw.family.as_deref()) {
            Some("*") => Some(Scope::ANY),
            Some(whose) => {
                let scope = catalog.providers.scope(whose);
                if scope.is_none() {
                    wrong("provider", &format!("no provider or family is called \"{whose}\""));
                }
                scope
            }
            None => {
                wrong("provider", MISSING);
                None
            }
        };
        let category = names.categories.get(&raw.category);
        if category.is_none() {
            wrong("category", &format!("no category is called \"{}\"", raw.category));
        }
        let mut fix = raw.fix.unwrap_or_default();
        let mut template = String::new();
        let (key, pieces) = match (&raw.advice, category) {
            (Some(names), _) => ("advice", names.0.as_slice()),
            (None, Some(category)) if fix.is_empty() => ("category", category.advice.0.as_slice()),
            (None, _) => ("advice", [].as_slice()),
        };
        for name in pieces {
            match names.advice.get(name) {
                Some(advice) => {
                    append(&mut fix, " ", &advice.text);
                    append(&mut template, "\n", &advice.template);
                }
                None => wrong(key, &format!("no advice is called \"{name}\"")),
            }
        }
        if raw.enforcement && raw.confidence == Confidence::Low {
            wrong("enforcement", "an unconfirmed entry must raise no alarm");
        }
        let mut markers = Vec::with_capacity(raw.marker.0.len());
        for text in &raw.marker.0 {
            match catalog.markers.add(text) {
                Ok(marker) => markers.push(marker),
                Err(what) => wrong("marker", &what),
            }
        }
        if raw.wraps && raw.marker.0.is_empty() {
            wrong("wraps", "needs a marker: the other server's reply is looked for behind it");
        }
        let source = raw.source.or_else(|| self.raw.source.clone());
        if source.is_none() {
            wrong("source", MISSING);
        }
        let checked = raw.checked.or(self.raw.checked);
        if checked.is_none() {
            wrong("checked", MISSING);
        }
        if faults.len() > known {
            return None;
        }
        let category = category?;
        let in_steps = raw.enforcement || category.steps;
        let step = raw.basic.as_ref().filter(|_| in_steps).and_then(step_of);
        Some(Entry {
            scope: scope?,
            operator: self.operator,
            basic: raw.basic,
            enhanced: raw.enhanced,
            markers,
            first: raw.first,
            wraps: raw.wraps,
            file: self.name.into(),
            title: raw.title.into(),
            meaning: raw.meaning.into(),
            fix: fix.into(),
            category: raw.category.into(),
            disposition: raw.disposition.unwrap_or(category.disposition),
            suppress: raw.suppress.unwrap_or(category.suppress),
            // A code that is never to suppress anybody does not do so in the end either.
            escalation: category.escalate.filter(|_| raw.suppress != Some(Suppress::Never)),
            enforcement: raw.enforcement,
            stage: raw.stage.or(step),
            ladder: raw.ladder.map(Into::into),
            template: template.into(),
            confidence: raw.confidence,
            source: source?.into(),
            checked: checked?.to_string().into(),
            example: raw.example.map(Into::into),
        })
    }

    /// The fault at a key of the `n`th table of a list; at its first line when the key is not written there.
    fn error(&self, list: &str, n: usize, key: &str, what: &str) -> Error {
        let line = line_of_key(self.text, list, n, key).unwrap_or(0);
        Error::new(Path::new(self.name), line, key, what)
    }
}

/// Adds a piece of text, with something between it and what is there.
fn append(text: &mut String, between: &str, piece: &str) {
    if !text.is_empty() && !piece.is_empty() {
        text.push_str(between);
    }
    text.push_str(piece);
}

/// The step that codes of one severity are.
fn step_of(basic: &BasicPattern) -> Option<Stage> {
    if basic.only_severity(4) {
        Some(Stage::Deferral)
    } else {
        basic.only_severity(5).then_some(Stage::Rejection)
    }
}

/// Parses every file, in their order. Reading TOML is nearly all of the time that loading takes, so several threads
/// share it; whichever is free takes the next file.
fn parse_all(files: &[(&str, &str)]) -> Vec<Result<RawFile, Error>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((n, (name, text))) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, files.get(n)?)))
        {
            done.push((n, parse(Path::new(name), text)));
        }
        done
    };
    let mut parsed = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parsed = work();
        for other in others {
            match other.join() {
                Ok(done) => parsed.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parsed
    });
    parsed.sort_unstable_by_key(|(n, _)| *n);
    parsed.into_iter().map(|(_, raw)| raw).collect()
}

fn parse(file: &Path, text: &str) -> Result<RawFile, Error> {
    toml::from_str(text)
        .map_err(|error| first_of(faults(file, text)).unwrap_or_else(|| fault(file, text, &error)))
}

/// What is wrong with a file that does not parse, table by table; nothing when it is no TOML at all.
fn faults(file: &Path, text: &str) -> Vec<Error> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let mut faults = Vec::new();
    for (name, value) in document.into_inner() {
        let found = match (name.get_ref().as_ref(), value.get_ref()) {
            ("provider", DeValue::Array(_)) => faults_of::<RawProvider>(value),
            ("category", DeValue::Array(_)) => faults_of::<RawCategory>(value),
            ("advice", DeValue::Array(_)) => faults_of::<RawAdvice>(value),
            ("doubt", DeValue::Array(_)) => faults_of::<RawDoubt>(value),
            ("code", DeValue::Array(_)) => faults_of::<RawCode>(value),
            _ => {
                let head = DeTable::from_iter([(name, value)]);
                RawFile::deserialize(Spanned::new(0..0, DeValue::Table(head)).into_deserializer())
                    .err()
                    .into_iter()
                    .collect()
            }
        };
        faults.extend(found.iter().map(|error| fault(file, text, error)));
    }
    faults.sort_by_key(|fault| fault.line);
    faults
}

/// Reads each table of a list on its own.
fn faults_of<'de, T: Deserialize<'de>>(list: Spanned<DeValue<'de>>) -> Vec<toml::de::Error> {
    let DeValue::Array(list) = list.into_inner() else { return Vec::new() };
    list.into_iter().filter_map(|table| T::deserialize(table.into_deserializer()).err()).collect()
}

fn fault(file: &Path, text: &str, error: &toml::de::Error) -> Error {
    let span = error.span().unwrap_or(0..0);
    let line = line_at(text, span.start);
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let key = written.split_once('=').map_or(written, |(key, _)| key).trim();
    Error::new(file, line, key, error.message())
}

/// Finds a key by reading the file once more, with places: only faults pay for it.
fn line_of_key(text: &str, list: &str, n: usize, key: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let item = document.get_ref().get(list)?.get_ref().as_array()?.get(n)?;
    let table = item.get_ref().as_table()?;
    let at = table
        .iter()
        .find(|(name, _)| name.get_ref() == key)
        .map_or(item.span().start, |(name, _)| name.span().start);
    Some(line_at(text, at))
}

fn line_at(text: &str, at: usize) -> usize {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count() + 1
}
