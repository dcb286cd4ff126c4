//! Syslog over TCP as it was captured: `123 <22>1 2025-…`, each message behind its length in bytes (RFC 6587, section
//! 3.4.1). One message gives one line. What is no such message is passed on up to its line end, since senders of
//! both framings may share a port (section 3.4.2).

use std::io;

use memchr::memchr;

use super::{MOST, Unwrap, plain};

/// Digits of a length: as many as [`MOST`] has.
const DIGITS: usize = 7;

/// Bytes that tell whether a message begins: its length, a blank, `<191>`.
const NEAR: usize = DIGITS + 6;

/// Whether an input begins with a counted message, and goes on with another where it can be seen.
pub(super) fn begins(head: &[u8]) -> bool {
    let Some((start, length)) = counted(head) else { return false };
    let behind = head.get(start + length..).unwrap_or_default().trim_ascii_start();
    behind.len() < NEAR || counted(behind).is_some()
}

/// Where the message at the start begins, and how long it is: `MSG-LEN SP <PRI>`.
fn counted(bytes: &[u8]) -> Option<(usize, usize)> {
    let near = &bytes[..bytes.len().min(NEAR)];
    let blank = memchr(b' ', &near[..near.len().min(DIGITS + 1)])?;
    let (length, priority) = (&near[..blank], &near[blank + 1..]);
    // A length begins with no zero.
    if !matches!(length.first()?, b'1'..=b'9') || priority.first() != Some(&b'<') {
        return None;
    }
    let close = memchr(b'>', priority)?;
    if !matches!(close, 2..=4) || !priority[1..close].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = std::str::from_utf8(length).ok()?.parse().ok()?;
    (length <= MOST).then_some((blank + 1, length))
}

/// Reads message after message; there is nothing to remember.
pub(super) struct Octets;

impl Unwrap for Octets {
    fn take(&mut self, bytes: &[u8], ended: bool, lines: &mut Vec<u8>) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() && lines.len() < MOST {
            let rest = &bytes[at..];
            // Some senders end the line as well.
            if rest[0] == b'\n' {
                at += 1;
                continue;
            }
            if rest.len() < NEAR && !ended {
                break;
            }
            if let Some((start, length)) = counted(rest) {
                match rest.get(start..start + length) {
                    Some(message) => {
                        plain::text(message, lines);
                        lines.push(b'\n');
                        at += start + length;
                    }
                    None if ended => {
                        plain::text(&rest[start..], lines);
                        at = bytes.len();
                    }
                    None => break,
                }
                continue;
            }
            match memchr(b'\n', rest) {
                Some(end) => {
                    lines.extend_from_slice(&rest[..=end]);
                    at += end + 1;
                }
                None if ended || rest.len() >= MOST => {
                    lines.extend_from_slice(rest);
                    at = bytes.len();
                }
                None => break,
            }
        }
        Ok(at)
    }
}
