//! Counting: outcomes into numbers, chunk by chunk, joined in log order.
//!
//! The law: reading a log in one piece, or in any pieces absorbed in order, gives the same counts. What crosses the
//! border between two chunks has an open end here: messages whose life goes on (`Messages`). Names become
//! small numbers (`Names`) and become names again in [`Tally::settle`].

mod attribute;
mod keys;
mod names;
mod queue;
mod recipients;

use hashbrown::HashMap;

use crate::catalog::Catalog;
use crate::frame::Record;
use crate::mta::{Event, Kind, Mta, Outcome};
use crate::smtp::{Action, Direction, domain};
use crate::summary::{Counts, Key, Span, Summary, Totals, bucket};
use crate::time::Instant;

pub use attribute::{Attributes, Attributor};
pub use recipients::{Care, Happenings, MESSAGES, Reached, Recipients, ground};

use keys::{Keys, RawKey, Slot};
use names::Names;
use queue::{Attempt, Messages, Named};

/// A line as a sink sees it.
#[derive(Debug)]
pub struct Line<'a> {
    /// Its number, from 1, counted from where the sink began.
    pub number: u64,
    /// When it was written.
    pub at: Option<Instant>,
    /// The mail server that wrote it.
    pub mta: Mta,
    /// The line, framed.
    pub record: &'a Record<'a>,
}

/// What takes the events of a log, in log order.
pub trait Sink {
    /// Takes one event of a mail server's line.
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>);

    /// Another input begins.
    fn source(&mut self, _name: &str) {}

    /// So many lines have gone by; numbers start again behind them.
    fn passed(&mut self, _lines: u64) {}
}

/// What puts a log together out of parts that were read apart, absorbed in log order.
pub trait Gather: Sync {
    /// What one chunk is read into, by a worker that knows of no other chunk.
    type Part: Sink + Send;

    /// An empty part.
    fn part(&self) -> Self::Part;

    /// Adds the lines that follow.
    fn absorb(&mut self, next: Self::Part);
}

/// The counts of some neighbouring lines, with their open ends.
#[derive(Debug)]
pub struct Tally<'c> {
    attributor: Attributor<'c>,
    /// Whether sender domains are counted apart.
    join: bool,
    keys: Keys,
    buckets: HashMap<(Slot, Option<Instant>), u64>,
    /// By key and sender domain, for attempts to other hosts.
    senders: HashMap<(Slot, Option<u32>), Span>,
    /// By key, for everything else.
    others: HashMap<Slot, Span>,
    domains: Names,
    messages: Messages,
    suspended: u64,
    expired: u64,
}

