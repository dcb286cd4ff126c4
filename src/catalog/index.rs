//! Where in a text markers are.
//!
//! A marker begins with a sign, or with a letter or digit that starts a word. At each such place of the text one look into a
//! small table tells whether the next eight bytes can be the head of a marker; only where they can are markers compared.
//! Three places out of four are passed over, few others lead to a comparison in vain, and none waits for the one before.

use crate::vector::{Vector, common};

/// How many slots the table has: several times the beginnings of our markers, and half of a processor's nearest cache.
const SLOTS: usize = 2048;

/// As many zeros stand behind a text, so that sixteen bytes can be read at each place.
pub(super) const PADDING: usize = 16;

/// The heads of all markers.
#[derive(Debug)]
pub(super) struct Index {
    /// No marker begins with a lower byte than this.
    least: u8,
    /// For each slot, told by the first three bytes of a head, a bit for each hash of the five bytes behind.
    heads: Box<[u64; SLOTS]>,
    /// Where each slot's candidates begin, and behind the last slot where they end.
    begins: Box<[u32]>,
    candidates: Box<[Candidate]>,
    /// What is behind the heads of all markers.
    tails: Box<[Part]>,
    /// The first eight bytes of each marker, letters small, in order; zeros behind those that are shorter.
    openings: Box<[[u8; 8]]>,
}

/// A marker to compare with.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    head: Part,
    /// Where among the tails its own begins, sixteen bytes each, and how many they are.
    tail: (u32, u16),
    number: u16,
}

/// Up to sixteen bytes to compare with, case ignored.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// The bytes, letters small.
    bytes: u128,
    /// Which of sixteen bytes it has.
    mask: u128,
    /// The bit that tells a capital from a small letter, where it has letters.
    case: u128,
}

