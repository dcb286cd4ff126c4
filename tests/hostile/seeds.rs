//! What is mutated: the fixtures, cut up into what each target reads.
//!
//! `WRITE_SEEDS=FOLDER cargo test --locked seeds` writes them down for cargo-fuzz.

use std::path::{Path, PathBuf};

use smtpulse::catalog::Catalog;
use smtpulse::frame::split;
use smtpulse::mta::{Daemon, Event, Program, parse_exim, parse_postfix};
use smtpulse::summary;

use super::targets::{DAEMONS, TARGETS};
use crate::command::PACKERS;
use crate::reading::{Recording, fixtures, options, stream};

/// Seeds of a target at most.
const MOST: usize = 160;

/// Lines of a log at most that a seed takes.
const LINES: usize = 12;

/// The seeds of a target.
pub(super) fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = found(target);
    seeds.extend(kept(target).into_iter().map(|path| std::fs::read(path).unwrap()));
    seeds
}

/// Inputs that once broke something.
pub(super) fn kept(target: &str) -> Vec<PathBuf> {
    files(&fixtures().join("hostile").join(target), |_| true)
}

fn found(target: &str) -> Vec<Vec<u8>> {
    let lines = || {
        excerpts()
            .into_iter()
            .flat_map(|text| text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>())
    };
    let message = |line: &[u8]| split(line).message.to_vec();
    match target {
        "frame" | "scan" => thinned(excerpts()),
        "postfix" => thinned(lines().filter_map(|line| of_postfix(&line)).collect()),
        "exim" => thinned(
            lines()
                .filter(|line| matches!(Program::of(split(line).program), Program::Exim))
                .map(|line| message(&line))
                .collect(),
        ),
        "reply" => thinned(lines().filter_map(|line| reply(&line)).collect()),
        "input" => thinned(excerpts()).iter().take(12).flat_map(|text| packed(text)).collect(),
        "carrier" => thinned(excerpts()).iter().take(12).flat_map(|text| carried(text)).collect(),
        "summary" => thinned(excerpts()).iter().map(|text| unsealed(text)).collect(),
        "catalog" => files(&fixtures().join("codes"), |name| name.ends_with("toml"))
            .into_iter()
            .chain(files(&fixtures().join("../src/catalog/data"), |name| name.ends_with("toml")))
            .map(|path| std::fs::read(path).unwrap())
            .filter(|text| text.len() < 4096)
            .collect(),
        "bounce" => files(&fixtures().join("bounces"), |_| true)
            .into_iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect(),
        _ => panic!("{target} has no seeds"),
    }
}

fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| wanted(path.to_str().unwrap())).collect();
    files.sort();
    files
}

/// A few lines each, from everywhere in all logs.
fn excerpts() -> Vec<Vec<u8>> {
    let mut logs = files(&fixtures().join("cases"), |name| name.ends_with(".log"));
    for folder in files(&fixtures(), |name| Path::new(name).join("recording.toml").exists()) {
        let recording = Recording::of(folder.to_str().unwrap());
        logs.extend(recording.logs.iter().chain(&recording.retold).map(|log| folder.join(log)));
    }
    let mut excerpts = Vec::new();
    for log in logs {
        let text = std::fs::read(log).unwrap();
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let pieces: Vec<&[&[u8]]> = lines.chunks(LINES).collect();
        excerpts.extend(pieces.iter().step_by(1 + pieces.len() / 24).map(|piece| piece.concat()));
    }
    excerpts
}

/// Not more than there may be, from everywhere.
fn thinned(seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let step = 1 + seeds.len() / MOST;
    seeds.into_iter().step_by(step).collect()
}

fn of_postfix(line: &[u8]) -> Option<Vec<u8>> {
    let record = split(line);
    let Program::Postfix(daemon) = Program::of(record.program) else { return None };
    let number = DAEMONS.iter().position(|name| Daemon::of(name.as_bytes()) == Some(daemon))?;
    Some([&[u8::try_from(number).ok()?], record.message].concat())
}

fn reply(line: &[u8]) -> Option<Vec<u8>> {
    let record = split(line);
    let event = match Program::of(record.program) {
        Program::Postfix(daemon) => parse_postfix(daemon, record.message),
        _ => parse_exim(record.message),
    };
    let Event::Outcome(outcome) = event else { return None };
    outcome.reply.map(<[u8]>::to_vec)
}

fn packed(text: &[u8]) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = PACKERS.iter().map(|(_, pack)| pack(text)).collect();
    let twice = PACKERS.iter().map(|(_, pack)| [pack(text), pack(b""), pack(text)].concat());
    forms.extend(twice.collect::<Vec<_>>());
    forms.extend(carried(text));
    forms
}

/// The lines in every carrier.
pub(super) fn carried(text: &[u8]) -> Vec<Vec<u8>> {
    let lines: Vec<String> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let all = |form: &dyn Fn(usize, &str) -> String| -> Vec<u8> {
        lines.iter().enumerate().map(|(n, line)| form(n, line)).collect::<String>().into_bytes()
    };
    let stamp = "2026-03-07T10:00:00.000000001Z";
    vec![
        text.to_vec(),
        all(&|n, line| format!("{stamp} stdout {} {line}\n", ["F", "P", "F:x"][n % 3])),
        all(&|n, line| {
            let end = if n % 3 == 1 { "" } else { "\n" };
            format!(
                "{}\n",
                serde_json::json!({"log": format!("{line}{end}"), "stream": "stdout", "time": stamp})
            )
        }),
        all(&|n, line| {
            let message =
                if n % 3 == 1 { serde_json::json!(line.as_bytes()) } else { serde_json::json!(line) };
            let entry = serde_json::json!({
                "__REALTIME_TIMESTAMP": "1772877600000000", "_HOSTNAME": "mx", "SYSLOG_IDENTIFIER": "postfix/smtp",
                "_PID": "7", "MESSAGE": message, "CONTAINER_PARTIAL_MESSAGE": "false",
            });
            format!("{entry}\n")
        }),
        all(&|n, line| {
            let head = "__CURSOR=s=0\n__REALTIME_TIMESTAMP=1772877600000000\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/smtp\n";
            // A length below 128 is text.
            match n % 3 {
                1 if line.len() < 128 => {
                    let length = char::from(u8::try_from(line.len()).unwrap());
                    format!("{head}MESSAGE\n{length}\0\0\0\0\0\0\0{line}\n\n")
                }
                _ => format!("{head}MESSAGE={line}\n\n"),
            }
        }),
        all(&|_, line| format!("{} <22>{line}", line.len() + 4)),
    ]
}

/// The summary of a log, without its checksum: the target puts the right one there.
fn unsealed(text: &[u8]) -> Vec<u8> {
    let summary =
        crate::reading::summary(stream("log", text), &Catalog::builtin(), &options("UTC", Some(2026)));
    let mut bytes = Vec::new();
    summary::write(&summary, &mut bytes).unwrap();
    let end = memchr::memmem::rfind(&bytes, b",\"checksum\"").unwrap();
    [&bytes[..end], b"}"].concat()
}

#[test]
fn seeds_can_be_written_down() {
    let wanted = std::env::var_os("WRITE_SEEDS");
    for (target, _) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 8, "{target}: {} seeds", seeds.len());
        let Some(folder) = &wanted else { continue };
        let folder = Path::new(folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed).unwrap();
        }
    }
}
