//! The law for `suppress`: the same cases however a log is read, and the same as a plain recount finds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use smtpulse::analysis;
use smtpulse::catalog::Catalog;
use smtpulse::input::{self, Source};
use smtpulse::mta::Kind;
use smtpulse::scan::{self, Options};
use smtpulse::smtp::{Action, Code, Direction, domain};
use smtpulse::summary::{Cases, Ground, Key, Span};
use smtpulse::tally::{Care, MESSAGES, Recipients, ground};
use smtpulse::time::Instant;

use super::cuts::{LOGS, pieces};
use crate::reading::{Answer, Events, Seen, What, fixtures, options, stream};

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);

fn cases(sources: Vec<Source>, options: &Options, care: Care) -> Cases {
    let mut recipients = Recipients::new(&CATALOG, care);
    scan::gather(sources, &mut recipients, options, &|_| {}).unwrap();
    recipients.settle()
}

#[test]
fn threads_chunks_and_streams_make_no_difference_to_recipients() {
    let care = Care { hits: 3, seconds: 600 };
    for (log, zone, year) in LOGS {
        let path = fixtures().join(log);
        let base = options(zone, Some(year));
        let open = |mapped| vec![input::open(&path, mapped).unwrap()];
        let whole = cases(open(true), &Options { chunk: usize::MAX, ..base.clone() }, care);
        assert!(!whole.cases.is_empty(), "{log}");
        for (threads, chunk) in [(2, 100_000), (1, 5000)] {
            let options = Options { threads, chunk, ..base.clone() };
            assert!(
                cases(open(true), &options, care) == whole,
                "{log}: {threads} threads, chunks of {chunk}"
            );
            let bytes = std::fs::read(&path).unwrap();
            assert!(cases(vec![stream(log, &bytes)], &options, care) == whole, "{log}: streamed");
        }
        assert!(cases(open(false), &base, care) == whole, "{log}: read and not mapped");
    }
}

#[test]
fn recipients_of_a_log_cut_into_ten_files_are_those_of_the_log() {
    let care = Care { hits: 3, seconds: 600 };
    for (log, zone, year) in LOGS {
        let options = options(zone, Some(year));
        let whole = cases(vec![input::open(&fixtures().join(log), true).unwrap()], &options, care);
        let pieces = pieces(&fixtures().join(log));
        let sources = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map(|piece| stream(&format!("{piece}"), &pieces[piece]));
        let mut recipients = Recipients::new(&CATALOG, care);
        let scan = scan::gather(sources.into(), &mut recipients, &options, &|_| {}).unwrap();
        assert!(recipients.settle() == whole, "{log}");
        assert!(!scan.overlap, "{log}: one log is read once");
    }
}

#[test]
fn memory_follows_those_who_fail() {
    let sent = |number: usize| {
        format!(
            "2026-03-07T10:{:02}:{:02}+00:00 mx postfix/smtp[7]: 4F1A2B3C4D: to=<u{number}@d{}.example>, \
             relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n",
            number / 60 % 60,
            number % 60,
            number % 997,
        )
    };
    let failed = sent(7).replace("dsn=2.0.0, status=sent (250 2.0.0 Ok)", "dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 unknown (in reply to RCPT TO command))");
    let mut log: String = (0..20_000).map(sent).collect();
    log += &failed;
    let options = Options { chunk: 10_000, ..options("UTC", None) };
    let mut recipients = Recipients::new(&CATALOG, Care::default());
    scan::gather(vec![stream("log", log.as_bytes())], &mut recipients, &options, &|_| {}).unwrap();
    assert_eq!(recipients.remembered(), (1, 1), "recipients and domains");
    log += &sent(7);
    let mut recipients = Recipients::new(&CATALOG, Care::default());
    scan::gather(vec![stream("log", log.as_bytes())], &mut recipients, &options, &|_| {}).unwrap();
    assert_eq!(recipients.remembered(), (0, 1));
}

/// What the twin finds of a recipient.
#[derive(Debug, PartialEq)]
struct Found {
    address: Vec<u8>,
    /// By ground: the last answer, span, number of messages.
    evidence: BTreeMap<Ground, (Key, Span, u64)>,
    outage: bool,
}

/// A refusal, or an acceptance.
enum Fate {
    Accepted { relayed: bool },
    Failed { ground: Ground, key: Key, message: (Vec<u8>, Vec<u8>) },
}

struct Happening {
    folded: Vec<u8>,
    spelled: Vec<u8>,
    domain: Vec<u8>,
    at: Option<Instant>,
    what: Fate,
}

