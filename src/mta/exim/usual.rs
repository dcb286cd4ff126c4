//! What most lines hold, seen by a look or two at many bytes.
//!
//! Each reading here is a quick way to what [`fields`](super::fields) and [`address`](super::address) say. Theirs is the
//! meaning: where one of these is not sure it gives `None`, and the tests hold one against the other.

use super::fields::{self, Host, Item, Key};
use crate::vector::{Vector, near};

/// A field without blanks in its key, and what follows it: behind one blank a key of one capital letter or two, and a value
/// that no text follows. Hosts are left to [`host`].
#[inline(always)]
pub(super) fn field(vector: impl Vector, rest: &[u8]) -> Option<(Key, &[u8], &[u8])> {
    let [b' ', a, b, c] = *rest.first_chunk()? else { return None };
    let (value, after) = match (b, c) {
        (b'=', _) => value(vector, &rest[3..]),
        (b'A'..=b'Z', b'=') => value(vector, &rest[4..]),
        _ => None,
    }?;
    (a.is_ascii_uppercase() && [a, b] != *b"H=").then_some(([a, b], value, after))
}

/// The next piece, where it is a field or a host.
#[inline(always)]
pub(super) fn item(vector: impl Vector, rest: &[u8]) -> Option<(Item<'_>, &[u8])> {
    match rest.strip_prefix(b" H=") {
        Some(rest) => host(vector, rest).map(|(host, after)| (Item::Host(host), after)),
        None => field(vector, rest).map(|(key, value, after)| (Item::Field(key, value), after)),
    }
}

/// The value after `KEY=`, and what follows it.
#[inline(always)]
pub(super) fn value(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    match rest.first()? {
        b'"' => {
            let end = quote(vector, rest)?;
            (rest[end] == b'"').then(|| (&rest[1..end], &rest[end + 1..]))
        }
        b'<' => {
            let end = near(vector, &rest[1..], [b'>', b'"', b'"'])? + 1;
            (rest[end] == b'>').then(|| (&rest[1..end], &rest[end + 1..]))
        }
        b' ' | b':' => None,
        _ => {
            let (value, after) = rest.split_at(blank(vector, rest));
            (value.last() != Some(&b':')).then_some((value, after))
        }
    }
}

/// Where the first blank is, or the end.
#[inline(always)]
fn blank(vector: impl Vector, rest: &[u8]) -> usize {
    if rest.len() < 32 {
        // The last fields of a line are short ones.
        return rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    }
    near(vector, rest, [b' '; 3]).unwrap_or_else(|| fields::blank(rest))
}

/// Where the first quote or backslash is behind the first byte.
#[inline(always)]
fn quote(vector: impl Vector, rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    while let Some(part) = rest.get(at..)?.first_chunk() {
        let places = vector.places_of_any(part, [b'"', b'\\', b'\\']);
        if places != 0 {
            return Some(at + places.trailing_zeros() as usize);
        }
        at += part.len();
    }
    rest[at..].iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|place| at + place)
}

/// A host as most stand, and what follows it: a name that is not very long, and its address directly behind it.
#[inline(always)]
pub(super) fn host(vector: impl Vector, rest: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let (name, after) = rest.split_at(near(vector, rest, [b' '; 3])?);
    if !name.first()?.is_ascii_alphanumeric() || name.last() == Some(&b':') {
        return None;
    }
    let address = after.strip_prefix(b" [")?;
    let end = near(vector, address, [b']', b' ', b' '])?;
    if address[end] != b']' {
        return None;
    }
    let host = Host { name: Some(name), ip: Some(&address[..end]) };
    Some((host, fields::behind_address(&address[end + 1..])))
}

/// The sender of a message that came in: behind one blank, a letter first, no quotes in it, and not very long.
#[inline(always)]
pub(super) fn sender(vector: impl Vector, rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b" ")?;
    let end = near(vector, rest, [b' ', b'"', b'"'])?;
    (rest[0].is_ascii_alphanumeric() && rest[end] == b' ').then(|| &rest[..end])
}

/// The address behind a flag, and what follows it: behind one blank, beginning with a letter or a figure, not very long, and
/// nothing behind it that could be its quoted form.
#[inline(always)]
pub(super) fn address(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = rest.strip_prefix(b" ")?;
    let first = rest.first_chunk()?;
    let blanks = vector.places(first, b' ');
    let ats = vector.places(first, b'@');
    if blanks == 0 || !rest[0].is_ascii_alphanumeric() || quotes_follow(vector, rest) {
        return None;
    }
    let (address, after) = rest.split_at(blanks.trailing_zeros() as usize);
    // Without a domain the next blank need not end it; where its top address follows this one does.
    let domain = ats & (blanks ^ (blanks - 1)) != 0;
    let whole = domain || after.starts_with(b" <") && address != b"save";
    (whole && address.last() != Some(&b':')).then_some((address, after))
}

/// An address may have 513 bytes before its quoted form, which is longer.
const FARTHEST: usize = super::address::LONGEST;

/// Whether ` <` and a quote within the brackets stand anywhere where the quoted form of an address may.
#[inline(always)]
fn quotes_follow(vector: impl Vector, rest: &[u8]) -> bool {
    // What is quoted has no less bytes than what stands before it.
    let last = FARTHEST.min(rest.len() / 2);
    let mut from = 0;
    while from < last {
        let Some(part) = rest[from..].first_chunk() else { return true };
        let mut places = vector.places(part, b'<');
        while places != 0 {
            let at = from + places.trailing_zeros() as usize;
            if at > 0 && rest[at - 1] == b' ' && quote_in(&rest[at..]) {
                return true;
            }
            places &= places - 1;
        }
        from += part.len();
    }
    false
}

/// Whether a quote stands before the bracket closes.
#[inline(never)]
fn quote_in(rest: &[u8]) -> bool {
    rest.iter().find(|byte| matches!(byte, b'>' | b'"')) == Some(&b'"')
}
