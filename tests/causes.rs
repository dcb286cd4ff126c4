//! By what an incident is carried, from the log to the sentence: our host, theirs, everybody; and who waits for which.

use jiff::tz::TimeZone;
use smtpulse::analysis::{self, Carrier, Finding};
use smtpulse::catalog::Catalog;
use smtpulse::report::{self, Report};
use smtpulse::scan;

use crate::reading::{options, stream};

const HOSTS: [&str; 2] = ["mx1", "mx2"];
const RELAYS: [&str; 2] = ["gmail-smtp-in.l.google.com", "aspmx.l.google.com"];
const REFUSED: &str = "dsn=5.7.26, status=bounced (host x.google.com[192.0.2.1] said: 550-5.7.26 Your email has been blocked \
                       because the sender is unauthenticated. (in reply to end of DATA command))";
const PUT_OFF: &str = "dsn=4.7.28, status=deferred (host x.google.com[192.0.2.1] said: 421-4.7.28 Gmail has detected an \
                       unusual rate of unsolicited mail (in reply to end of DATA command))";

/// One message of a day that has 2,880.
struct Message {
    /// Hours gone by.
    hour: usize,
    number: usize,
    host: &'static str,
    relay: &'static str,
}

/// A day of mail to one provider; every message by another pair of hosts and sender. `fate` is its answers, each with the
/// seconds that it then is old.
fn day(fate: impl Fn(&Message) -> Vec<(usize, &'static str)>) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for number in 0..2_880 {
        let second = number * 30;
        let message =
            Message { hour: second / 3_600, number, host: HOSTS[number % 2], relay: RELAYS[number / 2 % 2] };
        let mut say = |second: usize, said: String| {
            let clock = format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
            lines.push((second, format!("2026-03-03T{clock}+00:00 {} postfix/{said}\n", message.host)));
        };
        let id = format!("{:010X}", 0x4F_0000_0000_usize + number);
        let sender = ["news", "shop", "list"][number / 4 % 3];
        say(second, format!("qmgr[2]: {id}: from=<a@{sender}.example>, size=9, nrcpt=1 (queue active)"));
        for (age, answer) in fate(&message) {
            say(
                second + age,
                format!(
                    "smtp[3]: {id}: to=<u{number}@gmail.com>, relay={}[192.0.2.1]:25, delay={age}, \
                     delays={age}/0/0/0, {answer}",
                    message.relay
                ),
            );
        }
    }
    lines
}

const TAKEN: &str = "dsn=2.0.0, status=sent (250 2.0.0 OK)";

/// Its findings, and the sentences of their causes.
fn told(mut lines: Vec<(usize, String)>) -> (Vec<Finding>, Vec<String>) {
    lines.retain(|(second, _)| *second < 86_400);
    lines.sort_by_key(|(second, _)| *second);
    let text: String = lines.into_iter().map(|(_, line)| line).collect();
    let catalog = Catalog::builtin();
    let source = stream("log", text.as_bytes());
    let summary = scan::scan(vec![source], &catalog, &options("UTC", Some(2026)), &|_| {}).unwrap().summary;
    let findings = analysis::findings(&summary, &catalog);
    let options = report::Options { top: 10, tz: TimeZone::UTC, provider: None };
    let rows = Report::new(&summary, &findings, &catalog, &options).findings;
    let sentences = rows.into_iter().map(|row| row.cause.map(|cause| cause.sentence).unwrap_or_default());
    (findings, sentences.collect())
}

/// The cause of the only finding, when mail that `hit` picks is refused from noon on.
fn cause(hit: impl Fn(&Message) -> bool) -> (Carrier, Option<String>, String) {
    let answer = |message: &Message| if message.hour >= 12 && hit(message) { REFUSED } else { TAKEN };
    let (findings, sentences) = told(day(|message| vec![(0, answer(message))]));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let cause = finding.cause.clone().unwrap();
    (cause.carrier, cause.name, sentences[0].clone())
}

#[test]
fn one_host_of_ours() {
    let (carrier, name, sentence) = cause(|message| message.host == "mx2");
    assert_eq!((carrier, name.as_deref()), (Carrier::Host, Some("mx2")));
    assert_eq!(
        sentence,
        "all of it is sent by your host mx2; your other hosts are unaffected (0 of 720 first attempts): so look at that \
         host's signing, and whether SPF allows its address first. The 2 busiest hosts of Google (Gmail, Workspace) answer \
         alike."
    );
}

#[test]
fn one_host_of_theirs() {
    let (carrier, name, sentence) = cause(|message| message.relay == RELAYS[1]);
    assert_eq!((carrier, name.as_deref()), (Carrier::Relay, Some(RELAYS[1])));
    assert_eq!(
        sentence,
        "all of it is answered by aspmx.l.google.com; other hosts of Google (Gmail, Workspace) are unaffected (0 of 720 \
         first attempts): so it is that host, or what goes only there, not your mail as a whole. Your 2 busiest hosts fare \
         alike."
    );
}

#[test]
fn everybody_alike() {
    let (carrier, name, sentence) = cause(|message| message.number % 5 == 0);
    assert_eq!((carrier, name), (Carrier::AllSenders, None));
    assert!(
        sentence.starts_with("it hits 3 sender domains, all that send enough to tell alike: "),
        "{sentence}"
    );
    let alike = " The 2 busiest hosts of Google (Gmail, Workspace) answer alike, and your 2 busiest hosts fare alike.";
    assert!(sentence.ends_with(alike), "{sentence}");
}

#[test]
fn each_finding_has_those_who_wait_for_it() {
    // Put off in two hours of the day and tried again each hour; of those of the first hour nearly all arrive.
    let fate = |message: &Message| match (message.hour, message.number) {
        (6, number) if number % 60 != 0 => vec![(0, PUT_OFF), (3_600, TAKEN)],
        (6 | 17, _) => (0..24).map(|turn| (turn * 3_600, PUT_OFF)).collect(),
        _ => vec![(0, TAKEN)],
    };
    let (findings, _) = told(day(fate));
    let affected = |finding: &Finding| (finding.affected.recipients, finding.affected.waiting);
    let mut found: Vec<_> = findings.iter().map(|one| (one.start, affected(one))).collect();
    found.sort_unstable();
    let at = |hour: i64| Some(1_772_496_000 + hour * 3_600);
    assert_eq!(found, [(at(6), (120, 2)), (at(17), (120, 120))]);
}
