//! One byte after the other.

use super::{Vector, Work, plainly};

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Vector for Plain {
    fn places(self, bytes: &[u8; 64], wanted: u8) -> u64 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == wanted))
    }

    fn places_of_any(self, bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(wanted.contains(byte)))
    }

    fn are_like(self, one: &[u8; 32], other: &[u8; 32], mask: &[u8; 32]) -> bool {
        one.iter().zip(other).zip(mask).all(|((one, other), mask)| (one ^ other) & mask == 0)
    }

    fn places_within(self, bytes: &[u8; 16], first: u8, last: u8) -> u16 {
        let within = |byte| (first..=last).contains(byte);
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u16::from(within(byte)))
    }

    fn apart<W: Work>(self, work: W) -> W::Result {
        plainly(self, work)
    }

    fn places_of_either(self, bytes: &[u8; 16], wanted: [u8; 2]) -> u16 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u16::from(wanted.contains(byte)))
    }

    fn places_of_letters(self, bytes: &[u8; 16], last: u8) -> u16 {
        let letter = |byte: u8| (b'a'..=last).contains(&byte.to_ascii_lowercase());
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u16::from(letter(*byte)))
    }

    fn places_before(self, bytes: &[u8; 33], wanted: u8, first: u8, last: u8) -> u32 {
        let before = |pair: &[u8]| pair[0] == wanted && (first..=last).contains(&pair[1]);
        bytes.windows(2).rev().fold(0, |bits, pair| bits << 1 | u32::from(before(pair)))
    }

    fn differences(self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let both = one.iter().zip(other).rev();
        both.fold(0, |bits, (one, other)| bits << 1 | u32::from(one != other))
    }

    fn alphanumerics(self, bytes: &[u8; 32]) -> u32 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(byte.is_ascii_alphanumeric()))
    }

    fn places_up_to(self, bytes: &[u8; 32], last: u8, other: u8) -> u32 {
        let is_one = |byte: &u8| *byte <= last || *byte == other;
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(is_one(byte)))
    }
}