impl<'c> Tally<'c> {
    /// An empty tally. Without `join` nobody asks which sender domain an attempt was for.
    pub fn new(catalog: &'c Catalog, join: bool) -> Tally<'c> {
        Tally {
            attributor: Attributor::new(catalog),
            join,
            keys: Keys::default(),
            buckets: HashMap::new(),
            senders: HashMap::new(),
            others: HashMap::new(),
            domains: Names::default(),
            messages: Messages::default(),
            suspended: 0,
            expired: 0,
        }
    }

    fn outcome(&mut self, line: &Line<'_>, outcome: &Outcome<'_>) {
        match outcome.kind {
            Kind::Suspended => self.suspended += 1,
            Kind::Expired => self.expired += 1,
            Kind::Delivery | Kind::Reject | Kind::Auth => {
                let attributes = self.attributor.attribute(outcome);
                if let Some(action) = attributes.action {
                    self.count(line, outcome, &attributes, action);
                }
            }
            Kind::Probe | Kind::Attempt | Kind::Callout => {}
        }
    }

    fn count(&mut self, line: &Line<'_>, outcome: &Outcome<'_>, attributes: &Attributes, action: Action) {
        let slot = self.keys.number(RawKey::new(outcome, attributes, action));
        *self.buckets.entry((slot, line.at.map(bucket))).or_default() += 1;
        if outcome.direction != Direction::Out {
            self.others.entry(slot).or_default().add(line.at);
            return;
        }
        let attempt = Attempt { slot, at: line.at };
        if !self.join {
            self.senders.entry((slot, None)).or_default().add(line.at);
            return;
        }
        if let Some(sender) = outcome.sender {
            let sender = self.domain(sender);
            self.senders.entry((slot, sender)).or_default().add(line.at);
            self.messages.attempt(line.record.host, outcome, action, None);
        } else if let Some(sender) = self.messages.attempt(line.record.host, outcome, action, Some(attempt)) {
            self.senders.entry((slot, Some(sender))).or_default().add(line.at);
        }
        self.take_orphans();
    }

    fn domain(&mut self, sender: &[u8]) -> Option<u32> {
        domain(sender).map(|domain| self.domains.number_lower(domain))
    }

    /// Counts the attempts whose sender is settled now: known at last, or never to be known.
    fn take_orphans(&mut self) {
        for (attempt, sender) in self.messages.settled.drain(..) {
            self.senders.entry((attempt.slot, sender)).or_default().add(attempt.at);
        }
    }

    /// Ends the log: names instead of numbers, and every open end closed.
    pub fn settle(mut self) -> Summary {
        let waiting = self.messages.finish();
        self.take_orphans();
        let mut summary = Summary {
            totals: Totals {
                messages: self.messages.count,
                recipients: self.messages.recipients,
                waiting,
                suspended: self.suspended,
                expired: self.expired,
                bounces: self.messages.bounces,
            },
            ..Summary::default()
        };
        let catalog = self.attributor.catalog();
        let keys: Vec<Key> = self.keys.list().map(|key| key.name(catalog)).collect();
        for ((slot, at), count) in &self.buckets {
            *summary.keys.entry(keys[*slot as usize].clone()).or_default().buckets.entry(*at).or_default() +=
                count;
        }
        for ((slot, sender), span) in &self.senders {
            let name = sender.map(|sender| String::from_utf8_lossy(self.domains.name(sender)).into_owned());
            let counts: &mut Counts = summary.keys.entry(keys[*slot as usize].clone()).or_default();
            counts.senders.entry(name).or_default().merge(*span);
            counts.span.merge(*span);
        }
        for (slot, span) in &self.others {
            summary.keys.entry(keys[*slot as usize].clone()).or_default().span.merge(*span);
        }
        summary
    }
}

impl<'c> Gather for Tally<'c> {
    type Part = Tally<'c>;

    fn part(&self) -> Tally<'c> {
        Tally::new(self.attributor.catalog(), self.join)
    }

    fn absorb(&mut self, next: Tally<'c>) {
        let slots: Vec<Slot> = next.keys.list().map(|key| self.keys.number(*key)).collect();
        let domains: Vec<u32> = next.domains.list().map(|name| self.domains.number(name)).collect();
        let slot = |slot: Slot| slots[slot as usize];
        let domain = |domain: u32| domains[domain as usize];
        for ((old, at), count) in next.buckets {
            *self.buckets.entry((slot(old), at)).or_default() += count;
        }
        for ((old, sender), span) in next.senders {
            self.senders.entry((slot(old), sender.map(domain))).or_default().merge(span);
        }
        for (old, span) in next.others {
            self.others.entry(slot(old)).or_default().merge(span);
        }
        self.suspended += next.suspended;
        self.expired += next.expired;
        self.messages.absorb(next.messages, slot, domain);
        self.take_orphans();
    }
}

impl Sink for Tally<'_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        match event {
            Event::Outcome(outcome) => self.outcome(line, outcome),
            Event::Sender { queue_id, sender, remote } if self.join => {
                let named = Named { sender: self.domain(sender), null: sender.is_empty(), remote: *remote };
                // Exim names the sender once, on arrival.
                self.messages.sender(line.record.host, queue_id, named, line.mta == Mta::Exim);
                self.take_orphans();
            }
            Event::Arrival { queue_id, remote } if self.join => {
                self.messages.arrival(line.record.host, queue_id, *remote);
                self.take_orphans();
            }
            Event::Done { queue_id } if self.join => {
                self.messages.done(line.record.host, queue_id);
                self.take_orphans();
            }
            _ => {}
        }
    }
}
