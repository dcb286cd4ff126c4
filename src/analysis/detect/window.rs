//! Windows: stretches whose rate lies above the floor, with how surely.

use std::f64::consts::LN_10;
use std::ops::Range;

use super::Limits;
use super::evidence;
use super::floor::{Floor, lists, strength};
use super::partition::Cell;
use super::series::Series;

/// Less is not even doubtful.
const LEAST_EVENTS: f64 = 3.0;
pub(super) const LEAST_SCORE: f64 = 1.0;

/// What a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The rate rose well above the floor: the only kind that is an alert.
    Spike,
    /// What is too much here is missing at a sibling code: the receiver calls the same thing by another name.
    Shift,
    /// Enforcement at an elevated, constant rate through the whole log: there is no onset.
    Level,
    /// The same at the same time of other days: a nightly batch.
    Recurring,
}

impl Kind {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Spike => "spike",
            Kind::Shift => "shift",
            Kind::Level => "level",
            Kind::Recurring => "recurring",
        }
    }
}

/// How a window's rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One bin.
    Burst,
    /// On and off.
    Flapping,
    /// Rising.
    Ramp,
    /// Up, and there.
    Step,
}

/// A stretch of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its bins.
    pub bins: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// About minus log10 of the chance of such a window, all places it might have been at taken into account.
    pub score: f64,
    /// Events of first attempts in it, less the retries that pass for such.
    pub events: f64,
    /// First attempts in it.
    pub attempts: f64,
    /// The rate it rose from.
    pub floor: f64,
    /// How its rate goes.
    pub shape: Shape,
    /// It begins with the log: it was already running.
    pub from_start: bool,
    /// It lasts to the end of the log's attempts.
    pub ongoing: bool,
}

impl Window {
    /// Share of attempts with an event.
    pub fn rate(&self) -> f64 {
        if self.attempts > 0.0 { self.events / self.attempts } else { 0.0 }
    }
}

/// Non-floor blocks that make one incident.
struct Run {
    blocks: Vec<usize>,
    bins: Range<usize>,
    /// How often it broke off, plus one.
    parts: usize,
}

/// What the candidates of one series have in common.
pub(super) struct Scale<'a> {
    pub(super) series: &'a Series,
    pub(super) blocks: &'a [Cell],
    /// In how many places a window might have been found.
    pub(super) tries: f64,
    /// What was put off is tried again.
    pub(super) transient: bool,
    pub(super) limits: &'a Limits,
}

impl Scale<'_> {
    /// The stretches above a floor, in time order. All that would stand out if events never came in clusters, with the scores
    /// they have because events do.
    pub(super) fn candidates(&self, floor: &Floor) -> Vec<Window> {
        let runs = runs(self.blocks, floor, self.limits);
        runs.into_iter().filter_map(|run| self.weigh(floor, run)).collect()
    }

    fn score(&self, nats: f64) -> f64 {
        (nats - self.tries.max(2.0).ln()) / LN_10
    }

    fn weigh(&self, floor: &Floor, mut run: Run) -> Option<Window> {
        let (series, blocks) = (self.series, self.blocks);
        trim(blocks, &mut run.blocks);
        let (first, last) = (*run.blocks.first()?, *run.blocks.last()?);
        let bins = blocks[first].bins.start..blocks[last].bins.end;
        let start = series.event_bins_in(bins.clone()).next()?.bin;
        let bins = start..series.event_bins_in(bins).next_back()?.bin + 1;
        let p = floor.rate;
        let n: f64 = run.blocks.iter().map(|at| blocks[*at].n as f64).sum();
        let mut y: f64 = run.blocks.iter().map(|at| blocks[*at].y as f64).sum();
        if self.transient {
            // Some retries pass for first attempts: a clock that was off, a queue that was flushed by hand.
            y -= 0.01 * series.retries(bins.clone()) as f64;
        }
        if y < LEAST_EVENTS || y < self.limits.min_ratio * n * p {
            return None;
        }
        let mut nats = strength(series, &bins, (y, n), p, floor.spread, floor.campaign);
        if self.score(nats) < LEAST_SCORE {
            return None;
        }
        if floor.event_bins < 0.5 * floor.busy_bins {
            let several = several_bins(series, floor, bins.clone());
            let forgiven = y - self.limits.cluster;
            let spread = floor.spread + lists(series, &bins, n, floor.campaign);
            nats = nats.min(several).max(evidence::of_rate(forgiven, n, p, 1.0 / spread));
        }
        Some(Window {
            kind: Kind::Spike,
            score: self.score(nats),
            events: y,
            attempts: n,
            floor: p,
            shape: course(series, &bins, run.parts),
            from_start: start == blocks[0].bins.start,
            ongoing: series.attempts(bins.end..series.grid().bins) == 0,
            bins,
        })
    }
}

