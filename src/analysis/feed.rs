//! Counts over time, as the detector wants them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::breakdown::Sums;
use super::detect::{self, Count, Exposure, Grid, Limits, Series, Verdict};
use super::finding::Tried;
use super::memory::Memory;
use super::suspect::{Suspect, provider};
use crate::smtp::Direction;
use crate::summary::{Counts, Key, Summary, Tries};
use crate::time::Instant;

/// All attempts at one provider.
#[derive(Debug, Default)]
pub(super) struct Ward<'a> {
    /// Number among the providers.
    number: usize,
    pub(super) keys: Vec<(&'a Key, &'a Counts)>,
    /// With and without a stamp.
    pub(super) all: Tries,
    /// Of them, by sender domain.
    pub(super) senders: Sums<'a>,
    /// By host that was asked, as far as counted.
    pub(super) relays: Sums<'a>,
    /// By host of ours.
    pub(super) hosts: Sums<'a>,
    /// By bucket start in order, as far as there is a stamp.
    buckets: Vec<(Instant, Tries)>,
}

impl<'a> Ward<'a> {
    /// All providers by short name. Who runs the hosts that nobody knows is not known, so they are one.
    pub(super) fn all(summary: &'a Summary) -> BTreeMap<&'a str, Ward<'a>> {
        let mut wards: BTreeMap<&str, Ward<'_>> = BTreeMap::new();
        for (key, counts) in summary.keys.iter().filter(|(key, _)| key.direction == Direction::Out) {
            let ward = wards.entry(provider(key)).or_default();
            ward.keys.push((key, counts));
            ward.all.add(all(counts));
            for (sums, parties) in [
                (&mut ward.senders, &counts.senders),
                (&mut ward.relays, &counts.relays),
                (&mut ward.hosts, &counts.hosts),
            ] {
                for (name, party) in parties {
                    sums.entry(name.as_deref()).or_default().add(party.tries());
                }
            }
            ward.add(counts);
        }
        wards.values_mut().zip(0..).for_each(|(ward, number)| ward.number = number);
        wards
    }

    /// Adds the attempts of a key by bucket. Keys share most of their buckets: seldom has one some that are new.
    fn add(&mut self, counts: &Counts) {
        let mut known = self.buckets.iter_mut().peekable();
        let mut new = Vec::new();
        for (at, tries) in dated(counts) {
            while known.next_if(|(known, _)| *known < at).is_some() {}
            match known.next_if(|(known, _)| *known == at) {
                Some((_, sum)) => sum.add(tries),
                None => new.push((at, tries)),
            }
        }
        if !new.is_empty() {
            self.buckets.extend(new);
            self.buckets.sort_by_key(|(at, _)| *at);
        }
    }

    /// Attempts by bin.
    pub(super) fn exposure(&self, grid: &Grid) -> Arc<Exposure> {
        let counts = self.buckets.iter().filter_map(|(at, tries)| binned(grid, *at, *tries));
        Arc::new(Exposure::new(grid, counts))
    }

    /// Attempts in a stretch.
    pub(super) fn tries(&self, stretch: &Range<Instant>) -> Tries {
        let before = |end: Instant| self.buckets.partition_point(|(at, _)| *at < end);
        let (first, end) = (before(stretch.start), before(stretch.end));
        self.buckets.get(first..end).unwrap_or_default().iter().map(|(_, tries)| *tries).sum()
    }
}

/// All attempts of a key.
fn all(counts: &Counts) -> Tries {
    counts.buckets.values().copied().sum()
}

/// All events of a suspect.
pub(super) fn all_events(suspect: &Suspect<'_>) -> Tries {
    suspect.parts.iter().map(|counts| all(counts)).sum()
}

/// The buckets with a stamp.
fn dated(counts: &Counts) -> impl Iterator<Item = (Instant, Tries)> {
    counts.buckets.iter().filter_map(|(at, tries)| Some((at?, tries)))
}

/// Events of a suspect in a stretch.
pub(super) fn events(suspect: &Suspect<'_>, stretch: &Range<Instant>) -> Tries {
    let stretch = Some(stretch.start)..Some(stretch.end);
    suspect
        .parts
        .iter()
        .flat_map(|counts| counts.buckets.range(stretch.clone()))
        .map(|(_, tries)| tries)
        .sum()
}

/// Recipients of a suspect that were put off first in a stretch and still wait when the log ends.
pub(super) fn waiting(suspect: &Suspect<'_>, stretch: &Range<Instant>) -> u64 {
    let stretch = Some(stretch.start)..Some(stretch.end);
    suspect
        .parts
        .iter()
        .flat_map(|counts| counts.waiting.range(stretch.clone()))
        .map(|(_, count)| count)
        .sum()
}

/// All of them.
pub(super) fn all_waiting(suspect: &Suspect<'_>) -> u64 {
    suspect.parts.iter().flat_map(|counts| counts.waiting.values()).sum()
}

/// Of attempts and events, those that repeat nothing.
pub(super) fn first(attempts: Tries, events: Tries) -> Tried {
    let attempts = first_of(attempts);
    Tried { attempts, events: first_of(events).min(attempts) }
}

/// Those that repeat nothing.
pub(super) fn first_of(tries: Tries) -> u64 {
    tries.count.saturating_sub(tries.retries)
}

/// The bins all series of a summary lie in. `None` where no line has a stamp, and where the stamps are too far apart to be one log's.
pub(super) fn grid(summary: &Summary, wards: &BTreeMap<&str, Ward<'_>>) -> Option<Grid> {
    let first = wards.values().filter_map(|ward| ward.buckets.first()).map(|(at, _)| *at).min()?;
    let last = wards.values().filter_map(|ward| ward.buckets.last()).map(|(at, _)| *at).max()?;
    Grid::of_buckets(summary.width, first, last)
}

/// The bin of a bucket, with its count.
fn binned(grid: &Grid, at: Instant, tries: Tries) -> Option<(usize, Count)> {
    Some((grid.bin(at)?, Count { all: tries.count, retries: tries.retries }))
}

/// The detector's key for each suspect, in their order.
pub(super) fn keys(
    suspects: &[Suspect<'_>],
    wards: &BTreeMap<&str, Ward<'_>>,
    grid: Grid,
    memory: &Memory,
) -> Vec<detect::Key> {
    let mut exposures: BTreeMap<usize, Arc<Exposure>> = BTreeMap::new();
    let mut keys = Vec::with_capacity(suspects.len());
    for suspect in suspects {
        let Some(ward) = wards.get(suspect.provider) else { continue };
        let exposure = exposures.entry(ward.number).or_insert_with(|| ward.exposure(&grid));
        let counts = suspect.parts.iter().flat_map(|counts| dated(counts));
        keys.push(detect::Key {
            provider: ward.number,
            code: suspect.code.enhanced,
            nature: suspect.nature(),
            series: Series::new(grid, exposure, counts.filter_map(|(at, tries)| binned(&grid, at, tries))),
            past: memory.past(suspect),
        });
    }
    keys
}

/// What each key shows, in their order.
pub(super) fn verdicts(keys: &[detect::Key]) -> Vec<Verdict> {
    let limits = Limits::default();
    detect::side_by_side(keys.len(), |at| detect::windows(&keys[at], &limits))
}
