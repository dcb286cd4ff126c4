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
//! be another without changing anything is found out once, when a reply is kept: no marker begins in it, and none that begins
//! before it can go on in it. Such a word, or what of it stands before or behind a marker, is a *gap*. A later reply is held
//! against the kept one; where they differ, that must be a gap, and of the word that fills it is asked only whether a marker
//! may begin there. Whatever is not sure is read word by word, like a reply that is new.
//!
//! What [`super::flat`] does to a reply stays the same: a word that fills a gap is copied there as it is, since it holds no
//! blank and no backslash, does not begin like the reply's code, and does not stand where an enhanced code would be one.

use std::ops::Range;

use super::flat::Flat;
use super::index::bytes_at;
use super::marker::Markers;
use super::{ProviderId, Reading};
use crate::smtp::{BasicCode, Code};
use crate::vector::{Vector, Work, best, common};

/// Longer replies are read word by word.
const LONGEST: usize = 1024;

/// Longer words fill no gap.
const LONGEST_WORD: usize = 256;

/// Bytes behind a gap that tell, with those in it, whether a marker begins in it.
const BEHIND: usize = 8;

/// Words of a reply at most that are looked at more closely: each may take as long as reading the reply.
const MOST_TRIED: usize = 16;

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

/// A reply that was read.
#[derive(Debug)]
struct Kept {
    /// Zeros stand behind it.
    text: Box<[u8]>,
    length: usize,
    gaps: Vec<Gap>,
    /// The digits of the basic code; a word that opens with them may be one.
    digits: Digits,
    reading: Reading,
}

/// What of a word may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    start: usize,
    end: usize,
    /// How many bytes of the word stand behind it.
    tail: usize,
    /// How far before it markers begin that could go on in it, those first; 0 is none.
    open: [usize; MOST_OPEN],
    /// What follows in the flat reply, where the text goes on otherwise.
    behind: Option<[u8; BEHIND]>,
}

/// Markers at most that may be open where a gap begins.
const MOST_OPEN: usize = 2;

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
    pub(super) fn reading(&mut self, asked: Asked, text: &[u8], markers: &Markers) -> Option<Reading> {
        let ways = &mut self.ways;
        let reading = best(Search { ways, asked, text, markers });
        let gain = if reading.is_some() { RECALLED } else { MISSED };
        self.riches = (self.riches + gain).min(RICHEST);
        reading
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
        let kept = Kept::new(Reply { text, basic }, reading, markers, flat);
        let opens = OPENING..OPENING + 8;
        let varies = kept.gaps.iter().any(|gap| gap.start < opens.end && gap.end >= opens.start);
        let set = asked.set(if varies { 0 } else { opening(text) });
        let ways = &mut self.ways[set..set + WAYS];
        let free = ways.iter().position(|way| way.kept.is_none()).unwrap_or(WAYS - 1);
        ways[free] = Way { asked, kept: Some(Box::new(kept)) };
    }
}

/// A reply that is looked for among those kept.
struct Search<'s> {
    ways: &'s mut [Way],
    asked: Asked,
    text: &'s [u8],
    markers: &'s Markers,
}

