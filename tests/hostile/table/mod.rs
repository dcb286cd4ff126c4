//! Bad input that was tried, and what came out: one row a case.
//!
//! `logs` are bytes in the place of a log, read in three ways with one result. `runs` are what people type into a shell, with all
//! that may be wrong around a program.

mod carried;
mod packed;
mod runs;
mod stamps;
mod texts;
mod unreadable;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::PROGRAM;

/// One input and what comes of it.
pub(super) struct Row {
    /// What is wrong with it.
    name: &'static str,
    bytes: Vec<u8>,
    /// Words before the input's name.
    words: &'static str,
    code: i32,
    /// Numbers of the accounting and the totals, `lines=2 attempts=1`; a class that is left out has none. Empty where there is
    /// no report.
    counts: &'static str,
    /// What standard error must hold, beside the input's name; nothing where this is empty.
    said: &'static str,
}

/// A row without words.
fn row(
    name: &'static str,
    bytes: impl Into<Vec<u8>>,
    code: i32,
    counts: &'static str,
    said: &'static str,
) -> Row {
    Row { name, bytes: bytes.into(), words: "", code, counts, said }
}

/// Classes whose sum is the number of lines.
const CLASSES: [&str; 6] =
    ["attempts", "rejects", "other_events", "other_programs", "unrelated", "not_understood"];

/// What every run keeps, whatever it is given.
fn is_civil(name: &str, output: &std::process::Output) -> (Option<i32>, String, String) {
    let text =
        |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for text in [&out, &err] {
        let foul =
            |letter: char| letter.is_control() && letter != '\n' || crate::hostile::targets::turns(letter);
        assert!(!text.contains(foul), "{name}: {text:?}");
    }
    assert!(!err.contains("panicked"), "{name}: {err}");
    let code = output.status.code();
    assert!(matches!(code, Some(0..=4)), "{name}: {:?}: {err}", output.status);
    (code, out, err)
}

fn check(folder: &Path, row: &Row) {
    let Row { name, words, code, counts, said, .. } = row;
    let path = folder.join("input");
    std::fs::write(&path, &row.bytes).unwrap();
    let path = path.to_str().unwrap();
    for input in [&[path][..], &["--no-mmap", path], &["-"]] {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("TZ", "UTC").args(["report", "--format", "json"]);
        command.args(words.split_ascii_whitespace()).args(input);
        command.stdin(std::fs::File::open(path).unwrap());
        let (found, out, err) = is_civil(name, &command.output().unwrap());
        assert_eq!(found, Some(*code), "{name}, {input:?}: {err}");
        assert!(err.contains(said) && err.is_empty() == said.is_empty(), "{name}, {input:?}: {err:?}");
        assert!(said.is_empty() || err.contains(input[input.len() - 1]), "{name}: the input is named: {err}");
        if counts.is_empty() {
            assert_eq!(out, "", "{name}: no report");
            continue;
        }
        counted(&format!("{name}, {input:?}"), &serde_json::from_str(&out).unwrap(), counts);
    }
}

/// A report has these counts, and no line is lost.
fn counted(what: &str, page: &Value, counts: &str) {
    let accounting = &page["accounting"];
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let sum: u64 = CLASSES.iter().map(|class| number(&accounting[class])).sum();
    assert_eq!(sum, number(&accounting["lines"]), "{what}: {accounting}");
    let mut left: Vec<&str> = CLASSES.to_vec();
    for count in counts.split_ascii_whitespace() {
        let (name, wanted) = count.split_once('=').unwrap();
        left.retain(|class| *class != name);
        let found = [&accounting[name], &page["totals"][name], &page["period"][name]];
        let found = found.into_iter().find(|value| !value.is_null()).unwrap_or(&Value::Null);
        let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        assert_eq!(found, wanted, "{what}: {name}: {accounting}");
    }
    for class in left {
        assert_eq!(number(&accounting[class]), 0, "{what}: {class}: {accounting}");
    }
}

#[test]
fn logs() {
    let folder = tempfile::tempdir().unwrap();
    let tables = [texts::rows(), stamps::rows(), packed::rows(), carried::rows()];
    for row in tables.iter().flatten() {
        check(folder.path(), row);
    }
    let count: usize = tables.iter().map(Vec::len).sum();
    assert!(count >= 70, "{count} rows");
}

#[test]
fn runs() {
    for (line, code, out, err) in runs::ROWS {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mail.log"), texts::both()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(folder.path()).stdin(Stdio::null()).env_clear();
        command.env("TZ", "UTC").env("S", PROGRAM).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let (found, printed, said) = is_civil(line, &command.output().unwrap());
        assert_eq!(found, Some(code), "{line}\n{printed}\n{said}");
        assert!(printed.contains(out) && printed.is_empty() == out.is_empty(), "{line}\n{printed}\n{said}");
        assert!(said.contains(err) && said.is_empty() == err.is_empty(), "{line}\n{said}");
        assert!(said.len() < 4096, "{line}: what is said can be read: {} bytes", said.len());
    }
}
