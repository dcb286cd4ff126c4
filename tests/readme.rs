//! README.md promises nothing that is not so: its commands run, its options exist, its excerpt is what the program prints.
//!
//! `UPDATE_README=1 cargo test --locked readme` writes the excerpt anew.

#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use smtpulse::analysis::{self, Finding};
use smtpulse::catalog::Catalog;
use smtpulse::time::Zone;
use smtpulse::{input, scan};

/// The report's sections that README shows after the verdict, and how many lines of each.
const SHOWN: [(&str, usize); 3] = [("Providers", 6), ("Sender domains", 5), ("By day", 5)];

const START: &str = "readme` -->\n```text\n";
const END: &str = "```\n<!-- end of the excerpt -->";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn readme() -> String {
    fs::read_to_string(path("README.md")).unwrap()
}

/// The text of every fenced block of a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = readme();
    let fence = format!("\n```{language}\n");
    let found: Vec<String> =
        readme.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect();
    assert!(!found.is_empty(), "no {language} block in README.md");
    found
}

/// The command lines of README, without their comments.
fn commands() -> Vec<String> {
    let lines = blocks("sh").join("\n");
    lines.lines().map(|line| line.split(" # ").next().unwrap().trim().to_owned()).collect()
}

fn smtpulse(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smtpulse"));
    command.args(words).current_dir(path("")).output().unwrap()
}

/// The words after `--` of the first command, which builds and runs the program.
fn first_command() -> Vec<String> {
    let command = commands().remove(0);
    let words = command.strip_prefix("cargo run --release --locked -- ").unwrap();
    words.split(' ').map(str::to_owned).collect()
}

#[test]
fn the_first_command_prints_a_report() {
    let words = first_command();
    let done = smtpulse(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.len() > 1000);
}

#[test]
fn the_excerpt_is_what_the_program_prints() {
    let words = first_command();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--color", "never"]).collect();
    let report = String::from_utf8(smtpulse(&words).stdout).unwrap();
    let wanted = excerpt(&report);
    let readme = readme();
    let (before, rest) = readme.split_once(START).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        let whole = format!("{before}{START}{wanted}{END}{after}");
        fs::write(path("README.md"), whole).unwrap();
    } else {
        assert_eq!(found, wanted, "run it again with UPDATE_README=1");
    }
}

/// The verdict, and the start of some sections.
fn excerpt(report: &str) -> String {
    let mut paragraphs = report.split("\n\n");
    let mut parts: Vec<String> = paragraphs.by_ref().take(2).map(str::to_owned).collect();
    let rest: Vec<&str> = paragraphs.collect();
    for (title, lines) in SHOWN {
        let section = rest.iter().find(|section| section.starts_with(title));
        let section = section.unwrap_or_else(|| panic!("no section \"{title}\""));
        parts.push(section.lines().take(lines).collect::<Vec<_>>().join("\n"));
    }
    parts.join("\n\n") + "\n"
}

#[test]
fn every_command_and_option_exists() {
    let mut seen = 0;
    for command in commands() {
        // `a | smtpulse b | c`: the part that is ours.
        let Some(ours) = command.split(" | ").find_map(|part| part.trim().strip_prefix("smtpulse")) else {
            assert!(command.is_empty() || command.starts_with("cargo "), "{command}");
            continue;
        };
        let words: Vec<&str> = ours.split_whitespace().collect();
        let help = match words.first().copied() {
            Some(word @ ("report" | "events" | "merge" | "gen")) => smtpulse(&[word, "--help"]),
            Some(word) => {
                let input = word.starts_with('-') || word.starts_with('/') || word.contains('.');
                assert!(input, "{word} is no command: {command}");
                smtpulse(&["--help"])
            }
            None => smtpulse(&["--help"]),
        };
        let help = String::from_utf8(help.stdout).unwrap();
        for option in
            words.iter().filter(|word| word.starts_with("--") || word.len() == 2 && word.starts_with('-'))
        {
            assert!(
                help.contains(&format!("{option} "))
                    || help.contains(&format!("{option}\n"))
                    || help.contains(&format!("{option},")),
                "{option}: {command}"
            );
            seen += 1;
        }
    }
    assert!(seen > 5);
}

#[test]
fn the_catalogue_example_is_taken() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-catalog.toml");
    fs::write(&file, &blocks("toml")[0]).unwrap();
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-catalog.log");
    fs::write(
        &log,
        "Mar 07 10:00:00 mx postfix/smtp[7]: 133F09CC571: to=<a@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, \
         delay=1, delays=0/0/0/1, dsn=5.7.26, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.1] said: 550 5.7.26 no (in \
         reply to RCPT TO command))\n",
    )
    .unwrap();
    let done = smtpulse(&["--catalog", file.to_str().unwrap(), "--tz", "UTC", log.to_str().unwrap()]);
    let page = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(page.contains("Our mail goes out unsigned") && page.contains("restart opendkim"), "{page}");
}

#[test]
fn the_library_example_is_the_one_compiled_here() {
    let plain = |text: &str| text.lines().map(str::trim).collect::<String>();
    let own = include_str!("readme.rs");
    let block = &blocks("rust")[0];
    assert!(
        plain(own).contains(&plain(block)),
        "README.md shows another example than `library` in this file"
    );
    let (attempts, findings) = library(&path("fixtures/postfix-incident/maillog")).unwrap();
    assert!(attempts > 1000 && !findings.is_empty());
}

#[rustfmt::skip]
fn library(path: &Path) -> Result<(u64, Vec<Finding>), Box<dyn Error>> {
    let now = 1_773_100_000;
    let period = scan::Period::default();
let catalog = Catalog::builtin();
let log = input::open(path, true)?;
let options = scan::Options { threads: 0, chunk: scan::CHUNK, zone: Zone::utc(), year: None, now, period, join: true };
let summary = scan::scan(vec![log], &catalog, &options, &|_| ())?.summary;
let findings = analysis::findings(&summary, &catalog);
    Ok((summary.accounting.attempts, findings))
}

#[test]
fn readme_is_short() {
    assert!(readme().lines().count() <= 160);
}
