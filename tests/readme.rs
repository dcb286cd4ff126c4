//! README.md promises nothing that is not so: its commands run, its options exist, its excerpt is what the program prints.
//!
//! `UPDATE_README=1 cargo test --locked readme` writes the excerpt anew.

#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use smtpulse::analysis::{self, Finding};
use smtpulse::catalog::{self, Catalog};
use smtpulse::time::Zone;
use smtpulse::{input, scan};

/// The report's sections that README shows after the verdict, and how many lines of each.
const SHOWN: [(&str, usize); 1] = [("Providers", 6)];

/// What may stand behind `smtpulse`.
const COMMANDS: [&str; 10] =
    ["report", "explain", "codes", "suppress", "events", "merge", "nightly", "spikes", "state", "gen"];

const START: &str = "readme` -->\n```text\n";
const END: &str = "```\n<!-- end of the excerpt -->";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn readme() -> String {
    fs::read_to_string(path("README.md")).unwrap()
}

/// The text of every fenced block of a language in README.
fn blocks(language: &str) -> Vec<String> {
    blocks_of("README.md", language)
}

fn blocks_of(file: &str, language: &str) -> Vec<String> {
    let readme = fs::read_to_string(path(file)).unwrap();
    let fence = format!("\n```{language}\n");
    let found: Vec<String> =
        readme.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect();
    assert!(!found.is_empty(), "no {language} block in {file}");
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
            Some(word) if COMMANDS.contains(&word) => smtpulse(&[word, "--help"]),
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
fn the_catalogue_examples_are_good_and_taken() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("readme-catalog.toml");
    for block in blocks("toml") {
        fs::write(&file, &block).unwrap();
        let checked = catalog::check(&file).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!((checked.providers.len(), checked.codes), (1, 1), "{block}");
        assert!(block.lines().count() <= 10, "README says that it is short");
    }
    let log = folder.join("readme-catalog.log");
    fs::write(
        &log,
        "Mar 07 10:00:00 mx postfix/smtp[7]: 133F09CC571: to=<a@example.org>, relay=mx.example.net[192.0.2.1]:25, delay=1, \
         delays=0/0/0/1, dsn=5.7.26, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.7.26 no (in reply to RCPT TO \
         command))\n",
    )
    .unwrap();
    let done = smtpulse(&["--catalog", file.to_str().unwrap(), "--tz", "UTC", log.to_str().unwrap()]);
    let page = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(page.contains("Our mail goes out unsigned") && page.contains("restart opendkim"), "{page}");
}

/// The blocks of the data files' own README are one file, cut by explanations.
#[test]
fn the_keys_of_data_files_are_as_they_are_shown() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-data.toml");
    fs::write(&file, blocks_of("src/catalog/data/README.md", "toml").join("\n")).unwrap();
    let checked = catalog::check(&file).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!((checked.providers.len(), checked.codes), (1, 1));
}

#[test]
fn the_measures_of_suppression_are_those_of_the_program() {
    let help = String::from_utf8(smtpulse(&["suppress", "--help"]).stdout).unwrap();
    let readme = readme();
    let mut seen = 0;
    for part in readme.split('`').filter(|part| part.starts_with("--") && part.contains('/')) {
        let (option, usual) = part.split_once(' ').unwrap();
        let of_option = help.split(&format!("      {option} <")).nth(1).unwrap_or_else(|| panic!("{option}"));
        let default = of_option.split("[default: ").nth(1).unwrap();
        assert!(default.starts_with(&format!("{usual}]")), "{part}");
        seen += 1;
    }
    assert_eq!(seen, 5, "four grounds and the outage");
}

#[test]
fn what_is_said_of_codes_and_answers_is_so() {
    let out = |words: &[&str]| String::from_utf8(smtpulse(words).stdout).unwrap();
    let answer = out(&["explain", "550", "5.7.26", "--provider", "gmail"]);
    for step in ["1 class", "2 subject", "3 suppress", "4 retry", "5 text"] {
        assert!(answer.contains(step), "{answer}");
    }
    let meanings = out(&["codes", "5.7.27"]);
    assert!(meanings.contains("takes no mail") && meanings.contains("SPF did not pass"), "{meanings}");
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
let options = scan::Options { threads: 0, chunk: scan::CHUNK, zone: Zone::utc(), year: None, now, period, join: true, clock: None };
let summary = scan::scan(vec![log], &catalog, &options, &|_| ())?.summary;
let findings = analysis::findings(&summary, &catalog);
    Ok((summary.accounting.attempts, findings))
}

#[test]
fn readme_is_short() {
    assert!(readme().lines().count() <= 225);
}
