//! The same weekday in the weeks before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::report::Usual;
use crate::state::Outcomes;
use crate::time::Instant;

/// Weeks that are looked at: long enough that one holiday does not make the mean.
pub(super) const WEEKS: i64 = 5;

/// What days like the one that ended at `end` were like. Nothing where there is none, or where another run has told of this
/// day already: what is left of it is no day.
pub(super) fn usual(nights: &[Outcomes], end: Instant, zone: &TimeZone) -> Option<Usual> {
    let date = |at: Instant| Some(Timestamp::from_second(at).ok()?.to_zoned_datetime(zone.clone()).date());
    let today = date(end)?;
    let mut days: BTreeMap<Date, Outcomes> = BTreeMap::new();
    for night in nights {
        let sum = days.entry(date(night.last)?).or_default();
        sum.attempts += night.attempts;
        sum.delivered += night.delivered;
        sum.delayed += night.delayed;
        sum.failed += night.failed;
    }
    if days.contains_key(&today) {
        return None;
    }
    days.retain(|day, sum| day.weekday() == today.weekday() && *day < today && sum.attempts > 0);
    let sum = |of: fn(&Outcomes) -> u64| days.values().map(of).sum::<u64>();
    (!days.is_empty()).then(|| Usual {
        weekday: today.strftime("%A").to_string(),
        days: days.len() as u64,
        attempts: sum(|day| day.attempts),
        delivered: sum(|day| day.delivered),
        delayed: sum(|day| day.delayed),
        failed: sum(|day| day.failed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::time::DAY;
    /// A Thursday, at noon.
    const END: Instant = 1_795_694_400;

    fn night(back: i64, attempts: u64) -> Outcomes {
        Outcomes { last: END - back, attempts, delivered: attempts - 1, delayed: 0, failed: 1 }
    }

    #[test]
    fn only_the_same_weekday_counts_and_runs_of_one_day_are_one() {
        let nights = [night(21 * DAY, 30), night(14 * DAY + 3_600, 4), night(14 * DAY, 6), night(DAY, 99)];
        let usual = usual(&nights, END, &TimeZone::UTC).unwrap();
        assert_eq!((&*usual.weekday, usual.days, usual.attempts, usual.failed), ("Thursday", 2, 40, 3));
    }

    #[test]
    fn a_day_of_which_a_part_was_told_is_not_compared() {
        assert_eq!(usual(&[night(7 * DAY, 9), night(3_600, 9)], END, &TimeZone::UTC), None);
        assert_eq!(usual(&[night(6 * DAY, 9)], END, &TimeZone::UTC), None);
        assert_eq!(usual(&[], END, &TimeZone::UTC), None);
    }
}
