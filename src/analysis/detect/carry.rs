//! What one night leaves to the next: a key's floor, how restless it is, and what it does every day.
//!
//! A night alone is too short to tell a spike from what is usual. The record is small, decays, and never takes in a window that
//! is doubtful, so that a running incident does not become the normal state; unless it has run for a week.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::grid::{DAY, Grid};
use super::series::Series;
use super::window::{Kind, LEAST_SCORE, Window};
use super::{Key, Verdict};

/// Share of a record that is left after a day.
const DAILY: f64 = 0.85;
/// Attempts from which a record is the floor, and no block of the log need be.
const SETTLED: f64 = 200.0;
/// Chunks a record's variance may rest on, and those one night adds at most.
const MOST_CHUNKS: f64 = 24.0;
const NIGHT_CHUNKS: f64 = 6.0;
/// Patterns that are remembered.
const PATTERNS: usize = 12;
/// Clock times are taken as equal within this.
const SLACK: i64 = 900;
/// What has run for so long is the new normal.
const ACCEPTED: i64 = 7 * DAY;

/// What earlier logs told of a key's rate, decayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Events outside all windows.
    pub events: f64,
    /// Attempts outside all windows.
    pub attempts: f64,
    /// Relative variance of the rate.
    pub variance: f64,
    /// Chunks that is known from.
    pub chunks: f64,
    /// Days all this is made of.
    pub days: f64,
    /// Events in bins without a campaign.
    pub calm_events: f64,
    /// Attempts in bins without a campaign.
    pub calm_attempts: f64,
}

impl Record {
    /// It is enough to be the floor.
    pub(super) fn settled(&self) -> bool {
        self.attempts >= SETTLED
    }
}

/// One earlier window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// Seconds after midnight at its start, UTC.
    pub clock: i64,
    /// How long it was, in seconds.
    pub duration: i64,
    /// Its events.
    pub events: f64,
    /// Its attempts.
    pub attempts: f64,
}

impl Pattern {
    /// Whether it is large enough to be the same as a window.
    fn repeats(&self, window: &Window, duration: i64) -> bool {
        let rate = self.events / self.attempts.max(1.0);
        if duration <= SLACK && self.duration <= SLACK {
            // As within one log: so many of the attempts there were.
            let part = (self.attempts / window.attempts).min(1.0);
            return self.events >= 0.4 * window.events * part
                && self.events >= 2.5 * self.attempts * window.floor + 2.0;
        }
        self.events >= 0.4 * window.events || (rate >= 0.4 * window.rate() && self.events >= 6.0)
    }
}

/// All that is carried for one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Its rate.
    pub record: Record,
    /// The newest windows of at most half a day, oldest first.
    pub patterns: Vec<Pattern>,
    /// The spike that was still there when the last log ended: from when to when.
    pub running: Option<Range<i64>>,
}

impl Past {
    /// Of a key that was never seen: not one event in so many attempts at its provider, decayed like any record.
    pub fn unseen(attempts: f64) -> Past {
        Past { record: Record { attempts, ..Record::default() }, ..Past::default() }
    }

    /// The record of attempts at a provider after a log with so many.
    pub fn attempts(before: f64, log: &Grid, attempts: f64) -> f64 {
        decay(log) * before + attempts
    }

    /// Whether such a window was there at that clock time on an earlier day.
    pub(super) fn knows(&self, series: &Series, window: &Window) -> bool {
        let grid = series.grid();
        let (start, end) = (grid.instant(window.bins.start), grid.instant(window.bins.end));
        let duration = end - start;
        // What is longer than half a day is at every clock time.
        if duration > DAY / 2 || self.continues(grid, window) {
            return false;
        }
        self.patterns.iter().any(|pattern| {
            let apart = (start + duration / 2 - pattern.clock - pattern.duration / 2).rem_euclid(DAY);
            let near = grid.width.max(SLACK).max(duration.max(pattern.duration) / 2);
            apart.min(DAY - apart) <= near && pattern.repeats(window, duration)
        })
    }

    /// Whether a window goes on with the spike that ran when the last log ended.
    pub(super) fn continues(&self, grid: &Grid, window: &Window) -> bool {
        let (start, end) = (grid.instant(window.bins.start), grid.instant(window.bins.end));
        self.running.as_ref().is_some_and(|running| joined(grid.width, running, &(start..end)))
    }

    /// When the spike began that a window goes on with.
    pub fn running_since(&self, grid: &Grid, window: &Window) -> Option<i64> {
        self.running.as_ref().filter(|_| self.continues(grid, window)).map(|running| running.start)
    }

