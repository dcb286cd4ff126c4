//! Which part of the mail carries a finding, and whether the rest is spared: the difference between one domain's
//! authentication and a server's reputation.

use super::breakdown::{Breakdown, Facet, Sender};
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
    /// One host of the provider.
    Relay,
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
    /// Their events, of all events.
    pub events: u64,
    /// Share of all events.
    pub share: f64,
    /// Their attempts, where those are counted.
    pub attempts: Option<u64>,
    /// All others at the same provider, where attempts are counted.
    pub others: Option<Tried>,
}

/// What explains a breakdown best; `None` where nothing does. `known` tells whether the provider is one, and not all hosts that
/// nobody knows together: among those the receiver makes a greater difference than the sender.
pub(super) fn cause(breakdown: &Breakdown<'_>, known: bool) -> Option<Cause> {
    let receiver = || {
        facet(Carrier::RecipientDomain, &breakdown.recipient_domains, known)
            .or_else(|| facet(Carrier::Relay, &breakdown.relays, known))
    };
    let senders = &breakdown.senders;
    let by_sender = || sender(senders).or_else(|| some_senders(senders));
    let first = if known { by_sender().or_else(receiver) } else { receiver().or_else(by_sender) };
    first
        .or_else(|| facet(Carrier::Host, &breakdown.hosts, true))
        .or_else(|| all_senders(senders))
        .or_else(|| only_sender(senders))
}

fn sum<'s>(senders: impl Iterator<Item = &'s Sender<'s>>) -> Tried {
    senders.fold(Tried::default(), |sum, (_, tried)| Tried {
        attempts: sum.attempts + tried.attempts,
        events: sum.events + tried.events,
    })
}

fn share(part: u64, all: u64) -> f64 {
    if all > 0 { part as f64 / all as f64 } else { 0.0 }
}

/// Those who carry it, where they carry most of it.
fn carried(senders: &[Sender<'_>], by: impl Fn(&Sender<'_>) -> bool, carrier: Carrier) -> Option<Cause> {
    let all = sum(senders.iter());
    let own = sum(senders.iter().filter(|sender| by(sender)));
    // Of mail whose sender is not known nobody can say that it fared otherwise.
    let others = sum(senders.iter().filter(|sender| sender.0.is_some() && !by(sender)));
    let mut names = senders.iter().filter(|sender| by(sender)).filter_map(|(name, _)| *name);
    let count = names.clone().count() as u64;
    (share(own.events, all.events) >= MOST).then(|| Cause {
        carrier,
        name: names.next().filter(|_| count == 1).map(str::to_owned),
        count,
        events: own.events,
        share: share(own.events, all.events),
        attempts: Some(own.attempts),
        others: Some(others),
    })
}

/// Whether the others had far less than their part.
fn spares_others(cause: &Cause) -> bool {
    let own = Tried { attempts: cause.attempts.unwrap_or(0), events: cause.events };
    cause.others.is_some_and(|others| {
        let expected = others.attempts as f64 * own.rate();
        expected >= EXPECTED && others.events as f64 * SPARED < expected
    })
}

fn sender(senders: &[Sender<'_>]) -> Option<Cause> {
    let (first, _) = senders.iter().find(|(name, tried)| name.is_some() && tried.events > 0)?;
    carried(senders, |(name, _)| name == first, Carrier::Sender).filter(spares_others)
}

/// Senders who send enough to tell how they fare, by the rate of all of them.
fn tellable<'s, 'a>(senders: &'s [Sender<'a>]) -> Vec<(&'s Sender<'a>, f64)> {
    let rate = sum(senders.iter()).rate();
    let expected = senders.iter().map(|sender| (sender, sender.1.attempts as f64 * rate));
    expected.filter(|(sender, expected)| sender.0.is_some() && *expected >= EXPECTED).collect()
}

