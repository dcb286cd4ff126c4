//! Which answers are looked at, and as what.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer;
use super::detect::{self, Class};
use super::nature::{Nature, subject};
use crate::catalog::{Catalog, Disposition, Entry, Meaning, Stage, UNKNOWN};
use crate::smtp::{Action, Code, Direction, Subject};
use crate::summary::{Counts, Key, Span, Summary};

/// One answer of one provider.
pub(super) struct Suspect<'a> {
    pub(super) provider: &'a str,
    pub(super) code: Code,
    pub(super) marker: Option<&'a str>,
    pub(super) meaning: Meaning<'a>,
    /// The counts of its keys.
    pub(super) parts: Vec<&'a Counts>,
    pub(super) span: Span,
    pub(super) class: Class,
    /// It puts off: the message is tried again.
    pub(super) transient: bool,
    /// Worth a word even where nothing rose.
    pub(super) notable: bool,
    /// Step of a ladder, and whose ladder it is by which name.
    pub(super) step: Option<(Stage, &'a str, &'a str)>,
}

impl Suspect<'_> {
    /// A server said so, and not our own about a host that could not be used.
    pub(super) fn is_answer(&self) -> bool {
        self.code != Code::NONE
    }

    /// What the detector is to know of it.
    pub(super) fn nature(&self) -> detect::Nature {
        detect::Nature {
            prior: self.class.prior(),
            transient: self.transient,
            enforcement: self.meaning.enforcement,
        }
    }
}

/// The provider of a key, by short name.
pub(super) fn provider(key: &Key) -> &str {
    key.provider.as_deref().unwrap_or(UNKNOWN)
}

/// All that was refused or got no answer, in the order of provider, code and marker.
///
/// Enforcement answers with one code are one suspect, whatever their texts: an incident shows several of them at once. So does a
/// host that cannot be reached: where no server answered, one kind of trouble is one suspect. Other codes are told apart by
/// marker, for one code stands for many reasons there.
pub(super) fn suspects<'a>(summary: &'a Summary, catalog: &'a Catalog) -> Vec<Suspect<'a>> {
    let mut suspects: BTreeMap<(&str, Code, bool, Option<&str>), Vec<Suspect<'a>>> = BTreeMap::new();
    for (key, counts) in &summary.keys {
        let refused = matches!(key.action, Action::Delayed | Action::Failed);
        if key.direction != Direction::Out || !refused {
            continue;
        }
        let suspect = suspect(key, counts, catalog);
        let enforcement = suspect.meaning.enforcement;
        let apart = match key.code {
            Code::NONE => Some(suspect.meaning.category),
            _ => suspect.marker.filter(|_| !enforcement),
        };
        suspects.entry((suspect.provider, key.code, enforcement, apart)).or_default().push(suspect);
    }
    suspects.into_values().filter_map(joined).collect()
}

fn suspect<'a>(key: &'a Key, counts: &'a Counts, catalog: &'a Catalog) -> Suspect<'a> {
    let meaning = catalog.explain(&answer(key));
    let nature = Nature::of(key, &meaning);
    let policy = nature.policy || subject(key) == Some(Subject::Policy);
    Suspect {
        provider: provider(key),
        code: key.code,
        marker: key.marker.as_deref(),
        parts: vec![counts],
        span: counts.span,
        class: class(key, nature, policy, meaning.disposition),
        transient: nature.transient,
        notable: nature.enforcement || nature.policy || (nature.transient && policy),
        step: catalog.entry(&answer(key)).and_then(|entry| step(entry, catalog)),
        meaning,
    }
}

/// The catalogue says what is enforcement, and what speaks of an address; the rest goes by number.
///
/// What asks for less mail comes with the mail: it is enforced, but not next to never seen where all is well.
fn class(key: &Key, nature: Nature, policy: bool, disposition: Disposition) -> Class {
    let throttle = disposition == Disposition::Throttle;
    match subject(key) {
        _ if nature.enforcement && !throttle => Class::Enforcement,
        Some(Subject::Addressing | Subject::Mailbox) if !nature.transient && !policy => Class::Mailbox,
        _ if nature.dead_address => Class::Mailbox,
        _ if policy => Class::Policy,
        _ if nature.transient => Class::Deferral,
        _ => Class::Other,
    }
}

fn step<'a>(entry: &'a Entry, catalog: &'a Catalog) -> Option<(Stage, &'a str, &'a str)> {
    Some((entry.stage?, catalog.whose(entry), entry.ladder.as_deref()?))
}

/// One suspect of several: its meaning is that of the most frequent text, and it has a marker if all have the same.
fn joined(mut parts: Vec<Suspect<'_>>) -> Option<Suspect<'_>> {
    // Among equals the first: the keys came in order.
    parts.sort_by_key(|part| Reverse(part.span.count));
    let mut parts = parts.into_iter();
    let mut whole = parts.next()?;
    for part in parts {
        whole.marker = whole.marker.filter(|marker| part.marker == Some(marker));
        whole.span.merge(part.span);
        whole.parts.extend(part.parts);
        whole.notable |= part.notable;
    }
    Some(whole)
}
