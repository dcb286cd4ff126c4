//! Counting: outcomes into numbers, chunk by chunk, joined in log order.
//!
//! The law: reading a log in one piece, or in any pieces absorbed in order, gives the same counts. What crosses the
//! border between two chunks has an open end here: messages whose life goes on (`Messages`). Names become
//! small numbers (`Names`) and become names again in [`Tally::settle`].

mod attribute;
mod by_id;
mod carry;
mod cells;
mod course;
mod id;
mod keys;
mod life;
mod marks;
mod names;
mod night;
mod patience;
mod queue;
mod recipients;
mod shown;
mod trouble;

use std::sync::Arc;

use hashbrown::HashMap;

use crate::catalog::Catalog;
use crate::frame::Record;
use crate::mta::{Event, Kind, Mta, Outcome};
use crate::smtp::{Action, Direction, domain};
use crate::summary::{Counts, Summary, Totals, Width};
use crate::time::Instant;
use crate::vector::are_same;

pub use attribute::{Attributes, Attributor};
pub use carry::{Carry, Paused};
pub use night::Night;
pub use patience::Patience;
pub use recipients::{Addresses, Care, Happenings, MESSAGES, People, Reached, Recipients, ground};

use course::Course;
use id::host_number;
use keys::{Keys, RawKey, Slot};
use life::Named;
use names::Names;
use queue::{Come, Messages};
use trouble::Attempt;

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
    /// The line as it stands in the log.
    pub text: &'a [u8],
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

    /// Another input begins.
    fn source(&mut self, _name: &str) {}

    /// So many lines of it stand before those that are read.
    fn behind(&mut self, _lines: u64) {}

    /// Adds the lines that follow. Gives the part back, empty: what it has learned serves another chunk.
    fn absorb(&mut self, next: Self::Part) -> Self::Part;
}

/// The counts of some neighbouring lines, with their open ends.
#[derive(Debug)]
pub struct Tally<'c> {
    attributor: Attributor<'c>,
    /// Whether sender domains are counted apart.
    join: bool,
    keys: Keys,
    course: Course,
    /// What became sure of attempts that an earlier log counted.
    late: Course,
    /// Domains and hosts.
    names: Names,
    /// One more than the number among names of the hosts that were asked, by the attributor's number; 0 is none yet.
    hosts: Vec<u32>,
    writer: Writer,
    messages: Messages,
    suspended: u64,
    expired: u64,
    /// Of a part: what the numbers of its keys and names are in the whole, as far as it was told.
    in_whole: InWhole,
}

/// The host of ours that wrote the line before: a log is mostly one host's.
#[derive(Debug, Default)]
struct Writer {
    name: Vec<u8>,
    /// Its number among names; of no host any.
    number: u32,
    /// Its number in the ids of messages.
    of_ids: u64,
}

/// The numbers of a part's keys and names in the whole.
#[derive(Debug, Default)]
struct InWhole {
    slots: Vec<Slot>,
    names: Vec<u32>,
}

impl<'c> Tally<'c> {
    /// An empty tally. Without `join` nobody asks which sender domain an attempt was for.
    pub fn new(catalog: &'c Catalog, join: bool) -> Tally<'c> {
        Tally {
            attributor: Attributor::new(catalog),
            join,
            keys: Keys::default(),
            course: Course::default(),
            late: Course::default(),
            names: Names::default(),
            hosts: Vec::new(),
            writer: Writer::default(),
            messages: Messages::default(),
            suspended: 0,
            expired: 0,
            in_whole: InWhole::default(),
        }
    }

    /// Waits for messages as long as this before it takes them to be gone.
    #[must_use]
    pub fn patient(mut self, patience: Patience) -> Tally<'c> {
        self.messages.patient(patience);
        self
    }

    /// The host that wrote a line.
    #[inline(always)]
    fn writer(&mut self, host: &[u8]) -> &Writer {
        if !are_same(&self.writer.name, host) {
            self.other_writer(host);
        }
        &self.writer
    }

    #[cold]
    fn other_writer(&mut self, host: &[u8]) {
        self.writer = Writer {
            name: host.to_owned(),
            number: self.names.number_lower(host),
            of_ids: host_number(host),
        };
    }