impl Work for Search<'_> {
    type Result = Option<Reading>;

    #[inline(always)]
    fn by(self, vector: impl Vector) -> Option<Reading> {
        let Search { ways, asked, text, markers } = self;
        for set in [asked.set(opening(text)), asked.set(0)] {
            let ways = &mut ways[set..set + WAYS];
            for place in 0..WAYS {
                if ways[place].asked == asked
                    && let Some(kept) = &ways[place].kept
                    && kept.is_like(text, markers, vector)
                {
                    let reading = kept.reading;
                    if place > 0 {
                        ways.swap(place, place - 1);
                    }
                    return Some(reading);
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

impl Kept {
    /// `flat` has the reply already.
    fn new(reply: Reply<'_>, reading: Reading, markers: &Markers, flat: &mut Flat) -> Kept {
        let text = reply.text;
        let padded = [text, &[0; 32]].concat().into();
        let (length, digits) = (text.len(), reply.digits());
        let mut kept = Kept { text: padded, length, gaps: Vec::new(), digits, reading };
        if markers.looks_back() {
            return kept;
        }
        let words = flat.words().to_vec();
        // How far the flat reply is looked at for the last gap: another may begin there if the text goes on plainly for both.
        let (mut seen, mut all_plain) = (0, true);
        let free = reply.words().filter_map(|word| Some((word, reply.free(word, markers)?)));
        for (word, (start, end)) in free.take(MOST_TRIED) {
            flat.flatten(&text[..word.start], reply.basic);
            let blank: &[u8] = if flat.words().is_empty() { b"" } else { b" " };
            let before = [flat.words(), blank, &text[word.start..start]].concat();
            let Some(open) = open(&before, &text[..start], start - word.start, markers) else { continue };
            let Some(behind) = words.get(before.len() + end - start..) else { continue };
            let plain = reply.goes_on_plainly(word.end);
            let behind = if plain { None } else { Some(bytes_at(behind, 0)) };
            let gap = Gap { start, end, tail: word.end - end, open, behind };
            let near = before.len() < seen && !(plain && all_plain);
            // What it holds here must tell as little as whatever fills it.
            if !near && kept.filled(&gap, text, start, markers, common()) == Some(end) {
                (seen, all_plain) = (before.len() + (end - start) + BEHIND, plain);
                kept.gaps.push(gap);
            }
        }
        kept
    }

    /// Whether another text differs from this one in nothing but gaps.
    #[inline(always)]
    fn is_like(&self, text: &[u8], markers: &Markers, vector: impl Vector) -> bool {
        let (mut here, mut there, mut gaps) = (0, 0, self.gaps.iter());
        loop {
            let same = alike(&self.text[here..], &text[there..], vector);
            (here, there) = (here + same, there + same);
            if there == text.len() && here == self.length {
                return true;
            }
            // The difference may stand right behind the gap: then the other word is longer.
            let Some(gap) = gaps.find(|gap| here <= gap.end).filter(|gap| gap.start <= here) else {
                return false;
            };
            let start = there - (here - gap.start);
            let Some(end) = self.filled(gap, text, start, markers, vector) else { return false };
            (here, there) = (gap.end, end);
        }
    }

    /// Where what fills a gap ends, if it tells nothing.
    #[inline(always)]
    fn filled(
        &self,
        gap: &Gap,
        text: &[u8],
        start: usize,
        markers: &Markers,
        vector: impl Vector,
    ) -> Option<usize> {
        let end = word_end(text, start, vector)?.checked_sub(gap.tail).filter(|end| *end > start)?;
        let tells = is_code(&text[start..], self.digits)
            || match &gap.behind {
                None => gap.tells(text, start..end, markers, vector),
                Some(behind) => gap.tells_before(behind, text, start..end, markers),
            };
        (!tells).then_some(end)
    }
}

impl Gap {
    /// Whether a marker may begin in what fills the gap, or go on in it.
    #[inline(always)]
    fn tells(&self, text: &[u8], filled: Range<usize>, markers: &Markers, vector: impl Vector) -> bool {
        let Range { start, end } = filled;
        self.open[0] > 0 && self.goes_on(text, start..end, markers)
            || markers.may_begin(text, start, end, vector)
    }

    /// The same where something else stands behind the gap than the text has there.
    fn tells_before(
        &self,
        behind: &[u8; BEHIND],
        text: &[u8],
        filled: Range<usize>,
        markers: &Markers,
    ) -> bool {
        let from = filled.start.saturating_sub(*self.open.iter().max().unwrap_or(&0));
        let there = [&text[from..filled.end], behind].concat();
        self.tells(&there, filled.start - from..filled.end - from, markers, common())
    }

    /// Whether one of the markers that may be open where the gap begins may go on in what fills it.
    fn goes_on(&self, text: &[u8], filled: Range<usize>, markers: &Markers) -> bool {
        self.open.iter().take_while(|open| **open > 0).any(|open| {
            // An earlier gap may be filled by less: then what begins there has been looked at.
            let place = filled.start.checked_sub(*open);
            place.is_some_and(|place| markers.may_begin_at(text, place, *open, filled.end + BEHIND))
        })
    }
}

/// How far before a gap markers begin that could go on in it. `before` stands before it in the flat reply, `text` in the
/// reply itself; `own` bytes are of the gap's word. A marker that begins in an earlier gap is looked at here where that is
/// filled as it was, and else there.
fn open(before: &[u8], text: &[u8], own: usize, markers: &Markers) -> Option<[usize; MOST_OPEN]> {
    let mut open = [0; MOST_OPEN];
    for (place, back) in markers.open_ends(before).enumerate() {
        if !text.ends_with(&before[before.len() - back..]) {
            return None;
        }
        *open.get_mut(place)? = back;
    }
    // One that counts only alone looks at two bytes behind it. Those of the gap's word end before that.
    let (nearer, own) = (&before[..before.len().saturating_sub(1)], own.saturating_sub(1));
    let looks_on = own > 0 && markers.open_ends(nearer).any(|back| back > own);
    (!looks_on).then_some(open)
}

/// The digits of a reply's basic code as one number, the first lowest; 0 is none.
type Digits = u32;

/// Whether a word begins like a reply's basic code.
#[inline]
fn is_code(word: &[u8], digits: Digits) -> bool {
    let first = match word.first_chunk() {
        Some(first) => *first,
        None => bytes_at(word, 0),
    };
    // A word has no zeros.
    u32::from_le_bytes(first) & 0xFF_FFFF == digits && !first[3].is_ascii_alphanumeric()
}

/// How many bytes two texts have in common.
#[inline(always)]
fn alike(one: &[u8], other: &[u8], vector: impl Vector) -> usize {
    let mut at = 0;
    while let (Some(here), Some(there)) = (one[at..].first_chunk(), other[at..].first_chunk()) {
        let differences = vector.differences(here, there);
        if differences != 0 {
            return at + differences.trailing_zeros() as usize;
        }
        at += 32;
    }
    let differences = vector.differences(&bytes_at(one, at), &bytes_at(other, at));
    (at + differences.trailing_zeros() as usize).min(one.len()).min(other.len())
}

/// Where a word ends: at a blank, a backslash, at the text's end.
#[inline(always)]
fn word_end(text: &[u8], start: usize, vector: impl Vector) -> Option<usize> {
    let mut at = start;
    while at < text.len() && at - start < LONGEST_WORD {
        // Zeros behind the end are not above a blank.
        let ends = vector.places_up_to(&bytes_at(text, at), b' ', b'\\');
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize);
        }
        at += 32;
    }
    (at >= text.len()).then_some(text.len())
}

/// A reply that is to be kept.
#[derive(Clone, Copy, Debug)]
struct Reply<'t> {
    text: &'t [u8],
    basic: Option<BasicCode>,
}

/// A word of a reply, and the one before it.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    start: usize,
    end: usize,
    before: &'t [u8],
}

