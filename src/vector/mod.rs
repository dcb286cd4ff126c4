//! Many bytes compared at once: the only place with instructions of one kind of processor.
//!
//! Each question has a plain twin that other processors use; the tests hold one against the other. What is asked here is
//! asked of every line or of every byte: by plain loops these two take a quarter of the whole time.

#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain;
#[cfg(target_arch = "x86_64")]
mod sse2;

#[cfg(not(target_arch = "x86_64"))]
use plain as chosen;
#[cfg(target_arch = "x86_64")]
use sse2 as chosen;

/// One bit for each of the bytes that is `wanted`, the lowest for the first.
#[inline]
pub fn places(bytes: &[u8; 64], wanted: u8) -> u64 {
    chosen::places(bytes, wanted)
}

/// Tells the processor that bytes from `at` on will be wanted soon. A log is read faster than it comes from memory.
#[inline]
pub fn prefetch(bytes: &[u8], at: usize) {
    if let Some(byte) = bytes.get(at) {
        chosen::prefetch(byte);
    }
}

/// One bit for each of the bytes that is one of those `wanted`, the lowest for the first.
#[inline]
pub fn places_of_any(bytes: &[u8; 32], wanted: [u8; 3]) -> u32 {
    chosen::places_of_any(bytes, wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
        let byte = prop_oneof![prop::sample::select(vec![b'\n', b'[', b':', b' ', 0x8A, 0x0B]), any::<u8>()];
        proptest::collection::vec(byte, N).prop_map(|bytes| bytes.try_into().unwrap())
    }

    proptest! {
        #[test]
        fn many_at_once_is_one_by_one(long in bytes::<64>(), short in bytes::<32>(), wanted in any::<u8>()) {
            for wanted in [wanted, b'\n'] {
                prop_assert_eq!(places(&long, wanted), plain::places(&long, wanted));
            }
            let wanted = [b'[', b':', wanted];
            prop_assert_eq!(places_of_any(&short, wanted), plain::places_of_any(&short, wanted));
        }
    }
}
