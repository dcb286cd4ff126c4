//! What strangers write, on its way to every output: nothing of it drives a terminal, turns text around, runs in a spreadsheet or
//! breaks JSON, and JSON gives it back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::command::PROGRAM;

/// What somebody may call himself, and what he may answer.
const FOUL: [&[u8]; 20] = [
    b"\x1b[2J\x1b]0;title\x07",
    b"\x1bP+q\x1b\\",
    "\u{9b}31m\u{9d}0;x\u{9c}".as_bytes(),
    b"\x9b2J\x85",
    b"\0nul\x7f",
    b"\xff\xfe\xc3(",
    "\u{202e}moc.live\u{2066}".as_bytes(),
    "\u{200e}\u{61c}\u{200b}\u{feff}\u{e0041}".as_bytes(),
    "\u{2028}\u{2029}\u{85}".as_bytes(),
    b"=HYPERLINK(\"http://x\")",
    b"+1",
    b"-1+1",
    b"@SUM(A1)",
    b"\t=1",
    b"\r=1",
    "＝1".as_bytes(),
    b"',;|\"x",
    b"\\\"\\u0000\\n{}[]",
    b"</script><b>&lt;",
    b"%s%n$(x)`x`",
];

/// A log in which a stranger's words stand wherever he may put them.
fn log(foul: &[u8]) -> Vec<u8> {
    let lines: [&[&[u8]]; 6] = [
        &[b"2026-03-07T09:00:00Z mx postfix/qmgr[7]: 4F1A2B3C4D: from=<", foul, b"@", foul, b".example>, size=1, nrcpt=1 (queue active)"],
        &[
            b"2026-03-07T10:00:00Z mx postfix/smtp[7]: 4F1A2B3C4D: to=<", foul, b"@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, \
              delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.1.1 ",
            foul, b" 550 5.1.1 ", foul, b" (in reply to RCPT TO command))",
        ],
        &[b"2026-03-07T10:00:01Z mx postfix/smtp[7]: 5F1A2B3C4D: to=<a@", foul, b">, relay=", foul, b"[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=5.7.26, status=bounced (host ", foul, b"[192.0.2.2] said: 550 5.7.26 ", foul, b")"],
        &[b"2026-03-07T10:00:02Z mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from ", foul, b"[192.0.2.7]: 554 5.7.1 <", foul, b">: no; from=<", foul, b"@b> to=<", foul, b"> proto=ESMTP helo=<", foul, b">"],
        &[b"2026-03-07T10:00:03Z ", foul, b" ", foul, b": ", foul],
        &[foul, b" is no line of a log"],
    ];
    lines.iter().flat_map(|parts| [&parts.concat()[..], b"\n"].concat()).collect()
}

/// Whether a character may stand in a text: no control, none that turns text around or is not seen.
fn is_foul(letter: char) -> bool {
    letter.is_control() && letter != '\n'
        || super::targets::turns(letter)
        || matches!(letter, '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn run(folder: &Path, words: &[&OsStr]) -> Output {
    Command::new(PROGRAM).args(words).current_dir(folder).env_clear().env("TZ", "UTC").output().unwrap()
}

/// Runs with words and an input, and gives what is printed; both outputs are clean text.
fn clean(folder: &Path, words: &str, input: &OsStr) -> String {
    let mut all: Vec<&OsStr> = words.split_ascii_whitespace().map(OsStr::new).collect();
    all.push(input);
    let Output { stdout, stderr, status } = run(folder, &all);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|error| panic!("{all:?}: {error}"));
    let (out, err) = (text(stdout), text(stderr));
    for text in [&out, &err] {
        assert!(!text.contains(is_foul), "{all:?}: {text:?}");
        // What a line end in a name would begin.
        assert!(!text.lines().any(|line| line.starts_with("2026")), "{all:?}: {text:?}");
    }
    assert!(matches!(status.code(), Some(0..=4)), "{all:?}: {err}");
    out
}

/// The rows of a CSV file, none of whose cells is a formula.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell:?}");
    }
    rows
}

