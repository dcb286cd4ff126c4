//! Logs that were read in part before: where to go on, and where that ended.

use super::Period;
use crate::input::{Print, Source};
use crate::time::ClockState;

/// What is to be read of a source.
#[derive(Debug)]
pub struct Stretch {
    /// The source.
    pub source: Source,
    /// What its stamps before this stretch left behind; `None` where it begins with the log.
    pub clock: Option<ClockState>,
    /// Lines that stand before it.
    pub lines: u64,
    /// What counts of it.
    pub period: Period,
    /// Of which log it is a part; those of one log are given in their order, and writers get out of order.
    pub log: Option<usize>,
}

impl Stretch {
    /// All of a source.
    pub fn whole(source: Source, period: Period) -> Stretch {
        Stretch { source, clock: None, lines: 0, period, log: None }
    }
}

/// How reading a stretch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Which of the stretches, in the order given.
    pub stretch: usize,
    /// Bytes that were read of it, unpacked.
    pub bytes: u64,
    /// Lines that were.
    pub lines: u64,
    /// The last of these bytes.
    pub tail: Option<Print>,
    /// What the stamps left behind.
    pub clock: ClockState,
    /// It was damaged, or cut short while it was read.
    pub damaged: bool,
}
