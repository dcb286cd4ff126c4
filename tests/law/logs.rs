//! Random logs out of real and nonsense lines, held against the twin.
//!
//! Few ids, hosts and recipients, so that they meet again and again: ids reused with and without `removed`, senders named
//! before and after the attempts, split records with other lines between the parts. The clock steps forward and back,
//! over New Year and through the doubled hour in autumn.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::select;

use smtpulse::catalog::Catalog;
use smtpulse::scan::{self, Options};
use smtpulse::summary::{Counts, Key};
use smtpulse::tally::{Patience, Tally};

use super::summary;
use super::twin::{Recount, recount};
use crate::reading::{Events, options, stream};

/// What a random line says; a name of a host and a stamp come before it.
#[derive(Clone, Debug)]
enum Said {
    /// By a program with a tag: a line of syslog.
    Tagged(String),
    /// A record of Exim's, behind its own stamp: whole, or split for syslog into parts of so many bytes.
    Exim { record: String, part: Option<usize> },
    /// No line of any program.
    Raw(String),
}

const DELIVERIES: [&str; 11] = [
    "relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)",
    "relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.2.1, status=deferred (host gmail-smtp-in.l.google.com[192.0.2.1] said: 450 4.2.1 rate (in reply to RCPT TO command))",
    "relay=alt1.gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=401, delays=400/0/0/1, dsn=4.2.1, status=deferred (host alt1.gmail-smtp-in.l.google.com[192.0.2.1] said: 450 4.2.1 rate (in reply to RCPT TO command))",
    "relay=GMAIL-smtp-in.l.google.com[192.0.2.1]:25, delay=401, delays=400/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)",
    "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 no such user (in reply to RCPT TO command))",
    "relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to mx.example.org[192.0.2.9]:25: Connection refused)",
    "relay=none, delay=1, delays=0/0/0/1, dsn=4.7.0, status=deferred (delivery temporarily suspended: host mx.example.org[192.0.2.9] refused to talk to me: 421 4.7.0 no)",
    "relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1)",
    "relay=mx.example.org[10.1.1.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)",
    "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
    "nonsense",
];

fn sender() -> impl Strategy<Value = &'static str> {
    select(vec!["a@one.example", "b@Two.example", "", "root", "x>, size=1@three.example"])
}

fn recipient() -> impl Strategy<Value = &'static str> {
    select(vec!["r@example.org", "s@gmail.com", "\"t, relay=x\"@example.org"])
}

fn postfix() -> impl Strategy<Value = Said> {
    let id = select(vec!["4F1A2B3C4D", "5E1A2B3C4D", "BADDCAFE", "4dgXmS3FCJz1WHnV"]);
    let said = prop_oneof![
        1 => id.clone().prop_map(|id| format!("smtpd[1]: {id}: client=localhost[127.0.0.1]")),
        2 => id.clone().prop_map(|id| format!("smtpd[1]: {id}: client=mx.example.com[192.0.2.7]")),
        1 => id.clone().prop_map(|id| format!("pickup[1]: {id}: uid=0 from=<root>")),
        3 => (id.clone(), sender())
            .prop_map(|(id, sender)| format!("qmgr[1]: {id}: from=<{sender}>, size=5, nrcpt=1 (queue active)")),
        6 => (id.clone(), recipient(), select(DELIVERIES.to_vec()))
            .prop_map(|(id, to, rest)| format!("smtp[1]: {id}: to=<{to}>, {rest}")),
        2 => id.clone().prop_map(|id| format!("qmgr[1]: {id}: removed")),
        1 => (id.clone(), sender())
            .prop_map(|(id, sender)| format!("qmgr[1]: {id}: from=<{sender}>, status=expired, returned to sender")),
        1 => id.prop_map(|id| format!("smtp[1]: {id}: host mx.example.org[192.0.2.9] said: 450 4.2.0 wait (in reply to RCPT TO command)")),
        1 => Just("smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.3]: 554 5.7.1 <a@b>: Relay access denied; from=<c@d> to=<a@b> proto=ESMTP helo=<x>".to_owned()),
        1 => Just("master[1]: reload".to_owned()),
    ];
    said.prop_map(|said| Said::Tagged(format!("postfix/{said}")))
}

