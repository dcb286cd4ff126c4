//! Dates and times of day as logs write them.
//!
//! Own code because it runs once a line: a general parser takes ten times as long. The tests hold it against one.

use super::Instant;

/// When a line was written, as far as the line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// With its offset from UTC.
    Absolute(Instant),
    /// The log's own wall clock: seconds since 1970-01-01 00:00 of that clock.
    Wall(i64),
    /// Without a year: seconds since 1 January 00:00 in a calendar that has a 29 February.
    Yearless(i64),
}

/// Days before each month of a leap year.
const DAYS_BEFORE: [i64; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];

/// Day of the year (from 0) that 29 February takes.
pub(super) const LEAP_DAY: i64 = 59;

impl Stamp {
    /// A stamp without a year; `month` and `day` count from 1.
    pub fn yearless(month: u32, day: u32, time_of_day: i64) -> Option<Stamp> {
        let before = DAYS_BEFORE.get(month.checked_sub(1)? as usize)?;
        if !(1..=31).contains(&day) {
            return None;
        }
        Some(Stamp::Yearless((before + i64::from(day) - 1) * 86_400 + time_of_day))
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Counts years from 1 March, so that a leap day is the last day of its year.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Whether a year of the Gregorian calendar has a 29 February.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The year of a day counted from 1970-01-01.
pub(super) fn year_of_day(days: i64) -> i64 {
    // No year is longer than 366 days, so the first guess is never too late for days after 1970.
    let guess = 1970 + days.div_euclid(366);
    (guess..).take_while(|year| days_from_civil(*year, 1, 1) <= days).last().unwrap_or(guess)
}

/// Where in a calendar that has a 29 February a day counted from 1970-01-01 lies, in seconds since 1 January.
pub(super) fn within_year(year: i64, days: i64) -> i64 {
    let day = days - days_from_civil(year, 1, 1);
    let day = if day >= LEAP_DAY && !is_leap(year) { day + 1 } else { day };
    day * 86_400
}

/// The number that is all of `digits`.
pub fn parse_digits(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// `HH:MM:SS` at the start of `text`: seconds since midnight. A leap second counts as the second before it.
pub fn read_time_of_day(text: &[u8]) -> Option<i64> {
    let text = text.first_chunk::<8>()?;
    if text[2] != b':' || text[5] != b':' {
        return None;
    }
    let two = |at: usize| {
        let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    let (hour, minute, second) = (two(0)?, two(3)?, two(6)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(hour * 3600 + minute * 60 + second.min(59))
}

/// `YYYY-MM-DD` + any byte + `HH:MM:SS` at the start of `text`: seconds of the wall clock it names.
pub fn read_date_time(text: &[u8]) -> Option<i64> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let (year, month, day) =
        (parse_digits(&text[..4])?, parse_digits(&text[5..7])?, parse_digits(&text[8..10])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(days_from_civil(i64::from(year), month, day) * 86_400 + read_time_of_day(&text[11..])?)
}

/// `Z`, `+HH:MM` or `+HHMM` at the start of `text`: seconds east of Greenwich, and the bytes it takes.
pub fn read_offset(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'Z' | b'z' => return Some((0, 1)),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = parse_digits(text.get(1..3)?)?;
    let colon = usize::from(text.get(3) == Some(&b':'));
    let minutes = parse_digits(text.get(3 + colon..5 + colon)?)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((sign * i64::from(hours * 3600 + minutes * 60), 5 + colon))
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets() {
        assert_eq!(read_offset(b"Z x"), Some((0, 1)));
        assert_eq!(read_offset(b"+02:00 x"), Some((7200, 6)));
        assert_eq!(read_offset(b"-0530"), Some((-19_800, 5)));
        assert_eq!(read_offset(b"+2:00"), None);
        assert_eq!(read_offset(b"+"), None);
    }

    #[test]
    fn a_day_out_of_range_is_no_stamp() {
        assert_eq!(read_date_time(b"2025-13-01 00:00:00"), None);
        assert_eq!(read_date_time(b"2025-12-01 24:00:00"), None);
        assert_eq!(Stamp::yearless(2, 32, 0), None);
        assert_eq!(Stamp::yearless(13, 1, 0), None);
    }

    proptest! {
        #[test]
        fn reads_dates_as_a_calendar_library_does(seconds in -2_000_000_000_i64..6_000_000_000) {
            let at = jiff::Timestamp::from_second(seconds).unwrap();
            let text = TimeZone::UTC.to_datetime(at).to_string();
            prop_assert_eq!(read_date_time(text.as_bytes()), Some(seconds));
            prop_assert!(text.parse::<DateTime>().is_ok());
        }

        #[test]
        fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (read_date_time(&text), read_offset(&text), read_time_of_day(&text), parse_digits(&text));
        }
    }
}
