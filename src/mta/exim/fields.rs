//! The pieces between blanks: `KEY=value`, `<path>`, `(parents)`, hosts, and where the free text begins.
//!
//! Exim writes fields in a fixed order, but which ones depends on `log_selector` and on the version, so they
//! are read by key. Values in quotes or angle brackets are stepped over as a whole: what stands in them was
//! written by a stranger and is no field.

use memchr::memchr;

use super::usual;
use crate::vector::{common, find, find2};

/// A host as Exim logs it: `name [ip]:port`, `name (helo) [ip]`, `(helo) [ip]`, `[ip]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Host<'a> {
    /// The name we looked up; never the name a client claims in HELO.
    pub(super) name: Option<&'a [u8]>,
    /// The address without brackets.
    pub(super) ip: Option<&'a [u8]>,
}

/// The key of a field by its first two bytes, as they stand: `F=`, `QT`.
pub(super) type Key = [u8; 2];

/// Longer keys. Nobody asks for one.
const LONG_KEY: Key = [0; 2];

/// One piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// `H=`: a host.
    Host(Host<'a>),
    /// Any other `KEY=value`; quotes and brackets around the value are taken off.
    Field(Key, &'a [u8]),
    /// `<...>` standing alone.
    Path(&'a [u8]),
    /// `(...)` standing alone.
    Parenthesis(&'a [u8]),
    /// Anything else up to the next blank.
    Word(&'a [u8]),
    /// What follows `: `: free text to the end of the line.
    Text(&'a [u8]),
}

/// No more pieces than this are taken one by one from a line, and nothing is looked for further away than Exim's log buffer
/// is long (`LOG_BUFFER_SIZE`): damaged files have lines of megabytes, and the work for each must stay bounded.
pub(super) const MOST_PIECES: u16 = 256;
const LOG_BUFFER: usize = 8192;

/// Walks over the pieces of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    left: u16,
}

impl<'a> Fields<'a> {
    /// Starts at the start of `rest`.
    pub(super) fn new(rest: &'a [u8]) -> Fields<'a> {
        Fields { rest, left: MOST_PIECES }
    }

    /// Goes on elsewhere in the same line, with what is left of its pieces.
    pub(super) fn at(self, rest: &'a [u8]) -> Fields<'a> {
        Fields { rest, ..self }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Item<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (item, rest) = match usual::item(common(), self.rest) {
            Some(read) => read,
            None => item(self.rest)?,
        };
        self.rest = rest;
        Some(item)
    }
}

/// The piece at the start of `rest`, and what follows it.
pub(super) fn item(rest: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let rest = rest.trim_ascii_start();
    let first = *rest.first()?;
    Some(match first {
        b':' if at_text(rest) => (Item::Text(rest.get(2..).unwrap_or_default()), &b""[..]),
        b'<' if let Some((inner, rest)) = path(rest) => (Item::Path(inner), rest),
        b'(' if let Some((inner, rest)) = enclosed(rest, b'(', b')') => (Item::Parenthesis(inner), rest),
        b'H' if rest.starts_with(b"H=") => {
            let (host, rest) = host(&rest[2..]);
            (Item::Host(host), rest)
        }
        _ => match key_length(rest) {
            Some(length) => {
                let (value, after) = value(&rest[length + 1..]);
                let key = match rest {
                    [a, b, ..] if length <= 2 => [*a, *b],
                    _ => LONG_KEY,
                };
                (Item::Field(key, value), after)
            }
            None => {
                let (word, after) = rest.split_at(word_end(rest));
                (Item::Word(word), after)
            }
        },
    })
}

/// Whether `: ` (or a last `:`) stands here.
fn at_text(rest: &[u8]) -> bool {
    rest.first() == Some(&b':') && rest.get(1).is_none_or(|b| *b == b' ')
}

/// Where the first blank is, or the end.
pub(super) fn blank(rest: &[u8]) -> usize {
    find(b' ', rest).unwrap_or(rest.len())
}

/// Where a word ends: at a blank, or at a colon that a blank follows. At least one byte.
pub(super) fn word_end(rest: &[u8]) -> usize {
    let end = blank(rest);
    if end > 1 && rest[end - 1] == b':' { end - 1 } else { end.max(1).min(rest.len()) }
}

/// Where an address ends that may hold blanks inside double quotes (RFC 5321, section 4.1.2).
pub(super) fn quoted_word_end(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = find2(b' ', b'"', &rest[at..]) {
        at += found;
        if rest[at] == b' ' {
            return at;
        }
        match quoted_string(&rest[at..]) {
            Some(length) => at += length,
            None => return blank(rest),
        }
    }
    rest.len()
}

/// The length of `"..."` with its quotes, where it closes; a backslash hides the byte after it.
fn quoted_string(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += find2(b'"', b'\\', rest.get(at..)?)?;
        if rest[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// `<path>` at the start: what is inside, and what follows. Brackets inside a quoted local part do not close it.
pub(super) fn path(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    enclosed(rest, b'<', b'>')
}

fn enclosed(rest: &[u8], open: u8, close: u8) -> Option<(&[u8], &[u8])> {
    if rest.first() != Some(&open) {
        return None;
    }
    let near = &rest[..rest.len().min(LOG_BUFFER)];
    let mut at = 1;
    loop {
        match find2(close, b'"', near.get(at..)?) {
            None => break,
            Some(found) if near[at + found] == close => {
                return Some((&rest[1..at + found], &rest[at + found + 1..]));
            }
            Some(found) => match quoted_string(&near[at + found..]) {
                Some(length) => at += found + length,
                None => break,
            },
        }
    }
    // A quote that never closes quotes nothing.
    let end = memchr(close, near)?;
    Some((&rest[1..end], &rest[end + 1..]))
}

/// The length of `KEY` in `KEY=`: Exim's keys are letters, digits, `*` and `_` (`id*=` marks a made-up one).
fn key_length(rest: &[u8]) -> Option<usize> {
    let of_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'_');
    let length = match rest {
        [a, b'=', ..] if of_key(a) => 1,
        [a, b, b'=', ..] if of_key(a) && of_key(b) => 2,
        _ => rest.iter().take_while(|b| of_key(b)).count(),
    };
    (length > 0 && rest.get(length) == Some(&b'=')).then_some(length)
}

/// The value after `KEY=`, and what follows it.
fn value(rest: &[u8]) -> (&[u8], &[u8]) {
    match rest.first() {
        Some(b'"') => match quoted_string(rest) {
            Some(length) => (&rest[1..length - 1], &rest[length..]),
            // Old versions cut long confirmations, the log buffer cuts everything.
            None => (&rest[1..], b""),
        },
        Some(b'<') if let Some(read) = path(rest) => read,
        Some(b' ') | None => (b"", rest),
        Some(_) if at_text(rest) => (b"", rest),
        Some(_) => rest.split_at(word_end(rest)),
    }
}

/// A host at the start of `rest`, and what follows its address and port.
pub(super) fn host(rest: &[u8]) -> (Host<'_>, &[u8]) {
    let mut host = Host::default();
    let mut rest = rest;
    if !matches!(rest.first(), Some(b'(' | b'[' | b' ') | None) && !at_text(rest) {
        let (name, after) = rest.split_at(word_end(rest));
        host.name = Some(name);
        rest = after;
    }
    // " DS": the name came with DNSSEC (log_selector +dnssec).
    for mark in [&b" DS"[..], b" "] {
        if rest.strip_prefix(mark).is_some_and(|after| matches!(after.first(), Some(b' ' | b'(' | b'['))) {
            rest = rest[mark.len()..].trim_ascii_start();
        }
    }
    if rest.first() == Some(&b'(') {
        // The HELO name is the client's to choose; our own " [" with the address follows its last parenthesis.
        match helo_end(&rest[..rest.len().min(LOG_BUFFER)]) {
            Some(end) => rest = &rest[end + 2..],
            None => return (host, enclosed(rest, b'(', b')').map_or(&b""[..], |(_, after)| after)),
        }
    }
    if rest.first() == Some(&b'[')
        && let Some(end) = find2(b']', b' ', rest)
        && rest[end] == b']'
    {
        host.ip = Some(&rest[1..end]);
        rest = behind_address(&rest[end + 1..]);
    }
    (host, rest)
}

/// Where `) [` begins.
fn helo_end(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += find(b')', rest.get(at..)?)?;
        if rest[at..].starts_with(b") [") {
            return Some(at);
        }
        at += 1;
    }
}

/// What follows the port behind an address, where there is one, and the mark of a connection used again.
#[inline(always)]
pub(super) fn behind_address(rest: &[u8]) -> &[u8] {
    if rest.first() == Some(&b' ') { rest } else { behind_port(rest) }
}

#[inline(never)]
fn behind_port(rest: &[u8]) -> &[u8] {
    let rest = match rest.strip_prefix(b":") {
        Some(port) => match port.iter().take_while(|b| b.is_ascii_digit()).count() {
            0 => rest,
            digits => &port[digits..],
        },
        None => rest,
    };
    rest.strip_prefix(b"*").unwrap_or(rest)
}
