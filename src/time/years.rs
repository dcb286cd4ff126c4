//! In which year a log without years begins.
//!
//! Three witnesses, the best one rules: what the mail server itself wrote down (Postfix puts the seconds of arrival into
//! long queue ids, Exim its own stamp before its records), the year the user gives, the time at which the file was last
//! written.

use super::stamp::{LEAP_DAY, is_leap, year_of_day};
use super::{Clock, ClockState, Instant, Stamp, Zone};

/// A stamp may lie this far after the witness: clocks differ, and a zone may be mistaken.
const SLACK: i64 = 86_400;

/// What is known about a log's years.
#[derive(Clone, Copy, Debug, Default)]
pub struct YearEvidence {
    /// The first and last stamp without a year, in seconds since 1 January.
    pub first: i64,
    /// The last one; the first again when it could not be looked up.
    pub last: i64,
    /// How many years end between them.
    pub ended: i64,
    /// Whether more lines may follow that last one: a stream's end is not known when its beginning is read.
    pub open_end: bool,
    /// An instant near the first stamp, from a long queue id or from Exim's own stamp.
    pub arrival: Option<Instant>,
    /// The year of the log's last line, as given by the user.
    pub given: Option<i64>,
    /// No line is later than this: when the file was last written, or now.
    pub written: Instant,
    /// The log has a 29 February.
    pub leap_day: bool,
}

/// The year of the first stamp.
pub fn first_year(evidence: &YearEvidence, zone: &Zone) -> i64 {
    if let Some(year) = year_of_arrival(evidence, zone) {
        return year;
    }
    let crosses = evidence.ended;
    let mut year = match evidence.given {
        Some(last) => last - crosses,
        None => {
            let limit = zone.wall(evidence.written) + SLACK;
            let mut last = year_of(limit);
            if wall(last, evidence.last, zone) > limit {
                last -= 1;
            }
            last - crosses
        }
    };
    if evidence.leap_day && evidence.given.is_none() {
        // The year that holds 29 February: this one, or the next when the log begins after it.
        let ahead = i64::from(evidence.first.div_euclid(86_400) > LEAP_DAY);
        while !is_leap(year + ahead) {
            year -= 1;
        }
    }
    year
}

/// Whether the mail server's own word decides.
pub fn arrival_tells(evidence: &YearEvidence, zone: &Zone) -> bool {
    year_of_arrival(evidence, zone).is_some()
}

/// The year that the mail server's own word gives, unless the user's contradicts it.
fn year_of_arrival(evidence: &YearEvidence, zone: &Zone) -> Option<i64> {
    let arrival = evidence.arrival?;
    // The year that puts the stamp next to the witness.
    let near = year_of(zone.wall(arrival));
    let distance = |year: &i64| (zone.instant(wall(*year, evidence.first, zone), false) - arrival).abs();
    let year = [near - 1, near, near + 1].into_iter().min_by_key(distance).unwrap_or(near);
    let crosses = evidence.ended;
    let last = year + crosses + i64::from(evidence.open_end);
    let agrees = evidence.given.is_none_or(|given| given == year || given == year + crosses || given == last);
    agrees.then_some(year)
}

/// The wall clock reading of a stamp in a year.
fn wall(year: i64, within: i64, zone: &Zone) -> i64 {
    let mut clock = Clock::new(zone, ClockState::starting(year));
    zone.wall(clock.instant(Stamp::Yearless(within)))
}

fn year_of(wall: i64) -> i64 {
    year_of_day(wall.div_euclid(86_400))
}

/// The digits of Postfix's long queue ids: figures and letters without vowels.
const DIGITS: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

