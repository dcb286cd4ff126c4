//! Holds the generator against counts made from its text, with the plainest means.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::*;
use crate::smtp::{Action, Direction};
use crate::time::days_from_civil;

fn written(spec: &Spec) -> (String, Truth) {
    let mut bytes = Vec::new();
    let truth = generate(spec, &mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap(), truth)
}

fn small(mta: Mta, blend: Blend) -> Spec {
    Spec { bytes: 3 << 20, span: Some(86_400), mta, blend, ..Spec::default() }
}

const ALL: [(Mta, Blend); 6] = [
    (Mta::Postfix, Blend::Default),
    (Mta::Postfix, Blend::Bulk),
    (Mta::Postfix, Blend::Dense),
    (Mta::Exim, Blend::Default),
    (Mta::Exim, Blend::Bulk),
    (Mta::Exim, Blend::Dense),
];

/// Whose mail, as a recount sees it: `Some("<>")` is the null sender, `None` unknown.
type Sender = Option<String>;

/// What a line with an answer is counted under: direction, host, status, basic and enhanced code.
type Answer = (Direction, Option<String>, String, Option<u16>, Option<String>);

/// What a recount finds.
#[derive(Default)]
struct Recount {
    truth: Truth,
    codes: BTreeMap<Answer, u64>,
    hours: BTreeMap<i64, [u64; 3]>,
    senders: BTreeMap<Sender, [u64; 3]>,
    /// Messages in the queue, and who sent them.
    queue: HashMap<String, Sender>,
    /// Ids that were removed once.
    removed: HashSet<String>,
    reused: u64,
    asked: HashSet<String>,
    needs_sender: bool,
}

/// Seconds UTC of `2026-03-02T10:00:00...` or `2026-03-02 10:00:00...`, both written in UTC here.
fn instant(line: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| line[range].parse::<i64>().unwrap();
    days_from_civil(number(0..4), number(5..7) as u32, number(8..10) as u32) * 86_400
        + number(11..13) * 3_600
        + number(14..16) * 60
        + number(17..19)
}

fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Basic and enhanced code of a reply whose lines are joined by `joint`.
fn reply_codes(reply: &str, joint: &str) -> (Option<u16>, Option<String>) {
    let Some(Ok(basic)) = reply.get(..3).map(str::parse::<u16>) else { return (None, None) };
    let last = match reply.as_bytes().get(3) {
        Some(b'-') => reply.rfind(&format!("{joint}{basic} ")).map(|at| &reply[at + joint.len()..]).unwrap(),
        _ => reply,
    };
    let word = last[4..].split([' ', '\\']).next().unwrap();
    (Some(basic), Some(word.to_owned()).filter(|word| is_enhanced(word)))
}

fn sender_domain(address: &str) -> String {
    address.rsplit_once('@').map_or("<>", |(_, domain)| domain).to_owned()
}

impl Recount {
    /// `named` is the sender as the line itself tells.
    fn outcome(&mut self, at: i64, id: &str, action: usize, named: Sender) {
        self.hours.entry(at.div_euclid(3_600) * 3_600).or_default()[action] += 1;
        let sender = if self.needs_sender {
            self.queue.get(id).unwrap_or_else(|| panic!("{id} is tried, and its sender is not known")).clone()
        } else {
            named
        };
        self.senders.entry(sender).or_default()[action] += 1;
        if self.asked.insert(id.to_owned()) {
            self.truth.messages += 1;
        }
    }

    fn arrive(&mut self, id: &str) {
        assert!(!self.queue.contains_key(id), "{id} is given to two messages at once");
        self.reused += u64::from(self.removed.contains(id));
        self.queue.insert(id.to_owned(), None);
    }

    fn leave(&mut self, id: &str) {
        assert!(self.queue.remove(id).is_some(), "{id} is removed and was not there");
        self.removed.insert(id.to_owned());
        self.asked.remove(id);
    }

    fn sender(&mut self, id: &str, address: &str) {
        *self.queue.get_mut(id).unwrap() = Some(sender_domain(address));
    }

