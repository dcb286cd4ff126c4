//! Names to small numbers.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::vector::{Vector, are_same, common};

/// Longest name that is kept whole: a domain's limit (RFC 1035, section 2.3.4). Hostile logs may hold longer ones.
pub(super) const LONGEST_NAME: usize = 255;

/// Names that are found without a search when they come again soon.
const RECENT: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 12;

/// Bytes of a name that stand with the recent ones: few hosts' names are longer.
const SHORT: usize = 58;

/// Names as text, in order.
#[derive(Debug)]
pub(super) struct Texts {
    /// By number: the place in the list.
    places: Vec<u32>,
    /// Each text once.
    list: Vec<Arc<str>>,
}

impl Texts {
    /// The place of a name in the order.
    pub(super) fn place(&self, number: u32) -> u32 {
        self.places[number as usize]
    }

    /// What stands there.
    pub(super) fn text(&self, place: u32) -> &Arc<str> {
        &self.list[place as usize]
    }
}

/// Names in order of first sight.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All names, one behind the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// By [`quick`]; empty as long as nobody asked for a name.
    recent: Vec<Recent>,
}

/// The last name of its place, with all that is asked of it in one line of the processor's cache: the log goes through that cache
/// and takes other things out, so that each further look were as slow as the first.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Recent {
    /// One more than its number; 0 is none.
    number: u32,
    /// Its length; only of a name that fits is the text here.
    length: u8,
    /// It has no capital letters.
    is_lower: bool,
    text: [u8; SHORT],
}

impl Recent {
    const NONE: Recent = Recent { number: 0, length: 0, is_lower: false, text: [0; SHORT] };
}

impl Names {
    /// The number of a name.
    #[inline]
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        let name = &name[..name.len().min(LONGEST_NAME)];
        let place = quick(name);
        match self.recent(place, name) {
            Some((number, _)) => number,
            None => self.search_and_keep(name, place),
        }
    }

    /// The number of a name that is the last one of its place, and whether it has no capital letters.
    #[inline(always)]
    fn recent(&self, place: usize, name: &[u8]) -> Option<(u32, bool)> {
        let recent = self.recent.get(place)?;
        let number = recent.number.checked_sub(1)?;
        let text = recent.text.get(..usize::from(recent.length));
        are_same(text.unwrap_or_else(|| self.name(number)), name).then_some((number, recent.is_lower))
    }

    #[inline(never)]
    fn search_and_keep(&mut self, name: &[u8], place: usize) -> u32 {
        let number = self.search(name);
        if self.recent.is_empty() {
            self.recent.resize(RECENT, Recent::NONE);
        }
        let recent = &mut self.recent[place];
        // No name is longer than 255 bytes.
        (recent.number, recent.length, recent.is_lower) = (number + 1, name.len() as u8, !has_capitals(name));
        if let Some(text) = recent.text.get_mut(..name.len()) {
            text.copy_from_slice(name);
        }
        number
    }

    fn search(&mut self, name: &[u8]) -> u32 {
        let hash = hash_of(&self.hasher, name);
        if let Some(number) = self.numbers.find(hash, |number| are_same(self.name(*number), name)) {
            return *number;
        }
        // A log cannot name four thousand million hosts.
        let number = self.ends.len() as u32;
        self.text.extend_from_slice(name);
        self.ends.push(self.text.len());
        let Names { text, ends, numbers, hasher, .. } = self;
        numbers.insert_unique(hash, number, |number| hash_of(hasher, name_of(text, ends, *number)));
        number
    }

    /// The number of a name in lower case (domains do not tell case apart, RFC 5321, section 2.4).
    #[inline]
    pub(super) fn number_lower(&mut self, name: &[u8]) -> u32 {
        let name = &name[..name.len().min(LONGEST_NAME)];
        let place = quick(name);
        match self.recent(place, name) {
            Some((number, true)) => number,
            _ => self.search_lower(name, place),
        }
    }

    #[inline(never)]
    fn search_lower(&mut self, name: &[u8], place: usize) -> u32 {
        if !has_capitals(name) {
            return self.search_and_keep(name, place);
        }
        let mut lower = [0; LONGEST_NAME];
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.number(lower)
    }

    /// All names as text.
    pub(super) fn texts(&self) -> Texts {
        let all: Vec<Cow<'_, str>> = self.list_from(0).map(String::from_utf8_lossy).collect();
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        order.sort_unstable_by(|a, b| all[*a as usize].cmp(&all[*b as usize]));
        let (mut places, mut list) = (vec![0; all.len()], Vec::<Arc<str>>::new());
        for number in order {
            let text = &*all[number as usize];
            // Names that are no UTF-8 may look alike.
            if list.last().is_none_or(|last| **last != *text) {
                list.push(text.into());
            }
            places[number as usize] = (list.len() - 1) as u32;
        }
        Texts { places, list }
    }

    /// The name of a number that this table gave.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        name_of(&self.text, &self.ends, number)
    }

    /// The names from a number on, in order.
    pub(super) fn list_from(&self, number: usize) -> impl Iterator<Item = &[u8]> {
        (number as u32..self.ends.len() as u32).map(|number| self.name(number))
    }
}

