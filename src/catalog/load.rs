//! Data files into a catalogue: TOML, defaults filled in, every name checked.
//!
//! A file may hold providers, codes, categories and advice in any mixture. All files are read before any name is
//! resolved, so their order means nothing, except that the operator's file is last and wins.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Deserialize;
use toml::value::Datetime;

use super::Catalog;
use super::entry::{Confidence, Disposition, Entry, Scope, Stage, Suppress};
use super::pattern::{BasicPattern, EnhancedPattern, Texts};
use super::provider::Kind;

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
    code: Vec<RawCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    id: String,
    title: String,
    #[serde(default)]
    aliases: Vec<String>,
    family: Option<String>,
    kind: Kind,
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
    #[serde(default)]
    advice: Texts,
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

/// Reads the embedded files and the operator's.
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
    let mut advice = HashMap::new();
    let mut categories = HashMap::new();
    for file in &mut files {
        let raw_advice = std::mem::take(&mut file.raw.advice);
        for (n, item) in raw_advice.into_iter().enumerate() {
            if advice.insert(item.id.clone(), item).is_some() && !file.operator {
                return Err(file.error("advice", n, "id", "stands twice"));
            }
        }
        let raw_categories = std::mem::take(&mut file.raw.category);
        for (n, item) in raw_categories.into_iter().enumerate() {
            if categories.insert(item.id.clone(), item).is_some() && !file.operator {
                return Err(file.error("category", n, "id", "stands twice"));
            }
        }
        for (n, raw) in std::mem::take(&mut file.raw.provider).into_iter().enumerate() {
            let family = raw.family.as_deref().or(file.raw.family.as_deref()).unwrap_or(&raw.id).to_owned();
            let names = [(&raw.hosts, "hosts"), (&raw.domains, "domains")];
            let id = catalog.providers.add(&raw.id, &raw.title, &family, raw.kind);
            for (list, key) in names {
                for name in list {
                    let added = if key == "hosts" {
                        catalog.providers.add_host(id, name, file.operator)
                    } else {
                        catalog.providers.add_domain(id, name, file.operator)
                    };
                    added.map_err(|what| file.error("provider", n, key, &what))?;
                }
            }
            for alias in &raw.aliases {
                let added = catalog.providers.add_alias(id, alias, file.operator);
                added.map_err(|what| file.error("provider", n, "aliases", &what))?;
            }
            for text in &raw.markers {
                catalog
                    .markers
                    .add_provider(id, text)
                    .map_err(|what| file.error("provider", n, "markers", &what))?;
            }
        }
    }
    for file in &mut files {
        for (n, raw) in std::mem::take(&mut file.raw.code).into_iter().enumerate() {
            let entry = file.entry(n, raw, &mut catalog, &categories, &advice)?;
            catalog.add_entry(entry);
        }
    }
    Ok(catalog)
}

impl Loaded<'_> {
    fn entry(
        &self,
        n: usize,
        raw: RawCode,
        catalog: &mut Catalog,
        categories: &HashMap<String, RawCategory>,
        advice: &HashMap<String, RawAdvice>,
    ) -> Result<Entry, Error> {
        let wrong = |key: &str, what: String| self.error("code", n, key, &what);
        let missing = |key: &str| wrong(key, "is missing, here and at the head of the file".to_owned());

        let whose =
            raw.provider.as_deref().or(self.raw.family.as_deref()).ok_or_else(|| missing("provider"))?;
        let scope = if whose == "*" { Some(Scope::ANY) } else { catalog.providers.scope(whose) };
        let scope =
            scope.ok_or_else(|| wrong("provider", format!("no provider or family is called \"{whose}\"")))?;
        let category = categories
            .get(&raw.category)
            .ok_or_else(|| wrong("category", format!("no category is called \"{}\"", raw.category)))?;

        let mut fix = raw.fix.unwrap_or_default();
        let own_fix = !fix.is_empty();
        let mut template = String::new();
        let (key, names) = match &raw.advice {
            Some(names) => ("advice", names.0.as_slice()),
            None if own_fix => ("advice", [].as_slice()),
            None => ("category", category.advice.0.as_slice()),
        };
        for name in names {
            let advice =
                advice.get(name).ok_or_else(|| wrong(key, format!("no advice is called \"{name}\"")))?;
            if !fix.is_empty() {
                fix.push(' ');
            }
            fix.push_str(&advice.text);
            if !template.is_empty() && !advice.template.is_empty() {
                template.push('\n');
            }
            template.push_str(&advice.template);
        }

        if raw.enforcement && raw.confidence == Confidence::Low {
            return Err(wrong("enforcement", "an unconfirmed entry must raise no alarm".to_owned()));
        }
        let stage = raw.stage.or_else(|| {
            let basic = raw.basic.as_ref().filter(|_| raw.enforcement)?;
            if basic.only_severity(4) {
                Some(Stage::Deferral)
            } else {
                basic.only_severity(5).then_some(Stage::Rejection)
            }
        });
        let mut markers = Vec::with_capacity(raw.marker.0.len());
        for text in &raw.marker.0 {
            markers.push(catalog.markers.add(text).map_err(|what| wrong("marker", what))?);
        }
        let source = raw.source.or_else(|| self.raw.source.clone()).ok_or_else(|| missing("source"))?;
        let checked = raw.checked.or(self.raw.checked).ok_or_else(|| missing("checked"))?;
        Ok(Entry {
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
            enforcement: raw.enforcement,
            stage,
            ladder: raw.ladder.map(Into::into),
            template: template.into(),
            confidence: raw.confidence,
            source: source.into(),
            checked: checked.to_string().into(),
            example: raw.example.map(Into::into),
        })
    }

    /// The fault at a key of the `n`th table of a list; at its first line when the key is not written there.
    fn error(&self, list: &str, n: usize, key: &str, what: &str) -> Error {
        let line = line_of_key(self.text, list, n, key).unwrap_or(0);
        Error { file: self.name.into(), line, key: key.to_owned(), what: what.to_owned() }
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
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let line = line_at(text, span.start);
        let written = text.lines().nth(line - 1).unwrap_or_default();
        let key = written.split_once('=').map_or(written, |(key, _)| key).trim();
        Error { file: file.to_owned(), line, key: key.to_owned(), what: error.message().to_owned() }
    })
}

/// Finds a key by reading the file once more, with places: only faults pay for it.
fn line_of_key(text: &str, list: &str, n: usize, key: &str) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
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
