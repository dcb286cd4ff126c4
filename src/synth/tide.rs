//! How much mail there is when: by hour of the day, and where it is wished by day of the week, with mailings that bring a hundred times
//! the usual.

use super::random::stable;
use super::spec::{DAY, Spec, Traffic};
use super::stamp::SECOND;

/// How busy each hour of the UTC day is; 100 is the mean.
const HOURS: [u64; 24] = [
    42, 36, 34, 34, 38, 50, 70, 98, 138, 164, 168, 160, 146, 150, 160, 158, 146, 128, 110, 98, 88, 76, 62, 46,
];
/// How busy a day of the week is from Thursday on, the first of 1970, where weeks are told apart; in percent.
const WEEK: [u64; 7] = [100, 100, 30, 20, 110, 120, 110];
/// Mailings that may begin in one day, and in which share of a million they do.
const MAILINGS: u64 = 4;
const OFTEN: u32 = 400_000;

/// One mailing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mailing {
    number: u64,
    start: i64,
    end: i64,
    /// Times the usual.
    factor: u64,
}

/// The course of a log's traffic.
#[derive(Clone, Debug)]
pub(super) struct Tide {
    weeks: bool,
    mailings: Vec<Mailing>,
}

impl Tide {
    pub(super) fn new(spec: &Spec) -> Tide {
        match spec.traffic {
            Traffic::Steady => Tide { weeks: false, mailings: Vec::new() },
            Traffic::Violent => Tide { weeks: true, mailings: mailings(spec) },
        }
    }

    /// How busy a second is; 100 is the mean.
    pub(super) fn at(&self, second: i64) -> u64 {
        self.usual(second) * self.mailing(second).map_or(1, |(_, factor)| factor)
    }

    /// The mailing that runs at a second, and how many times the usual mail there is.
    pub(super) fn mailing(&self, second: i64) -> Option<(u64, u64)> {
        let running = self.mailings.iter().find(|one| (one.start..one.end).contains(&second))?;
        Some((running.number, running.factor))
    }

    /// Microseconds times weight between two instants in seconds.
    pub(super) fn between(&self, start: i64, end: i64) -> u128 {
        let mut weight: u128 = 0;
        let mut at = start;
        while at < end {
            let until = ((at.div_euclid(3_600) + 1) * 3_600).min(end);
            let mut seconds = u128::from((until - at).unsigned_abs());
            for one in &self.mailings {
                let part = (one.end.min(until) - one.start.max(at)).max(0);
                seconds += u128::from(part.unsigned_abs()) * u128::from(one.factor - 1);
            }
            weight += seconds * u128::from(self.usual(at)) * SECOND as u128;
            at = until;
        }
        weight
    }

    fn usual(&self, second: i64) -> u64 {
        let hour = HOURS[second.div_euclid(3_600).rem_euclid(24) as usize];
        if self.weeks {
            (hour * WEEK[second.div_euclid(DAY).rem_euclid(7) as usize] / 100).max(1)
        } else {
            hour
        }
    }
}

/// The mailings of a log, drawn from its seed: none overlaps another.
fn mailings(spec: &Spec) -> Vec<Mailing> {
    let mut all: Vec<Mailing> = Vec::new();
    let days = spec.span_seconds() / DAY + 1;
    for number in 0..days.unsigned_abs() * MAILINGS {
        let draw = |what: u64, bound: u32| i64::from(stable(spec.seed, number * 8 + what + 0x7_1de0, bound));
        let slot = DAY / MAILINGS as i64;
        let start = spec.start + number as i64 * slot + draw(0, 5 * 3_600);
        let end = start + 300 + draw(1, 55 * 60);
        // As often ten times the usual as a hundred times.
        let factor = [10, 30, 100, 200][draw(2, 4) as usize];
        if draw(3, 1_000_000) < i64::from(OFTEN) {
            all.push(Mailing { number, start, end, factor });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violent() -> Spec {
        Spec { traffic: Traffic::Violent, span: Some(7 * DAY), ..Spec::default() }
    }

    #[test]
    fn the_tables_keep_the_mean() {
        assert_eq!(HOURS.iter().sum::<u64>(), 2_400);
    }

    #[test]
    fn mailings_are_apart_and_differ_by_seed() {
        let all = mailings(&violent());
        assert!(all.len() > 5 && all.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert_ne!(all, mailings(&Spec { seed: 2, ..violent() }));
        assert!(Tide::new(&Spec::default()).mailings.is_empty());
    }

    #[test]
    fn what_is_between_is_the_sum_of_the_seconds() {
        let tide = Tide::new(&violent());
        let start = Spec::default().start;
        let sum: u128 = (start..start + 2 * DAY).map(|second| u128::from(tide.at(second))).sum();
        assert_eq!(tide.between(start, start + 2 * DAY), sum * SECOND as u128);
    }
}
