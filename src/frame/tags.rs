//! Tags, remembered: a log has some dozens, on millions of lines.

use super::memo::{Near, bytes};
use crate::vector::Vector;

/// Longest tag that is remembered.
const LONGEST: usize = 31;

/// Bytes that are looked at to find where a tag ends.
const WIDTH: usize = LONGEST + 1;

/// Bytes before a tag that are looked at with it, so that the last eight of a short one can be taken at once.
const BEFORE: usize = 8;

/// Bytes that are looked at: those before, the tag, `[`, eight figures, `]: ` and what follows, rounded up.
pub(super) const AROUND: usize = BEFORE + WIDTH + 16;

/// Places for tags; a log that has more reads the rest the long way. The first is no tag's.
pub(super) const PLACES: usize = 64;

/// Places in the table that finds them: so many that seldom two tags want the same one.
const HASHES: usize = 1024;

/// Program tags by number.
#[derive(Debug)]
pub(super) struct Tags {
    list: [Tag; PLACES],
    /// How many of them there are, that of nobody among them.
    count: u8,
    /// By hash: the number of a tag; 0 is none.
    numbers: [u8; HASHES],
}

#[derive(Clone, Copy, Debug)]
struct Tag {
    name: [u8; WIDTH],
    /// Which bytes are the tag's.
    own: [u8; WIDTH],
    length: usize,
    /// It is a tag without `[pid]` too; a queue id is none.
    alone: bool,
}

/// No text is like this: no tag has this length.
const NOBODY: Tag = Tag { name: [0; WIDTH], own: [0; WIDTH], length: usize::MAX, alone: false };

/// `program[pid]: ` or `program: ` behind the head of a line; all places are counted from the start of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) number: u8,
    /// Where the program's name ends.
    pub(super) program_end: usize,
    /// Where the pid ends; the program's end where there is none.
    pub(super) pid_end: usize,
    /// Where the message begins.
    pub(super) message: usize,
}

impl Default for Tags {
    fn default() -> Tags {
        Tags { list: [NOBODY; PLACES], count: 1, numbers: [0; HASHES] }
    }
}

impl Tags {
    /// The tag behind the first `start` bytes of a line, if it is one remembered and plainly written. More may follow the
    /// line: no tag holds a line end.
    #[inline(always)]
    pub(super) fn find(&self, vector: impl Vector, line: &Near, start: u8) -> Option<Found> {
        let around = around(line, start);
        let length = length(vector, around)?;
        let number = self.numbers[place(around, length)];
        let tag = &self.list[usize::from(number) % PLACES];
        if length != tag.length || !vector.are_like(around[BEFORE..].first_chunk()?, &tag.name, &tag.own) {
            return None;
        }
        let program_end = usize::from(start) + length;
        if around[BEFORE + length] != b'[' {
            if !tag.alone || !text_follows(around, length, *b": ") {
                return None;
            }
            return Some(Found { number, program_end, pid_end: program_end, message: program_end + 2 });
        }
        let figures = figures(eight(around, BEFORE + length + 1));
        if figures == 0 || !text_follows(around, length + 1 + figures, *b"]: ") {
            return None;
        }
        let pid_end = program_end + 1 + figures;
        Some(Found { number, program_end, pid_end, message: pid_end + 3 })
    }

    /// Remembers the tag behind the first `start` bytes of a line, read the long way to be `program`.
    pub(super) fn learn(&mut self, vector: impl Vector, line: &Near, start: u8, program: &[u8]) {
        let around = around(line, start);
        let Some(length) = length(vector, around) else { return };
        if around[BEFORE..BEFORE + length] != *program || program.is_empty() {
            return;
        }
        let alone = around[BEFORE + length] == b':';
        let known = &self.list[..usize::from(self.count)];
        let number = known.iter().position(|tag| tag.name.get(..tag.length) == Some(program));
        let number = number.unwrap_or(known.len());
        let Some(tag) = self.list.get_mut(number) else { return };
        if tag.length == NOBODY.length {
            tag.name[..length].copy_from_slice(program);
            tag.own[..length].fill(u8::MAX);
            tag.length = length;
            self.count += 1;
        }
        tag.alone |= alone;
        // There are no more than a byte can number.
        self.numbers[place(around, length)] = number as u8;
    }
}

/// What stands around the end of a head.
#[inline(always)]
fn around(line: &Near, start: u8) -> &[u8; AROUND] {
    bytes(line, start.wrapping_sub(BEFORE as u8))
}

/// How many bytes stand before the first `[`, `:` or blank.
#[inline(always)]
fn length(vector: impl Vector, around: &[u8; AROUND]) -> Option<usize> {
    let tag = around[BEFORE..].first_chunk()?;
    let ends = vector.places_of_any(tag, [b'[', b':', b' ']);
    (ends != 0).then_some(ends.trailing_zeros() as usize % WIDTH)
}

/// A place for a tag, from its last bytes: its first ones are mostly `postfix/`. Of a short one what stands before it counts
/// too, which is the same on most lines.
#[inline(always)]
fn place(around: &[u8; AROUND], length: usize) -> usize {
    let last = u64::from_le_bytes(eight(around, length));
    (last.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize % HASHES
}

/// Eight bytes from `at` on.
#[inline(always)]
fn eight(around: &[u8; AROUND], at: usize) -> [u8; 8] {
    around[at..].first_chunk().copied().unwrap_or_default()
}

/// How many of eight bytes are figures before the first that is none.
#[inline(always)]
fn figures(bytes: [u8; 8]) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    let bytes = u64::from_le_bytes(bytes);
    // A figure becomes less than ten; what is ten or more carries into the highest bit, or has it set already. A carry out of a byte
    // spoils only those behind it.
    let value = bytes ^ (ONES * 0x30);
    let others = (value.wrapping_add(ONES * 0x76) | value) & (ONES * 0x80);
    others.trailing_zeros() as usize / 8
}

/// Whether a sign stands `at` bytes behind the start of the tag, and behind it a text that begins with no blank.
#[inline(always)]
fn text_follows<const N: usize>(around: &[u8; AROUND], at: usize, sign: [u8; N]) -> bool {
    let behind = &around[BEFORE + at..];
    behind.first_chunk() == Some(&sign) && behind.get(N).is_some_and(|byte| *byte > b' ')
}
