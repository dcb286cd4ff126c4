//! Attempts over time, and each party's part in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Buckets, Width};

/// Attempts, and how many of them repeat an earlier one of the same message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// All.
    pub count: u64,
    /// Those of them that were retries.
    pub retries: u64,
}

impl Tries {
    /// One attempt.
    pub fn one(retry: bool) -> Tries {
        Tries { count: 1, retries: u64::from(retry) }
    }

    /// Adds others.
    pub fn add(&mut self, other: Tries) {
        self.count += other.count;
        self.retries += other.retries;
    }
}

impl std::iter::Sum for Tries {
    fn sum<I: Iterator<Item = Tries>>(all: I) -> Tries {
        all.fold(Tries::default(), |mut sum, tries| {
            sum.add(tries);
            sum
        })
    }
}

/// One party's part in the attempts of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// By start of the bucket ([`Width::of_parts`]); `None` for lines without a stamp.
    pub buckets: Buckets,
}

impl Party {
    /// Over all.
    pub fn tries(&self) -> Tries {
        self.buckets.values().copied().sum()
    }

    /// Adds another's.
    pub fn merge(&mut self, other: Party) {
        self.buckets.merge(other.buckets);
    }
}

/// All parties of one kind by name, in lower case; many keys have the same ones, which share their names. `None` is those whose
/// name is not known, where they are counted.
pub type Parties = BTreeMap<Option<Arc<str>>, Party>;

pub(super) fn merge(own: &mut Parties, others: Parties) {
    for (name, party) in others {
        own.entry(name).or_default().merge(party);
    }
}

/// Makes the buckets as wide as those of parts are at this width.
pub(super) fn widen(parties: &mut Parties, width: Width) {
    let parts = width.of_parts();
    for party in parties.values_mut() {
        party.buckets.rename(|bucket| bucket.map(|at| parts.floor(at)));
    }
}
