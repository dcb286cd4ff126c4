//! The address after the flag (`string_log_address` in Exim's `deliver.c`).
//!
//! Exim prints the address as it delivers to it, which means without the quotes of a quoted local part, and
//! adds the address it was given as ` <top>` where the two differ. So a stranger's local part stands raw in the
//! line, blanks, `R=` and `C="250 ok"` included; only the quoted form behind it tells where it ends.

use memchr::{memchr, memchr_iter, memmem};

use super::fields;
use crate::vector::find;

/// The recipient of a delivery line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recipient<'a> {
    /// The address; in its quoted form where it needs one.
    pub(super) address: &'a [u8],
    /// The address Exim was given, where it stands directly behind.
    pub(super) top: Option<&'a [u8]>,
    /// A pipe, a file, an automatic reply or the black hole: no host is involved.
    pub(super) local: bool,
}

/// A domain has at most 255 bytes (RFC 5321, section 4.5.3.1.2); Exim takes local parts of 256 where the RFC
/// has 64. A quoted form further away belongs to some reply.
pub(super) const LONGEST: usize = 256 + 1 + 255 + 2;

/// Reads the address at the start of `rest`; `text_follows` for lines where `: ` may end it.
pub(super) fn read(rest: &[u8], text_follows: bool) -> Option<(Recipient<'_>, &[u8])> {
    // Some builds write two blanks after the flag; a quoted local part may begin with one of its own.
    let as_written = rest.strip_prefix(b" ").unwrap_or(rest);
    let rest = rest.trim_ascii_start();
    let first = *rest.first()?;
    let twin = if as_written.len() == rest.len() { None } else { quoted_twin(as_written) };
    if let Some((top, after)) = twin.or_else(|| quoted_twin(rest)) {
        return Some((Recipient { address: top, top: Some(top), local: false }, after));
    }
    let no_host = matches!(first, b'|' | b'/' | b'>') || rest.starts_with(b"save ");
    let end = if no_host {
        command_end(rest)
    } else if first == b'"' {
        Some(quoted_end(rest, text_follows))
    } else {
        blanks_inside(rest)
    };
    let end = end.unwrap_or_else(|| if text_follows { fields::word_end(rest) } else { fields::blank(rest) });
    let (address, after) = rest.split_at(end);
    // `": Unrouteable address"` and the like: a flag, and nobody.
    if text_follows && address == b":" {
        return None;
    }
    let local = no_host || address.eq_ignore_ascii_case(b":blackhole:");
    Some((Recipient { address, top: None, local }, after))
}

/// `L@d <"L"@d>` where the second is the first, quoted: the second, and what follows.
///
/// A hostile local part can hold such a pair itself, so the last one counts: everything before it is the address.
fn quoted_twin(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    // What is quoted has no less bytes than what stands before it.
    let head = &rest[..LONGEST.min(rest.len() / 2)];
    memchr_iter(b'<', head).rev().filter(|at| *at > 1 && rest[at - 1] == b' ').find_map(|at| {
        let quoted = &rest[at + 1..];
        let end = quoted_end_of(quoted, &rest[..at - 1])?;
        Some((&quoted[..end], &quoted[end + 1..]))
    })
}

/// Where `quoted>` closes that is `plain` with quotes around its local part; letter case aside, because Exim lowers the domain.
///
/// Compared as it is read: of a line full of brackets each is given up at once.
fn quoted_end_of(quoted: &[u8], plain: &[u8]) -> Option<usize> {
    let mut plain = plain.iter();
    let (mut inside, mut quotes) = (false, false);
    // Quotes around it, and a backslash before each byte.
    let mut bytes = quoted.iter().take(2 * LONGEST + 3).enumerate();
    while let Some((at, byte)) = bytes.next() {
        let byte = match byte {
            b'"' => {
                (inside, quotes) = (!inside, true);
                continue;
            }
            b'>' if !inside => return (quotes && plain.next().is_none()).then_some(at),
            b'\\' if inside => bytes.next()?.1,
            b'\\' => return None,
            byte => byte,
        };
        if !plain.next().is_some_and(|plain| plain.eq_ignore_ascii_case(byte)) {
            return None;
        }
    }
    None
}

/// How many ` <` of a command are looked at; each look may go to the end of the line.
const MOST_BRACKETS: usize = 16;

/// The end of a pipe command or a file name, which may hold blanks: before `[ (parent)] <top>` and the fields.
fn command_end(rest: &[u8]) -> Option<usize> {
    let at = memmem::find_iter(rest, b" <").take(MOST_BRACKETS).find(|at| {
        fields::path(&rest[at + 1..]).is_some_and(|(_, after)| match after {
            [] | [b':', ..] => true,
            _ => [&b" F="[..], b" Q=", b" P=", b" R=", b" T=", b" SRS=", b" defer", b" routing"]
                .iter()
                .any(|field| after.starts_with(field)),
        })
    })?;
    let command = &rest[..at];
    let parent = command.ends_with(b")").then(|| memmem::rfind(command, b" (")).flatten();
    Some(parent.unwrap_or(at))
}

/// The end of an unquoted address with blanks in it whose top address is another one.
fn blanks_inside(rest: &[u8]) -> Option<usize> {
    let blank = find(b' ', rest)?;
    if find(b'@', &rest[..blank]).is_some() || rest[..blank].ends_with(b":") {
        return None;
    }
    let end = memmem::find(rest, b" <")?;
    let address = &rest[..end];
    let odd = |b: &u8| matches!(b, b'=' | b'|' | b'/' | b'(' | b':');
    (memchr(b'@', address).is_some() && !address.iter().any(odd)).then_some(end)
}

/// The end of an address that was never split and still has its quotes.
fn quoted_end(rest: &[u8], text_follows: bool) -> usize {
    let end = fields::quoted_word_end(rest);
    if text_follows && end > 1 && rest[end - 1] == b':' { end - 1 } else { end }
}
