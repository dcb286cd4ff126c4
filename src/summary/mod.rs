//! The waist: whole numbers about what was answered, by whom, when, to which sender domain.
//!
//! A summary knows codes and names, no meaning: a corrected catalogue explains old summaries anew without reading a
//! log again. It holds domains, never addresses. Only whole numbers, no top-N and no "other" row in here: a table that
//! was cut off does not merge.

mod buckets;
mod cases;
mod counts;
pub(crate) mod keys;
mod ladder;
mod party;
mod wire;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::smtp::{Action, Code, Direction, Guard};
use crate::time::Instant;

pub use buckets::Buckets;
pub use cases::{Case, Cases, Evidence, Ground, Outage};
pub use counts::{Counts, LINES, Refusals, Shown, WAITS, Waits};
pub use ladder::Width;
pub use party::{Parties, Party, Tries};
pub use wire::{ReadError, read, write};

/// What is counted apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Where mail was going.
    pub direction: Direction,
    /// Short name of the provider; `None` unless `direction` is `Out`.
    pub provider: Option<String>,
    /// What became of the recipient.
    pub action: Action,
    /// What was answered.
    #[serde(flatten)]
    pub code: Code,
    /// Provider tag or phrase in the reply that makes a difference.
    pub marker: Option<String>,
    /// Whose words count, where the reply passes on another server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Quoted>,
    /// Why the reply is no proof against a recipient, whatever its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

/// The reply inside a reply, or the owner of an unknown host, told by its words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quoted {
    /// Short name of its provider; `None` when nothing tells.
    pub provider: Option<String>,
    /// Its codes.
    #[serde(flatten)]
    pub code: Code,
}

/// How often, and between which instants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Number of attempts.
    pub count: u64,
    /// First one with a stamp.
    pub first: Option<Instant>,
    /// Last one with a stamp.
    pub last: Option<Instant>,
}

impl Span {
    /// Counts one more.
    pub fn add(&mut self, at: Option<Instant>) {
        self.merge(Span { count: 1, first: at, last: at });
    }

    /// Adds another span.
    pub fn merge(&mut self, other: Span) {
        self.count += other.count;
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(other.last);
    }
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Name of the input.
    pub input: String,
    /// Line number, from 1.
    pub line: u64,
    /// The start of the line, made printable.
    pub text: String,
}

/// Where every line went. The sum of the classes is `lines`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounting {
    /// All lines of the period.
    pub lines: u64,
    /// Lines that end an attempt for one recipient, to other hosts and on local hops.
    pub attempts: u64,
    /// Lines with which our own server refused somebody.
    pub rejects: u64,
    /// Lines that say something else about a message: queue, arrival, suspended, probes, non-final replies.
    pub other_events: u64,
    /// Lines of other programs.
    pub other_programs: u64,
    /// Lines of the mail server that are about no message, and empty lines.
    pub unrelated: u64,
    /// Lines that could not be read.
    pub not_understood: u64,
    /// The first of them.
    pub first_not_understood: Option<Place>,
    /// `other_programs` by name.
    pub programs: BTreeMap<String, u64>,
    /// Lines outside `--since`/`--until`; not part of `lines`.
    pub outside_period: u64,
    /// Lines longer than what is looked at of a line.
    pub long_lines: u64,
    /// Events beyond those of the lines: repetitions that a syslog daemon counted instead of writing them down.
    #[serde(default)]
    pub repeated: u64,
    /// Lines that syslog daemons say they lost and that may have been the mail server's: what is counted is the least.
    #[serde(default)]
    pub lost: u64,
    /// How often they said so.
    #[serde(default)]
    pub loss_notices: u64,
}

impl Accounting {
    fn merge(&mut self, other: Accounting) {
        self.lines += other.lines;
        self.attempts += other.attempts;
        self.rejects += other.rejects;
        self.other_events += other.other_events;
        self.other_programs += other.other_programs;
        self.unrelated += other.unrelated;
        self.not_understood += other.not_understood;
        if self.first_not_understood.is_none() {
            self.first_not_understood = other.first_not_understood;
        }
        for (program, count) in other.programs {
            *self.programs.entry(program).or_default() += count;
        }
        self.outside_period += other.outside_period;
        self.long_lines += other.long_lines;
        self.repeated += other.repeated;
        self.lost += other.lost;
        self.loss_notices += other.loss_notices;
    }
}

