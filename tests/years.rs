//! Years that stamps leave out: inferred alike in any pieces, and said to be inferred.

use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use serde_json::Value;
use smtpulse::catalog::Catalog;
use smtpulse::scan::{self, Options};
use smtpulse::time::days_from_civil;

use crate::reading::{options, stream};

/// A line of some day; `id` is the queue's.
fn line(day: &str, id: &str) -> String {
    format!(
        "{day} 10:00:00 mx postfix/smtp[7]: {id}: to=<r@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, \
             delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
    )
}

fn log(days: &[&str]) -> String {
    days.iter().map(|day| line(day, "4F1A2B3C4D")).collect()
}

/// First and last day of what is read, as days since 1970.
fn period(log: &str, options: &Options) -> (i64, i64) {
    let scan =
        scan::scan(vec![stream("log", log.as_bytes())], &Catalog::builtin(), options, &|_| {}).unwrap();
    let (first, last) = scan.summary.period.unwrap();
    (first / 86_400, last / 86_400)
}

#[test]
fn years_end_wherever_chunks_do() {
    let days = [
        "Nov 30", "Dec 31", "Jan  1", "Dec 31", "Jan  1", "Feb 29", "Mar  1", "Aug  3", "Aug  1", "Oct  9",
        "Dec 31", "Jan  2", "Dec 31", "Jan  2",
    ];
    for chunk in [1, 200, 431, 1 << 20] {
        for threads in [1, 3] {
            let options = Options { chunk, threads, ..options("UTC", None) };
            // The newest line is not later than the present; two years end before it, and the second year of three has a 29 February.
            let wanted = (days_from_civil(2023, 11, 30), days_from_civil(2025, 1, 2));
            let present = Options { now: days_from_civil(2025, 12, 1) * 86_400, ..options.clone() };
            assert_eq!(period(&log(&days), &present), wanted, "chunk {chunk}");
            assert_eq!(
                period(&log(&days), &Options { year: Some(2025), ..options }),
                wanted,
                "chunk {chunk}"
            );
        }
    }
}

/// The report about a file that was last written on 1 June 2024.
fn report(log: &str, words: &[&str]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    std::fs::write(&path, log).unwrap();
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(days_from_civil(2024, 6, 1) as u64 * 86_400);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let print = |format: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smtpulse"));
        let output = command.args(["--tz", "UTC"]).args(words).args(format).arg(&path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    (print(&[]), serde_json::from_str(&print(&["-f", "json"])).unwrap())
}

#[test]
fn a_guessed_year_is_said_to_be_one() {
    let dated = line("2024-03-07T10:00:00+00:00", "4F1A2B3C4D").replacen(" 10:00:00", "", 1);
    // A long queue id, given out on 25 October 2025.
    let client = "Oct 25 09:05:09 mx postfix/smtpd[7]: 4ctv450HPDz1WyLG: client=x[192.0.2.1]\n";
    for (log, words, start, years, said) in [
        (log(&["Mar  7"]), &[][..], "2024-03-07", "file_time", "guessed from when"),
        (log(&["Jun 30"]), &[], "2023-06-30", "file_time", "guessed from when"),
        (log(&["Feb 29", "Mar  1"]), &[], "2024-02-29", "file_time", "guessed from when"),
        (log(&["Mar  7"]), &["--year", "2019"], "2019-03-07", "given", ""),
        (format!("{client}{}", log(&["Oct 25"])), &[], "2025-10-25", "log", "queue ids"),
        (dated, &[], "2024-03-07", "", ""),
    ] {
        let (text, json) = report(&log, words);
        assert!(json["period"]["start"].as_str().unwrap().starts_with(start), "{json}");
        assert_eq!(json["inputs"][0]["years"].as_str().unwrap_or_default(), years, "{log}");
        assert_eq!(text.contains("  Years "), !said.is_empty(), "{text}");
        assert!(text.contains(said), "{text}");
        let note = json["notes"].as_array().unwrap().iter().any(|note| note["topic"] == "years");
        assert_eq!(note, !said.is_empty());
    }
}

#[test]
fn losses_are_told_with_the_totals() {
    let notice = "Mar  7 10:00:00 mx rsyslogd: imjournal: 1500 messages lost due to rate-limiting\n";
    let (text, json) = report(&format!("{}{notice}", log(&["Mar  7"])), &["--year", "2024"]);
    assert!(text.contains("  Lost ") && text.contains("1,500 lines or more were lost"), "{text}");
    assert_eq!(json["accounting"]["lost"], 1500);
    assert!(json["notes"].as_array().unwrap().iter().any(|note| note["topic"] == "loss"));
    let (text, _) = report(&log(&["Mar  7"]), &["--year", "2024"]);
    assert!(!text.contains("  Lost "));
}