    fn postfix(&mut self, line: &str) {
        let at = instant(line);
        let rest = line.split_once(' ').unwrap().1.split_once(' ').unwrap().1;
        if !rest.starts_with("postfix/") {
            self.truth.other_programs += 1;
            return;
        }
        let (program, text) = rest.split_once("]: ").unwrap();
        if let Some(refusal) = text.strip_prefix("NOQUEUE: reject: ") {
            self.truth.rejects += 1;
            let (basic, enhanced) = reply_codes(refusal.split_once("]: ").unwrap().1, " ");
            *self.codes.entry((Direction::In, None, "reject".into(), basic, enhanced)).or_default() += 1;
            return;
        }
        let Some((id, text)) = text.split_once(": ").filter(|(id, _)| {
            id.len() >= 10
                && !id.contains(' ')
                && id.bytes().all(|b| b.is_ascii_alphanumeric())
                && id.contains(|c: char| c.is_ascii_digit())
        }) else {
            self.truth.unrelated += 1;
            return;
        };
        // A bounce begins with its message-id; other messages have one later.
        let begins = ["client=", "uid="].iter().any(|word| text.starts_with(word))
            || text.starts_with("message-id=") && !self.queue.contains_key(id);
        if begins {
            self.arrive(id);
        } else if self.needs_sender {
            assert!(self.queue.contains_key(id), "{line}");
        }
        let is_delivery = text.starts_with("to=<") && !text.contains("(delivery temporarily suspended: ");
        if !is_delivery {
            self.truth.other_events += 1;
            self.truth.suspended += u64::from(text.starts_with("to=<"));
            self.truth.non_final += u64::from(text.starts_with("host "));
            self.truth.expired += u64::from(text.contains("status=expired"));
            if let Some(address) = text.strip_prefix("from=<") {
                self.sender(id, address.split_once('>').unwrap().0);
            } else if text == "removed" {
                self.leave(id);
            }
            return;
        }
        let field = |name: &str| text.split_once(name).unwrap().1.split(',').next().unwrap();
        let (relay, dsn) = (field(", relay="), field(", dsn="));
        let (status, reason) = text.split_once(", status=").unwrap().1.split_once(" (").unwrap();
        let reason = reason.strip_suffix(')').unwrap();
        let local = program.starts_with("postfix/lmtp") || program.starts_with("postfix/local");
        let reply = [" said: ", " refused to talk to me: "]
            .iter()
            .find_map(|word| reason.split_once(word))
            .map(|(_, reply)| reply);
        let (basic, enhanced) = reply_codes(reply.unwrap_or(reason), " ");
        let enhanced = basic.map(|_| enhanced.unwrap_or_else(|| dsn.to_owned()));
        let host = (relay != "none").then(|| relay.split('[').next().unwrap().to_owned());
        let direction = if local { Direction::Local } else { Direction::Out };
        *self.codes.entry((direction, host, status.to_owned(), basic, enhanced)).or_default() += 1;
        if local {
            self.truth.attempts_local += 1;
        } else {
            self.truth.attempts_out += 1;
            let action = ["sent", "deferred", "bounced"].iter().position(|word| *word == status).unwrap();
            self.outcome(at, id, action, None);
        }
    }

