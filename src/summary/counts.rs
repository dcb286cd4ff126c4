//! The counts of one key: over time, by the parties to it, and what shows the refusals among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::party::{merge, widen};
use super::{Buckets, Parties, Place, Span, Width};
use crate::time::Instant;

/// Lines kept of a bucket.
pub const LINES: usize = 3;

/// A log line that shows a refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// When it was written.
    pub at: Option<Instant>,
    /// Name of the input.
    pub input: Arc<str>,
    /// Line number, from 1.
    pub line: u64,
    /// The start of the line, as it stands in the log: of thousands a page shows some.
    pub text: Box<[u8]>,
}

impl Shown {
    /// Where it stands.
    pub fn place(&self) -> Place {
        let text = String::from_utf8_lossy(&self.text).into_owned();
        Place { input: self.input.to_string(), line: self.line, text }
    }
}

/// What shows the refusals of one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// Messages that met this answer here first.
    pub messages: u64,
    /// The first lines. They hold addresses, so they are never written to a file.
    /// Copies share them.
    #[serde(skip)]
    pub lines: Arc<Vec<Shown>>,
}

impl Refusals {
    fn merge(&mut self, other: Refusals) {
        self.messages += other.messages;
        if other.lines.is_empty() {
            return;
        }
        // The first of both, whichever way round they are merged.
        let lines = Arc::make_mut(&mut self.lines);
        lines.extend(Arc::unwrap_or_clone(other.lines));
        lines.sort();
        lines.truncate(LINES);
    }
}

/// Seconds that recipients waited at most, for each class of [`Waits`] but the last.
pub const WAITS: [i64; 6] = [300, 900, 1_800, 3_600, 14_400, 86_400];

/// How long recipients waited from their first deferral until they were delivered: how many up to each of [`WAITS`], and
/// how many longer.
pub type Waits = [u64; WAITS.len() + 1];

/// The counts of one key. Of the parties to it only names that a line tells are counted, but for senders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By bucket start; `None` for lines without a stamp.
    pub buckets: Buckets,
    /// By envelope sender domain; `"<>"` is the null sender, `None` is not known. Empty unless the key's direction is
    /// `Out`, as are all parties.
    pub senders: Parties,
    /// By host that was asked. What hosts that nobody knows took is left out: they have no owner among whose hosts one
    /// could stand out, and in a long log there are as many of them as recipient domains.
    pub relays: Parties,
    /// By host of ours that wrote the line.
    pub hosts: Parties,
    /// Refusals by recipient domain. Attempts at all of them would be as long as the lists of all who send.
    pub recipient_domains: Parties,
    /// Of refusals by other hosts, by bucket start ([`Width::of_parts`]).
    pub refusals: BTreeMap<Option<Instant>, Refusals>,
    /// Recipients that still wait when the log ends, and whose last answer this was, by start of the bucket in which they
    /// were put off first.
    pub waiting: BTreeMap<Option<Instant>, u64>,
    /// Recipients that were delivered in the end, and whose last refusal this was.
    pub recovered: Waits,
    /// Over all.
    pub span: Span,
}

impl Counts {
    pub(super) fn merge(&mut self, other: Counts) {
        self.buckets.merge(other.buckets);
        merge(&mut self.senders, other.senders);
        merge(&mut self.relays, other.relays);
        merge(&mut self.hosts, other.hosts);
        merge(&mut self.recipient_domains, other.recipient_domains);
        for (bucket, refusals) in other.refusals {
            self.refusals.entry(bucket).or_default().merge(refusals);
        }
        for (bucket, count) in other.waiting {
            *self.waiting.entry(bucket).or_default() += count;
        }
        self.recovered.iter_mut().zip(other.recovered).for_each(|(own, other)| *own += other);
        self.span.merge(other.span);
    }

    /// Makes the buckets as wide as this.
    pub(super) fn widen(&mut self, width: Width) {
        let bucket = |at: Option<Instant>| at.map(|at| width.floor(at));
        self.buckets.rename(bucket);
        for parties in [&mut self.senders, &mut self.relays, &mut self.hosts, &mut self.recipient_domains] {
            widen(parties, width);
        }
        for (at, refusals) in std::mem::take(&mut self.refusals) {
            let part = at.map(|at| width.of_parts().floor(at));
            self.refusals.entry(part).or_default().merge(refusals);
        }
        for (at, count) in std::mem::take(&mut self.waiting) {
            *self.waiting.entry(bucket(at)).or_default() += count;
        }
    }
}
