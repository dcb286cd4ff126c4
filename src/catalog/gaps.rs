//! What may vary in a reply that is to be kept.

use super::Reading;
use super::flat::Flat;
use super::index::bytes_at;
use super::kept::{BEHIND, Digits, Gap, Kept, MOST_OPEN, is_code};
use super::marker::Markers;
use crate::smtp::BasicCode;
use crate::vector::common;

/// Words of a reply at most that are looked at more closely: each may take as long as reading the reply.
const MOST_TRIED: usize = 16;

/// A reply that is to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'t> {
    pub(super) text: &'t [u8],
    pub(super) basic: Option<BasicCode>,
}

/// A word of a reply, and the one before it.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    start: usize,
    end: usize,
    before: &'t [u8],
}

impl<'t> Reply<'t> {
    /// The reply as it is kept, with what may vary in it. `flat` has it already.
    pub(super) fn kept(self, reading: Reading, markers: &Markers, flat: &mut Flat) -> Kept {
        let Reply { text, basic } = self;
        let mut kept = Kept::new(text, self.digits(), reading);
        if markers.looks_back() {
            return kept;
        }
        let words = flat.words().to_vec();
        // How far the flat reply is looked at for the last gap: another may begin there if the text goes on plainly for both.
        let (mut seen, mut all_plain) = (0, true);
        let free = self.words().filter_map(|word| Some((word, self.free(word, markers)?)));
        for (word, (start, end)) in free.take(MOST_TRIED) {
            flat.flatten(&text[..word.start], basic);
            let blank: &[u8] = if flat.words().is_empty() { b"" } else { b" " };
            let before = [flat.words(), blank, &text[word.start..start]].concat();
            let Some(open) = open(&before, &text[..start], start - word.start, markers) else { continue };
            let Some(behind) = words.get(before.len() + end - start..) else { continue };
            let plain = self.goes_on_plainly(word.end);
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
