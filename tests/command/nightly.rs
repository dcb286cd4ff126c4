//! Night after night: every line once, whatever happens to the log, to the run, and to what is remembered.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::packed::gzip;
use super::{Done, PROGRAM, REFUSED, SENT, file, json, run};
use crate::reading::fixtures;

/// A mail server's folder, and what is remembered of it.
struct Server {
    folder: tempfile::TempDir,
    /// Numbers that look like chance and are the same every time.
    dice: u64,
    kills: usize,
}

impl Server {
    fn new() -> Server {
        Server { folder: tempfile::tempdir().unwrap(), dice: 7, kills: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self) -> String {
        self.path("state").to_str().unwrap().to_owned()
    }

    fn throw(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    fn append(&self, bytes: &[u8]) {
        let mut log = fs::File::options().create(true).append(true).open(self.path("mail.log")).unwrap();
        log.write_all(bytes).unwrap();
    }

    /// As if it was written to so long ago.
    fn age(&self, name: &str, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        fs::File::options().write(true).open(self.path(name)).unwrap().set_modified(then).unwrap();
    }

    fn words<'a>(&self, more: &[&'a str]) -> Vec<String> {
        let log = self.path("mail.log").to_str().unwrap().to_owned();
        let words: Vec<&'a str> = vec!["nightly", "--tz", "UTC", "-q", "--state"];
        let own = [self.state(), log];
        words
            .into_iter()
            .map(str::to_owned)
            .chain(own)
            .chain(more.iter().map(|word| (*word).to_owned()))
            .collect()
    }

