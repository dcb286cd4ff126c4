//! What was put off: why, and how long it took until it was delivered.

use serde::Serialize;

use super::Told;
use crate::catalog::Deferral;
use crate::summary::{WAITS, Waits};

/// What was put off. The first three are attempts, and their sum is `rates.counts.transient`; the others are recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deferrals {
    /// Attempts put off because it was too much or too fast.
    pub throttling: u64,
    /// Attempts put off because the sender was not known yet.
    pub greylisting: u64,
    /// Attempts put off for another reason, or an unknown one.
    pub other: u64,
    /// Recipients put off at first and delivered later.
    pub recovered: Recovered,
    /// Those of them that were greylisted last.
    pub greylisting_recovered: Recovered,
    /// Recipients that still wait when the log ends.
    pub waiting: u64,
}

/// Recipients that were delivered in the end, by how long they waited from the first deferral on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// All.
    pub count: u64,
    /// Those that waited no longer than so many seconds, each with those before it.
    pub within: Vec<Within>,
}

/// How many waited no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Within {
    /// Than this.
    pub seconds: i64,
    /// Recipients.
    pub count: u64,
}

impl Default for Recovered {
    fn default() -> Recovered {
        Recovered::of(&Waits::default())
    }
}

impl Recovered {
    fn of(waits: &Waits) -> Recovered {
        let mut sum = 0;
        let within = WAITS.iter().zip(waits).map(|(&seconds, count)| {
            sum += count;
            Within { seconds, count: sum }
        });
        Recovered { within: within.collect(), count: waits.iter().sum() }
    }

    /// The least known wait that was enough for this many in a hundred; `None` when none of them was.
    pub(in crate::report) fn enough_for(&self, percent: u64) -> Option<i64> {
        let wanted = u128::from(self.count) * u128::from(percent);
        self.within
            .iter()
            .find(|class| class.count > 0 && u128::from(class.count) * 100 >= wanted)
            .map(|class| class.seconds)
    }
}

impl Deferrals {
    pub(in crate::report) fn of(told: &[Told<'_>]) -> Deferrals {
        let mut found = Deferrals::default();
        let (mut all, mut greylisted) = (Waits::default(), Waits::default());
        for answer in told {
            let count = answer.counts.span.count;
            match answer.deferral() {
                Some(Deferral::Throttling) => found.throttling += count,
                Some(Deferral::Greylisting) => found.greylisting += count,
                None if answer.nature.transient => found.other += count,
                None => {}
            }
            found.waiting += answer.counts.waiting.values().sum::<u64>();
            add(&mut all, &answer.counts.recovered);
            if answer.deferral() == Some(Deferral::Greylisting) {
                add(&mut greylisted, &answer.counts.recovered);
            }
        }
        Deferrals {
            recovered: Recovered::of(&all),
            greylisting_recovered: Recovered::of(&greylisted),
            ..found
        }
    }
}

fn add(sums: &mut Waits, more: &Waits) {
    sums.iter_mut().zip(more).for_each(|(sum, count)| *sum += count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_counts_those_that_were_shorter() {
        let recovered = Recovered::of(&[4, 0, 1, 0, 3, 0, 2]);
        assert_eq!(recovered.count, 10);
        let counts: Vec<u64> = recovered.within.iter().map(|class| class.count).collect();
        assert_eq!(counts, [4, 4, 5, 5, 8, 8]);
        assert_eq!(recovered.enough_for(40), Some(300));
        assert_eq!(recovered.enough_for(50), Some(1_800));
        assert_eq!(recovered.enough_for(80), Some(14_400));
        assert_eq!(recovered.enough_for(90), None);
        assert_eq!(Recovered::default().enough_for(50), None);
    }
}
