//! Tags, remembered: a log has some dozens, on millions of lines.

use crate::vector::Vector;

/// Longest tag that is remembered.
const LONGEST: usize = 31;

/// Bytes that are looked at to find where a tag ends.
const WIDTH: usize = LONGEST + 1;

/// Bytes before a tag that are looked at with it, so that the last eight of a short one can be taken at once.
const BEFORE: usize = 8;

/// Bytes that are looked at: those before, the tag, `[`, eight figures, `]: ` and what follows, rounded up.
const NEAR: usize = BEFORE + WIDTH + 16;

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
    /// Which bytes are the tag's.
    own: [u8; WIDTH],
    length: usize,
    /// It is a tag without `[pid]` too; a queue id is none.
    alone: bool,
}

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
        Tags { list: Vec::new(), places: [0; PLACES] }
    }
}

impl Tags {
    /// The tag behind the first `start` bytes of `text`, if it is one remembered and plainly written. More may follow the
    /// line: no tag holds a line end.
    #[inline(always)]
    pub(super) fn find(&self, vector: impl Vector, text: &[u8], start: usize) -> Option<Found> {
        let near = near(text, start)?;
        let length = length(vector, near)?;
        let number = self.places[place(near, length)].checked_sub(1)?;
        let tag = self.list.get(usize::from(number))?;
        if !near[BEFORE..].first_chunk().is_some_and(|here| vector.are_like(here, &tag.name, &tag.own))
            || length != tag.length
        {
            return None;
        }
        let program_end = start + length;
        if near[BEFORE + length] != b'[' {
            let here = tag.alone && text_follows(near, length, b": ");
            return here.then_some(Found {
                number,
                program_end,
                pid_end: program_end,
                message: program_end + 2,
            });
        }
        let figures = figures(eight(near, BEFORE + length + 1));
        let here = figures > 0 && text_follows(near, length + 1 + figures, b"]: ");
        let pid_end = program_end + 1 + figures;
        here.then_some(Found { number, program_end, pid_end, message: pid_end + 3 })
    }

    /// Remembers the tag behind the first `start` bytes of `text`, read the long way to be `program`.
    pub(super) fn learn(&mut self, vector: impl Vector, text: &[u8], start: usize, program: &[u8]) {
        let Some(there) = start.checked_sub(BEFORE).and_then(|from| text.get(from..)) else { return };
        let there = &there[..there.len().min(NEAR)];
        // The line may be shorter than what is looked at.
        let mut near = [b'\n'; NEAR];
        near[..there.len()].copy_from_slice(there);
        let Some(length) = length(vector, &near) else { return };
        if near[BEFORE..BEFORE + length] != *program || program.is_empty() {
            return;
        }
        let alone = near[BEFORE + length] == b':';
        let number = match self.list.iter().position(|tag| tag.name[..tag.length] == *program) {
            Some(known) => known,
            None if self.list.len() < MOST => {
                let (mut name, mut own) = ([0; WIDTH], [0; WIDTH]);
                name[..length].copy_from_slice(program);
                own[..length].fill(u8::MAX);
                self.list.push(Tag { name, own, length, alone });
                self.list.len() - 1
            }
            None => return,
        };
        self.list[number].alone |= alone;
        // There are no more than a byte can number.
        self.places[place(&near, length)] = number as u8 + 1;
    }
}

/// What stands around a place.
#[inline(always)]
fn near(text: &[u8], start: usize) -> Option<&[u8; NEAR]> {
    // Before the first bytes there is nothing, and behind so great a number neither.
    text.get(start.wrapping_sub(BEFORE)..)?.first_chunk()
}

/// How many bytes stand before the first `[`, `:` or blank.
#[inline(always)]
fn length(vector: impl Vector, near: &[u8; NEAR]) -> Option<usize> {
    let tag = near[BEFORE..].first_chunk()?;
    let ends = vector.places_of_any(tag, [b'[', b':', b' ']);
    (ends != 0).then_some(ends.trailing_zeros() as usize % WIDTH)
}

/// A place for a tag, from its length and its last bytes: its first ones are mostly `postfix/`.
#[inline(always)]
fn place(near: &[u8; NEAR], length: usize) -> usize {
    // Of a shorter name only its own bytes.
    let own = eight(near, length) & LAST[length.min(8)];
    ((own ^ length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize % PLACES
}

/// Masks that keep the last bytes of eight, by how many.
static LAST: [u64; 9] = {
    let mut masks = [u64::MAX; 9];
    let mut length = 0;
    while length < 8 {
        masks[length] = !(u64::MAX >> (8 * length));
        length += 1;
    }
    masks
};

/// Eight bytes from `at` on.
#[inline(always)]
fn eight(near: &[u8; NEAR], at: usize) -> u64 {
    near[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// How many of eight bytes are figures before the first that is none.
#[inline(always)]
fn figures(bytes: u64) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    // A figure becomes less than ten; what is ten or more carries into the highest bit, or has it set already. A carry out of a byte
    // spoils only those behind it.
    let value = bytes ^ (ONES * 0x30);
    let others = (value.wrapping_add(ONES * 0x76) | value) & (ONES * 0x80);
    others.trailing_zeros() as usize / 8
}

/// Whether a sign stands `at` bytes behind the start of the tag, and behind it a text that begins with no blank.
#[inline(always)]
fn text_follows<const N: usize>(near: &[u8; NEAR], at: usize, sign: &[u8; N]) -> bool {
    near[BEFORE + at..].first_chunk() == Some(sign) && near[BEFORE + at + N] > b' '
}
