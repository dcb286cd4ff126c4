//! Which entry explains a code, and what may not follow from it.
//!
//! The most specific entry wins: the operator's before ours, a provider's before its family's before everybody's, with
//! a marker before without, a number before a range before a subject before a class. What follows from it is decided in
//! `decide`.

use super::decide::suppress;
use super::entry::{Entry, Scope};
use super::fits::{SUBJECT, handles_of, says_nothing};
use super::provider::Provider;
use super::words::Suppress;
use super::{Catalog, MarkerId};
use crate::smtp::{Code, EnhancedCode};

/// How specific an entry is for a code; larger is more so.
type Rank = (bool, u8, u8, u8);

impl Catalog {
    pub(super) fn best(
        &self,
        who: Option<&Provider>,
        code: Code,
        marker: Option<MarkerId>,
    ) -> Option<&Entry> {
        let plain = self.best_plain(who, code);
        let marked = marker.into_iter().flat_map(|marker| self.by_marker.of(marker));
        marked
            .filter_map(|number| self.entries.get(number))
            .filter_map(|entry| Some((rank_marked(entry, who, code, plain)?, entry)))
            .chain(plain)
            // Of two that are equally specific the later one: an operator may say a thing again.
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, entry)| entry)
    }

    /// What the codes alone say.
    fn best_plain(&self, who: Option<&Provider>, code: Code) -> Option<(Rank, &Entry)> {
        let family = who.map(|p| p.family_scope);
        // A provider that is its family would be asked twice.
        let provider = who.map(|p| p.scope).filter(|scope| Some(*scope) != family);
        let scopes = [Some(Scope::ANY), family, provider];
        scopes
            .into_iter()
            .flatten()
            .flat_map(|scope| handles_of(code).flat_map(move |handle| self.by_code.of((scope, handle))))
            .filter_map(|number| self.entries.get(number))
            .filter_map(|entry| Some((rank(entry, who, code)?, entry)))
            .max_by_key(|(rank, _)| *rank)
    }

    /// Of the markers in a reply the one that tells more than the codes alone. Where several do: the most specific layer;
    /// then the one that spares the recipient; then an entry marked `first`; then the one that names the code more
    /// closely; then a tag before a phrase; then the longest.
    pub(super) fn best_marker(
        &self,
        who: Option<&Provider>,
        code: Code,
        found: &[MarkerId],
    ) -> Option<MarkerId> {
        let plain = self.best_plain(who, code);
        let mut best = None;
        for &marker in found {
            let text = self.markers.text(marker).unwrap_or_default();
            for entry in self.by_marker.of(marker).filter_map(|number| self.entries.get(number)) {
                let Some(rank) = rank_marked(entry, who, code, plain) else { continue };
                if plain.is_some_and(|(of_plain, _)| rank < of_plain) {
                    continue;
                }
                let (operator, layer, enhanced, basic) = rank;
                let caution = (caution(suppress(entry, code)), caution(entry.suppress));
                let key = (
                    operator,
                    layer,
                    caution,
                    entry.first,
                    (enhanced, basic),
                    !text.contains(' '),
                    text.len(),
                    marker,
                );
                if best.is_none_or(|known| known < key) {
                    best = Some(key);
                }
            }
        }
        best.map(|(.., marker)| marker)
    }
}

/// In doubt nobody is suppressed: the more caution, the larger. A full mailbox is given more time than a refusal that is
/// to be heard again.
fn caution(suppress: Suppress) -> u8 {
    match suppress {
        Suppress::Now => 0,
        Suppress::IfPersistent => 1,
        Suppress::AfterRetries => 2,
        Suppress::Never => 3,
    }
}

/// Layers of [`Rank`], from what holds for everybody to what one provider says in its own words.
const ANY: u8 = 0;
const ANY_MARKED: u8 = 1;
const FAMILY: u8 = 2;
const PROVIDER: u8 = 3;
const ANY_SPARING: u8 = 4;
const FAMILY_MARKED: u8 = 5;
const PROVIDER_MARKED: u8 = 6;

/// The rank of an entry whose marker is in the reply, beside what the codes alone say.
///
/// Everybody's phrases are weak evidence: they make a vague code clear, and they may spare a recipient, but they do
/// not overrule a code that is clear by itself.
fn rank_marked(
    entry: &Entry,
    who: Option<&Provider>,
    code: Code,
    plain: Option<(Rank, &Entry)>,
) -> Option<Rank> {
    let rank = rank(entry, who, code)?;
    let (operator, layer, enhanced, basic) = rank;
    let Some((of_plain, plain)) = plain.filter(|_| layer == ANY_MARKED && !operator) else {
        return Some(rank);
    };
    let spares = matches!(entry.suppress, Suppress::Never | Suppress::AfterRetries);
    if spares && caution(entry.suppress) > caution(suppress(plain, code)) {
        return Some((operator, ANY_SPARING, enhanced, basic));
    }
    (!is_clear(code, of_plain) || enhanced > 0).then_some(rank)
}

/// Whether the enhanced code tells the reason: one that an entry names. X.n.0 is "other or undefined", X.7.1 is used for
/// anything, and a detail that nobody lists tells no more than its subject.
fn is_clear(code: Code, of_plain: Rank) -> bool {
    let (.., named, _) = of_plain;
    named > SUBJECT
        && code.enhanced.is_some_and(|e| e.detail() != 0 && (e.subject_number(), e.detail()) != (7, 1))
}

fn rank(entry: &Entry, who: Option<&Provider>, code: Code) -> Option<Rank> {
    let marked = !entry.markers.is_empty();
    let layer = if entry.scope == Scope::ANY {
        if marked { ANY_MARKED } else { ANY }
    } else if who.is_some_and(|p| p.scope == entry.scope) {
        if marked { PROVIDER_MARKED } else { PROVIDER }
    } else if who.is_some_and(|p| p.family_scope == entry.scope) {
        if marked { FAMILY_MARKED } else { FAMILY }
    } else {
        return None;
    };
    // A provider is taken at its word. What holds for everybody is read by the basic code's severity: that is what
    // every MTA obeys, and the enhanced code then only tells the subject.
    let enhanced = if entry.scope == Scope::ANY { agreed(code) } else { code.enhanced };
    let basic = match &entry.basic {
        Some(pattern) => pattern.closeness(code)?,
        None => 0,
    };
    let named = |e| entry.enhanced.as_ref().is_none_or(|pattern| pattern.names(e));
    if code.basic.is_none() && enhanced.is_some_and(|e| !named(e)) {
        // Without a basic code even X.0.0 is all that was said, and not a stand-in for nothing.
        return None;
    }
    let enhanced = match &entry.enhanced {
        Some(pattern) => pattern.closeness(enhanced)?,
        None => 0,
    };
    Some((entry.operator, layer, enhanced, basic))
}

/// The enhanced code in the class of the basic code; none when it says nothing beside a basic code.
fn agreed(code: Code) -> Option<EnhancedCode> {
    let enhanced = code.enhanced?;
    let Some(basic) = code.basic else { return Some(enhanced) };
    if says_nothing(enhanced) {
        return None;
    }
    EnhancedCode::new(basic.severity(), enhanced.subject_number(), enhanced.detail())
}
