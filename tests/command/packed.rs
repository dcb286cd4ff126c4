//! Compressed logs: read like the log that is in them, by name or from a pipe, and as far as they are whole.

use std::io::Write;

use super::{REFUSED, SENT, file, json, run, smtpulse};

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

pub(crate) fn xz(text: &[u8]) -> Vec<u8> {
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

pub(crate) fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

/// A packer by name.
pub(crate) type Packer = fn(&[u8]) -> Vec<u8>;

pub(crate) const PACKERS: [(&str, Packer); 4] = [("gz", gzip), ("zst", zstd), ("xz", xz), ("bz2", bzip2)];

fn attempts(code: i32, words: &[&str]) -> u64 {
    json(code, words)["totals"]["attempts"].as_u64().unwrap()
}

#[test]
fn they_are_known_by_their_content_under_any_name_and_from_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{REFUSED}{SENT}");
    for (kind, pack) in PACKERS {
        let bytes = pack(text.as_bytes());
        let name = file(folder.path(), &format!("log-without-kind-{kind}"), &bytes);
        let page = json(0, &[&name]);
        assert_eq!(page["totals"]["attempts"], 2, "{kind}");
        assert_eq!(page["inputs"][0]["bytes"], text.len(), "{kind}: what is in it counts");
        assert_eq!(attempts(0, &["--no-mmap", &name]), 2, "{kind}");
        let output = smtpulse().args(["events", "-"]).write_stdin(bytes).output().unwrap();
        assert_eq!(output.stdout.split(|byte| *byte == b'\n').count(), 3, "{kind} from a pipe");
        // Several streams in one file.
        let bytes = [pack(REFUSED.as_bytes()), pack(b""), pack(SENT.as_bytes())].concat();
        assert_eq!(attempts(0, &[&file(folder.path(), &format!("{kind}-in-parts"), bytes)]), 2, "{kind}");
        // What only has the name is read as what it is.
        assert_eq!(attempts(0, &[&file(folder.path(), &format!("plain.{kind}"), &text)]), 2, "{kind}");
        // Nothing in it is no fault: logrotate compresses empty logs too.
        assert_eq!(attempts(0, &[&file(folder.path(), &format!("empty.{kind}"), pack(b""))]), 0, "{kind}");
    }
}

#[test]
fn what_is_damaged_is_told_and_everything_before_it_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let many = format!("{REFUSED}{SENT}").repeat(3000);
    let (one, two) = (gzip(REFUSED.as_bytes()), gzip(SENT.as_bytes()));
    let log = file(folder.path(), "mail.log", SENT.replace("11:00:00", "12:00:00"));
    let cut = |bytes: Vec<u8>, part: usize| bytes[..bytes.len() - bytes.len() / part].to_vec();
    let mut flipped = gzip(many.as_bytes());
    let at = flipped.len() - 5;
    flipped[at] ^= 0x10;
    // The bytes, how many attempts are in them at least, what is said.
    let cases: [(&str, Vec<u8>, u64, &str); 12] = [
        (
            "garbage behind",
            [&one[..], &two[..], b"garbage"].concat(),
            2,
            "what follows its last member is no gzip",
        ),
        ("a cut member", [&one[..], &two[..20]].concat(), 1, "cut short"),
        ("a member's first byte", [&one[..], b"\x1f"].concat(), 1, "cut short"),
        ("a cut gzip", cut(gzip(many.as_bytes()), 3), 1000, "cut short"),
        ("a cut zstd", cut(zstd(&many.as_bytes()[..600_000]), 20), 1000, "cut short"),
        ("a cut bzip2", cut(bzip2(many.as_bytes()), 10), 1000, "cut short"),
        ("a cut xz", cut([xz(many.as_bytes()), xz(SENT.as_bytes())].concat(), 60), 1000, "cut short"),
        ("a wrong checksum", [&flipped[..], &one[..]].concat(), 6001, "checksum"),
        ("garbage behind zstd", [zstd(REFUSED.as_bytes()), b"garbage".to_vec()].concat(), 1, "zstd"),
        ("garbage behind xz", [xz(REFUSED.as_bytes()), b"garbage!".to_vec()].concat(), 1, "xz"),
        ("garbage behind bzip2", [bzip2(REFUSED.as_bytes()), b"garbage".to_vec()].concat(), 1, "bzip2"),
        ("another log behind", [&one[..], SENT.as_bytes()].concat(), 1, "no gzip"),
    ];
    for (what, bytes, least, said) in cases {
        let name = file(folder.path(), "damaged", &bytes);
        let page = json(3, &[&name, &log]);
        let (found, input) = (page["totals"]["attempts"].as_u64().unwrap(), &page["inputs"][0]);
        assert!(found > least, "{what}: {found}");
        assert_eq!(input["complete"], false, "{what}");
        assert!(input["note"].as_str().unwrap().contains(said), "{what}: {input}");
        for command in ["report", "events", "suppress"] {
            let done = run(&[command, &name, &log]);
            assert_eq!(done.code, Some(3), "{command}, {what}");
            assert!(done.err.contains(&name) && done.err.contains(said), "{command}, {what}: {}", done.err);
        }
        let piped = smtpulse().args(["-q", "-"]).write_stdin(bytes).output().unwrap();
        assert_eq!(piped.status.code(), Some(3), "{what} from a pipe");
    }
    let padded = [&one[..], &[0; 100], &two[..], &[0; 1000]].concat();
    assert_eq!(attempts(0, &[&file(folder.path(), "padded", padded)]), 2, "zeros are padding");
}

