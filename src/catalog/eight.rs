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

/// Whether a byte is a letter or digit of ASCII.
pub(super) const fn alphanumeric(bytes: u64) -> u64 {
    let small = bytes | each(b'a' - b'A');
    let letters = at_least(small, b'a') ^ at_least(small, b'z' + 1);
    let digits = at_least(bytes, b'0') ^ at_least(bytes, b'9' + 1);
    (letters | digits) & !bytes & ANSWER
}

/// The answers as the eight lowest bits.
pub(super) const fn gathered(answers: u64) -> u64 {
    // The product has the answer of byte n at bit 56 + n; no two of its parts meet.
    ((answers & ANSWER) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_answers_are_those_of_each_byte(bytes: [u8; 8], least in 1_u8..128) {
            let all = u64::from_le_bytes(bytes);
            let of_each = |one: &dyn Fn(u8) -> bool| (0..8).map(|n| u64::from(one(bytes[n])) << n).sum::<u64>();
            prop_assert_eq!(gathered(alphanumeric(all)), of_each(&|b| b.is_ascii_alphanumeric()));
            let ascii = of_each(&|b| b.is_ascii());
            prop_assert_eq!(gathered(at_least(all, least)) & ascii, of_each(&|b| b >= least) & ascii);
        }
    }
}
