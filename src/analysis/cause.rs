//! Which part of the mail carries a finding, and whether the rest is spared: the difference between one domain's
//! authentication and a server's reputation.

use std::collections::BTreeMap;

use super::breakdown::{Breakdown, Part};
use super::finding::Tried;

/// Who carries that much of the events carries the finding.
const MOST: f64 = 0.8;
/// Of the others so many events must have been expected, had they fared alike: none at all then has a chance of no more than
/// 1 in 20 (the rule of three: J. Hanley and A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249
/// (1983), 1743-1745).
const EXPECTED: f64 = 3.0;
/// They are spared if they had less than one in five of them.
const SPARED: f64 = 5.0;
/// Senders fare alike if none of them is below a third of what all of them have.
const ALIKE: f64 = 3.0;
/// Of two that carry it, the one with this many times the rate is nearer to it: its mail is the narrower part.
const NARROWER: f64 = 1.5;
/// Where attempts are not counted, a name stands out if it has most of the refusals here, and less than half of so many
/// refusals otherwise.
const USUAL_SHARE: f64 = 0.5;
const USUAL_LEAST: u64 = 20;

/// What carries a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// One sender domain; others at the same provider are spared.
    Sender,
    /// Several sender domains; others are spared.
    Senders,
    /// All sender domains alike.
    AllSenders,
    /// One sender domain; others sent too little there to compare.
    OnlySender,
    /// One recipient domain.
    RecipientDomain,
    /// One host that was asked.
    Relay,
    /// All hosts of the provider alike, and no sender domain is known.
    AllRelays,
    /// One host of ours.
    Host,
}

impl Carrier {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Carrier::Sender => "sender-domain",
            Carrier::Senders => "sender-domains",
            Carrier::AllSenders => "all-sender-domains",
            Carrier::OnlySender => "only-sender-domain",
            Carrier::RecipientDomain => "recipient-domain",
            Carrier::Relay => "relay",
            Carrier::AllRelays => "all-relays",
            Carrier::Host => "own-host",
        }
    }
}

/// The breakdown that explains a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// What carries it.
    pub carrier: Carrier,
    /// Its name, where it is one.
    pub name: Option<String>,
    /// How many there are of it.
    pub count: u64,
    /// Events of their first attempts.
    pub events: u64,
    /// Share of the events of all first attempts.
    pub share: f64,
    /// Their first attempts, where those are counted.
    pub attempts: Option<u64>,
    /// First attempts of all others at the same provider, where those are counted.
    pub others: Option<Tried>,
    /// Hosts of the provider that got enough mail to tell, where there are several and all answer alike.
    pub alike_relays: Option<u64>,
    /// Hosts of ours that sent enough to tell, where there are several and all fare alike.
    pub alike_hosts: Option<u64>,
}

/// What explains a breakdown best; `None` where nothing does. Among hosts that nobody knows the receiver makes a greater difference
/// than the sender.
pub(super) fn cause(breakdown: &Breakdown<'_>) -> Option<Cause> {
    let Breakdown { known, senders, relays, hosts, recipient_domains, usual_domains, .. } = breakdown;
    // Hosts of many owners have no rates to compare.
    let relays: &[Part<'_>] = if *known { relays } else { &[] };
    let by_rate = || {
        narrowest([
            one(senders, Carrier::Sender),
            one(hosts, Carrier::Host),
            one(relays, Carrier::Relay),
            some_senders(senders),
        ])
    };
    let found = if *known {
        by_rate().or_else(|| share_of(recipient_domains, Carrier::RecipientDomain, Some(usual_domains)))
    } else {
        share_of(recipient_domains, Carrier::RecipientDomain, None)
            .or_else(|| share_of(&breakdown.relays, Carrier::Relay, None))
            .or_else(by_rate)
    };
    let cause = found
        .or_else(|| all_alike(senders, Carrier::AllSenders))
        .or_else(|| only_sender(senders))
        .or_else(|| all_alike(relays, Carrier::AllRelays))?;
    Some(Cause { alike_relays: alike(relays), alike_hosts: alike(hosts), ..cause })
}

/// Of equals the first: one explains more simply than several, and our side can be put right.
fn narrowest(causes: [Option<Cause>; 4]) -> Option<Cause> {
    causes.into_iter().flatten().reduce(|first, next| {
        let narrower = own(&next).rate() >= NARROWER * own(&first).rate();
        if narrower { next } else { first }
    })
}

fn own(cause: &Cause) -> Tried {
    Tried { attempts: cause.attempts.unwrap_or(0), events: cause.events }
}

fn sum<'p>(parts: impl Iterator<Item = &'p Part<'p>>) -> Tried {
    parts.map(Part::first).fold(Tried::default(), |sum, tried| Tried {
        attempts: sum.attempts + tried.attempts,
        events: sum.events + tried.events,
    })
}

