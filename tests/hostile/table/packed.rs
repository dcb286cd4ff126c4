//! Compressed logs that are cut, damaged, padded, or not what they seem.

use std::io::Write;

use super::texts::both;
use super::{Row, row};
use crate::command::PACKERS;

/// Packed in the way of this name.
fn pack(kind: &str, text: &[u8]) -> Vec<u8> {
    let (_, pack) = PACKERS.iter().find(|(name, _)| *name == kind).unwrap();
    pack(text)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    pack("gz", text)
}

/// Without its last bytes.
fn cut(mut bytes: Vec<u8>, less: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - less);
    bytes
}

/// With other bytes in one place.
fn damaged(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at..at + 4].copy_from_slice(b"XXXX");
    bytes
}

/// 64 MiB of NULs in some ten thousand bytes.
fn bomb() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        packer.write_all(&vec![0; 1 << 20]).unwrap();
    }
    packer.finish().unwrap()
}

pub(super) fn rows() -> Vec<Row> {
    let both = both();
    let text = both.as_bytes();
    let fine = gzip(text);
    let size = fine.len();
    let wide: Vec<u8> = [0xFEFF].into_iter().chain(both.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let wide =
        PACKERS.map(|(kind, pack)| row(kind, pack(&wide), 4, "", " | iconv -f UTF-16 -t UTF-8 | smtpulse -"));
    let mut rows = vec![
        row("gzip: only its first bytes", b"\x1f\x8b", 4, "", "cut short"),
        row("gzip: only its header", &fine[..10], 4, "", "cut short"),
        row("gzip: cut in its checksum", cut(fine.clone(), 5), 3, "lines=2 attempts=2", "cut short"),
        row("gzip: wrong checksum", damaged(fine.clone(), size - 8), 3, "lines=2 attempts=2", "checksum"),
        row("gzip: garbage behind", [&fine[..], b"garbage"].concat(), 3, "lines=2 attempts=2", "no gzip"),
        row("gzip: padded with zeros", [&fine[..], &[0; 512]].concat(), 0, "lines=2 attempts=2", ""),
        row("gzip: nothing in it", gzip(b""), 0, "lines=0", ""),
        row("gzip: a method that there is not", damaged(fine.clone(), 2), 4, "", "gzip"),
        row("gzip in gzip", gzip(&fine), 4, "", "is gzip in gzip, which is not read as it is"),
        row("gzip: a bomb", bomb(), 3, "lines=1 unrelated=1 long_lines=1", "no line of a log in it"),
        row(
            "gzip: a log of lines behind a packed one",
            [&fine[..], text].concat(),
            3,
            "lines=2 attempts=2",
            "no gzip",
        ),
        row("zstd: cut", cut(pack("zst", text), 5), 4, "", "cut short"),
        row("zstd: damaged", damaged(pack("zst", text), 4), 4, "", "zstd"),
        row("xz: cut in its index", cut(pack("xz", text), 10), 3, "lines=2 attempts=2", "cut short"),
        row("xz: damaged", damaged(pack("xz", text), 8), 4, "", "xz"),
        row("bzip2: cut", cut(pack("bz2", text), 30), 4, "", "cut short"),
        row("bzip2: damaged", damaged(pack("bz2", text), 40), 4, "", "bzip2"),
        row("lz4", b"\x04\x22\x4d\x18rest", 4, "", "lz4cat"),
        row("zip", b"PK\x03\x04rest", 4, "", "unzip -p"),
        row("compress", b"\x1f\x9drest", 4, "", "zcat"),
        row("lzip", b"LZIP\x01rest", 4, "", "lzip -dc"),
    ];
    rows.extend(wide);
    rows
}