/// Some are hit, some are spared, each by itself: of many who send little, some are always without an event.
fn some_senders(senders: &[Sender<'_>]) -> Option<Cause> {
    let hit = |tried: Tried, expected: f64| tried.events as f64 * ALIKE >= expected;
    let spared = |tried: Tried, expected: f64| tried.events as f64 * SPARED < expected;
    let told = tellable(senders);
    let clear = told.iter().all(|((_, tried), expected)| hit(*tried, *expected) || spared(*tried, *expected));
    let any_spared = told.iter().any(|((_, tried), expected)| spared(*tried, *expected));
    let carriers: Vec<Option<&str>> = told
        .iter()
        .filter(|((_, tried), expected)| hit(*tried, *expected))
        .map(|((name, _), _)| *name)
        .collect();
    if !clear || !any_spared || carriers.len() < 2 {
        return None;
    }
    carried(senders, |(name, _)| carriers.contains(name), Carrier::Senders).filter(spares_others)
}

fn all_senders(senders: &[Sender<'_>]) -> Option<Cause> {
    let told = tellable(senders);
    let alike = told.iter().all(|((_, tried), expected)| tried.events as f64 * ALIKE >= *expected);
    if told.len() < 2 || !alike {
        return None;
    }
    let cause = carried(senders, |(name, tried)| name.is_some() && tried.events > 0, Carrier::AllSenders)?;
    Some(Cause { name: None, others: None, ..cause })
}

fn only_sender(senders: &[Sender<'_>]) -> Option<Cause> {
    let (first, _) = senders.iter().find(|(name, tried)| name.is_some() && tried.events > 0)?;
    let cause = carried(senders, |(name, _)| name == first, Carrier::OnlySender)?;
    let rate = Tried { attempts: cause.attempts?, events: cause.events }.rate();
    (cause.others?.attempts as f64 * rate < EXPECTED).then_some(cause)
}

/// One name has nearly all refusals, which is not so with other answers. Among hosts of many owners that needs no comparison.
fn facet(carrier: Carrier, facet: &Facet<'_>, compare: bool) -> Option<Cause> {
    let all = facet.all();
    let (name, events) = *facet.inside.first()?;
    let usual: u64 = facet.usual.values().sum();
    let before = facet.usual.get(name).copied().unwrap_or(0);
    let stands_out = !compare || (usual >= USUAL_LEAST && share(before, usual) < USUAL_SHARE);
    (share(events, all) >= MOST && stands_out).then(|| Cause {
        carrier,
        name: Some(name.to_owned()),
        count: 1,
        events,
        share: share(events, all),
        attempts: None,
        others: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breakdown<'a>(senders: &[(Option<&'a str>, u64, u64)]) -> Breakdown<'a> {
        let tried = |(name, events, attempts): &(Option<&'a str>, u64, u64)| {
            (*name, Tried { attempts: *attempts, events: *events })
        };
        Breakdown { senders: senders.iter().map(tried).collect(), ..Breakdown::default() }
    }

    fn carrier(breakdown: &Breakdown<'_>) -> Option<(Carrier, Option<String>)> {
        cause(breakdown, true).map(|cause| (cause.carrier, cause.name))
    }

    fn named(carrier: Carrier, name: &str) -> Option<(Carrier, Option<String>)> {
        Some((carrier, Some(name.to_owned())))
    }

    #[test]
    fn one_sender_while_others_are_spared() {
        let one = breakdown(&[(Some("news"), 97, 120), (Some("shop"), 2, 300), (None, 1, 4)]);
        let cause = cause(&one, true).unwrap();
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
        let found = cause(&two, true).unwrap();
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

    fn facet(inside: &[(&'static str, u64)], usual: &[(&'static str, u64)]) -> Facet<'static> {
        Facet { inside: inside.to_vec(), usual: usual.iter().copied().collect() }
    }

    #[test]
    fn a_host_stands_out_against_what_is_usual() {
        let inside = [("mx1", 95), ("mx2", 5)];
        let of = |usual: &[(&'static str, u64)]| Breakdown {
            hosts: facet(&inside, usual),
            ..Breakdown::default()
        };
        assert_eq!(carrier(&of(&[("mx1", 10), ("mx2", 30)])), named(Carrier::Host, "mx1"));
        assert_eq!(carrier(&of(&[("mx1", 95), ("mx2", 5)])), None, "it always has most");
        assert_eq!(carrier(&of(&[("mx2", 3)])), None, "three tell nothing");
    }

    #[test]
    fn among_unknown_hosts_the_receiver_comes_first() {
        let mut one = breakdown(&[(Some("news"), 97, 120), (Some("shop"), 2, 300)]);
        one.recipient_domains = facet(&[("example.org", 98), ("example.net", 1)], &[]);
        assert_eq!(cause(&one, true).unwrap().carrier, Carrier::Sender);
        assert_eq!(cause(&one, false).unwrap().carrier, Carrier::RecipientDomain);
        one.recipient_domains = facet(&[("example.org", 50), ("example.net", 49)], &[]);
        one.relays = facet(&[("mx.example.com", 99)], &[]);
        assert_eq!(cause(&one, false).unwrap().carrier, Carrier::Relay);
    }
}
