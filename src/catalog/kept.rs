//! A reply that is kept, and whether another differs from it in nothing but its gaps.
//!
//! Both are compared from their starts, thirty-two bytes at a time, up to the first difference. That must be in a gap: what fills
//! it is a word, or what of one stands before or behind a marker. Behind it both are compared again.

use std::ops::Range;

use super::Reading;
use super::index::bytes_at;
use super::marker::Markers;
use crate::vector::{Vector, are_same, common, told_from};

/// Longer words fill no gap.
const LONGEST_WORD: usize = 256;

/// Bytes behind a gap that tell, with those in it, whether a marker begins in it.
pub(super) const BEHIND: usize = 8;

/// Markers at most that may be open where a gap begins.
pub(super) const MOST_OPEN: usize = 2;

/// As many zeros stand on both sides of a reply that is kept: the last look at another one reaches back from its end.
const AROUND: usize = 32;

/// A reply that was read.
#[derive(Debug)]
pub(super) struct Kept {
    /// The reply and [`AROUND`].
    padded: Box<[u8]>,
    length: usize,
    pub(super) gaps: Vec<Gap>,
    /// The digits of the basic code; a word that opens with them may be one.
    digits: Digits,
    pub(super) reading: Reading,
}

/// What of a word may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many bytes of the word stand behind it.
    pub(super) tail: usize,
    /// How far before it markers begin that could go on in it, those first; 0 is none.
    pub(super) open: [usize; MOST_OPEN],
    /// What follows in the flat reply, where the text goes on otherwise.
    pub(super) behind: Option<[u8; BEHIND]>,
}

impl Kept {
    /// With no gaps yet.
    pub(super) fn new(text: &[u8], digits: Digits, reading: Reading) -> Kept {
        let padded = [&[0; AROUND], text, &[0; AROUND]].concat().into();
        Kept { padded, length: text.len(), gaps: Vec::new(), digits, reading }
    }

    fn text(&self) -> &[u8] {
        &self.padded[AROUND..AROUND + self.length]
    }

    /// Whether a gap reaches into these places.
    pub(super) fn varies_within(&self, places: Range<usize>) -> bool {
        self.gaps.iter().any(|gap| gap.start < places.end && gap.end >= places.start)
    }

    /// Whether another text differs from this one in nothing but gaps.
    #[inline(always)]
    pub(super) fn is_like(&self, text: &[u8], markers: &Markers, vector: impl Vector) -> bool {
        let Some(last) = text.last_chunk() else { return are_same(self.text(), text) };
        let (mut here, mut there, mut gaps) = (0, 0, self.gaps.iter());
        loop {
            let same = self.same(here, (text, last), there, vector);
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

    /// How many bytes are the same from a place here and one there on. `last` is what the other text ends with.
    #[inline(always)]
    fn same(
        &self,
        here: usize,
        (text, last): (&[u8], &[u8; AROUND]),
        there: usize,
        vector: impl Vector,
    ) -> usize {
        let own = self.padded[AROUND + here..].as_chunks().0;
        let mut same = 0;
        for (own, other) in own.iter().zip(text[there..].as_chunks().0) {
            let differences = vector.differences(own, other);
            if differences != 0 {
                return same + differences.trailing_zeros() as usize;
            }
            same += other.len();
        }
        let left = text.len() - there - same;
        // Both may have gone on with zeros behind the end of this one.
        let Some(beyond) = AROUND.checked_sub(left) else { return same };
        let Some(own) = self.padded.get(here + same + left..).and_then(<[u8]>::first_chunk) else {
            return same;
        };
        let differences = u64::from(vector.differences(own, last)) >> beyond;
        same + left.min(differences.trailing_zeros() as usize)
    }

    /// Where what fills a gap ends, if it tells nothing.
    #[inline(always)]
    pub(super) fn filled(
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

/// The digits of a reply's basic code as one number, the first lowest; 0 is none.
pub(super) type Digits = u32;

/// Whether a word begins like a reply's basic code.
#[inline]
pub(super) fn is_code(word: &[u8], digits: Digits) -> bool {
    let first = match word.first_chunk() {
        Some(first) => *first,
        None => bytes_at(word, 0),
    };
    // A word has no zeros.
    u32::from_le_bytes(first) & 0xFF_FFFF == digits && !first[3].is_ascii_alphanumeric()
}

/// Where a word ends: at a blank, a backslash, at the text's end.
#[inline(always)]
fn word_end(text: &[u8], start: usize, vector: impl Vector) -> Option<usize> {
    let mut at = start;
    while at - start < LONGEST_WORD {
        let ends = told_from(text, at, |near| vector.places_up_to(near, b' ', b'\\'));
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize);
        }
        at += 32;
        if at >= text.len() {
            return Some(text.len());
        }
    }
    None
}
