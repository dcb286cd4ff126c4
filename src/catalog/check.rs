//! Whether an operator's own file is good: every fault of it, not only the first, and what it takes over.
//!
//! ```text
//! parse        TOML; a fault of its grammar ends here
//! Tables       each table by itself: unknown keys, wrong kinds of value, missing keys
//! load::build  names: providers, categories, advice, hosts, markers
//! entries      what only the whole catalogue tells: examples that lead elsewhere, entries that stand twice
//! ```

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::answer::Answer;
use super::decide::suppress;
use super::entry::{Entry, Scope};
use super::load::{self, Error, Loaded};
use super::pattern::{BasicPattern, EnhancedPattern};
use super::provider::Provider;
use super::raw::RawFile;
use super::read::Reader;
use super::words::Suppress;
use super::{Catalog, MarkerId, ProviderId};
use crate::smtp::{Code, Joint, ReplyCodes};

/// A file without fault: the catalogue with it, and what it changes.
#[derive(Debug)]
pub struct Checked {
    /// The embedded catalogue and the file.
    pub catalog: Catalog,
    /// Providers the file describes, in its order.
    pub providers: Vec<ProviderId>,
    /// How many codes it explains.
    pub codes: usize,
    /// Embedded entries that no longer speak where they are at home, in the order of the files.
    pub replaced: Vec<Replaced>,
    /// Hosts and domains that belonged to somebody else.
    pub taken: Vec<Taken>,
    /// Lines of entries that suppress recipients although the code is about policy.
    pub policy: Vec<usize>,
}

/// An embedded entry, and the operator's that speaks instead: numbers in the catalogue's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The embedded entry.
    pub entry: usize,
    /// The operator's.
    pub by: usize,
    /// The operator's line.
    pub line: usize,
}

/// A host or domain that changes hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The name as written.
    pub name: String,
    /// Short name of the embedded provider it belonged to.
    pub from: String,
    /// Short name of the file's provider.
    pub to: String,
}

/// Checks a file. Every fault is told, in the order of its lines.
pub fn check(path: &Path) -> Result<Checked, Vec<Error>> {
    let text = fs::read_to_string(path).map_err(|error| vec![Error::unread(path, &error)])?;
    check_text(path, &text)
}

pub(super) fn check_text(path: &Path, text: &str) -> Result<Checked, Vec<Error>> {
    let mut faults = Vec::new();
    let checked = check_all(path, text, &mut faults);
    // A key that was faulty by itself may be missed afterwards: once is enough.
    faults.sort_by_key(|fault| fault.line);
    let mut told: Vec<Error> = Vec::new();
    for fault in faults {
        if !told.iter().any(|known| (known.line, &known.key) == (fault.line, &fault.key)) {
            told.push(fault);
        }
    }
    match checked.filter(|_| told.is_empty()) {
        Some(checked) => Ok(checked),
        None => Err(told),
    }
}

fn check_all(path: &Path, text: &str, faults: &mut Vec<Error>) -> Option<Checked> {
    let name = path.display().to_string();
    let (file, complete) = Tables { path, text, faults }.file(name)?;
    stands_twice(&file, faults);
    if !complete {
        // Codes would miss what a faulty table was to bring: their faults would be none.
        return None;
    }
    let mut checked = Checked {
        catalog: Catalog::default(),
        providers: Vec::new(),
        codes: file.raw.code.len(),
        replaced: Vec::new(),
        taken: Vec::new(),
        policy: Vec::new(),
    };
    let builtin = Catalog::builtin();
    let mut ids = Vec::new();
    for provider in &file.raw.provider {
        let hosts = provider.hosts.iter().map(|name| (name, builtin.provider_of_host(name.as_bytes())));
        let domains = provider.domains.iter().map(|name| (name, builtin.provider_of_domain(name.as_bytes())));
        for (name, owner) in hosts.chain(domains) {
            let from = owner.map(|id| builtin.provider_name(id)).filter(|from| *from != provider.id);
            checked.taken.extend(from.map(|from| Taken {
                name: name.clone(),
                from: from.to_owned(),
                to: provider.id.clone(),
            }));
        }
        ids.push(provider.id.clone());
    }
    let embedded = match load::read_embedded() {
        Ok(embedded) => embedded,
        Err(error) => {
            faults.push(error);
            return None;
        }
    };
    checked.catalog = load::build(embedded, Some(file), faults);
    if !faults.is_empty() {
        return None;
    }
    checked.providers = ids.iter().filter_map(|id| checked.catalog.provider_id(id)).collect();
    checked.entries(&builtin, path, text, faults);
    Some(checked)
}

