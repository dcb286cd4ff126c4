//! `smtpulse explain`: what may be typed and pasted, and what comes back.

use serde_json::Value;

use super::{Done, REFUSED, SENT, file, run, smtpulse};
use crate::reading::fixtures;

/// A provider with a template of its own.
const OPERATOR: &str = r#"
family = "exmail"
source = "Exmail"
checked = 2026-01-15
[[provider]]
id = "exmail"
title = "Example Mail"
aliases = ["xm"]
kind = "mailbox"
[[advice]]
id = "ex"
text = "Publish this."
template = "example.com. TXT \"v=spf1 -all\""
[[code]]
basic = 550
enhanced = "5.7.26"
title = "Not yours"
meaning = "SPF failed."
category = "auth-spf"
advice = "ex"
"#;

fn explain(words: &[&str]) -> Done {
    let mut all = vec!["explain"];
    all.extend(words);
    run(&all)
}

/// The answers as JSON.
fn answers(words: &[&str]) -> Vec<Value> {
    let mut all = vec!["--format", "json"];
    all.extend(words);
    let done = explain(&all);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{words:?}");
    let page: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(page["schema"], "smtpulse.explain/1");
    page["answers"].as_array().unwrap().clone()
}

fn fed(words: &[&str], stdin: impl Into<Vec<u8>>) -> Done {
    let output = smtpulse().arg("explain").args(words).write_stdin(stdin).output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_code_in_every_way_to_type_it() {
    let one = |words: &[&str]| {
        let all = answers(words);
        assert_eq!(all.len(), 1, "{words:?}");
        (
            all[0]["provider"].clone(),
            all[0]["basic"].clone(),
            all[0]["enhanced"].clone(),
            all[0]["category"].clone(),
        )
    };
    let google = (Value::from("google"), Value::from(550), Value::from("5.7.27"), Value::from("auth-spf"));
    for words in [
        &["550", "5.7.27", "--provider", "gmail"][..],
        &["550 5.7.27", "--provider", "google"],
        &["--provider", "Gmail", "550-5.7.27"],
        &["550", "5.7.27", "--provider", "gmail.com"],
        &["550 5.7.27 SPF did not pass - gsmtp"],
        &["550", "5.7.27", "SPF", "-", "gsmtp"],
        &["550-5.7.27 SPF\n550 5.7.27 did not pass - gsmtp"],
    ] {
        assert_eq!(one(words), google, "{words:?}");
    }
    let bare = one(&["5.7.27"]);
    assert_eq!((bare.0, bare.1), (Value::Null, Value::Null));
    assert_eq!(one(&["550"]).1, 550);
    let two = answers(&["550", "5.1.1", "421", "4.7.28", "--provider", "gmail"]);
    assert_eq!(two.len(), 2);
    assert_eq!((&two[1]["stage"], &two[1]["suppress"]), (&Value::from("deferral"), &Value::from("never")));
}

#[test]
fn the_page_follows_the_five_steps() {
    let page = explain(&["550", "5.7.27", "--provider", "gmail"]).out;
    let places: Vec<usize> =
        ["1 class", "2 subject", "3 suppress", "4 retry", "5 text", "Registry", "Fix", "Source"]
            .iter()
            .map(|label| page.find(&format!("\n  {label} ")).unwrap_or_else(|| panic!("{label}: {page}")))
            .collect();
    assert!(places.is_sorted(), "{page}");
    assert!(page.starts_with("550 5.7.27 at Google"), "{page}");
}

#[test]
fn log_lines_from_a_pipe_and_from_a_file() {
    let done = fed(&["-f", "json", "-"], format!("{REFUSED}{SENT}"));
    let page: Value = serde_json::from_str(&done.out).unwrap();
    let all = page["answers"].as_array().unwrap();
    assert_eq!(all.len(), 2, "{}", done.out);
    assert_eq!(all[0]["provider"], "google");
    assert_eq!(all[0]["step"], "end-of-data");
    assert_eq!(all[0]["recipient"], "r@gmail.com");
    assert_eq!(all[1]["class"], "success");
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    assert_eq!(answers(&[&log]).len(), 2);
    assert_eq!(answers(&[&log, "5.1.1"]).len(), 3);
}

#[test]
fn a_bounce_has_one_answer_for_each_recipient() {
    let bounce = fixtures().join("bounces/postfix-several.eml");
    let all = answers(&[bounce.to_str().unwrap()]);
    let told: Vec<_> = all
        .iter()
        .map(|answer| {
            format!("{} {} {}", answer["recipient"], answer["suppress"], answer["provider"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "anna@gmail.com never google",
            "ben@example.net now null",
            "carla@hotmail.com never microsoft-consumer"
        ]
    );
    let from_pipe = fed(&["-"], std::fs::read(&bounce).unwrap());
    assert_eq!(from_pipe.out, explain(&[bounce.to_str().unwrap()]).out);
}

#[test]
fn hostile_bounces_move_no_cursor() {
    for entry in std::fs::read_dir(fixtures().join("bounces")).unwrap() {
        let path = entry.unwrap().path();
        let done = explain(&["--color", "never", path.to_str().unwrap()]);
        let bad = |c: char| {
            c.is_control() && c != '\n'
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!done.out.contains(bad) && !done.err.contains(bad), "{}: {:?}", path.display(), done.out);
    }
}

#[test]
fn an_operators_catalogue_its_alias_and_its_template() {
    let folder = tempfile::tempdir().unwrap();
    let own = file(folder.path(), "own.toml", OPERATOR);
    let words = ["550", "5.7.26", "--catalog", &own, "--provider", "XM"];
    let all = answers(&words);
    assert_eq!(
        (&all[0]["layer"], &all[0]["template"]),
        (&Value::from("operator"), &Value::from("example.com. TXT \"v=spf1 -all\""))
    );
    let page = explain(&words).out;
    assert!(page.contains("\n    example.com. TXT \"v=spf1 -all\"\n"), "{page}");
}

#[test]
fn a_name_of_two_providers_asks_both() {
    let all = answers(&["550", "5.4.1", "--provider", "microsoft"]);
    let providers: Vec<_> = all.iter().map(|answer| answer["provider"].as_str().unwrap()).collect();
    assert_eq!(providers, ["microsoft-consumer", "microsoft-365"]);
}

#[test]
fn what_is_no_reply_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let note = fixtures().join("bounces/not-a-bounce.eml");
    let queue = file(folder.path(), "queue.log", "Mar  7 10:00:00 mx postfix/qmgr[7]: 4F1A2B3C4D: removed\n");
    let empty = file(folder.path(), "empty", "");
    for (words, code, said) in [
        (&["600"][..], 2, "from 200 to 599"),
        (&["foo"], 2, "no SMTP code or reply"),
        (&["5.7.26.1"], 2, "5.7.26.1"),
        (&[note.to_str().unwrap()], 2, "no bounce"),
        (&[&queue], 2, "none with a reply"),
        (&[&empty], 2, "empty"),
        (&["-"], 2, "standard input"),
        (&["5.7.26", "--provider", "gmial"], 2, "did you mean google"),
        (&["5.7.26", "--provider", "nobody"], 2, "gmail, o365"),
        (&["5.7.26", "--catalog", "/no/such.toml"], 2, "/no/such.toml"),
        (&["/no/such/bounce.eml"], 4, "no such file"),
        (&[], 2, "smtpulse explain"),
    ] {
        let done = explain(words);
        assert_eq!(done.code, Some(code), "{words:?}: {}", done.err);
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
        assert_eq!(done.out, "", "{words:?}");
    }
}

#[test]
fn output_colour_and_help() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.txt");
    let done = explain(&["5.7.26", "--output", page.to_str().unwrap()]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), explain(&["5.7.26"]).out);
    assert!(explain(&["5.7.26", "--color", "always"]).out.contains("\x1b["));
    assert!(!explain(&["5.7.26"]).out.contains('\x1b'));
    let help = explain(&["--help"]).out;
    assert!(help.contains("smtpulse explain 550 5.7.26 --provider gmail"), "{help}");
}
