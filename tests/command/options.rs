//! What the options do.

use std::io::{Seek, SeekFrom};

use super::{PROGRAM, REFUSED, SENT, file, json, run};
use crate::reading::fixtures;

fn log() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    (folder, log)
}

#[test]
fn since_and_until_in_all_their_forms() {
    let (_folder, log) = log();
    let attempts = |words: &[&str]| {
        let mut all = words.to_vec();
        all.push(&log);
        let page = json(0, &all);
        let classes = &page["accounting"];
        assert_eq!(classes["attempts"], classes["lines"], "{words:?}: lines outside are not counted");
        page["totals"]["attempts"].as_u64().unwrap()
    };
    assert_eq!(attempts(&["--since", "2026-03-07"]), 2);
    assert_eq!(attempts(&["--since", "2026-03-07 10:00"]), 2, "the first second is inside");
    assert_eq!(attempts(&["--since", "2026-03-07 10:00:01"]), 1);
    assert_eq!(attempts(&["--since", "2026-03-07T12:00:00+01:00"]), 1);
    assert_eq!(attempts(&["--since", "2026-03-08"]), 0);
    assert_eq!(attempts(&["--until", "2026-03-07 11:00"]), 1, "the last second is outside");
    assert_eq!(attempts(&["--until", "2026-03-07T11:00:01Z"]), 2);
    assert_eq!(attempts(&["--since", "2026-03-07 10:30", "--until", "2026-03-07 11:30"]), 1);
    assert_eq!(attempts(&["--since", "2026-03-07 12:00", "--tz", "Europe/Berlin"]), 1, "in the zone of --tz");
    assert_eq!(attempts(&["--until", "300 years ago"]), 0);
    assert_eq!(attempts(&["--since", "300 years ago"]), 2);
}

#[test]
fn one_provider() {
    let (_folder, log) = log();
    let page = json(0, &["--provider", "google", &log]);
    assert_eq!(page["totals"]["attempts"], 1);
    let providers: Vec<&str> =
        page["codes"].as_array().unwrap().iter().filter_map(|row| row["provider"].as_str()).collect();
    assert_eq!(providers, ["google"]);
    assert_eq!(json(0, &["--provider", "unknown", &log])["totals"]["delivered"], 1);
    let events = run(&["events", "--provider", "google", &log]).out;
    assert_eq!(events.lines().count(), 1);
}

#[test]
fn a_provider_is_known_by_any_usual_name_and_a_family_is_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |host: &str| REFUSED.replace("gmail-smtp-in.l.google.com", host);
    let hosts = ["hotmail-com.olc.protection.outlook.com", "example-com.mail.protection.outlook.com"];
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{}{}{SENT}", at(hosts[0]), at(hosts[1])));
    for (name, called, attempts) in [
        ("Gmail", "google", 1),
        ("gmail.com", "google", 1),
        ("hotmail", "microsoft-consumer", 1),
        ("O365", "microsoft-365", 1),
        ("microsoft", "microsoft", 2),
        ("Unknown", "unknown", 1),
    ] {
        let page = json(0, &["--provider", name, &log]);
        assert_eq!(page["only_provider"], called, "{name}");
        assert_eq!(page["totals"]["attempts"], attempts, "{name}");
        let events = run(&["events", "--provider", name, &log]).out;
        assert_eq!(events.lines().count(), attempts, "{name}");
    }
    let page = run(&["--provider", "microsoft", &log]).out;
    let remark = page.lines().find(|line| line.contains("only mail to")).unwrap();
    assert!(
        remark.contains("Microsoft 365") && remark.contains("Outlook.com"),
        "people read titles: {remark}"
    );
    let fails = |name| run(&["--fail-on", "enforcement", "--provider", name, &log]).code;
    assert_eq!((fails("gmail"), fails("unknown")), (Some(1), Some(0)), "others' trouble is not asked for");
}

#[test]
fn zones_and_years_of_stamps_that_lack_them() {
    let folder = tempfile::tempdir().unwrap();
    let lines = SENT.replace("2026-03-07T11:00:00+00:00", "Mar  7 11:00:00");
    let log = file(folder.path(), "mail.log", lines);
    let start = |words: &[&str]| {
        let mut all = words.to_vec();
        all.push(&log);
        json(0, &all)["period"]["start"].as_str().unwrap().to_owned()
    };
    assert_eq!(start(&["--year", "2024"]), "2024-03-07T11:00:00+00:00");
    assert_eq!(start(&["--year", "2025", "--tz", "Europe/Berlin"]), "2025-03-07T11:00:00+01:00");
    assert_eq!(start(&["--year", "2025", "--tz", "America/New_York"]), "2025-03-07T11:00:00-05:00");
    let events = run(&["events", "--year", "2025", "--tz", "America/New_York", &log]).out;
    let event: serde_json::Value = serde_json::from_str(&events).unwrap();
    assert_eq!(event["ts"], "2025-03-07T11:00:00-05:00");
}

