//! The head of a line, its stamp and its host, remembered from the line before.
//!
//! A server writes many lines an hour, and their heads differ only in digits: minutes, seconds, a fraction. So a head
//! is compared eight bytes at a time, digits as "any digit", and a stamp of the same hour is the hour's plus its
//! minutes and seconds.

use std::ops::Range;

use super::Form;
use crate::time::Stamp;

/// Longest head that is remembered; a whole number of words.
const LONGEST: usize = 96;

/// What the head of a line must look like to be read from memory.
#[derive(Debug)]
pub(super) struct Head {
    /// Its length in bytes; 0 when nothing is remembered.
    length: usize,
    /// Its words; the last one overlaps the one before it, so that nothing behind the head is read.
    words: [Word; LONGEST / 8],
    count: usize,
    pub(super) form: Form,
    /// Where the host stands; empty where the form has none.
    pub(super) host: Range<usize>,
    /// Where `MM:SS` stands.
    clock: usize,
    /// `MM:SS` as last seen, and the stamp it made.
    shown: u64,
    stamp: Stamp,
    /// The stamp of the hour.
    hour: Stamp,
}

/// Eight bytes to compare.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    at: usize,
    /// The bytes, and which bits of them must be the same: all, or the upper half of a digit.
    bytes: u64,
    fixed: u64,
    /// Sixes where a digit stands: a lower half above 9 carries into bit 4.
    six: u64,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            length: 0,
            words: [Word::default(); LONGEST / 8],
            count: 0,
            form: Form::Bare,
            host: 0..0,
            clock: 0,
            shown: 0,
            stamp: Stamp::Wall(0),
            hour: Stamp::Wall(0),
        }
    }
}

impl Head {
    /// Reads the head of a line, if it is like the one remembered: its stamp and its length.
    #[inline]
    pub(super) fn recognise(&mut self, line: &[u8]) -> Option<(Stamp, usize)> {
        if self.length == 0 || line.len() < self.length {
            return None;
        }
        let mut differs = 0;
        for word in &self.words[..self.count] {
            let found = load(line, word.at)?;
            differs |= (found ^ word.bytes) & word.fixed;
            differs |= ((found & !word.fixed) + word.six) & HIGH;
        }
        if differs != 0 {
            return None;
        }
        let shown = load(line, self.clock)? & CLOCK;
        if shown != self.shown {
            self.stamp = later(self.hour, seconds(shown)?);
            self.shown = shown;
        }
        Some((self.stamp, self.length))
    }

    /// Remembers the head of a line, if it is one whose stamp can be told from its digits.
    pub(super) fn learn(&mut self, head: &[u8], form: Form, stamp: Stamp, host: Range<usize>) {
        self.length = 0;
        let Some(clock) = clock(head) else { return };
        if !(8..=LONGEST).contains(&head.len()) || clock + 8 > head.len() {
            return;
        }
        let Some(shown) = load(head, clock).map(|word| word & CLOCK) else { return };
        let Some(seconds) = seconds(shown) else { return };
        let fraction = fraction(head, clock);
        let digit = |at: usize| {
            let of_clock = (clock..clock + 5).contains(&at) && at != clock + 2;
            of_clock || fraction.contains(&at)
        };
        self.count = head.len().div_ceil(8);
        for (index, word) in self.words[..self.count].iter_mut().enumerate() {
            let at = (index * 8).min(head.len() - 8);
            *word = Word { at, ..Word::default() };
            for byte in 0..8 {
                let (fixed, six) = if digit(at + byte) { (0xF0, 0x06) } else { (0xFF, 0) };
                word.bytes |= u64::from(head[at + byte]) << (8 * byte);
                word.fixed |= fixed << (8 * byte);
                word.six |= six << (8 * byte);
            }
        }
        (self.form, self.host, self.clock, self.shown, self.stamp) = (form, host, clock, shown, stamp);
        self.hour = later(stamp, -seconds);
        self.length = head.len();
    }

    /// Forgets: the next line says everything itself.
    pub(super) fn forget(&mut self) {
        self.length = 0;
    }
}

/// Bit 4 of every byte: where half a byte and six carry to.
const HIGH: u64 = 0x1010_1010_1010_1010;

/// `MM:SS`, five bytes of a word.
const CLOCK: u64 = 0xFF_FFFF_FFFF;

#[inline]
fn load(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// `MM:SS` as seconds; what is more than 59 of either is read the long way.
fn seconds(clock: u64) -> Option<i64> {
    let digit = |at: u32| i64::from((clock >> (8 * at)) as u8) - i64::from(b'0');
    let (minute, second) = (digit(0) * 10 + digit(1), digit(3) * 10 + digit(4));
    (minute < 60 && second < 60).then_some(minute * 60 + second)
}

fn later(stamp: Stamp, seconds: i64) -> Stamp {
    match stamp {
        Stamp::Absolute(at) => Stamp::Absolute(at + seconds),
        Stamp::Wall(at) => Stamp::Wall(at + seconds),
        Stamp::Yearless(at) => Stamp::Yearless(at + seconds),
    }
}

/// Where `MM:SS` stands: behind the first colon of the line, which is that of `HH:MM` in every form remembered.
fn clock(head: &[u8]) -> Option<usize> {
    let hour = memchr::memchr(b':', head)?;
    let text = head.get(hour + 1..hour + 6)?;
    let digits = [0, 1, 3, 4].into_iter().all(|at| text[at].is_ascii_digit());
    (digits && text[2] == b':').then_some(hour + 1)
}

/// Where the digits after `MM:SS.` stand.
fn fraction(head: &[u8], clock: usize) -> Range<usize> {
    if head.get(clock + 5) != Some(&b'.') {
        return 0..0;
    }
    let start = clock + 6;
    start..start + head[start..].iter().take_while(|b| b.is_ascii_digit()).count()
}