    fn exim(&mut self, line: &str) {
        let at = instant(line);
        let text = &line[26..];
        let id = text.get(..16).filter(|id| {
            id.as_bytes()[6] == b'-' && id.as_bytes()[13] == b'-' && text.as_bytes()[16] == b' '
        });
        let Some(id) = id else {
            let status = ["authenticator failed", "temporarily rejected", "rejected"]
                .into_iter()
                .find(|word| text.contains(word));
            match status {
                None => self.truth.unrelated += 1,
                Some(status) => {
                    self.truth.rejects += 1;
                    let basic = text.contains(": 535 ").then_some(535);
                    *self.codes.entry((Direction::In, None, status.into(), basic, None)).or_default() += 1;
                }
            }
            return;
        };
        let text = &text[17..];
        let (flag, text) = text.split_at(2);
        let waits = text.contains(": retry time not reached");
        let action = ["=>", "==", "**"].iter().position(|sign| *sign == flag).filter(|_| !waits);
        let Some(action) = action else {
            self.truth.other_events += 1;
            self.truth.suspended += u64::from(waits);
            self.truth.non_final += u64::from(flag == "H=");
            match flag {
                "<=" => {
                    self.arrive(id);
                    self.sender(id, text[1..].split(' ').next().unwrap());
                }
                "Co" => self.leave(id),
                _ => assert!(!self.needs_sender || self.queue.contains_key(id), "{line}"),
            }
            return;
        };
        let local =
            [" T=maildir_home", " T=mail_spool", " T=address_pipe"].iter().any(|word| text.contains(word));
        let host = text.split_once(" H=").map(|(_, host)| host.split(' ').next().unwrap().to_owned());
        let reply = match flag {
            "=>" => text.split_once(" C=\"").map(|(_, reply)| (reply, "\\\\n")),
            _ => text
                .split_once("SMTP error from remote mail server after ")
                .map(|(_, reply)| (reply.split_once(": ").unwrap().1, "\\n")),
        };
        let (basic, enhanced) = reply.map_or((None, None), |(reply, joint)| reply_codes(reply, joint));
        let direction = if local { Direction::Local } else { Direction::Out };
        *self.codes.entry((direction, host, flag.to_owned(), basic, enhanced)).or_default() += 1;
        if local {
            self.truth.attempts_local += 1;
        } else {
            self.truth.attempts_out += 1;
            let named =
                text.split_once(" F=<").map(|(_, rest)| sender_domain(rest.split_once('>').unwrap().0));
            self.outcome(at, id, action, named);
        }
    }
}

fn recount(spec: &Spec, text: &str) -> Recount {
    let mut recount = Recount { needs_sender: spec.blend != Blend::Dense, ..Recount::default() };
    for line in text.lines() {
        match spec.mta {
            Mta::Postfix => recount.postfix(line),
            Mta::Exim => recount.exim(line),
        }
    }
    recount.truth.lines = text.lines().count() as u64;
    recount.truth.bytes = text.len() as u64;
    recount
}

#[test]
fn the_truth_is_what_a_recount_of_the_text_finds() {
    for (mta, blend) in ALL {
        let incident = "google:550-5.7.26:+9h:3h:news.example.net".parse().unwrap();
        let incidents = if blend == Blend::Dense { vec![] } else { vec![incident] };
        let spec = Spec { incidents, ..small(mta, blend) };
        let (text, mut truth) = written(&spec);
        let found = recount(&spec, &text);
        let codes: BTreeMap<_, _> = truth
            .codes
            .drain(..)
            .map(|row| ((row.direction, row.host, row.status, row.basic, row.enhanced), row.count))
            .collect();
        let here: Vec<_> = codes.iter().filter(|(key, count)| found.codes.get(key) != Some(count)).collect();
        let there: Vec<_> = found.codes.iter().filter(|(key, count)| codes.get(key) != Some(count)).collect();
        assert_eq!(here, there, "{mta:?} {blend:?}");
        let three = |outcomes: Outcomes| [outcomes.delivered, outcomes.delayed, outcomes.failed];
        let hours: BTreeMap<_, _> =
            truth.hours.drain(..).map(|row| (row.start, three(row.outcomes))).collect();
        assert_eq!(hours, found.hours, "{mta:?} {blend:?}");
        let senders: BTreeMap<_, _> =
            truth.senders.drain(..).map(|row| (row.domain, three(row.outcomes))).collect();
        assert_eq!(senders, found.senders, "{mta:?} {blend:?}");
        assert_eq!(truth, found.truth, "{mta:?} {blend:?}");
        let classes = truth.attempts_out + truth.attempts_local + truth.rejects;
        assert_eq!(classes + truth.other_events + truth.other_programs + truth.unrelated, truth.lines);
    }
}

#[test]
fn actions_and_codes_agree() {
    for (mta, blend) in ALL {
        let (_, truth) = written(&small(mta, blend));
        for row in &truth.codes {
            let class = row.basic.map(|basic| basic / 100);
            let fits = match row.action {
                Action::Delivered | Action::Relayed => class.is_none_or(|class| class == 2),
                // Postfix puts off what a greeting refuses for good.
                Action::Delayed => class
                    .is_none_or(|class| class == 4 || class == 5 && row.enhanced.as_deref() == Some("4.0.0")),
                Action::Failed | Action::Rejected => {
                    class.is_none_or(|class| class == 5 || row.direction == Direction::In)
                }
            };
            assert!(fits, "{row:?}");
        }
    }
}

