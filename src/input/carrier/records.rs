//! Carriers that keep one line for each: JSON objects, and the log files of Kubernetes' container runtimes.
//!
//! Every line that comes gives one line, so that numbers stay those of the file. A line that is none of theirs is passed on
//! as it is. Of a record in parts the last one's place gets the text, and the others' places stay empty.

use std::io;

use memchr::memchr;

use super::parts::{Parts, Record};
use super::{Carrier, MOST, Unwrap, json};
use crate::input::LINE_LIMIT;

/// Of which carrier a line is.
pub(super) fn carrier(line: &[u8]) -> Option<Carrier> {
    read(line, &mut Vec::new(), |carrier, _| carrier)
}

fn read<T>(line: &[u8], room: &mut Vec<u8>, then: impl FnOnce(Carrier, Record<'_>) -> T) -> Option<T> {
    match line.first()? {
        b'0'..=b'9' => Some(then(Carrier::Cri, cri(line)?)),
        b'{' | b'\x1e' | b'd' => json::read(line, room, then),
        _ => None,
    }
}

/// `2025-01-01T00:00:00.000000000Z stdout F text`, where `F` ends a record and `P` does not (Kubernetes' design of the
/// container runtime interface's logging). More tags may follow the first, behind colons.
fn cri(line: &[u8]) -> Option<Record<'_>> {
    let stamp = memchr(b' ', &line[..line.len().min(40)])?;
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let rest = &line[stamp + 1..];
    let stream = [&b"stdout"[..], b"stderr"].into_iter().find(|stream| rest.starts_with(stream))?;
    let rest = rest[stream.len()..].strip_prefix(b" ")?;
    let tags = memchr(b' ', rest).unwrap_or(rest.len());
    let partial = match rest[..tags].split(|byte| *byte == b':').next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    let text = rest.get(tags + 1..).unwrap_or_default();
    Some(Record { before: &line[..=stamp], source: stream, partial, text })
}

/// Reads line after line.
#[derive(Default)]
pub(super) struct Records {
    parts: Parts,
    /// The place of the line before is still empty: a part was there.
    owed: bool,
    /// The line before has no end: it was the input's last.
    unended: bool,
    /// Inside the rest of a line that was too long.
    skipping: bool,
    room: Vec<u8>,
}

impl Unwrap for Records {
    fn take(&mut self, bytes: &[u8], ended: bool, lines: &mut Vec<u8>) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() && lines.len() < MOST {
            let rest = &bytes[at..];
            let end = memchr(b'\n', rest);
            if end.is_none() && !ended && !self.skipping && rest.len() < MOST {
                break;
            }
            at += end.map_or(rest.len(), |end| end + 1);
            if std::mem::replace(&mut self.skipping, end.is_none() && !ended) {
                continue;
            }
            if std::mem::take(&mut self.owed) {
                lines.push(b'\n');
            }
            let line = &rest[..end.unwrap_or(rest.len())];
            if self.skipping {
                // Long enough to be seen to be too long.
                lines.extend_from_slice(&line[..LINE_LIMIT + 1]);
            } else {
                self.line(line, lines);
            }
            self.unended = end.is_none() && ended;
            if !self.owed && !self.unended {
                lines.push(b'\n');
            }
        }
        if ended && at == bytes.len() {
            self.finish(lines);
        }
        Ok(at)
    }
}

impl Records {
    fn line(&mut self, line: &[u8], lines: &mut Vec<u8>) {
        let kept = read(line, &mut self.room, |_, record| self.parts.record(&record, lines));
        self.owed = kept == Some(true);
        if kept.is_none() {
            lines.extend_from_slice(line);
        }
    }

    /// Writes records whose last part never came: the first one into the place of the last part.
    fn finish(&mut self, lines: &mut Vec<u8>) {
        if self.parts.are_open() && !std::mem::take(&mut self.owed) && self.unended {
            lines.push(b'\n');
        }
        self.parts.finish(lines);
    }
}
