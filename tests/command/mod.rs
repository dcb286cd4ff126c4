//! The program as typed: exit codes, messages, bad input, and what each option does.

mod bad_input;
mod codes;
mod escalation;
mod exits;
mod explain;
mod faults;
mod memory;
mod nightly;
mod options;
mod packed;
mod post;
mod rotated;
mod spikes;
mod suppress;
mod weeks;

use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use assert_cmd::Command;

pub(crate) use packed::PACKERS;

/// The path of the program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_smtpulse");

/// One delivery, refused for the sender's sake; at 10:00 on 7 March 2026, UTC.
pub(crate) const REFUSED: &str = "2026-03-07T10:00:00+00:00 mx postfix/smtp[7]: 4F1A2B3C4D: to=<r@gmail.com>, \
    relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.7.26, status=bounced (host \
    gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.7.26 This mail has been blocked because the sender is \
    unauthenticated. 550 5.7.26 x - gsmtp (in reply to end of DATA command))\n";

/// One delivery that went well, an hour later.
pub(crate) const SENT: &str = "2026-03-07T11:00:00+00:00 mx postfix/smtp[7]: 5E1A2B3C4D: to=<s@example.org>, \
    relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n";

/// The program, in UTC and without what the surroundings may say.
fn smtpulse() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("TZ", "UTC");
    command
}

/// What a run came to.
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs with these words.
fn run(words: &[&str]) -> Done {
    let output = smtpulse().args(words).output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The JSON report over some words; they must lead to this exit code.
fn json(code: i32, words: &[&str]) -> serde_json::Value {
    let mut all = vec!["report", "--format", "json"];
    all.extend(words);
    let done = run(&all);
    assert_eq!(done.code, Some(code), "{words:?}: {}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

/// A file in a folder, and its name as text.
fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A run that is fed by hand.
fn fed(words: &[&str]) -> (Child, ChildStdin) {
    let mut command = std::process::Command::new(PROGRAM);
    command.args(words).env_clear().env("TZ", "UTC");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

/// The most memory a running process has had so far, in KiB; `None` where the system does not tell.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
