//! What a stamp leaves out, supplied from the stamps before it: the year, and which of two equal hours in autumn.
//!
//! Rules, line by line in log order:
//!
//! * A stamp without a year belongs to the year of the stamp before it, unless it lies more than [`BACK`] before
//!   that one (then a year has ended) or more than a year less [`BACK`] after it (then it is a late line of the
//!   year before). Lines a little out of order therefore never change the year. Where both forms stand in one log, a
//!   stamp with a year tells the day from which the next one without is reckoned.
//! * A wall clock reading that a zone shows twice means the first time, until the stamps step back by [`STEP`] or
//!   more inside that stretch; from then on, until the stretch is left, the second.
//!
//! The state after a line depends only on the state before it and on the line, so a chunk can be read from an assumed
//! state and checked afterwards: if the real state leads to the same state after the chunk's first stamp, all of
//! the chunk was right.

use serde::{Deserialize, Serialize};

use super::stamp::{LEAP_DAY, is_leap, within_year, year_of_day};
use super::{Instant, Stamp, Zone, days_from_civil};

/// How far a stamp may lie before its neighbour without meaning a new year: a month, in seconds.
const BACK: i64 = 31 * 86_400;

/// A calendar with a 29 February, in seconds.
const YEAR: i64 = 366 * 86_400;

/// How far stamps must step back in a doubled hour to mean the second one, in seconds: more than lines are out of
/// order, less than the smallest clock change.
const STEP: i64 = 600;

/// What the stamps so far leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    year: i64,
    /// Last stamp without a year, or the day of one with a year.
    within: Option<i64>,
    /// Last wall clock reading, if a zone shows it twice.
    doubled: Option<i64>,
    /// In the second of two equal hours.
    second: bool,
}

impl ClockState {
    /// The state before any stamp, when the first one without a year belongs to `year`.
    pub fn starting(year: i64) -> ClockState {
        ClockState { year, within: None, doubled: None, second: false }
    }

    /// The year of the last stamp that had none.
    pub fn year(&self) -> i64 {
        self.year
    }

    /// Where in its year the last stamp was.
    pub fn last_yearless(&self) -> Option<i64> {
        self.within
    }
}

/// Turns stamps into instants, in log order.
#[derive(Clone, Debug)]
pub struct Clock<'z> {
    zone: &'z Zone,
    state: ClockState,
    first: Option<Stamp>,
    /// The last stamp and what it came to: bursts share a second.
    memo: Option<(Stamp, Instant)>,
    /// The day that the state was last told by a stamp with a year, if nothing came after.
    told: Option<i64>,
}