/// What a stranger calls himself, as text.
fn shown(foul: &[u8]) -> String {
    String::from_utf8_lossy(foul).into_owned()
}

#[test]
fn of_a_log() {
    for foul in FOUL {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::write(folder.join("log"), log(foul)).unwrap();
        let input = OsStr::new("log");
        let page = clean(folder, "--top 99 --summary summary", input);
        assert!(page.contains("5.1.1") && page.contains("5.7.26"), "{page}");
        clean(folder, "-f line", input);
        let json: Value = serde_json::from_str(&clean(folder, "-f json", input)).unwrap();
        assert_eq!(
            (&json["accounting"]["lines"], &json["totals"]["attempts"]),
            (&6.into(), &2.into()),
            "{json}"
        );
        let merged = OsStr::new("summary");
        clean(folder, "merge", merged);
        clean(folder, "merge -f line", merged);
        let again: Value = serde_json::from_str(&clean(folder, "merge -f json", merged)).unwrap();
        assert_eq!(again["codes"], json["codes"]);

        let events = clean(folder, "events", input);
        let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let dead = format!("{}@gmail.com", shown(foul));
        assert!(events.iter().any(|event| event["recipient"] == dead.as_str()), "{events:?}");

        clean(folder, "suppress", input);
        clean(folder, "suppress -f text", input);
        let rows = cells(&clean(folder, "suppress -f csv", input));
        assert_eq!(rows.len(), 1, "{rows:?}");
        let list: Value = serde_json::from_str(&clean(folder, "suppress -f json", input)).unwrap();
        assert!(list.to_string().contains("gmail.com"), "{list}");

        let asked = [b"550 5.7.26 ", foul].concat();
        for input in [input, OsStr::from_bytes(&asked)] {
            if !input.as_bytes().contains(&0) {
                clean(folder, "explain", input);
                serde_json::from_str::<Value>(&clean(folder, "explain -f json", input)).unwrap();
            }
        }
    }
}

#[test]
fn of_names() {
    for foul in FOUL.into_iter().chain([&b"\n2026"[..]]) {
        if foul.contains(&0) || foul.contains(&b'/') {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let name = [b"./", foul].concat();
        let name = OsStr::from_bytes(&name);
        // Named in a note where it is missing, and on the pages where it is there.
        for words in [
            "",
            "events",
            "suppress",
            "merge",
            "spikes",
            "codes --check",
            "explain -f json --catalog",
            "--catalog",
        ] {
            clean(folder, words, name);
        }
        std::fs::write(folder.join(name), [&log(foul)[..], b"\x1b[2J"].concat()).unwrap();
        for words in
            ["", "-f line", "events", "suppress -f text", "merge", "codes --check", "spikes", "--catalog"]
        {
            clean(folder, words, name);
        }
        for words in ["-f json", "suppress -f json"] {
            serde_json::from_str::<Value>(&clean(folder, words, name)).unwrap();
        }
    }
}

#[test]
fn of_an_own_catalogue() {
    for foul in FOUL {
        let Ok(text) = std::str::from_utf8(foul) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        // A string of JSON is one of TOML, but for this control.
        let quoted = serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f");
        let own = format!(
            "family = \"own\"\nsource = {quoted}\nchecked = 2026-01-15\n[[code]]\nprovider = \"google\"\nenhanced = \"5.7.26\"\ntitle = {quoted}\n\
             meaning = {quoted}\nfix = {quoted}\ncategory = \"auth-missing\"\n"
        );
        std::fs::write(folder.join("own.toml"), own).unwrap();
        let own = OsStr::new("own.toml");
        clean(folder, "codes --check", own);
        clean(folder, "codes 5.7.26 --catalog", own);
        clean(folder, "explain 5.7.26 --catalog", own);
        cells(&clean(folder, "codes 5.7.26 -f csv --catalog", own));
        for words in ["codes 5.7.26 -f json --catalog", "explain 5.7.26 -f json --catalog"] {
            let page = clean(folder, words, own);
            serde_json::from_str::<Value>(&page).unwrap_or_else(|error| panic!("{words}: {error}"));
        }
    }
}
