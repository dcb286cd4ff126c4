//! What goes wrong around the program: disks, signals, clocks, surroundings. It ends as promised, and leaves nothing half done.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::packed::gzip;
use super::{PROGRAM, REFUSED, SENT, fed, file, json, run, smtpulse};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_cannot_be_written_is_told_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    let missing = folder.path().join("missing/page.json");
    let (missing, here) = (missing.to_str().unwrap(), folder.path().to_str().unwrap());
    let outputs = [
        // A full disk.
        "/dev/full",
        // A folder that takes no files.
        "/proc/page.json",
        missing,
        here,
    ];
    for output in outputs {
        for words in [
            &["--output", output, &log][..],
            &["-f", "json", "--output", output, &log],
            &["--summary", output, &log],
            &["events", "--output", output, &log],
            &["codes", "--output", output],
            &["explain", "--output", output, "550"],
            &["gen", "--size", "200KiB", "--output", output],
        ] {
            let done = run(words);
            if done.code == Some(2)
                && done.err.contains("--output")
                && done.err.contains("unexpected argument")
            {
                continue;
            }
            assert_eq!(done.code, Some(4), "{words:?}: {}", done.err);
            assert!(
                done.err.contains("cannot write") && done.err.contains(output),
                "{words:?}: {}",
                done.err
            );
        }
    }
    assert_eq!(names(folder.path()), ["mail.log"], "nothing is left behind");
    for words in [&[&log[..]][..], &["-f", "json", &log], &["events", &log], &["gen", "--size", "200KiB"]] {
        let done = smtpulse().args(words).output().unwrap();
        assert_eq!(done.status.code(), Some(0));
        let full = File::options().write(true).open("/dev/full").unwrap();
        let status =
            Command::new(PROGRAM).args(words).stdout(full).stderr(std::process::Stdio::null()).status();
        assert_eq!(status.unwrap().code(), Some(4), "{words:?} on a full disk");
    }
}

#[test]
fn a_device_is_written_to_and_not_replaced_and_a_link_stays_a_link() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", REFUSED);
    assert_eq!(run(&["--output", "/dev/null", &log]).code, Some(0));
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let target = file(folder.path(), "target", "old");
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(run(&["--output", link.to_str().unwrap(), &log]).code, Some(0));
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&target).unwrap().contains("5.7.26"));
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600, "private as before");
}

#[test]
fn a_signal_in_the_middle_leaves_no_half_written_file() {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        // In the background and under nohup some are ignored, and so they are by what is started there.
        if smtpulse::sys::is_ignored(number) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let old = file(folder.path(), "events.json", "what was there before");
        let (mut child, mut stdin) = fed(&["events", "--output", &old, "-"]);
        // More than is looked at before the output is opened; and it does not end here.
        stdin.write_all(SENT.repeat(2000).as_bytes()).unwrap();
        let begun = || names(folder.path()).len() > 1;
        let waited = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            begun()
        });
        assert!(waited, "the output is written beside its place");
        // The file is there a little before it is known to be unfinished.
        std::thread::sleep(Duration::from_millis(100));
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{signal}: a shell sees 128 and this: {status:?}");
        assert_eq!(names(folder.path()), ["events.json"], "{signal}");
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "what was there before");
    }
}

#[test]
fn what_cannot_be_read_does_not_keep_the_rest_from_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    let later = file(folder.path(), "later.log", SENT.replace("11:00:00", "12:00:00"));
    let dangling = folder.path().join("dangling.log");
    std::os::unix::fs::symlink("/no/such/target", &dangling).unwrap();
    let circle = folder.path().join("circle.log");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    let inside = format!("{log}/inside.log");
    let long = format!("/{}", "x".repeat(300));
    // What is named, and what is said of it.
    for (bad, said) in [
        // Gives an error when it is read.
        ("/proc/self/mem", "error"),
        ("/no/such/mail.log", "No such file"),
        (dangling.to_str().unwrap(), "No such file"),
        (circle.to_str().unwrap(), "symbolic link"),
        (&inside, "Not a directory"),
        (&long, "too long"),
    ] {
        for words in [[&log[..], bad, &later], [bad, &log, &later], [&log, &later, bad]] {
            let page = json(3, &words);
            assert_eq!(page["totals"]["attempts"], 3, "{bad}");
            let done = run(&words);
            assert!(done.err.contains(&format!("{bad}: ")) && done.err.contains(said), "{bad}: {}", done.err);
        }
        assert_eq!(run(&[bad]).code, Some(4), "{bad}");
    }
    // A folder in the place of standard input.
    let stdin = File::open(folder.path()).unwrap();
    let done = Command::new(PROGRAM).arg("-").stdin(stdin).output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&done.stderr).contains("-: "), "{:?}", done.stderr);
}

