//! systemd's journal export format: an entry is fields, one a line, and an empty line behind it.
//!
//! ```text
//! KEY=value                                           a value without control bytes
//! KEY LF, its length (8 bytes, the lowest first), the value, LF        any other
//! ```
//!
//! By systemd's JOURNAL_EXPORT_FORMATS. One entry gives one line: numbers of lines are those of entries.

use std::io;

use memchr::{memchr, memchr2};

use super::journal::Entry;
use super::parts::Parts;
use super::{MOST, Unwrap, plain};
use crate::input::LINE_LIMIT;

/// The fields an entry begins with: a cursor as `journalctl` writes it; without one what other tools write.
const FIRST: [&[u8]; 2] = [b"__CURSOR=", b"__REALTIME_TIMESTAMP="];

/// Whether an input begins with an entry.
pub(super) fn begins(head: &[u8]) -> bool {
    let start = head.iter().take_while(|byte| **byte == b'\n').count();
    FIRST.iter().any(|first| head[start..].starts_with(first))
}

/// The fields that make a line, in the order of [`Export::fields`].
const FIELDS: [&[u8]; 9] = [
    b"__REALTIME_TIMESTAMP",
    b"MESSAGE",
    b"_HOSTNAME",
    b"SYSLOG_IDENTIFIER",
    b"_COMM",
    b"_PID",
    b"SYSLOG_PID",
    b"CONTAINER_ID",
    b"CONTAINER_PARTIAL_MESSAGE",
];

/// Longest name of a field that is waited for; the journal allows 64 bytes.
const LONGEST_NAME: usize = 256;

/// Reads field after field.
#[derive(Default)]
pub(super) struct Export {
    /// What the entry has so far.
    fields: [Vec<u8>; FIELDS.len()],
    /// The entry has a field.
    begun: bool,
    /// Inside a value: which field's, if it is one that counts, and how it ends.
    inside: Option<(Option<usize>, End)>,
    parts: Parts,
    room: Vec<u8>,
}

/// How a value ends.
#[derive(Clone, Copy)]
enum End {
    /// With its line.
    Line,
    /// After so many bytes, and a line end.
    After(u64),
}

impl Unwrap for Export {
    fn take(&mut self, bytes: &[u8], ended: bool, lines: &mut Vec<u8>) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() && lines.len() < MOST {
            let rest = &bytes[at..];
            let taken = match self.inside {
                Some((field, End::Line)) => self.line(field, rest),
                Some((field, End::After(length))) => self.counted(field, length, rest)?,
                None => self.field(rest, lines),
            };
            at += taken;
            if taken == 0 {
                break;
            }
        }
        if ended && lines.len() < MOST {
            if at < bytes.len() || self.inside.is_some() {
                return Err(self.damaged(io::ErrorKind::UnexpectedEof, "ends inside an entry"));
            }
            self.entry(lines);
            self.parts.finish(lines);
        }
        Ok(at)
    }
}

impl Export {
    /// What there is of the entry is dropped: who knows whether it is right.
    fn damaged(&mut self, kind: io::ErrorKind, how: &str) -> io::Error {
        (self.begun, self.inside) = (false, None);
        io::Error::new(kind, format!("the journal export {how}"))
    }

    /// The name of a field, or the end of the entry.
    fn field(&mut self, rest: &[u8], lines: &mut Vec<u8>) -> usize {
        let near = &rest[..rest.len().min(LONGEST_NAME)];
        let Some(end) = memchr2(b'=', b'\n', near) else {
            if near.len() < LONGEST_NAME {
                return 0;
            }
            self.inside = Some((None, End::Line));
            return near.len();
        };
        if end == 0 && rest[0] == b'\n' {
            self.entry(lines);
            return 1;
        }
        // Where a field stands there more than once, the first counts.
        let field = FIELDS.iter().position(|name| *name == &rest[..end]);
        let field = field.filter(|field| self.fields[*field].is_empty());
        if rest[end] == b'=' {
            self.begin(field, End::Line);
            return end + 1;
        }
        let Some(length) = rest[end + 1..].first_chunk() else { return 0 };
        self.begin(field, End::After(u64::from_le_bytes(*length)));
        end + 1 + length.len()
    }

    fn begin(&mut self, field: Option<usize>, end: End) {
        self.begun = true;
        self.inside = Some((field, end));
    }

    /// What is there of a value that ends with its line.
    fn line(&mut self, field: Option<usize>, rest: &[u8]) -> usize {
        let end = memchr(b'\n', rest);
        self.store(field, &rest[..end.unwrap_or(rest.len())]);
        if end.is_some() {
            self.inside = None;
        }
        end.map_or(rest.len(), |end| end + 1)
    }

    /// What is there of a value whose length is known.
    fn counted(&mut self, field: Option<usize>, length: u64, rest: &[u8]) -> io::Result<usize> {
        if length == 0 {
            self.inside = None;
            return match rest[0] {
                b'\n' => Ok(1),
                _ => Err(self.damaged(io::ErrorKind::InvalidData, "holds a value longer than it says")),
            };
        }
        let here = usize::try_from(length).map_or(rest.len(), |length| length.min(rest.len()));
        self.store(field, &rest[..here]);
        self.inside = Some((field, End::After(length - here as u64)));
        Ok(here)
    }

    /// Keeps a piece of a value that counts, of a long one as much as is seen to be too long.
    fn store(&mut self, field: Option<usize>, piece: &[u8]) {
        let Some(field) = field else { return };
        let value = &mut self.fields[field];
        let missing = (LINE_LIMIT + 1).saturating_sub(value.len());
        value.extend_from_slice(&piece[..piece.len().min(missing)]);
    }

    /// Writes the entry.
    fn entry(&mut self, lines: &mut Vec<u8>) {
        if !std::mem::take(&mut self.begun) {
            return;
        }
        let [realtime, message, host, identifier, command, pid, syslog_pid, container, partial] =
            &self.fields;
        let entry = Entry {
            realtime,
            host,
            identifier,
            command,
            pid: if pid.is_empty() { syslog_pid } else { pid },
            message,
            container,
            partial: *partial == b"true",
        };
        match entry.record(&mut self.room) {
            Some(record) => {
                self.parts.record(&record, lines);
            }
            None => plain::text(message, lines),
        }
        lines.push(b'\n');
        self.fields.iter_mut().for_each(Vec::clear);
    }
}
