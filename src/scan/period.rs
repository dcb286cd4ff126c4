//! The stretch of time that is asked for.

use crate::time::Instant;

/// From `since` on, before `until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// First instant inside.
    pub since: Option<Instant>,
    /// First instant after.
    pub until: Option<Instant>,
}

impl Period {
    /// Whether an instant lies inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }
}
