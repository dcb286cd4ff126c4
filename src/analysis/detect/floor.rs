//! A key's own floor: the lower level its rate keeps to when nothing is wrong.
//!
//! Not a mean and not a median: blocks join the floor from the lowest upwards until one of them stands above it with a
//! significance gap. So an incident may cover nine tenths of the log, or its beginning, and does not become the normal state.

use std::ops::Range;

use super::Limits;
use super::carry::Record;
use super::class::Prior;
use super::evidence;
use super::partition::Cell;
use super::series::Series;

/// Evidence, in nats, from which a block is no part of the floor: ln 10^4.
const GAP: f64 = 9.210_340_371_976_184;
/// Chunks of one log weigh at most so much: they are neighbours.
const MOST_CHUNKS: f64 = 12.0;
/// No rate is steadier than this.
const LEAST_VARIANCE: f64 = 0.06;

/// Which blocks begin the floor, and how far it may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seed {
    /// The lowest blocks up to a share of the log.
    Share,
    /// The lowest block alone, and nothing that is several times higher: for ramps, whose steps blend into each other.
    Lowest,
}

/// The floor.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    /// Which blocks belong to it.
    pub(super) member: Vec<bool>,
    /// Events and attempts in them.
    pub(super) y: f64,
    pub(super) n: f64,
    /// Its rate.
    pub(super) rate: f64,
    /// Relative variance of the rate, learned.
    pub(super) kappa: f64,
    /// Relative variance of a rate measured against it: what it moves by itself, and how little is known of it.
    pub(super) spread: f64,
    /// What a campaign adds to that.
    pub(super) campaign: f64,
    /// Prior shape, and attempts it is worth.
    pub(super) a0: f64,
    pub(super) b0: f64,
    /// Bins with events, and bins with attempts.
    pub(super) event_bins: f64,
    pub(super) busy_bins: f64,
    /// What this log alone says of the variance, and from how many chunks.
    pub(super) seen: (f64, f64),
}

impl Floor {
    /// Finds the floor among blocks; there must be one at least.
    pub(super) fn find(
        series: &Series,
        blocks: &[Cell],
        prior: Prior,
        record: &Record,
        seed: Seed,
        limits: &Limits,
    ) -> Floor {
        let (a0, b0) = (prior.shape + record.events, prior.shape / prior.mean + record.attempts);
        let weight = limits.prior_chunks + record.chunks;
        let k0 = (limits.prior_chunks * prior.variance + record.chunks * record.variance) / weight;
        let member = members(series, blocks, prior, record, (a0, b0, k0), seed, limits);
        let floor_blocks =
            || blocks.iter().zip(&member).filter(|(_, member)| **member).map(|(block, _)| block);
        let y: f64 = floor_blocks().map(|block| block.y as f64).sum();
        let n: f64 = floor_blocks().map(|block| block.n as f64).sum();
        let surplus: f64 = floor_blocks().map(|block| series.surplus(block.bins.clone()) as f64).sum();
        let ranges: Vec<Range<usize>> = floor_blocks().map(|block| block.bins.clone()).collect();
        let rate = rate(a0 + y, b0 + n).max(calm_rate(series, &ranges, prior, record));
        let seen = variance(series, &ranges, rate);
        let chunks = seen.1.min(MOST_CHUNKS);
        let kappa = ((weight * k0 + chunks * seen.0) / (weight + chunks)).max(LEAST_VARIANCE);
        let event_bins: usize = ranges.iter().map(|bins| series.event_bins_in(bins.clone()).count()).sum();
        let busy_bins: u64 = ranges.iter().map(|bins| series.busy(bins.clone())).sum();
        Floor {
            y,
            n,
            rate,
            kappa,
            spread: kappa + 1.0 / (a0 + y) + prior.campaign * share(surplus, n + record.attempts).powi(2),
            campaign: prior.campaign,
            a0,
            b0,
            event_bins: event_bins as f64,
            busy_bins: busy_bins as f64,
            seen,
            member,
        }
    }
}

/// How surely `y` events in the `n` attempts of a stretch lie above a rate, in nats.
pub(super) fn strength(
    series: &Series,
    bins: &Range<usize>,
    (y, n): (f64, f64),
    rate: f64,
    spread: f64,
    campaign: f64,
) -> f64 {
    let lists = lists(series, bins, n, campaign);
    let whole = evidence::of_rate(y, n, rate, 1.0 / (spread + lists));
    if lists == 0.0 {
        return whole;
    }
    // The mail beside the campaign may be proof enough.
    let calm = series.calm(bins.clone());
    whole.max(evidence::of_rate(calm.0 as f64, calm.1 as f64, rate, 1.0 / spread))
}

