//! Provider tags and phrases inside replies.
//!
//! Where several fit, [`super::lookup`] decides; this file only says which texts are there.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet, HashTable};

use super::index::{Index, PADDING};
use super::{MarkerId, ProviderId};
use crate::vector::Vector;

/// All markers, by number.
#[derive(Debug, Default)]
pub(super) struct Markers {
    list: Vec<Marker>,
    /// By their texts, case ignored.
    by_text: HashTable<MarkerId>,
    hasher: DefaultHashBuilder,
    /// Markers that tell who is behind a host nobody knows.
    providers: HashMap<MarkerId, ProviderId>,
    /// Words that put in doubt what a reply says of its recipient.
    doubts: HashSet<MarkerId>,
    /// A marker that counts only alone begins with a blank: what stands before the blank belongs to it.
    looks_back: bool,
    /// Built at the first failing reply: a log without failures does not pay for it.
    index: OnceLock<Index>,
}

#[derive(Debug)]
struct Marker {
    text: Cow<'static, str>,
    /// A word such as SPF or DKIM: counts only alone, never inside a host name or URL.
    word: bool,
}

/// Far above any marker worth writing; so much is compared at most where one may be, whatever an operator's file holds.
const LONGEST: usize = 120;

impl Markers {
    /// The number of a marker, new or known. Case is ignored.
    pub(super) fn add(&mut self, text: impl Into<Cow<'static, str>>) -> Result<MarkerId, String> {
        let text = text.into();
        if text.trim().len() < 2 || text.len() > LONGEST || !text.bytes().all(|b| (b' '..=b'~').contains(&b))
        {
            return Err(format!(
                "\"{text}\" is no marker: expected 2 to {LONGEST} printable ASCII characters"
            ));
        }
        if let Some(known) = self.by_text(&text) {
            return Ok(known);
        }
        let word = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_uppercase());
        let marker = self.push(text.clone(), word)?;
        let Markers { list, by_text, hasher, .. } = self;
        by_text.insert_unique(hash(hasher, &text), marker, |marker| hash_of(hasher, list, *marker));
        Ok(marker)
    }

    /// Makes room for so many.
    pub(super) fn reserve(&mut self, more: usize) {
        let Markers { list, by_text, hasher, .. } = self;
        list.reserve(more);
        by_text.reserve(more, |marker| hash_of(hasher, list, *marker));
    }

    fn push(&mut self, text: Cow<'static, str>, word: bool) -> Result<MarkerId, String> {
        let number = u16::try_from(self.list.len()).map_err(|_| "there are too many markers".to_owned())?;
        self.looks_back |= word && text.starts_with(' ');
        self.list.push(Marker { text, word });
        self.index = OnceLock::new();
        Ok(MarkerId(number))
    }

    /// A word that puts in doubt what a reply says of its recipient. It leads to no entry, and counts only alone.
    pub(super) fn add_doubt(&mut self, text: impl Into<Cow<'static, str>>) -> Result<(), String> {
        let text = text.into();
        if text.len() < 3
            || text.len() > LONGEST
            || !text.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
        {
            return Err(format!("\"{text}\" is no word of doubt: expected 3 to {LONGEST} small letters"));
        }
        let marker = self.push(text, true)?;
        self.doubts.insert(marker);
        Ok(())
    }

    pub(super) fn is_doubt(&self, marker: MarkerId) -> bool {
        self.doubts.contains(&marker)
    }

    /// A marker that tells the provider.
    pub(super) fn add_provider(
        &mut self,
        provider: ProviderId,
        text: impl Into<Cow<'static, str>>,
    ) -> Result<(), String> {
        let text = text.into();
        let marker = self.add(text.clone())?;
        match self.providers.insert(marker, provider) {
            Some(other) if other != provider => Err(format!("\"{text}\" tells two providers")),
            _ => Ok(()),
        }
    }

    pub(super) fn text(&self, marker: MarkerId) -> Option<&str> {
        self.list.get(usize::from(marker.0)).map(|marker| &*marker.text)
    }

    pub(super) fn by_text(&self, text: &str) -> Option<MarkerId> {
        let same = |known: &MarkerId| self.text(*known).is_some_and(|known| known.eq_ignore_ascii_case(text));
        self.by_text.find(hash(&self.hasher, text), same).copied()
    }

    pub(super) fn provider(&self, marker: MarkerId) -> Option<ProviderId> {
        self.providers.get(&marker).copied()
    }

    /// Calls `seen` for each marker in a reply that is one line, behind which [`PADDING`] stands. It may be seen again.
    pub(super) fn each_in(&self, padded: &[u8], mut seen: impl FnMut(MarkerId)) {
        let reply = &padded[..padded.len().saturating_sub(PADDING)];
        self.index().each_in(padded, |number, start| {
            let Some(marker) = self.list.get(usize::from(number)) else { return };
            let before = start.checked_sub(1).map(|at| reply[at]);
            let after = reply.get(start + marker.text.len()..).unwrap_or_default();
            if !marker.word || stands_alone(before, after) {
                seen(MarkerId(number));
            }
        });
    }

    /// Whether a marker may begin in a part of a text, told as by [`Index::may_begin`].
    #[inline(always)]
    pub(super) fn may_begin(&self, text: &[u8], from: usize, to: usize, vector: impl Vector) -> bool {
        self.index().may_begin(text, from, to, vector)
    }

    /// Where the longest of the markers ends that may begin at a place, as far as the text up to `end` tells.
    pub(super) fn end_of_any(&self, text: &[u8], place: usize, end: usize) -> Option<usize> {
        let index = self.index();
        let all = index.is_head(text, place).then(|| index.beginning(text, place, end)).into_iter().flatten();
        all.filter_map(|number| Some(place + self.list.get(usize::from(number))?.text.len())).max()
    }

    /// Whether a marker of at least so many bytes may begin at a place, as far as the text up to `end` tells.
    pub(super) fn may_begin_at(&self, text: &[u8], place: usize, least: usize, end: usize) -> bool {
        let index = self.index();
        let known = &text[place..end.min(text.len())];
        let may_be = |number| {
            let marker = self.list.get(usize::from(number)).map_or("", |marker| &*marker.text);
            let both = marker.len().min(known.len());
            marker.len() >= least && marker.as_bytes()[..both].eq_ignore_ascii_case(&known[..both])
        };
        index.is_head(text, place) && index.beginning(text, place, end).any(may_be)
    }

    /// Where in a text markers may begin that may go on behind it, or look at what is there: how far before its end.
    pub(super) fn open_ends(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let index = self.index();
        let word = |at: usize| text[at].is_ascii_alphanumeric();
        let begins = move |at: &usize| *at == 0 || !(word(*at) && word(at - 1));
        let goes_on = move |at: &usize| {
            let part = &text[*at..];
            let opens_with_it = |number| {
                let marker = self.list.get(usize::from(number)).map_or("", |marker| &*marker.text);
                marker.as_bytes().get(..part.len()).is_some_and(|marker| marker.eq_ignore_ascii_case(part))
            };
            match part.len() {
                ..8 => index.opens_with(part),
                _ => index.is_head(text, *at) && index.beginning(text, *at, text.len()).any(opens_with_it),
            }
        };
        let places = text.len().saturating_sub(LONGEST)..text.len();
        places.filter(begins).filter(goes_on).map(|at| text.len() - at)
    }

    /// Whether what stands before a marker tells, even before its own blank.
    pub(super) fn looks_back(&self) -> bool {
        self.looks_back
    }

    fn index(&self) -> &Index {
        let texts = || (0..).zip(self.list.iter().map(|marker| marker.text.as_bytes()));
        self.index.get_or_init(|| Index::new(texts()))
    }
}

