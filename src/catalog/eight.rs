//! Eight bytes of text looked at together, as one number of which the first is the lowest byte.
//!
//! What is asked of each byte is answered in its highest bit. A sum of seven bits and seven bits sets that bit and carries
//! nothing into the next byte.

/// The bit of each byte that holds an answer.
pub(super) const ANSWER: u64 = each(0x80);

/// A byte eight times.
pub(super) const fn each(byte: u8) -> u64 {
    byte as u64 * 0x0101_0101_0101_0101
}

/// Whether a byte is at least `least`, which is below 128. Bytes from 128 answer anything, and the bits beside [`ANSWER`]
/// are to be cut off: whoever asks several questions does both once.
pub(super) const fn at_least(bytes: u64, least: u8) -> u64 {
    (bytes & !ANSWER) + each(0x80 - least)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The answers as the eight lowest bits.
    fn gathered(answers: u64) -> u64 {
        (0..8).map(|n| (answers >> (8 * n + 7) & 1) << n).sum()
    }

    proptest! {
        #[test]
        fn eight_answers_are_those_of_each_byte(bytes: [u8; 8], least in 1_u8..128) {
            let all = u64::from_le_bytes(bytes);
            let of_each = |one: &dyn Fn(u8) -> bool| (0..8).map(|n| u64::from(one(bytes[n])) << n).sum::<u64>();
            let ascii = of_each(&|b| b.is_ascii());
            prop_assert_eq!(gathered(at_least(all, least)) & ascii, of_each(&|b| b >= least) & ascii);
        }
    }
}
