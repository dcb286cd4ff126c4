//! The id of a message, in four words: asked for with every line of a message's life.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The id of a message on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) struct Id {
    host: u64,
    /// The bytes, and last how many they are.
    words: [u64; 3],
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [first, second, third] = self.words.map(u128::from);
        state.write_u128(second << 64 | first);
        state.write_u128(u128::from(self.host) << 64 | third);
    }
}

impl Id {
    /// That of no message: none is so long.
    pub(super) const NONE: Id = Id { host: u64::MAX, words: [u64::MAX; 3] };

    #[inline]
    pub(super) fn new(host: u64, id: &[u8]) -> Id {
        Id { host, words: short(id).unwrap_or_else(|| long(id)) }
    }
}

/// The words of an id that is at least one of them long, as most are, and no longer than Exim's.
#[inline]
fn short(id: &[u8]) -> Option<[u64; 3]> {
    let (Some(first), Some(last), 8..=23) = (id.first_chunk(), id.last_chunk(), id.len()) else {
        return None;
    };
    let [first, last] = [first, last].map(|bytes: &[u8; 8]| u64::from_le_bytes(*bytes));
    let length = (id.len() as u64) << 56;
    // Of the last eight bytes some stand in a word before.
    let rest = |end: usize| (u128::from(last) >> (8 * (end - id.len()))) as u64;
    match id.get(8..).and_then(<[u8]>::first_chunk) {
        Some(second) => Some([first, u64::from_le_bytes(*second), rest(24) | length]),
        None => Some([first, rest(16), length]),
    }
}

/// The words of any id.
fn long(id: &[u8]) -> [u64; 3] {
    let mut bytes = [0; 24];
    // Exim's ids have 23 bytes, Postfix's fewer. Longer than any: told apart by a hash of all of it.
    bytes[23] = if id.len() <= 23 {
        bytes[..id.len()].copy_from_slice(id);
        id.len() as u8
    } else {
        bytes[..8].copy_from_slice(&xxh3_64(id).to_le_bytes());
        u8::MAX
    };
    let mut words = [0; 3];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// A host as ids name it.
#[inline]
pub(super) fn host_number(host: &[u8]) -> u64 {
    if host.is_empty() { 0 } else { xxh3_64(host) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_is_read_at_once_as_byte_by_byte(id in "[0-9A-Za-z-]{0,30}") {
            let words = short(id.as_bytes());
            prop_assert_eq!(words.is_some(), (8..=23).contains(&id.len()));
            prop_assert!(words.is_none_or(|words| words == long(id.as_bytes())));
        }
    }
}
