//! Thirty-two bytes at once by AVX2, and bits counted and taken by BMI: what most x86-64 processors since 2013 have.
#![expect(unsafe_code, reason = "vector instructions are unsafe to call where a processor may lack them")]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8, _mm256_sub_epi8, _mm256_testz_si256, _mm256_xor_si256,
};

use super::sse2::Sse2;
use super::{Vector, Work};

/// A processor that has all of this: there is no value of it elsewhere, so whoever has one may ask.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// The processor at hand, if it is one.
    pub(super) fn here() -> Option<Avx2> {
        let all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        all.then_some(Avx2(()))
    }

    /// Does work that is compiled for this processor.
    pub(super) fn run<W: Work>(self, work: W) -> W::Result {
        // SAFETY: the processor has what is enabled there, or there would be no `self`.
        unsafe { run(self, work) }
    }
}

impl Vector for Avx2 {
    #[inline(always)]
    fn places(self, bytes: &[u8; 64], wanted: u8) -> u64 {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { places(bytes, wanted) }
    }

    #[inline(always)]
    fn places_of_any(self, bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { places_of_any(bytes, wanted) }
    }

    #[inline(always)]
    fn are_like(self, one: &[u8; 32], other: &[u8; 32], mask: &[u8; 32]) -> bool {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { are_like(one, other, mask) }
    }

    #[inline(always)]
    fn places_within(self, bytes: &[u8; 16], first: u8, last: u8) -> u16 {
        Sse2.places_within(bytes, first, last)
    }

    // It must be said here: where instructions are enabled the compiler does not heed it.
    #[inline(never)]
    fn apart<W: Work>(self, work: W) -> W::Result {
        self.run(work)
    }

    #[inline(always)]
    fn places_of_either(self, bytes: &[u8; 16], wanted: [u8; 2]) -> u16 {
        Sse2.places_of_either(bytes, wanted)
    }

    #[inline(always)]
    fn places_of_letters(self, bytes: &[u8; 16], last: u8) -> u16 {
        Sse2.places_of_letters(bytes, last)
    }

    #[inline(always)]
    fn places_before(self, bytes: &[u8; 33], wanted: u8, first: u8, last: u8) -> u32 {
        Sse2.places_before(bytes, wanted, first, last)
    }

    #[inline(always)]
    fn differences(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { differences(one, other) }
    }

    #[inline(always)]
    fn alphanumerics(self, bytes: &[u8; 32]) -> u32 {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { alphanumerics(bytes) }
    }

    #[inline(always)]
    fn places_up_to(self, bytes: &[u8; 32], last: u8, other: u8) -> u32 {
        // SAFETY: the processor has AVX2, or there would be no `self`.
        unsafe { places_up_to(bytes, last, other) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run<W: Work>(avx2: Avx2, work: W) -> W::Result {
    work.by(avx2)
}

#[inline]
#[target_feature(enable = "avx2")]
fn places(bytes: &[u8; 64], wanted: u8) -> u64 {
    let wanted = _mm256_set1_epi8(wanted.cast_signed());
    let mut bits = 0;
    for (index, half) in bytes.as_chunks().0.iter().enumerate() {
        bits |= u64::from(mask(_mm256_cmpeq_epi8(load(half), wanted))) << (32 * index);
    }
    bits
}

#[inline]
#[target_feature(enable = "avx2")]
fn places_of_any(bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
    let bytes = load(bytes);
    // One after the other, since `map` is not always a part of what asks for it.
    let [a, b, c] = wanted;
    let a = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(a.cast_signed()));
    let b = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b.cast_signed()));
    let c = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c.cast_signed()));
    mask(_mm256_or_si256(_mm256_or_si256(a, b), c))
}

#[inline]
#[target_feature(enable = "avx2")]
fn are_like(one: &[u8; 32], other: &[u8; 32], mask: &[u8; 32]) -> bool {
    _mm256_testz_si256(_mm256_xor_si256(load(one), load(other)), load(mask)) == 1
}

#[inline]
#[target_feature(enable = "avx2")]
fn differences(one: &[u8; 32], other: &[u8; 32]) -> u32 {
    !mask(_mm256_cmpeq_epi8(load(one), load(other)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn alphanumerics(bytes: &[u8; 32]) -> u32 {
    let bytes = load(bytes);
    let small = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    // As far above `a` as a letter is at most, or as far above `0` as a digit: the lesser of both is the byte itself.
    let letters = _mm256_sub_epi8(small, _mm256_set1_epi8(b'a'.cast_signed()));
    let digits = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0'.cast_signed()));
    let letters = _mm256_cmpeq_epi8(_mm256_min_epu8(letters, _mm256_set1_epi8(25)), letters);
    let digits = _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
    mask(_mm256_or_si256(letters, digits))
}

#[inline]
#[target_feature(enable = "avx2")]
fn places_up_to(bytes: &[u8; 32], last: u8, other: u8) -> u32 {
    let bytes = load(bytes);
    let [last, other] = [last, other].map(|byte| _mm256_set1_epi8(byte.cast_signed()));
    let up_to = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, last), bytes);
    mask(_mm256_or_si256(up_to, _mm256_cmpeq_epi8(bytes, other)))
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn mask(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(bytes).cast_unsigned()
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: all 32 bytes are there, and no alignment is asked for.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(bytes).cast()) }
}
