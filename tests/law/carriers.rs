//! The same log in every form in which it may lie about: the same report, byte for byte, apart from the names.

use std::path::{Path, PathBuf};

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan::Options;
use smtpulse::summary::Summary;

use super::cuts::{LOGS, excerpt, forget_places, pieces, same};
use super::summary;
use crate::command::PACKERS;
use crate::reading::{fixtures, options, stream};

/// The names are another form's.
fn named_like(found: &mut Summary, wanted: &Summary) {
    found.inputs.clone_from(&wanted.inputs);
    if let (Some(found), Some(wanted)) =
        (&mut found.accounting.first_not_understood, &wanted.accounting.first_not_understood)
    {
        found.input.clone_from(&wanted.input);
    }
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Reads a log in all forms, and each in pieces too.
fn check(log: &Path, zone: &str, year: i64) {
    let catalog = Catalog::builtin();
    let text = std::fs::read(log).unwrap();
    let one = options(zone, Some(year));
    let mut wanted = summary(vec![input::open(log, true).unwrap()], &catalog, &one);
    forget_places(&mut wanted);
    let extent = |summary: &Summary| {
        let sums = summary.inputs.iter().map(|input| (input.bytes, input.lines));
        sums.fold((0, 0), |sum, input| (sum.0 + input.0, sum.1 + input.1))
    };
    let agrees = |what: &str, sources: Vec<input::Source>, options: &Options| {
        let what =
            format!("{}, {what}, {} threads, chunks of {}", log.display(), options.threads, options.chunk);
        let mut found = summary(sources, &catalog, options);
        assert!(found.inputs.iter().all(|input| input.complete), "{what}");
        assert_eq!(extent(&found), extent(&wanted), "{what}");
        named_like(&mut found, &wanted);
        forget_places(&mut found);
        same(&what, &found, &wanted, &catalog);
    };
    let folder = tempfile::tempdir().unwrap();
    let mut forms = vec![("plain", text.clone())];
    forms.extend(PACKERS.iter().map(|(kind, pack)| (*kind, pack(&text))));
    for (threads, chunk) in [(1, 1 << 20), (4, 200_000)] {
        let options = Options { threads, chunk, ..one.clone() };
        for (kind, bytes) in &forms {
            let path = written(folder.path(), kind, bytes);
            for map in [true, false] {
                agrees(&format!("{kind}, map {map}"), vec![input::open(&path, map).unwrap()], &options);
            }
            agrees(&format!("{kind} as a stream"), vec![stream(kind, bytes)], &options);
        }
    }
    // In ten pieces, each in another form, given in another order; and every form as one file of many streams.
    let pieces = pieces(log);
    let options = Options { threads: 4, ..one.clone() };
    let mut sources = Vec::new();
    for (n, piece) in pieces.iter().enumerate().rev() {
        let (kind, bytes) = match n % 5 {
            4 => ("plain", piece.clone()),
            form => (PACKERS[form].0, PACKERS[form].1(piece)),
        };
        let mut source = input::open(&written(folder.path(), &format!("{n}.{kind}"), &bytes), n > 4).unwrap();
        source.release();
        sources.push(source);
    }
    agrees("ten pieces", sources, &options);
    for (kind, pack) in PACKERS {
        let parts: Vec<u8> = pieces.iter().flat_map(|piece| pack(piece)).collect();
        let path = written(folder.path(), "parts", &parts);
        agrees(&format!("{kind} in ten parts"), vec![input::open(&path, true).unwrap()], &options);
    }
}

#[test]
fn every_form_of_a_log_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (log, zone, year) in LOGS {
        check(&excerpt(folder.path(), log), zone, year);
    }
    // One of them whole, where it does not take minutes.
    if !cfg!(debug_assertions) {
        check(&fixtures().join("postfix-edge/mail.log"), "Europe/Berlin", 2025);
    }
}
