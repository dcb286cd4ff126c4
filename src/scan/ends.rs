//! Where lines end: the only thing asked of every byte.
//!
//! Sixty-four bytes make one word, a bit for each line end; most words have one or none. So one is written down of each,
//! whether there is one or not, and only where there are more a processor must guess.

use crate::vector::{Vector, fetch_ahead};

/// Bytes that make one word.
const WIDTH: usize = 64;

/// How far ahead bytes are fetched from memory: more than is looked at before the next line ends are wanted.
const AHEAD: usize = 16 * 1024;

/// Line ends found at once, at most.
pub(super) const MOST: usize = 128;

/// The places of `\n` in `bytes`, and the end of `bytes` where the last line has none.
pub(super) struct Ends<'a, V> {
    vector: V,
    /// What was not looked at yet: words, and what is too short for one.
    words: &'a [[u8; WIDTH]],
    tail: &'a [u8],
    /// Where that begins.
    from: usize,
    /// The end of `bytes`, where it ends a line too.
    open: Option<usize>,
}

impl<'a, V: Vector> Ends<'a, V> {
    #[inline(always)]
    pub(super) fn new(vector: V, bytes: &'a [u8]) -> Ends<'a, V> {
        let (words, tail) = bytes.as_chunks();
        let open = bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len());
        Ends { vector, words, tail, from: 0, open }
    }

    /// Writes the next ones down. How many they are: none where there are no more.
    #[inline(always)]
    pub(super) fn next(&mut self, ends: &mut [usize; MOST]) -> usize {
        let mut count = 0;
        let mut from = self.from;
        let mut words = self.words.iter();
        // There is room for one more word of nothing but line ends.
        while count <= MOST - WIDTH
            && let Some(word) = words.next()
        {
            fetch_ahead(word, AHEAD);
            let mut bits = self.vector.places(word, b'\n');
            let more = bits.count_ones() as usize;
            ends[count % MOST] = from + bits.trailing_zeros() as usize;
            for next in 1..more {
                bits &= bits - 1;
                ends[(count + next) % MOST] = from + bits.trailing_zeros() as usize;
            }
            count += more;
            from += WIDTH;
        }
        self.words = words.as_slice();
        self.from = from;
        if self.words.is_empty() && count <= MOST - WIDTH {
            count = self.last(ends, count);
        }
        count
    }

    /// Those of the tail.
    #[cold]
    fn last(&mut self, ends: &mut [usize; MOST], mut count: usize) -> usize {
        let tail = std::mem::take(&mut self.tail);
        let all = memchr::memchr_iter(b'\n', tail).map(|at| self.from + at).chain(self.open.take());
        for end in all {
            ends[count] = end;
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vector::common;

    proptest! {
        #[test]
        fn all_line_ends_and_nothing_else(
            bytes in proptest::collection::vec(prop::sample::select(vec![b'\n', b'a', 0x8A, 0x0B]), 0..1000),
        ) {
            let open = bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len());
            let naive: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).chain(open).collect();
            let (mut ends, mut some, mut all) = (Ends::new(common(), &bytes), [0; MOST], Vec::new());
            loop {
                let count = ends.next(&mut some);
                if count == 0 {
                    break;
                }
                all.extend_from_slice(&some[..count]);
            }
            prop_assert_eq!(all, naive);
        }
    }
}
