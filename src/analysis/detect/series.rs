//! What the detector looks at: attempts and events by bin of one width, first attempts and retries apart.
//!
//! A message that is put off is tried again for days. One full mailbox can give seventy events, and at night, when no new mail
//! comes, retries are most of the traffic: every rate of deferrals rises though nothing happened. So rates are made of
//! first attempts only. Counts by bin are additive: what several readers saw is added up, in any order.

use std::borrow::Cow;
use std::ops::Range;

use crate::time::Instant;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// Widths bins may be made coarser to. Each divides the next and divides a day, so coarsening is exact and commutes with adding.
pub const LADDER: [i64; 8] = [60, 300, 900, 1_800, 3_600, 10_800, 21_600, DAY];

/// More bins say nothing more about a log, and cost time: two weeks of five minutes.
pub const MOST_BINS: usize = 4_032;

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
        LADDER.into_iter().filter(|rung| rung % width == 0).find_map(|rung| {
            let start = from.div_euclid(rung) * rung;
            let span = to.checked_sub(start)?;
            let bins = usize::try_from(span.div_euclid(rung) + i64::from(span % rung > 0)).ok()?;
            (bins <= MOST_BINS).then_some(Grid { start, width: rung, bins })
        })
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

/// What was counted in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub all: u64,
    /// Those of them that were repeated attempts.
    pub retries: u64,
}

impl Count {
    fn first(self) -> u64 {
        self.all.saturating_sub(self.retries)
    }
}

/// First attempts by bin: what rates are shares of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// By bin. None means that nothing is known, not that nothing failed.
    attempts: Vec<u64>,
    /// Before each bin, and at last of all.
    sums: Vec<u64>,
    /// Bins with attempts, before each bin.
    busy: Vec<usize>,
}

impl Exposure {
    /// Adds up attempts at one provider. Bins outside the grid are left out; order does not matter.
    pub fn new(grid: &Grid, counts: impl IntoIterator<Item = (usize, Count)>) -> Exposure {
        let mut attempts = vec![0u64; grid.bins];
        for (bin, count) in counts {
            if let Some(sum) = attempts.get_mut(bin) {
                *sum = sum.saturating_add(count.first());
            }
        }
        Exposure::from_attempts(attempts)
    }

    fn from_attempts(attempts: Vec<u64>) -> Exposure {
        let mut sums = Vec::with_capacity(attempts.len() + 1);
        let mut busy = Vec::with_capacity(attempts.len() + 1);
        let (mut sum, mut bins) = (0u64, 0);
        for n in &attempts {
            sums.push(sum);
            busy.push(bins);
            sum = sum.saturating_add(*n);
            bins += usize::from(*n > 0);
        }
        sums.push(sum);
        busy.push(bins);
        Exposure { attempts, sums, busy }
    }
}

/// One bin with events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) bin: usize,
    pub(super) first: u64,
    retries: u64,
}

/// One key: how often one answer came, of how many attempts.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    grid: Grid,
    exposure: Cow<'a, Exposure>,
    /// Bins with events, ascending.
    events: Vec<Events>,
    /// Events and retries before each of them, and at last of all.
    sums: Vec<(u64, u64)>,
}

impl<'a> Series<'a> {
    /// Adds up the events of one key. Bins outside the grid are left out; order does not matter. Where a bin has more events than
    /// attempts, every attempt had one.
    pub fn new(
        grid: Grid,
        exposure: &'a Exposure,
        counts: impl IntoIterator<Item = (usize, Count)>,
    ) -> Series<'a> {
        let mut events: Vec<Events> = counts
            .into_iter()
            .filter(|(bin, _)| *bin < grid.bins.min(exposure.attempts.len()))
            .map(|(bin, count)| Events { bin, first: count.first(), retries: count.retries.min(count.all) })
            .collect();
        events.sort_by_key(|event| event.bin);
        events.dedup_by(|next, kept| {
            let same = next.bin == kept.bin;
            if same {
                kept.first = kept.first.saturating_add(next.first);
                kept.retries = kept.retries.saturating_add(next.retries);
            }
            same
        });
        let exposure = if events.iter().any(|event| event.first > exposure.attempts[event.bin]) {
            let mut attempts = exposure.attempts.clone();
            for event in &events {
                attempts[event.bin] = attempts[event.bin].max(event.first);
            }
            Cow::Owned(Exposure::from_attempts(attempts))
        } else {
            Cow::Borrowed(exposure)
        };
        Series::of(grid, exposure, events)
    }

    fn of(grid: Grid, exposure: Cow<'a, Exposure>, events: Vec<Events>) -> Series<'a> {
        let mut sums = Vec::with_capacity(events.len() + 1);
        let mut sum = (0u64, 0u64);
        for event in &events {
            sums.push(sum);
            sum = (sum.0.saturating_add(event.first), sum.1.saturating_add(event.retries));
        }
        sums.push(sum);
        Series { grid, exposure, events, sums }
    }

    /// The series as it was at the end of so many bins.
    pub(super) fn until(&self, bins: usize) -> Series<'_> {
        let bins = bins.min(self.grid.bins);
        let events = self.events[..self.before(bins)].to_vec();
        Series::of(Grid { bins, ..self.grid }, Cow::Borrowed(&*self.exposure), events)
    }

    /// Where its bins lie.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Bins with events of first attempts, ascending.
    pub(super) fn event_bins(&self) -> impl DoubleEndedIterator<Item = &Events> {
        self.events.iter().filter(|event| event.first > 0)
    }

    /// Those of a stretch.
    pub(super) fn event_bins_in(&self, bins: Range<usize>) -> impl DoubleEndedIterator<Item = &Events> {
        self.events[self.within(&bins)].iter().filter(|event| event.first > 0)
    }

    /// First attempts in a bin.
    pub(super) fn attempts_at(&self, bin: usize) -> u64 {
        self.exposure.attempts[bin]
    }

    /// First attempts in a stretch.
    pub(super) fn attempts(&self, bins: Range<usize>) -> u64 {
        self.exposure.sums[bins.end.min(self.grid.bins)]
            - self.exposure.sums[bins.start.min(bins.end).min(self.grid.bins)]
    }

    /// Bins with first attempts in a stretch.
    pub(super) fn busy(&self, bins: Range<usize>) -> usize {
        self.exposure.busy[bins.end.min(self.grid.bins)]
            - self.exposure.busy[bins.start.min(bins.end).min(self.grid.bins)]
    }

    /// Events of first attempts in a stretch.
    pub(super) fn events(&self, bins: Range<usize>) -> u64 {
        let within = self.within(&bins);
        self.sums[within.end].0 - self.sums[within.start].0
    }

    /// Events of retries in a stretch.
    pub(super) fn retries(&self, bins: Range<usize>) -> u64 {
        let within = self.within(&bins);
        self.sums[within.end].1 - self.sums[within.start].1
    }

    /// All bins.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.grid.bins
    }

    fn within(&self, bins: &Range<usize>) -> Range<usize> {
        let end = self.before(bins.end);
        self.before(bins.start).min(end)..end
    }

    fn before(&self, bin: usize) -> usize {
        self.events.partition_point(|event| event.bin < bin)
    }
}