    /// Counts an outcome, and tells what was found out about it.
    #[inline(always)]
    fn outcome(&mut self, line: &Line<'_>, outcome: &Outcome<'_>) -> Option<Attributes> {
        match outcome.kind {
            Kind::Suspended => self.suspended += 1,
            Kind::Expired => self.expired += 1,
            Kind::Delivery | Kind::Reject | Kind::Auth => {
                let attributes = self.attributor.attribute(outcome);
                if let Some(action) = attributes.action {
                    self.count(line, outcome, &attributes, action);
                }
                return Some(attributes);
            }
            Kind::Probe | Kind::Attempt | Kind::Callout => {}
        }
        None
    }

    /// Counts an outcome whose attributes nobody asks for.
    #[inline(never)]
    fn only_outcome(&mut self, line: &Line<'_>, outcome: &Outcome<'_>) {
        self.outcome(line, outcome);
    }

    #[inline(never)]
    fn sender(&mut self, line: &Line<'_>, queue_id: &[u8], sender: &[u8], remote: bool) {
        let named = Named { sender: self.domain(sender), null: sender.is_empty(), remote };
        let host = self.writer(line.record.host).of_ids;
        // Exim names the sender once, on arrival.
        self.messages.sender(host, queue_id, named, line.mta == Mta::Exim);
        self.take_settled();
    }

    #[inline(never)]
    fn arrival(&mut self, line: &Line<'_>, queue_id: &[u8], remote: bool) {
        let host = self.writer(line.record.host).of_ids;
        self.messages.arrival(host, queue_id, remote);
        self.take_settled();
    }

    #[inline(never)]
    fn done(&mut self, line: &Line<'_>, queue_id: &[u8]) {
        let host = self.writer(line.record.host).of_ids;
        self.messages.done(host, queue_id);
        self.take_settled();
    }

    #[inline]
    fn count(&mut self, line: &Line<'_>, outcome: &Outcome<'_>, attributes: &Attributes, action: Action) {
        let slot = self.keys.number(&RawKey::new(outcome, attributes, action));
        let out = outcome.direction == Direction::Out;
        let attempt =
            Attempt { slot, at: line.at, retry: out && outcome.is_retry(line.mta, line.at), late: false };
        let turn = self.course.tried(attempt);
        if !out {
            return;
        }
        let Writer { number, of_ids, .. } = *self.writer(line.record.host);
        if !line.record.host.is_empty() {
            self.course.made(turn, number);
        }
        let refused = matches!(action, Action::Delayed | Action::Failed);
        if let Some(relay) = outcome.relay_host
            && (refused || attributes.provider.is_some())
        {
            let relay = self.relay(relay, attributes.host);
            self.course.answered(turn, relay);
        }
        if refused {
            let domain = outcome.recipient.and_then(|recipient| self.domain(recipient));
            self.course.refused(turn, line, domain);
        }
        if !self.join {
            self.course.sent(turn, None);
            return;
        }
        let named = outcome.sender.map(|sender| self.domain(sender));
        let joined = self.messages.attempt(of_ids, outcome, action, attempt, named.is_some());
        if let Some(sender) = named.or(joined) {
            self.course.sent(turn, sender);
        }
        self.take_settled();
    }

    /// The number of a host that was asked: the attributor has looked for its name already.
    #[inline]
    fn relay(&mut self, name: &[u8], host: Option<u32>) -> u32 {
        let known = host.and_then(|host| self.hosts.get(host as usize)?.checked_sub(1));
        known.unwrap_or_else(|| self.other_relay(name, host))
    }

    #[inline(never)]
    fn other_relay(&mut self, name: &[u8], host: Option<u32>) -> u32 {
        let number = self.names.number_lower(name);
        if let Some(host) = host.map(|host| host as usize) {
            if self.hosts.len() <= host {
                self.hosts.resize(host + 1, 0);
            }
            self.hosts[host] = number + 1;
        }
        number
    }

    /// The number of an address's domain.
    #[inline]
    fn domain(&mut self, address: &[u8]) -> Option<u32> {
        domain(address).map(|domain| self.names.number_lower(domain))
    }

    /// Takes what became sure of messages: attempts whose sender is known at last, or never will be; answers that messages
    /// met.
    #[inline]
    fn take_settled(&mut self) {
        if !self.messages.come.is_empty() {
            self.take_some_settled();
        }
    }

    #[inline(never)]
    fn take_some_settled(&mut self) {
        take_from(&mut self.messages.come, &mut self.course, &mut self.late);
    }

    /// Ends the log: names instead of numbers, and every open end closed.
    pub fn settle(mut self) -> Summary {
        let Tally { messages, course, late, .. } = &mut self;
        let waiting = messages.finish(|come| take_from(come, course, late));
        self.settled(waiting).whole()
    }

