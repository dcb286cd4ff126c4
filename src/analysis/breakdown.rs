//! What the refusals of a stretch have in common: senders, hosts, recipient domains.
//!
//! Senders, relays and hosts of ours come with their attempts, so rates can be compared. Of recipient domains only refusals
//! are counted: there the other refusals at the provider tell what is usual.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use super::feed::{self, Ward};
use super::finding::{Affected, Attribution, SHOWN, Share, Tried};
use super::suspect::Suspect;
use crate::catalog::UNKNOWN;
use crate::summary::{Counts, LINES, Parties, Party, Place, Refusals, Shown, Tries, Width};
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

    fn tries(&self, party: &Party) -> Tries {
        party.buckets.range(self.parts).map(|(_, tries)| tries).sum()
    }

    fn holds(&self, shown: &Shown) -> bool {
        self.time.as_ref().is_none_or(|time| shown.at.is_some_and(|at| time.contains(&at)))
    }
}

/// One party and how it fared at the provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// `None` is those whose name is not known.
    pub(super) name: Option<&'a str>,
    pub(super) attempts: Tries,
    pub(super) events: Tries,
}

impl Part<'_> {
    /// Without retries: a message that is put off again and again says no more than once how the party fares.
    pub(super) fn first(&self) -> Tried {
        feed::first(self.attempts, self.events)
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Breakdown<'a> {
    /// Whether the provider is one, and not all hosts that nobody knows together. Of those it is not counted what they
    /// took, so that their relays have no rates.
    pub(super) known: bool,
    /// Everybody who sent there, most events first.
    pub(super) senders: Vec<Part<'a>>,
    /// Likewise the hosts that were asked.
    pub(super) relays: Vec<Part<'a>>,
    /// Likewise our hosts that asked.
    pub(super) hosts: Vec<Part<'a>>,
    /// Refusals alone, so all that are attempts here are events.
    pub(super) recipient_domains: Vec<Part<'a>>,
    /// First attempts by recipient domain that met other answers of the same provider, at any time.
    pub(super) usual_domains: BTreeMap<&'a str, u64>,
    pub(super) messages: u64,
    pub(super) lines: Vec<&'a Shown>,
}

/// A kind of party.
type Pick = fn(&Counts) -> &Parties;

impl<'a> Breakdown<'a> {
    /// Of a suspect in a stretch.
    pub(super) fn of(suspect: &Suspect<'a>, ward: &Ward<'a>, stretch: &Stretch) -> Breakdown<'a> {
        let refusals = || suspect.parts.iter().flat_map(|counts| stretch.refusals(counts));
        let mut lines: Vec<&Shown> = refusals().flat_map(|refusals| refusals.lines.iter()).collect();
        lines.retain(|shown| stretch.holds(shown));
        lines.sort();
        lines.truncate(LINES);
        let events = |pick: Pick| sums(suspect.parts.iter().copied(), pick, stretch);
        let parts = |pick: Pick, whole: &Sums<'a>| match stretch.time {
            None => parts(whole, &events(pick)),
            Some(_) => {
                parts(&sums(ward.keys.iter().map(|(_, counts)| *counts), pick, stretch), &events(pick))
            }
        };
        let refused = events(|counts| &counts.recipient_domains);
        Breakdown {
            known: suspect.provider != UNKNOWN,
            senders: parts(|counts| &counts.senders, &ward.senders),
            relays: parts(|counts| &counts.relays, &ward.relays),
            hosts: parts(|counts| &counts.hosts, &ward.hosts),
            recipient_domains: self::parts(&refused, &refused),
            usual_domains: BTreeMap::new(),
            messages: refusals().map(|refusals| refusals.messages).sum(),
            lines,
        }
    }

    /// Adds what is usual.
    pub(super) fn compare(&mut self, suspect: &Suspect<'a>, ward: &Ward<'a>) {
        let own = |counts: &Counts| suspect.parts.iter().any(|part| std::ptr::eq(*part, counts));
        let others = ward.keys.iter().map(|(_, counts)| *counts).filter(|counts| !own(counts));
        let usual = sums(others, |counts| &counts.recipient_domains, &Stretch::whole());
        let first = |tries: Tries| tries.count.saturating_sub(tries.retries);
        self.usual_domains =
            usual.into_iter().filter_map(|(name, tries)| Some((name?, first(tries)))).collect();
    }

    /// The sender domains that met the answer.
    pub(super) fn attributions(&self) -> Vec<Attribution> {
        let all = events(&self.senders);
        let met = self.senders.iter().filter(|part| part.events.count > 0);
        met.map(|part| Attribution {
            domain: part.name.map(str::to_owned),
            events: part.events.count,
            attempts: part.attempts.count,
            share: part.events.count as f64 / all as f64,
        })
        .collect()
    }

    /// The hosts with most refusals.
    pub(super) fn relay_shares(&self) -> Vec<Share> {
        shares(&self.relays, self.known)
    }

    /// The recipient domains with most refusals.
    pub(super) fn recipient_domain_shares(&self) -> Vec<Share> {
        shares(&self.recipient_domains, false)
    }

    /// Our hosts with most refusals.
    pub(super) fn host_shares(&self) -> Vec<Share> {
        shares(&self.hosts, true)
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

fn events(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(|part| part.events.count).sum()
}

/// `counted`: all attempts of these parties are.
fn shares(parts: &[Part<'_>], counted: bool) -> Vec<Share> {
    let all = events(parts);
    let met = parts.iter().filter(|part| part.events.count > 0);
    let share = |part: &Part<'_>| {
        Some(Share {
            name: part.name?.to_owned(),
            events: part.events.count,
            attempts: counted.then_some(part.attempts.count),
            share: part.events.count as f64 / all as f64,
        })
    };
    met.filter_map(share).take(SHOWN).collect()
}

/// Attempts by name.
pub(super) type Sums<'a> = BTreeMap<Option<&'a str>, Tries>;

fn sums<'a>(counts: impl Iterator<Item = &'a Counts>, pick: Pick, stretch: &Stretch) -> Sums<'a> {
    let mut sums = Sums::new();
    for (name, party) in counts.flat_map(pick) {
        let tries = stretch.tries(party);
        if tries.count > 0 {
            sums.entry(name.as_deref()).or_default().add(tries);
        }
    }
    sums
}

/// Most events first, then by name.
fn parts<'a>(attempts: &Sums<'a>, events: &Sums<'a>) -> Vec<Part<'a>> {
    let part = |(name, attempts): (&Option<&'a str>, &Tries)| Part {
        name: *name,
        attempts: *attempts,
        events: events.get(name).copied().unwrap_or_default(),
    };
    let mut parts: Vec<Part<'_>> = attempts.iter().map(part).collect();
    parts.sort_by_key(|part| Reverse(part.events.count));
    parts
}
