//! Replies that differ from an earlier one only in what tells nothing: their reading is that one's.
//!
//! ```text
//! 550 5.1.1 <someone@example.com>: Recipient address rejected: User unknown
//!           |------- gap -------|
//! 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. [AM0.eop-EUR02.prod.protection.outlook.com 2026-...]
//!                                                     |-- gap ---| |----- gap ----|                           |- gap -|
//! ```
//!
//! A server says the same thousands of times, each time with another address, id or time in it. Where a word stands that may
//! be another without changing anything is found out once, when a reply is kept ([`super::gaps`]): no marker begins in it, and
//! none that begins before it can go on in it. Such a word, or what of it stands before or behind a marker, is a *gap*. A later
//! reply is held against the kept one ([`super::kept`]); where they differ, that must be a gap, and of the word that fills it is
//! asked only whether a marker may begin there. Whatever is not sure is read word by word, like a reply that is new.
//!
//! What [`super::flat`] does to a reply stays the same: a word that fills a gap is copied there as it is, since it holds no
//! blank and no backslash, does not begin like the reply's code, and does not stand where an enhanced code would be one.

use super::flat::Flat;
use super::gaps::Reply;
use super::kept::Kept;
use super::marker::Markers;
use super::{ProviderId, Reading};
use crate::smtp::{BasicCode, Code};
use crate::vector::{Vector, Work, best};

/// Longer replies are read word by word.
const LONGEST: usize = 1024;

/// Replies of the same codes that may be kept by what they open with, and those of each.
const SETS: usize = 128;
const WAYS: usize = 4;

/// Where a reply's own words mostly begin, behind its codes.
const OPENING: usize = 10;

/// What is paid for keeping a reply, got for one that was recalled and for one that was not. In a log whose replies do not
/// repeat, few are kept in vain.
const PRICE: u32 = 8;
const RECALLED: u32 = 8;
const MISSED: u32 = 1;
const RICHEST: u32 = 128 * PRICE;

/// Whose reply it is and with what codes, as one number that nobody else has. Never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked(u64);

/// Replies that were read.
#[derive(Debug)]
pub(super) struct Recall {
    /// Sets of [`WAYS`]; what is recalled often stands first.
    ways: Box<[Way]>,
    riches: u32,
}

#[derive(Debug, Default)]
struct Way {
    asked: Asked,
    kept: Option<Box<Kept>>,
}

impl Asked {
    pub(super) fn new(provider: Option<ProviderId>, code: Code) -> Asked {
        let provider = provider.map_or(0, |id| u64::from(id.0) + 1);
        Asked(1 << 63 | provider << 42 | code.number())
    }

    /// Where the set begins of replies that open with these bytes.
    fn set(self, opening: u64) -> usize {
        let mixed = (self.0 ^ opening.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - SETS.ilog2())) as usize * WAYS
    }
}

impl Default for Recall {
    fn default() -> Recall {
        let ways = (0..SETS * WAYS).map(|_| Way::default()).collect();
        Recall { ways, riches: RICHEST }
    }
}

impl Recall {
    /// The reading of a reply that is like one before.
    pub(super) fn reading(&mut self, asked: Asked, text: &[u8], markers: &Markers) -> Option<&Reading> {
        let found = best(Search { ways: &self.ways, asked, text, markers });
        let gain = if found.is_some() { RECALLED } else { MISSED };
        self.riches = (self.riches + gain).min(RICHEST);
        let mut place = found?;
        if place % WAYS > 0 {
            self.ways.swap(place, place - 1);
            place -= 1;
        }
        self.ways.get(place)?.kept.as_ref().map(|kept| &kept.reading)
    }

    /// A reply was read, which passes on no other server's.
    #[cold]
    pub(super) fn keep(
        &mut self,
        asked: Asked,
        (text, basic): (&[u8], Option<BasicCode>),
        reading: Reading,
        markers: &Markers,
        flat: &mut Flat,
    ) {
        let Some(left) = self.riches.checked_sub(PRICE).filter(|_| text.len() <= LONGEST) else { return };
        self.riches = left;
        let kept = Reply { text, basic }.kept(reading, markers, flat);
        let varies = kept.varies_within(OPENING..OPENING + 8);
        let set = asked.set(if varies { 0 } else { opening(text) });
        let ways = &mut self.ways[set..set + WAYS];
        let free = ways.iter().position(|way| way.kept.is_none()).unwrap_or(WAYS - 1);
        ways[free] = Way { asked, kept: Some(Box::new(kept)) };
    }
}

/// A reply that is looked for among those kept.
struct Search<'s> {
    ways: &'s [Way],
    asked: Asked,
    text: &'s [u8],
    markers: &'s Markers,
}

