//! Recipients over many nights: who fails again and again without a success is listed, by the messages it met and the days
//! that took, and a success takes it off again.

use std::fs;
use std::path::Path;

use super::{Done, run};

/// What a recipient met in a night.
const FULL: &str = "dsn=4.2.2, status=deferred (host mx.example.org[192.0.2.9] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command))";
const UNKNOWN: &str = "dsn=4.1.1, status=deferred (host mx.example.org[192.0.2.9] said: 450 4.1.1 User unknown (in reply to RCPT TO command))";
const POLICY: &str = "dsn=4.7.1, status=deferred (host mx.example.org[192.0.2.9] said: 450 4.7.1 Try again, reputation (in reply to RCPT TO command))";
const DEAD: &str = "dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 No such user (in reply to RCPT TO command))";
const SENT: &str = "dsn=2.0.0, status=sent (250 2.0.0 OK)";

/// One night in March: for each recipient a message of its own.
fn night(day: u32, mail: &[(&str, &str)]) -> String {
    let line = |(number, (user, said)): (usize, &(&str, &str))| {
        format!(
            "2026-03-{day:02}T10:00:{number:02}+00:00 mx1 postfix/smtp[7]: 4F{day:02}{number:04X}: to=<{user}@example.org>, \
             relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, {said}\n"
        )
    };
    mail.iter().enumerate().map(line).collect()
}

struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Appends to the log and lets a night pass.
    fn passes(&self, text: &str, words: &[&str]) {
        let path = self.path("mail.log");
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before + text).unwrap();
        let state = self.path("state");
        let done = run(&[&["nightly", "-q", "--tz", "UTC", "--state", &state, &path], words].concat());
        assert_eq!((done.code, &*done.err), (Some(0), ""), "{}", done.out);
    }

    /// Whether a text stands in anything that is kept.
    fn remembers(&self, text: &str) -> bool {
        let db = rusqlite::Connection::open(self.path("state/state.db")).unwrap();
        let mut values = db.prepare("SELECT value FROM carry UNION SELECT summary FROM nights").unwrap();
        let values = values.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let found = values.map(|value| zstd::decode_all(&*value.unwrap()).unwrap());
        found.into_iter().any(|value| value.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    fn listed(&self, words: &[&str]) -> Done {
        run(&[&["suppress", "-f", "csv", "--tz", "UTC", "--state", &self.path("state")], words].concat())
    }
}

fn names(done: &Done) -> Vec<&str> {
    assert_eq!(done.code, Some(0), "{}", done.err);
    done.out.lines().skip(1).filter_map(|line| line.split('@').next()).collect()
}

#[test]
fn who_fails_night_after_night_is_listed_until_mail_arrives() {
    for keep in [&["--keep-addresses"][..], &[]] {
        let host = Host { folder: tempfile::tempdir().unwrap() };
        for day in 1..=16 {
            let mut mail = vec![("policy", POLICY)];
            if [1, 8, 16].contains(&day) {
                mail.extend([("full", FULL), ("Lucky", if day == 8 { SENT } else { FULL })]);
            }
            if day % 2 == 0 {
                mail.push(("unknown", UNKNOWN));
            }
            if day == 3 {
                mail.push(("dead", DEAD));
            }
            host.passes(&night(day, &mail), keep);
            let done = host.listed(&[]);
            let mut wanted = Vec::new();
            wanted.extend((day >= 3).then_some("dead"));
            wanted.extend((day >= 16).then_some("full"));
            wanted.extend((day >= 10).then_some("unknown"));
            assert_eq!(names(&done), wanted, "day {day}, {keep:?}");
        }
        assert_eq!(host.remembers("dead@example.org"), !keep.is_empty());
        // The evidence is that of all nights.
        let done = host.listed(&["--full", "3/15"]);
        let row = done.out.lines().find(|line| line.starts_with("full@")).unwrap();
        assert!(row.contains("2026-03-01") && row.contains("2026-03-16"), "{row}");

        host.passes(&night(17, &[("Full", SENT), ("unknown", SENT)]), keep);
        assert_eq!(names(&host.listed(&[])), ["dead"]);

        // Without the logs nobody knows whom a hash belongs to.
        fs::remove_file(host.path("mail.log")).unwrap();
        let done = host.listed(&[]);
        let told = done.err.contains("are known by their hash only and are left out");
        assert_eq!(
            (names(&done).len(), told),
            if keep.is_empty() { (0, true) } else { (1, false) },
            "{}",
            done.err
        );
    }
}

#[test]
fn a_state_that_is_not_there_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(&["suppress", "--state", &folder.path().display().to_string()]);
    assert_eq!((done.code, &*done.out), (Some(4), ""));
    assert!(
        done.err.contains("state.db") && !Path::new(&folder.path().join("state.db")).exists(),
        "{}",
        done.err
    );
    let done = run(&["suppress", "--state", "/x", "--outage", "3/3"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
}
