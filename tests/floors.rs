//! The rooms' floors, held against the sources: a room imports only from lower floors, the two wings never from each
//! other, and an external crate is used only in the rooms that need it. ARCHITECTURE.md shows the same table to people.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, its floor, and the rooms it may import from.
const ROOMS: [(&str, u8, &[&str]); 17] = [
    ("time", 0, &[]),
    ("sys", 0, &[]),
    ("vector", 0, &[]),
    ("smtp", 1, &["vector"]),
    ("input", 1, &["sys"]),
    ("frame", 1, &["time", "vector"]),
    ("catalog", 2, &["smtp", "vector"]),
    ("bounce", 2, &["smtp"]),
    ("mta", 2, &["smtp", "vector"]),
    ("summary", 2, &["smtp", "time"]),
    ("tally", 3, &["mta", "frame", "summary", "catalog", "smtp", "time", "vector"]),
    ("synth", 3, &["smtp", "time"]),
    ("state", 3, &["input", "summary", "smtp", "time"]),
    ("analysis", 3, &["summary", "catalog", "smtp", "time"]),
    ("scan", 4, &["tally", "mta", "frame", "input", "catalog", "summary", "smtp", "time", "vector"]),
    ("report", 4, &["analysis", "summary", "catalog", "smtp", "time"]),
    (
        "cli",
        5,
        &[
            "sys", "smtp", "time", "input", "frame", "catalog", "bounce", "mta", "summary", "tally", "synth",
            "state", "analysis", "scan", "report",
        ],
    ),
];

/// Each external crate and the rooms that may use it. `memchr` is everywhere bytes are.
const CRATES: [(&str, &[&str]); 32] = [
    ("anstream", &["cli"]),
    ("anstyle", &["report"]),
    ("askama", &["report"]),
    ("bzip2", &["input"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("csv", &["report"]),
    ("flate2", &["input"]),
    ("hashbrown", &["catalog", "tally", "scan", "cli"]),
    ("indicatif", &["cli"]),
    ("jiff", &["time", "input", "synth", "report", "cli"]),
    ("libc", &["sys"]),
    ("lzma_rust2", &["input"]),
    ("mail_builder", &["report"]),
    ("mail_parser", &["bounce"]),
    ("memchr", &["smtp", "time", "vector", "input", "frame", "catalog", "mta", "tally", "state", "scan"]),
    ("memmap2", &["sys"]),
    ("postcard", &["catalog", "cli"]),
    ("rayon", &["tally", "scan"]),
    ("rusqlite", &["state"]),
    (
        "serde",
        &["smtp", "time", "input", "catalog", "summary", "tally", "synth", "analysis", "report", "cli"],
    ),
    ("serde_json", &["input", "summary", "state", "report", "cli"]),
    ("signal_hook", &["cli"]),
    ("strsim", &["cli"]),
    ("smallvec", &["tally"]),
    ("tempfile", &["cli"]),
    ("terminal_size", &["cli"]),
    ("toml", &["catalog", "synth"]),
    ("unicode_width", &["report"]),
    ("xxhash_rust", &["input", "summary", "tally"]),
    ("zstd", &["input", "state"]),
];

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let mut faults = climbs(&room, module_depth(&path), &text);
        // What tests use is no part of the house.
        let below = path.strip_prefix(root().join("src")).unwrap();
        if !below.iter().any(|part| part == "tests" || part == "tests.rs") {
            faults.extend(strangers(&room, &text));
        }
        wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_floor_and_stands_above_what_it_imports() {
    let found: BTreeSet<String> = sources().into_iter().map(|(room, _)| room).collect();
    let known: BTreeSet<String> =
        ROOMS.iter().map(|(room, ..)| (*room).to_owned()).chain(["main".to_owned()]).collect();
    assert_eq!(found, known, "rooms of src/ and rooms with a floor");
    for (room, own, imports) in ROOMS {
        for import in imports {
            assert!(floor(import).unwrap() < own, "{room} on floor {own} may not import {import}");
        }
    }
}

#[test]
fn every_dependency_has_its_rooms() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let listed: BTreeSet<String> = manifest
        .split("\n[")
        .find_map(|table| table.strip_prefix("dependencies]"))
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.trim().replace('-', "_")))
        .collect();
    let known: BTreeSet<String> = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed, known, "dependencies in Cargo.toml and crates with rooms");
}