fn happening(seen: &Seen) -> Option<Happening> {
    let What::Outcome(answer) = &seen.what else { return None };
    if answer.kind != Kind::Delivery || answer.direction != Direction::Out {
        return None;
    }
    let recipient = answer.recipient.clone()?;
    let name = domain(&recipient)?.to_ascii_lowercase();
    let local = &recipient[..recipient.iter().rposition(|b| *b == b'@')?];
    let spelled = [local, b"@", &name].concat();
    let what = match answer.action? {
        Action::Delivered => Fate::Accepted { relayed: false },
        Action::Relayed => Fate::Accepted { relayed: true },
        action => {
            let key = key(answer, action);
            let ground = ground(&CATALOG, &analysis::answer(&key))?;
            Fate::Failed { ground, key, message: (seen.host.clone(), answer.id.clone().unwrap_or_default()) }
        }
    };
    Some(Happening { folded: spelled.to_ascii_lowercase(), spelled, domain: name, at: seen.at, what })
}

fn key(answer: &Answer, action: Action) -> Key {
    Key {
        direction: answer.direction,
        provider: Some(answer.provider.clone()),
        action,
        code: answer.code,
        marker: answer.marker.clone(),
        quoted: answer.quoted.clone(),
        guard: answer.guard,
    }
}

/// For each happening, whether it lies in an outage of its domain: between two deliveries to the domain, at some refusal
/// enough different ones had been refused within the window.
fn domain_outages(all: &[Happening], care: Care) -> Vec<bool> {
    let mut down = vec![false; all.len()];
    for (index, own) in all.iter().enumerate() {
        let ends = |other: &Happening| {
            other.domain == own.domain && matches!(other.what, Fate::Accepted { relayed: false })
        };
        let start = all[..index].iter().rposition(ends).map_or(0, |at| at + 1);
        let end = all[index..].iter().position(ends).map_or(all.len(), |at| index + at);
        let hits: Vec<&Happening> = all[start..end]
            .iter()
            .filter(|other| other.domain == own.domain)
            .filter(|other| matches!(other.what, Fate::Failed { ground, .. } if ground.is_hard()))
            .collect();
        down[index] = (1..=hits.len()).any(|upto| {
            let latest = hits[..upto].iter().filter_map(|hit| hit.at).max().unwrap_or(Instant::MIN);
            let mut last: BTreeMap<&[u8], (Instant, usize)> = BTreeMap::new();
            for (number, hit) in hits[..upto].iter().enumerate() {
                last.insert(&hit.folded, (hit.at.unwrap_or(Instant::MAX), number));
            }
            let since = latest.saturating_sub(care.seconds);
            last.values().filter(|(at, number)| *at >= since || number + 1 == upto).count() >= care.hits
        });
    }
    down
}

/// For each happening, whether it is a look-up that failed while very many did.
fn resolver_outages(all: &[Happening], care: Care) -> Vec<bool> {
    let mut down = vec![false; all.len()];
    let mut window: Vec<(&[u8], Instant)> = Vec::new();
    let (mut run, mut latest, mut is_down) = (Vec::new(), Instant::MIN, false);
    for (index, own) in all.iter().enumerate() {
        match &own.what {
            Fate::Accepted { relayed: false } if !window.is_empty() => {
                window.remove(0);
                if window.is_empty() {
                    for hit in run.drain(..) {
                        down[hit] = is_down;
                    }
                    (latest, is_down) = (Instant::MIN, false);
                }
            }
            Fate::Failed { ground: Ground::Domain, key, .. } if key.code == Code::NONE => {
                latest = own.at.map_or(latest, |at| at.max(latest));
                window.retain(|(name, at)| *name != own.domain && *at >= latest.saturating_sub(care.seconds));
                window.push((&own.domain, own.at.unwrap_or(Instant::MAX)));
                is_down |= window.len() >= care.hits;
                while window.len() > care.hits {
                    window.remove(0);
                }
                run.push(index);
            }
            _ => {}
        }
    }
    for hit in run {
        down[hit] = is_down;
    }
    down
}

fn recount(seen: &[Seen], care: Care) -> Vec<Found> {
    let all: Vec<Happening> = seen.iter().filter_map(happening).collect();
    let (by_domain, by_resolver) = (domain_outages(&all, care), resolver_outages(&all, care));
    let mut names: Vec<&Happening> = all.iter().collect();
    names.sort_by_key(|happening| &happening.folded);
    names.dedup_by_key(|happening| &happening.folded);
    let mut found = Vec::new();
    for folded in names.iter().map(|happening| &happening.folded) {
        let own: Vec<usize> = (0..all.len()).filter(|at| all[*at].folded == *folded).collect();
        let reached = own.iter().rposition(|at| matches!(all[*at].what, Fate::Accepted { .. }));
        let since = &own[reached.map_or(0, |at| at + 1)..];
        let Some(first) = since.first() else { continue };
        let mut evidence: BTreeMap<Ground, (Key, Span, u64)> = BTreeMap::new();
        let mut messages: BTreeMap<Ground, Vec<_>> = BTreeMap::new();
        let mut outage = None;
        for at in since {
            let Fate::Failed { ground, key, message } = &all[*at].what else { unreachable!() };
            let entry = evidence.entry(*ground).or_insert_with(|| (key.clone(), Span::default(), 0));
            entry.0 = key.clone();
            entry.1.add(all[*at].at);
            if ground.counts_messages() {
                let known = messages.entry(*ground).or_default();
                if !known.contains(message) {
                    known.push(message.clone());
                }
                entry.2 = known.len().min(MESSAGES) as u64;
            }
            if ground.is_hard() {
                let held = by_domain[*at] || by_resolver[*at];
                outage = Some(outage.unwrap_or(true) && held);
            }
        }
        found.push(Found { address: all[*first].spelled.clone(), evidence, outage: outage.unwrap_or(false) });
    }
    found
}