/// Whole numbers that are no sum over the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Messages with at least one attempt to another host.
    pub messages: u64,
    /// Recipients that reached an end (delivered, relayed, failed, expired), and those still delayed.
    pub recipients: u64,
    /// Recipients still delayed where the log ends; part of `recipients`.
    pub waiting: u64,
    /// Lines that repeat an older answer: no host was asked.
    pub suspended: u64,
    /// Messages the queue gave up.
    pub expired: u64,
    /// Messages with the null sender that other hosts sent us: bounces of what was accepted before, and other notices.
    #[serde(default)]
    pub bounces: u64,
}

/// Where the years of stamps without one come from; the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Years {
    /// From marks in the log itself: long queue ids, Exim's own stamps, other lines' stamps.
    Log,
    /// From the user.
    Given,
    /// From the time at which the file was last written.
    FileTime,
    /// From the present.
    Present,
}

/// One input as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Name as given.
    pub name: String,
    /// Bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// How its lines are framed and which mail server wrote them, as found.
    pub format: String,
    /// Where its years come from, if its stamps leave them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<Years>,
    /// Whether all of it was read.
    pub complete: bool,
    /// What is to be said about it.
    pub note: Option<String>,
    /// Hash of how it begins, in hexadecimal: the same log is not added twice.
    pub fingerprint: String,
}

/// All counts over some inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What was read.
    pub inputs: Vec<Input>,
    /// First and last stamp of the lines in the period; `None` where no line has one.
    pub period: Option<(Instant, Instant)>,
    /// Where every line went.
    pub accounting: Accounting,
    /// Totals that are no sum over the keys.
    pub totals: Totals,
    /// How wide the time buckets of the counts are: as the log is long.
    pub width: Width,
    /// The counts; copies of a summary share them until they differ.
    pub keys: BTreeMap<Key, Arc<Counts>>,
}

/// Two summaries hold the same log.
#[derive(Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Name of the input in the first.
    pub first: String,
    /// Name of the input in the second.
    pub second: String,
}

impl std::fmt::Display for Overlap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} and {} begin with the same lines: the same log would be counted twice",
            self.first, self.second
        )
    }
}

impl std::error::Error for Overlap {}

impl Summary {
    /// Adds the counts of other inputs. Refuses inputs that are in here already.
    pub fn merge(&mut self, other: Summary) -> Result<(), Overlap> {
        for input in &other.inputs {
            if let Some(own) =
                self.inputs.iter().find(|own| own.bytes > 0 && own.fingerprint == input.fingerprint)
            {
                return Err(Overlap { first: own.name.clone(), second: input.name.clone() });
            }
        }
        self.inputs.extend(other.inputs);
        self.period = match (self.period, other.period) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.accounting.merge(other.accounting);
        self.totals.messages += other.totals.messages;
        self.totals.recipients += other.totals.recipients;
        self.totals.waiting += other.totals.waiting;
        self.totals.suspended += other.totals.suspended;
        self.totals.expired += other.totals.expired;
        self.totals.bounces += other.totals.bounces;
        let (own, others) = (self.width, other.width);
        let mut keys = other.keys;
        let spans = self.keys.values().chain(keys.values()).map(|counts| counts.span);
        let width = own.max(others).max(width_of(spans));
        self.widen(width);
        if others < width {
            keys.values_mut().for_each(|counts| Arc::make_mut(counts).widen(width));
        }
        for (key, counts) in keys {
            match self.keys.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(counts);
                }
                Entry::Occupied(mut own) => Arc::make_mut(own.get_mut()).merge(Arc::unwrap_or_clone(counts)),
            }
        }
        Ok(())
    }

    /// Makes the time buckets as wide as this.
    fn widen(&mut self, width: Width) {
        if self.width < width {
            self.width = width;
            self.keys.values_mut().for_each(|counts| Arc::make_mut(counts).widen(width));
        }
    }
}

/// The width for all that happened in these spans.
fn width_of(spans: impl Iterator<Item = Span>) -> Width {
    let (mut first, mut last) = (None, None);
    for span in spans {
        first = [first, span.first].into_iter().flatten().min();
        last = last.max(span.last);
    }
    first.zip(last).map_or(Width::default(), |(first, last)| Width::of(first, last))
}