#[test]
fn the_papers_show_the_same_floors() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (room, floor, _) in ROOMS {
        assert!(
            text.contains(&format!("| `{room}` | {floor} |")),
            "ARCHITECTURE.md: `{room}` on floor {floor}"
        );
    }
}

#[test]
fn what_is_forbidden_is_found() {
    let one = |room: &str, text: &str| [climbs(room, 1, text), strangers(room, text)].concat().join("; ");
    assert_eq!(one("summary", "use crate::tally::Tally;"), "summary imports tally");
    assert_eq!(one("report", "fn f() -> crate::mta::Event { todo }"), "report imports mta");
    assert_eq!(one("input", "use crate::{frame::split, time};"), "input imports frame; input imports time");
    assert_eq!(one("scan", "use crate :: report;"), "scan imports report");
    assert_eq!(one("main", "fn main() { smtpulse::scan::scan() }"), "main imports scan");
    assert_eq!(one("analysis", "use rayon::prelude::*;"), "analysis uses rayon");
    assert_eq!(one("mta", "#[derive(serde::Serialize)] struct A;"), "mta uses serde");
    assert_eq!(one("frame", "use super::mta::Event;"), "frame climbs out of its room by super");
    assert_eq!(one("frame", "mod tests { use super::super::mta; }"), "frame climbs out of its room by super");
    assert_eq!(one("cellar", "use crate::smtp::Code;"), "cellar has no floor");
}

#[test]
fn what_is_allowed_is_left_alone() {
    for (room, text) in [
        ("tally", "use crate::{catalog::Catalog, smtp::{self, Code}};"),
        ("frame", "// use crate::cli::run\n/* crate::cli /* rayon::x */ */ use crate::time::Stamp;"),
        (
            "frame",
            r##"const A: &str = "crate::cli"; const B: &str = r#"" rayon::x "#; const C: char = '"';"##,
        ),
        ("frame", "fn f<'a>(x: &'a str) -> char { '\\'' } // rayon::x"),
        ("input", "#[cfg(test)]\nmod tests { use super::*; use tempfile::tempdir; }"),
        ("time", "impl Clock { fn toml(&self) {} }\nfn f() { self::toml(); Self::rayon::<u8>(); }"),
    ] {
        let found = [climbs(room, 1, text), strangers(room, text)].concat();
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, ..)| *name == room).map(|(_, floor, _)| *floor)
}

/// Every source file with its room; `lib.rs` only names the rooms.
fn sources() -> Vec<(String, PathBuf)> {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") && path != src.join("lib.rs") {
                let below = path.strip_prefix(&src).unwrap();
                let room = below.components().next().unwrap().as_os_str().to_str().unwrap();
                found.push((room.trim_end_matches(".rs").to_owned(), path));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources are somewhere else");
    found
}

/// How many modules deep a file is: `src/mta/mod.rs` 1, `src/mta/exim/mod.rs` and `src/tally/queue.rs` 2.
fn module_depth(path: &Path) -> usize {
    let depth = path.strip_prefix(root().join("src")).unwrap().components().count();
    if path.ends_with("mod.rs") { depth - 1 } else { depth }
}