/// The hash of a text, case ignored. Longer ones are refused: so much of any is enough to tell.
fn hash(hasher: &DefaultHashBuilder, text: &str) -> u64 {
    let mut room = [0; LONGEST];
    let small = &mut room[..text.len().min(LONGEST)];
    small.copy_from_slice(&text.as_bytes()[..small.len()]);
    small.make_ascii_lowercase();
    hasher.hash_one(small)
}

fn hash_of(hasher: &DefaultHashBuilder, list: &[Marker], marker: MarkerId) -> u64 {
    hash(hasher, list.get(usize::from(marker.0)).map_or("", |marker| &*marker.text))
}

/// Whether a word between these stands alone: not in a host name, a URL or a setting.
fn stands_alone(before: Option<u8>, after: &[u8]) -> bool {
    let joins = |b: u8| b.is_ascii_alphanumeric() || b"-_/@=&#?%+".contains(&b);
    let joined_after = match after {
        [b'.', next, ..] => next.is_ascii_alphanumeric(),
        [next, ..] => joins(*next),
        [] => false,
    };
    !joined_after && !before.is_some_and(|b| joins(b) || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markers: &[&str], reply: &str) -> Vec<String> {
        let mut all = Markers::default();
        for text in markers {
            all.add((*text).to_owned()).unwrap();
        }
        let mut texts = Vec::new();
        let padded = [reply.as_bytes(), &[0; PADDING]].concat();
        all.each_in(&padded, |marker| texts.push(all.text(marker).unwrap().to_owned()));
        texts.sort();
        texts.dedup();
        texts
    }

    #[test]
    fn case_is_ignored_and_words_begin_where_the_marker_begins() {
        assert_eq!(found(&["user unknown"], "User Unknown in table"), ["user unknown"]);
        assert_eq!(found(&["rate limit"], "corporate limit"), [""; 0]);
        assert_eq!(found(&["[TSS04]"], "deferred[TSS04]"), ["[TSS04]"]);
        assert_eq!(
            found(&["invalid recipient", "too many invalid recipients"], "Too many invalid recipients").len(),
            2
        );
    }

    #[test]
    fn short_capitals_are_whole_words_outside_of_names() {
        for hit in ["SPF failed", "bad SPF.", "(spf)", "SPF: no", "failed SPF"] {
            assert_eq!(found(&["SPF"], hit), ["SPF"], "{hit}");
        }
        for miss in ["spfx", "xspf", "http://spf.example", "see /spf", "a-spf", "spf=fail", "openspf.org"] {
            assert_eq!(found(&["SPF"], miss), [""; 0], "{miss}");
        }
    }

    #[test]
    fn unfit_markers_are_refused() {
        let mut all = Markers::default();
        for text in ["", "a", " a ", "tab\there", "ü-umlaut", &"x".repeat(LONGEST + 1)] {
            assert!(all.add(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(all.add("Same").unwrap(), all.add("sAME").unwrap());
    }
}
