//! A whole log, from its bytes to its pages.

use std::io::Cursor;

use smtpulse::input;
use smtpulse::scan::{self, Options, Period};
use smtpulse::summary::Summary;
use smtpulse::time::Zone;

use super::lines::catalog;
use super::texts::pages;

fn read(bytes: &[u8], chunk: usize) -> Summary {
    let options = Options {
        threads: 1,
        chunk,
        zone: Zone::utc(),
        year: None,
        now: 1_780_000_000,
        period: Period::default(),
        clock: None,
        join: true,
    };
    let source = input::from_reader("log", Cursor::new(bytes.to_vec()));
    scan::scan(vec![source], catalog(), &options, &|_| {}).unwrap().summary
}

/// Line by line as in one piece, every line in one class, and pages that are clean.
pub(super) fn scan(bytes: &[u8]) {
    let whole = read(bytes, usize::MAX);
    assert_eq!(read(bytes, 1), whole, "chunks of one line");
    let sums = &whole.accounting;
    let classes = sums.attempts + sums.rejects + sums.other_events + sums.other_programs;
    assert_eq!(classes + sums.unrelated + sums.not_understood, sums.lines);
    pages(&whole);
}
