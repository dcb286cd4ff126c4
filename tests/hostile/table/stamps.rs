//! Stamps at the edges of the calendar.

use super::{Row, row};
use crate::command::SENT;

/// A delivery at a time.
fn at(stamp: &str) -> String {
    SENT.replace("2026-03-07T11:00:00+00:00", stamp)
}

/// The same, with the year of the newest line.
fn of_year(name: &'static str, stamp: &str, words: &'static str, counts: &'static str) -> Row {
    Row { words, ..row(name, at(stamp), 0, counts, "") }
}

const NO_STAMP: &str = "no line of a log in it";

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_year(
            "29 February, no year",
            "Feb 29 10:00:00",
            "--year 2024",
            "lines=1 attempts=1 start=2024-02-29T10:00:00+00:00",
        ),
        of_year(
            "29 February in a year that has none",
            "Feb 29 10:00:00",
            "--year 2025",
            "lines=1 attempts=1 start=2025-03-01T10:00:00+00:00",
        ),
        of_year(
            "a skipped hour",
            "Mar 29 02:30:00",
            "--year 2026 --tz Europe/Berlin",
            "lines=1 attempts=1 start=2026-03-29T03:30:00+02:00",
        ),
        of_year(
            "a doubled hour",
            "Oct 25 02:30:00",
            "--year 2026 --tz Europe/Berlin",
            "lines=1 attempts=1 start=2026-10-25T02:30:00+02:00",
        ),
        row(
            "a leap second",
            at("2026-06-30T23:59:60Z"),
            0,
            "lines=1 attempts=1 start=2026-06-30T23:59:59+00:00",
            "",
        ),
        row(
            "the year 9999",
            at("9999-06-30T23:59:59Z"),
            0,
            "lines=1 attempts=1 start=9999-06-30T23:59:59+00:00",
            "",
        ),
        row(
            "its last second, in no zone's reach",
            at("9999-12-31T23:59:59Z"),
            0,
            "lines=1 attempts=1 start=null",
            "",
        ),
        row(
            "before 1970",
            at("1969-07-20T20:17:40Z"),
            0,
            "lines=1 attempts=1 start=1969-07-20T20:17:40+00:00",
            "",
        ),
        row(
            "the year 0",
            at("0000-01-01T00:00:00Z"),
            0,
            "lines=1 attempts=1 start=0000-01-01T00:00:00+00:00",
            "",
        ),
        row("month 13", at("2026-13-07T11:00:00Z"), 3, "lines=1 not_understood=1", NO_STAMP),
        row("hour 25", at("2026-03-07T25:00:00Z"), 3, "lines=1 not_understood=1", NO_STAMP),
        row(
            "an offset of 99 hours",
            at("2026-03-07T11:00:00+99:99"),
            3,
            "lines=1 not_understood=1",
            NO_STAMP,
        ),
        row(
            "a year apart, and back",
            [at("2026-03-07T11:00:00Z"), at("1999-03-07T11:00:00Z"), at("2026-03-07T11:00:00Z")].concat(),
            0,
            "lines=3 attempts=3 start=1999-03-07T11:00:00+00:00",
            "",
        ),
        row(
            "10,000 years in one log",
            [at("0000-01-01T00:00:00Z"), at("9999-06-30T00:00:00Z")].concat(),
            0,
            "lines=2 attempts=2",
            "",
        ),
    ]
}