#[test]
fn a_summary_that_is_not_what_was_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    let sound = folder.path().join("summary");
    let sound = sound.to_str().unwrap();
    assert_eq!(run(&["--summary", sound, &log]).code, Some(0));
    let bytes = std::fs::read(sound).unwrap();
    assert_eq!(run(&["merge", sound]).code, Some(0));
    let damaged = |bytes: &[u8], said: &[&str]| {
        let name = file(folder.path(), "damaged", bytes);
        let done = run(&["merge", &name]);
        assert_eq!(done.code, Some(4), "{}", done.err);
        assert!(said.iter().any(|said| done.err.contains(said)), "{}", done.err);
        assert!(done.err.contains(&name), "{}", done.err);
    };
    for at in (0..bytes.len() - 1).step_by(bytes.len() / 60) {
        for bit in [0, 4] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            damaged(&flipped, &["damaged", "use the program version"]);
        }
    }
    for length in [0, 1, bytes.len() / 2, bytes.len() - 2, bytes.len() - 30] {
        damaged(&bytes[..length], &["damaged"]);
    }
    let text = String::from_utf8(bytes.clone()).unwrap();
    let newer = text.replacen("smtpulse.summary/", "smtpulse.summary/9", 1);
    damaged(newer.as_bytes(), &["use the program version that wrote it"]);
    damaged(text.replace("\"lines\":2", "\"lines\":3").as_bytes(), &["differs from its checksum"]);
    damaged(&[&bytes[..], &bytes[..]].concat(), &["damaged"]);
    // A line end more or less is none of its content.
    assert_eq!(run(&["merge", &file(folder.path(), "bare", text.trim_end())]).code, Some(0));
}

#[test]
fn clocks_that_stand_at_their_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("{REFUSED}{SENT}");
    let yearless = lines.replace("2026-03-07T", "Mar  7 ").replace("+00:00", "");
    for (what, time) in [
        ("1970", UNIX_EPOCH),
        ("before 1970", UNIX_EPOCH - Duration::from_secs(86_400 * 400)),
        ("far ahead", SystemTime::now() + Duration::from_secs(86_400 * 4000)),
    ] {
        for text in [&lines, &yearless] {
            let log = file(folder.path(), "mail.log", text);
            File::options().write(true).open(&log).unwrap().set_modified(time).unwrap();
            for words in [&[&log[..]][..], &["--since", "2h ago", &log], &["--no-mmap", &log]] {
                let page = json(0, words);
                let lines = page["accounting"]["lines"].as_u64().unwrap();
                let outside = page["accounting"]["outside_period"].as_u64().unwrap_or(0);
                assert_eq!(lines + outside, 2, "{what}, {words:?}");
            }
            let page = json(0, &["--year", "2026", &log]);
            assert!(
                page["period"]["start"].as_str().unwrap().starts_with("2026-03-07T10:00:00"),
                "{what}: {page}"
            );
        }
    }
}

#[test]
fn surroundings_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    let with = |vars: &[(&str, &str)]| {
        let output = smtpulse().envs(vars.iter().copied()).arg(&log).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{vars:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{vars:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let usual = with(&[]);
    for vars in [
        &[("TERM", "dumb")][..],
        &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
        &[("TERM", "")],
        &[("LANG", "C"), ("LC_ALL", "C")],
        &[("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")],
        &[("LANG", "de_DE@euro"), ("LC_TIME", "nonsense")],
        &[("NO_COLOR", "1")],
        &[("COLUMNS", "20"), ("LINES", "0")],
        &[("HOME", "/no/such/home"), ("TMPDIR", "/no/such/folder")],
        &[("PATH", "")],
        &[("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")],
    ] {
        assert!(with(vars) == usual, "{vars:?}");
    }
    // Zones that are none: the system's own, else UTC.
    for zone in ["", ":", ":/no/such/file", "Nowhere/Land", "/etc/passwd", "\u{7f}", "EST5EDT,M3.2.0,M11.1.0"]
    {
        let output = smtpulse().env("TZ", zone).arg(&log).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "TZ={zone}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Closed descriptors.
    for closed in ["<&-", "2>&-", "<&- 2>&-"] {
        let shell = format!("exec '{PROGRAM}' '{log}' {closed}");
        let output = Command::new("sh").args(["-c", &shell]).env_clear().env("TZ", "UTC").output().unwrap();
        assert!(output.status.code() == Some(0) && output.stdout == usual, "{closed}");
    }
    let shell = format!("exec '{PROGRAM}' '{log}' >&-");
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{output:?}");
}

#[test]
fn a_thousand_inputs_take_few_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for n in 0..1000 {
        let line = SENT.replace("11:00:00", &format!("{:02}:{:02}:{:02}", n / 600, n / 10 % 60, n % 10));
        let line = line.replace("5E1A", &format!("{n:04X}"));
        let bytes = if n % 4 == 0 { gzip(line.as_bytes()) } else { line.into_bytes() };
        names.push(file(folder.path(), &format!("log{n}"), bytes));
    }
    for words in ["--format json", "--format json --no-mmap", "events", "suppress --format json"] {
        let shell = format!("ulimit -n 64; exec '{PROGRAM}' {words} \"$@\"");
        let output = Command::new("sh").args(["-c", &shell, "sh"]).args(&names).env_clear().output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        let out = String::from_utf8(output.stdout).unwrap();
        match words {
            "events" => assert_eq!(out.lines().count(), 1000),
            _ if words.starts_with("suppress") => {}
            _ => {
                let page: serde_json::Value = serde_json::from_str(&out).unwrap();
                assert_eq!(page["totals"]["attempts"], 1000, "{words}");
                assert_eq!(page["inputs"].as_array().unwrap().len(), 1000);
            }
        }
    }
}
