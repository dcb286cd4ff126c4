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
#[derive(Debug)]
pub(super) struct Names {
    /// All names, one behind the other, and what is known of each.
    text: Vec<u8>,
    known: Vec<Known>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// By [`quick`]: one more than the number of the last name there; 0 is none.
    recent: Box<[u32; RECENT]>,
}

/// What is known of a name, in one word: many are looked up in no order.
#[derive(Clone, Copy, Debug)]
struct Known(usize);

impl Known {
    fn new(end: usize, is_lower: bool) -> Known {
        // No memory holds so much text that the highest bit were wanted.
        Known(end << 1 | usize::from(is_lower))
    }

    /// Where it ends.
    #[inline]
    fn end(self) -> usize {
        self.0 >> 1
    }

    /// It has no capital letters.
    #[inline]
    fn is_lower(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Default for Names {
    fn default() -> Names {
        Names {
            text: Vec::new(),
            known: Vec::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            recent: Box::new([0; RECENT]),
        }
    }
}

impl Names {
    /// The number of a name.
    #[inline]
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        let name = &name[..name.len().min(LONGEST_NAME)];
        let place = quick(name);
        if let Some(number) = self.recent[place].checked_sub(1)
            && are_same(self.name(number), name)
        {
            return number;
        }
        let number = self.search(name);
        self.recent[place] = number + 1;
        number
    }

    fn search(&mut self, name: &[u8]) -> u32 {
        let hash = hash_of(&self.hasher, name);
        if let Some(number) = self.numbers.find(hash, |number| are_same(self.name(*number), name)) {
            return *number;
        }
        // A log cannot name four thousand million hosts.
        let number = self.known.len() as u32;
        self.text.extend_from_slice(name);
        self.known.push(Known::new(self.text.len(), !has_capitals(name)));
        let Names { text, known, numbers, hasher, .. } = self;
        numbers.insert_unique(hash, number, |number| hash_of(hasher, name_of(text, known, *number)));
        number
    }

    /// The number of a name in lower case (domains do not tell case apart, RFC 5321, section 2.4).
    #[inline]
    pub(super) fn number_lower(&mut self, name: &[u8]) -> u32 {
        let name = &name[..name.len().min(LONGEST_NAME)];
        let place = quick(name);
        if let Some(number) = self.recent[place].checked_sub(1)
            && self.known[number as usize].is_lower()
            && are_same(self.name(number), name)
        {
            return number;
        }
        self.search_lower(name, place)
    }

    #[inline(never)]
    fn search_lower(&mut self, name: &[u8], place: usize) -> u32 {
        if !has_capitals(name) {
            let number = self.search(name);
            self.recent[place] = number + 1;
            return number;
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
        name_of(&self.text, &self.known, number)
    }

    /// The names from a number on, in order.
    pub(super) fn list_from(&self, number: usize) -> impl Iterator<Item = &[u8]> {
        (number as u32..self.known.len() as u32).map(|number| self.name(number))
    }
}

#[inline]
fn name_of<'a>(text: &'a [u8], known: &[Known], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| known[before].end());
    &text[start..known[number].end()]
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

/// A place for a name, from its length and its first and last bytes; names that differ in the middle share one.
#[inline]
fn quick(name: &[u8]) -> usize {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let mixed = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => word(first) ^ word(last).rotate_left(23),
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
            list in proptest::collection::vec("[a-bA-B]{0,3}|long-name-[a-z]{1,2}-in-the-middle\\.example", 1..60),
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
