//! Going on where an earlier reading ended.
//!
//! Places are counted in bytes of what is read: unpacked, and out of the carrier. So a log keeps its place when it is
//! compressed.

use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use memchr::{memchr, memrchr};

use super::{AHEAD, Bytes, LINE_LIMIT, Print, Reader, Source, look};

/// Bytes before the place where reading goes on that are looked at: as many as a look ahead has, and a line.
const BEFORE: u64 = (AHEAD + LINE_LIMIT) as u64;

/// What lies before and behind a place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Length of the file, unpacked; up to the damage, where it is damaged.
    pub length: u64,
    /// The bytes just before the place; `None` where the file does not reach that far.
    pub before: Option<Print>,
}

impl Source {
    /// Begins behind the first `at` bytes, which were read before.
    pub fn resume(&mut self, at: u64) -> io::Result<()> {
        let start = at.saturating_sub(BEFORE);
        let mut reader = self.behind(start)?;
        let mut before = Vec::new();
        Read::take(&mut reader, at - start).read_to_end(&mut before)?;
        self.head = look(&mut reader)?.0;
        self.before = match memchr(b'\n', &before) {
            // Where a line was cut in two it is none.
            Some(end) if start > 0 => before.split_off(end + 1),
            _ => before,
        };
        self.from = at;
        self.length = self.length.map(|length| length.saturating_sub(at));
        Ok(())
    }

    /// Ends with the last line that has an end, since the one behind it may still be written; in a carrier with the last
    /// record that is whole, as if nothing stood behind it.
    pub fn whole_lines(&mut self) {
        self.whole_lines = true;
        if self.carrier.is_some()
            && let Ok((head, _)) = self.rest().and_then(|mut rest| look(&mut rest))
        {
            self.head = head;
        }
    }

    /// Of so many bytes those that stay as they are when more is written behind them: half a record of a carrier does not.
    pub fn lasting(&self, length: u64) -> u64 {
        match self.carrier {
            Some(_) if !self.whole_lines => {
                self.unwrapped(true).map_or(0, |mut reader| last_bytes(&mut reader).0)
            }
            _ => length,
        }
    }

    /// The last whole lines of what is read up to its last line end, and where they end. Nothing for what is compressed, to
    /// which nobody adds. What lies in a carrier must be read to its end for it.
    pub fn last_lines(&self) -> Option<(u64, Vec<u8>)> {
        let start = match &self.bytes {
            _ if !self.whole_lines => return None,
            Bytes::File { file, .. } => file.length.saturating_sub(AHEAD as u64).max(self.from),
            _ if self.carrier.is_some() => self.from,
            _ => return None,
        };
        let (end, mut bytes) = last_bytes(&mut self.behind(start).ok()?);
        let begins = start + end - bytes.len() as u64;
        bytes.truncate(memrchr(b'\n', &bytes)? + 1);
        let end = begins + bytes.len() as u64;
        // Where a line was cut in two it is none.
        let first = if begins == self.from { 0 } else { memchr(b'\n', &bytes)? + 1 };
        Some((end, bytes.split_off(first)))
    }

    /// Ends at this place, which is a line end.
    pub fn until(&mut self, end: u64) {
        self.until = Some(end);
        self.length = self.length.map(|_| end.saturating_sub(self.from));
    }

    /// Looks at `tail` bytes before a place, and how much there is in all.
    pub fn measure(&self, at: u64, tail: u64) -> io::Result<Measured> {
        let start = at.saturating_sub(tail);
        if let Bytes::File { file, .. } = &self.bytes {
            let open = file.file()?;
            let length = file.length.min(open.metadata()?.len());
            if length < at {
                return Ok(Measured { length, before: None });
            }
            let mut bytes = vec![0; usize::try_from(at - start).unwrap_or(0)];
            open.read_exact_at(&mut bytes, start)?;
            return Ok(Measured { length, before: Some(Print::of(&bytes)) });
        }
        let mut reader = self.reader()?;
        let mut before = Vec::new();
        // What comes before damage counts.
        let mut length = io::copy(&mut Read::take(&mut reader, start), &mut io::sink()).unwrap_or(start);
        let _ = Read::take(&mut reader, at - start).read_to_end(&mut before);
        length += before.len() as u64;
        let mut buffer = vec![0; super::LOOK];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            length += read as u64;
        }
        let whole = before.len() as u64 == at - start && length >= at;
        Ok(Measured { length, before: whole.then(|| Print::of(&before)) })
    }

    /// A file's bytes from where reading begins.
    pub(super) fn rest(&self) -> io::Result<Reader> {
        let until = self.until.unwrap_or(u64::MAX);
        Ok(Box::new(self.behind(self.from)?.take(until.saturating_sub(self.from))))
    }

    /// All of them from any place.
    fn behind(&self, at: u64) -> io::Result<Reader> {
        Ok(match &self.bytes {
            Bytes::File { file, .. } => Box::new(file.reader_from(at)?),
            _ if at == 0 => self.reader()?,
            _ => Box::new(Behind { reader: self.reader()?, before: at }),
        })
    }

    /// Of all bytes those that are to be read.
    pub(super) fn stretch(&self, bytes: &[u8]) -> Range<usize> {
        let until = usize::try_from(self.until.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let bytes = &bytes[..until.min(bytes.len())];
        let start = usize::try_from(self.from).unwrap_or(usize::MAX).min(bytes.len());
        let end = match self.whole_lines {
            true => memrchr(b'\n', &bytes[start..]).map_or(start, |at| start + at + 1),
            false => bytes.len(),
        };
        start..end
    }
}

