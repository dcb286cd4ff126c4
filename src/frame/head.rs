//! The head of a line, its stamp and its host, remembered from the line before.
//!
//! A server writes many lines an hour, and their heads differ only in digits: minutes, seconds, a fraction. So a head
//! is compared as a whole, digits as "any digit", and a stamp of the same hour is the hour's plus its minutes and seconds.

use std::ops::Range;

use super::Form;
use super::memo::{Near, Place, eight};
use crate::time::Stamp;

/// Longest head that is remembered. Heads are compared in one of three lengths, whatever stands behind them.
const LONGEST: usize = 96;

/// What the head of a line must look like to be read from memory.
#[derive(Debug)]
pub(super) struct Head {
    /// Where its parts stand; its end is its length.
    pub(super) place: Place,
    bytes: [u8; LONGEST],
    /// Which bits of each byte must be the same: all, the upper half of a digit, or none behind the head.
    fixed: [u8; LONGEST],
    /// The highest that each byte may be: 9 where a digit stands.
    most: [u8; LONGEST],
    /// Where `MM:SS` stands.
    clock: u8,
    /// `MM:SS` as last seen, and the stamp it made.
    shown: u64,
    pub(super) stamp: Stamp,
    /// The stamp of the hour.
    hour: Stamp,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            place: Place::NOWHERE,
            bytes: [0; LONGEST],
            fixed: [0; LONGEST],
            most: [u8::MAX; LONGEST],
            clock: 0,
            shown: 0,
            stamp: Stamp::Wall(0),
            hour: Stamp::Wall(0),
        }
    }
}

impl Head {
    /// Whether a line begins like this. More bytes may follow the line, since a head holds no line end.
    #[inline(always)]
    pub(super) fn begins(&self, line: &Near) -> bool {
        match self.place.end {
            0 => false,
            1..=32 => self.is_like::<32>(line),
            33..=64 => self.is_like::<64>(line),
            _ => self.is_like::<LONGEST>(line),
        }
    }

    /// Takes over the stamp of a line that begins like this: whether it is another one; `None` where it is none.
    #[inline(always)]
    pub(super) fn follow(&mut self, line: &Near) -> Option<bool> {
        let shown = clock_at(line, self.clock);
        if shown == self.shown {
            return Some(false);
        }
        self.show(shown)
    }

    #[cold]
    fn show(&mut self, shown: u64) -> Option<bool> {
        self.stamp = later(self.hour, seconds(shown)?);
        self.shown = shown;
        Some(true)
    }

    /// Without a branch, so that the compiler takes many bytes at once.
    #[inline(always)]
    fn is_like<const N: usize>(&self, line: &Near) -> bool {
        let (Some(line), Some(bytes), Some(fixed), Some(most)) = (
            line.first_chunk::<N>(),
            self.bytes.first_chunk::<N>(),
            self.fixed.first_chunk::<N>(),
            self.most.first_chunk::<N>(),
        ) else {
            return false;
        };
        let mut differs = 0;
        for at in 0..N {
            differs |= (line[at] ^ bytes[at]) & fixed[at];
            differs |= line[at].saturating_sub(most[at]);
        }
        differs == 0
    }

    /// Remembers the head of a line, `length` bytes, if it is one whose stamp can be told from its digits.
    pub(super) fn learn(&mut self, line: &Near, length: usize, form: Form, stamp: Stamp, host: Range<usize>) {
        self.place = Place::NOWHERE;
        let head = &line[..length.min(LONGEST)];
        let Some(clock) = clock(head).filter(|_| length == head.len()) else { return };
        let [Ok(at), Ok(end), Ok(host), Ok(host_end)] =
            [clock, length, host.start, host.end].map(u8::try_from)
        else {
            return;
        };
        let shown = clock_at(line, at);
        let Some(seconds) = seconds(shown) else { return };
        let fraction = fraction(head, clock);
        let place = Place { form, host, host_end, end };
        *self = Head { place, clock: at, shown, stamp, ..Head::default() };
        for (at, byte) in head.iter().enumerate() {
            let of_clock = (clock..clock + 5).contains(&at) && at != clock + 2;
            let digit = of_clock || fraction.contains(&at);
            self.bytes[at] = *byte;
            (self.fixed[at], self.most[at]) = if digit { (0xF0, b'9') } else { (0xFF, u8::MAX) };
        }
        self.hour = later(stamp, -seconds);
    }
}

/// The five bytes of `MM:SS`.
#[inline(always)]
fn clock_at(line: &Near, at: u8) -> u64 {
    eight(line, at) & 0xFF_FFFF_FFFF
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
