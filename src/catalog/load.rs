//! Data files into a catalogue: TOML, defaults filled in, every name checked.
//!
//! A file may hold providers, codes, categories and advice in any mixture. All files are read before any name is
//! resolved, so their order means nothing, except that the operator's file is last and wins.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::value::Datetime;

use super::entry::{Confidence, Deferral, Disposition, Entry, Escalation, Scope, Stage, Suppress};
use super::pattern::{BasicPattern, EnhancedPattern, Texts};
use super::provider::Kind;
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

/// A data file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    family: Option<String>,
    source: Option<String>,
    checked: Option<Datetime>,
    #[serde(default)]
    pub(super) provider: Vec<RawProvider>,
    #[serde(default)]
    pub(super) category: Vec<RawCategory>,
    #[serde(default)]
    pub(super) advice: Vec<RawAdvice>,
    #[serde(default)]
    pub(super) doubt: Vec<RawDoubt>,
    #[serde(default)]
    pub(super) code: Vec<RawCode>,
}

/// Words that put in doubt what a reply says of its recipient.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDoubt {
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider {
    pub(super) id: String,
    title: String,
    #[serde(default)]
    aliases: Vec<String>,
    family: Option<String>,
    kind: Kind,
    #[serde(default)]
    note: String,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) domains: Vec<String>,
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
pub(super) struct RawCategory {
    pub(super) id: String,
    disposition: Disposition,
    suppress: Suppress,
    escalate: Option<Escalation>,
    deferral: Option<Deferral>,
    #[serde(default)]
    advice: Texts,
    /// Measures against the sender, deferred first and rejected later: the basic code tells the step.
    #[serde(default)]
    steps: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdvice {
    pub(super) id: String,
    text: String,
    #[serde(default)]
    template: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode {
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
pub(super) struct Loaded<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) operator: bool,
    pub(super) raw: RawFile,
    /// Codes of the file that are so faulty that `raw` is without them, by number, in order.
    pub(super) skipped: Vec<usize>,
}

/// Reads the embedded files and the operator's. The first fault is enough.
pub(super) fn load(operator: Option<(&Path, &str)>) -> Result<Catalog, Error> {
    let mut files = read_embedded()?;
    let operator_name = operator.map(|(path, _)| path.display().to_string());
    if let (Some((path, text)), Some(name)) = (operator, &operator_name) {
        files.push(Loaded { name, text, operator: true, raw: parse(path, text)?, skipped: Vec::new() });
    }
    let mut faults = Vec::new();
    let catalog = build(files, &mut faults);
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(catalog),
    }
}

/// Reads the embedded files: what the build script has made of them, or else, to tell what is wrong, what is written.
pub(super) fn read_embedded<'a>() -> Result<Vec<Loaded<'a>>, Error> {
    let read = |Embedded { name, text, json }: &Embedded| {
        let raw = serde_json::from_str(json).or_else(|_| parse(Path::new(name), text))?;
        Ok(Loaded { name, text, operator: false, raw, skipped: Vec::new() })
    };
    EMBEDDED.iter().map(read).collect()
}

