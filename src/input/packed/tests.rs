use std::io::{Cursor, Write};

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

/// One text, packed in every way.
fn packed(text: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    xz.write_all(text).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(text).unwrap();
    [
        ("gzip", gzip(text)),
        ("zstd", zstd::encode_all(text, 1).unwrap()),
        ("xz", xz.finish().unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
    ]
}

/// What comes out of some bytes, and the error at its end.
fn unpack(bytes: Vec<u8>) -> (Vec<u8>, Option<String>) {
    let format = Format::of(&bytes).unwrap();
    let mut text = Vec::new();
    let read = format.unpack(Box::new(Cursor::new(bytes))).unwrap().read_to_end(&mut text);
    (text, read.err().map(|error| error.to_string()))
}

fn log(lines: usize) -> Vec<u8> {
    let line = |n: usize| format!("Mar  7 10:00:{:02} mx postfix/qmgr[2]: {:X}: removed\n", n % 60, n * 7919);
    (0..lines).map(line).collect::<String>().into_bytes()
}

#[test]
fn every_format_is_known_by_its_first_bytes_and_read_with_all_that_follows() {
    for (length, after) in [(0, 5), (1, 0), (5000, 3), (200_000, 1)] {
        let (text, second) = (log(length), log(after));
        let whole = [&text[..], &second[..]].concat();
        for ((name, first), (_, second)) in packed(&text).into_iter().zip(packed(&second)) {
            assert_eq!(Format::of(&first).unwrap().name, name);
            let (found, error) = unpack([first, second].concat());
            assert_eq!(error, None, "{name}");
            assert!(found == whole, "{name}: {} of {}", found.len(), whole.len());
        }
    }
}

#[test]
fn what_comes_before_the_end_of_a_cut_file_is_kept() {
    let text = log(60_000);
    for (name, bytes) in packed(&text) {
        for part in [2, 5, 20] {
            let (found, error) = unpack(bytes[..bytes.len() - bytes.len() / part].to_vec());
            assert!(text.starts_with(&found), "{name}");
            // bzip2 and xz give whole blocks.
            assert!(!found.is_empty() || part == 2, "{name} without its last {part}th");
            let error = error.unwrap();
            assert!(error.contains(name) && error.contains("cut short"), "{name}: {error}");
        }
    }
}

#[test]
fn what_stands_before_and_behind_damage_in_gzip_is_kept() {
    let (text, second) = (log(3000), log(10));
    let whole = [&text[..], &second[..]].concat();
    let member = gzip(&text);
    let with = |middle: &[u8], end: &[u8]| unpack([&member[..], middle, &gzip(&second)[..], end].concat());
    for zeros in [1, 512, 300_000] {
        let zeros = vec![0; zeros];
        assert_eq!(with(&zeros, &zeros), (whole.clone(), None));
    }
    let (found, error) = with(&[], b"\0\0#!/bin/sh\n");
    assert!(found == whole && error.unwrap().contains("what follows its last member is no gzip"));
    let (found, error) = with(&[], b"\x1f\x8b");
    assert!(found == whole && error.unwrap().contains("cut short"));
    // A member whose checksum is wrong: read to its end, and the next one too.
    let mut wrong = member.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    let (found, error) = unpack([&wrong[..], &gzip(&second)[..]].concat());
    assert!(found == whole && error.unwrap().contains("checksum"));
    let (found, error) = unpack(wrong);
    assert!(found == text && error.unwrap().contains("checksum"));
}

#[test]
fn damaged_bytes_give_an_error_and_no_panic() {
    let text = log(400);
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (name, bytes) in packed(&text) {
        for _ in 0..400 {
            let mut bytes = bytes.clone();
            for _ in 0..=next(3) {
                let at = 6 + next(bytes.len() - 6);
                bytes[at] = next(256) as u8;
            }
            let cut = 6 + next(bytes.len() - 6);
            bytes.truncate(cut.max(bytes.len() - 60));
            let (found, _) = unpack(bytes);
            assert!(found.len() < 100 * text.len(), "{name}: {}", found.len());
        }
    }
}

/// Gives few bytes at a time.
struct Slow(Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn as_much_is_saved_of_what_is_damaged_however_it_is_read() {
    let text = log(3000);
    for (name, bytes) in packed(&text) {
        for part in 2..9 {
            let mut bytes = bytes.clone();
            let at = bytes.len() * part / 9;
            bytes[at..at + 6].copy_from_slice(b"damage");
            let read = |step: usize, room: usize| {
                let packed = Slow(Cursor::new(bytes.clone()), step);
                let mut unpacked = Format::of(&bytes).unwrap().unpack(Box::new(packed)).unwrap();
                let (mut text, mut buffer) = (Vec::new(), vec![0; room]);
                loop {
                    match unpacked.read(&mut buffer) {
                        Ok(0) => return (text, None),
                        Ok(read) => text.extend_from_slice(&buffer[..read]),
                        Err(error) => return (text, Some(error.to_string())),
                    }
                }
            };
            let wanted = read(usize::MAX, 1 << 20);
            // Only zstd has no checksum here.
            assert!(wanted.1.is_some() || name == "zstd", "{name}, {part}");
            for (step, room) in [(usize::MAX, 100), (1000, 1 << 20), (7, 3000)] {
                assert!(read(step, room) == wanted, "{name}, {part}: {step} bytes at a time into {room}");
            }
            if name == "gzip" {
                assert!(wanted.0.len() > text.len() * (part - 1) / 9 - PIECE, "{part}: {}", wanted.0.len());
            }
        }
    }
}
