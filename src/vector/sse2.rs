//! Sixteen bytes at once by SSE2, which is part of every x86-64 processor.
#![expect(unsafe_code, reason = "vector instructions are unsafe to call where a processor may lack them")]

use std::arch::x86_64::{
    __m128i, _MM_HINT_T0, _mm_and_si128, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_prefetch,
    _mm_set_epi64x, _mm_set1_epi8, _mm_setzero_si128, _mm_subs_epu8, _mm_xor_si128,
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
