//! Where lines end: the only thing asked of every byte.
//!
//! Sixty-four bytes make one word, a bit for each line end; taking the bits one by one costs less than a search that
//! starts anew behind every line.

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
            self.bits = line_ends(&self.bytes[from..]);
        }
        let end = self.from + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(end)
    }
}

/// Bytes that make one word.
const WIDTH: usize = 64;

/// One bit for each `\n` among the first 64 bytes.
#[inline]
fn line_ends(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<WIDTH>() {
        Some(chunk) => of_chunk(chunk),
        None => one_by_one(bytes),
    }
}

fn one_by_one(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == b'\n'))
}

#[cfg(not(target_arch = "x86_64"))]
fn of_chunk(chunk: &[u8; WIDTH]) -> u64 {
    one_by_one(chunk)
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector instructions are unsafe to call where a processor may lack them")]
#[inline]
fn of_chunk(chunk: &[u8; WIDTH]) -> u64 {
    // SAFETY: SSE2 is part of every x86-64 processor.
    unsafe { by_sse2(chunk) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn by_sse2(chunk: &[u8; WIDTH]) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let newline = _mm_set1_epi8(b'\n' as i8);
    let mut bits = 0;
    for (index, quarter) in chunk.as_chunks::<16>().0.iter().enumerate() {
        let both = u128::from_le_bytes(*quarter);
        let bytes = _mm_set_epi64x((both >> 64) as i64, both as i64);
        let ends = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline));
        bits |= u64::from(ends.cast_unsigned()) << (16 * index);
    }
    bits
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

    proptest! {
        #[test]
        fn a_word_at_once_is_one_by_one(chunk in any::<[u8; 64]>()) {
            prop_assert_eq!(of_chunk(&chunk), one_by_one(&chunk));
        }
    }
}