#[test]
fn what_is_no_log_inside_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, said) in [
        ("mail.log.1.gz", &b""[..], "was the disk full"),
        ("mail.log.2.gz", b"\x1f\x8b\x08\0\0\0", "cut short"),
        ("mail.log.3.lz4", b"\x04\x22\x4d\x18rest", "lz4cat"),
        ("mail.log.4.Z", b"\x1f\x9d\x90rest", "zcat"),
        ("mail.log.5.zip", b"PK\x03\x04rest", "unzip -p"),
        ("mail.log.6.lz", b"LZIP\x01rest", "lzip -dc"),
    ] {
        let path = file(folder.path(), name, bytes);
        let done = run(&[&path]);
        assert_eq!(done.code, Some(4), "{name}: {}", done.err);
        assert!(done.err.contains(&path) && done.err.contains(said), "{name}: {}", done.err);
        let piped = smtpulse().arg("-").write_stdin(bytes).output().unwrap();
        assert_eq!(piped.status.code(), Some(if bytes.is_empty() { 0 } else { 4 }), "{name} from a pipe");
    }
    // Another compression inside; what it is told to be unpacked with is what it takes.
    for (inner, said) in [
        (gzip(REFUSED.as_bytes()), "is gzip in xz, which is not read as it is; unpack it on the way: xzcat"),
        (b"\x04\x22\x4d\x18rest".to_vec(), "twice.xz | lz4cat | smtpulse -"),
    ] {
        let twice = file(folder.path(), "twice.xz", xz(&inner));
        let done = run(&[&twice]);
        assert_eq!(done.code, Some(4), "{}", done.err);
        assert!(done.err.contains(said), "{}", done.err);
        assert_eq!(
            done.err.contains("twice.xz | smtpulse -"),
            inner.starts_with(b"\x1f\x8b"),
            "{}",
            done.err
        );
    }
}

#[test]
fn a_bomb_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(REFUSED.as_bytes()).unwrap();
    for _ in 0..300 {
        packer.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    packer.write_all(format!("\n{SENT}").as_bytes()).unwrap();
    let name = file(folder.path(), "bomb.gz", packer.finish().unwrap());
    let page = json(0, &[&name]);
    assert_eq!((&page["totals"]["attempts"], &page["accounting"]["lines"]), (&2.into(), &3.into()));
    // A window of 2 GiB is refused before it is taken.
    let mut packer = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packer.window_log(31).unwrap();
    packer.write_all(REFUSED.repeat(1000).as_bytes()).unwrap();
    let name = file(folder.path(), "wide.zst", packer.finish().unwrap());
    let done = run(&[&name]);
    assert_eq!(done.code, Some(4));
    assert!(done.err.contains("zstd") && done.err.contains("memory"), "{}", done.err);
}
