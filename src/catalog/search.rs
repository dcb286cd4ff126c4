//! Entries as people look for them: by whose they are, by kind, by words.

use super::Catalog;
use super::entry::Entry;
use super::provider::Provider;
use super::words::{Stage, Suppress};
use crate::smtp::{BasicCode, Code, EnhancedCode};

/// What is looked for; all of it must hold. Nothing asked is everything.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Short name of a provider (its family's entries hold there too), of a family (its members' belong to it), or
    /// [`Catalog::EVERYBODY`].
    pub provider: Option<String>,
    /// Kind of trouble.
    pub category: Option<String>,
    /// Only what belongs to the enforced sender requirements.
    pub enforcement: bool,
    /// The entry's word on suppression.
    pub suppress: Option<Suppress>,
    /// Step of a ladder.
    pub stage: Option<Stage>,
    /// Each must occur: a code where a pattern covers it, any other text anywhere, case ignored.
    pub words: Vec<String>,
}

/// A word of a query.
enum Word {
    Basic(BasicCode),
    Enhanced(EnhancedCode),
    /// In small letters.
    Text(String),
}

impl Word {
    fn new(text: &str) -> Word {
        let text = text.trim();
        let basic = BasicCode::at_start(text.as_bytes()).filter(|_| text.len() == 3);
        match (basic, EnhancedCode::parse(text.as_bytes())) {
            (Some(basic), _) => Word::Basic(basic),
            (None, Some(enhanced)) => Word::Enhanced(enhanced),
            (None, None) => Word::Text(text.to_lowercase()),
        }
    }

    /// Whether an entry, whose text is given in small letters, has the word.
    fn is_in(&self, entry: &Entry, text: &str) -> bool {
        match self {
            Word::Basic(basic) => {
                let code = Code { basic: Some(*basic), enhanced: None };
                entry.basic.as_ref().is_some_and(|pattern| pattern.closeness(code).is_some())
            }
            Word::Enhanced(enhanced) => {
                entry.enhanced.as_ref().is_some_and(|pattern| pattern.names(*enhanced))
            }
            Word::Text(word) => text.contains(word),
        }
    }
}

impl Catalog {
    /// The name that stands for everybody's entries in a [`Query`].
    pub const EVERYBODY: &str = "*";

    /// The entries that a query asks for, by provider and code; of the same code as the files have them.
    pub fn search(&self, query: &Query) -> Vec<&Entry> {
        let words: Vec<Word> = query.words.iter().map(|word| Word::new(word)).collect();
        let fits = |entry: &&Entry| {
            query.provider.as_deref().is_none_or(|name| self.belongs(entry, name))
                && query.category.as_deref().is_none_or(|category| *entry.category == *category)
                && (!query.enforcement || entry.enforcement)
                && query.suppress.is_none_or(|suppress| entry.suppress == suppress)
                && query.stage.is_none_or(|stage| entry.stage == Some(stage))
                && (words.is_empty() || {
                    let text = self.text_of(entry);
                    words.iter().all(|word| word.is_in(entry, &text))
                })
        };
        let mut found: Vec<&Entry> = self.entries.iter().filter(fits).collect();
        found.sort_by_cached_key(|entry| (self.whose(entry), natural(&entry.code_text())));
        found
    }

    /// The providers that a query asks for by name and words, by short name.
    pub fn search_providers(&self, query: &Query) -> Vec<&Provider> {
        let words: Vec<String> = query.words.iter().map(|word| word.trim().to_lowercase()).collect();
        let fits = |provider: &&Provider| {
            let named = |name: &str| *provider.id == *name || *provider.family == *name;
            let text = format!("{}\n{}\n{}", provider.id, provider.title, provider.family).to_lowercase();
            query.provider.as_deref().is_none_or(named) && words.iter().all(|word| text.contains(word))
        };
        let mut found: Vec<&Provider> = self.providers().iter().filter(fits).collect();
        found.sort_by_key(|provider| &*provider.id);
        found
    }

    /// Whether a name stands for somebody in a [`Query`].
    pub fn is_somebody(&self, name: &str) -> bool {
        name == Catalog::EVERYBODY || self.providers.scope(name).is_some()
    }

    fn belongs(&self, entry: &Entry, name: &str) -> bool {
        if name == Catalog::EVERYBODY {
            return self.whose(entry) == name;
        }
        let Some(scope) = self.providers.scope(name) else { return false };
        let of_family = |p: &Provider| p.scope == scope && p.family_scope == entry.scope;
        let member = |p: &Provider| p.family_scope == scope && p.scope == entry.scope;
        entry.scope == scope || self.providers().iter().any(|p| of_family(p) || member(p))
    }

