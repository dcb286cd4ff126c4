use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Gives its bytes in pieces of the given lengths.
struct Dribble {
    bytes: Vec<u8>,
    at: usize,
    pieces: Vec<usize>,
}

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.pieces.pop().unwrap_or(usize::MAX).max(1);
        let n = piece.min(buffer.len()).min(self.bytes.len() - self.at);
        buffer[..n].copy_from_slice(&self.bytes[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Lines as a reader of the source meets them: cut at the limit.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let limit = |line: &[u8]| line[..line.len().min(LINE_LIMIT + 1)].to_vec();
    let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(limit).collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_stream_gives_the_lines_of_the_file(
        texts in proptest::collection::vec((prop_oneof![0_usize..300, 60_000_usize..200_000], any::<u8>()), 0..8),
        pieces in proptest::collection::vec(1_usize..90_000, 0..40),
        end in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for (length, byte) in &texts {
            bytes.extend(std::iter::repeat_n(if *byte == b'\n' { b'x' } else { *byte }, *length));
            bytes.push(b'\n');
        }
        if !end {
            bytes.pop();
        }
        let expected = lines(&bytes);
        let length = bytes.len() as u64;
        let print = fingerprint(&bytes);
        let mut source = from_reader("x", Dribble { bytes, at: 0, pieces });
        let mut got = Vec::new();
        let extent = source.read(1, |block| {
            for chunk in block.chunks(1) {
                got.extend(lines(chunk.lines()));
            }
        });
        prop_assert_eq!(extent.bytes, length);
        prop_assert_eq!(extent.fingerprint, print);
        prop_assert!(got == expected);
    }

    #[test]
    fn chunks_are_the_block(text in "[ab\n]{0,80}", size in 0_usize..90) {
        let block = Block::among(text.as_bytes(), 0..text.len());
        let chunks: Vec<&[u8]> = block.chunks(size).map(|chunk| chunk.lines()).collect();
        prop_assert_eq!(chunks.concat(), text.as_bytes());
        for chunk in &chunks[..chunks.len().saturating_sub(1)] {
            prop_assert!(chunk.ends_with(b"\n") && chunk.len() >= size);
        }
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        open(&path, true)
    };
    let error = open(folder.path(), true).unwrap_err();
    assert!(matches!(error.reason, Reason::Directory), "{error}");
    let error = open(&folder.path().join("missing"), true).unwrap_err();
    assert!(matches!(error.reason, Reason::Io(_)), "{error}");
    for (name, bytes, said) in [
        ("mail.log.1.lz4", &b"\x04\x22\x4d\x18\x60"[..], "lz4cat"),
        ("mail.log.1.Z", b"\x1f\x9d\x90", "zcat"),
        ("mail.log.1.gz", b"\x1f\x8b\x08\x00", "cut short"),
        ("mail.log.2.gz", b"\x1f\x8b\x07\x00\0\0\0\0\0\0", "damaged gzip data"),
        ("mail.log.3.gz", b"", "was the disk full"),
        ("mail.log.1.xz", b"\xfd7zXZ\0\0\0", "xz data"),
        ("mail.log.1.zst", b"\x28\xb5\x2f\xfd\x04", "zstd data"),
        ("mail.log.1.bz2", b"BZh9", "bzip2 data"),
    ] {
        let error = file(name, bytes).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(said), "{error}");
    }
    assert!(file("mail.log", b"").is_ok());
}