    fn night(&self, more: &[&str]) -> Done {
        let words = self.words(more);
        run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Begins a run and ends it by force, soon.
    fn killed(&mut self) {
        let mut child = std::process::Command::new(PROGRAM)
            .args(self.words(&[]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(self.throw(60)));
        self.kills += usize::from(child.kill().is_ok() && child.wait().unwrap().code().is_none());
    }

    /// Moves what was rotated away one number on, compressing it now and then.
    fn shift(&mut self) {
        for number in (1..9).rev() {
            for kind in ["", ".gz"] {
                let (old, new) =
                    (format!("mail.log.{number}{kind}"), format!("mail.log.{}{kind}", number + 1));
                if !self.path(&old).exists() {
                    continue;
                }
                fs::rename(self.path(&old), self.path(&new)).unwrap();
                if kind.is_empty() && self.throw(2) == 0 {
                    let packed = gzip(&fs::read(self.path(&new)).unwrap());
                    fs::write(self.path(&format!("{new}.gz")), packed).unwrap();
                    self.age(&format!("{new}.gz"), 1000 + number);
                    fs::remove_file(self.path(&new)).unwrap();
                }
            }
        }
    }

    fn rename(&mut self) {
        self.shift();
        fs::rename(self.path("mail.log"), self.path("mail.log.1")).unwrap();
        self.age("mail.log.1", 1000);
        fs::write(self.path("mail.log"), "").unwrap();
    }

    fn copy_and_cut(&mut self) {
        self.shift();
        fs::copy(self.path("mail.log"), self.path("mail.log.1")).unwrap();
        self.age("mail.log.1", 1000);
        fs::File::options().write(true).open(self.path("mail.log")).unwrap().set_len(0).unwrap();
    }

    /// The report over the sum of all nights.
    fn sum(&self) -> serde_json::Value {
        let joined = self.path("joined");
        let joined = joined.to_str().unwrap();
        let done = run(&["state", "summary", "--state", &self.state(), "-o", joined]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        let done = run(&["merge", "-f", "json", joined]);
        serde_json::from_str(&done.out).unwrap()
    }
}

/// What a report says of a log, and not of how it was read.
fn assert_same(ours: &serde_json::Value, whole: &serde_json::Value) {
    for name in ["period", "codes", "providers", "sender_domains", "rates", "totals", "timeline"] {
        assert_eq!(ours[name], whole[name], "{name}");
    }
    for name in ["lines", "attempts", "rejects", "other_events", "unrelated", "not_understood"] {
        assert_eq!(ours["accounting"][name], whole["accounting"][name], "{name}");
    }
}

/// A log of some days, on the disk and as bytes.
fn log(folder: &Path, words: &[&str]) -> (String, Vec<u8>) {
    let whole = folder.join("whole").to_str().unwrap().to_owned();
    let done = run(&[&["gen", "--size", "400KiB", "--days", "6", "--output", &whole], words].concat());
    assert_eq!(done.code, Some(0), "{}", done.err);
    let bytes = fs::read(&whole).unwrap();
    (whole, bytes)
}

#[test]
fn every_line_once_through_rotations_kills_and_double_runs() {
    for kind in [&["--stamps", "rfc3164"][..], &["--mta", "exim"]] {
        let mut server = Server::new();
        let (whole, bytes) = log(server.folder.path(), kind);
        let mut rest = &bytes[..];
        let mut piece = 0;
        while !rest.is_empty() {
            let size = (1000 + usize::try_from(server.throw(40_000)).unwrap()).min(rest.len());
            // Rotated between two lines, written in the middle of one.
            let end = if piece % 3 == 2 {
                memchr::memrchr(b'\n', &rest[..size]).map_or(size, |at| at + 1)
            } else {
                size
            };
            server.append(&rest[..end]);
            rest = &rest[end..];
            if piece == 0 {
                assert_eq!(server.night(&[]).code, Some(0));
            }
            (0..server.throw(3)).for_each(|_| server.killed());
            (0..server.throw(3)).for_each(|_| {
                let done = server.night(&[]);
                assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
            });
            match piece % 6 {
                2 => server.rename(),
                5 => server.copy_and_cut(),
                _ => {}
            }
            piece += 1;
        }
        server.age("mail.log", 7200);
        assert_eq!(server.night(&[]).err, "");
        assert_eq!(server.night(&[]).err, "");
        assert_same(&server.sum(), &json(0, &["--tz", "UTC", &whole]));
        assert!(piece > 12, "{piece}");
        assert!(server.kills > 0, "nobody was killed in the middle");
        let done = run(&["state", "check", "--state", &server.state()]);
        assert_eq!(done.code, Some(0), "{}", done.err);
    }
}

#[test]
fn a_night_is_the_same_however_it_is_read() {
    let server = Server::new();
    let (_, bytes) = log(server.folder.path(), &[]);
    let states =
        [&["--threads", "1"][..], &["--threads", "4", "--chunk", "999"], &["--no-mmap"]].map(|words| {
            let state = server.path(&words.concat()).to_str().unwrap().to_owned();
            fs::write(server.path("mail.log"), &bytes[..200_000]).unwrap();
            let words: Vec<&str> = [&["--state", &state], words].concat();
            let sum = || {
                let done = run(&["state", "summary", "--state", &state]);
                assert_eq!(done.code, Some(0));
                done.out
            };
            let night = |bytes: &[u8]| {
                fs::write(server.path("mail.log"), bytes).unwrap();
                let log = server.path("mail.log").to_str().unwrap().to_owned();
                let done = run(&[&["nightly", "--tz", "UTC", "-q", "--always", &log], &words[..]].concat());
                assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
                (done.out, sum())
            };
            (night(&bytes[..200_000]), night(&bytes))
        });
    assert!(states[0].1.0.contains("attempts"));
    assert!(states.iter().all(|state| *state == states[0]));
}

#[test]
fn it_speaks_only_when_something_is_worth_a_mail() {
    let server = Server::new();
    server.append(SENT.as_bytes());
    let done = server.night(&[]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    // Nothing new, and the page all the same.
    assert!(server.night(&["--always"]).out.starts_with("Nothing to report"));

    let incident = fs::read(fixtures().join("postfix-incident/maillog")).unwrap();
    let end = memchr::memmem::find(&incident, b"\nMar 08 12:").unwrap() + 1;
    server.append(&incident[..end]);
    let dry = server.night(&["--dry-run"]);
    let done = server.night(&["--fail-on", "enforcement"]);
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(done.out.starts_with("Something is wrong at Google"), "{}", done.out);
    assert!(done.out.lines().all(|line| line.chars().count() <= 78), "{}", done.out);
    assert_eq!(dry.out, done.out, "a trial says the same, and leaves everything as it is");
    assert_eq!(server.night(&["--fail-on", "enforcement"]).code, Some(0));
    // The same as JSON, of the rest.
    server.append(&incident[end..]);
    let page: serde_json::Value =
        serde_json::from_str(&server.night(&["-f", "json", "--always"]).out).unwrap();
    assert_eq!(page["schema"], "smtpulse.report/1");
    // Lines are numbered as they stand in the file.
    let line = page["findings"][0]["evidence"][0]["line"].as_u64().unwrap();
    let text = page["findings"][0]["evidence"][0]["text"].as_str().unwrap();
    let log = fs::read_to_string(server.path("mail.log")).unwrap();
    let shown = log.lines().nth(usize::try_from(line).unwrap() - 1).unwrap();
    assert!(shown.starts_with(&text[..60]), "{shown}\n{text}");
}

#[test]
fn what_is_remembered_names_nobody_unless_it_is_asked_to() {
    use smtpulse::state::State;
    for keep in [false, true] {
        let server = Server::new();
        server.append(b"2026-03-07T10:00:00+00:00 mx postfix/smtp[7]: 4F1A2B3C4D: to=<r@gmail.com>, a line like no other\n");
        server.append(&fs::read(fixtures().join("postfix-incident/maillog")).unwrap());
        let words: &[&str] = if keep { &["--keep-addresses"] } else { &[] };
        let done = server.night(words);
        assert_ne!(done.out, "", "{}", done.err);
        let state = State::look(&server.path("state")).unwrap();
        let mut all = state.summaries(0).unwrap();
        all.extend(
            state.overview().unwrap().carried.iter().map(|(name, _)| state.carried(name).unwrap().unwrap()),
        );
        all.push(fs::read(server.path("state").join("state.db")).unwrap());
        let named = all.iter().filter(|value| memchr::memmem::find(value, b"@gmail.com").is_some()).count();
        assert!(all.len() >= 5 && all.iter().map(Vec::len).sum::<usize>() > 100_000);
        assert_eq!(named, if keep { 2 } else { 0 }, "the night's counts and the recipients");
    }
}

#[test]
fn a_night_may_begin_with_repetitions_of_the_last_line_before() {
    let notice = |hour: u32| format!("2026-03-07T{hour}:00:01+00:00 mx last message repeated 3 times\n");
    for map in [&[][..], &["--no-mmap"]] {
        let mut server = Server::new();
        let attempts = |server: &Server| server.sum()["totals"]["attempts"].clone();
        server.append(SENT.as_bytes());
        server.night(map);
        assert_eq!(attempts(&server), 1);
        for (hour, all) in [(11, 4), (12, 7)] {
            server.append(notice(hour).as_bytes());
            assert_eq!(server.night(map).err, "");
            assert_eq!(attempts(&server), all, "{map:?}");
        }
        // The daemon wrote one more before the log was rotated away and compressed.
        server.append(notice(13).as_bytes());
        server.rename();
        let log = fs::read(server.path("mail.log.1")).unwrap();
        fs::write(server.path("mail.log.1.gz"), gzip(&log)).unwrap();
        fs::remove_file(server.path("mail.log.1")).unwrap();
        server.age("mail.log.1.gz", 1000);
        server.append(REFUSED.as_bytes());
        assert_eq!(server.night(map).err, "");
        assert_eq!(attempts(&server), 11, "{map:?}");
    }
}

#[test]
fn of_two_files_that_begin_alike_the_longer_one_counts_and_the_other_is_told() {
    let common: String = (100..250).map(|n| SENT.replace("5E1A", &format!("5E{n}"))).collect();
    assert!(common.len() > smtpulse::input::FINGERPRINT_BYTES);
    for (first, second, counted, left_out) in
        [(1, 2, "mail.log.1", "mail.log"), (2, 1, "mail.log", "mail.log.1")]
    {
        let server = Server::new();
        server.append((common.clone() + &SENT.replace("11:00", "12:00").repeat(first)).as_bytes());
        fs::write(server.path("mail.log.1"), common.clone() + &SENT.replace("11:00", "13:00").repeat(second))
            .unwrap();
        let more = server.path("mail.log.1").to_str().unwrap().to_owned();
        let done = server.night(&["--always", "-f", "json", &more]);
        assert_eq!(done.code, Some(3), "{}", done.err);
        let [counted, left_out] = [counted, left_out].map(|name| server.path(name).display().to_string());
        let told =
            format!("{left_out}: goes on with the same lines as {counted} and differs later: not counted");
        assert!(done.err.contains(&told), "{}", done.err);
        let page: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(page["totals"]["attempts"], 152);
    }
}

#[test]
fn a_trial_leaves_no_trace() {
    let server = Server::new();
    server.append(SENT.as_bytes());
    let done = server.night(&["--dry-run", "--always"]);
    assert!(done.out.contains("1 attempt"), "{}", done.out);
    assert!(!server.path("state").exists());
}

#[test]
fn what_is_gone_is_said_and_shown() {
    let server = Server::new();
    server.append(SENT.as_bytes());
    assert_eq!(server.night(&[]).code, Some(0));
    fs::write(server.path("mail.log"), REFUSED).unwrap();
    let done = server.night(&["--always", "-f", "json"]);
    assert_eq!(done.code, Some(3));
    assert!(done.err.contains("mail.log: is gone, and with it"), "{}", done.err);
    let page: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(page["totals"]["failed"], 1);
    let inputs = page["inputs"].as_array().unwrap();
    let lost = inputs.iter().find(|input| input["complete"] == false).unwrap();
    assert!(lost["note"].as_str().unwrap().starts_with("is gone"), "{lost}");
    assert_eq!(server.night(&[]).code, Some(0), "once is enough");
    // All of it is gone: nothing can be read, and the next night goes on.
    fs::remove_file(server.path("mail.log")).unwrap();
    let done = server.night(&[]);
    assert_eq!(done.code, Some(4), "{}", done.err);
    server.append(&[REFUSED, SENT].concat().into_bytes());
    let page: serde_json::Value =
        serde_json::from_str(&server.night(&["--always", "-f", "json"]).out).unwrap();
    assert_eq!(page["totals"]["attempts"], 1, "its beginning is known");
}

#[test]
fn the_first_run_reads_the_log_itself_or_as_far_back_as_it_is_told() {
    let days = |server: &Server| {
        fs::write(server.path("mail.log.1"), SENT.replace("03-07", "03-06")).unwrap();
        fs::write(server.path("mail.log.2.gz"), gzip(SENT.replace("03-07", "03-05").as_bytes())).unwrap();
        server.append(SENT.as_bytes());
    };
    for (words, attempts) in [(&[][..], 1), (&["--since", "2026-03-06"], 2), (&["--since", "2026-03-01"], 3)]
    {
        let server = Server::new();
        days(&server);
        let page: serde_json::Value =
            serde_json::from_str(&server.night(&[&["--always", "-f", "json"], words].concat()).out).unwrap();
        assert_eq!(page["totals"]["attempts"], attempts, "{words:?}");
        // Later the option says nothing, and what was left out stays so.
        let done = server.night(&["--always", "--since", "2026-01-01"]);
        assert!(done.out.starts_with("Nothing to report"), "{}", done.out);
    }
    // Named one by one they are asked for.
    let server = Server::new();
    days(&server);
    let more = server.path("mail.log.1").to_str().unwrap().to_owned();
    let page: serde_json::Value =
        serde_json::from_str(&server.night(&["--always", "-f", "json", &more]).out).unwrap();
    assert_eq!(page["totals"]["attempts"], 2);
}

#[test]
fn what_has_no_place_to_go_on_from_is_refused() {
    let server = Server::new();
    let state = server.state();
    let done = run(&["nightly", "--state", &state, "-"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("smtpulse report -"), "{}", done.err);
    let done = run(&["nightly", "--state", &state, "/dev/null"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    let missing = server.path("missing.log");
    let done = run(&["nightly", "-q", "--state", &state, missing.to_str().unwrap()]);
    assert_eq!(done.code, Some(4));
    assert!(done.err.contains("missing.log"), "{}", done.err);
    // One that is there is read all the same.
    let log = file(server.folder.path(), "mail.log", SENT);
    let done = run(&["nightly", "-q", "--state", &state, missing.to_str().unwrap(), &log]);
    assert_eq!(done.code, Some(3));
}

#[test]
fn a_state_that_cannot_be_used_is_told_and_never_begun_anew() {
    let server = Server::new();
    server.append(SENT.as_bytes());
    assert_eq!(server.night(&[]).code, Some(0));
    let (state, database) = (server.state(), server.path("state").join("state.db"));
    let lock = fs::File::options().write(true).open(server.path("state").join("lock")).unwrap();
    lock.try_lock().unwrap();
    let done = server.night(&[]);
    assert_eq!(done.code, Some(4));
    assert!(done.err.contains("is in use by another run"), "{}", done.err);
    drop(lock);

    let sound = fs::read(&database).unwrap();
    for damage in [&b""[..], b"something else", &sound[..sound.len() / 2]] {
        fs::write(&database, damage).unwrap();
        let done = server.night(&[]);
        assert_eq!(done.code, Some(4), "{}", done.err);
        assert!(done.err.contains("state check") && done.err.contains("forget --all"), "{}", done.err);
        assert_eq!(fs::read(&database).unwrap(), damage);
        assert_ne!(run(&["state", "check", "--state", &state]).code, Some(0));
    }
    // Brought back, it knows how far the log was read.
    fs::write(&database, &sound).unwrap();
    assert!(server.night(&["--always"]).out.starts_with("Nothing to report"));
    assert_eq!(run(&["state", "check", "--state", &state]).code, Some(0));

    assert_eq!(run(&["state", "forget", "--all", "--state", &state]).code, Some(2));
    assert_eq!(run(&["state", "forget", "--all", "--yes", "--state", &state]).code, Some(0));
    assert!(!database.exists());
    assert!(server.night(&["--always"]).out.contains("1 attempt"));
}

#[test]
fn the_state_can_be_looked_at_and_tended() {
    let server = Server::new();
    let state = server.state();
    assert_eq!(run(&["state", "show", "--state", &state]).code, Some(4));
    server.append(SENT.as_bytes());
    server.night(&[]);
    let shown = run(&["state", "show", "--state", &state]).out;
    let told = format!("mail.log: open, {} bytes and 1 lines read", SENT.len());
    assert!(shown.contains("1 nights, 1 lines, 1 attempts") && shown.contains(&told), "{shown}");
    let log = server.path("mail.log").to_str().unwrap().to_owned();
    assert_eq!(run(&["state", "forget", &log, "--state", &state]).code, Some(2));
    assert_eq!(run(&["state", "forget", &log, "--yes", "--state", &state]).code, Some(0));
    let done = run(&["state", "forget", &log, "--yes", "--state", &state]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("was never read"), "{}", done.err);
    assert!(server.night(&["--always"]).out.contains("1 attempt"));
    assert_eq!(run(&["state", "prune", "--keep", "1", "--state", &state]).code, Some(0));
    assert!(run(&["state", "show", "--state", &state]).out.contains("2 nights"));
}