fn share(part: u64, all: u64) -> f64 {
    if all > 0 { part as f64 / all as f64 } else { 0.0 }
}

/// Those who carry it, where they carry most of it.
fn carried(parts: &[Part<'_>], by: impl Fn(&Part<'_>) -> bool, carrier: Carrier) -> Option<Cause> {
    let all = sum(parts.iter());
    let own = sum(parts.iter().filter(|part| by(part)));
    // Of mail whose sender is not known nobody can say that it fared otherwise.
    let others = sum(parts.iter().filter(|part| part.name.is_some() && !by(part)));
    let mut names = parts.iter().filter(|part| by(part)).filter_map(|part| part.name);
    let count = names.clone().count() as u64;
    (share(own.events, all.events) >= MOST).then(|| Cause {
        carrier,
        name: names.next().filter(|_| count == 1).map(str::to_owned),
        count,
        events: own.events,
        share: share(own.events, all.events),
        attempts: Some(own.attempts),
        others: Some(others),
        alike_relays: None,
        alike_hosts: None,
    })
}

/// Whether the others had far less than their part.
fn spares_others(cause: &Cause) -> bool {
    cause.others.is_some_and(|others| {
        let expected = others.attempts as f64 * own(cause).rate();
        expected >= EXPECTED && others.events as f64 * SPARED < expected
    })
}

/// The one with most events, by name; of equals the first.
fn first<'a>(parts: &[Part<'a>]) -> Option<&'a str> {
    let named = parts.iter().rev().filter(|part| part.name.is_some() && part.first().events > 0);
    named.max_by_key(|part| part.first().events)?.name
}

/// One party, while others are spared.
fn one(parts: &[Part<'_>], carrier: Carrier) -> Option<Cause> {
    let first = first(parts)?;
    carried(parts, |part| part.name == Some(first), carrier).filter(spares_others)
}

/// Those with enough attempts to tell how they fare, and the events they would have by the rate of all.
fn tellable<'p, 'a>(parts: &'p [Part<'a>]) -> Vec<(&'p Part<'a>, f64)> {
    let rate = sum(parts.iter()).rate();
    let expected = parts.iter().map(|part| (part, part.first().attempts as f64 * rate));
    expected.filter(|(part, expected)| part.name.is_some() && *expected >= EXPECTED).collect()
}

fn is_hit(part: &Part<'_>, expected: f64) -> bool {
    part.first().events as f64 * ALIKE >= expected
}