fn exim() -> impl Strategy<Value = Said> {
    let id = select(vec!["1vapHe-0001tH-0O", "1vapHe-0001tH-0P", "1vapKe-00000001tQa-2pab"]);
    let rest = prop_oneof![
        1 => Just("<= <> H=mx.example.com [192.0.2.7] P=esmtps S=10 for u@example.net".to_owned()),
        3 => sender().prop_map(|sender| match sender {
            "" => "<= <> R=1vapHe-0001tH-0O U=Debian-exim P=local S=10".to_owned(),
            other => format!("<= {} H=localhost [127.0.0.1] P=esmtp S=10", other.replace(' ', "")),
        }),
        3 => recipient().prop_map(|to| format!("=> {to} R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.9] C=\"250 2.0.0 OK\"")),
        1 => recipient().prop_map(|to| format!(">> {to} R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.9] C=\"250 OK\"")),
        2 => recipient().prop_map(|to| format!("== {to} R=dnslookup T=remote_smtp defer (-44) H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<{to}>: 450 4.2.1 later")),
        2 => recipient().prop_map(|to| format!("** {to} F=<own@four.example> R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.9]: SMTP error from remote mail server after RCPT TO:<{to}>: 550 5.7.1 no")),
        1 => Just("== r@example.org routing defer (-52) retry time not reached".to_owned()),
        2 => Just("Completed".to_owned()),
    ];
    let record = prop_oneof![
        9 => (id, rest).prop_map(|(id, rest)| format!("{id} {rest}")),
        1 => Just("H=(x) [192.0.2.4] F=<a@b> rejected RCPT <c@d>: relay not permitted".to_owned()),
        1 => Just("H=(x) [192.0.2.4] F=<a@b> rejected RCPT <c@d>: relay not permitted".to_owned()),
        1 => Just("Start queue run: pid=5".to_owned()),
    ];
    (record, proptest::option::of(20_usize..90)).prop_map(|(record, part)| Said::Exim { record, part })
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        8 => postfix(),
        6 => exim(),
        1 => Just(Said::Tagged("dovecot[9]: imap: 4F1A2B3C4D: to=<r@example.org>, relay=x, status=sent (250 ok)".to_owned())),
        1 => "[ -~]{0,60}".prop_map(Said::Raw),
    ]
}