impl<'z> Clock<'z> {
    /// A clock in a given state.
    pub fn new(zone: &'z Zone, state: ClockState) -> Clock<'z> {
        Clock { zone, state, first: None, memo: None, told: None }
    }

    /// The state after the stamps so far.
    pub fn state(&self) -> ClockState {
        self.state
    }

    /// The first stamp.
    pub fn first(&self) -> Option<Stamp> {
        self.first
    }

    /// The instant of the next stamp.
    pub fn instant(&mut self, stamp: Stamp) -> Instant {
        if self.first.is_none() {
            self.first = Some(stamp);
        }
        if let Stamp::Absolute(instant) = stamp {
            self.tell(instant);
            return instant;
        }
        if let Some((last, instant)) = self.memo
            && last == stamp
        {
            return instant;
        }
        let wall = match stamp {
            Stamp::Wall(wall) | Stamp::Absolute(wall) => {
                self.tell(wall);
                wall
            }
            Stamp::Yearless(within) => self.with_year(within),
        };
        let instant = self.with_offset(wall);
        self.memo = Some((stamp, instant));
        instant
    }

    /// A stamp with a year: the state is its day, whatever it was before.
    fn tell(&mut self, seconds: i64) {
        let day = seconds.div_euclid(86_400);
        if self.told == Some(day) {
            return;
        }
        self.told = Some(day);
        self.memo = None;
        self.state.year = year_of_day(day);
        self.state.within = Some(within_year(self.state.year, day));
    }

    fn with_year(&mut self, within: i64) -> i64 {
        self.told = None;
        if let Some(before) = self.state.within {
            let step = within - before;
            if step < -BACK {
                self.state.year += 1;
            } else if step > YEAR - BACK {
                self.state.year -= 1;
            }
        }
        self.state.within = Some(within);
        let day = within.div_euclid(86_400);
        // In a year without one, 29 February falls on 1 March.
        let day = if day > LEAP_DAY && !is_leap(self.state.year) { day - 1 } else { day };
        (days_from_civil(self.state.year, 1, 1) + day) * 86_400 + within.rem_euclid(86_400)
    }

    fn with_offset(&mut self, wall: i64) -> Instant {
        match self.zone.twice(wall) {
            None => {
                self.state.doubled = None;
                self.state.second = false;
            }
            Some((start, end)) => {
                match self.state.doubled {
                    Some(before) if (start..end).contains(&before) => {
                        self.state.second |= before - wall >= STEP;
                    }
                    _ => self.state.second = false,
                }
                self.state.doubled = Some(wall);
            }
        }
        self.zone.instant(wall, self.state.second)
    }

    /// Whether stamps beginning with `first` come to the same instants from either state.
    pub fn agree(zone: &Zone, first: Stamp, assumed: ClockState, real: ClockState) -> bool {
        let after = |state| {
            let mut clock = Clock::new(zone, state);
            clock.instant(first);
            clock.state()
        };
        assumed == real || after(assumed) == after(real)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(month: u32, day: u32, time: i64) -> Stamp {
        Stamp::yearless(month, day, time).unwrap()
    }

    fn years(stamps: &[(u32, u32)], first: i64) -> Vec<i64> {
        let zone = Zone::utc();
        let mut clock = Clock::new(&zone, ClockState::starting(first));
        stamps
            .iter()
            .map(|(month, day)| {
                clock.instant(at(*month, *day, 0));
                clock.state().year()
            })
            .collect()
    }

    #[test]
    fn years_step_with_the_calendar_and_not_with_disorder() {
        assert_eq!(
            years(&[(12, 31), (1, 1), (12, 31), (1, 1), (6, 1), (1, 2)], 2024),
            [2024, 2025, 2024, 2025, 2025, 2026]
        );
        assert_eq!(years(&[(3, 1), (2, 28), (10, 1), (9, 30)], 2025), [2025; 4]);
        // A server that was off for nine months.
        assert_eq!(years(&[(1, 5), (10, 5), (2, 1)], 2024), [2024, 2024, 2025]);
    }

    #[test]
    fn a_stamp_with_a_year_tells_it_to_those_without() {
        let zone = Zone::utc();
        let mut clock = Clock::new(&zone, ClockState::starting(2000));
        let new_year = days_from_civil(2026, 1, 1) * 86_400;
        clock.instant(Stamp::Absolute(new_year + 5));
        assert_eq!(clock.instant(at(12, 31, 7)), new_year - 86_400 + 7);
        assert_eq!(clock.instant(at(1, 1, 9)), new_year + 9);
        clock.instant(Stamp::Wall(days_from_civil(2024, 3, 1) * 86_400));
        assert_eq!(clock.instant(at(2, 29, 0)), days_from_civil(2024, 2, 29) * 86_400);
    }

    #[test]
    fn the_leap_day() {
        let zone = Zone::utc();
        let mut clock = Clock::new(&zone, ClockState::starting(2024));
        assert_eq!(clock.instant(at(2, 29, 5)), days_from_civil(2024, 2, 29) * 86_400 + 5);
        assert_eq!(clock.instant(at(3, 1, 5)), days_from_civil(2024, 3, 1) * 86_400 + 5);
        let mut clock = Clock::new(&zone, ClockState::starting(2025));
        assert_eq!(clock.instant(at(3, 1, 5)), days_from_civil(2025, 3, 1) * 86_400 + 5);
    }

    #[test]
    fn the_second_of_two_equal_hours_begins_with_a_step_back() {
        let zone = Zone::new(&TimeZone::get("Europe/Berlin").unwrap());
        let mut clock = Clock::new(&zone, ClockState::starting(2025));
        let readings = [(2, 0), (2, 59), (2, 58), (2, 0), (2, 30), (3, 0)];
        let instants: Vec<i64> =
            readings.iter().map(|(h, m)| clock.instant(at(10, 26, h * 3600 + m * 60))).collect();
        let from_first: Vec<i64> = instants.iter().map(|i| (i - instants[0]) / 60).collect();
        assert_eq!(from_first, [0, 59, 58, 60, 90, 120]);
    }

    #[test]
    fn states_that_agree_lead_to_the_same_instants() {
        let zone = Zone::utc();
        let mut before = Clock::new(&zone, ClockState::starting(2024));
        before.instant(at(12, 30, 0));
        let fresh = ClockState::starting(2024);
        assert!(Clock::agree(&zone, at(12, 31, 0), fresh, before.state()));
        assert!(!Clock::agree(&zone, at(1, 1, 0), fresh, before.state()));
    }
}