/// How many bytes come, and the last of them.
fn last_bytes(reader: &mut dyn Read) -> (u64, Vec<u8>) {
    let (mut all, mut last) = (0, Vec::new());
    loop {
        let old = last.len();
        // What comes before an error counts.
        let read = Read::take(&mut *reader, AHEAD as u64).read_to_end(&mut last);
        all += (last.len() - old) as u64;
        last.drain(..last.len().saturating_sub(AHEAD));
        if !matches!(read, Ok(1..)) {
            return (all, last);
        }
    }
}

/// What comes behind the first bytes.
pub(super) struct Behind {
    reader: Reader,
    before: u64,
}

impl Read for Behind {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.before > 0 {
            let passed = io::copy(&mut Read::take(&mut self.reader, self.before), &mut io::sink())?;
            self.before -= passed;
            if self.before > 0 {
                return Ok(0);
            }
        }
        self.reader.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::{Path, PathBuf};

    use super::super::{Extent, open};
    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads from a place on, up to the last line end.
    fn rest(path: &Path, map: bool, at: u64) -> (Vec<u8>, Extent) {
        let mut source = open(path, map).unwrap();
        source.whole_lines();
        source.resume(at).unwrap();
        let mut got = Vec::new();
        let extent = source.read(1, |block| got.extend_from_slice(block.lines()));
        (got, extent)
    }

    #[test]
    fn in_pieces_as_in_one_piece() {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = (0..500).map(|n| format!("{n}: {}\n", "a line".repeat(n % 90))).collect();
        let log = lines.concat();
        let docker: String = lines
            .iter()
            .map(|line| {
                format!("{{\"log\":{line:?},\"stream\":\"stdout\",\"time\":\"2026-03-07T10:00:00Z\"}}\n")
            })
            .collect();
        for text in [&log, &docker] {
            let whole = rest(&file(folder.path(), "whole", text.as_bytes()), false, 0).0;
            // What is written grows, its last line now and then in the middle; read after each step.
            for (packed, map) in [(false, true), (false, false), (true, false)] {
                let (mut read, mut last): (Vec<u8>, Option<Print>) = (Vec::new(), None);
                for step in 1..=7 {
                    let now = &text.as_bytes()[..text.len() * step / 7];
                    let bytes = if packed { gzip(now) } else { now.to_vec() };
                    let path = file(folder.path(), "growing", &bytes);
                    let at = read.len() as u64;
                    if let Some(tail) = last {
                        let measured = open(&path, map).unwrap().measure(at, tail.bytes).unwrap();
                        assert_eq!(measured.before, Some(tail));
                        assert!(measured.length > at);
                    }
                    let (more, extent) = rest(&path, map, at);
                    assert_eq!(extent.bytes, more.len() as u64);
                    assert!(more.ends_with(b"\n") && extent.ended_with_line && !extent.cut);
                    read.extend(more);
                    assert_eq!(extent.tail, Print::of_tail(&read[at as usize..]));
                    last = extent.tail;
                }
                assert!(read == whole, "packed {packed}, mapped {map}");
            }
        }
    }

    #[test]
    fn what_does_not_reach_so_far_has_nothing_before_that_place() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [b"one\ntwo\n".to_vec(), gzip(b"one\ntwo\n")] {
            let source = open(&file(folder.path(), "log", &bytes), true).unwrap();
            assert_eq!(source.measure(9, 4).unwrap(), Measured { length: 8, before: None });
            let before = Some(Print::of(b"two\n"));
            assert_eq!(source.measure(8, 4).unwrap(), Measured { length: 8, before });
            assert_eq!(source.measure(4, 256).unwrap().before, Some(Print::of(b"one\n")));
            let path = folder.path().join("log");
            assert_eq!(rest(&path, true, 8).1.bytes, 0);
            assert_eq!(rest(&path, true, 20).1.bytes, 0);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let long = "y".repeat(400_000);
        let path = file(folder.path(), "log", format!("one\n{long}\nlast\n{long}").as_bytes());
        for map in [true, false] {
            let (_, extent) = rest(&path, map, 0);
            assert_eq!((extent.bytes, extent.cut), (400_010, false), "{map}");
            assert_eq!(extent.tail, rest(&path, !map, 0).1.tail);
        }
    }
}