/// How a line is framed and what comes between it and the line before.
#[derive(Clone, Debug)]
struct Step {
    /// Seconds on the wall clock since the line before.
    seconds: i64,
    host: &'static str,
    form: u8,
    /// Whether the line is written twice.
    twice: bool,
    /// Parts of a split record come this many lines apart.
    apart: usize,
    said: Said,
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![
        12 => 0_i64..3, 4 => 3_i64..900, 1 => -20_i64..0, 1 => Just(-3600), 1 => Just(86_400), 1 => Just(40 * 86_400),
    ];
    let host = select(vec!["mx1", "mx1", "mx1", "mx2"]);
    (seconds, host, 0_u8..8, prop::bool::weighted(0.05), 0_usize..3, said()).prop_map(
        |(seconds, host, form, twice, apart, said)| Step { seconds, host, form, twice, apart, said },
    )
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The log, as bytes.
fn log(start: i64, steps: &[Step]) -> Vec<u8> {
    let mut lines: Vec<String> = Vec::new();
    // Later parts of split records, with how many lines they still wait.
    let mut held: Vec<(usize, String)> = Vec::new();
    let mut wall = start;
    for (number, step) in steps.iter().enumerate() {
        wall += step.seconds;
        let at = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(wall).unwrap());
        let clock = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
        let own = format!("{:04}-{:02}-{:02} {clock}", at.year(), at.month(), at.day());
        let month = MONTHS[at.month() as usize - 1];
        let syslog = match step.form {
            0 => format!("{:04}-{:02}-{:02}T{clock}.5+01:00 {}", at.year(), at.month(), at.day(), step.host),
            _ => format!("{month} {:>2} {clock} {}", at.day(), step.host),
        };
        let mut line = String::new();
        match &step.said {
            Said::Tagged(said) => line = format!("{syslog} {said}"),
            Said::Raw(said) => line.clone_from(said),
            Said::Exim { record, part: _ } if step.form > 3 => line = format!("{own} {record}"),
            Said::Exim { record, part: None } => line = format!("{syslog} exim[{number}]: {own} {record}"),
            Said::Exim { record, part: Some(size) } => {
                let record = format!("{own} {record}");
                let parts: Vec<String> = record
                    .as_bytes()
                    .chunks(*size)
                    .map(|part| String::from_utf8_lossy(part).into_owned())
                    .collect();
                for (index, part) in parts.iter().enumerate() {
                    let text = match parts.len() {
                        1 => format!("{syslog} exim[{number}]: {part}"),
                        all => format!("{syslog} exim[{number}]: [{}/{all}] {part}", index + 1),
                    };
                    match index {
                        0 => line = text,
                        _ => held.push((step.apart * index, text)),
                    }
                }
            }
        }
        if step.twice {
            lines.push(line.clone());
        }
        lines.push(line);
        for (wait, text) in &mut held {
            if *wait == 0 {
                lines.push(std::mem::take(text));
            } else {
                *wait -= 1;
            }
        }
        held.retain(|(_, text)| !text.is_empty());
    }
    lines.join("\n").into_bytes()
}

/// The seconds at which random logs begin, on the wall clock: before New Year, before the doubled hour of Berlin, in
/// February of a leap year.
fn start() -> impl Strategy<Value = i64> {
    select(vec![1_767_225_000_i64, 1_761_440_000, 1_709_160_000])
}

