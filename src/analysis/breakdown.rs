//! What the refusals of a stretch have in common: senders, hosts, recipient domains.
//!
//! Sender domains come with their attempts, so rates can be compared. Of hosts and recipient domains only refusals are
//! counted: there the other refusals at the provider tell what is usual.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use super::feed::Ward;
use super::finding::{Affected, Attribution, SHOWN, Share, Tried};
use super::suspect::Suspect;
use crate::summary::{Counts, LINES, Party, Place, Refusals, Shown, Width};
use crate::time::Instant;

/// A stretch as it is looked at in the wider buckets of what is told apart.
pub(super) struct Stretch {
    /// The time itself; `None` is the whole period, lines without a stamp included.
    time: Option<Range<Instant>>,
    /// The buckets that overlap it.
    parts: (Bound<Option<Instant>>, Bound<Option<Instant>>),
}

impl Stretch {
    /// All there is.
    pub(super) fn whole() -> Stretch {
        Stretch { time: None, parts: (Bound::Unbounded, Bound::Unbounded) }
    }

    /// From one instant to another.
    pub(super) fn of(time: Range<Instant>, width: Width) -> Stretch {
        let first = width.of_parts().floor(time.start);
        let parts = (Bound::Included(Some(first)), Bound::Excluded(Some(time.end)));
        Stretch { time: Some(time), parts }
    }

    fn refusals<'a>(&self, counts: &'a Counts) -> impl Iterator<Item = &'a Refusals> + use<'a> {
        counts.refusals.range(self.parts).map(|(_, refusals)| refusals)
    }

    fn count(&self, party: &Party) -> u64 {
        match self.time {
            None => party.span.count,
            Some(_) => party.buckets.range(self.parts).map(|(_, count)| count).sum(),
        }
    }

    fn holds(&self, shown: &Shown) -> bool {
        self.time.as_ref().is_none_or(|time| shown.at.is_some_and(|at| time.contains(&at)))
    }
}

/// One sender domain and how it fared at the provider; `None` is not known.
pub(super) type Sender<'a> = (Option<&'a str>, Tried);

/// Refusals by one kind of name.
#[derive(Debug, Default)]
pub(super) struct Facet<'a> {
    /// Those of the stretch, most first.
    pub(super) inside: Vec<(&'a str, u64)>,
    /// Those with other answers of the same provider, at any time.
    pub(super) usual: BTreeMap<&'a str, u64>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Breakdown<'a> {
    /// Everybody who sent there, most events first.
    pub(super) senders: Vec<Sender<'a>>,
    pub(super) relays: Facet<'a>,
    pub(super) recipient_domains: Facet<'a>,
    pub(super) hosts: Facet<'a>,
    pub(super) messages: u64,
    pub(super) lines: Vec<&'a Shown>,
}

/// A kind of name, picked from some refusals.
type Pick = fn(&Refusals) -> &BTreeMap<String, u64>;
const RELAYS: Pick = |refusals| &refusals.relays;
const RECIPIENT_DOMAINS: Pick = |refusals| &refusals.recipient_domains;
const HOSTS: Pick = |refusals| &refusals.hosts;

impl<'a> Breakdown<'a> {
    /// Of a suspect in a stretch.
    pub(super) fn of(suspect: &Suspect<'a>, ward: &Ward<'a>, stretch: &Stretch) -> Breakdown<'a> {
        let refusals = || suspect.parts.iter().flat_map(|counts| stretch.refusals(counts));
        let facet = |pick: Pick| Facet { inside: sorted(sums(refusals().map(pick))), ..Facet::default() };
        let mut lines: Vec<&Shown> = refusals().flat_map(|refusals| &refusals.lines).collect();
        lines.retain(|shown| stretch.holds(shown));
        lines.sort();
        lines.truncate(LINES);
        Breakdown {
            senders: senders(suspect, ward, stretch),
            relays: facet(RELAYS),
            recipient_domains: facet(RECIPIENT_DOMAINS),
            hosts: facet(HOSTS),
            messages: refusals().map(|refusals| refusals.messages).sum(),
            lines,
        }
    }

    /// Adds what is usual.
    pub(super) fn compare(&mut self, suspect: &Suspect<'a>, ward: &Ward<'a>) {
        let own = |counts: &Counts| suspect.parts.iter().any(|part| std::ptr::eq(*part, counts));
        let others = || {
            let others = ward.keys.iter().map(|(_, counts)| *counts).filter(|counts| !own(counts));
            others.flat_map(|counts| counts.refusals.values())
        };
        self.relays.usual = sums(others().map(RELAYS));
        self.recipient_domains.usual = sums(others().map(RECIPIENT_DOMAINS));
        self.hosts.usual = sums(others().map(HOSTS));
    }

    /// The sender domains that met the answer.
    pub(super) fn attributions(&self) -> Vec<Attribution> {
        let all: u64 = self.senders.iter().map(|(_, tried)| tried.events).sum();
        let met = self.senders.iter().filter(|(_, tried)| tried.events > 0);
        met.map(|(domain, tried)| Attribution {
            domain: domain.map(str::to_owned),
            events: tried.events,
            attempts: tried.attempts,
            share: tried.events as f64 / all as f64,
        })
        .collect()
    }

    /// Lines that show it.
    pub(super) fn evidence(&self) -> Vec<Place> {
        self.lines.iter().map(|shown| shown.place()).collect()
    }

    /// Whom it hit.
    pub(super) fn affected(&self, recipients: u64, waiting: u64) -> Affected {
        Affected { messages: self.messages, recipients, waiting }
    }
}

impl Facet<'_> {
    /// The names with most refusals.
    pub(super) fn shares(&self) -> Vec<Share> {
        let all = self.all();
        let share = |(name, events): &(&str, u64)| Share {
            name: (*name).to_owned(),
            events: *events,
            share: *events as f64 / all as f64,
        };
        self.inside.iter().take(SHOWN).map(share).collect()
    }

    /// Refusals of the stretch.
    pub(super) fn all(&self) -> u64 {
        self.inside.iter().map(|(_, events)| events).sum()
    }
}

fn senders<'a>(suspect: &Suspect<'a>, ward: &Ward<'a>, stretch: &Stretch) -> Vec<Sender<'a>> {
    let mut senders: BTreeMap<Option<&str>, Tried> = BTreeMap::new();
    if stretch.time.is_none() {
        senders.extend(ward.senders.iter().map(|(name, n)| (*name, Tried { attempts: *n, events: 0 })));
    } else {
        for (name, party) in ward.keys.iter().flat_map(|(_, counts)| &counts.senders) {
            senders.entry(name.as_deref()).or_default().attempts += stretch.count(party);
        }
    }
    for (name, party) in suspect.parts.iter().flat_map(|counts| &counts.senders) {
        senders.entry(name.as_deref()).or_default().events += stretch.count(party);
    }
    let mut senders: Vec<Sender<'_>> = senders.into_iter().filter(|(_, tried)| tried.attempts > 0).collect();
    senders.sort_by_key(|(_, tried)| Reverse(tried.events));
    senders
}

fn sums<'a>(counts: impl Iterator<Item = &'a BTreeMap<String, u64>>) -> BTreeMap<&'a str, u64> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in counts.flatten() {
        *sums.entry(name.as_str()).or_default() += count;
    }
    sums
}

/// Most first, then by name.
fn sorted(sums: BTreeMap<&str, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = sums.into_iter().collect();
    all.sort_by_key(|(_, count)| Reverse(*count));
    all
}
