//! The naive twin: the same counts, made the plain way from the list of all events.
//!
//! One pass over events in log order, no chunks, no threads, no numbers instead of names. Its join says in a few lines
//! what a message's life is; the real one must agree however the log is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smtpulse::mta::{Kind, Mta};
use smtpulse::smtp::{Action, Direction};
use smtpulse::summary::{Counts, Key, LINES, Shown, Totals, Tries, WAITS, Width};
use smtpulse::tally::Patience;
use smtpulse::time::Instant;

use crate::reading::{Answer, Seen, What, domain_of};

/// What the twin counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recount {
    pub(super) keys: BTreeMap<Key, Counts>,
    pub(super) totals: Totals,
}

/// A message from the moment its id is given out until it leaves the queue.
#[derive(Default)]
struct Life {
    /// The sender last named; the inner one is `None` for a sender without a domain.
    sender: Option<Option<String>>,
    attempted: bool,
    null: bool,
    remote: bool,
    /// How many mentions of messages there were when this one was spoken of last.
    touched: u64,
    nameless: Vec<Attempt>,
    /// Recipients that were put off last: the answer, and when it was the first time.
    waiting: BTreeMap<Vec<u8>, (Key, Option<Instant>)>,
    /// The refusals it met.
    met: BTreeSet<Key>,
}

/// An attempt.
#[derive(Clone)]
struct Attempt {
    key: Key,
    at: Option<Instant>,
    retry: bool,
}

/// What happened, in full: put into buckets when it is known how long the log is.
enum Happened {
    Tried,
    Sent { sender: Option<String> },
    Made { host: String },
    Answered { relay: String },
    Refused { recipient_domain: Option<String>, line: Shown },
    Met,
}

/// A message, on a host.
type Id = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Twin {
    count: Recount,
    lives: BTreeMap<Id, Life>,
    patience: Patience,
    /// Mentions of messages so far.
    clock: u64,
    /// Who waits at the end: the last answer, and when it was put off first.
    waiting: Vec<(Key, Option<Instant>)>,
    happened: Vec<(Attempt, Happened)>,
}

/// Counts events in log order.
pub(super) fn recount(seen: &[Seen], patience: Patience) -> Recount {
    let mut twin = Twin { patience, ..Twin::default() };
    for event in seen {
        let id = |id: &[u8]| (event.host.clone(), id.to_vec());
        match &event.what {
            What::Arrival { id: given, remote } => {
                twin.mention(&id(given));
                twin.begin(&id(given));
                twin.life(&id(given)).remote = *remote;
            }
            What::Sender { id: named, sender, remote } => {
                let null = sender.is_empty();
                let sender = domain_of(sender);
                twin.mention(&id(named));
                if event.mta == Mta::Exim {
                    // Exim names the sender once, when the message arrives; what was tried before (cutthrough delivery
                    // is logged first) gets the name.
                    twin.name(&id(named), &sender);
                    twin.begin(&id(named));
                }
                twin.name(&id(named), &sender);
                let life = twin.life(&id(named));
                life.sender = Some(sender);
                life.null |= null;
                life.remote |= remote;
            }
            What::Done { id: gone } => {
                twin.end_if_over(&id(gone));
                twin.end(&id(gone));
            }
            What::Outcome(answer) => twin.outcome(event, answer),
            What::Other => {}
        }
    }
    let open: Vec<Id> = twin.lives.keys().cloned().collect();
    open.iter().for_each(|id| twin.end_if_over(id));
    for life in twin.lives.values() {
        for (key, since) in life.waiting.values() {
            twin.count.totals.waiting += 1;
            twin.waiting.push((key.clone(), *since));
        }
    }
    open.iter().for_each(|id| twin.end(id));
    twin.fill_buckets();
    twin.count
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(&name.to_ascii_lowercase()).into_owned()
}

impl Twin {
    /// Something is said of a message.
    fn mention(&mut self, id: &Id) {
        self.clock += 1;
        self.end_if_over(id);
    }

    /// What nothing was said of for too long is over, and who waited is taken to wait for ever.
    fn end_if_over(&mut self, id: &Id) {
        let Some(life) = self.lives.get(id) else { return };
        let waits = life.sender.is_some() || !life.waiting.is_empty();
        let patience = if waits { self.patience.waiting } else { self.patience.idle };
        if self.clock - life.touched > patience {
            self.count.totals.waiting += life.waiting.len() as u64;
            self.end(id);
        }
    }

    /// The message that is spoken of.
    fn life(&mut self, id: &Id) -> &mut Life {
        let life = self.lives.entry(id.clone()).or_default();
        life.touched = self.clock;
        life
    }

    /// An id is given out: whatever was tried or named under it was another message.
    fn begin(&mut self, id: &Id) {
        if self.lives.get(id).is_some_and(|life| life.attempted || life.sender.is_some()) {
            self.end(id);
        }
    }

    /// Attempts that wait for a sender get it.
    fn name(&mut self, id: &Id, sender: &Option<String>) {
        let nameless = self.lives.get_mut(id).map(|life| std::mem::take(&mut life.nameless));
        for attempt in nameless.unwrap_or_default() {
            self.sent(attempt, sender.clone());
        }
    }

    fn end(&mut self, id: &Id) {
        let Some(life) = self.lives.remove(id) else { return };
        self.count.totals.messages += u64::from(life.attempted);
        self.count.totals.bounces += u64::from(life.null && life.remote);
        self.count.totals.recipients += life.waiting.len() as u64;
        for attempt in life.nameless {
            self.sent(attempt, None);
        }
    }