impl Work for Search<'_> {
    /// Its place.
    type Result = Option<usize>;

    #[inline(always)]
    fn by(self, vector: impl Vector) -> Option<usize> {
        let Search { ways, asked, text, markers } = self;
        for set in [asked.set(opening(text)), asked.set(0)] {
            for (place, way) in ways[set..set + WAYS].iter().enumerate() {
                if way.asked == asked
                    && let Some(kept) = &way.kept
                    && kept.is_like(text, markers, vector)
                {
                    return Some(set + place);
                }
            }
        }
        None
    }
}

/// What a reply opens with behind its codes; nothing of one that is very short.
fn opening(text: &[u8]) -> u64 {
    text.get(OPENING..).and_then(<[u8]>::first_chunk).map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;

    use super::*;
    use crate::catalog::{Catalog, MarkerId, Reader};
    use crate::smtp::EnhancedCode;

    /// What may stand in a reply; much of it is what a gap must not be filled with, or what looks like it.
    fn word() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "550",
            "550-",
            "554",
            "5501",
            "550-5.7.1",
            "5.7.1",
            "5.1.1",
            "550 5.7.26",
            "\\n550",
            "\\n550 5.7.1",
            "x\\\\n550-5.1.1",
            "\\",
            "-",
            "gsmtp",
            "spam",
            "policy",
            "too",
            "many",
            "Too many",
            "SPF",
            "spf.",
            "[192.0.2.1]",
            "<someone@example.com>:",
            "AM0EUR02.prod.outlook.com",
            ".prod.outlook.com",
            "x1.prod.protection.outlook.com",
            "https://support.example.com/?p=NoSuchUser1",
            "c=hi",
            "case?c=r0103&i=ip&v=198.51.100.25&r=572FFF6EDE69",
            "mailbox",
            "unavailable",
            "mailbox full",
            "user",
            "unknown",
            "User unknown",
            "no",
            "no such user",
            "such user here",
            "Recipient address rejected:",
            "Access denied,",
            "blocked using",
            "Client host",
            "rejected",
            "2026-03-02T00:00:00.067Z",
            "08DEC05C56D5BF12]",
            "b3e637a6528bd-59e082absi5544165553.845",
            "(S3150)",
            "[TSS04]",
            "ü1",
            "\0",
            "a\x0b1",
            "1",
            "a1",
            "x.y",
        ]);
        prop_oneof![
            8 => known.prop_map(str::to_owned),
            2 => prop::sample::select(texts()),
            1 => "[a-z0-9.@<>\\[\\]-]{1,50}",
        ]
    }

    /// All markers, and parts of them.
    fn texts() -> Vec<String> {
        let catalog = shared();
        let all: Vec<String> =
            (0..).map_while(|number| Some(catalog.markers.text(MarkerId(number))?.to_owned())).collect();
        let halves = all.iter().flat_map(|text| {
            let middle = text.len() / 2;
            [text[..middle].to_owned(), text[middle..].to_owned(), format!("{text}1")]
        });
        all.iter().cloned().chain(halves).filter(|text| !text.is_empty()).collect()
    }

    fn shared() -> &'static Catalog {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(Catalog::builtin)
    }

    /// A reply, and others that differ from it in some words.
    fn alike() -> impl Strategy<Value = Vec<String>> {
        let blank = prop::sample::select(vec![" ", " ", " ", " ", "  ", "\t", ""]);
        let words = prop::collection::vec((word(), blank), 1..14);
        let others =
            prop::collection::vec(prop::collection::vec((any::<prop::sample::Index>(), word()), 0..4), 1..8);
        let code = prop::sample::select(vec!["550 5.1.1 ", "550-5.1.1 ", "550 ", "550-", ""]);
        (code, words, others).prop_map(|(code, words, others)| {
            let joined = |words: &[(String, &str)]| {
                words.iter().fold(code.to_owned(), |text, (word, blank)| text + word + blank)
            };
            let mut all = vec![joined(&words)];
            for changes in others {
                let mut words = words.clone();
                changes.into_iter().for_each(|(at, word)| at.get_mut(&mut words).0 = word);
                all.push(joined(&words));
            }
            all
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_is_recalled_is_what_would_be_read(
            replies in prop::collection::vec(alike(), 1..3),
            provider in prop::option::of((0_u16..80).prop_map(ProviderId)),
            enhanced in prop::sample::select(vec!["5.1.1", "5.7.1", "5.0.0", ""]),
            basic in prop::option::of(Just(550)),
        ) {
            let mut reader = Reader::new(shared());
            let code = Code { basic: basic.and_then(BasicCode::new), enhanced: EnhancedCode::parse(enhanced.as_bytes()) };
            // Twice: what was kept is met again.
            for reply in replies.concat().iter().chain(&replies.concat()) {
                let text = reply.as_bytes();
                let anew = Reader::new(shared()).read_all(provider, code, text).0;
                prop_assert_eq!(reader.read(provider, code, text), anew, "{:?} of {:?}", reply, replies);
            }
        }
    }
}
