//! What the embedded files promise.

use std::collections::HashMap;

use super::*;
use crate::smtp::{BasicCode, EnhancedCode, Joint, ReplyCodes};

fn code(text: &str) -> Code {
    let mut code = Code::NONE;
    for word in text.split_whitespace() {
        if word.len() == 3 {
            code.basic = BasicCode::at_start(word.as_bytes());
        } else {
            code.enhanced = EnhancedCode::parse(word.as_bytes());
        }
    }
    code
}

fn code_of(reply: &str) -> Code {
    let codes = ReplyCodes::read(reply.as_bytes(), Joint::Blank);
    Code { basic: codes.basic, enhanced: codes.enhanced }
}

/// What a reply means at a provider, found as a report finds it.
fn read<'a>(catalog: &'a Catalog, provider: &str, reply: &str) -> (Option<&'a Entry>, Meaning<'a>) {
    let code = code_of(reply);
    let id = catalog.provider_id(provider);
    let marker = catalog.marker(id, code, reply.as_bytes()).map(|marker| catalog.marker_text(marker));
    (catalog.entry(Some(provider), code, marker), catalog.explain(Some(provider), code, marker))
}

/// A provider whose replies an entry speaks about.
fn provider_of<'a>(catalog: &'a Catalog, entry: &Entry) -> &'a str {
    let fits = |p: &&Provider| p.scope == entry.scope || p.family_scope == entry.scope;
    catalog.providers().iter().find(fits).map_or(UNKNOWN, |p| &p.id)
}

#[test]
fn every_example_leads_back_to_its_entry() {
    let catalog = Catalog::builtin();
    let (mut examples, mut lost) = (0, String::new());
    for entry in catalog.entries() {
        let Some(example) = &entry.example else { continue };
        examples += 1;
        let (found, _) = read(&catalog, provider_of(&catalog, entry), example);
        if !found.is_some_and(|found| std::ptr::eq(found, entry)) {
            let instead = found.map(|found| (&found.file, &found.title));
            lost += &format!("{}: {example}: {instead:?}\n", entry.file);
        }
    }
    assert!(lost.is_empty(), "{lost}");
    assert!(examples > 200, "{examples}");
}

#[test]
fn no_two_entries_say_different_things_of_the_same() {
    let catalog = Catalog::builtin();
    let mut seen = HashMap::new();
    for entry in catalog.entries() {
        let markers: Vec<Option<MarkerId>> = if entry.markers.is_empty() {
            vec![None]
        } else {
            entry.markers.iter().copied().map(Some).collect()
        };
        for marker in markers {
            let key = (entry.scope, entry.basic.clone(), entry.enhanced.clone(), marker);
            if let Some(other) = seen.insert(key, entry) {
                panic!("{}: \"{}\" and \"{}\" have the same key", entry.file, other.title, entry.title);
            }
        }
    }
}