    /// When a spike began that has become the normal state by the end of this window.
    pub fn accepted(&self, grid: &Grid, window: &Window) -> Option<i64> {
        let since = self.running_since(grid, window)?;
        (grid.instant(window.bins.end) - since >= ACCEPTED).then_some(since)
    }

    /// What is carried on after a log. `windows` are its findings on this key.
    pub fn after<'w>(
        &self,
        key: &Key,
        verdict: &Verdict,
        windows: impl Iterator<Item = &'w Window> + Clone,
    ) -> Past {
        let (series, grid) = (&key.series, key.series.grid());
        let decay = decay(grid);
        let accepted = windows.clone().any(|window| self.accepted(grid, window).is_some());
        // What is doubtful is no part of the normal state.
        let suspects = verdict.candidates.iter().filter(|window| window.score >= LEAST_SCORE);
        let suspects = suspects.chain(&verdict.windows).filter(|_| !accepted);
        let ordinary = Totals::outside(series, suspects);
        let old = &self.record;
        let seen = verdict.floor.as_ref().map_or((0.0, 0.0), |floor| floor.seen);
        let known = old.chunks + seen.1;
        let variance = if known > 0.0 { (old.chunks * old.variance + seen.1 * seen.0) / known } else { 0.0 };
        let record = Record {
            events: decay * old.events + ordinary.events as f64,
            attempts: decay * old.attempts + ordinary.attempts as f64,
            variance,
            days: decay * old.days + (grid.instant(grid.bins) - grid.start) as f64 / DAY as f64,
            calm_events: decay * old.calm_events + ordinary.calm.0 as f64,
            calm_attempts: decay * old.calm_attempts + ordinary.calm.1 as f64,
            chunks: (decay * old.chunks + seen.1.min(NIGHT_CHUNKS)).min(MOST_CHUNKS),
        };
        let mut patterns = self.patterns.clone();
        // What comes again may have been too small a cluster yesterday.
        patterns.extend(verdict.candidates.iter().filter_map(|window| pattern(grid, window)));
        patterns.drain(..patterns.len().saturating_sub(PATTERNS));
        let running = windows
            .filter(|window| matches!(window.kind, Kind::Spike | Kind::Level))
            .max_by_key(|window| window.bins.end)
            .map(|window| {
                let own = grid.instant(window.bins.start)..grid.instant(window.bins.end);
                let earlier = self.running.as_ref().filter(|_| self.continues(grid, window));
                earlier.map_or(own.start, |running| running.start.min(own.start))..own.end
            })
            // A night without it may be a pause.
            .or_else(|| {
                let end = grid.instant(grid.bins);
                self.running.clone().filter(|running| joined(grid.width, running, &(end..end)))
            });
        Past { record, patterns, running }
    }
}

/// What is left of a record when such a log has been read.
fn decay(log: &Grid) -> f64 {
    DAILY.powf((log.instant(log.bins) - log.start) as f64 / DAY as f64)
}

/// Whether a stretch goes on with an earlier one: the gap is short, as such or beside the longer of them.
pub(super) fn joined(width: i64, earlier: &Range<i64>, later: &Range<i64>) -> bool {
    let longer = (earlier.end - earlier.start).max(later.end - later.start);
    later.start - earlier.end <= (4 * width).max(longer)
}

fn pattern(grid: &Grid, window: &Window) -> Option<Pattern> {
    let start = grid.instant(window.bins.start);
    let duration = grid.instant(window.bins.end) - start;
    (duration <= DAY / 2).then(|| Pattern {
        clock: start.rem_euclid(DAY),
        duration,
        events: window.events,
        attempts: window.attempts,
    })
}

/// Counts of a stretch.
struct Totals {
    events: u64,
    attempts: u64,
    /// Events and attempts beside campaigns.
    calm: (u64, u64),
}

impl Totals {
    /// What lies outside some windows.
    fn outside<'w>(series: &Series, windows: impl Iterator<Item = &'w Window>) -> Totals {
        let totals = |bins: Range<usize>| Totals {
            events: series.events(bins.clone()),
            attempts: series.attempts(bins.clone()),
            calm: series.calm(bins),
        };
        union(windows).into_iter().map(totals).fold(totals(series.all()), |all, part| Totals {
            events: all.events - part.events,
            attempts: all.attempts - part.attempts,
            calm: (all.calm.0 - part.calm.0, all.calm.1 - part.calm.1),
        })
    }
}

/// The stretches of some windows, without overlaps.
fn union<'w>(windows: impl Iterator<Item = &'w Window>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = windows.map(|window| window.bins.clone()).collect();
    all.sort_by_key(|bins| bins.start);
    all.dedup_by(|next, kept| {
        let overlap = next.start <= kept.end;
        if overlap {
            kept.end = kept.end.max(next.end);
        }
        overlap
    });
    all
}
