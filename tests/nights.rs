//! Night by night with a memory: an incident of several nights is one, what comes every day is no alert, and what is new is
//! told at once.

use jiff::tz::TimeZone;
use smtpulse::analysis::detect::Threshold;
use smtpulse::analysis::{self, Finding, Kind, Memory};
use smtpulse::catalog::Catalog;
use smtpulse::report::{self, Report};
use smtpulse::scan;

use crate::reading::{options, stream};

const DAY: u32 = 86_400;

/// A day of mail to one provider: every `pace` seconds an attempt, refused where `refused` says so of its second.
fn day(date: &str, pace: u32, refused: impl Fn(u32) -> Option<&'static str>) -> Vec<u8> {
    let line = |(number, second): (usize, u32)| {
        let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
        let relay = "relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, delays=0/0/0/1";
        let said = match refused(second) {
            None => format!("{relay}, dsn=2.0.0, status=sent (250 2.0.0 OK)"),
            Some(reply) => format!(
                "{relay}, dsn={}, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.1] said: {reply} (in reply to end of DATA command))",
                reply.split(' ').nth(1).unwrap()
            ),
        };
        let id = format!("4{number:09X}");
        let stamp = format!("{date}T{hour:02}:{minute:02}:{rest:02}+00:00");
        format!(
            "{stamp} mx1 postfix/qmgr[1]: {id}: from=<a@shop.example>, size=9, nrcpt=1 (queue active)\n\
             {stamp} mx1 postfix/smtp[7]: {id}: to=<u{number}@gmail.com>, {said}\n\
             {stamp} mx1 postfix/qmgr[1]: {id}: removed\n"
        )
    };
    (0..DAY).step_by(pace as usize).enumerate().map(line).collect::<String>().into_bytes()
}

const UNAUTHENTICATED: &str = "550 5.7.26 Your email has been blocked because the sender is unauthenticated.";

/// The findings of each night, and the sentence that tells the first one.
fn nights(days: &[Vec<u8>]) -> Vec<(Vec<Finding>, String)> {
    let catalog = Catalog::builtin();
    let mut memory = Memory::default();
    days.iter()
        .map(|text| {
            let summary = scan::scan(vec![stream("log", text)], &catalog, &options("UTC", None), &|_| {})
                .unwrap()
                .summary;
            let (found, after) = analysis::nightly(&summary, &catalog, Threshold::USUAL, &memory);
            // As a database keeps it.
            let text = serde_json::to_string(&after).unwrap();
            memory = serde_json::from_str(&text).unwrap();
            assert_eq!(memory, after);
            let look = report::Options { top: 10, tz: TimeZone::UTC, provider: None };
            let page = Report::new(&summary, &found, &catalog, &look);
            let said = page.findings.first().map_or_else(String::new, |finding| finding.sentence.clone());
            (found, said)
        })
        .collect()
}

fn date(night: usize) -> String {
    format!("2026-11-{:02}", night + 1)
}

#[test]
fn an_incident_of_several_nights_is_one_and_then_the_usual() {
    let days: Vec<_> = (0..12)
        .map(|night| {
            day(&date(night), 60, |second| {
                let bad = match night {
                    0..2 => false,
                    2 => second > 80_000,
                    _ => true,
                };
                bad.then_some(UNAUTHENTICATED)
            })
        })
        .collect();
    let told = nights(&days);
    assert!(told[0].0.is_empty() && told[1].0.is_empty());
    let of = |night: usize| &told[night].0[0];
    assert_eq!((of(2).kind, of(2).history.unwrap().since), (Kind::Spike, None));
    assert!(told[2].1.ends_with("; the first time in 2 nights."), "{}", told[2].1);
    let began = of(2).start.unwrap();
    for night in 3..9 {
        let history = of(night).history.unwrap();
        assert_eq!((of(night).kind, history.nights), (Kind::Spike, night as u64 - 1), "night {night}");
        assert!((history.since.unwrap() - began).abs() <= 60, "night {night}");
    }
    assert!(
        told[4].1.contains("since Tue 2026-11-03 22:1") && told[4].1.contains("the third night of it"),
        "{}",
        told[4].1
    );
    assert_eq!(of(9).kind, Kind::Level, "{}", told[9].1);
    assert!(told[9].1.contains("since Tue 2026-11-03 22:1"), "{}", told[9].1);
    assert!(told[11].0.iter().all(|finding| finding.kind != Kind::Spike), "{}", told[11].1);
}

#[test]
fn what_comes_every_day_is_no_alert_after_some_nights() {
    let days: Vec<_> = (0..8)
        .map(|night| {
            day(&date(night), 60, |second| {
                let batch = (30_000..32_400).contains(&second);
                batch.then_some(
                    "550 5.7.1 Our system has detected that this message is likely unsolicited mail.",
                )
            })
        })
        .collect();
    let told = nights(&days);
    let alerts: Vec<bool> =
        told.iter().map(|(found, _)| found.iter().any(|finding| finding.kind == Kind::Spike)).collect();
    assert!(alerts[0] && alerts[2..].iter().all(|alert| !alert), "{alerts:?}");
}

#[test]
fn a_second_run_of_one_night_is_the_same_night() {
    let whole = day(&date(0), 60, |_| None);
    let next = day(&date(1), 60, |second| (second > 40_000).then_some(UNAUTHENTICATED));
    let half = next.len() / 2 + next[next.len() / 2..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let parts = [whole, next[..half].to_vec(), next[half..].to_vec()];
    let told = nights(&parts);
    let (evening, later) = (told[1].0[0].history.unwrap(), told[2].0[0].history.unwrap());
    assert_eq!((evening.nights, later.nights), (1, 1));
    assert!(later.since.is_some());
}
