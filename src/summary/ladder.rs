//! Widths of time buckets: fine where the log is short, coarse where it is long, so that memory stays small.
//!
//! Each width divides the next and all are aligned to the epoch, so making buckets coarser commutes with adding: parts of
//! a log may do it early and at different moments.

use crate::time::Instant;

/// The widths, in seconds.
const WIDTHS: [i64; 8] = [60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400];

/// Buckets of a log at most, as long as there is a wider width.
const MOST: i64 = 4_032;

/// A width of the ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Width(u8);

impl Width {
    /// The width for a log from `first` to `last`: the smallest that needs no more than 4,032 buckets.
    pub fn of(first: Instant, last: Instant) -> Width {
        let span = last.saturating_sub(first);
        let rung = WIDTHS.iter().position(|width| span / width <= MOST);
        Width(rung.unwrap_or(WIDTHS.len() - 1) as u8)
    }

    /// The width of this many seconds.
    pub fn from_seconds(seconds: i64) -> Option<Width> {
        WIDTHS.iter().position(|width| *width == seconds).map(|rung| Width(rung as u8))
    }

    /// In seconds.
    pub fn seconds(self) -> i64 {
        WIDTHS[usize::from(self.0)]
    }

    /// The width for what is told apart further, by sender domain and the like: at most 270 buckets.
    pub fn of_parts(self) -> Width {
        // 60 s: 900 s; 300 s: 3,600 s; 900 s: 10,800 s ...
        Width((self.0 + 2).min(WIDTHS.len() as u8 - 1))
    }

    /// The bucket an instant falls into, named by its start.
    pub fn floor(self, at: Instant) -> Instant {
        at.div_euclid(self.seconds()) * self.seconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_width_divides_the_next_and_a_day() {
        for pair in WIDTHS.windows(2) {
            assert_eq!(pair[1] % pair[0], 0, "{pair:?}");
        }
        assert!(WIDTHS.iter().all(|width| 86_400 % width == 0));
    }

    #[test]
    fn longer_logs_have_wider_buckets() {
        let day = 86_400;
        for (span, seconds) in [
            (0, 60),
            (2 * day, 60),
            (3 * day, 300),
            (14 * day, 300),
            (15 * day, 900),
            (42 * day, 900),
            (60 * day, 1_800),
            (365 * day, 10_800),
            (100 * 365 * day, 86_400),
        ] {
            assert_eq!(Width::of(1_000, 1_000 + span).seconds(), seconds, "{} days", span / day);
        }
        assert_eq!(Width::of(10, 5).seconds(), 60);
        assert_eq!(Width::of(Instant::MIN, Instant::MAX).seconds(), 86_400);
    }

    #[test]
    fn buckets_are_named_by_their_start_also_before_the_epoch() {
        let minute = Width::default();
        assert_eq!((minute.floor(119), minute.floor(-1)), (60, -60));
        assert_eq!(minute.of_parts().seconds(), 900);
        assert_eq!(Width::from_seconds(900), Some(minute.of_parts()));
        assert_eq!(Width::from_seconds(61), None);
    }
}