/// Tables of a file, each read by itself.
struct Tables<'t, 'f> {
    path: &'t Path,
    text: &'t str,
    faults: &'f mut Vec<Error>,
}

impl<'t> Tables<'t, '_> {
    /// The file, and whether every table but codes could be made of it.
    fn file(&mut self, name: String) -> Option<(Loaded<'t, String>, bool)> {
        let (mut document, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            self.faults.extend(errors.iter().map(|error| load::fault(self.path, self.text, error)));
            return None;
        }
        let root = document.get_mut();
        let mut list = |key: &str| -> Vec<Spanned<DeValue<'t>>> {
            // What is no list is left to be told of.
            let items = root.get(key).and_then(|list| Some(list.get_ref().as_array()?.to_vec()));
            items.map_or_else(Vec::new, |items| {
                root.remove(key);
                items
            })
        };
        let [providers, categories, advice, codes] =
            ["provider", "category", "advice", "code"].map(&mut list);
        let span = document.span();
        let head = DeValue::Table(document.into_inner());
        let mut raw: RawFile<String> = self.table(Spanned::new(span, head))?;
        let mut missing = Vec::new();
        raw.provider = self.tables(providers, &mut missing);
        raw.category = self.tables(categories, &mut missing);
        raw.advice = self.tables(advice, &mut missing);
        let complete = missing.is_empty();
        let mut skipped = Vec::new();
        raw.code = self.tables(codes, &mut skipped);
        Some((Loaded { name, text: self.text, operator: true, raw, packed: &[], skipped }, complete))
    }

    /// The tables of a list; the numbers of those that could not be made go to `missing`.
    fn tables<T: DeserializeOwned>(
        &mut self,
        list: Vec<Spanned<DeValue<'t>>>,
        missing: &mut Vec<usize>,
    ) -> Vec<T> {
        let mut made = Vec::with_capacity(list.len());
        for (n, item) in list.into_iter().enumerate() {
            match self.table(item) {
                Some(table) => made.push(table),
                None => missing.push(n),
            }
        }
        made
    }

    /// One table. Keys that are faulty are told and left out, so that the next one comes to light.
    fn table<T: DeserializeOwned>(&mut self, mut item: Spanned<DeValue<'t>>) -> Option<T> {
        let mut left_out: Vec<String> = Vec::new();
        loop {
            let error = match T::deserialize(ValueDeserializer::from(item.clone())) {
                Ok(table) => return Some(table),
                Err(error) => error,
            };
            let fault = load::fault(self.path, self.text, &error);
            let at = error.span().map(|span| span.start);
            let key = at.and_then(|at| match item.get_ref() {
                DeValue::Table(table) => key_at(table, at),
                _ => None,
            });
            let (Some((key, line)), DeValue::Table(table)) = (key, item.get_mut()) else {
                // A key is missing: perhaps because it was left out.
                if !left_out.iter().any(|key| fault.what.contains(&format!("`{key}`"))) {
                    self.faults.push(fault);
                }
                return None;
            };
            table.remove(key.as_str());
            self.faults.push(Error { line: load::line_at(self.text, line), key: key.clone(), ..fault });
            left_out.push(key);
        }
    }
}

/// The key that stands at a place of the file, or whose value does, and where it begins.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<(String, usize)> {
    let (key, _) =
        table.iter().find(|(key, value)| key.span().contains(&at) || value.span().contains(&at))?;
    Some((key.get_ref().to_string(), key.span().start))
}

/// Tables of one list that have the same name: the later one would win in silence.
fn stands_twice(file: &Loaded<'_, String>, faults: &mut Vec<Error>) {
    let raw = &file.raw;
    let mut once = |list: &str, ids: &mut dyn Iterator<Item = &str>| {
        let mut first = HashMap::new();
        for (n, id) in ids.enumerate() {
            if let Some(known) = first.insert(id.to_owned(), n) {
                let line = load::line_of_key(file.text, list, known, "id").unwrap_or(0);
                faults.push(file.error(list, n, "id", &format!("\"{id}\" stands in line {line} already")));
            }
        }
    };
    once("provider", &mut raw.provider.iter().map(|item| &*item.id));
    once("category", &mut raw.category.iter().map(|item| &*item.id));
    once("advice", &mut raw.advice.iter().map(|item| &*item.id));
}

