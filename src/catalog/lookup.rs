//! Which entry explains a code, and what may not follow from it.
//!
//! The most specific entry wins: the operator's before ours, a provider's before its family's before everybody's, with
//! a marker before without, a number before a range before a subject before a class. Whatever the entry says, three
//! rules stand above it: a reply that did not refuse for good, or contradicts itself, suppresses nobody at once; nor
//! does an unconfirmed entry; and an entry that does not name the code it is used for suppresses nobody at all when
//! that code is not about the recipient.

use super::entry::{Confidence, Disposition, Entry, Meaning, Scope, Suppress};
use super::marker::flatten;
use super::pattern::{handles_of, says_nothing};
use super::provider::Provider;
use super::{Catalog, MarkerId, ProviderId};
use crate::smtp::{Code, EnhancedCode};

/// How specific an entry is for a code; larger is more so.
type Rank = (bool, u8, u8, u8);

impl Catalog {
    /// The entry that explains a code, if one does.
    pub fn entry(&self, provider: Option<&str>, code: Code, marker: Option<&str>) -> Option<&Entry> {
        let provider =
            provider.and_then(|name| self.providers.id(name)).and_then(|id| self.providers.get(id));
        let marker = marker.and_then(|text| self.markers.by_text(text));
        self.best(provider, code, marker)
    }

    pub(super) fn best(
        &self,
        who: Option<&Provider>,
        code: Code,
        marker: Option<MarkerId>,
    ) -> Option<&Entry> {
        let plain = self.best_plain(who, code);
        let marked = marker.and_then(|marker| self.by_marker.get(usize::from(marker.0)));
        marked
            .into_iter()
            .flatten()
            .filter_map(|number| self.entries.get(*number))
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
            .flat_map(|scope| handles_of(code).filter_map(move |handle| self.by_code.get(&(scope, handle))))
            .flatten()
            .filter_map(|number| self.entries.get(*number))
            .filter_map(|entry| Some((rank(entry, who, code)?, entry)))
            .max_by_key(|(rank, _)| *rank)
    }

    /// The marker that tells more than the codes alone. Where several do: the most specific layer; then the one that
    /// spares the recipient; then an entry marked `first`; then the one that names the code more closely; then a tag before a phrase; then
    /// the longest.
    pub(super) fn best_marker(
        &self,
        who: Option<ProviderId>,
        code: Code,
        reply: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Option<MarkerId> {
        if matches!(code.severity(), Some(2 | 3)) {
            return None;
        }
        let who = who.and_then(|id| self.providers.get(id));
        let plain = self.best_plain(who, code);
        let mut best = None;
        flatten(reply, code.basic, scratch);
        self.markers.each_in(scratch, |marker| {
            let text = self.markers.text(marker).unwrap_or_default();
            let entries = self.by_marker.get(usize::from(marker.0)).into_iter().flatten();
            for entry in entries.filter_map(|number| self.entries.get(*number)) {
                let Some(rank) = rank_marked(entry, who, code, plain) else { continue };
                if plain.is_some_and(|(of_plain, _)| rank < of_plain) {
                    continue;
                }
                let (operator, layer, enhanced, basic) = rank;
                let caution = (caution(meaning(entry, code).suppress), caution(entry.suppress));
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
        });
        best.map(|(.., marker)| marker)
    }

    /// Who is behind an unknown host, by the longest telling text in the reply.
    pub fn provider_of_reply(&self, reply: &[u8]) -> Option<ProviderId> {
        let mut best = None;
        self.markers.each_in(reply, |marker| {
            let Some(provider) = self.markers.provider(marker) else { return };
            let key = (self.markers.text(marker).map_or(0, str::len), marker, provider);
            if best.is_none_or(|known| known < key) {
                best = Some(key);
            }
        });
        best.map(|(.., provider)| provider)
    }
}

/// In doubt nobody is suppressed: the more caution, the larger.
fn caution(suppress: Suppress) -> u8 {
    match suppress {
        Suppress::Now => 0,
        Suppress::AfterRetries => 1,
        Suppress::IfPersistent => 2,
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
    let Some((_, plain)) = plain.filter(|_| layer == ANY_MARKED && !operator) else { return Some(rank) };
    let spares = matches!(entry.suppress, Suppress::Never | Suppress::AfterRetries);
    if spares && caution(entry.suppress) > caution(meaning(plain, code).suppress) {
        return Some((operator, ANY_SPARING, enhanced, basic));
    }
    (!is_clear(code) || enhanced > 0).then_some(rank)
}

/// Whether the enhanced code tells the reason. X.n.0 is "other or undefined", and X.7.1 is used for anything.
fn is_clear(code: Code) -> bool {
    code.enhanced.is_some_and(|e| e.detail() != 0 && (e.subject_number(), e.detail()) != (7, 1))
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

/// What an entry means for a code.
pub(super) fn meaning(entry: &Entry, code: Code) -> Meaning<'_> {
    let mut disposition = entry.disposition;
    let mut suppress = entry.suppress;
    let named = |e| entry.enhanced.as_ref().is_some_and(|pattern| pattern.names(e));
    if suppress != Suppress::Never && code.enhanced.is_some_and(|e| !about_recipient(e) && !named(e)) {
        suppress = Suppress::Never;
        if disposition == Disposition::Suppress {
            disposition = Disposition::Investigate;
        }
    }
    match code.severity() {
        Some(2 | 3) => {
            disposition = Disposition::None;
            suppress = Suppress::Never;
        }
        Some(4) => {
            if matches!(disposition, Disposition::Suppress | Disposition::Investigate) {
                disposition = Disposition::Retry;
            }
            if suppress == Suppress::Now {
                suppress = Suppress::IfPersistent;
            }
        }
        _ => {
            let contradicts = code.basic.zip(code.enhanced).is_some_and(|(b, e)| b.severity() != e.class());
            let doubtful = contradicts || entry.confidence == Confidence::Low;
            if doubtful && suppress == Suppress::Now {
                suppress = Suppress::IfPersistent;
            }
            // The queue is through with it: a code of everybody's that is worth a retry as 4xx needs a look as 5xx.
            let unmarked = entry.scope == Scope::ANY && entry.markers.is_empty() && !entry.operator;
            if unmarked
                && disposition == Disposition::Retry
                && suppress == Suppress::Never
                && code != Code::NONE
            {
                disposition = Disposition::Investigate;
            }
        }
    }
    Meaning {
        title: &entry.title,
        meaning: &entry.meaning,
        fix: &entry.fix,
        category: &entry.category,
        disposition,
        suppress,
        enforcement: entry.enforcement,
        stage: entry.stage,
        source: &entry.source,
    }
}

/// Whether a code speaks about the recipient's address or mailbox, or about nothing in particular.
fn about_recipient(enhanced: EnhancedCode) -> bool {
    match enhanced.subject_number() {
        0 | 2 => true,
        // X.1.7 and X.1.8 are about the sender (RFC 3463, section 3.2).
        1 => !matches!(enhanced.detail(), 7 | 8),
        _ => false,
    }
}
