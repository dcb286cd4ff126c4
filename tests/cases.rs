//! Small logs of our own with what each line of them must come to: every framing, damage, hostile text.
//!
//! A case is a file `fixtures/cases/NAME.log` with `NAME.jsonl` beside it: first parts of the report (its accounting, its
//! totals), then one object for each event in log order. A new case is two new files.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

use crate::reading::fixtures;

/// What the program prints about a log, one JSON value a line.
fn printed(words: &[&str], log: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_smtpulse"))
        .args(words)
        .args(["--tz", "UTC", "--year", "2026"])
        .arg(log)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    let values = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    values.map(Result::unwrap).collect()
}

/// The fields of `found` that `wanted` has.
fn those_of(wanted: &Value, found: &Value) -> Value {
    let fields = wanted.as_object().unwrap().keys();
    fields.map(|field| (field.clone(), found[field].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn check(log: &Path) {
    let name = log.display();
    let wanted = std::fs::read_to_string(log.with_extension("jsonl")).unwrap();
    let mut wanted: Vec<Value> = wanted.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let head = wanted.remove(0);
    for chunk in ["1", "100000"] {
        let page = &printed(&["--format", "json", "--chunk", chunk], log)[0];
        for (part, wanted) in head.as_object().unwrap() {
            assert_eq!(&those_of(wanted, &page[part]), wanted, "{name}, chunk {chunk}: {part}");
        }
    }
    let found = printed(&["events"], log);
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!(&those_of(wanted, found), wanted, "{name}:{}", wanted["line"]);
    }
    assert_eq!(found.len(), wanted.len(), "{name}: number of events");
}

#[test]
fn every_case_comes_to_what_stands_beside_it() {
    let mut count = 0;
    for entry in std::fs::read_dir(fixtures().join("cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            check(&path);
            count += 1;
        }
    }
    assert!(count >= 10, "{count} cases");
}