/// How long messages are waited for: as always, or so short that many are over before they are spoken of again.
fn patience() -> impl Strategy<Value = Patience> {
    let short = (0_u64..6, 0_u64..12).prop_map(|(idle, more)| Patience { idle, waiting: idle + more });
    prop_oneof![Just(Patience::default()), short]
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        max_shrink_iters: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_random_log_counts_as_its_twin(
        start in start(),
        steps in proptest::collection::vec(step(), 0..60),
        chunk in prop_oneof![Just(1_usize), 50_usize..3000],
        threads in 1_usize..4,
        patience in patience(),
    ) {
        let catalog = &*CATALOG;
        let bytes = log(start, &steps);
        let summary = |options: &Options| {
            let mut tally = Tally::new(catalog, true).patient(patience);
            let read = scan::gather(vec![stream("log", &bytes)], &mut tally, options, &|_| {});
            let mut summary = read.unwrap().summary;
            summary.merge(tally.settle()).unwrap();
            summary
        };
        let whole = Options { chunk: 1 << 22, ..options("Europe/Berlin", Some(2026)) };
        let seen = Events::read(vec![stream("log", &bytes)], catalog, &whole);
        let wanted = recount(&seen, patience);
        let one = summary(&whole);
        let found = Recount { keys: own(one.keys.clone()), totals: one.totals };
        prop_assert_eq!(&found, &wanted, "in one piece:\n{}", String::from_utf8_lossy(&bytes));
        let cut = Options { chunk, threads, ..whole };
        let many = summary(&cut);
        prop_assert_eq!(&many, &one, "cut at {}:\n{}", chunk, String::from_utf8_lossy(&bytes));
        let classes = &one.accounting;
        let sum = classes.attempts + classes.rejects + classes.other_events + classes.other_programs
            + classes.unrelated + classes.not_understood;
        prop_assert_eq!(sum, classes.lines);
        let last_is_empty = bytes.last().is_none_or(|last| *last == b'\n');
        let lines = bytes.split(|b| *b == b'\n').count() as u64 - u64::from(last_is_empty);
        prop_assert_eq!(classes.lines, lines);
    }

    /// Rotated logs: cut where a line is later than all before it, given in any order.
    #[test]
    fn a_random_log_in_many_files_is_the_log(
        start in start(),
        steps in proptest::collection::vec(step(), 1..120),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..6),
        order in any::<u64>(),
        form in select(vec![0_u8, 1, 4]),
    ) {
        let catalog = &*CATALOG;
        // Months do not go by in a log, clocks are not set back, and parts of split records stay in one file.
        let tame = |step: &Step| Step {
            seconds: match step.seconds {
                -3600 => 0,
                days if days > 86_400 => 86_400,
                seconds => seconds.max(0),
            },
            said: match &step.said {
                Said::Exim { record, .. } => Said::Exim { record: record.clone(), part: None },
                other => other.clone(),
            },
            ..step.clone()
        };
        // One kind of stamp in a log: with offset, without year, Exim's own.
        let fits = |step: &Step| match (&step.said, form) {
            (Said::Raw(_), _) => true,
            (Said::Exim { .. }, form) => form > 3,
            (Said::Tagged(_), form) => form <= 3,
        };
        let steps: Vec<Step> =
            steps.iter().map(|step| Step { form, ..tame(step) }).filter(|step| fits(step)).collect();
        // Long ids hold their arrival; this one's is not in these logs.
        let bytes = log(start, &steps);
        let bytes = String::from_utf8_lossy(&bytes).replace("4dgXmS3FCJz1WHnV", "6F1A2B3C4D").into_bytes();
        let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        let options = options("Europe/Berlin", None);
        let options = Options { now: start + 90 * 86_400, ..options };
        let (mut places, mut latest) = (Vec::new(), None);
        let mut stamps: Vec<Option<i64>> = vec![None; lines.len()];
        let seen = Events::read(vec![stream("log", &bytes)], catalog, &options);
        for event in &seen {
            stamps[event.line as usize - 1] = event.at;
        }
        for (number, at) in stamps.iter().enumerate() {
            if at.is_some() && *at > latest && latest.is_some() {
                places.push(number);
            }
            latest = latest.max(*at);
        }
        prop_assume!(!places.is_empty());
        let mut ends: Vec<usize> = cuts.iter().map(|cut| places[cut.index(places.len())]).collect();
        ends.sort_unstable();
        ends.dedup();
        ends.push(lines.len());
        let mut begin = 0;
        let mut sources = Vec::new();
        for (number, end) in ends.iter().enumerate() {
            sources.push(stream(&format!("log.{number}"), &lines[begin..*end].concat()));
            begin = *end;
        }
        let turn = order as usize % sources.len();
        sources.rotate_left(turn);
        if order % 2 == 0 {
            sources.reverse();
        }
        let one = summary(vec![stream("log", &bytes)], catalog, &options);
        let many = summary(sources, catalog, &options);
        let (found, wanted) = (placeless(many.keys), placeless(one.keys));
        prop_assert_eq!(found, wanted, "{} files:\n{}", ends.len(), String::from_utf8_lossy(&bytes));
        prop_assert_eq!(many.totals, one.totals);
        prop_assert_eq!(many.period, one.period);
        prop_assert_eq!(many.accounting.lines, one.accounting.lines);
    }
}

/// Shared with nobody.
fn own(keys: BTreeMap<Key, Arc<Counts>>) -> BTreeMap<Key, Counts> {
    keys.into_iter().map(|(key, counts)| (key, Arc::unwrap_or_clone(counts))).collect()
}

/// The counts without the places of the lines that are shown: in other files a line has another one.
fn placeless(mut keys: BTreeMap<Key, Arc<Counts>>) -> BTreeMap<Key, Arc<Counts>> {
    for refusals in keys.values_mut().flat_map(|counts| Arc::make_mut(counts).refusals.values_mut()) {
        for shown in Arc::make_mut(&mut refusals.lines) {
            shown.input = "".into();
            shown.line = 0;
        }
        Arc::make_mut(&mut refusals.lines).sort();
    }
    keys
}
