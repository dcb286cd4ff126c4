//! Sixteen bytes at once by SSE2, which is part of every x86-64 processor.
#![expect(unsafe_code, reason = "vector instructions are unsafe to call where a processor may lack them")]

use std::arch::x86_64::{
    __m128i, _MM_HINT_T0, _mm_and_si128, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
    _mm_prefetch, _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128, _mm_sub_epi8, _mm_subs_epu8,
    _mm_xor_si128,
};

use super::{Vector, Work, plainly};

/// Any x86-64 processor.
#[derive(Clone, Copy)]
pub(super) struct Sse2;

impl Vector for Sse2 {
    #[inline(always)]
    fn places(self, bytes: &[u8; 64], wanted: u8) -> u64 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places(bytes, wanted) }
    }

    #[inline(always)]
    fn places_of_any(self, bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_of_any(bytes, wanted) }
    }

    #[inline(always)]
    fn are_like(self, one: &[u8; 32], other: &[u8; 32], mask: &[u8; 32]) -> bool {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { are_like(one, other, mask) }
    }

    #[inline(always)]
    fn places_within(self, bytes: &[u8; 16], first: u8, last: u8) -> u16 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_within(bytes, first, last) }
    }

    fn apart<W: Work>(self, work: W) -> W::Result {
        plainly(self, work)
    }

    #[inline(always)]
    fn places_of_either(self, bytes: &[u8; 16], wanted: [u8; 2]) -> u16 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_of_either(bytes, wanted) }
    }

    #[inline(always)]
    fn places_of_letters(self, bytes: &[u8; 16], last: u8) -> u16 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_of_letters(bytes, last) }
    }

    #[inline(always)]
    fn places_before(self, bytes: &[u8; 33], wanted: u8, first: u8, last: u8) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_before(bytes, wanted, first, last) }
    }

    #[inline(always)]
    fn differences(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { differences(one, other) }
    }

    #[inline(always)]
    fn alphanumerics(self, bytes: &[u8; 32]) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { alphanumerics(bytes) }
    }

    #[inline(always)]
    fn places_up_to(self, bytes: &[u8; 32], last: u8, other: u8) -> u32 {
        // SAFETY: SSE2 is part of every x86-64 processor.
        unsafe { places_up_to(bytes, last, other) }
    }
}

#[inline(always)]
pub(super) fn prefetch(byte: *const u8) {
    // SAFETY: a hint, which reads nothing, wherever it points; SSE is part of every x86-64 processor.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(byte.cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn places(bytes: &[u8; 64], wanted: u8) -> u64 {
    let wanted = _mm_set1_epi8(wanted.cast_signed());
    let mut bits = 0;
    for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
        bits |= u64::from(mask(_mm_cmpeq_epi8(load(sixteen), wanted))) << (16 * index);
    }
    bits
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_of_any(bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
    // One after the other, since `map` is not always a part of what asks for it.
    let [a, b, c] = wanted;
    let (a, b, c) =
        (_mm_set1_epi8(a.cast_signed()), _mm_set1_epi8(b.cast_signed()), _mm_set1_epi8(c.cast_signed()));
    let mut bits = 0;
    for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
        let bytes = load(sixteen);
        let first = _mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b));
        bits |= mask(_mm_or_si128(first, _mm_cmpeq_epi8(bytes, c))) << (16 * index);
    }
    bits
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_within(bytes: &[u8; 16], first: u8, last: u8) -> u16 {
    // Sixteen bytes make sixteen bits.
    mask(within(load(bytes), first, last)) as u16
}