impl<'t> Reply<'t> {
    fn digits(&self) -> Digits {
        self.basic.map_or(0, |basic| {
            let number = basic.number();
            let digits = [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8);
            u32::from_le_bytes([digits[0], digits[1], digits[2], 0])
        })
    }

    /// All words that another stands before.
    fn words(self) -> impl Iterator<Item = Word<'t>> {
        let Reply { text, .. } = self;
        let from = |start: usize, blank: bool| {
            let is_end = |byte: &u8| (*byte <= b' ') == blank;
            text[start..].iter().position(is_end).map_or(text.len(), |length| start + length)
        };
        let next = move |at: usize| {
            let start = from(at, false);
            (start < text.len()).then(|| (start, from(start, true)))
        };
        let all = std::iter::successors(next(0), move |(_, end)| next(*end));
        let mut before: &[u8] = b"";
        all.filter_map(move |(start, end)| {
            let word = Word { start, end, before };
            before = &text[start..end];
            (!word.before.is_empty()).then_some(word)
        })
    }

    /// What of a word may be anything, as far as the word itself and the one before it tell.
    fn free(&self, word: Word<'_>, markers: &Markers) -> Option<(usize, usize)> {
        let Word { start, end, before } = word;
        let own = &self.text[start..end];
        let digits = self.digits();
        let code_alone = matches!(before.len(), 3 | 4) && is_code(before, digits);
        let opens_line = code_alone || before.contains(&b'\\');
        if !may_vary(own)
            || opens_line
            || own.contains(&b'\\')
            || is_code(own, digits)
            || self.text[start - 1] != b' '
            || !matches!(self.text.get(end), None | Some(b' '))
        {
            return None;
        }
        let (from, to) = self.free_of_markers(start, end, markers)?;
        // Behind some of its own digits a word could begin like a code.
        (from == start || !own[0].is_ascii_digit()).then_some((from, to))
    }

    /// The part of a word that may vary and stands before or behind all markers that may be in it.
    fn free_of_markers(&self, start: usize, end: usize, markers: &Markers) -> Option<(usize, usize)> {
        let text = self.text;
        if !markers.may_begin(text, start, end, common()) {
            return Some((start, end));
        }
        let word = |at: usize| text[at].is_ascii_alphanumeric();
        let begins = |at: &usize| *at == start || !(word(*at) && word(at - 1));
        let ends = (start..end)
            .filter(begins)
            .filter_map(|at| Some((at, markers.end_of_any(text, at, end + BEHIND)?)));
        let bounds = ends.fold(None, |bounds: Option<(usize, usize)>, (at, end)| {
            Some(bounds.map_or((at, end), |(first, last)| (first, last.max(end))))
        });
        let Some((first, last)) = bounds else { return Some((start, end)) };
        // What follows a gap must begin where it begins whatever fills the gap: with a sign.
        let to = (start..=first).rev().find(|at| !word(*at)).unwrap_or(start);
        // One that counts only alone looks at two bytes behind it.
        let from = (last + 2).min(end);
        [(from, end), (start, to)].into_iter().find(|(from, to)| may_vary(&text[*from..*to]))
    }

    /// Whether what stands behind a word, up to where it matters, stands there just so in the flat reply.
    fn goes_on_plainly(&self, end: usize) -> bool {
        let Reply { text, .. } = *self;
        let digits = self.digits();
        let is_plain = |at: usize| match text[at] {
            b' ' => text.get(at + 1).is_some_and(|next| *next > b' ') && !is_code(&text[at + 1..], digits),
            byte => byte > b' ' && byte != b'\\',
        };
        (end..text.len().min(end + BEHIND)).all(is_plain)
    }
}

/// Whether a word looks like one that may be another the next time: like an address, a host, an id or a time.
fn may_vary(word: &[u8]) -> bool {
    let is_host = || {
        let joins =
            |part: &[u8]| part[1] == b'.' && part[0].is_ascii_alphabetic() && part[2].is_ascii_alphabetic();
        word.windows(3).any(joins) && !word.contains(&b'/')
    };
    word.iter().any(|byte| byte.is_ascii_digit() || *byte == b'@') || is_host()
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