#[test]
fn a_seed_writes_the_same_bytes_everywhere() {
    let hash = |spec: &Spec| xxhash_rust::xxh3::xxh3_64(written(spec).0.as_bytes());
    let spec = small(Mta::Postfix, Blend::Default);
    let other = Spec { seed: 2, ..spec.clone() };
    let exim = small(Mta::Exim, Blend::Default);
    assert_eq!(hash(&spec), hash(&spec));
    assert_ne!(hash(&spec), hash(&other));
    // Recorded: whoever changes the mix or the order of random numbers changes these, and says so.
    assert_eq!([hash(&spec), hash(&exim)], [5_626_844_698_318_334_787, 4_311_650_434_595_667_039]);
}

#[test]
fn the_log_ends_with_the_message_that_goes_beyond_its_size() {
    for (mta, blend) in ALL {
        for bytes in [1, 100_000, 1_000_000] {
            let (text, truth) = written(&Spec { bytes, ..small(mta, blend) });
            assert!(
                truth.bytes >= bytes && truth.bytes < bytes + 40_000,
                "{mta:?} {blend:?}: {}",
                truth.bytes
            );
            let last = text.lines().last().unwrap();
            assert!(text.ends_with('\n'));
            assert!(
                last.ends_with(": removed") || last.contains(" Completed QT=") || blend == Blend::Dense,
                "{last}"
            );
        }
    }
}

#[test]
fn time_goes_on_and_fills_the_span() {
    for mta in [Mta::Postfix, Mta::Exim] {
        for span in [7_200, 86_400, 3 * 86_400] {
            let spec = Spec { span: Some(span), ..small(mta, Blend::Default) };
            let (text, truth) = written(&spec);
            let stamps: Vec<&str> = text.lines().map(|line| &line[..19]).collect();
            assert!(stamps.is_sorted(), "{mta:?}");
            let took = instant(stamps.last().unwrap()) - spec.start;
            assert!((took - span).abs() < span / 8, "{mta:?}: {took} of {span} seconds");
            if span == 86_400 {
                let attempts =
                    |row: &HourRow| row.outcomes.delivered + row.outcomes.delayed + row.outcomes.failed;
                assert!(
                    attempts(&truth.hours[9]) > 2 * attempts(&truth.hours[2]),
                    "days are busier than nights"
                );
            }
        }
    }
}

#[test]
fn ids_come_back_only_after_they_were_removed() {
    // `Recount` refuses an id that two messages have at once; here it is seen that short ids do come back.
    let spec = Spec { bytes: 12 << 20, ..small(Mta::Postfix, Blend::Bulk) };
    let (text, _) = written(&spec);
    assert!(recount(&spec, &text).reused > 10);
    for spec in [Spec { long_ids: true, ..spec.clone() }, Spec { mta: Mta::Exim, ..spec.clone() }] {
        let (text, _) = written(&spec);
        assert_eq!(recount(&spec, &text).reused, 0);
    }
}

#[test]
fn each_mix_has_its_shares() {
    // Lines in a thousand that are deliveries, and bytes a line.
    let bounds =
        [(75..=95, 160..=185), (140..=165, 160..=185), (1_000..=1_000, 330..=520), (270..=310, 190..=215)];
    for ((mta, blend), (deliveries, length)) in ALL.into_iter().zip(bounds) {
        let (_, truth) = written(&Spec { span: None, ..small(mta, blend) });
        let share = (truth.attempts_out + truth.attempts_local) * 1_000 / truth.lines;
        assert!(deliveries.contains(&share), "{mta:?} {blend:?}: {share} deliveries in 1000 lines");
        let bytes = truth.bytes / truth.lines;
        assert!(length.contains(&bytes), "{mta:?} {blend:?}: {bytes} bytes a line");
    }
}

