//! What days like this one are usually like.

use serde::Serialize;

use super::number::{counted, percent, thousands};

/// The same weekday in the weeks before, all together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usual {
    /// Its name: `Thursday`.
    pub weekday: String,
    /// How many of them there were.
    pub days: u64,
    /// Attempts at other hosts on all of them.
    pub attempts: u64,
    /// Those that were delivered or relayed.
    pub delivered: u64,
    /// Those that were put off.
    pub delayed: u64,
    /// Those that failed.
    pub failed: u64,
}

impl Usual {
    /// For the page.
    pub(super) fn sentence(&self) -> String {
        let share = |part: u64| percent(part, self.attempts);
        let when = match self.days {
            1 => format!("the {} before", self.weekday),
            days => format!("the {} {}s before, each", thousands(days), self.weekday),
        };
        format!(
            "{when}: {}; {} delivered, {} put off, {} failed",
            counted(self.attempts / self.days.max(1), "attempt", "attempts"),
            share(self.delivered),
            share(self.delayed),
            share(self.failed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_told_by_their_mean() {
        let weekday = "Thursday".to_owned();
        let usual = Usual { weekday, days: 4, attempts: 4_004, delivered: 3_000, delayed: 4, failed: 1_000 };
        let said = usual.sentence();
        assert_eq!(
            said,
            "the 4 Thursdays before, each: 1,001 attempts; 74.9 % delivered, 0.1 % put off, 25.0 % failed"
        );
        let one = Usual { days: 1, ..usual };
        assert!(one.sentence().starts_with("the Thursday before: 4,004 attempts"), "{}", one.sentence());
    }
}
