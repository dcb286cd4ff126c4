//! `smtpulse codes`: lists, filters, formats, and the check of an operator's own file.
//!
//! Pages are shown over a catalogue of the test's own, `fixtures/codes/mine.toml`: what the built-in one says may change.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::Value;

use super::{PROGRAM, file, run};
use crate::reading::fixtures;

fn mine() -> String {
    fixtures().join("codes/mine.toml").to_str().unwrap().to_owned()
}

/// A page that must be printed with no word beside it; without the place of the fixtures, and without the number of
/// entries and providers that are built in.
fn page(words: &[&str]) -> String {
    let done = run(words);
    assert_eq!((done.code, &*done.err), (Some(0), ""), "{words:?}");
    let folder = format!("{}/", fixtures().join("codes").to_str().unwrap());
    let mut page = done.out.replace(&folder, "");
    let first = page.lines().next().unwrap_or_default().to_owned();
    if let Some((shown, all)) = first.split_once(" of ")
        && let Some((_, what)) = all.split_once(' ')
    {
        page = page.replacen(&first, &format!("{shown} of ALL {what}"), 1);
    }
    page
}

fn golden(name: &str, words: &[&str]) {
    let page = page(words);
    assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page}");
    insta::with_settings!({
        snapshot_path => "../../fixtures/codes",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, page);
    });
}

fn listed(words: &[&str]) -> Vec<Value> {
    let mut all = vec!["codes", "-f", "json"];
    all.extend(words);
    let done = run(&all);
    assert_eq!(done.code, Some(0), "{words:?}: {}", done.err);
    let mut list: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(list["schema"], "smtpulse.codes/1");
    list["codes"].take().as_array().unwrap().clone()
}

#[test]
fn a_table() {
    golden("table.txt", &["codes", "--catalog", &mine(), "--provider", "mine"]);
}

#[test]
fn few_are_shown_whole() {
    golden("whole.txt", &["codes", "--catalog", &mine(), "--provider", "mine", "[AB1]"]);
    golden("ladder.txt", &["codes", "--catalog", &mine(), "--provider", "mine", "4.7.23"]);
    let mine = mine();
    let words = ["codes", "--catalog", &mine, "--provider", "mine", "--full"];
    let full = page(&words);
    assert_eq!(full.matches("\n  Meaning").count(), 5, "{full}");
}

#[test]
fn one_entry_as_json_and_csv() {
    let mine = mine();
    golden("entry.json", &["codes", "-f", "json", "--catalog", &mine, "--provider", "mine", "[AB1]"]);
    golden("all.csv", &["codes", "-f", "csv", "--catalog", &mine, "--provider", "mine"]);
}

#[test]
fn providers() {
    let mine = mine();
    golden("providers.txt", &["codes", "--providers", "--catalog", &mine, "--provider", "mine"]);
    golden("providers.json", &["codes", "--providers", "-f", "json", "--catalog", &mine, "smarthost"]);
    let csv = page(&["codes", "--providers", "-f", "csv", "--catalog", &mine, "smarthost"]);
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let all = page(&["codes", "--providers"]);
    assert!(all.lines().count() > 50, "{all}");
}

#[test]
fn a_good_file() {
    golden("check.txt", &["codes", "--check", &mine()]);
}

#[test]
fn every_fault_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let bad = file(
        folder.path(),
        "bad.toml",
        "family = \"*\"\nsource = \"me\"\nchecked = 2026-01-01\n\n\
         [[code]]\nbasic = 750\ntitle = \"t\"\nmeaning = \"m\"\ncategory = \"\\u001b[2J\"\n\n\
         [[code]]\nbasic = 550\ntitle = \"u\"\nmeaning = \"m\"\ncategory = \"unknown\"\nadvice = \"odd\"\n",
    );
    let done = run(&["codes", "--check", &bad]);
    assert_eq!((done.code, &*done.out), (Some(2), ""));
    let lines: Vec<&str> = done.err.lines().collect();
    let starts = [
        format!("{bad}:6: basic: "),
        format!("{bad}:9: category: no category is called \"\\x1b[2J\""),
        format!("{bad}:16: advice: "),
        format!("smtpulse: {bad}: 3 faults"),
    ];
    assert_eq!(lines.len(), starts.len(), "{}", done.err);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(&start), "{line}\n{start}");
    }
    let done = run(&["codes", "--catalog", &bad]);
    assert!(done.code == Some(2) && done.err.contains("codes --check"), "{}", done.err);
    let done = run(&["codes", "--check", "/no/such/file.toml"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.starts_with("/no/such/file.toml: "), "{}", done.err);
}

#[test]
fn conditions_narrow_the_list() {
    let all = listed(&[]).len();
    assert!(all > 600, "{all}");
    let enforced = listed(&["--enforcement"]);
    assert!(!enforced.is_empty() && enforced.iter().all(|row| row["enforcement"] == true));
    let now = listed(&["--suppress", "now"]);
    assert!(!now.is_empty() && now.iter().all(|row| row["suppress"] == "now"));
    let rejected = listed(&["--stage", "rejection"]);
    assert!(!rejected.is_empty() && rejected.iter().all(|row| row["stage"] == "rejection"));
    let spf = listed(&["--category", "auth-spf"]);
    assert!(!spf.is_empty() && spf.iter().all(|row| row["category"] == "auth-spf"));
    for name in ["*", "generic", "unknown"] {
        let everybody = listed(&["--provider", name]);
        assert!(everybody.len() > 100 && everybody.iter().all(|row| row["provider"] == "*"), "{name}");
    }
    let google = listed(&["--provider", "google", "550", "5.7.26"]);
    assert!(!google.is_empty() && google.iter().all(|row| row["enhanced"] == "5.7.26"), "{google:?}");
    assert_eq!(listed(&["--provider", "Gmail", "550", "5.7.26"]), google);
    assert_eq!(listed(&["--provider", "Microsoft"]), listed(&["--provider", "microsoft"]));
    let by_words = listed(&["GMAIL", "dmarc", "--enforcement"]);
    assert!(!by_words.is_empty() && by_words.iter().all(|row| row["provider"] == "google"));
}