/// Runs of blocks above the floor. Two with a gap that is no longer than the longer of them are one: on and off is one incident.
fn runs(blocks: &[Cell], floor: &Floor, limits: &Limits) -> Vec<Run> {
    let mut stretches: Vec<Run> = Vec::new();
    let mut above = false;
    for (at, block) in blocks.iter().enumerate() {
        if floor.member[at] {
            above = false;
            continue;
        }
        match stretches.last_mut() {
            Some(run) if above => {
                run.blocks.push(at);
                run.bins.end = block.bins.end;
            }
            _ => stretches.push(Run { blocks: vec![at], bins: block.bins.clone(), parts: 1 }),
        }
        above = true;
    }
    let mut runs: Vec<Run> = Vec::new();
    for run in stretches {
        match runs.last_mut() {
            Some(last)
                if (run.bins.start - last.bins.end) as f64
                    <= limits.merge_gap * last.bins.len().max(run.bins.len()) as f64 =>
            {
                last.blocks.extend(last.blocks.last().map_or(0, |at| at + 1)..run.blocks[0]);
                last.blocks.extend(run.blocks);
                last.bins.end = run.bins.end;
                last.parts += 1;
            }
            _ => runs.push(run),
        }
    }
    runs
}

/// Cuts off the long tail and what lies far below at the beginning, but not the foot of a ramp.
fn trim(blocks: &[Cell], kept: &mut Vec<usize>) {
    let sums = |kept: &[usize]| {
        kept.iter().fold((0.0, 0.0), |(y, n), at| (y + blocks[*at].y as f64, n + blocks[*at].n as f64))
    };
    let low = |end: usize, rest: &[usize], share: f64| {
        let (y, n) = sums(rest);
        blocks[end].rate() < share * y / n
    };
    while let [rest @ .., last] = kept.as_slice()
        && !rest.is_empty()
        && low(*last, rest, 0.05)
    {
        kept.pop();
    }
    while let [first, rest @ ..] = kept.as_slice()
        && !rest.is_empty()
        && low(*first, rest, 0.01)
    {
        kept.remove(0);
    }
}

/// Noise of codes that are rare comes in clusters: one message to several recipients. So the number of bins with events is
/// asked as well, as if each event bin were one event.
fn several_bins(series: &Series, floor: &Floor, bins: Range<usize>) -> f64 {
    let rate = (floor.a0 + floor.event_bins) / (floor.b0 + floor.n);
    let expected: f64 = bins.clone().map(|bin| -(-rate * series.attempts_at(bin) as f64).exp_m1()).sum();
    let seen = series.event_bins_in(bins).count() as f64;
    evidence::of_bins(seen, expected, 1.0 / (floor.kappa + 1.0 / (floor.a0 + floor.event_bins)))
}

fn course(series: &Series, bins: &Range<usize>, parts: usize) -> Shape {
    if bins.len() == 1 {
        return Shape::Burst;
    }
    if parts >= 3 {
        return Shape::Flapping;
    }
    let third = bins.len().div_ceil(3);
    let rate = |part: Range<usize>| {
        let n = series.attempts(part.clone());
        if n > 0 { series.events(part) as f64 / n as f64 } else { 0.0 }
    };
    let rising = rate(bins.end - third..bins.end) > 2.0 * rate(bins.start..bins.start + third);
    if rising { Shape::Ramp } else { Shape::Step }
}