impl Checked {
    /// What only the whole catalogue tells of the file's entries.
    fn entries(&mut self, builtin: &Catalog, path: &Path, text: &str, faults: &mut Vec<Error>) {
        let catalog = &self.catalog;
        // No code was left out: the file's entries are the last, in its order.
        let embedded = catalog.entries.len() - self.codes;
        let line_of =
            |number: usize, key: &str| load::line_of_key(text, "code", number - embedded, key).unwrap_or(0);
        let mut wrong = |number: usize, key: &str, what: String| {
            faults.push(Error {
                file: path.to_owned(),
                line: line_of(number, key),
                key: key.to_owned(),
                what,
            });
        };
        let mut seen = HashMap::new();
        for (number, entry) in catalog.entries.iter().enumerate().skip(embedded) {
            for (key, value) in [("title", &entry.title), ("meaning", &entry.meaning)] {
                if value.trim().is_empty() {
                    wrong(number, key, "is empty".to_owned());
                }
            }
            if entry.enforcement && entry.fix.is_empty() {
                wrong(number, "fix", "whoever must act must be told how: give a fix or advice".to_owned());
            }
            let twice = keys(entry).into_iter().filter_map(|key| seen.insert(key, number)).next();
            if let Some(known) = twice.filter(|known| *known != number) {
                let line = line_of(known, "");
                wrong(number, "code", format!("speaks of the same as the code in line {line}"));
            }
            if let Err(instead) = catalog.leads_back(entry) {
                let place = |other: &Entry| match catalog.number(other) {
                    Some(other) if other >= embedded => format!("line {}", line_of(other, "")),
                    _ => other.file.to_string(),
                };
                let what = match instead {
                    Some(other) => format!("leads to \"{}\" ({}) instead", other.title, place(other)),
                    None => "leads to no entry: basic, enhanced and marker must fit it".to_owned(),
                };
                wrong(number, "example", what);
            }
            let code = sample(entry);
            let policy = code.enhanced.is_some_and(|enhanced| enhanced.subject_number() == 7);
            if policy && suppress(entry, code) != Suppress::Never {
                self.policy.push(line_of(number, ""));
            }
        }
        if !faults.is_empty() {
            return;
        }
        for (number, entry) in builtin.entries.iter().enumerate() {
            let by = builtin.spoken_over(entry, catalog).and_then(|by| catalog.number(by));
            self.replaced.extend(by.map(|by| Replaced { entry: number, by, line: line_of(by, "") }));
        }
    }
}

/// What an entry speaks of, once for each of its markers: no two entries of a file have one in common.
pub(super) type Key<'e> = (Scope, Option<&'e BasicPattern>, Option<&'e EnhancedPattern>, Option<MarkerId>);

pub(super) fn keys(entry: &Entry) -> Vec<Key<'_>> {
    let key = |marker| (entry.scope, entry.basic.as_ref(), entry.enhanced.as_ref(), marker);
    match entry.markers.as_slice() {
        [] => vec![key(None)],
        markers => markers.iter().map(|marker| key(Some(*marker))).collect(),
    }
}

/// A code that an entry speaks of, and few others as closely.
fn sample(entry: &Entry) -> Code {
    let basic = entry.basic.as_ref().and_then(BasicPattern::sample);
    let enhanced = entry.enhanced.as_ref().and_then(|pattern| pattern.sample(basic));
    Code { basic, enhanced }
}

impl Catalog {
    /// Whether an entry's example leads back to it; else where it leads. An entry without one leads nobody astray.
    pub(super) fn leads_back(&self, entry: &Entry) -> Result<(), Option<&Entry>> {
        let Some(example) = &entry.example else { return Ok(()) };
        let answer = self.answer(self.provider_of(entry).map(|provider| &*provider.id), example);
        match self.entry(&answer) {
            Some(found) if std::ptr::eq(found, entry) => Ok(()),
            found => Err(found),
        }
    }

    /// A whole reply as it is asked about, of a provider given by its short name.
    pub(super) fn answer<'a>(&'a self, provider: Option<&'a str>, reply: &str) -> Answer<'a> {
        let codes = ReplyCodes::read(reply.as_bytes(), Joint::Blank);
        let code = Code { basic: codes.basic, enhanced: codes.enhanced };
        let who = provider.and_then(|name| self.provider_id(name));
        let reading = Reader::new(self).read(who, code, reply.as_bytes());
        Answer::of(provider, code).with(&reading, self)
    }

    /// A provider whose replies an entry speaks about; none for everybody's.
    pub(super) fn provider_of(&self, entry: &Entry) -> Option<&Provider> {
        self.providers().iter().find(|p| p.scope == entry.scope || p.family_scope == entry.scope)
    }

