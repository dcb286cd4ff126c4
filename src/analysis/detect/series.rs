//! What the detector looks at: attempts and events by bin of one width, first attempts and retries apart.
//!
//! A message that is put off is tried again for days. One full mailbox can give seventy events, and at night, when no new mail
//! comes, retries are most of the traffic: every rate of deferrals rises though nothing happened. So rates are made of
//! first attempts only. Counts by bin are additive: what several readers saw is added up, in any order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::grid::Grid;

/// No bin holds more than this: room for sums.
const MOST: u64 = 1 << 50;

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
        self.all.saturating_sub(self.retries).min(MOST)
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
    busy: Vec<u64>,
    /// A bin with more attempts than this carries a campaign.
    ordinary: u64,
    /// Attempts beyond that, before each bin.
    surplus: Vec<u64>,
    /// Attempts in bins that carry none, before each bin.
    calm: Vec<u64>,
}

/// A bin carries a campaign if it has more than so many times the attempts of a bin in the middle: the day's tide is lower.
const SURGE: u64 = 4;

impl Exposure {
    /// Adds up attempts at one provider. Bins outside the grid are left out; order does not matter.
    pub fn new(grid: &Grid, counts: impl IntoIterator<Item = (usize, Count)>) -> Exposure {
        let mut attempts = vec![0u64; grid.bins];
        for (bin, count) in counts {
            if let Some(sum) = attempts.get_mut(bin) {
                *sum = sum.saturating_add(count.first()).min(MOST);
            }
        }
        Exposure::from_attempts(attempts)
    }

    fn part(&self, bins: &Range<usize>) -> Exposure {
        Exposure::from_attempts(self.attempts[bins.clone()].to_vec())
    }

    fn from_attempts(attempts: Vec<u64>) -> Exposure {
        let ordinary = middle(&attempts).saturating_mul(SURGE);
        Exposure {
            sums: before(&attempts, |n| n),
            busy: before(&attempts, |n| u64::from(n > 0)),
            surplus: before(&attempts, |n| n.saturating_sub(ordinary)),
            calm: before(&attempts, |n| if n <= ordinary { n } else { 0 }),
            ordinary,
            attempts,
        }
    }
}

/// Sums before each bin, and at last of all.
fn before(attempts: &[u64], what: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut sum = 0u64;
    let mut sums = Vec::with_capacity(attempts.len() + 1);
    sums.push(0);
    sums.extend(attempts.iter().map(|n| {
        sum = sum.saturating_add(what(*n));
        sum
    }));
    sums
}

/// The attempts of the bin in the middle, of those that have any.
fn middle(attempts: &[u64]) -> u64 {
    let mut busy: Vec<u64> = attempts.iter().copied().filter(|n| *n > 0).collect();
    if busy.is_empty() {
        return 0;
    }
    let half = busy.len() / 2;
    *busy.select_nth_unstable(half).1
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
pub struct Series {
    grid: Grid,
    exposure: Arc<Exposure>,
    /// Bins with events, ascending.
    events: Vec<Events>,
    /// Events and retries before each of them, and at last of all.
    sums: Vec<(u64, u64)>,
}

impl Series {
    /// Adds up the events of one key. Bins outside the grid are left out; order does not matter. Where a bin has more events than
    /// attempts, every attempt had one.
    pub fn new(
        grid: Grid,
        exposure: &Arc<Exposure>,
        counts: impl IntoIterator<Item = (usize, Count)>,
    ) -> Series {
        let mut events: Vec<Events> = counts
            .into_iter()
            .filter(|(bin, _)| *bin < grid.bins.min(exposure.attempts.len()))
            .map(|(bin, count)| Events {
                bin,
                first: count.first(),
                retries: count.retries.min(count.all).min(MOST),
            })
            .collect();
        events.sort_by_key(|event| event.bin);
        events.dedup_by(|next, kept| {
            let same = next.bin == kept.bin;
            if same {
                kept.first = kept.first.saturating_add(next.first).min(MOST);
                kept.retries = kept.retries.saturating_add(next.retries).min(MOST);
            }
            same
        });
        let exposure = if events.iter().any(|event| event.first > exposure.attempts[event.bin]) {
            let mut attempts = exposure.attempts.clone();
            for event in &events {
                attempts[event.bin] = attempts[event.bin].max(event.first);
            }
            Arc::new(Exposure::from_attempts(attempts))
        } else {
            Arc::clone(exposure)
        };
        Series::of(grid, exposure, events)
    }

    fn of(grid: Grid, exposure: Arc<Exposure>, events: Vec<Events>) -> Series {
        let mut sums = Vec::with_capacity(events.len() + 1);
        let mut sum = (0u64, 0u64);
        for event in &events {
            sums.push(sum);
            sum = (sum.0.saturating_add(event.first), sum.1.saturating_add(event.retries));
        }
        sums.push(sum);
        Series { grid, exposure, events, sums }
    }

    /// A stretch of the series as one of its own.
    pub(super) fn part(&self, bins: Range<usize>) -> Series {
        self.over(Arc::new(self.exposure.part(&bins)), bins)
    }

    /// A stretch of each series. Those of one provider share their attempts.
    pub(super) fn parts<'s>(all: impl Iterator<Item = &'s Series>, bins: &Range<usize>) -> Vec<Series> {
        let mut exposures: BTreeMap<*const Exposure, Arc<Exposure>> = BTreeMap::new();
        all.map(|series| {
            let exposure = exposures
                .entry(Arc::as_ptr(&series.exposure))
                .or_insert_with(|| Arc::new(series.exposure.part(bins)));
            series.over(Arc::clone(exposure), bins.clone())
        })
        .collect()
    }

    /// The events of a stretch over its attempts.
    fn over(&self, exposure: Arc<Exposure>, bins: Range<usize>) -> Series {
        let grid = Grid { start: self.grid.instant(bins.start), bins: bins.len(), ..self.grid };
        let events = self.events[self.within(&bins)].iter();
        let events = events.map(|event| Events { bin: event.bin - bins.start, ..*event }).collect();
        Series::of(grid, exposure, events)
    }

    /// Where its bins lie.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Whether there was any event, be it of a retry.
    pub(super) fn has_events(&self) -> bool {
        self.sums.last().is_some_and(|(first, retries)| *first > 0 || *retries > 0)
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

    /// First attempts of campaigns in a stretch: how many more than ordinary bins have.
    pub(super) fn surplus(&self, bins: Range<usize>) -> u64 {
        self.exposure.surplus[bins.end] - self.exposure.surplus[bins.start.min(bins.end)]
    }

    /// Events and first attempts in those bins of a stretch that carry no campaign.
    pub(super) fn calm(&self, bins: Range<usize>) -> (u64, u64) {
        let attempts = self.exposure.calm[bins.end] - self.exposure.calm[bins.start.min(bins.end)];
        let calm = |event: &&Events| self.attempts_at(event.bin) <= self.exposure.ordinary;
        (self.event_bins_in(bins).filter(calm).map(|event| event.first).sum(), attempts)
    }

    /// Bins with first attempts in a stretch.
    pub(super) fn busy(&self, bins: Range<usize>) -> u64 {
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
