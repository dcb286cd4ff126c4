//! Marks of some numbers: most others can be told from them at once.

/// Marks, each one bit of a table that stays in the processor's cache where what they stand for does not.
#[derive(Debug)]
pub(super) struct Marks {
    words: Box<[u64]>,
    /// What is left of a mixed number is its place.
    shift: u32,
}

impl Marks {
    /// None yet, in a table of 2 to the power of so many bits, 6 at least.
    pub(super) fn new(bits: u32) -> Marks {
        let bits = bits.clamp(6, 30);
        Marks { words: vec![0; 1 << (bits - 6)].into(), shift: 64 - bits }
    }

    /// Marks a number.
    pub(super) fn add(&mut self, number: u64) {
        let (word, bit) = self.place(number);
        self.words[word] |= bit;
    }

    /// Whether a number may be marked; one that is, always may.
    pub(super) fn may_hold(&self, number: u64) -> bool {
        let (word, bit) = self.place(number);
        self.words[word] & bit != 0
    }

    fn place(&self, number: u64) -> (usize, u64) {
        let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift;
        ((place >> 6) as usize, 1 << (place & 63))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_marked_is_never_ruled_out(bits in 0_u32..16, numbers in proptest::collection::vec(any::<u64>(), 0..50)) {
            let mut marks = Marks::new(bits);
            numbers.iter().for_each(|number| marks.add(*number));
            prop_assert!(numbers.iter().all(|number| marks.may_hold(*number)));
        }
    }

    #[test]
    fn most_others_are() {
        let mut marks = Marks::new(16);
        (0..1_000).for_each(|number| marks.add(number));
        assert!((1_000..100_000).filter(|number| marks.may_hold(*number)).count() < 5_000);
    }
}
