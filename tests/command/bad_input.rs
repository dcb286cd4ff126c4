//! Input that is no clean log: told or counted, never a panic, and everything else is still read.

use std::io::Write;

use super::{REFUSED, SENT, fed, file, json, peak, run};

/// Reads a file, a file without mapping, and the same bytes as a stream; all must say the same. Gives the report.
fn all_ways(code: i32, bytes: &[u8]) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", bytes);
    let mapped = json(code, &[&log]);
    let mut read = json(code, &["--no-mmap", &log]);
    assert_eq!(mapped, read);
    let output = super::smtpulse().args(["--format", "json", "-"]).write_stdin(bytes).output().unwrap();
    let mut streamed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code));
    let told = |page: &mut serde_json::Value| {
        page["inputs"] = serde_json::Value::Null;
        page["accounting"]["first_not_understood"]["input"] = serde_json::Value::Null;
        for finding in page["findings"].as_array_mut().unwrap() {
            for place in finding["evidence"].as_array_mut().unwrap() {
                place["input"] = serde_json::Value::Null;
            }
        }
    };
    told(&mut streamed);
    told(&mut read);
    assert_eq!(streamed, read);
    let accounting = &mapped["accounting"];
    let class = |name: &str| accounting[name].as_u64().unwrap();
    let classes = ["attempts", "rejects", "other_events", "other_programs", "unrelated", "not_understood"];
    assert_eq!(classes.iter().map(|name| class(name)).sum::<u64>(), class("lines"));
    mapped
}

#[test]
fn line_ends_of_other_systems() {
    let page = all_ways(0, format!("{REFUSED}{SENT}").replace('\n', "\r\n").as_bytes());
    assert_eq!(page["totals"]["attempts"], 2);
    assert_eq!(page["accounting"]["lines"], 2);
}

#[test]
fn nuls_that_copytruncate_leaves() {
    let mut bytes = vec![0; 100_000];
    bytes.extend_from_slice(REFUSED.as_bytes());
    bytes.extend_from_slice(SENT.as_bytes());
    // More than is looked at of a line: that one line is given up.
    let page = all_ways(0, &bytes);
    assert_eq!(page["totals"]["attempts"], 1);
    let page = all_ways(0, &bytes[90_000..]);
    assert_eq!(page["totals"]["attempts"], 2);
}

#[test]
fn bytes_that_are_no_text() {
    let mut bytes = REFUSED.replace("r@", "\u{fc}@").into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\x80 \xc3\x28 nonsense\n");
    bytes.extend_from_slice(&SENT.replace("250 2.0.0 Ok", "250 2.0.0 Gr#e").into_bytes());
    for byte in bytes.iter_mut().filter(|byte| **byte == b'#') {
        *byte = 0xfc;
    }
    let page = all_ways(0, &bytes);
    assert_eq!(page["totals"]["attempts"], 2);
    assert_eq!(page["accounting"]["lines"], 3);
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", &bytes);
    let events = run(&["events", &log]).out;
    assert!(events.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn binary_junk() {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let junk: Vec<u8> = (0..300_000).map(|_| next()).collect();
    let page = all_ways(3, &junk);
    assert_eq!(page["totals"]["attempts"], 0);
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "junk", &junk);
    let done = run(&[&log]);
    assert!(done.err.contains(&log) && done.err.contains("is this a Postfix or Exim log?"), "{}", done.err);
}

#[test]
fn a_last_line_that_is_cut_short() {
    let log = format!("{SENT}{REFUSED}");
    for cut in 1..REFUSED.len() {
        let bytes = &log.as_bytes()[..log.len() - cut];
        // A cut line tells nothing false: what is read of it is what stands there.
        if cut % 16 == 1 {
            let folder = tempfile::tempdir().unwrap();
            let path = file(folder.path(), "mail.log", bytes);
            let done = run(&["report", "--format", "json", &path]);
            assert!(matches!(done.code, Some(0 | 3)), "{cut}: {}", done.err);
            let page: serde_json::Value = serde_json::from_str(&done.out).unwrap();
            assert_eq!(page["accounting"]["lines"], 2, "{cut}");
            assert!(page["totals"]["delivered"] == 1, "{cut}");
            assert_eq!(done.code == Some(3), done.err.contains("cut short"), "{cut}: {}", done.err);
        }
    }
}

#[test]
fn a_line_of_a_hundred_megabytes() {
    const LENGTH: usize = 100 << 20;
    let part = vec![b'x'; 1 << 20];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let mut log = std::fs::File::create(&path).unwrap();
    let (mut child, mut stdin) = fed(&["--format", "json", "-"]);
    let mut most = None;
    for out in [&mut log as &mut dyn Write, &mut stdin] {
        out.write_all(REFUSED.as_bytes()).unwrap();
        for _ in 0..LENGTH / part.len() {
            out.write_all(&part).unwrap();
        }
        out.write_all(b"\n").unwrap();
        out.write_all(SENT.as_bytes()).unwrap();
        most = peak(&child);
    }
    drop(stdin);
    let mut output = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut output).unwrap();
    assert!(child.wait().unwrap().success());
    let streamed: serde_json::Value = serde_json::from_str(&output).unwrap();
    let path = path.to_str().unwrap();
    for page in [&streamed, &json(0, &[path]), &json(0, &["--no-mmap", path])] {
        assert_eq!(page["totals"]["attempts"], 2);
        assert_eq!(page["accounting"]["lines"], 3);
    }
    if let Some(most) = most {
        assert!(most < 80 * 1024, "a stream keeps no long line: {most} KiB");
    }
}
