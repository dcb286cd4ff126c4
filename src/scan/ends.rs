//! Where lines end: the only thing asked of every byte.
//!
//! Sixty-four bytes make one word, a bit for each line end; taking the bits one by one costs less than a search that
//! starts anew behind every line.

use crate::vector::{Vector, prefetch};

/// The places of `\n` in `bytes`, and the end of `bytes` where the last line has none.
pub(super) struct Ends<'a, V> {
    vector: V,
    /// What was not looked at yet: words, and what is too short for one.
    words: std::slice::Iter<'a, [u8; WIDTH]>,
    tail: &'a [u8],
    /// Line ends not handed out, of the word that begins at `from`; `next` is where the one behind it does.
    bits: u64,
    from: usize,
    next: usize,
    /// The end of `bytes`, where it ends a line too.
    open: Option<usize>,
}

impl<'a, V: Vector> Ends<'a, V> {
    #[inline(always)]
    pub(super) fn new(vector: V, bytes: &'a [u8]) -> Ends<'a, V> {
        let (words, tail) = bytes.as_chunks();
        let open = bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len());
        Ends { vector, words: words.iter(), tail, bits: 0, from: 0, next: 0, open }
    }

    /// The line ends of the next word; `None` where there is none.
    #[inline(always)]
    fn word(&mut self) -> Option<u64> {
        let Some(word) = self.words.next() else {
            let tail = std::mem::take(&mut self.tail);
            let bits = tail.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == b'\n'));
            return (!tail.is_empty()).then_some(bits);
        };
        if let Some(ahead) = self.words.as_slice().get(AHEAD) {
            prefetch(&ahead[0]);
        }
        Some(self.vector.places(word, b'\n'))
    }
}

impl<V: Vector> Iterator for Ends<'_, V> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            let Some(bits) = self.word() else { return self.open.take() };
            self.bits = bits;
            self.from = self.next;
            self.next += WIDTH;
        }
        let end = self.from + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(end)
    }
}

/// How far ahead bytes are fetched from memory, in words: some lines.
const AHEAD: usize = 16;

/// Bytes that make one word.
const WIDTH: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vector::common;

    proptest! {
        #[test]
        fn all_line_ends_and_nothing_else(
            bytes in proptest::collection::vec(prop::sample::select(vec![b'\n', b'a', 0x8A, 0x0B]), 0..400),
        ) {
            let open = bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len());
            let naive: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).chain(open).collect();
            prop_assert_eq!(Ends::new(common(), &bytes).collect::<Vec<usize>>(), naive);
        }
    }
}
