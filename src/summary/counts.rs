//! The counts of one key: over time, by sender domain, and what the refusals among them have in common.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Place, Span, Width};
use crate::time::Instant;

/// Attempts, and how many of them repeat an earlier one of the same message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// All.
    pub count: u64,
    /// Those of them that were retries.
    pub retries: u64,
}

impl Tries {
    /// Adds others.
    pub fn add(&mut self, other: Tries) {
        self.count += other.count;
        self.retries += other.retries;
    }
}

/// One sender domain's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Over all.
    pub span: Span,
    /// By start of the bucket ([`Width::of_parts`]); `None` for lines without a stamp.
    pub buckets: BTreeMap<Option<Instant>, u64>,
}

impl Party {
    fn merge(&mut self, other: Party) {
        self.span.merge(other.span);
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
    }
}

/// Lines kept of a bucket.
pub const LINES: usize = 3;

/// A log line that shows a refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// When it was written.
    pub at: Option<Instant>,
    /// Name of the input.
    pub input: String,
    /// Line number, from 1.
    pub line: u64,
    /// The start of the line.
    pub text: String,
}

impl Shown {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place { input: self.input.clone(), line: self.line, text: self.text.clone() }
    }
}

/// What the refusals of one bucket have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// By host that refused; absent where the line names none.
    pub relays: BTreeMap<String, u64>,
    /// By recipient domain.
    pub recipient_domains: BTreeMap<String, u64>,
    /// By host of ours that wrote the line.
    pub hosts: BTreeMap<String, u64>,
    /// Messages that met this answer here first.
    pub messages: u64,
    /// The first lines. They hold addresses, so they are never written to a file.
    #[serde(skip)]
    pub lines: Vec<Shown>,
}

impl Refusals {
    fn merge(&mut self, other: Refusals) {
        let sums = [
            (&mut self.relays, other.relays),
            (&mut self.recipient_domains, other.recipient_domains),
            (&mut self.hosts, other.hosts),
        ];
        for (own, others) in sums {
            for (name, count) in others {
                *own.entry(name).or_default() += count;
            }
        }
        self.messages += other.messages;
        // The first of both, whichever way round they are merged.
        self.lines.extend(other.lines);
        self.lines.sort();
        self.lines.truncate(LINES);
    }
}

/// Seconds that recipients waited at most, for each class of [`Waits`] but the last.
pub const WAITS: [i64; 6] = [300, 900, 1_800, 3_600, 14_400, 86_400];

/// How long recipients waited from their first deferral until they were delivered: how many up to each of [`WAITS`], and
/// how many longer.
pub type Waits = [u64; WAITS.len() + 1];

/// The counts of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By bucket start; `None` for lines without a stamp.
    pub buckets: BTreeMap<Option<Instant>, Tries>,
    /// By envelope sender domain, lower case; `"<>"` is the null sender, `None` is not known. Empty unless the key's direction is `Out`.
    pub senders: BTreeMap<Option<String>, Party>,
    /// Of refusals by other hosts: what they have in common, by bucket start ([`Width::of_parts`]).
    pub refusals: BTreeMap<Option<Instant>, Refusals>,
    /// Recipients that still wait when the log ends, and whose last answer this was.
    pub waiting: u64,
    /// Recipients that were delivered in the end, and whose last refusal this was.
    pub recovered: Waits,
    /// Over all.
    pub span: Span,
}

impl Counts {
    pub(super) fn merge(&mut self, other: Counts) {
        for (bucket, tries) in other.buckets {
            self.buckets.entry(bucket).or_default().add(tries);
        }
        for (sender, party) in other.senders {
            self.senders.entry(sender).or_default().merge(party);
        }
        for (bucket, refusals) in other.refusals {
            self.refusals.entry(bucket).or_default().merge(refusals);
        }
        self.waiting += other.waiting;
        self.recovered.iter_mut().zip(other.recovered).for_each(|(own, other)| *own += other);
        self.span.merge(other.span);
    }

    /// Makes the buckets as wide as this.
    pub(super) fn widen(&mut self, width: Width) {
        let own = std::mem::take(self);
        let parts = width.of_parts();
        for (bucket, tries) in own.buckets {
            self.buckets.entry(bucket.map(|at| width.floor(at))).or_default().add(tries);
        }
        for (sender, mut party) in own.senders {
            for (bucket, count) in std::mem::take(&mut party.buckets) {
                *party.buckets.entry(bucket.map(|at| parts.floor(at))).or_default() += count;
            }
            self.senders.insert(sender, party);
        }
        for (bucket, refusals) in own.refusals {
            self.refusals.entry(bucket.map(|at| parts.floor(at))).or_default().merge(refusals);
        }
        self.waiting = own.waiting;
        self.recovered = own.recovered;
        self.span = own.span;
    }
}
