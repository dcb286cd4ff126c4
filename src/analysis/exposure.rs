//! How much was tried at each provider, when, and from whom: what every rate is measured against.

use std::collections::BTreeMap;

use crate::catalog::UNKNOWN;
use crate::smtp::Direction;
use crate::summary::{Counts, Key, Summary};
use crate::time::Instant;

/// Attempts at one provider.
#[derive(Debug, Default)]
pub(super) struct Exposure<'a> {
    /// All of them, with and without a stamp.
    pub(super) attempts: u64,
    /// By bucket start.
    pub(super) buckets: BTreeMap<Instant, u64>,
    /// By sender domain.
    pub(super) senders: BTreeMap<Option<&'a str>, u64>,
}

impl<'a> Exposure<'a> {
    /// Attempts by provider.
    pub(super) fn by_provider(summary: &'a Summary) -> BTreeMap<&'a str, Exposure<'a>> {
        let mut all: BTreeMap<&str, Exposure<'_>> = BTreeMap::new();
        for (key, counts) in summary.keys.iter().filter(|(key, _)| key.direction == Direction::Out) {
            all.entry(provider(key)).or_default().add(counts);
        }
        all
    }

    /// Adds the counts of one key.
    pub(super) fn add(&mut self, counts: &'a Counts) {
        self.attempts += counts.span.count;
        for (bucket, tries) in &counts.buckets {
            if let Some(bucket) = bucket {
                *self.buckets.entry(*bucket).or_default() += tries.count;
            }
        }
        for (sender, party) in &counts.senders {
            *self.senders.entry(sender.as_deref()).or_default() += party.span.count;
        }
    }

    /// Adds another.
    pub(super) fn join(&mut self, other: Exposure<'a>) {
        self.attempts += other.attempts;
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        for (sender, count) in other.senders {
            *self.senders.entry(sender).or_default() += count;
        }
    }
}

/// The provider of a key, by short name.
pub(super) fn provider(key: &Key) -> &str {
    key.provider.as_deref().unwrap_or(UNKNOWN)
}