    /// What became sure, with names instead of numbers.
    fn settled(mut self, waiting: u64) -> Sure {
        self.take_settled();
        let keys = self.keys.names(self.attributor.catalog());
        let names = self.names.texts();
        let of = |course: &mut Course| {
            let mut counts: Vec<Counts> = keys.iter().map(|_| Counts::default()).collect();
            course.settle(&names, &mut counts);
            (course.width(), counts)
        };
        let (width, mut counts) = of(&mut self.course);
        let late = of(&mut self.late);
        // There may be millions of them, and few kinds.
        let mut kinds: HashMap<(Slot, Option<Instant>), u64> = HashMap::new();
        for (slot, since) in &self.messages.still {
            *kinds.entry((*slot, since.map(|since| width.floor(since)))).or_default() += 1;
        }
        for ((slot, bucket), count) in kinds {
            counts[slot as usize].waiting.insert(bucket, count);
        }
        for (counts, waits) in counts.iter_mut().zip(self.messages.recoveries()) {
            counts.recovered = *waits;
        }
        // A key that was only carried here says nothing.
        let named = |(width, counts): (Width, Vec<Counts>)| {
            let said = keys.iter().cloned().zip(counts).filter(|(_, counts)| *counts != Counts::default());
            let keys = said.map(|(key, counts)| (key, Arc::new(counts))).collect();
            Summary { width, keys, ..Summary::default() }
        };
        let totals = Totals {
            messages: self.messages.come.messages,
            recipients: self.messages.come.recipients,
            waiting,
            suspended: self.suspended,
            expired: self.expired,
            bounces: self.messages.come.bounces,
        };
        Sure { summary: Summary { totals, ..named((width, counts)) }, late: named(late) }
    }
}

/// Takes what came of messages.
fn take_from(come: &mut Come, course: &mut Course, late: &mut Course) {
    for (attempt, sender) in come.settled.drain(..) {
        let course = if attempt.late { &mut *late } else { &mut *course };
        course.sent_then(attempt, sender);
    }
    for met in come.met.drain(..) {
        let course = if met.late { &mut *late } else { &mut *course };
        course.message(met.slot, met.at);
    }
}

/// What a log came to.
struct Sure {
    summary: Summary,
    /// What became sure of attempts in the log before it.
    late: Summary,
}

impl Sure {
    fn whole(self) -> Summary {
        let Sure { mut summary, late } = self;
        // Neither has an input, so they cannot overlap.
        let _ = summary.merge(late);
        summary
    }
}

impl<'c> Gather for Tally<'c> {
    type Part = Tally<'c>;

    fn part(&self) -> Tally<'c> {
        Tally { messages: self.messages.part(), ..Tally::new(self.attributor.catalog(), self.join) }
    }

    fn source(&mut self, name: &str) {
        self.course.lines.source(name);
    }

    fn behind(&mut self, lines: u64) {
        self.course.lines.passed(lines);
    }

    fn absorb(&mut self, mut next: Tally<'c>) -> Tally<'c> {
        let InWhole { slots, names } = &mut next.in_whole;
        let catalog = self.attributor.catalog();
        slots.extend(next.keys.list().skip(slots.len()).map(|key| self.keys.number_named(*key, catalog)));
        names.extend(next.names.list_from(names.len()).map(|name| self.names.number(name)));
        let slot = |slot: Slot| slots[slot as usize];
        let name = |name: u32| names[name as usize];
        self.course.absorb(&mut next.course, slot, name);
        self.suspended += std::mem::take(&mut next.suspended);
        self.expired += std::mem::take(&mut next.expired);
        let Tally { messages, course, late, .. } = self;
        messages.absorb(&mut next.messages, slot, name, |come| take_from(come, course, late));
        self.take_settled();
        next.course.restart(self.course.width());
        next
    }
}

impl Sink for Tally<'_> {
    fn passed(&mut self, lines: u64) {
        self.course.lines.passed(lines);
    }

    // Not within those who ask: they have the registers full.
    #[inline(never)]
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        match event {
            Event::Outcome(outcome) => self.only_outcome(line, outcome),
            Event::Sender { queue_id, sender, remote } if self.join => {
                self.sender(line, queue_id, sender, *remote);
            }
            Event::Arrival { queue_id, remote } if self.join => self.arrival(line, queue_id, *remote),
            Event::Done { queue_id } if self.join => self.done(line, queue_id),
            _ => {}
        }
    }
}
