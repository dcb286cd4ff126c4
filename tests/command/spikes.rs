//! `smtpulse spikes`: what it reads, what it prints, how it ends.

use super::{file, run, smtpulse};

const HEADER: &str = "series,key,t0,bin_seconds,bins,values\n";
/// Midnight, 7 March 2026, UTC.
const START: u64 = 1_772_841_600;

/// One log of a day in bins of five minutes: 100 attempts each, and some of a code from 8:20 to 10:00.
fn log(name: &str, events: u64) -> String {
    let values = |count: u64, bins: std::ops::Range<u64>| -> String {
        bins.map(|bin| format!("{bin}:{count}")).collect::<Vec<_>>().join(" ")
    };
    format!(
        "{name},gmail/*,{START},300,288,{}\n{name},gmail/5.7.26,{START},300,288,{}\n",
        values(100, 0..288),
        values(events, 100..120)
    )
}

fn spike(name: &str, more: &str) -> String {
    let (start, end) = (START + 100 * 300, START + 120 * 300);
    format!(
        "{{\"series\":\"{name}\",\"key\":\"gmail/5.7.26\",\"start\":{start},\"end\":{end},\"score\":SCORE,\"kind\":\"spike\"{more}}}\n"
    )
}

/// With scores taken out.
fn without_scores(text: &str) -> String {
    let mut parts = text.split("\"score\":");
    let mut kept = parts.next().unwrap().to_owned();
    for part in parts {
        kept.push_str("\"score\":SCORE");
        kept.push_str(&part[part.find(',').unwrap()..]);
    }
    kept
}

#[test]
fn a_spike_is_one_line_and_an_alarm_one_more_member() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "counts.csv", format!("{HEADER}{}{}", log("b", 30), log("a", 30)));
    let done = run(&["spikes", &path]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    assert_eq!(without_scores(&done.out), spike("a", "") + &spike("b", ""));
    let alarmed = run(&["spikes", "--alarm", &path]);
    let alarm = format!(",\"alarm\":{}", START + 101 * 300);
    assert_eq!(without_scores(&alarmed.out), spike("a", &alarm) + &spike("b", &alarm));
    let nightly = run(&["spikes", "--nightly", "--strict", "--alarm", &path]);
    assert_eq!(nightly.out.lines().count(), 2, "{}", nightly.out);
}

#[test]
fn the_same_comes_out_of_a_pipe_and_in_any_order_of_series() {
    let text = |first: &str, second: &str| format!("{HEADER}{}{}", log(first, 30), log(second, 12));
    let piped = |text: String| smtpulse().args(["spikes", "-"]).write_stdin(text).output().unwrap().stdout;
    let found = piped(format!("{HEADER}{}", log("a", 30)));
    assert!(!found.is_empty());
    assert_eq!(piped(text("a", "b").replace("\n", "\r\n")), piped(text("a", "b")));
    assert!(piped(text("b", "a")).len() == piped(text("a", "b")).len());
}

#[test]
fn bad_lines_are_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{HEADER}rubbish\n{}a,gmail/5.1.1,{START},300,288,5:x\n", log("a", 30));
    let path = file(folder.path(), "counts.csv", text);
    let done = run(&["spikes", &path]);
    assert_eq!(done.code, Some(3));
    assert_eq!(without_scores(&done.out), spike("a", ""));
    let told: Vec<&str> = done.err.lines().collect();
    assert_eq!(told.len(), 2, "{}", done.err);
    assert!(told[0].contains("counts.csv:2: "), "{}", done.err);
    assert!(told[1].contains("counts.csv:5: ") && told[1].contains("5:x"), "{}", done.err);
}

#[test]
fn many_bad_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "counts.csv", format!("{}{}", "x\n".repeat(5000), log("a", 30)));
    let done = run(&["spikes", &path]);
    assert_eq!(done.code, Some(3));
    assert!(done.err.contains("5000 lines") && done.err.lines().count() == 11, "{}", done.err);
}

#[test]
fn what_is_no_counts_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let packed = run(&["spikes", &file(folder.path(), "counts.csv.gz", b"\x1f\x8b\x08rest")]);
    assert_eq!(packed.code, Some(4));
    assert!(packed.err.contains("gzip -dc ") && packed.err.contains("| smtpulse spikes -"), "{}", packed.err);
    assert_eq!(run(&["spikes", "/nowhere.csv"]).code, Some(4));
    let rubbish = run(&["spikes", &file(folder.path(), "rubbish", b"\xff\xfe\nmail.log\n")]);
    assert_eq!(rubbish.code, Some(4));
    let empty = run(&["spikes", &file(folder.path(), "empty", HEADER)]);
    assert_eq!((empty.code, empty.out.as_str()), (Some(0), ""));
    assert_eq!(run(&["spikes"]).code, Some(2));
}

#[test]
fn help_shows_the_form_and_examples() {
    let done = run(&["spikes", "--help"]);
    assert_eq!(done.code, Some(0));
    for part in [HEADER.trim_end(), "gzip -dc", "--alarm", "--strict", "--nightly"] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
}
