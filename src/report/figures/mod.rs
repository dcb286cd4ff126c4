//! What a postmaster watches over weeks: which answers became more, when enforcement was met, whether dead addresses stay
//! few, and what became of the mail that was put off.

mod deferrals;
mod distribution;
mod enforcement;
mod parts;
mod timeline;

use serde::Serialize;

use super::rows::{Natures, Outcomes, meaning};
use crate::analysis::Nature;
use crate::catalog::{Catalog, Deferral, Meaning};
use crate::smtp::Direction;
use crate::summary::{Counts, Key};
use crate::time::Instant;

pub use deferrals::{Deferrals, Recovered, Within};
pub use distribution::{Change, Distribution, PartRow, ProviderParts, Share};
pub use enforcement::EnforcementRow;
pub use timeline::{BucketRow, Timeline};

/// An answer of another host, with what it means: looked up once for all figures.
pub(super) struct Told<'a> {
    pub(super) key: &'a Key,
    pub(super) counts: &'a Counts,
    pub(super) meaning: Meaning<'a>,
    pub(super) nature: Nature,
    /// The counts of its buckets in order, without those of lines that have no stamp.
    pub(super) dated: Vec<(Instant, u64)>,
}

/// The answers of other hosts.
pub(super) fn told<'a>(keys: &[(&'a Key, &'a Counts)], catalog: &'a Catalog) -> Vec<Told<'a>> {
    keys.iter()
        .filter(|(key, _)| key.direction == Direction::Out)
        .map(|&(key, counts)| {
            let meaning = meaning(catalog, key);
            let dated = counts.buckets.iter().filter_map(|(at, tries)| Some((at?, tries.count))).collect();
            Told { key, counts, nature: Nature::of(key, &meaning), meaning, dated }
        })
        .collect()
}

/// The first and the last bucket of all.
pub(super) fn ends(told: &[Told<'_>]) -> Option<(Instant, Instant)> {
    let first = told.iter().filter_map(|answer| answer.dated.first()).min_by_key(|(at, _)| *at)?;
    let last = told.iter().filter_map(|answer| answer.dated.last()).max_by_key(|(at, _)| *at)?;
    Some((first.0, last.0))
}

impl Told<'_> {
    /// Why mail was put off; `None` where it was not, or where nothing tells.
    pub(super) fn deferral(&self) -> Option<Deferral> {
        self.meaning.deferral.filter(|_| self.nature.transient)
    }
}

/// What became of the attempts of a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// What became of them.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// Of what nature the refusals were.
    #[serde(flatten)]
    pub natures: Natures,
    /// Put off.
    pub transient: u64,
    /// Put off because it was too much or too fast.
    pub throttling: u64,
    /// Put off because the sender is not known yet.
    pub greylisting: u64,
}

impl Sums {
    fn add(&mut self, told: &Told<'_>, count: u64) {
        self.outcomes.add(told.key.action, count);
        self.natures.add(told.nature, count);
        self.transient += if told.nature.transient { count } else { 0 };
        match told.deferral() {
            Some(Deferral::Throttling) => self.throttling += count,
            Some(Deferral::Greylisting) => self.greylisting += count,
            None => {}
        }
    }
}
