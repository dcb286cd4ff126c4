//! One byte after the other.

pub(super) fn places(bytes: &[u8; 64], wanted: u8) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == wanted))
}

pub(super) fn places_of_any(bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(wanted.contains(byte)))
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn prefetch(_byte: &u8) {}