/// Some are hit, some are spared, each by itself: of many who send little, some are always without an event.
fn some_senders(senders: &[Part<'_>]) -> Option<Cause> {
    let spared = |part: &Part<'_>, expected: f64| part.first().events as f64 * SPARED < expected;
    let told = tellable(senders);
    let clear = told.iter().all(|(part, expected)| is_hit(part, *expected) || spared(part, *expected));
    let any_spared = told.iter().any(|(part, expected)| spared(part, *expected));
    let hit = told.iter().filter(|(part, expected)| is_hit(part, *expected));
    let carriers: Vec<Option<&str>> = hit.map(|(part, _)| part.name).collect();
    if !clear || !any_spared || carriers.len() < 2 {
        return None;
    }
    carried(senders, |part| carriers.contains(&part.name), Carrier::Senders).filter(spares_others)
}

/// How many can be told, where there are several and all are hit.
fn alike(parts: &[Part<'_>]) -> Option<u64> {
    let told = tellable(parts);
    let alike = told.len() >= 2 && told.iter().all(|(part, expected)| is_hit(part, *expected));
    alike.then_some(told.len() as u64)
}

fn all_alike(parts: &[Part<'_>], carrier: Carrier) -> Option<Cause> {
    alike(parts)?;
    let cause = carried(parts, |part| part.name.is_some() && part.first().events > 0, carrier)?;
    Some(Cause { name: None, others: None, ..cause })
}

fn only_sender(senders: &[Part<'_>]) -> Option<Cause> {
    let first = first(senders)?;
    let cause = carried(senders, |part| part.name == Some(first), Carrier::OnlySender)?;
    (cause.others?.attempts as f64 * own(&cause).rate() < EXPECTED).then_some(cause)
}

/// One name has nearly all refusals, which is not so with other answers. Among hosts of many owners that needs no comparison.
fn share_of(parts: &[Part<'_>], carrier: Carrier, usual: Option<&BTreeMap<&str, u64>>) -> Option<Cause> {
    let first = first(parts)?;
    let stands_out = usual.is_none_or(|usual| {
        let all: u64 = usual.values().sum();
        all >= USUAL_LEAST && share(usual.get(first).copied().unwrap_or(0), all) < USUAL_SHARE
    });
    let cause = carried(parts, |part| part.name == Some(first), carrier).filter(|_| stands_out)?;
    Some(Cause { attempts: None, others: None, ..cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Tries;

    /// Parties by name, events and attempts.
    type Rows<'r, 'a> = &'r [(Option<&'a str>, u64, u64)];

    fn parts<'a>(rows: Rows<'_, 'a>) -> Vec<Part<'a>> {
        let tries = |count| Tries { count, retries: 0 };
        let part = |(name, events, attempts): &(Option<&'a str>, u64, u64)| Part {
            name: *name,
            attempts: tries(*attempts),
            events: tries(*events),
        };
        rows.iter().map(part).collect()
    }

    fn breakdown<'a>(senders: Rows<'_, 'a>) -> Breakdown<'a> {
        Breakdown { known: true, senders: parts(senders), ..Breakdown::default() }
    }

    fn carrier(breakdown: &Breakdown<'_>) -> Option<(Carrier, Option<String>)> {
        cause(breakdown).map(|cause| (cause.carrier, cause.name))
    }

    fn named(carrier: Carrier, name: &str) -> Option<(Carrier, Option<String>)> {
        Some((carrier, Some(name.to_owned())))
    }

    #[test]
    fn one_sender_while_others_are_spared() {
        let one = breakdown(&[(Some("news"), 97, 120), (Some("shop"), 2, 300), (None, 1, 4)]);
        let cause = cause(&one).unwrap();
        assert_eq!((cause.carrier, cause.name.as_deref(), cause.count), (Carrier::Sender, Some("news"), 1));
        assert_eq!((cause.events, cause.attempts), (97, Some(120)));
        assert_eq!(cause.others, Some(Tried { attempts: 300, events: 2 }));
        assert!((cause.share - 0.97).abs() < 1e-9);
    }

    #[test]
    fn a_sender_who_only_sends_most_carries_nothing_alone() {
        let all = breakdown(&[(Some("news"), 90, 900), (Some("shop"), 9, 100)]);
        assert_eq!(carrier(&all), Some((Carrier::AllSenders, None)));
    }

    #[test]
    fn all_alike_and_some_of_many() {
        let all =
            breakdown(&[(Some("a"), 40, 80), (Some("b"), 30, 70), (Some("c"), 2, 3), (Some("d"), 0, 2)]);
        assert_eq!(carrier(&all), Some((Carrier::AllSenders, None)));
        let two = breakdown(&[(Some("a"), 40, 80), (Some("b"), 30, 70), (Some("c"), 1, 300)]);
        let found = cause(&two).unwrap();
        assert_eq!((found.carrier, found.name, found.count), (Carrier::Senders, None, 2));
    }

    #[test]
    fn of_many_who_send_little_some_are_always_spared() {
        let mut senders = vec![(Some("a"), 9, 900), (Some("b"), 5, 450)];
        senders.extend([(Some("c"), 1, 25); 10]);
        senders.extend([(Some("d"), 0, 25); 29]);
        assert_eq!(carrier(&breakdown(&senders)), Some((Carrier::AllSenders, None)));
    }

    #[test]
    fn without_others_there_is_no_comparison() {
        let only = breakdown(&[(Some("news"), 20, 30), (Some("shop"), 0, 2)]);
        assert_eq!(carrier(&only), named(Carrier::OnlySender, "news"));
        assert_eq!(carrier(&breakdown(&[(None, 20, 30)])), None, "a sender nobody knows is no cause");
        assert_eq!(carrier(&Breakdown::default()), None);
    }

    #[test]
    fn neither_one_nor_all_is_no_cause() {
        let mixed = breakdown(&[(Some("a"), 60, 100), (Some("b"), 20, 400)]);
        assert_eq!(carrier(&mixed), None);
    }

    #[test]
    fn retries_say_nothing_new() {
        let mut all = breakdown(&[(Some("news"), 900, 1_000), (Some("shop"), 30, 100)]);
        all.senders[0].events.retries = 870;
        all.senders[0].attempts.retries = 900;
        assert_eq!(carrier(&all), Some((Carrier::AllSenders, None)), "30 of 100 first attempts, each");
    }

    #[test]
    fn one_host_while_others_are_spared() {
        let two = [(Some("mx1"), 1, 300), (Some("mx2"), 97, 120)];
        let mut one = breakdown(&[(Some("news"), 60, 250), (Some("shop"), 38, 170)]);
        one.hosts = parts(&two);
        let found = cause(&one).unwrap();
        assert_eq!((found.carrier, found.name.as_deref()), (Carrier::Host, Some("mx2")));
        assert_eq!((found.events, found.attempts), (97, Some(120)));
        assert_eq!(found.others, Some(Tried { attempts: 300, events: 1 }));
        one.hosts = parts(&[(Some("mx1"), 20, 80), (Some("mx2"), 97, 120)]);
        assert_eq!(carrier(&one), Some((Carrier::AllSenders, None)), "the other is hit as well");
        one.hosts = parts(&[(Some("mx1"), 0, 3), (Some("mx2"), 98, 120)]);
        assert_eq!(carrier(&one), Some((Carrier::AllSenders, None)), "three attempts tell nothing");
        one.hosts.clear();
        one.relays = parts(&two);
        assert_eq!(carrier(&one), named(Carrier::Relay, "mx2"));
        one.known = false;
        assert_eq!(carrier(&one), named(Carrier::Relay, "mx2"), "by its share alone");
        assert_eq!(cause(&one).unwrap().others, None);
    }

    #[test]
    fn the_narrower_of_two_is_nearer() {
        // All of it is mail of one sender, but what its other host sent went through.
        let mut one = breakdown(&[(Some("news"), 50, 200), (Some("shop"), 0, 300)]);
        one.hosts = parts(&[(Some("mx1"), 0, 400), (Some("mx2"), 50, 100)]);
        assert_eq!(carrier(&one), named(Carrier::Host, "mx2"));
        one.hosts = parts(&[(Some("mx1"), 0, 250), (Some("mx2"), 50, 250)]);
        assert_eq!(carrier(&one), named(Carrier::Sender, "news"));
        one.hosts = parts(&[(Some("mx1"), 0, 300), (Some("mx2"), 50, 200)]);
        assert_eq!(carrier(&one), named(Carrier::Sender, "news"), "equals");
        one.senders = parts(&[(Some("news"), 25, 100), (Some("list"), 25, 100), (Some("shop"), 0, 300)]);
        assert_eq!(
            carrier(&one),
            named(Carrier::Host, "mx2"),
            "one host says it more simply than two senders"
        );
        one.hosts.clear();
        assert_eq!(carrier(&one), Some((Carrier::Senders, None)));
    }

    #[test]
    fn what_is_alike_is_told_beside() {
        let mut one = breakdown(&[(Some("news"), 97, 120), (Some("shop"), 2, 300)]);
        one.relays =
            parts(&[(Some("a"), 50, 200), (Some("b"), 40, 190), (Some("c"), 9, 28), (Some("d"), 0, 2)]);
        one.hosts = parts(&[(Some("mx1"), 99, 400), (Some("mx2"), 0, 20)]);
        let found = cause(&one).unwrap();
        assert_eq!((found.carrier, found.alike_relays, found.alike_hosts), (Carrier::Sender, Some(3), None));
        one.senders = parts(&[(None, 99, 420)]);
        one.hosts.clear();
        assert_eq!(carrier(&one), Some((Carrier::AllRelays, None)), "nobody knows the senders");
        one.known = false;
        assert_eq!(carrier(&one), None, "hosts of many owners have nothing in common");
    }

    #[test]
    fn a_recipient_domain_stands_out_against_what_is_usual() {
        let of = |usual: &[(&'static str, u64)]| Breakdown {
            known: true,
            recipient_domains: parts(&[(Some("a.example"), 95, 95), (Some("b.example"), 5, 5)]),
            usual_domains: usual.iter().copied().collect(),
            ..Breakdown::default()
        };
        let usual = of(&[("a.example", 10), ("b.example", 30)]);
        assert_eq!(carrier(&usual), named(Carrier::RecipientDomain, "a.example"));
        assert_eq!(cause(&usual).unwrap().attempts, None);
        assert_eq!(carrier(&of(&[("a.example", 95), ("b.example", 5)])), None, "it always has most");
        assert_eq!(carrier(&of(&[("b.example", 3)])), None, "three tell nothing");
    }

    #[test]
    fn among_unknown_hosts_the_receiver_comes_first() {
        let mut one = breakdown(&[(Some("news"), 97, 120), (Some("shop"), 2, 300)]);
        one.recipient_domains = parts(&[(Some("example.org"), 98, 98), (Some("example.net"), 1, 1)]);
        assert_eq!(cause(&one).unwrap().carrier, Carrier::Sender);
        one.known = false;
        assert_eq!(cause(&one).unwrap().carrier, Carrier::RecipientDomain);
        one.recipient_domains = parts(&[(Some("example.org"), 50, 50), (Some("example.net"), 49, 49)]);
        one.relays = parts(&[(Some("mx.example.com"), 99, 99)]);
        assert_eq!(cause(&one).unwrap().carrier, Carrier::Relay);
        one.relays.clear();
        assert_eq!(cause(&one).unwrap().carrier, Carrier::Sender);
    }
}
