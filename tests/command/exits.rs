//! The exit codes of the contract, and the messages that go with them.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::{PROGRAM, REFUSED, SENT, file, json, run, smtpulse};
use crate::reading::fixtures;

#[test]
fn zero_when_done() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    let done = run(&[&log]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("5.7.26"), "{}", done.out);
    assert_eq!(run(&["report", &log]).out, done.out);
    let empty = file(folder.path(), "empty.log", "");
    assert_eq!(run(&[&empty]).code, Some(0));
    assert_eq!(json(0, &[&empty])["accounting"]["lines"], 0);
}

#[test]
fn one_when_a_condition_is_met() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = file(folder.path(), "quiet.log", SENT.repeat(3));
    let throttle = fixtures().join("postfix-throttle/mail.log");
    let throttle = throttle.to_str().unwrap();
    for what in ["spike", "any"] {
        assert_eq!(run(&["-q", "--fail-on", what, "--year", "2024", throttle]).code, Some(1), "{what}");
    }
    for what in ["spike", "enforcement", "any"] {
        assert_eq!(run(&["--fail-on", what, &quiet]).code, Some(0), "{what}");
    }
    let incident = fixtures().join("postfix-incident/maillog");
    let incident = incident.to_str().unwrap();
    let output = file(folder.path(), "summary", "");
    let words = ["--fail-on", "enforcement", "--year", "2026", "--summary", &output, incident];
    assert_eq!(run(&words).code, Some(1));
    // The same holds for what is merged.
    assert_eq!(run(&["merge", "--fail-on", "enforcement", &output]).code, Some(1));
    assert_eq!(run(&["merge", &output]).code, Some(0));
}

#[test]
fn two_when_the_words_are_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", REFUSED);
    let cases: [(&[&str], &str); 8] = [
        (&["--no-such-option"], "--no-such-option"),
        (&["--tz", "Mars/Olympus", &log], "Europe/Berlin"),
        (&["--since", "noon-ish", &log], "2h ago"),
        (&["--since", "2026-03-08", "--until", "2026-03-07", &log], "--until"),
        (&["--provider", "goo", &log], "did you mean google"),
        (&["--format", "xml", &log], "json"),
        (&["--fail-on", "rain", &log], "enforcement"),
        (&["--catalog", "/no/such/file.toml", &log], "/no/such/file.toml"),
    ];
    for (words, said) in cases {
        let done = run(words);
        assert_eq!(done.code, Some(2), "{words:?}: {}", done.err);
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
        assert_eq!(done.out, "", "{words:?}");
    }
}

#[test]
fn three_when_some_input_was_skipped_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", REFUSED);
    let packed = file(folder.path(), "mail.log.2.gz", b"\x1f\x8b\x08\x00\x00\x00");
    let missing = folder.path().join("missing.log");
    let bare = folder.path().join("bare");
    std::fs::create_dir(&bare).unwrap();
    let cases = [
        (missing.to_str().unwrap(), "missing.log"),
        (bare.to_str().unwrap(), "name the log files in it"),
        (&packed, "cut short"),
    ];
    for (bad, said) in cases {
        let done = run(&[bad, &log]);
        assert_eq!(done.code, Some(3), "{bad}");
        assert!(done.err.contains(said) && done.err.contains(bad), "{bad}: {}", done.err);
        assert_eq!(json(3, &[bad, &log])["totals"]["attempts"], 1, "{bad}");
        let events = run(&["events", bad, &log]);
        assert_eq!((events.code, events.out.lines().count()), (Some(3), 1), "{bad}");
    }
    let strange = file(folder.path(), "strange", "{\"schema\":\"smtpulse.summary/99\"}\n");
    let summary = folder.path().join("summary");
    let summary = summary.to_str().unwrap();
    assert_eq!(run(&["--summary", summary, &log]).code, Some(0));
    let done = run(&["merge", &strange, summary]);
    assert_eq!(done.code, Some(3));
    assert!(done.err.contains("summary/99"), "{}", done.err);
}

#[test]
fn four_when_nothing_could_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let packed = file(folder.path(), "mail.log.gz", b"\x1f\x8b\x08\x00\x00\x00");
    for bad in ["/no/such/mail.log", folder.path().to_str().unwrap(), &packed] {
        for command in ["report", "events", "suppress", "merge"] {
            let done = run(&[command, bad]);
            assert_eq!(done.code, Some(4), "{command} {bad}: {}", done.err);
            assert!(done.err.contains(bad), "{command} {bad}: {}", done.err);
            assert_eq!(done.out, "");
        }
    }
}

#[test]
fn without_an_input_the_usual_log_is_named() {
    let done = run(&[]);
    assert!(done.err.contains("/var/log/mail"), "{}", done.err);
    if done.code == Some(4) {
        assert!(done.err.contains("smtpulse FILE"), "{}", done.err);
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let log = fixtures().join("postfix-throttle/mail.log");
    for command in ["events", "report"] {
        let mut child = std::process::Command::new(PROGRAM)
            .args([command, "--year", "2024"])
            .arg(&log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut out = BufReader::with_capacity(64, child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        drop(out);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{command}: {first}");
    }
}

#[test]
fn output_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", REFUSED);
    let page = file(folder.path(), "page.txt", "as it was");
    assert_eq!(run(&["--output", &page, "/no/such/file"]).code, Some(4));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "as it was");
    let done = run(&["--output", &page, &log]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{}", done.err);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), run(&[&log]).out);
    for option in ["--output", "--summary"] {
        let done = run(&[option, "/no/such/folder/page.txt", &log]);
        assert_eq!(done.code, Some(4), "{option}: {}", done.err);
        assert!(done.err.contains("cannot write /no/such/folder/page.txt"), "{}", done.err);
    }
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["mail.log", "page.txt"], "nothing is left behind");
}

#[test]
fn help_and_version_are_results() {
    for word in ["--help", "--version", "-h", "-V"] {
        let done = run(&[word]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{word}");
        assert!(done.out.contains("smtpulse"), "{word}");
    }
    for command in ["", "report", "explain", "codes", "suppress", "events", "merge", "spikes", "gen"] {
        let examples = |columns: &str| {
            let words = [command, "--help"].into_iter().filter(|word| !word.is_empty());
            let help = smtpulse().env("COLUMNS", columns).args(words).output().unwrap();
            assert!(help.status.success(), "{command}");
            let help = String::from_utf8(help.stdout).unwrap();
            let examples = help.split("Examples:\n").nth(1).unwrap_or_default();
            examples.split("\n\n").next().unwrap().to_owned()
        };
        assert_eq!(examples("80"), examples("200"), "{command}: what is to be copied is not broken");
        for word in ["-h", "--help"] {
            let words: Vec<&str> = [command, word].into_iter().filter(|word| !word.is_empty()).collect();
            let wide = |line: &&str| line.chars().count() > 80;
            assert_eq!(run(&words).out.lines().find(wide), None, "{words:?}");
        }
    }
}