/// Makes one catalogue of all files. What is faulty is left out and told, in the order it is met.
pub(super) fn build(mut files: Vec<Loaded<'_>>, faults: &mut Vec<Error>) -> Catalog {
    let mut catalog = Catalog::default();
    let mut advice = HashMap::new();
    let mut categories = HashMap::new();
    for file in &mut files {
        let raw_advice = std::mem::take(&mut file.raw.advice);
        for (n, item) in raw_advice.into_iter().enumerate() {
            if advice.insert(item.id.clone(), item).is_some() && !file.operator {
                faults.push(file.error("advice", n, "id", "stands twice"));
            }
        }
        let raw_categories = std::mem::take(&mut file.raw.category);
        for (n, item) in raw_categories.into_iter().enumerate() {
            if categories.insert(item.id.clone(), item).is_some() && !file.operator {
                faults.push(file.error("category", n, "id", "stands twice"));
            }
        }
        for (n, raw) in std::mem::take(&mut file.raw.provider).into_iter().enumerate() {
            let family = raw.family.as_deref().or(file.raw.family.as_deref()).unwrap_or(&raw.id).to_owned();
            let names = [(&raw.hosts, "hosts"), (&raw.domains, "domains")];
            let id = catalog.providers.add(&raw.id, &raw.title, &family, raw.kind, &raw.note);
            for (list, key) in names {
                for name in list {
                    let added = if key == "hosts" {
                        catalog.providers.add_host(id, name, file.operator)
                    } else {
                        catalog.providers.add_domain(id, name, file.operator)
                    };
                    faults.extend(added.err().map(|what| file.error("provider", n, key, &what)));
                }
            }
            for alias in &raw.aliases {
                let added = catalog.providers.add_alias(id, alias, file.operator);
                faults.extend(added.err().map(|what| file.error("provider", n, "aliases", &what)));
            }
            for text in &raw.markers {
                let added = catalog.markers.add_provider(id, text);
                faults.extend(added.err().map(|what| file.error("provider", n, "markers", &what)));
            }
        }
    }
    for file in &files {
        for (n, raw) in file.raw.doubt.iter().enumerate() {
            let added = raw.words.iter().filter_map(|word| catalog.markers.add_doubt(word).err());
            faults.extend(added.map(|what| file.error("doubt", n, "words", &what)));
        }
    }
    for file in &mut files {
        for (n, raw) in std::mem::take(&mut file.raw.code).into_iter().enumerate() {
            let mut wrong = |key: &str, what: String| faults.push(file.error("code", n, key, &what));
            if let Some(entry) = file.entry(raw, &mut catalog, &categories, &advice, &mut wrong) {
                catalog.add_entry(entry);
            }
        }
    }
    catalog
}

impl Loaded<'_> {
    /// The entry that a table describes; none when it is `wrong`, which is told of each of its keys that is.
    fn entry(
        &self,
        raw: RawCode,
        catalog: &mut Catalog,
        categories: &HashMap<String, RawCategory>,
        advice: &HashMap<String, RawAdvice>,
        wrong: &mut dyn FnMut(&str, String),
    ) -> Option<Entry> {
        let missing = || "is missing, here and at the head of the file".to_owned();

        let scope = match raw.provider.as_deref().or(self.raw.family.as_deref()) {
            None => {
                wrong("provider", missing());
                None
            }
            Some("*") => Some(Scope::ANY),
            Some(whose) => catalog.providers.scope(whose).or_else(|| {
                wrong("provider", format!("no provider or family is called \"{whose}\""));
                None
            }),
        };
        let category = categories.get(&raw.category);
        if category.is_none() {
            wrong("category", format!("no category is called \"{}\"", raw.category));
        }

        let mut fix = raw.fix.unwrap_or_default();
        let own_fix = !fix.is_empty();
        let mut template = String::new();
        let (key, names) = match &raw.advice {
            Some(names) => ("advice", names.0.as_slice()),
            None if own_fix => ("advice", [].as_slice()),
            None => ("category", category.map_or([].as_slice(), |category| category.advice.0.as_slice())),
        };
        let mut unknown_advice = false;
        for name in names {
            let Some(advice) = advice.get(name) else {
                wrong(key, format!("no advice is called \"{name}\""));
                unknown_advice = true;
                continue;
            };
            append(&mut fix, " ", &advice.text);
            append(&mut template, "\n", &advice.template);
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
            match catalog.markers.add(text) {
                Ok(marker) => markers.push(marker),
                Err(what) => wrong("marker", what),
            }
        }
        let source = raw.source.or_else(|| self.raw.source.clone());
        if source.is_none() {
            wrong("source", missing());
        }
        let checked = raw.checked.or(self.raw.checked);
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
            deferral: if slower { Some(Deferral::Throttling) } else { category.deferral },
            enforcement: raw.enforcement,
            stage: raw.stage.or(step),
            ladder: raw.ladder.map(Into::into),
            template: template.into(),
            confidence: raw.confidence,
            source: source.into(),
            checked: checked.to_string().into(),
            example: raw.example.map(Into::into),
        })
    }

    /// The fault at a key of the `n`th table of a list; at its first line when the key is not written there.
    pub(super) fn error(&self, list: &str, n: usize, key: &str, what: &str) -> Error {
        let before = |n: usize| self.skipped.iter().fold(n, |n, skipped| n + usize::from(*skipped <= n));
        let n = if list == "code" { before(n) } else { n };
        let line = line_of_key(self.text, list, n, key).unwrap_or(0);
        Error { file: self.name.into(), line, key: key.to_owned(), what: what.to_owned() }
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

fn parse(file: &Path, text: &str) -> Result<RawFile, Error> {
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
