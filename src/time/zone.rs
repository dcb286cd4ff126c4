//! A time zone's offsets, unfolded once, so that a wall clock reading costs a binary search.
//!
//! The rules are the library's; only the table is ours.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Instant, days_from_civil};

/// The years whose offsets are unfolded. Mail logs are younger than the one and older than the other.
const YEARS: (i64, i64) = (1990, 2060);

/// A stretch of time with one offset.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: Instant,
    offset: i64,
}

/// The zone a log's wall clock shows.
#[derive(Clone, Debug)]
pub struct Zone {
    stretches: Vec<Stretch>,
}

impl Zone {
    /// Unfolds the rules of a zone.
    pub fn new(zone: &TimeZone) -> Zone {
        let start = days_from_civil(YEARS.0, 1, 1) * 86_400;
        let end = days_from_civil(YEARS.1, 1, 1) * 86_400;
        let mut stretches = Vec::new();
        if let Ok(start) = Timestamp::from_second(start) {
            stretches
                .push(Stretch { from: i64::MIN / 4, offset: i64::from(zone.to_offset(start).seconds()) });
            for change in zone.following(start).take_while(|change| change.timestamp().as_second() < end) {
                let offset = i64::from(change.offset().seconds());
                // A rule may change a zone's name and leave its offset.
                if stretches.last().is_none_or(|last| last.offset != offset) {
                    stretches.push(Stretch { from: change.timestamp().as_second(), offset });
                }
            }
        }
        Zone { stretches }
    }

    /// The zone without rules.
    pub fn utc() -> Zone {
        Zone { stretches: Vec::new() }
    }

    /// The instant at which the wall clock shows `wall` seconds. Where it shows them twice, `second` chooses; where it
    /// skips them, the offset before the gap is used.
    pub fn instant(&self, wall: i64, second: bool) -> Instant {
        let Some(index) = self.stretch(wall) else { return wall };
        let stretch = self.stretches[index];
        if !second && index > 0 {
            let before = self.stretches[index - 1].offset;
            if wall < stretch.from + before {
                return wall - before;
            }
        }
        wall - stretch.offset
    }

    /// The wall clock readings around `wall` that are shown twice, as start and end.
    pub fn twice(&self, wall: i64) -> Option<(i64, i64)> {
        let index = self.stretch(wall)?;
        let stretch = self.stretches[index];
        let before = self.stretches.get(index.checked_sub(1)?)?.offset;
        (wall < stretch.from + before).then_some((stretch.from + stretch.offset, stretch.from + before))
    }

    /// The wall clock reading at an instant.
    pub fn wall(&self, instant: Instant) -> i64 {
        let index = self.stretches.partition_point(|s| s.from <= instant);
        instant + self.stretches.get(index.wrapping_sub(1)).map_or(0, |s| s.offset)
    }

    /// The last stretch that has begun when its own wall clock shows `wall`.
    fn stretch(&self, wall: i64) -> Option<usize> {
        self.stretches.partition_point(|s| s.from + s.offset <= wall).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 6] = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "America/Sao_Paulo",
        "UTC",
    ];

    proptest! {
        #[test]
        fn agrees_with_the_library(zone in 0..ZONES.len(), wall in 700_000_000_i64..2_600_000_000) {
            let rules = TimeZone::get(ZONES[zone]).unwrap();
            let ours = Zone::new(&rules);
            let reading: DateTime = TimeZone::UTC.to_datetime(Timestamp::from_second(wall).unwrap());
            let theirs = rules.to_ambiguous_timestamp(reading);
            prop_assert_eq!(ours.instant(wall, false), theirs.compatible().unwrap().as_second());
            prop_assert_eq!(ours.wall(ours.instant(wall, true)), ours.wall(theirs.later().unwrap().as_second()));
            prop_assert_eq!(ours.twice(wall).is_some(), matches!(theirs.offset(), jiff::tz::AmbiguousOffset::Fold { .. }));
        }
    }

    #[test]
    fn the_hour_shown_twice() {
        let berlin = Zone::new(&TimeZone::get("Europe/Berlin").unwrap());
        let half_past_two = days_from_civil(2025, 10, 26) * 86_400 + 9000;
        assert_eq!(berlin.instant(half_past_two, true) - berlin.instant(half_past_two, false), 3600);
        assert_eq!(berlin.twice(half_past_two), Some((half_past_two - 1800, half_past_two + 1800)));
        assert_eq!(berlin.twice(half_past_two + 1800), None);
    }
}
