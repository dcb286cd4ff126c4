//! Tags, remembered: a log has some dozens, on millions of lines.

/// Longest tag that is remembered; four words.
const LONGEST: usize = 32;

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
    words: [u64; 4],
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
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<Found> {
        let (words, length) = name(text)?;
        let place = self.places[place(words)];
        let number = place.checked_sub(1)?;
        let tag = self.list[usize::from(number)];
        if tag.words != words || tag.length != length {
            return None;
        }
        let mut at = length;
        if text[at] == b'[' {
            at += 1;
            while text.get(at)?.is_ascii_digit() {
                at += 1;
            }
            if at == length + 1 || text[at] != b']' {
                return None;
            }
            at += 1;
        } else if !tag.alone {
            return None;
        }
        let pid_end = if at == length { length } else { at - 1 };
        match text.get(at..)? {
            [b':', b' ', next, ..] if !next.is_ascii_whitespace() => {
                Some(Found { number, program: length, pid_end, message: at + 2 })
            }
            _ => None,
        }
    }

    /// Remembers the tag at the start of `text`, read the long way to be `program`. Gives its number.
    pub(super) fn learn(&mut self, text: &[u8], program: &[u8]) -> Option<u8> {
        let (words, length) = name(text)?;
        let alone = text.get(length) == Some(&b':');
        if text[..length] != *program || program.is_empty() {
            return None;
        }
        let known = self.list.iter().position(|tag| tag.words == words && tag.length == length);
        let number = match known {
            Some(known) => known,
            None if self.list.len() < MOST => {
                self.list.push(Tag { words, length, alone });
                self.list.len() - 1
            }
            None => return None,
        };
        self.list[number].alone |= alone;
        let number = u8::try_from(number).ok()?;
        self.places[place(words)] = number + 1;
        Some(number)
    }
}

#[inline]
fn place(words: [u64; 4]) -> usize {
    let mixed = words[0] ^ words[1].rotate_left(17) ^ words[2].rotate_left(34) ^ words[3].rotate_left(51);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize % PLACES
}

/// The bytes before the first `[`, `:` or blank, as words, and how many they are.
#[inline]
fn name(text: &[u8]) -> Option<([u64; 4], usize)> {
    let near = text.first_chunk::<LONGEST>()?;
    let mut words = [0; 4];
    for (index, (word, bytes)) in words.iter_mut().zip(near.as_chunks().0).enumerate() {
        *word = u64::from_le_bytes(*bytes);
        let ends = holds(*word, b'[') | holds(*word, b':') | holds(*word, b' ');
        if ends != 0 {
            let within = ends.trailing_zeros() / 8;
            *word &= (1_u64 << (8 * within)) - 1;
            return Some((words, index * 8 + within as usize));
        }
    }
    None
}

/// The lowest bit set is the highest one of the first byte that is `byte`; none where there is no such byte.
#[inline]
fn holds(word: u64, byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & (ONES << 7)
}
