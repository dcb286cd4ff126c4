//! Tags, remembered: a log has some dozens, on millions of lines.

use crate::vector::places_of_any;

/// Longest tag that is remembered.
const LONGEST: usize = 31;

/// Bytes that are looked at to find where a tag ends.
const WIDTH: usize = LONGEST + 1;

/// Tags remembered; a log that has more reads the rest the long way.
const MOST: usize = 64;

/// Places in the table of tags.
const PLACES: usize = 256;

/// Program tags by number.
#[derive(Debug)]
pub(super) struct Tags {
    list: Vec<Tag>,
    /// By hash: one more than the number of a tag; 0 is none.
    places: [u8; PLACES],
}

#[derive(Clone, Copy, Debug)]
struct Tag {
    name: [u8; WIDTH],
    length: usize,
    /// It is a tag without `[pid]` too; a queue id is none.
    alone: bool,
}

/// The start of a text that is `program[pid]: ` or `program: `.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) number: u8,
    /// Bytes of the program's name.
    pub(super) program: usize,
    /// Where the pid ends; the program's end where there is none.
    pub(super) pid_end: usize,
    /// Where the message begins.
    pub(super) message: usize,
}

impl Default for Tags {
    fn default() -> Tags {
        Tags { list: Vec::new(), places: [0; PLACES] }
    }
}

impl Tags {
    /// The tag at the start of `text`, if it is one remembered and plainly written.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8]) -> Option<Found> {
        let (near, length) = name(text)?;
        let number = self.places[place(near, length)].checked_sub(1)?;
        let tag = &self.list[usize::from(number)];
        if cut(near, length) != tag.name || length != tag.length {
            return None;
        }
        let mut at = length;
        if text[at] == b'[' {
            at += 1 + text[at + 1..].iter().position(|b| !b.is_ascii_digit())?;
            if at == length + 1 || text[at] != b']' {
                return None;
            }
            at += 1;
        } else if !tag.alone {
            return None;
        }
        let pid_end = if at == length { length } else { at - 1 };
        match text[at..] {
            [b':', b' ', next, ..] if !next.is_ascii_whitespace() => {
                Some(Found { number, program: length, pid_end, message: at + 2 })
            }
            _ => None,
        }
    }

    /// Remembers the tag at the start of `text`, read the long way to be `program`.
    pub(super) fn learn(&mut self, text: &[u8], program: &[u8]) {
        let Some((near, length)) = name(text) else { return };
        if near[..length] != *program || program.is_empty() {
            return;
        }
        let (name, alone) = (cut(near, length), near[length] == b':');
        let number = match self.list.iter().position(|tag| tag.name == name && tag.length == length) {
            Some(known) => known,
            None if self.list.len() < MOST => {
                self.list.push(Tag { name, length, alone });
                self.list.len() - 1
            }
            None => return,
        };
        self.list[number].alone |= alone;
        // There are no more than a byte can number.
        self.places[place(near, length)] = number as u8 + 1;
    }
}

/// A place for a tag, from its length and its last bytes: its first ones are mostly `postfix/`.
#[inline]
fn place(near: &[u8; WIDTH], length: usize) -> usize {
    let last = near[length.saturating_sub(8)..].first_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    // Of a shorter name only its own bytes.
    let own = last << (64 - 8 * length.clamp(1, 8));
    ((own ^ length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize % PLACES
}

/// The bytes before the first `[`, `:` or blank, with what is near, and how many they are.
#[inline]
fn name(text: &[u8]) -> Option<(&[u8; WIDTH], usize)> {
    let near = text.first_chunk()?;
    let ends = places_of_any(near, [b'[', b':', b' ']);
    (ends != 0).then_some((near, ends.trailing_zeros() as usize))
}

/// The first bytes, and zeros.
#[inline]
fn cut(near: &[u8; WIDTH], length: usize) -> [u8; WIDTH] {
    let mask = &MASKS[length.min(WIDTH)];
    std::array::from_fn(|at| near[at] & mask[at])
}

/// Masks that keep the first bytes, by how many.
static MASKS: [[u8; WIDTH]; WIDTH + 1] = {
    let mut masks = [[0; WIDTH]; WIDTH + 1];
    let mut length = 0;
    while length <= WIDTH {
        let mut at = 0;
        while at < length {
            masks[length][at] = u8::MAX;
            at += 1;
        }
        length += 1;
    }
    masks
};