    fn sent(&mut self, attempt: Attempt, sender: Option<String>) {
        self.happened.push((attempt, Happened::Sent { sender }));
    }

    fn fill_buckets(&mut self) {
        let instants: Vec<Instant> = self.happened.iter().filter_map(|(attempt, _)| attempt.at).collect();
        let ends = instants.iter().min().zip(instants.iter().max());
        let width = ends.map_or(Width::default(), |(first, last)| Width::of(*first, *last));
        let bucket = |at: Option<Instant>| at.map(|at| width.floor(at));
        let mut lines: BTreeMap<(Key, Option<Instant>), Vec<Shown>> = BTreeMap::new();
        for (attempt, happened) in std::mem::take(&mut self.happened) {
            let Attempt { key, at, retry } = attempt;
            let part = at.map(|at| width.of_parts().floor(at));
            let one = Tries { count: 1, retries: u64::from(retry) };
            let counts = self.count.keys.entry(key.clone()).or_default();
            let (parties, name) = match happened {
                Happened::Tried => {
                    counts.buckets.add(bucket(at), one);
                    counts.span.add(at);
                    continue;
                }
                Happened::Met => {
                    counts.refusals.entry(part).or_default().messages += 1;
                    continue;
                }
                Happened::Sent { sender } => (&mut counts.senders, sender),
                Happened::Made { host } => (&mut counts.hosts, Some(host)),
                Happened::Answered { relay } => (&mut counts.relays, Some(relay)),
                Happened::Refused { recipient_domain, line } => {
                    lines.entry((key, part)).or_default().push(line);
                    if recipient_domain.is_none() {
                        continue;
                    }
                    (&mut counts.recipient_domains, recipient_domain)
                }
            };
            parties.entry(name.map(Arc::from)).or_default().buckets.add(part, one);
        }
        for (key, since) in std::mem::take(&mut self.waiting) {
            let counts = self.count.keys.entry(key).or_default();
            *counts.waiting.entry(bucket(since)).or_default() += 1;
        }
        for ((key, part), mut lines) in lines {
            lines.sort();
            lines.truncate(LINES);
            self.count.keys.entry(key).or_default().refusals.entry(part).or_default().lines = lines.into();
        }
    }

    fn outcome(&mut self, event: &Seen, answer: &Answer) {
        match answer.kind {
            Kind::Suspended => self.count.totals.suspended += 1,
            Kind::Expired => self.count.totals.expired += 1,
            Kind::Delivery | Kind::Reject | Kind::Auth => {}
            Kind::Probe | Kind::Attempt | Kind::Callout => {}
        }
        let counted = matches!(answer.kind, Kind::Delivery | Kind::Reject | Kind::Auth);
        let Some(action) = answer.action.filter(|_| counted) else { return };
        let out = answer.direction == Direction::Out;
        let key = Key {
            direction: answer.direction,
            provider: out.then(|| answer.provider.clone()),
            action,
            code: answer.code,
            marker: answer.marker.clone(),
            quoted: answer.quoted.clone(),
            guard: answer.guard,
        };
        let attempt = Attempt { key: key.clone(), at: event.at, retry: out && answer.retry };
        self.happened.push((attempt.clone(), Happened::Tried));
        if !out {
            return;
        }
        let mut also = |happened| self.happened.push((attempt.clone(), happened));
        let refused = matches!(action, Action::Delayed | Action::Failed);
        if !event.host.is_empty() {
            also(Happened::Made { host: lower(&event.host) });
        }
        if let Some(relay) = &answer.relay_host
            && (refused || answer.provider != "unknown")
        {
            also(Happened::Answered { relay: lower(relay) });
        }
        if refused {
            let line = Shown {
                at: event.at,
                input: event.input.as_str().into(),
                line: event.line,
                text: event.line_text[..event.line_text.len().min(320)].into(),
            };
            also(Happened::Refused {
                recipient_domain: answer.recipient.as_deref().and_then(domain_of),
                line,
            });
        }
        self.attempt(event, answer, attempt, action);
    }

    fn attempt(&mut self, event: &Seen, answer: &Answer, attempt: Attempt, action: Action) {
        let key = &attempt.key;
        let Some(id) = &answer.id else {
            // Nobody knows which message it was: no life, and no recipient.
            self.sent(attempt, answer.sender.as_deref().and_then(domain_of));
            return;
        };
        let id = (event.host.clone(), id.clone());
        self.mention(&id);
        let life = self.lives.entry(id).or_default();
        life.touched = self.clock;
        life.attempted = true;
        let recipient = answer.recipient.clone().unwrap_or_default();
        if matches!(action, Action::Delayed | Action::Failed) && life.met.insert(key.clone()) {
            self.happened.push((attempt.clone(), Happened::Met));
        }
        if action == Action::Delayed {
            let waiting = life.waiting.entry(recipient).or_insert((key.clone(), event.at));
            waiting.0 = key.clone();
        } else {
            if let Some((last, since)) = life.waiting.remove(&recipient)
                && action != Action::Failed
                && let (Some(since), Some(at)) = (since, event.at)
            {
                let waited = (at - since).max(0);
                let class = WAITS.iter().position(|most| waited <= *most).unwrap_or(WAITS.len());
                self.count.keys.entry(last).or_default().recovered[class] += 1;
            }
            self.count.totals.recipients += 1;
        }
        let sender = match &answer.sender {
            Some(sender) => Some(domain_of(sender)),
            None => life.sender.clone(),
        };
        match sender {
            Some(sender) => self.sent(attempt, sender),
            None => life.nameless.push(attempt),
        }
    }
}