#[test]
fn failures_follow_the_share_asked_for() {
    for (asked, range) in [(0, 0..=0), (100_000, 80..=170), (400_000, 380..=560)] {
        let spec = Spec { failures: asked, span: None, ..small(Mta::Postfix, Blend::Bulk) };
        let (_, truth) = written(&spec);
        let failed: u64 = truth.senders.iter().map(|row| row.outcomes.failed + row.outcomes.delayed).sum();
        let share = failed * 1_000 / truth.attempts_out;
        assert!(range.contains(&share), "{asked}: {share} in 1000");
    }
}

#[test]
fn an_incident_is_seen_where_and_when_it_was_asked_for() {
    let incident: Incident = "google:550-5.7.26:+10h:2h:news.example.net:100%".parse().unwrap();
    let calm = Spec { bytes: 6 << 20, ..small(Mta::Postfix, Blend::Bulk) };
    let spec = Spec { incidents: vec![incident], ..calm.clone() };
    let hits = |spec: &Spec| {
        let (text, _) = written(spec);
        let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
        for line in
            text.lines().filter(|line| line.contains("status=bounced") && line.contains(" 550 5.7.26 "))
        {
            *hours.entry((instant(line) - spec.start) / 3_600).or_default() += 1;
        }
        hours
    };
    let (before, during) = (hits(&calm), hits(&spec));
    let at = |hours: &BTreeMap<i64, u64>| hours.get(&10).unwrap_or(&0) + hours.get(&11).unwrap_or(&0);
    assert!(at(&during) > 12 + at(&before), "{before:?} {during:?}");
    let outside = during.values().sum::<u64>() - at(&during);
    assert!(outside <= 5 + 2 * before.values().sum::<u64>(), "{during:?}");
}

#[test]
fn a_code_the_mix_has_no_words_for_is_still_an_incident() {
    let spec = Spec {
        incidents: vec!["apple:554-5.7.777:+0:20h:100%".parse().unwrap()],
        ..small(Mta::Exim, Blend::Bulk)
    };
    let (_, truth) = written(&spec);
    let found = truth.codes.iter().filter(|row| row.enhanced.as_deref() == Some("5.7.777"));
    assert!(found.clone().all(|row| row.basic == Some(554)) && found.count() > 0);
}

#[test]
fn invented_hosts_stay_in_the_ranges_for_documentation() {
    for mta in [Mta::Postfix, Mta::Exim] {
        let (text, _) = written(&small(mta, Blend::Default));
        let mut ranges = BTreeSet::new();
        for part in text.split('[').skip(1) {
            let inside = part.split(']').next().unwrap();
            let colons = inside.matches(':').count() >= 3
                && inside.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
            let quads =
                inside.split('.').count() == 4 && inside.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if colons || quads {
                ranges.insert(inside.rsplit_once(['.', ':']).unwrap().0.chars().take(8).collect::<String>());
            }
        }
        let known = ["192.0.2", "198.51.1", "203.0.11", "2001:db8"];
        assert!(ranges.iter().all(|range| known.contains(&range.as_str())), "{ranges:?}");
    }
}

#[test]
fn other_framings_keep_the_counts() {
    let spec = small(Mta::Postfix, Blend::Default);
    let (_, utc) = written(&spec);
    let (text, berlin) = written(&Spec { offset_minutes: 60, ..spec.clone() });
    assert!(text.starts_with("2026-03-02T01:00:00.000000+01:00 mx1 "));
    assert_eq!(utc, berlin);
    let (text, short) = written(&Spec { stamps: Stamps::Rfc3164, ..spec });
    assert!(text.starts_with("Mar  2 00:00:00 mx1 "));
    assert_eq!(short.lines, text.lines().count() as u64);
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = generate(&small(Mta::Postfix, Blend::Default), &mut Full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_spec_that_cannot_be_met_is_refused() {
    let spec = Spec { incidents: vec!["nobody:5.7.26:+0:1h".parse().unwrap()], ..Spec::default() };
    assert!(check(&spec).unwrap_err().to_string().contains("google, "));
    assert_eq!(generate(&spec, &mut io::sink()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(check(&Spec::default()), Ok(()));
}
