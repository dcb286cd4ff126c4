//! The naive twin: the same counts, made the plain way from the list of all events.
//!
//! One pass over events in log order, no chunks, no threads, no numbers instead of names. Its join says in a few lines
//! what a message's life is; the real one must agree however the log is cut.

use std::collections::{BTreeMap, BTreeSet};

use smtpulse::mta::{Kind, Mta};
use smtpulse::smtp::{Action, Direction};
use smtpulse::summary::{Counts, Key, Totals, bucket};
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
    nameless: Vec<(Key, Option<Instant>)>,
    waiting: BTreeSet<Vec<u8>>,
}

/// A message, on a host.
type Id = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Twin {
    count: Recount,
    lives: BTreeMap<Id, Life>,
}

/// Counts events in log order.
pub(super) fn recount(seen: &[Seen]) -> Recount {
    let mut twin = Twin::default();
    for event in seen {
        let id = |id: &[u8]| (event.host.clone(), id.to_vec());
        match &event.what {
            What::Arrival { id: given, remote } => {
                twin.begin(&id(given));
                twin.lives.entry(id(given)).or_default().remote = *remote;
            }
            What::Sender { id: named, sender, remote } => {
                let null = sender.is_empty();
                let sender = domain_of(sender);
                if event.mta == Mta::Exim {
                    // Exim names the sender once, when the message arrives; what was tried before (cutthrough delivery
                    // is logged first) gets the name.
                    twin.name(&id(named), &sender);
                    twin.begin(&id(named));
                }
                twin.name(&id(named), &sender);
                let life = twin.lives.entry(id(named)).or_default();
                life.sender = Some(sender);
                life.null |= null;
                life.remote |= remote;
            }
            What::Done { id: gone } => twin.end(&id(gone)),
            What::Outcome(answer) => twin.outcome(event, answer),
            What::Other => {}
        }
    }
    twin.count.totals.waiting = twin.lives.values().map(|life| life.waiting.len() as u64).sum();
    let open: Vec<Id> = twin.lives.keys().cloned().collect();
    for id in open {
        twin.end(&id);
    }
    twin.count
}

impl Twin {
    /// An id is given out: whatever was tried or named under it was another message.
    fn begin(&mut self, id: &Id) {
        if self.lives.get(id).is_some_and(|life| life.attempted || life.sender.is_some()) {
            self.end(id);
        }
    }

    /// Attempts that wait for a sender get it.
    fn name(&mut self, id: &Id, sender: &Option<String>) {
        let nameless = self.lives.get_mut(id).map(|life| std::mem::take(&mut life.nameless));
        for (key, at) in nameless.unwrap_or_default() {
            self.sent(&key, at, sender.clone());
        }
    }

    fn end(&mut self, id: &Id) {
        let Some(life) = self.lives.remove(id) else { return };
        self.count.totals.messages += u64::from(life.attempted);
        self.count.totals.bounces += u64::from(life.null && life.remote);
        self.count.totals.recipients += life.waiting.len() as u64;
        for (key, at) in life.nameless {
            self.sent(&key, at, None);
        }
    }

    fn sent(&mut self, key: &Key, at: Option<Instant>, sender: Option<String>) {
        let counts = self.count.keys.get_mut(key).expect("counted when it was seen");
        counts.senders.entry(sender).or_default().add(at);
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
        let counts = self.count.keys.entry(key.clone()).or_default();
        *counts.buckets.entry(event.at.map(bucket)).or_default() += 1;
        counts.span.add(event.at);
        if out {
            self.attempt(event, answer, key, action);
        }
    }

    fn attempt(&mut self, event: &Seen, answer: &Answer, key: Key, action: Action) {
        let Some(id) = &answer.id else {
            // Nobody knows which message it was: no life, and no recipient.
            self.sent(&key, event.at, answer.sender.as_deref().and_then(domain_of));
            return;
        };
        let life = self.lives.entry((event.host.clone(), id.clone())).or_default();
        life.attempted = true;
        let recipient = answer.recipient.clone().unwrap_or_default();
        if action == Action::Delayed {
            life.waiting.insert(recipient);
        } else {
            life.waiting.remove(&recipient);
            self.count.totals.recipients += 1;
        }
        let sender = match &answer.sender {
            Some(sender) => Some(domain_of(sender)),
            None => life.sender.clone(),
        };
        match sender {
            Some(sender) => self.sent(&key, event.at, sender),
            None => life.nameless.push((key, event.at)),
        }
    }
}