/// The instant a long Postfix queue id was given (`mail_queue.h`: seconds in base 52, at least six digits, then four
/// for microseconds, `z`, and the inode). `None` for any other id.
pub fn queue_id_instant(id: &[u8]) -> Option<Instant> {
    let z = memchr::memrchr(b'z', id)?;
    if !(10..=11).contains(&z) || id.len() < z + 2 || id.len() > 24 {
        return None;
    }
    // Inodes are written in base 51, without the `z`; upper-case hex alone is a short id.
    let value = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |n, b| Some(n * 52 + DIGITS.iter().position(|d| d == b)? as i64))
    };
    let micros = value(&id[z - 4..z])?;
    value(&id[z + 1..])?;
    (micros < 1_000_000).then_some(())?;
    value(&id[..z - 4])
}

#[cfg(test)]
mod tests {
    use super::super::days_from_civil;
    use super::*;

    fn day(month: u32, day: u32) -> i64 {
        match Stamp::yearless(month, day, 0) {
            Some(Stamp::Yearless(within)) => within,
            other => panic!("{other:?}"),
        }
    }

    fn instant(year: i64, month: u32, day: u32) -> Instant {
        days_from_civil(year, month, day) * 86_400
    }

    fn evidence(first: i64, last: i64) -> YearEvidence {
        let ended = i64::from(last < first);
        YearEvidence { first, last, ended, written: instant(2026, 11, 23), ..YearEvidence::default() }
    }

    #[test]
    fn the_last_line_is_not_later_than_the_file() {
        let utc = Zone::utc();
        assert_eq!(first_year(&evidence(day(3, 7), day(3, 9)), &utc), 2026);
        assert_eq!(first_year(&evidence(day(12, 7), day(12, 9)), &utc), 2025);
        assert_eq!(first_year(&evidence(day(12, 30), day(1, 2)), &utc), 2025);
        assert_eq!(first_year(&evidence(day(11, 23), day(11, 23)), &utc), 2026);
    }

    #[test]
    fn a_given_year_is_that_of_the_last_line() {
        let utc = Zone::utc();
        let given = YearEvidence { given: Some(2020), ..evidence(day(12, 30), day(1, 2)) };
        assert_eq!(first_year(&given, &utc), 2019);
        // Unless a queue id shows that the year of the first line was meant.
        let shown = YearEvidence { arrival: Some(instant(2020, 12, 30)), ..given };
        assert_eq!(first_year(&shown, &utc), 2020);
    }

    #[test]
    fn a_queue_id_beats_the_date_of_the_file() {
        let copied =
            YearEvidence { arrival: Some(instant(2025, 10, 25)), ..evidence(day(10, 25), day(10, 27)) };
        assert_eq!(first_year(&copied, &Zone::utc()), 2025);
        let late = YearEvidence { arrival: Some(instant(2025, 12, 31)), ..evidence(day(1, 1), day(1, 2)) };
        assert_eq!(first_year(&late, &Zone::utc()), 2026);
    }

    #[test]
    fn a_leap_day_needs_a_leap_year() {
        let leap = YearEvidence { leap_day: true, ..evidence(day(2, 28), day(3, 2)) };
        assert_eq!(first_year(&leap, &Zone::utc()), 2024);
        let from_autumn = YearEvidence { leap_day: true, ..evidence(day(10, 1), day(3, 2)) };
        assert_eq!(first_year(&from_autumn, &Zone::utc()), 2023);
    }

    #[test]
    fn long_queue_ids_hold_their_arrival() {
        // Written by Postfix on 2025-10-25 at 09:05:09 UTC.
        assert_eq!(queue_id_instant(b"4ctv450HPDz1WyLG"), Some(1_761_383_109));
        assert_eq!(queue_id_instant(b"133F09CC571"), None);
        assert_eq!(queue_id_instant(b"1vapHe-0001tH-0O"), None);
    }

    #[test]
    fn a_stream_may_go_on_into_the_year_that_was_given() {
        let arrival = Some(instant(2025, 12, 30));
        let head = YearEvidence { arrival, given: Some(2026), ..evidence(day(12, 30), day(12, 30)) };
        assert_eq!(first_year(&YearEvidence { open_end: true, ..head }, &Zone::utc()), 2025);
        assert_eq!(first_year(&head, &Zone::utc()), 2026);
    }
}
