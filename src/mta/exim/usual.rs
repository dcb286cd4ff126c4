//! What most lines hold, seen by a look or two at many bytes.
//!
//! Each reading here is a quick way to what [`fields`](super::fields) and [`address`](super::address) say. Theirs is the
//! meaning: where one of these is not sure it gives `None`, and the tests hold one against the other.

use super::address;
use super::fields::{self, Host, Item, Key};
use crate::vector::{Vector, near};

/// The next piece, where it is a field or a host.
#[inline(always)]
pub(super) fn item(vector: impl Vector, rest: &[u8]) -> Option<(Item<'_>, &[u8])> {
    if let Some(rest) = rest.strip_prefix(b" H=") {
        let (host, after) = host(vector, rest)?;
        return Some((Item::Host(host), after));
    }
    if let Some((key, value, after)) = field(vector, rest) {
        return Some((Item::Field(key, value), after));
    }
    let (word, after) = lone_word(vector, rest)?;
    Some((Item::Word(word), after))
}

/// A word behind one blank that begins with a letter and is no field.
#[inline(always)]
fn lone_word(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let [b' ', rest @ ..] = rest else { return None };
    let end = match rest.first_chunk::<32>() {
        Some(_) => near(vector, rest, [b' ', b'=', b'='])?,
        None => rest.iter().position(|byte| matches!(byte, b' ' | b'=')).unwrap_or(rest.len()),
    };
    let (word, after) = rest.split_at(end);
    if !word.first()?.is_ascii_alphabetic() || word.last() == Some(&b':') || after.first() == Some(&b'=') {
        return None;
    }
    Some((word, after))
}

/// Any field but a host, and what follows it: behind one blank a key of one letter or two, and its value.
#[inline(always)]
pub(super) fn field(vector: impl Vector, rest: &[u8]) -> Option<(Key, &[u8], &[u8])> {
    let [b' ', a, b, c] = *rest.first_chunk()? else { return None };
    let rest = match (b, c) {
        _ if !a.is_ascii_alphabetic() => return None,
        (b'=', _) => &rest[3..],
        (b, b'=') if b.is_ascii_alphabetic() => &rest[4..],
        _ => return None,
    };
    let (value, after) = match rest.first()? {
        b'"' => quoted(vector, rest),
        b'<' => path(vector, rest),
        _ => word(vector, rest),
    }?;
    Some(([a, b], value, after))
}

/// `"..."` without a backslash in it, and what follows.
#[inline(always)]
pub(super) fn quoted(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = rest.strip_prefix(b"\"")?;
    let end = quote(vector, inner)?;
    if inner[end] != b'"' {
        return None;
    }
    Some((&inner[..end], &inner[end + 1..]))
}

/// Where the first quote or backslash is.
#[inline(always)]
fn quote(vector: impl Vector, rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(part) = rest[at..].first_chunk() {
        let places = vector.places_of_any(part, [b'"', b'\\', b'\\']);
        if places != 0 {
            return Some(at + places.trailing_zeros() as usize);
        }
        at += part.len();
    }
    // Of the last ones some have been seen, and are none.
    let Some(last) = rest.last_chunk() else {
        return rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    };
    let places = vector.places_of_any(last, [b'"', b'\\', b'\\']);
    if places == 0 {
        return None;
    }
    Some(rest.len() - last.len() + places.trailing_zeros() as usize)
}

/// `<...>` without a quote in it, and what follows.
#[inline(always)]
fn path(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    rest_of_path(vector, rest.strip_prefix(b"<")?)
}

/// The same behind its opening bracket.
#[inline(always)]
pub(super) fn rest_of_path(vector: impl Vector, inner: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = near(vector, inner, [b'>', b'"', b'"'])?;
    if inner[end] != b'>' {
        return None;
    }
    Some((&inner[..end], &inner[end + 1..]))
}

/// A value up to the next blank that nothing is around and no text follows.
#[inline(always)]
fn word(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    // The last fields of a line are short ones.
    let end = if rest.len() < 32 {
        rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len())
    } else {
        near(vector, rest, [b' '; 3])?
    };
    let (word, after) = rest.split_at(end);
    if matches!(word.first()?, b'"' | b'<') || word.last() == Some(&b':') {
        return None;
    }
    Some((word, after))
}

/// A host as most stand, and what follows it: a name that is not very long, and its address directly behind it.
#[inline(always)]
pub(super) fn host(vector: impl Vector, rest: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let (name, after) = rest.split_at(near(vector, rest, [b' '; 3])?);
    if !name.first()?.is_ascii_alphanumeric() || name.last() == Some(&b':') {
        return None;
    }
    let address = after.strip_prefix(b" [")?;
    let (address, after) = address.split_at(near(vector, address, [b']', b' ', b' '])?);
    let after = after.strip_prefix(b"]")?;
    Some((Host { name: Some(name), ip: Some(address) }, fields::behind_address(after)))
}

/// The sender of a message that came in: behind one blank, a letter first, no quotes in it, and not very long.
#[inline(always)]
pub(super) fn sender(vector: impl Vector, rest: &[u8]) -> Option<&[u8]> {
    let [b' ', rest @ ..] = rest else { return None };
    let end = near(vector, rest, [b' ', b'"', b'"'])?;
    if !rest[0].is_ascii_alphanumeric() || rest[end] != b' ' {
        return None;
    }
    Some(&rest[..end])
}

/// The address behind a flag, and what follows it: behind one blank, beginning with a letter or a figure, and not very long. It
/// is another where its quoted form stands behind it ([`quotes_follow`]).
#[inline(always)]
pub(super) fn address(vector: impl Vector, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let [b' ', rest @ ..] = rest else { return None };
    let first = rest.first_chunk()?;
    let blanks = vector.places(first, b' ');
    let ats = vector.places(first, b'@');
    if blanks == 0 || !rest[0].is_ascii_alphanumeric() {
        return None;
    }
    let (address, after) = rest.split_at(blanks.trailing_zeros() as usize);
    // Without a domain the next blank need not end it; where its top address follows this one does.
    let domain = ats & (blanks ^ (blanks - 1)) != 0;
    let whole = domain || after.starts_with(b" <") && address != b"save";
    if !whole || address.last() == Some(&b':') {
        return None;
    }
    Some((address, after))
}

/// Whether the quoted form of an address may follow the flag: ` <` and a quote within the brackets, where all but the last
/// `free` bytes have none.
#[inline(always)]
pub(super) fn quotes_follow(vector: impl Vector, rest: &[u8], free: usize) -> bool {
    let [b' ', rest @ ..] = rest else { return true };
    // What is quoted has no less bytes than what stands before it.
    let last = address::LONGEST.min(rest.len() / 2);
    let mut from = rest.len().saturating_sub(free);
    while from < last {
        let Some(part) = rest[from..].first_chunk() else { return true };
        let mut places = vector.places(part, b'<');
        while places != 0 {
            let at = from + places.trailing_zeros() as usize;
            if at > 0 && rest[at - 1] == b' ' && quote_in(vector, &rest[at..]) {
                return true;
            }
            places &= places - 1;
        }
        from += part.len();
    }
    false
}

/// Whether a quote may stand before the bracket closes.
#[inline(always)]
fn quote_in(vector: impl Vector, rest: &[u8]) -> bool {
    match near(vector, rest, [b'>', b'"', b'"']) {
        Some(end) => rest[end] == b'"',
        None => true,
    }
}