#[inline]
#[target_feature(enable = "sse2")]
fn within(bytes: __m128i, first: u8, last: u8) -> __m128i {
    // What is not between lies below `first` or above `last`, and saturating differences are not zero there.
    let below = _mm_subs_epu8(_mm_set1_epi8(first.cast_signed()), bytes);
    let above = _mm_subs_epu8(bytes, _mm_set1_epi8(last.cast_signed()));
    _mm_cmpeq_epi8(_mm_or_si128(below, above), _mm_setzero_si128())
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_of_either(bytes: &[u8; 16], wanted: [u8; 2]) -> u16 {
    let bytes = load(bytes);
    let [a, b] = wanted.map(|byte| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed())));
    // Sixteen bytes make sixteen bits.
    mask(_mm_or_si128(a, b)) as u16
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_of_letters(bytes: &[u8; 16], last: u8) -> u16 {
    // One bit makes a capital letter a small one, and no other byte a letter.
    let small = _mm_or_si128(load(bytes), _mm_set1_epi8(0x20));
    // Sixteen bytes make sixteen bits.
    mask(within(small, b'a', last)) as u16
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_before(bytes: &[u8; 33], wanted: u8, first: u8, last: u8) -> u32 {
    let [_, behind @ ..] = bytes;
    let halves = bytes.as_chunks().0.iter().zip(behind.as_chunks().0);
    halves.enumerate().fold(0, |bits, (index, (bytes, behind))| {
        let wanted = _mm_cmpeq_epi8(load(bytes), _mm_set1_epi8(wanted.cast_signed()));
        let within = within(load(behind), first, last);
        bits | mask(_mm_and_si128(wanted, within)) << (16 * index)
    })
}

#[inline]
#[target_feature(enable = "sse2")]
fn are_like(one: &[u8; 32], other: &[u8; 32], wanted: &[u8; 32]) -> bool {
    let halves = one.as_chunks().0.iter().zip(other.as_chunks().0).zip(wanted.as_chunks().0);
    let differ = halves.fold(_mm_setzero_si128(), |all, ((one, other), wanted)| {
        _mm_or_si128(all, _mm_and_si128(_mm_xor_si128(load(one), load(other)), load(wanted)))
    });
    mask(_mm_cmpeq_epi8(differ, _mm_setzero_si128())) == 0xFFFF
}

#[inline]
#[target_feature(enable = "sse2")]
fn differences(one: &[u8; 32], other: &[u8; 32]) -> u32 {
    let mut same = 0;
    for (index, (one, other)) in one.as_chunks().0.iter().zip(other.as_chunks().0).enumerate() {
        same |= mask(_mm_cmpeq_epi8(load(one), load(other))) << (16 * index);
    }
    !same
}

#[inline]
#[target_feature(enable = "sse2")]
fn alphanumerics(bytes: &[u8; 32]) -> u32 {
    let mut bits = 0;
    for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
        let bytes = load(sixteen);
        let small = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        // As far above `a` as a letter is at most, or as far above `0` as a digit: the lesser of both is the byte itself.
        let letters = _mm_sub_epi8(small, _mm_set1_epi8(b'a'.cast_signed()));
        let digits = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0'.cast_signed()));
        let letters = _mm_cmpeq_epi8(_mm_min_epu8(letters, _mm_set1_epi8(25)), letters);
        let digits = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
        bits |= mask(_mm_or_si128(letters, digits)) << (16 * index);
    }
    bits
}

#[inline]
#[target_feature(enable = "sse2")]
fn places_up_to(bytes: &[u8; 32], last: u8, other: u8) -> u32 {
    let [last, other] = [last, other].map(|byte| _mm_set1_epi8(byte.cast_signed()));
    let mut bits = 0;
    for (index, sixteen) in bytes.as_chunks().0.iter().enumerate() {
        let bytes = load(sixteen);
        let up_to = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes);
        bits |= mask(_mm_or_si128(up_to, _mm_cmpeq_epi8(bytes, other))) << (16 * index);
    }
    bits
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "sse2")]
fn mask(bytes: __m128i) -> u32 {
    _mm_movemask_epi8(bytes).cast_unsigned()
}

/// Compiled to one load.
#[inline]
#[target_feature(enable = "sse2")]
fn load(bytes: &[u8; 16]) -> __m128i {
    let both = u128::from_le_bytes(*bytes);
    _mm_set_epi64x((both >> 64) as i64, both as i64)
}