#[test]
fn the_same_question_has_the_same_bytes_for_an_answer() {
    for format in ["text", "json", "csv"] {
        let words = ["codes", "--full", "-f", format];
        assert!(page(&words) == page(&words), "{format}");
        let words = ["codes", "--providers", "-f", format];
        assert!(page(&words) == page(&words), "{format}");
    }
}

#[test]
fn no_line_is_wider_than_the_page() {
    for words in [["codes", "--color=never"], ["codes", "--full"], ["codes", "--providers"]] {
        // Templates are to be pasted: four columns from the left, and as wide as they are.
        let template = |line: &&str| line.len() - line.trim_start().len() == 4;
        for line in page(&words).lines().filter(|line| !template(line)) {
            assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line}");
        }
    }
    assert!(!page(&["codes"]).contains('\u{1b}'));
    assert!(page(&["codes", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn a_hostile_file_is_shown_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = file(
        folder.path(),
        "hostile.toml",
        "family = \"mine\"\nsource = \"=1+1\"\nchecked = 2026-01-01\n\
         [[provider]]\nid = \"mine\"\ntitle = \"a\\u001b]0;owned\\u0007\\u202eb\"\nkind = \"isp\"\n\
         [[code]]\nbasic = 550\ntitle = \"=HYPERLINK(\\\"http://x\\\")\\u001b[2J\"\nmeaning = \"\\u009b31m\\nx\"\n\
         category = \"unknown\"\nfix = \"@x\"\nmarker = \"- tag\"\n",
    );
    let words = ["codes", "--catalog", &hostile, "--provider", "mine"];
    for more in [["--full"].as_slice(), &["-f", "json"], &["-f", "csv"], &["--providers"]] {
        let mut all = words.to_vec();
        all.extend(more);
        let page = page(&all);
        let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        let json = more.contains(&"json");
        assert!(json && !page.contains('\u{1b}') || page.chars().all(harmless), "{page:?}");
    }
    let csv = page(&["codes", "--catalog", &hostile, "--provider", "mine", "-f", "csv"]);
    for cell in ["\"'=HYPERLINK(\"\"http://x\"\")\\x1b[2J\"", ",'=1+1,", ",'@x,", ",'- tag,"] {
        assert!(csv.contains(cell), "{cell}: {csv}");
    }
    assert_eq!(run(&["codes", "--check", &hostile]).code, Some(0));
}

#[test]
fn nothing_found_is_no_failure_but_is_said() {
    let done = run(&["codes", "gmial", "5.7.26"]);
    assert_eq!((done.code, &*done.out), (Some(0), ""));
    assert!(
        done.err.contains("without \"gmial\"") && done.err.contains("did you mean Gmail"),
        "{}",
        done.err
    );
    let done = run(&["codes", "-f", "json", "no-such-word"]);
    assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap()["codes"], Value::Array(Vec::new()));
    assert!(done.err.contains("nothing found"), "{}", done.err);
    let done = run(&["codes", "--stage", "deferral", "--suppress", "now"]);
    assert!(done.err.contains("without --suppress"), "{}", done.err);
}

#[test]
fn wrong_words() {
    for (words, wanted) in [
        (["--provider", "gogle"].as_slice(), "did you mean google"),
        (&["--category", "auth-sfp"], "did you mean auth-spf"),
        (&["--category", "zzz"], "there are accepted, "),
        (&["--suppress", "often"], "after-retries"),
        (&["--providers", "--enforcement"], "cannot be used with"),
        (&["--check", "x.toml", "5.7.26"], "cannot be used with"),
        (&["--catalog", "/no/such/file.toml"], "/no/such/file.toml"),
    ] {
        let mut all = vec!["codes"];
        all.extend(words);
        let done = run(&all);
        assert_eq!(done.code, Some(2), "{words:?}");
        assert!(done.err.contains(wanted), "{words:?}: {}", done.err);
    }
}

#[test]
fn a_page_may_go_to_a_file_or_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("codes.csv");
    let done = run(&["codes", "-f", "csv", "-o", to.to_str().unwrap()]);
    assert_eq!((done.code, &*done.out), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(to).unwrap(), page(&["codes", "-f", "csv"]));
    let mut child = std::process::Command::new(PROGRAM)
        .args(["codes", "--full"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_keys_of_a_row() {
    let keys: BTreeSet<String> = listed(&["5.7.26"])[0].as_object().unwrap().keys().cloned().collect();
    for key in [
        "provider",
        "basic",
        "enhanced",
        "markers",
        "category",
        "disposition",
        "suppress",
        "enforcement",
        "stage",
        "ladder",
        "confidence",
        "title",
        "meaning",
        "fix",
        "template",
        "source",
        "checked",
        "example",
        "file",
    ] {
        assert!(keys.contains(key), "{key}");
    }
}
