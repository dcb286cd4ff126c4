//! Logs that are cut short, written over, rotated away and grown while they are read: nothing false is counted, and nothing
//! that was read is lost.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan::Options;
use smtpulse::summary::Summary;

use super::cuts::{forget_places, same};
use super::summary;
use crate::reading::{options, stream};

/// How often each is tried, and how long a log is: without optimisation all takes ten times as long.
const ROUNDS: u64 = if cfg!(debug_assertions) { 24 } else { 150 };
const LINES: usize = if cfg!(debug_assertions) { 6000 } else { 30_000 };
/// Microseconds that reading one takes, about.
const LONG: u64 = if cfg!(debug_assertions) { 200_000 } else { 30_000 };

/// Lines that are attempts, every one, of different lengths; told apart by the domain.
fn log(lines: usize, domain: &str) -> Vec<u8> {
    let line = |n: usize| {
        format!(
            "2026-03-07T10:{:02}:{:02}+00:00 mx postfix/smtp[7]: {n:010X}: to=<r{n}@{domain}>, \
             relay=mx.{domain}[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok{:>2$})\n",
            n / 60 % 60,
            n % 60,
            n % 70,
        )
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}

/// The summary of what was counted is the summary of the log's first lines.
fn is_a_beginning(what: &str, mut found: Summary, log: &[u8], catalog: &Catalog, options: &Options) -> u64 {
    let input = found.inputs[0].clone();
    let bytes = usize::try_from(input.bytes).unwrap();
    assert!(
        bytes == 0 || log[bytes - 1] == b'\n',
        "{what}: {bytes} of {} bytes end inside a line",
        log.len()
    );
    assert_eq!(input.complete, bytes == log.len(), "{what}");
    if !input.complete {
        let note = input.note.as_deref().unwrap_or_default();
        assert!(note.contains("cut short") && note.contains(&bytes.to_string()), "{what}: {note}");
    }
    let mut wanted = summary(vec![stream("log", &log[..bytes])], catalog, options);
    found.inputs.clone_from(&wanted.inputs);
    forget_places(&mut found);
    forget_places(&mut wanted);
    same(what, &found, &wanted, catalog);
    input.bytes
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Scans a file while `meanwhile` is done to it, a little later.
fn scan_while(
    path: &Path,
    map: bool,
    options: &Options,
    wait: u64,
    meanwhile: impl FnOnce(&File) + Send,
) -> Summary {
    let catalog = Catalog::builtin();
    let source = input::open(path, map).unwrap();
    let file = OpenOptions::new().write(true).open(path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_micros(wait));
            meanwhile(&file);
        });
        summary(vec![source], &catalog, options)
    })
}

#[test]
fn what_is_cut_off_before_or_while_it_is_read_is_told() {
    let catalog = Catalog::builtin();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let log = log(LINES, "example.org");
    let mut state = 1;
    let (mut whole, mut part) = (0, 0);
    for round in 0..ROUNDS {
        let threads = usize::try_from(1 + round % 3).unwrap();
        let chunk = 20_000 + 50_000 * usize::try_from(round % 4).unwrap();
        let options = Options { threads, chunk, ..options("UTC", None) };
        std::fs::write(&path, &log).unwrap();
        let length = match round % 4 {
            0 => 0,
            1 => random(&mut state) % 5000,
            _ => random(&mut state) % log.len() as u64,
        };
        let wait = if round % 5 == 0 { 0 } else { random(&mut state) % LONG };
        let map = round % 3 != 2;
        let found = scan_while(&path, map, &options, wait, |file| file.set_len(length).unwrap());
        let what = format!("round {round}: cut to {length} after {wait} µs, map {map}");
        let bytes = is_a_beginning(&what, found, &log, &catalog, &options);
        // A line that was left and not yet read is counted, but for the one that was cut.
        let left = log[..usize::try_from(length).unwrap()]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        assert!(bytes >= left as u64 || !map, "{what}: {bytes} counted, {left} left");
        if bytes == log.len() as u64 { whole += 1 } else { part += 1 }
    }
    assert!(part > 0, "{whole} were read whole, {part} in part");
}

#[test]
fn what_is_written_over_is_no_half_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let old = log(LINES, "example.org");
    let new = log(LINES / 4 * 3, "example.net");
    let mut state = 2;
    for round in 0..ROUNDS {
        let threads = usize::try_from(1 + round % 3).unwrap();
        let options = Options { threads, chunk: 30_000, ..options("UTC", None) };
        std::fs::write(&path, &old).unwrap();
        let wait = random(&mut state) % LONG;
        let amount = usize::try_from(random(&mut state)).unwrap() % new.len();
        let amount = new[..amount].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let map = round % 3 != 2;
        let new = &new;
        let found = scan_while(&path, map, &options, wait, move |file| {
            file.set_len(0).unwrap();
            // A syslog daemon writes on where it is: at the start, since it appends.
            for (at, piece) in new[..amount].chunks(1000).enumerate() {
                file.write_all_at(piece, at as u64 * 1000).unwrap();
            }
        });
        let what = format!("round {round}: {amount} bytes anew after {wait} µs, map {map}");
        let accounting = &found.accounting;
        // While it is written, its last line may be half there; it is counted only when it has its end.
        assert_eq!(accounting.lines, accounting.attempts, "{what}: {accounting:?}");
        let input = &found.inputs[0];
        assert_eq!(input.lines, accounting.lines, "{what}");
        assert_eq!(input.complete, input.bytes == old.len() as u64, "{what}: {input:?}");
    }
}

#[test]
fn a_file_that_grows_is_read_to_the_length_it_had() {
    let catalog = Catalog::builtin();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let log = log(3000, "example.org");
    for map in [true, false] {
        std::fs::write(&path, &log).unwrap();
        let source = input::open(&path, map).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&log[..5000]).unwrap();
        let found = summary(vec![source], &catalog, &options("UTC", None));
        assert_eq!((found.inputs[0].bytes, found.accounting.lines), (log.len() as u64, 3000), "map {map}");
        assert!(found.inputs[0].complete);
    }
}

#[test]
fn a_file_that_is_rotated_away_is_still_the_one_that_was_named() {
    let catalog = Catalog::builtin();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let log = log(3000, "example.org");
    for map in [true, false] {
        let rotate = |release: bool| {
            std::fs::write(&path, &log).unwrap();
            let mut source = input::open(&path, map).unwrap();
            if release {
                source.release();
            }
            std::fs::rename(&path, folder.path().join("mail.log.1")).unwrap();
            std::fs::write(&path, &log[..1000]).unwrap();
            summary(vec![source], &catalog, &options("UTC", None))
        };
        let found = rotate(false);
        assert_eq!((found.accounting.lines, found.inputs[0].complete), (3000, true), "map {map}");
        // With too many inputs to keep all of them open it is said, and nothing else is taken for it.
        let found = rotate(true);
        assert_eq!((found.accounting.lines, found.inputs[0].complete), (0, false), "map {map}");
        assert!(found.inputs[0].note.as_deref().unwrap().contains("run again"), "{:?}", found.inputs[0].note);
    }
}