impl Index {
    /// An index of texts, each with its number; each of two bytes at least. Case is ignored.
    pub(super) fn new<'t>(texts: impl Iterator<Item = (u16, &'t [u8])>) -> Index {
        let (mut least, mut heads, mut tails) = (0x7f, Box::new([0; SLOTS]), Vec::new());
        let (mut all, mut placed, mut openings) = (Vec::new(), Vec::new(), Vec::new());
        for (number, text) in texts {
            least = text.first().map_or(least, |first| least.min(first.to_ascii_uppercase()));
            let candidate = Candidate::new(number, text, &mut tails);
            let head = folded(candidate.head.bytes as u64);
            let known = if text.len() < 8 { u64::MAX } else { 1 << bit(head) };
            // Behind a marker of two bytes any third may stand.
            let thirds = if text.len() < 3 { 0..=u64::from(u8::MAX) } else { 0..=0 };
            let own = placed.len();
            for slot in thirds.map(|third| slot(folded(head | third << 16))) {
                heads[slot] |= known;
                if placed[own..].iter().all(|(other, _)| *other != slot) {
                    placed.push((slot, all.len()));
                }
            }
            all.push(candidate);
            openings.push(opening(text));
        }
        openings.sort_unstable();
        let mut begins = vec![0; SLOTS + 1];
        placed.iter().for_each(|(slot, _)| begins[slot + 1] += 1);
        (0..SLOTS).for_each(|slot| begins[slot + 1] += begins[slot]);
        // There are fewer slots than comparisons in a sort.
        let (mut next, mut order) = (begins.clone(), vec![0; placed.len()]);
        for (slot, candidate) in placed {
            order[next[slot] as usize] = candidate;
            next[slot] += 1;
        }
        let candidates = order.into_iter().map(|candidate: usize| all[candidate]).collect();
        let (begins, tails, openings) = (begins.into(), tails.into(), openings.into());
        Index { least, heads, begins, candidates, tails, openings }
    }

    /// Calls `found` with the number of a marker and the place where it begins, for each in a text that [`PADDING`]
    /// follows.
    pub(super) fn each_in(&self, padded: &[u8], mut found: impl FnMut(u16, usize)) {
        let (vector, below) = (common(), self.least.saturating_sub(1));
        let mut before = 0;
        for at in (0..padded.len()).step_by(32) {
            // Eight bytes can be read at each of thirty-two places.
            let here: [u8; 40] = bytes_at(padded, at);
            let Some(block) = here.first_chunk() else { return };
            let word = vector.alphanumerics(block);
            let mut places = !(word & (word << 1 | before)) & !vector.places_up_to(block, below, below);
            before = word >> 31;
            while places != 0 {
                let place = places.trailing_zeros() as usize % 32;
                places &= places - 1;
                let Some(head) = here[place..].first_chunk() else { return };
                if self.can_be(*head) {
                    let slot = slot(folded(u64::from_le_bytes(*head)));
                    self.compare(slot, &padded[at + place..], |number| found(number, at + place));
                }
            }
        }
    }

    /// Whether a marker may begin at a place from `from` up to `to`, as far as the bytes up to there and the eight behind
    /// tell. A place inside a word is none; `from` is taken for none.
    #[inline(always)]
    pub(super) fn may_begin(&self, text: &[u8], from: usize, to: usize, vector: impl Vector) -> bool {
        let (mut at, mut before) = (from, 0);
        let mut room = Room::default();
        while at < to {
            let here = room.see(text, at);
            let Some(block) = here.first_chunk() else { return true };
            let word = vector.alphanumerics(block);
            let mut places = !(word & (word << 1 | before));
            before = word >> 31;
            if to - at < 32 {
                places &= (1 << (to - at)) - 1;
            }
            while places != 0 {
                let place = places.trailing_zeros() as usize % 32;
                places &= places - 1;
                let Some(head) = here[place..].first_chunk() else { return true };
                if self.can_be(*head) && self.beginning(text, at + place, to + 8).next().is_some() {
                    return true;
                }
            }
            at += 32;
        }
        false
    }

    /// Whether the eight bytes from a place on can be the head of a marker.
    pub(super) fn is_head(&self, text: &[u8], place: usize) -> bool {
        self.can_be(bytes_at(text, place))
    }

    /// Whether a marker can begin with these bytes.
    #[inline(always)]
    fn can_be(&self, head: [u8; 8]) -> bool {
        let head = folded(u64::from_le_bytes(head));
        let known = self.heads[slot(head)];
        known != 0 && known >> bit(head) & 1 == 1
    }

    /// The markers that may begin at a place, as far as their first sixteen bytes and the text up to `end` tell.
    pub(super) fn beginning(&self, text: &[u8], place: usize, end: usize) -> impl Iterator<Item = u16> {
        let bytes: [u8; 16] = bytes_at(text, place);
        let slot = slot(folded(u128::from_le_bytes(bytes) as u64));
        let candidates = self.begins[slot] as usize..self.begins[slot + 1] as usize;
        let open = 16 - (end - place).min(16);
        let known = u128::MAX >> (8 * open.min(15));
        let may_be = move |candidate: &&Candidate| candidate.head.may_be(&bytes, known);
        self.candidates[candidates].iter().filter(may_be).map(|candidate| candidate.number)
    }

    /// Whether a marker begins with these bytes, fewer than eight, or is all of them.
    pub(super) fn opens_with(&self, bytes: &[u8]) -> bool {
        let wanted = opening(bytes);
        let at = self.openings.partition_point(|known| *known < wanted);
        self.openings.get(at).is_some_and(|known| known.starts_with(&wanted[..bytes.len().min(8)]))
    }

    fn compare(&self, slot: usize, text: &[u8], mut found: impl FnMut(u16)) {
        let Some(head) = text.first_chunk() else { return };
        let candidates = self.begins[slot] as usize..self.begins[slot + 1] as usize;
        for candidate in &self.candidates[candidates] {
            if candidate.head.is(head) && self.tail_is_behind(candidate, text) {
                found(candidate.number);
            }
        }
    }

    fn tail_is_behind(&self, candidate: &Candidate, text: &[u8]) -> bool {
        let (first, parts) = (candidate.tail.0 as usize, usize::from(candidate.tail.1));
        let tail = &self.tails[first..first + parts];
        // The padding is as long as a part: where one ends behind it, the text is over.
        let texts = text.as_chunks().0.iter().skip(1);
        tail.len() <= texts.len() && tail.iter().zip(texts).all(|(part, text)| part.is(text))
    }
}

impl Candidate {
    fn new(number: u16, text: &[u8], tails: &mut Vec<Part>) -> Candidate {
        let first = tails.len();
        let mut parts = text.chunks(16).map(Part::new);
        let head = parts.next().unwrap_or_else(|| Part::new(b""));
        tails.extend(parts);
        Candidate { head, tail: (first as u32, (tails.len() - first) as u16), number }
    }
}

impl Part {
    fn new(text: &[u8]) -> Part {
        let (mut bytes, mut mask) = ([0_u8; 16], [0; 16]);
        for ((byte, mask), from) in bytes.iter_mut().zip(&mut mask).zip(text) {
            (*byte, *mask) = (from.to_ascii_lowercase(), 0xff);
        }
        // All sixteen, which the compiler does at once.
        let case = bytes.map(|byte| u8::from(byte.is_ascii_lowercase()) << 5);
        let [bytes, mask, case] = [bytes, mask, case].map(u128::from_le_bytes);
        Part { bytes, mask, case }
    }

    fn is(&self, text: &[u8; 16]) -> bool {
        self.may_be(text, u128::MAX)
    }

    /// Whether it is, as far as bytes are `known`.
    fn may_be(&self, text: &[u8; 16], known: u128) -> bool {
        ((u128::from_le_bytes(*text) | self.case) ^ self.bytes) & self.mask & known == 0
    }
}

/// The bytes from a place on, zeros behind the end.
#[inline(always)]
pub(super) fn bytes_at<const N: usize>(text: &[u8], place: usize) -> [u8; N] {
    let rest = &text[place..];
    match rest.first_chunk() {
        Some(bytes) => *bytes,
        None => {
            let mut bytes = [0; N];
            bytes[..rest.len()].copy_from_slice(rest);
            bytes
        }
    }
}

