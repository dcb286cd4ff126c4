//! The generator's own random numbers: the same on every machine, for ever.
//!
//! SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): one 64-bit counter and
//! three mixing steps, whole numbers only. Good enough for mail logs, not for secrets.

/// The odd constant SplitMix64 counts by.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed.
    pub(super) fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The next number.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias of the multiplication is below 2^-32 a value.
    #[inline]
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        scale(self.next(), bound)
    }

    /// True in `ppm` of a million calls.
    #[inline]
    pub(super) fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < ppm
    }
}

/// SplitMix64's mixing function: a number that looks unrelated to its argument, and always the same one.
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number below `bound` that depends on `seed` and `salt` only.
#[inline]
pub(super) fn stable(seed: u64, salt: u64, bound: u32) -> u32 {
    scale(mix(seed ^ salt.wrapping_mul(GOLDEN)), bound)
}

/// Maps a random number to below `bound` by its upper half.
#[inline]
fn scale(number: u64, bound: u32) -> u32 {
    (((number >> 32) * u64::from(bound)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn below_reaches_all_values_and_no_other() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            seen[random.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 800 && count < 1_200), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }
}