fn named(cases: &Cases) -> Vec<Found> {
    let mut found: Vec<Found> = cases
        .cases
        .iter()
        .map(|case| Found {
            address: case.address.clone(),
            evidence: case
                .evidence
                .iter()
                .map(|evidence| {
                    let key = cases.keys[evidence.key].clone();
                    (evidence.ground, (key, evidence.span, evidence.messages))
                })
                .collect(),
            outage: case.outage.is_some(),
        })
        .collect();
    found.sort_by_key(|found| found.address.to_ascii_lowercase());
    found
}

/// How a delivery ends; `X` is the domain. The words about MX records are Exim's: here it is only to be a failed look-up.
const ENDS: [&str; 12] = [
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    "relay=mx.X[10.1.1.1]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    "relay=127.0.0.1[127.0.0.1]:10025, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=5.1.1, status=bounced (host mx.X[192.0.2.9] said: 550 5.1.1 unknown (in reply to RCPT TO command))",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=5.1.1, status=bounced (host mx.X[192.0.2.9] said: 550 5.1.1 unknown (in reply to RCPT TO command))",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=5.7.1, status=bounced (host mx.X[192.0.2.9] said: 550 5.7.1 blocked (in reply to RCPT TO command))",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=4.1.1, status=deferred (host mx.X[192.0.2.9] said: 550 4.1.1 contradictory (in reply to RCPT TO command))",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=4.1.1, status=deferred (host mx.X[192.0.2.9] said: 450 4.1.1 later (in reply to RCPT TO command))",
    "relay=mx.X[192.0.2.9]:25, delay=1, dsn=4.2.2, status=deferred (host mx.X[192.0.2.9] said: 452 4.2.2 full (in reply to RCPT TO command))",
    "relay=none, delay=1, dsn=5.4.4, status=bounced (all relevant MX records point to non-existent hosts)",
    "relay=none, delay=1, dsn=5.4.4, status=bounced (all relevant MX records point to non-existent hosts)",
    "relay=none, delay=1, dsn=4.7.0, status=deferred (delivery temporarily suspended: host mx.X[192.0.2.9] refused to talk to me: 550 5.1.1 no)",
];

fn line() -> impl Strategy<Value = (i64, &'static str, &'static str, &'static str, &'static str, &'static str)>
{
    (
        prop_oneof![8 => 0_i64..120, 2 => -30_i64..0, 1 => 500_i64..90_000],
        select(vec!["mx1", "mx1", "mx2"]),
        select(vec!["4F1A2B3C4D", "5F1A2B3C4D", "6F1A2B3C4D"]),
        select(vec!["a", "b", "B", "c", "d", "\"e, f\""]),
        select(vec!["one.example", "Two.example", "two.example", "three.example", "gmail.com"]),
        select(ENDS.to_vec()),
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        max_shrink_iters: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_deaths_are_those_of_the_twin(
        lines in proptest::collection::vec(line(), 0..80),
        undated in any::<bool>(),
        chunk in prop_oneof![Just(1_usize), 50_usize..3000],
        threads in 1_usize..4,
    ) {
        let mut log = String::new();
        let mut at = 1_772_884_800;
        for (seconds, host, id, local, name, end) in lines {
            at += seconds;
            let stamp = jiff::Timestamp::from_second(at).unwrap();
            // Some carriers keep no stamp: then nobody knows when it was.
            let head = if undated && at % 3 == 0 { String::new() } else { format!("{stamp} {host} postfix/smtp[1]: ") };
            let end = end.replace('X', &name.to_lowercase());
            log += &format!("{head}{id}: to=<{local}@{name}>, {end}\n");
        }
        let care = Care { hits: 3, seconds: 300 };
        let whole = Options { chunk: 1 << 22, ..options("UTC", None) };
        let seen = Events::read(vec![stream("log", log.as_bytes())], &CATALOG, &whole);
        let one = cases(vec![stream("log", log.as_bytes())], &whole, care);
        prop_assert_eq!(named(&one), recount(&seen, care), "{}", log);
        let cut = Options { chunk, threads, ..whole };
        let many = cases(vec![stream("log", log.as_bytes())], &cut, care);
        prop_assert_eq!(many, one, "cut at {}:\n{}", chunk, log);
    }
}