/// The variance of lists in a stretch. One campaign is one draw from the lists there are, however many mails it has: its variance
/// does not fall with their number, and goes into a mean with the square of its share.
pub(super) fn lists(series: &Series, bins: &Range<usize>, attempts: f64, campaign: f64) -> f64 {
    campaign * share(series.surplus(bins.clone()) as f64, attempts).min(1.0).powi(2)
}

/// How much of some mail is campaigns.
fn share(surplus: f64, attempts: f64) -> f64 {
    if attempts > 0.0 { surplus / attempts } else { 0.0 }
}

/// A rate the arithmetic can stand.
fn rate(y: f64, n: f64) -> f64 {
    (y / n).min(0.9)
}

fn members(
    series: &Series,
    blocks: &[Cell],
    prior: Prior,
    record: &Record,
    (a0, b0, k0): (f64, f64, f64),
    seed: Seed,
    limits: &Limits,
) -> Vec<bool> {
    let smooth = |block: &Cell| (block.y as f64 + 0.25) / (block.n as f64 + 0.25 / prior.mean);
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by(|a, b| smooth(&blocks[*a]).total_cmp(&smooth(&blocks[*b])));

    let mut member = vec![false; blocks.len()];
    let surplus = |at: usize| series.surplus(blocks[at].bins.clone()) as f64;
    let (mut y, mut n, mut campaigns) = (0.0, 0.0, 0.0);
    let mut join = |at: usize, y: &mut f64, n: &mut f64, campaigns: &mut f64| {
        member[at] = true;
        *y += blocks[at].y as f64;
        *n += blocks[at].n as f64;
        *campaigns += surplus(at);
    };
    let duration: usize = blocks.iter().map(Cell::duration).sum();
    let wanted = match seed {
        Seed::Share if record.settled() => 0.0,
        Seed::Share => limits.floor_share * duration as f64,
        Seed::Lowest => f64::MIN_POSITIVE,
    };
    let mut covered = 0;
    let mut rest = order.into_iter().peekable();
    while (covered as f64) < wanted
        && let Some(at) = rest.next()
    {
        covered += blocks[at].duration();
        join(at, &mut y, &mut n, &mut campaigns);
    }
    let cap = match seed {
        Seed::Share => f64::INFINITY,
        Seed::Lowest => 4.0 * (y + a0 + 2.0 * (y + 1.0).sqrt()) / (n + b0),
    };
    for at in rest {
        let block = &blocks[at];
        let spread = k0 + 1.0 / (a0 + y) + prior.campaign * share(campaigns, n + record.attempts).powi(2);
        let counts = (block.y as f64, block.n as f64);
        let gap = strength(series, &block.bins, counts, rate(a0 + y, b0 + n), spread, prior.campaign);
        if gap >= GAP || (block.y >= 6 && block.rate() > cap) {
            break;
        }
        join(at, &mut y, &mut n, &mut campaigns);
    }
    member
}

/// The rate of ordinary mail, where a record tells it. Earlier nights may be mostly one campaign, and tonight have none.
fn calm_rate(series: &Series, floor: &[Range<usize>], prior: Prior, record: &Record) -> f64 {
    if !record.settled() {
        return 0.0;
    }
    let (mut y, mut n) = (prior.shape + record.calm_events, prior.shape / prior.mean + record.calm_attempts);
    for bins in floor {
        let calm = series.calm(bins.clone());
        y += calm.0 as f64;
        n += calm.1 as f64;
    }
    rate(y, n)
}

/// How much the rate of the floor moved between chunks of an hour or more, beyond what chance makes of counts, and from how
/// many chunks that is known. Counts are cut off above, so that a burst too small to stand out does not pass for restlessness.
fn variance(series: &Series, floor: &[Range<usize>], rate: f64) -> (f64, f64) {
    let bins = series.grid().bins;
    let size = series.grid().spanning(3_600).max(bins / 48);
    let (mut sum, mut weights, mut chunks) = (0.0, 0.0, 0.0);
    let mut at = 0;
    for start in (0..bins / size).map(|chunk| chunk * size) {
        let end = start + size;
        while floor.get(at).is_some_and(|range| range.end <= start) {
            at += 1;
        }
        let (mut y, mut n) = (0.0, 0.0);
        for range in floor[at..].iter().take_while(|range| range.start < end) {
            let part = range.start.max(start)..range.end.min(end);
            y += series.events(part.clone()) as f64;
            n += series.attempts(part) as f64;
        }
        let mu = n * rate;
        if mu >= 2.0 {
            let y = y.min(2.5 * mu + 4.0);
            let weight = mu / (1.0 + 0.2 * mu);
            sum += weight * ((y - mu).powi(2) - mu) / (mu * mu);
            weights += weight;
            chunks += 1.0;
        }
    }
    if chunks < 4.0 {
        return (0.0, 0.0);
    }
    ((sum / weights).max(0.0), chunks)
}