#[test]
fn top_cuts_tables_of_the_text_page_only() {
    let log = fixtures().join("postfix-throttle/mail.log");
    let log = log.to_str().unwrap();
    let lines = |top: &str| run(&["--year", "2024", "--top", top, log]).out.lines().count();
    assert!(lines("1") < lines("10") && lines("10") < lines("100"));
    let page = |top: &str| json(0, &["--year", "2024", "--top", top, log]);
    assert_eq!(page("1"), page("100"));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let (_folder, log) = log();
    let coloured = run(&["--color", "always", &log]).out;
    assert!(coloured.contains("\x1b["));
    for never in [&["--color", "never", &log][..], &["--color", "auto", &log], &[&log]] {
        let page = run(never).out;
        assert!(!page.contains('\x1b'), "{never:?}");
        assert!(coloured.len() > page.len());
    }
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let well = file(folder.path(), "well.log", SENT.repeat(5));
    let done = run(&["--quiet", &well]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    let bad = fixtures().join("postfix-throttle/mail.log");
    let done = run(&["--quiet", "--year", "2024", bad.to_str().unwrap()]);
    assert!(done.out.contains("4.7.28"), "{}", done.out);
}

#[test]
fn threads_chunks_and_mapping_are_never_seen() {
    let log = fixtures().join("exim-all/mainlog");
    let log = log.to_str().unwrap();
    let words = |more: &[&str]| {
        let mut words = vec!["events", "--tz", "America/New_York"];
        words.extend(more);
        words.push(log);
        run(&words).out
    };
    let plain = words(&[]);
    assert!(plain.lines().count() > 2000);
    assert_eq!(words(&["--no-mmap"]), plain);
    assert_eq!(words(&["--threads", "1", "--chunk", "1000"]), plain);
    let mut page = None;
    for more in [["--threads", "1", "--chunk", "3000000"], ["--threads", "5", "--chunk", "200000"]] {
        let mut all = vec!["--tz", "America/New_York", log];
        all.extend(more);
        let found = run(&all).out;
        assert_eq!(page.get_or_insert_with(|| found.clone()), &found);
    }
}

#[test]
fn without_senders_the_codes_stay() {
    let (_folder, log) = log();
    let (with, without) = (json(0, &[&log]), json(0, &["--no-senders", &log]));
    assert_eq!(with["codes"], without["codes"]);
    assert_eq!(with["timeline"], without["timeline"]);
}

#[test]
fn a_chunk_may_be_larger_than_any_memory() {
    let (_folder, log) = log();
    let most = usize::MAX.to_string();
    for words in
        [&["--chunk", &most, &log][..], &["--chunk", &most, "--no-mmap", &log], &["--chunk", "0", &log]]
    {
        assert_eq!(json(0, words)["totals"]["attempts"], 2, "{words:?}");
    }
}

#[test]
fn one_line_for_chat() {
    let folder = tempfile::tempdir().unwrap();
    let well = file(folder.path(), "well.log", SENT.repeat(5));
    let line = |words: &[&str]| run(&[&["--format", "line"], words].concat()).out;
    assert_eq!(line(&[&well]), "OK 5 attempts, 100 % delivered, nothing stands out\n");
    assert_eq!(line(&["--quiet", &well]), "");
    let bad = fixtures().join("postfix-throttle/mail.log");
    let bad = bad.to_str().unwrap();
    let alarm = line(&["--quiet", "--year", "2024", bad]);
    assert!(alarm.starts_with("WARNING google 421 4.7.28 ") && alarm.lines().count() == 1, "{alarm}");
    let summary = folder.path().join("summary");
    let summary = summary.to_str().unwrap();
    assert_eq!(line(&["--year", "2024", "--summary", summary, bad]), alarm);
    assert_eq!(run(&["merge", "-f", "line", summary]).out, alarm);
}

#[test]
fn what_is_wrong_elsewhere_is_no_alarm_of_one_provider() {
    let bad = fixtures().join("postfix-throttle/mail.log");
    let bad = bad.to_str().unwrap();
    let words = ["-q", "--fail-on", "enforcement", "--year", "2024", "--provider"];
    let of = |provider: &str| {
        let done = run(&[&words[..], &[provider, bad]].concat());
        (done.code, done.out.is_empty())
    };
    assert_eq!(of("google"), (Some(1), false));
    assert_eq!(of("comcast"), (Some(0), true));
}

/// Standard input that is a file is read as the file would be: mapped, unpacked, twice where that is needed.
#[test]
fn a_file_as_standard_input_is_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = format!("{REFUSED}{SENT}");
    let plain = file(folder.path(), "plain", &log);
    let packed = file(folder.path(), "packed", super::packed::gzip(log.as_bytes()));
    let fed = |words: &[&str], path: &str, from: u64| {
        let mut input = std::fs::File::open(path).unwrap();
        input.seek(SeekFrom::Start(from)).unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        let done = command.args(words).arg("-").env("TZ", "UTC").stdin(input).output().unwrap();
        assert_eq!(done.stderr, b"", "{words:?} {path}");
        String::from_utf8(done.stdout).unwrap()
    };
    for path in [&plain, &packed] {
        for words in [
            ["report", "--format=json", "--no-mmap"],
            ["report", "--format=json", "--top=3"],
            ["suppress", "--format=json", "--threads=1"],
        ] {
            let named = run(&[&words[..], &[path]].concat()).out;
            assert!(named.len() > 100, "{words:?} {path}: {named}");
            assert_eq!(fed(&words, path, 0), named.replace(path.as_str(), "-"), "{words:?} {path}");
        }
    }
    // Whoever has read the beginning wants the rest.
    let rest: serde_json::Value =
        serde_json::from_str(&fed(&["--format=json"], &plain, REFUSED.len() as u64)).unwrap();
    assert_eq!((&rest["totals"]["attempts"], &rest["totals"]["delivered"]), (&1.into(), &1.into()));
}
