//! The detector: when did an answer's *rate* rise far above what it is there otherwise?
//!
//! Pure arithmetic on counts by bin: no clock, no chance, no order of hashing. A raw count is never tested, for the volume
//! of mail rightly changes a hundredfold when a campaign starts; what is tested is the share of attempts that had the answer.
//!
//! ```text
//! Series          one key: attempts and events by bin, first attempts apart from retries
//! partition       bins to blocks of one rate each
//! floor           the level below; what joins it and how much it moves by itself
//! window          what stands above it, and how surely
//! recurrence      the same at the same clock time on other days is no alert
//! log             all keys together: code migrations, false discoveries, levels
//! carry           what a night leaves to the next one
//! alarm           when a spike would first have been told
//! ```
//!
//! To feed it: count attempts per provider and events per (provider, code) in buckets of a minute, repeated attempts of a message
//! apart. [`Grid::covering`] tells the bins to look at, [`Grid::bin`] where a bucket belongs; several buckets of one bin add up.
//! One [`Exposure`] for each provider, one [`Series`] and [`Key`] for each code of it; then [`windows`] of each key, in any
//! order or side by side, and [`settle`] over all keys of the log. Keys by sender domain or relay are a family of their own: settle
//! them apart, over the attempts of the same domain or relay.
//!
//! Two rules go beyond the arithmetic. *One campaign is one draw*: where most of a window's attempts, or of the floor's, are a
//! newsletter's, its list may just be worse or better, so its variance does not fall with the number of mails
//! ([`Prior::campaign`]); ordinary mail is the steadier for it. *What a night does not know, the record does*: how ordinary mail
//! fared, which small clusters come every day, and in how many nights a window might have been found ([`Record`]).

mod alarm;
mod carry;
mod class;
mod envelope;
mod evidence;
mod floor;
mod grid;
mod jobs;
mod log;
mod nights;
mod partition;
mod recurrence;
mod series;
mod window;

pub use alarm::alarm;
pub use carry::{Past, Pattern, Record};
pub use class::{Class, Prior};
pub use grid::{DAY, Grid, MOST_BINS};
pub use jobs::side_by_side;
pub use log::{Finding, Key, Threshold, settle, tried};
pub use nights::nightly;
pub use series::{Count, Exposure, Series};
pub use window::{Kind, Shape, Window};

use floor::{Floor, Seed};
use window::Scale;

/// What may be set. The defaults were measured on simulated logs, as rules for all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Fewer events make no window.
    pub min_events: f64,
    /// A window is at least this many times its floor.
    pub min_ratio: f64,
    /// A window's least score.
    pub min_score: f64,
    /// Nats a block must be worth.
    pub penalty: f64,
    /// More cells are joined before blocks are sought.
    pub max_cells: usize,
    /// Share of the log that is floor in any case.
    pub floor_share: f64,
    /// Two runs are one if the gap between them is at most this many times the longer one.
    pub merge_gap: f64,
    /// Events one message to many recipients may make, forgiven where events come in clusters.
    pub cluster: f64,
    /// A prior's variance weighs like so many chunks that were counted.
    pub prior_chunks: f64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            min_events: 6.0,
            min_ratio: 2.5,
            min_score: 3.0,
            penalty: 8.0,
            max_cells: 1024,
            floor_share: 0.05,
            merge_gap: 1.0,
            cluster: 12.0,
            prior_chunks: 8.0,
        }
    }
}

/// What a key is, beyond its counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nature {
    /// What is known of its rate.
    pub prior: Prior,
    /// A 4.x.x code: what was put off is tried again.
    pub transient: bool,
    /// One of the sender requirements.
    pub enforcement: bool,
}

/// What one series shows.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Windows in time order.
    pub windows: Vec<Window>,
    /// All stretches above the floor, weak ones among them.
    candidates: Vec<Window>,
    /// The floor, where there was enough to look for one.
    floor: Option<Floor>,
}

/// The windows of one key: spikes, and what recurs. Which of them are alerts depends on the whole log: see [`settle`].
pub fn windows(key: &Key, limits: &Limits) -> Verdict {
    let (series, past) = (&key.series, &key.past);
    let cells = partition::cells(series, limits.max_cells);
    if (series.events(series.all()) as f64) < limits.min_events / 2.0 || cells.len() < 2 {
        return Verdict::default();
    }
    let blocks = partition::blocks(&cells, limits.penalty);
    let scale = Scale {
        series,
        blocks: &blocks,
        // A record was looked at night by night.
        tries: cells.len().max(2) as f64 * past.record.days.max(1.0),
        transient: key.nature.transient,
        limits,
    };
    let look = |seed: Seed| {
        let floor = Floor::find(series, &blocks, key.nature.prior, &past.record, seed, limits);
        let candidates = scale.candidates(&floor);
        let mut windows = candidates.clone();
        windows.retain(|window| window.score >= limits.min_score && window.events >= limits.min_events);
        for window in &mut windows {
            if recurrence::recurs(series, &window.bins, floor.rate) || past.knows(series, window) {
                window.kind = Kind::Recurring;
            }
        }
        (floor, candidates, windows)
    };
    let (floor, candidates, mut windows) = look(Seed::Share);
    let calm = windows.iter().all(|window| window.kind != Kind::Spike);
    if calm && blocks.len() >= 2 && !past.record.settled() {
        let (start, end) = (cells[0].bins.start, cells[cells.len() - 1].bins.end);
        let (_, _, more) = look(Seed::Lowest);
        windows.extend(more.into_iter().filter(|window| {
            window.kind == Kind::Spike
                && (window.bins.start <= start || window.bins.end + 1 >= end)
                && window.events >= 4.0 * window.attempts * window.floor
                && window.score >= 6.0
        }));
        windows.sort_by_key(|window| window.bins.start);
    }
    Verdict { windows, candidates, floor: Some(floor) }
}

#[cfg(test)]
mod tests;