/// What a file of a room imports from other rooms and may not.
fn climbs(room: &str, depth: usize, text: &str) -> Vec<String> {
    let allowed = match ROOMS.iter().find(|(name, ..)| *name == room) {
        Some((_, _, imports)) => imports,
        None if room == "main" => &["cli"].as_slice(),
        None => return vec![format!("{room} has no floor")],
    };
    let tokens = tokens(text);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut faults = Vec::new();
    for at in 0..words.len() {
        let rest = &words[at..];
        let own_root = matches!(rest, ["crate" | "smtpulse", "::", ..]);
        for target in own_root.then(|| targets(&rest[2..])).into_iter().flatten() {
            if target != room && floor(target).is_some() && !allowed.contains(&target) {
                faults.push(format!("{room} imports {target}"));
            }
        }
        // Modules inside the file (tests) are one deeper.
        let inside = usize::from(words[..at].windows(3).any(|w| w[0] == "mod" && w[2] == "{"));
        let supers = rest.chunks(2).take_while(|pair| *pair == ["super", "::"]).count();
        let first_super = at == 0 || words[at - 1] != "::";
        if first_super && supers > 0 && supers >= depth + inside {
            faults.push(format!("{room} climbs out of its room by super"));
        }
    }
    faults
}

/// The external crates a file of a room uses and may not; up to its tests, which stand at its foot.
fn strangers(room: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let foot = words.windows(3).position(|w| w == ["mod", "tests", "{"]).unwrap_or(words.len());
    let mut faults = Vec::new();
    for at in 0..foot {
        let [name, "::", ..] = &words[at..] else { continue };
        // In `a::name::b` it is a module of `a`; in `::name::b` it is the crate.
        let inner = at > 1 && words[at - 1] == "::" && is_name(words[at - 2]);
        let rooms = CRATES.iter().find(|(known, _)| known == name).map(|(_, rooms)| rooms);
        if rooms.is_some_and(|rooms| !inner && !rooms.contains(&room)) {
            faults.push(format!("{room} uses {name}"));
        }
    }
    faults
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphanumeric() || c == '_') || word == ">"
}

/// The first names of what follows `crate::`: one, or those of a group.
fn targets<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    match rest {
        ["{", rest @ ..] => {
            let mut depth = 0;
            let mut fresh = true;
            let mut found = Vec::new();
            for word in rest {
                match *word {
                    "{" => depth += 1,
                    "}" if depth == 0 => break,
                    "}" => depth -= 1,
                    "," if depth == 0 => fresh = true,
                    name => {
                        if fresh && depth == 0 {
                            found.push(name);
                        }
                        fresh = false;
                    }
                }
            }
            found
        }
        [name, ..] => vec![name],
        [] => Vec::new(),
    }
}

/// Names, `::` and single signs; no comments, no texts.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    while at < chars.len() {
        let c = chars[at];
        if starts(at, "//") {
            at = (at..chars.len()).find(|n| chars[*n] == '\n').unwrap_or(chars.len());
        } else if starts(at, "/*") {
            let mut depth = 0;
            loop {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                } else {
                    at += 1;
                }
                if depth == 0 || at >= chars.len() {
                    break;
                }
            }
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // A character ends with another quote; a lifetime does not.
            if chars.get(at + 1) == Some(&'\\') {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
            } else {
                at += if chars.get(at + 2) == Some(&'\'') { 3 } else { 1 };
            }
        } else if c.is_alphanumeric() || c == '_' {
            let end = (at..chars.len()).find(|n| !(chars[*n].is_alphanumeric() || chars[*n] == '_'));
            let end = end.unwrap_or(chars.len());
            let word: String = chars[at..end].iter().collect();
            at = end;
            let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
            if matches!(word.as_str(), "r" | "br" | "cr") && chars.get(at + hashes) == Some(&'"') {
                let close: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                at += hashes + 1;
                while at < chars.len() && !starts(at, &close) {
                    at += 1;
                }
                at += close.chars().count();
            } else if !(matches!(word.as_str(), "b" | "c") && matches!(chars.get(at), Some('"' | '\''))) {
                found.push(word);
            }
        } else if starts(at, "::") {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
            at += 1;
        }
    }
    found
}
