//! Bins of time: as fine as the log is short.

use std::iter;

use crate::summary::Width;
use crate::time::Instant;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// More bins say nothing more about a log, and cost time: two weeks of five minutes.
pub const MOST_BINS: usize = 4_032;

/// Widths bins may be made coarser to, which are those of a summary's buckets. A log that has too many bins for one takes the next.
pub(super) fn widths() -> impl Iterator<Item = i64> {
    let most = i64::try_from(MOST_BINS).unwrap_or(i64::MAX);
    let wider = move |width: &Width| {
        let next = Width::of(0, width.seconds().saturating_mul(most.saturating_add(1)));
        (next > *width).then_some(next)
    };
    iter::successors(Some(Width::default()), wider).map(Width::seconds)
}

/// Where the bins of one log lie. All its series share one grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Start of the first bin.
    pub start: Instant,
    /// Width of a bin in seconds, at least 1.
    pub width: i64,
    /// Number of bins.
    pub bins: usize,
}

impl Grid {
    /// The finest grid of the ladder for events from `first` to `last`, aligned to 1970. `None` when that is more than eleven years.
    pub fn covering(first: Instant, last: Instant) -> Option<Grid> {
        Grid::of(1, first, last.checked_add(1)?)
    }

    /// This grid, or a coarser one where it has too many bins. `None` when no width of the ladder fits.
    pub fn coarsened(self) -> Option<Grid> {
        if self.bins <= MOST_BINS {
            return Some(self);
        }
        let length = self.width.checked_mul(i64::try_from(self.bins).ok()?)?;
        Grid::of(self.width, self.start, self.start.checked_add(length)?)
    }

    /// The finest grid whose width `width` divides.
    fn of(width: i64, from: Instant, to: Instant) -> Option<Grid> {
        widths().filter(|rung| rung % width == 0).find_map(|rung| {
            let start = from.div_euclid(rung) * rung;
            let span = to.checked_sub(start)?;
            let bins = usize::try_from(span.div_euclid(rung) + i64::from(span % rung > 0)).ok()?;
            (bins <= MOST_BINS).then_some(Grid { start, width: rung, bins })
        })
    }

    /// The grid of a summary's buckets, from the first to the last; a coarser one where those are too many.
    pub fn of_buckets(width: Width, first: Instant, last: Instant) -> Option<Grid> {
        Grid::of(width.seconds(), first, last.checked_add(width.seconds())?)
    }

    /// The bin an instant falls into.
    pub fn bin(&self, instant: Instant) -> Option<usize> {
        let bin = usize::try_from(instant.checked_sub(self.start)?.div_euclid(self.width)).ok()?;
        (bin < self.bins).then_some(bin)
    }

    /// When a bin begins, which is when the one before it ends.
    pub fn instant(&self, bin: usize) -> Instant {
        self.start.saturating_add(i64::try_from(bin).unwrap_or(i64::MAX).saturating_mul(self.width))
    }

    /// Whole bins in a day; 0 for wider ones.
    pub(super) fn day(&self) -> usize {
        usize::try_from(DAY / self.width).unwrap_or(0)
    }

    /// Bins in so many seconds, rounded down, at least one.
    pub(super) fn spanning(&self, seconds: i64) -> usize {
        usize::try_from(seconds / self.width).unwrap_or(0).max(1)
    }
}
