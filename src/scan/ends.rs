//! Where lines end: the only thing asked of every byte.
//!
//! Sixty-four bytes make one word, a bit for each line end; taking the bits one by one costs less than a search that
//! starts anew behind every line.

use crate::vector::{places, prefetch};

/// The places of `\n` in `bytes`, and the end of `bytes` where the last line has none.
pub(super) struct Ends<'a> {
    bytes: &'a [u8],
    /// Line ends not handed out, of the 64 bytes at `from`.
    bits: u64,
    from: usize,
    /// The end of `bytes` ends a line too.
    open: bool,
}

impl<'a> Ends<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Ends<'a> {
        let open = bytes.last().is_some_and(|last| *last != b'\n');
        Ends { bytes, bits: line_ends(bytes), from: 0, open }
    }
}

impl Iterator for Ends<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            let from = self.from + WIDTH;
            if from >= self.bytes.len() {
                return std::mem::take(&mut self.open).then_some(self.bytes.len());
            }
            self.from = from;
            prefetch(self.bytes, from + AHEAD);
            self.bits = line_ends(&self.bytes[from..]);
        }
        let end = self.from + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(end)
    }
}

/// How far ahead bytes are fetched from memory: some lines.
const AHEAD: usize = 1024;

/// Bytes that make one word.
const WIDTH: usize = 64;

/// One bit for each `\n` among the first 64 bytes.
#[inline]
fn line_ends(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<WIDTH>() {
        Some(chunk) => places(chunk, b'\n'),
        None => bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == b'\n')),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_line_ends_and_nothing_else(
            bytes in proptest::collection::vec(prop::sample::select(vec![b'\n', b'a', 0x8A, 0x0B]), 0..400),
        ) {
            let open = bytes.last().is_some_and(|last| *last != b'\n').then_some(bytes.len());
            let naive: Vec<usize> = memchr::memchr_iter(b'\n', &bytes).chain(open).collect();
            prop_assert_eq!(Ends::new(&bytes).collect::<Vec<usize>>(), naive);
        }
    }
}
