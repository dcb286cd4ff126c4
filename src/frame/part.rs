//! Records that Exim splits for syslog: `[1/3] text`, `[2/3] text` (`log.c`, `write_syslog`).
//!
//! A part ends anywhere, inside a word or a code; one that ended at a real line end is numbered with a backslash.
//! Only the first part carries stamp and message id. Lines of other processes may stand between the parts.

use crate::time::parse_digits;

/// One part of a split record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its number, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// The record had a line end here.
    pub line_end: bool,
    /// Its text.
    pub text: &'a [u8],
}

impl<'a> Part<'a> {
    /// Reads `[n/m] text` at the start of a message.
    pub fn read(message: &'a [u8]) -> Option<Part<'a>> {
        if message.first() != Some(&b'[') {
            return None;
        }
        let close = message.iter().take(12).position(|b| *b == b']')?;
        let slash = message[..close].iter().position(|b| matches!(b, b'/' | b'\\'))?;
        let number = parse_digits(&message[1..slash])?;
        let of = parse_digits(&message[slash + 1..close])?;
        if number == 0 || number > of || of < 2 {
            return None;
        }
        let text = message[close + 1..].strip_prefix(b" ")?;
        Some(Part { number, of, line_end: message[slash] == b'\\', text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(Part::read(b"[1/3] a"), Some(Part { number: 1, of: 3, line_end: false, text: b"a" }));
        assert_eq!(Part::read(b"[2\\12]  a"), Some(Part { number: 2, of: 12, line_end: true, text: b" a" }));
        assert_eq!(Part::read(b"[3/2] a"), None);
        assert_eq!(Part::read(b"[1/1] a"), None);
        assert_eq!(Part::read(b"[127.0.0.1] a"), None);
        assert_eq!(Part::read(b"[1/"), None);
        assert_eq!(Part::read(b""), None);
    }
}
