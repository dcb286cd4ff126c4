//! Logs that were rotated away from a log, logs in a folder, and the same log under two names.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::packed::{bzip2, gzip};
use super::{SENT, file, json, run};

/// 7 March 2026, midnight UTC.
const SEVENTH: u64 = 1_772_841_600;

/// A delivery in each hour of one day of March.
fn day(day: u64) -> String {
    (0..24)
        .map(|hour| {
            SENT.replace("03-07T11", &format!("03-{day:02}T{hour:02}"))
                .replace("5E1A", &format!("5E{day:X}{hour:X}"))
        })
        .collect()
}

/// Writes a log of a day and dates the file to its end.
fn log(folder: &Path, name: &str, of: u64, bytes: &[u8]) -> String {
    let path = file(folder, name, bytes);
    let end = UNIX_EPOCH + Duration::from_secs(SEVENTH + 86_400 * (of + 1) - 86_400 * 7);
    File::options().write(true).open(&path).unwrap().set_modified(end).unwrap();
    path
}

/// Four days, the newest one under the plain name.
fn set(folder: &Path) -> String {
    log(folder, "mail.log.3.bz2", 4, &bzip2(day(4).as_bytes()));
    log(folder, "mail.log.2.gz", 5, &gzip(day(5).as_bytes()));
    log(folder, "mail.log.1", 6, day(6).as_bytes());
    log(folder, "mail.log.save", 7, b"no log");
    log(folder, "mail.log", 7, day(7).as_bytes())
}

fn attempts(words: &[&str]) -> (u64, usize) {
    let page = json(0, words);
    (page["totals"]["attempts"].as_u64().unwrap(), page["inputs"].as_array().unwrap().len())
}

#[test]
fn a_log_takes_its_rotated_ones_along_as_far_back_as_since_asks() {
    let folder = tempfile::tempdir().unwrap();
    let mail = set(folder.path());
    assert_eq!(attempts(&[&mail]), (24, 1));
    assert_eq!(
        attempts(&["--since", "2026-03-07", &mail]),
        (24, 2),
        "the last line of the day may be in either"
    );
    assert_eq!(attempts(&["--since", "2026-03-07 12:00", &mail]), (12, 1));
    assert_eq!(attempts(&["--since", "2026-03-06 12:00", &mail]), (36, 2));
    assert_eq!(attempts(&["--since", "2026-03-05 12:00", &mail]), (60, 3));
    assert_eq!(attempts(&["--since", "2026-01-01", &mail]), (96, 4));
    assert_eq!(attempts(&["--since", "2026-03-05 12:00", "--until", "2026-03-06", &mail]), (12, 3));
    // Named one by one they are those that were named.
    let first = format!("{mail}.1");
    assert_eq!(attempts(&["--since", "2026-01-01", &first, &mail]), (48, 2));
    assert_eq!(attempts(&["--since", "2026-01-01", &first]), (24, 1));
}

#[test]
fn that_older_logs_lie_beside_is_told_once_and_not_when_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let mail = set(folder.path());
    let done = run(&[&mail]);
    assert!(done.err.contains("mail.log.1, mail.log.2.gz, mail.log.3.bz2; --since TIME"), "{}", done.err);
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    for words in [&["-q", &mail][..], &["--since", "2026-01-01", &mail], &[&mail, &format!("{mail}.1")]] {
        assert_eq!(run(words).err, "", "{words:?}");
    }
}

#[test]
fn a_folder_is_its_usual_logs() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path());
    file(folder.path(), "syslog", day(3));
    file(folder.path(), "mail.err", day(3));
    let name = folder.path().to_str().unwrap();
    assert_eq!(attempts(&[name]), (96, 4));
    assert_eq!(attempts(&["--since", "2026-03-06 12:00", name]), (36, 2));
    let done = run(&["suppress", name]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{}", done.err);
    let bare = folder.path().join("bare");
    std::fs::create_dir(&bare).unwrap();
    let done = run(&[bare.to_str().unwrap()]);
    assert_eq!(done.code, Some(4));
    assert!(done.err.contains("name the log files in it"), "{}", done.err);
}

#[test]
fn the_same_log_under_two_names_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let mail = set(folder.path());
    let first = format!("{mail}.1");
    let packed = log(folder.path(), "mail.log.1.gz", 6, &gzip(day(6).as_bytes()));
    let older = file(folder.path(), "older", &day(6)[..day(6).len() / 2]);
    for words in [
        &[&first[..], &packed][..],
        &[&packed, &first],
        &[&older, &packed],
        &[&first, &older, &packed],
        &[&first, &first],
    ] {
        assert_eq!(attempts(words), (24, 1), "{words:?}");
        let done = run(words);
        assert!(done.err.contains("the same log, counted once"), "{words:?}: {}", done.err);
        assert_eq!(run(&[&["events"], words].concat()).out.lines().count(), 24, "{words:?}");
    }
    // The longer one is read, and named.
    let page = json(0, &[&older, &packed]);
    assert_eq!(page["inputs"][0]["name"], packed);
    // In a set too; what is no beginning of it is another log.
    assert_eq!(attempts(&["--since", "2026-01-01", &mail]), (96, 4));
    assert_eq!(attempts(&[&mail, &first]), (48, 2));
}