    /// The operator's entry of another catalogue that explains there what an entry explains here.
    fn spoken_over<'o>(&self, entry: &Entry, other: &'o Catalog) -> Option<&'o Entry> {
        let provider = self.provider_of(entry).map(|provider| &*provider.id);
        let marker = entry.markers.first().map(|marker| self.marker_text(*marker));
        let sample = Answer { marker, ..Answer::of(provider, sample(entry)) };
        let same = |answer: &Answer<'_>| self.entry(answer).is_some_and(|found| std::ptr::eq(found, entry));
        let theirs = |answer: &Answer<'_>| other.entry(answer).filter(|found| found.operator);
        let by_example = entry
            .example
            .as_ref()
            .filter(|example| same(&self.answer(provider, example)))
            .and_then(|example| theirs(&other.answer(provider, example)));
        by_example.or_else(|| theirs(&sample).filter(|_| same(&sample)))
    }

    /// The number of an entry in the list of entries.
    fn number(&self, entry: &Entry) -> Option<usize> {
        self.entries.iter().position(|known| std::ptr::eq(known, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "family = \"*\"\nsource = \"me\"\nchecked = 2026-01-01\n";
    const CODE: &str = "[[code]]\nbasic = 550\ntitle = \"t\"\nmeaning = \"m\"\ncategory = \"unknown\"\n";

    fn faults(text: &str) -> Vec<String> {
        let faults = check_text(Path::new("mine.toml"), text).expect_err(text);
        faults.iter().map(ToString::to_string).collect()
    }

    fn good(text: &str) -> Checked {
        check_text(Path::new("mine.toml"), text).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    #[test]
    fn every_fault_is_told_in_the_order_of_the_lines() {
        let odd = CODE.replace("550", "750").replace("\"unknown\"", "\"odd\"");
        let text = format!(
            "{HEAD}colour = \"red\"\n{odd}suppress = \"always\"\nadvice = [\"odd\", \"spf\", \"even\"]\n\n\
             [[code]]\nbasic = 550\nmeaning = \"m\"\ncategory = \"unknown\"\n\n\
             {CODE}provider = \"nobody\"\nmarker = \"x\"\n"
        );
        let found = faults(&text);
        let starts = [
            "mine.toml:4: colour: unknown field `colour`",
            "mine.toml:6: basic: \"750\" is no basic code",
            "mine.toml:9: category: no category is called \"odd\"",
            "mine.toml:10: suppress: unknown variant `always`",
            "mine.toml:11: advice: no advice is called \"odd\"",
            "mine.toml:13: [[code]]: missing field `title`",
            "mine.toml:23: provider: no provider or family is called \"nobody\"",
            "mine.toml:24: marker: \"x\" is no marker",
        ];
        assert_eq!(found.len(), starts.len(), "{found:#?}");
        for (fault, start) in found.iter().zip(starts) {
            assert!(fault.starts_with(start), "{fault}\n{start}");
        }
    }

    #[test]
    fn what_follows_from_a_fault_is_no_fault() {
        // The key that is wrong is not missing as well, and codes of a faulty provider are left in peace.
        assert_eq!(faults(&format!("{HEAD}{}", CODE.replace("\"t\"", "1"))).len(), 1);
        let provider = "[[provider]]\nid = \"mine\"\ntitle = \"Mine\"\nkind = \"odd\"\n";
        let found = faults(&format!("{HEAD}{provider}{CODE}provider = \"mine\"\n"));
        assert!(found.len() == 1 && found[0].starts_with("mine.toml:7: kind: "), "{found:?}");
        assert_eq!(faults("source = 1\n[[code]]\ntitle = \"t\"\n").len(), 2);
    }

    #[test]
    fn a_fault_of_the_grammar_is_told_with_its_line() {
        let found = faults(&format!("{HEAD}{CODE}marker = \n"));
        assert!(found[0].starts_with("mine.toml:9: marker: "), "{found:?}");
        assert!(faults("\u{0}")[0].starts_with("mine.toml:1"));
        assert!(faults("code = 1\n")[0].starts_with("mine.toml:1: code: "));
        assert!(faults("code = [1]\n")[0].starts_with("mine.toml:1: code: "));
        let missing = check(Path::new("no/such/file.toml")).expect_err("there is none");
        assert_eq!((missing.len(), missing[0].line), (1, 0));
    }

    #[test]
    fn what_stands_twice_is_told_with_both_lines() {
        let other = CODE.replace("\"t\"", "\"u\"");
        let found =
            faults(&format!("{HEAD}{CODE}marker = [\"[AB1]\", \"[AB2]\"]\n{other}marker = \"[ab2]\"\n"));
        assert_eq!(found, ["mine.toml:10: code: speaks of the same as the code in line 4"]);
        let provider = "[[provider]]\nid = \"mine\"\ntitle = \"Mine\"\nkind = \"isp\"\n";
        let found = faults(&format!("{provider}{provider}"));
        assert_eq!(found, ["mine.toml:6: id: \"mine\" stands in line 2 already"]);
        // One that names a text twice does not quarrel with itself.
        good(&format!("{HEAD}{CODE}marker = [\"[AB1]\", \"[ab1]\"]\n"));
    }

    #[test]
    fn examples_must_lead_back() {
        let nowhere = format!("{HEAD}{CODE}example = \"450 4.2.0 later\"\n");
        let found = faults(&nowhere);
        assert!(found[0].starts_with("mine.toml:9: example: leads to \""), "{found:?}");
        let astray = format!("{HEAD}{CODE}example = \"550 odd [AB1]\"\n{CODE}marker = \"[AB1]\"\n");
        let found = faults(&astray);
        assert_eq!(found, ["mine.toml:9: example: leads to \"t\" (line 10) instead"]);
        good(&format!("{HEAD}{CODE}example = \"550 odd\"\n"));
    }

    #[test]
    fn entries_say_something_and_who_must_act_is_told_how() {
        let found = faults(&format!("{HEAD}{}enforcement = true\n", CODE.replace("\"t\"", "\" \"")));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("mine.toml:4: fix: "), "{found:?}");
        assert_eq!(found[1], "mine.toml:6: title: is empty");
    }

    #[test]
    fn whatever_is_cut_out_of_a_file_it_is_read_to_the_end() {
        let whole = include_str!("../../fixtures/codes/mine.toml");
        let check = |text: &str| {
            if let Err(faults) = check_text(Path::new("mine.toml"), text) {
                assert!(!faults.is_empty() && faults.iter().all(|fault| fault.line > 0), "{faults:?}");
            }
        };
        for end in (0..whole.len()).step_by(29) {
            check(&whole[..end]);
        }
        let lines: Vec<&str> = whole.lines().collect();
        for n in (0..lines.len()).step_by(5) {
            check(&[&lines[..n], &lines[n + 1..]].concat().join("\n"));
        }
        // Single brackets are easily typed.
        let found = faults(&format!("{HEAD}{}", CODE.replace("[[code]]", "[code]")));
        assert!(found.len() == 1 && found[0].starts_with("mine.toml:4: code: "), "{found:?}");
    }

    #[test]
    fn what_a_good_file_takes_over_is_known() {
        let text = r#"
            family = "mine"
            source = "our wiki"
            checked = 2026-01-01
            [[provider]]
            id = "mine"
            title = "Our smarthost"
            kind = "relay"
            hosts = ["relay.example.com", "smtp.sendgrid.net"]
            domains = ["gmail.com"]
            [[code]]
            provider = "google"
            basic = 550
            enhanced = "5.7.26"
            title = "Ask the DNS team"
            meaning = "They forgot our new address."
            category = "auth-missing"
            [[code]]
            basic = 550
            enhanced = "5.7.1"
            title = "Nobody there"
            meaning = "Our smarthost says so of unknown users."
            category = "bad-recipient"
            example = "550 5.7.1 gone"
        "#;
        let checked = good(text);
        assert_eq!((checked.providers.len(), checked.codes), (1, 2));
        let taken: Vec<(&str, &str)> =
            checked.taken.iter().map(|taken| (&*taken.name, &*taken.from)).collect();
        assert_eq!(taken, [("smtp.sendgrid.net", "sendgrid"), ("gmail.com", "google")]);
        let entries = checked.catalog.entries();
        for replaced in &checked.replaced {
            assert_eq!(checked.catalog.whose(&entries[replaced.entry]), "google");
            assert_eq!((&*entries[replaced.by].title, replaced.line), ("Ask the DNS team", 11));
        }
        assert!(!checked.replaced.is_empty());
        // Policy spares the recipient, whatever the category says, unless the entry names the code: this one does.
        assert_eq!(checked.policy, [18]);
        let empty = good("");
        assert_eq!((empty.codes, empty.replaced.len(), empty.taken.len()), (0, 0, 0));
    }
}
