//! Replies that a rule of thumb reads wrongly, from `fixtures/catalog/cases.toml`, and what no reply may ever do.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::smtp::{Code, EnhancedCode, Guard, Joint, ReplyCodes, Step};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    provider: String,
    reply: String,
    step: Option<Step>,
    #[serde(default)]
    local: bool,
    #[serde(default)]
    delayed: bool,
    category: Option<String>,
    suppress: Suppress,
}

#[test]
fn hard_cases() {
    let catalog = Catalog::builtin();
    let cases: Cases = toml::from_str(include_str!("../../fixtures/catalog/cases.toml")).unwrap();
    assert!(cases.case.len() > 70);
    let mut wrong = String::new();
    for case in &cases.case {
        assert!(
            case.provider.is_empty() || catalog.provider_id(&case.provider).is_some(),
            "{}",
            case.provider
        );
        let codes = match case.local {
            true => ReplyCodes::default(),
            false => ReplyCodes::read(case.reply.as_bytes(), Joint::Blank),
        };
        let code = Code { basic: codes.basic, enhanced: codes.enhanced };
        let asked = Asked { provider: &case.provider, code, words: &case.reply, step: case.step };
        let found = asked.of(&catalog, case.delayed);
        let category = case.category.as_deref().unwrap_or(found.category);
        if (found.category, found.suppress) != (category, case.suppress) {
            wrong += &format!(
                "{} {}\n    is {} {:?} by {:?} {:?} \"{}\", not {category} {:?}\n",
                case.provider,
                case.reply,
                found.category,
                found.suppress,
                found.layer,
                found.rule,
                found.title,
                case.suppress
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A reply as the log gives it.
struct Asked<'a> {
    provider: &'a str,
    code: Code,
    words: &'a str,
    step: Option<Step>,
}

impl<'a> Asked<'a> {
    fn answer<'c: 'a>(&self, catalog: &'c Catalog, delayed: bool) -> Answer<'a> {
        let reading =
            Reader::new(catalog).read(catalog.provider_id(self.provider), self.code, self.words.as_bytes());
        let early = self.step.is_some_and(|step| !step.knows_recipient());
        Answer {
            guard: early.then_some(Guard::BeforeRecipient).or(reading.guard),
            delayed,
            ..Answer::of(Some(self.provider), self.code).with(&reading, catalog)
        }
    }

    fn of<'c: 'a>(&self, catalog: &'c Catalog, delayed: bool) -> Meaning<'c> {
        catalog.explain(&self.answer(catalog, delayed))
    }

    fn entry<'c: 'a>(&self, catalog: &'c Catalog) -> Option<&'c Entry> {
        catalog.entry(&self.answer(catalog, false))
    }
}

/// One line of a reply: its codes and some words, of which a wrapper may quote another reply.
fn line(texts: &'static [String]) -> impl Strategy<Value = (u16, Option<EnhancedCode>, String)> {
    let subject = prop_oneof![Just(7_u16), Just(7), Just(1), Just(2), 0_u16..8];
    let enhanced = proptest::option::weighted(0.8, (any::<bool>(), subject, 0_u16..40)).prop_map(|parts| {
        parts.and_then(|(five, subject, detail)| EnhancedCode::new(if five { 5 } else { 4 }, subject, detail))
    });
    let basic = prop_oneof![Just(550_u16), Just(554), Just(451), Just(421), 400_u16..600];
    let words = proptest::collection::vec(proptest::sample::select(texts), 0..4).prop_map(|w| w.join(" "));
    let wrapped = proptest::sample::select(wrappers())
        .prop_map(|marker| format!("{marker} (u@example.com:550 5.1.1 no such user)"));
    let words = prop_oneof![4 => words, 1 => wrapped];
    (basic, enhanced, words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The rule of the mission: subject 7 suppresses nobody, but by an entry that names the code.
    #[test]
    fn policy_anywhere_in_a_reply_suppresses_nobody_but_by_name(
        lines in proptest::collection::vec(line(texts()), 1..4),
        provider in prop_oneof![proptest::sample::select(providers()), Just(UNKNOWN), Just(gateway())],
        step in proptest::sample::select(vec![None, Some(Step::Mail), Some(Step::Rcpt), Some(Step::EndOfData)]),
    ) {
        let (catalog, policy) = (shared(), |e: &&EnhancedCode| e.subject_number() == 7);
        // All lines of a reply have one basic code; the codes differ behind it.
        let basic = lines[0].0;
        let mut words = String::new();
        for (number, (_, enhanced, text)) in lines.iter().enumerate() {
            let joint = if number + 1 == lines.len() { ' ' } else { '-' };
            let enhanced = enhanced.map(|e| e.to_string()).unwrap_or_default();
            words += &format!("{basic}{joint}{enhanced} {text} ");
        }
        let codes = ReplyCodes::read(words.as_bytes(), Joint::Blank);
        let code = Code { basic: codes.basic, enhanced: codes.enhanced };
        let asked = Asked { provider, code, words: &words, step };
        let found = asked.of(catalog, false);
        let said: Vec<EnhancedCode> = lines.iter().filter_map(|(_, e, _)| e.as_ref()).filter(policy).copied().collect();
        if found.suppress != Suppress::Never && !said.is_empty() {
            let named = asked.entry(catalog).and_then(|entry| entry.enhanced.as_ref());
            let code = code.enhanced.filter(|e| policy(&e) && named.is_some_and(|named| named.names(*e)));
            prop_assert!(code.is_some(), "{provider} {words}: {} {:?}", found.title, found.suppress);
        }
        if step == Some(Step::Mail) || basic < 500 {
            prop_assert!(found.suppress != Suppress::Now, "{provider} {words}");
        }
    }
}

fn shared() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(Catalog::builtin)
}

fn providers() -> Vec<&'static str> {
    shared().providers().iter().map(|provider| &*provider.id).chain([UNKNOWN]).collect()
}

/// The markers that announce another server's reply.
fn wrappers() -> Vec<&'static str> {
    let catalog = shared();
    let wrapping = catalog.entries().iter().filter(|entry| entry.wraps);
    wrapping.flat_map(|entry| catalog.marker_texts(entry)).collect()
}

/// A provider that passes on the replies of others.
fn gateway() -> &'static str {
    let catalog = shared();
    let wraps = |provider: &&Provider| {
        catalog.entries().iter().any(|entry| entry.wraps && catalog.whose(entry) == &*provider.family)
    };
    catalog.providers().iter().find(wraps).map_or(UNKNOWN, |provider| &provider.id)
}

/// What replies of the test are made of: every marker of the catalogue, words that are none, replies inside replies.
fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let catalog = shared();
        let entries = catalog.entries().iter().flat_map(|entry| catalog.marker_texts(entry));
        let others =
            ["hello", "spam policy", "(u@example.com:550 5.1.1 no such user)", "'550 5.7.1 no such user'"];
        entries.chain(others).map(str::to_owned).collect()
    })
}