    /// All that a word may occur in, in small letters.
    fn text_of(&self, entry: &Entry) -> String {
        let whose = self.whose(entry);
        let mut text = [
            &entry.code_text(),
            whose,
            self.provider_title(whose),
            &entry.title,
            &entry.category,
            &entry.meaning,
            &entry.fix,
        ]
        .join("\n");
        for marker in self.marker_texts(entry) {
            text.push('\n');
            text.push_str(marker);
        }
        text.to_lowercase()
    }
}

/// A part of a text that is ordered as people order it: `5.7.9` before `5.7.26`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u32),
    Sign(char),
}

fn natural(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut number = None;
    for character in text.chars() {
        match character.to_digit(10) {
            Some(digit) => number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit)),
            None => {
                parts.extend(number.take().map(Part::Number));
                parts.push(Part::Sign(character));
            }
        }
    }
    parts.extend(number.map(Part::Number));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &Query) -> Vec<String> {
        let catalog = Catalog::builtin();
        let show = |entry: &Entry| format!("{} {}", catalog.whose(entry), entry.code_text());
        catalog.search(query).into_iter().map(show).collect()
    }

    fn words(words: &[&str]) -> Query {
        Query { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Query::default() }
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        assert!(natural("550 5.7.9") < natural("550 5.7.26"));
        assert!(natural("421 4.7.0") < natural("550 5.1.1"));
        assert!(natural("550") < natural("550 5.1.1"));
        assert!(natural("99999999999") < natural("any"));
        assert!(natural("").is_empty());
    }

    #[test]
    fn nothing_asked_is_everything() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.search(&Query::default()).len(), catalog.entries().len());
        assert_eq!(catalog.search_providers(&Query::default()).len(), catalog.providers().len());
    }

    #[test]
    fn a_code_is_found_where_a_pattern_covers_it_and_not_where_its_digits_stand() {
        let all = found(&words(&["5.7.26"]));
        assert!(all.contains(&"google 550 5.7.26".to_owned()), "{all:?}");
        assert!(all.iter().all(|entry| !entry.contains("5.7.260")), "{all:?}");
        // Inside of ranges, subjects and classes too.
        assert!(found(&words(&["5.7.610"])).iter().any(|entry| entry.contains("5.7.606-649")));
        assert!(found(&words(&["5.7.2"])).iter().all(|entry| !entry.ends_with(" 5.7.26")));
        assert!(found(&words(&["554"])).iter().any(|entry| entry.contains("5xx")));
        let both = found(&words(&["421", "5.7.32"]));
        assert!(both.contains(&"google 421 5.7.32".to_owned()), "{both:?}");
        assert!(!found(&words(&["421", "5.7.26"])).contains(&"google 550 5.7.26".to_owned()));
    }

    #[test]
    fn words_are_found_anywhere_in_any_case() {
        assert!(found(&words(&["[tss04]"])).iter().all(|entry| entry.starts_with("yahoo")));
        assert!(!found(&words(&["[tss04]"])).is_empty());
        assert!(found(&words(&["GMAIL", "spf"])).iter().all(|entry| entry.starts_with("google")));
        assert!(!found(&words(&["Gmail", "spf"])).is_empty());
        assert!(found(&words(&["gmail", "no-such-word"])).is_empty());
    }

    #[test]
    fn a_family_has_its_members_and_a_member_its_family() {
        let of = |name: &str| {
            let found = found(&Query { provider: Some(name.to_owned()), ..Query::default() });
            let mut whose: Vec<String> =
                found.iter().filter_map(|entry| Some(entry.split_once(' ')?.0.to_owned())).collect();
            whose.dedup();
            whose
        };
        assert_eq!(of("*"), ["*"]);
        let family = of("microsoft");
        assert!(family.contains(&"microsoft-consumer".to_owned()), "{family:?}");
        let member = of("microsoft-consumer");
        assert!(member.contains(&"microsoft-consumer".to_owned()), "{member:?}");
        assert!(member.contains(&"microsoft".to_owned()), "{member:?}");
        assert!(!member.contains(&"microsoft-365".to_owned()), "{member:?}");
        assert!(of("nobody").is_empty());
    }

    #[test]
    fn every_condition_counts() {
        let catalog = Catalog::builtin();
        let enforced = catalog.search(&Query { enforcement: true, ..Query::default() });
        assert!(enforced.len() > 20 && enforced.iter().all(|entry| entry.enforcement));
        let query = Query { enforcement: true, stage: Some(Stage::Deferral), ..Query::default() };
        let deferred = catalog.search(&query);
        assert!(!deferred.is_empty() && deferred.len() < enforced.len());
        let query = Query {
            category: Some("bad-recipient".to_owned()),
            suppress: Some(Suppress::Never),
            ..Query::default()
        };
        for entry in catalog.search(&query) {
            assert_eq!((&*entry.category, entry.suppress), ("bad-recipient", Suppress::Never));
        }
    }
}