/// Forty bytes: eight can be read at each of the first thirty-two places.
const SEEN: usize = 40;

/// Where the end of a text is put before zeros, so that as many bytes can be seen there as elsewhere.
struct Room([u8; 2 * SEEN]);

impl Default for Room {
    fn default() -> Room {
        Room([0; 2 * SEEN])
    }
}

impl Room {
    /// The bytes of a text from a place on, zeros behind its end.
    #[inline(always)]
    fn see<'t>(&'t mut self, text: &'t [u8], place: usize) -> &'t [u8; SEEN] {
        let rest = &text[place..];
        if let Some(here) = rest.first_chunk() {
            return here;
        }
        let Room(room) = self;
        match text.last_chunk::<SEEN>() {
            Some(last) => room[..SEEN].copy_from_slice(last),
            None => room[SEEN - rest.len()..SEEN].copy_from_slice(rest),
        }
        room[SEEN - rest.len()..].first_chunk().unwrap_or(&[0; SEEN])
    }
}

/// The first eight bytes of a text, letters small, zeros behind the end.
fn opening(text: &[u8]) -> [u8; 8] {
    bytes_at(text, 0).map(|byte: u8| byte.to_ascii_lowercase())
}

/// Eight bytes with capital letters as small ones. Some signs fall together, which the comparison tells apart.
fn folded(head: u64) -> u64 {
    head | 0x2020_2020_2020_2020
}

/// The slot of a head, told by its first three bytes.
fn slot(head: u64) -> usize {
    ((head as u32) << 8).wrapping_mul(0x9E37_79B1) as usize >> (u32::BITS - SLOTS.ilog2())
}

/// Which bit of its slot stands for the five bytes behind.
fn bit(head: u64) -> u32 {
    ((head >> 24).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(index: &Index, text: &str) -> Vec<(u16, usize)> {
        let mut found = Vec::new();
        let padded = [text.as_bytes(), &[0; PADDING]].concat();
        index.each_in(&padded, |number, at| found.push((number, at)));
        found.sort_unstable();
        found
    }

    fn index(markers: &[String]) -> Index {
        Index::new(markers.iter().enumerate().map(|(n, marker)| (n as u16, marker.as_bytes())))
    }

    /// The same, by looking for every marker at every place.
    fn naive(markers: &[String], text: &str) -> Vec<(u16, usize)> {
        let text = text.as_bytes();
        let word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let is_at = |marker: &[u8], at: usize| {
            let there = text.get(at..at + marker.len()).is_some_and(|part| part.eq_ignore_ascii_case(marker));
            there && !(word(at) && at > 0 && word(at - 1))
        };
        let places =
            |marker: &String| (0..text.len()).filter(|at| is_at(marker.as_bytes(), *at)).collect::<Vec<_>>();
        let all = markers.iter().enumerate();
        all.flat_map(|(n, marker)| places(marker).into_iter().map(move |at| (n as u16, at))).collect()
    }

    #[test]
    fn a_long_text_of_nothing_but_beginnings_is_read_in_passing() {
        let markers: Vec<String> = (0..500).map(|n| format!("too many {n}")).collect();
        let text = "too many 499 ".repeat(5_000);
        assert_eq!(found(&index(&markers), &text).len(), 15_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_marker_is_found_where_it_is(
            // Few letters, so that they meet; small and large, signs, lengths around those of head and tail.
            mut markers in prop::collection::vec("[abAB@` .5-]{2,4}|[ab][ab .]{5,20}", 0..12),
            texts in prop::collection::vec("[abAB@`ü .5-]{0,80}", 1..4),
            whole in any::<bool>(),
        ) {
            markers.sort();
            markers.dedup();
            let index = index(&markers);
            for mut text in texts {
                if whole {
                    text = markers.iter().fold(text, |text, marker| text + &marker.to_uppercase());
                }
                prop_assert_eq!(found(&index, &text), naive(&markers, &text), "{:?} in {:?}", markers, text);
            }
        }

        #[test]
        fn the_end_of_a_text_is_seen_like_its_middle(
            markers in prop::collection::vec("[abAB@` .5-]{2,4}|[ab][ab .]{5,20}", 0..12),
            text in "[abAB@ .5-]{1,90}",
            from in any::<prop::sample::Index>(),
            length in any::<prop::sample::Index>(),
        ) {
            let (index, text) = (index(&markers), text.as_bytes());
            let from = from.index(text.len());
            let to = from + 1 + length.index(text.len() - from);
            let goes_on = [text, &[0; SEEN]].concat();
            let may_begin = |text: &[u8]| index.may_begin(text, from, to, common());
            prop_assert_eq!(may_begin(text), may_begin(&goes_on), "{:?} from {} to {}", text, from, to);
        }
    }
}