#[inline]
fn name_of<'a>(text: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[number]]
}

/// What the length would tell beside the bytes is left out: names are compared whole.
#[inline]
fn hash_of(hasher: &DefaultHashBuilder, name: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(name);
    hasher.finish()
}

/// Whether a name has capital letters.
#[inline]
fn has_capitals(name: &[u8]) -> bool {
    let among = |bytes: &[u8; 16]| common().places_within(bytes, b'A', b'Z') != 0;
    match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) if name.len() <= 32 => among(first) || among(last),
        _ => name.iter().any(u8::is_ascii_uppercase),
    }
}

/// A place for a name, from its length and the bytes at its beginning, in its middle and at its end: hosts of one domain begin
/// and end alike.
#[inline]
fn quick(name: &[u8]) -> usize {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let middle = name.get(name.len().saturating_sub(8) / 2..).and_then(<[u8]>::first_chunk);
    let mixed = match (name.first_chunk(), middle, name.last_chunk()) {
        (Some(first), Some(middle), Some(last)) => {
            word(first) ^ word(middle).rotate_left(41) ^ word(last).rotate_left(23)
        }
        _ => name.iter().fold(0, |mixed, byte| mixed << 8 | u64::from(*byte)),
    };
    ((mixed ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - RECENT_BITS)) as usize % RECENT
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_names_and_only_those_have_equal_numbers(
            list in proptest::collection::vec("[a-bA-B]{0,3}|long-name-[a-zA]{1,2}-in-the-middle\\.example|[a-b]{1,2}[c-d]{50,80}", 1..60),
        ) {
            let mut names = Names::default();
            let mut plain: Vec<String> = Vec::new();
            for name in &list {
                let lower = name.to_ascii_lowercase();
                let number = plain.iter().position(|known| *known == lower).unwrap_or_else(|| {
                    plain.push(lower.clone());
                    plain.len() - 1
                });
                prop_assert_eq!(names.number_lower(name.as_bytes()), number as u32);
                prop_assert_eq!(names.name(number as u32), lower.as_bytes());
            }
            prop_assert!(names.list_from(0).eq(plain.iter().map(String::as_bytes)));
        }
    }

    proptest! {
        #[test]
        fn capitals_are_found(name in "[a-z@\\[.]{0,40}[a-zA-Z`]{0,2}[a-z@\\[-]{0,40}") {
            let name = name.as_bytes();
            prop_assert_eq!(has_capitals(name), name.iter().any(u8::is_ascii_uppercase));
        }
    }

    #[test]
    fn case_is_told_apart_unless_asked_otherwise() {
        let mut names = Names::default();
        let upper = names.number(b"Example.ORG");
        assert_ne!(names.number_lower(b"Example.ORG"), upper);
        assert_eq!(names.number(b"Example.ORG"), upper);
        let long = [b'a'; 600];
        assert_eq!(names.number(&long), names.number(&long[..LONGEST_NAME]));
    }
}
