//! Readers of bytes: a file, mapped or read, and a stream are the same, and so is what was packed.

use std::cell::RefCell;
use std::io::{Cursor, Read, Seek, Write};

use smtpulse::input::{self, LINE_LIMIT, Source};

/// What comes out of a source.
#[derive(Debug, PartialEq)]
struct Content {
    /// Lines, as far as they are looked at.
    lines: Vec<Vec<u8>>,
    bytes: u64,
    fingerprint: u64,
    ended_with_line: bool,
    failed: bool,
    carrier: Option<&'static str>,
}

fn content(mut source: Source) -> Content {
    let carrier = source.carrier();
    let mut lines = Vec::new();
    let mut open = false;
    let extent = source.read(1, |block| {
        let own = block.lines();
        assert!(!open && !own.is_empty(), "only the last block may end inside a line");
        assert!(block.from(own.len()).len() <= input::AHEAD);
        open = own.last() != Some(&b'\n');
        let ends = own.split_inclusive(|byte| *byte == b'\n');
        lines.extend(ends.map(|line| line.strip_suffix(b"\n").unwrap_or(line)).map(|line| {
            // One byte more, so that it is seen to be longer.
            line[..line.len().min(LINE_LIMIT + 1)].to_vec()
        }));
    });
    assert!(!extent.cut, "nobody cut it");
    Content {
        lines,
        bytes: extent.bytes,
        fingerprint: extent.fingerprint,
        ended_with_line: extent.ended_with_line,
        failed: extent.failed.is_some(),
        carrier,
    }
}

fn streamed(reader: impl Read + Send + 'static) -> Content {
    content(input::from_reader("stream", reader))
}

/// A file that holds these bytes, under the same name again and again.
pub(super) fn written<T>(bytes: &[u8], then: impl FnOnce(&std::path::Path) -> T) -> T {
    thread_local! {
        static FILE: RefCell<Option<tempfile::NamedTempFile>> = const { RefCell::new(None) };
    }
    FILE.with_borrow_mut(|place| {
        let file = place.get_or_insert_with(|| tempfile::NamedTempFile::new().unwrap());
        file.as_file().set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        then(file.path())
    })
}

/// Any file.
pub(super) fn input(bytes: &[u8]) {
    let wanted = streamed(Cursor::new(bytes.to_vec()));
    written(bytes, |path| {
        for map in [true, false] {
            match input::open(path, map) {
                Ok(source) => assert_eq!(content(source), wanted, "map {map}"),
                // A stream tells when it is read.
                Err(error) => assert!(wanted.failed && wanted.lines.is_empty(), "{error}"),
            }
        }
    });
}

/// Gives few bytes at a time.
struct Slow(Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

/// How something begins that is compressed, or else no text as it is.
const PACKED: [&[u8]; 10] = [
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ",
    b"BZh",
    b"\x04\x22\x4d\x18",
    b"LZIP",
    b"PK",
    b"\xff\xfe",
    b"\xfe\xff",
];

/// A log in a carrier, or none, which is not packed: in small pieces and packed it is the same.
pub(super) fn carrier(bytes: &[u8]) {
    if PACKED.iter().any(|packed| bytes.starts_with(packed)) {
        return;
    }
    let wanted = streamed(Cursor::new(bytes.to_vec()));
    let length: usize = wanted.lines.iter().map(Vec::len).sum();
    let most = 4 * bytes.len() + 64 * (1 + wanted.lines.len());
    assert!(length <= most, "{length} bytes came of {}", bytes.len());
    if matches!(wanted.carrier, Some("journal as JSON" | "Docker JSON" | "CRI")) {
        let records = bytes.split_inclusive(|byte| *byte == b'\n').count();
        // One line each; of records that never end there may be one for each source.
        assert!((records..records + 64).contains(&wanted.lines.len()), "{records} records");
    }
    for step in [1, 7] {
        assert_eq!(streamed(Slow(Cursor::new(bytes.to_vec()), step)), wanted, "{step} bytes at a time");
    }
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    assert_eq!(streamed(Cursor::new(packer.finish().unwrap())), wanted, "packed");
}
