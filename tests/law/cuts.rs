//! Real logs, read in every way there is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smtpulse::catalog::Catalog;
use smtpulse::frame;
use smtpulse::input;
use smtpulse::scan::Options;
use smtpulse::summary::Summary;
use smtpulse::synth::{self, Mta, Spec};

use super::{bytes, summary};
use crate::reading::{fixtures, options, stream};

/// Logs, with their zone and the year of their last line.
pub(super) const LOGS: [(&str, &str, i64); 7] = [
    ("postfix-incident/maillog", "UTC", 2026),
    ("postfix-throttle/mail.log", "UTC", 2024),
    ("postfix-edge/mail.log", "Europe/Berlin", 2025),
    ("postfix-edge/mail-rfc5424.log", "Europe/Berlin", 2025),
    ("postfix-filter/mail.log", "America/New_York", 2026),
    ("exim-all/mainlog", "America/New_York", 2026),
    ("exim-all/exim-syslog-traditional.log", "America/New_York", 2026),
];

/// Two summaries of the same input say the same, to the byte.
pub(super) fn same(what: &str, found: &Summary, wanted: &Summary, catalog: &Catalog) {
    let (found, wanted) = (bytes(found, catalog), bytes(wanted, catalog));
    for (found, wanted) in [(&found.0, &wanted.0), (&found.1, &wanted.1)] {
        if found != wanted {
            let at = found.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
            let near = |text: &str| {
                let bytes = &text.as_bytes()[at.saturating_sub(300)..(at + 100).min(text.len())];
                String::from_utf8_lossy(bytes).into_owned()
            };
            panic!("{what}: differs at byte {at}:\n{}\n-- wanted --\n{}", near(found), near(wanted));
        }
    }
}

/// One file, in all ways at once that a scan of a file may differ in.
fn check(path: &Path, base: &Options, ways: &[(usize, usize)]) {
    let catalog = Catalog::builtin();
    let name = path.display().to_string();
    let whole = Options { chunk: usize::MAX, ..base.clone() };
    let wanted = summary(vec![input::open(path, true).unwrap()], &catalog, &whole);
    for (threads, chunk) in ways {
        let options = Options { threads: *threads, chunk: *chunk, ..base.clone() };
        let found = summary(vec![input::open(path, true).unwrap()], &catalog, &options);
        same(&format!("{name}, threads {threads}, chunk {chunk}"), &found, &wanted, &catalog);
    }
    let unmapped = summary(vec![input::open(path, false).unwrap()], &catalog, base);
    same(&format!("{name}, read and not mapped"), &unmapped, &wanted, &catalog);
    let file = std::fs::read(path).unwrap();
    let (threads, chunk) = ways[0];
    let options = Options { threads, chunk, ..base.clone() };
    let found = summary(vec![stream(&name, &file)], &catalog, &options);
    same(&format!("{name}, streamed"), &found, &wanted, &catalog);
}

/// Some hundred lines from the start, the middle and the end of a log, as a file of its own.
pub(super) fn excerpt(folder: &Path, log: &str) -> PathBuf {
    let text = std::fs::read(fixtures().join(log)).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
    let third = lines.len() / 3;
    // The middle third's lines keep their neighbours: messages, split records and doubled hours stay whole.
    let parts = [&lines[..300], &lines[third..third + 500], &lines[lines.len() - 500..]];
    let path = folder.join(log.replace('/', "-"));
    std::fs::write(&path, parts.concat().concat()).unwrap();
    path
}

#[test]
fn threads_and_chunks_make_no_difference() {
    for (log, zone, year) in LOGS {
        let ways = [(2, 100_000)];
        check(&fixtures().join(log), &options(zone, Some(year)), &ways);
    }
}

#[test]
fn chunks_of_one_line_make_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    for (log, zone, year) in LOGS {
        let ways = [(1, 1), (3, 1), (2, 700), (7, 5000), (16, 64 * 1024)];
        check(&excerpt(folder.path(), log), &options(zone, Some(year)), &ways);
    }
}

/// Far more workers than chunks are long, and than there are processors: who reads what, and when, is different each time.
#[test]
fn sixty_four_threads_on_small_chunks_make_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    for mta in [Mta::Postfix, Mta::Exim] {
        let path = folder.path().join(format!("{mta:?}.log"));
        // Two hours: many messages live across many chunks.
        let spec = Spec { mta, bytes: 256 * 1024, span: Some(7_200), ..Spec::default() };
        synth::generate(&spec, &mut File::create(&path).unwrap()).unwrap();
        let ways = [(64, 300), (64, 300), (64, 2_000), (64, 2_000), (64, 4_096)];
        check(&path, &options("UTC", Some(2026)), &ways);
    }
}

/// Cuts a log into ten pieces where the second changes, so that every piece begins with a later stamp.
pub(super) fn pieces(log: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read(log).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
    let stamp = |line: &[u8]| frame::split(line.strip_suffix(b"\n").unwrap_or(line)).stamp;
    let mut pieces = Vec::new();
    let mut start = 0;
    for piece in 1..10 {
        let mut end = lines.len() * piece / 10;
        while stamp(lines[end]) == stamp(lines[end - 1]) || stamp(lines[end]) == stamp(lines[end - 2]) {
            end += 1;
        }
        pieces.push(lines[start..end].concat());
        start = end;
    }
    pieces.push(lines[start..].concat());
    pieces
}

/// Takes away where the lines stand that show a refusal: the pieces have other names, and count from their own start.
pub(super) fn forget_places(summary: &mut Summary) {
    for refusals in summary.keys.values_mut().flat_map(|counts| Arc::make_mut(counts).refusals.values_mut()) {
        for shown in Arc::make_mut(&mut refusals.lines) {
            (shown.input, shown.line) = ("".into(), 0);
        }
    }
}

#[test]
fn a_log_cut_into_ten_files_is_the_log() {
    let catalog = Catalog::builtin();
    // Orders in which they are given, and names that sort in another.
    let orders = [[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 9, 4, 1, 8, 5, 2, 7, 6]];
    for (log, zone, year) in LOGS {
        let options = Options { threads: 2, ..options(zone, Some(year)) };
        let mut wanted = summary(vec![input::open(&fixtures().join(log), true).unwrap()], &catalog, &options);
        forget_places(&mut wanted);
        let folder = tempfile::tempdir().unwrap();
        let pieces = pieces(&fixtures().join(log));
        for order in orders {
            let mut sources = Vec::new();
            for (place, piece) in order.into_iter().enumerate() {
                let path = folder.path().join(format!("log.{}", (piece * 7 + 3) % 10));
                std::fs::write(&path, &pieces[piece]).unwrap();
                sources.push(input::open(&path, place % 2 == 0).unwrap());
            }
            let mut found = summary(sources, &catalog, &options);
            assert_eq!(found.inputs.len(), 10);
            found.inputs.clone_from(&wanted.inputs);
            forget_places(&mut found);
            same(&format!("{log} in ten files, {order:?}"), &found, &wanted, &catalog);
        }
    }
}
