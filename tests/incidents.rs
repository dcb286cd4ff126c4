//! The incidents of the recordings are found: at whom, with which code, since when, whose mail, by what they are carried. Nothing
//! else raises an alarm.

use std::io::Cursor;

use serde::Deserialize;
use smtpulse::analysis::{self, Carrier, Finding, Kind, Severity};
use smtpulse::catalog::Catalog;
use smtpulse::input::{self, Source};
use smtpulse::scan;
use smtpulse::smtp::Code;

use crate::reading::{fixtures, options};

/// `incidents.toml`.
#[derive(Deserialize)]
struct Truth {
    incident: Vec<Incident>,
}

#[derive(Deserialize)]
struct Incident {
    provider: String,
    code: String,
    /// `*` is everybody.
    sender: String,
    /// The first refusal, in seconds since 1970.
    first: i64,
    kind: String,
}

impl Incident {
    fn is(&self, finding: &Finding) -> bool {
        (finding.provider.as_str(), finding.code.to_string()) == (&self.provider, self.code.clone())
    }
}

fn findings(source: Source, zone: &str, year: i64) -> Vec<Finding> {
    let catalog = Catalog::builtin();
    let options = options(zone, Some(year));
    let summary = scan::scan(vec![source], &catalog, &options, &|_| {}).unwrap().summary;
    analysis::findings(&summary, &catalog)
}

fn alarms(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().filter(|finding| finding.kind.is_alert()).collect()
}

fn check(folder: &str, log: &str, zone: &str, year: i64) -> Vec<Finding> {
    let path = fixtures().join(folder);
    let truth: Truth =
        toml::from_str(&std::fs::read_to_string(path.join("incidents.toml")).unwrap()).unwrap();
    let findings = findings(input::open(&path.join(log), true).unwrap(), zone, year);
    let alarms = alarms(&findings);
    for incident in &truth.incident {
        let what = format!("{folder}: {} {}", incident.provider, incident.code);
        let found: Vec<_> = alarms.iter().filter(|finding| incident.is(finding)).collect();
        assert_eq!(found.len(), 1, "{what}");
        let finding = found[0];
        assert_eq!(finding.kind.as_str(), incident.kind, "{what}");
        let late = finding.start.unwrap() - incident.first;
        assert!(late.abs() <= 3_600, "{what}: {late} seconds late");
        if incident.sender == "*" {
            let carrier = finding.cause.as_ref().map(|cause| cause.carrier);
            assert!(matches!(carrier, None | Some(Carrier::AllSenders)), "{what}: {carrier:?}");
        } else {
            assert_eq!(finding.sender_domains[0].domain.as_ref(), Some(&incident.sender), "{what}");
            let cause = finding.cause.as_ref().filter(|_| finding.kind == Kind::Spike);
            assert!(cause.is_none_or(|cause| cause.carrier == Carrier::Sender), "{what}: {cause:?}");
        }
        assert_eq!(finding.evidence.len(), 3, "{what}");
        for place in &finding.evidence {
            let basic = finding.code.basic.unwrap().to_string();
            let line = std::fs::read_to_string(&place.input).unwrap();
            let line = line.lines().nth(usize::try_from(place.line).unwrap() - 1).unwrap();
            assert!(line.starts_with(place.text.as_str()) && line.contains(&basic), "{what}: {line}");
        }
    }
    for finding in &alarms {
        assert!(truth.incident.iter().any(|incident| incident.is(finding)), "{folder}: {finding:?}");
    }
    findings
}

#[test]
fn postfix_incident() {
    let findings = check("postfix-incident", "maillog", "UTC", 2026);
    // The rejections were warned of, and the first finding is what lost most mail.
    let (rejections, deferrals) = (&findings[0], findings.iter().find(|one| one.kind == Kind::Escalation));
    let deferrals = deferrals.unwrap();
    assert_eq!(rejections.from.as_ref().map(|link| link.code), Some(deferrals.code));
    assert_eq!(deferrals.became.as_ref().map(|link| link.code), Some(rejections.code));
    assert_eq!((rejections.events, rejections.affected.recipients), (140, 138));
}

#[test]
fn postfix_filter() {
    check("postfix-filter", "mail.log", "America/New_York", 2026);
}

#[test]
fn postfix_throttle() {
    check("postfix-throttle", "mail.log", "UTC", 2024);
}

#[test]
fn suspended_lines_make_no_alarm() {
    let text = std::fs::read_to_string(fixtures().join("postfix-throttle/mail.log")).unwrap();
    // The hour as it would look if no host had been asked, and the queue had only told again what it knew.
    let told_again =
        |line: &&str| line.contains("delivery temporarily suspended") || !line.contains("4.7.28");
    let log = text.split_inclusive('\n').filter(told_again).collect::<String>();
    assert!(log.matches("delivery temporarily suspended").count() > 100);
    let source = input::from_reader("-", Cursor::new(log.into_bytes()));
    let findings = findings(source, "UTC", 2024);
    assert!(alarms(&findings).is_empty(), "{:?}", alarms(&findings));
}

/// 2026-03-02 00:00 UTC.
const START: i64 = 1_772_409_600;
const HOUR: i64 = 3_600;
/// What the queue of Postfix waits at most before it tries again (`maximal_backoff_time`).
const BACKOFF: i64 = 4_000;

/// A server's log of its attempts, in any order.
#[derive(Default)]
struct Mail {
    lines: Vec<(i64, String)>,
    messages: u32,
}

impl Mail {
    /// Two days of ordinary mail, to one large provider and two hundred small domains, of which each eighth cannot be reached.
    fn ordinary(meets: impl Fn(i64, &str) -> Option<&'static str>) -> Mail {
        let mut mail = Mail::default();
        for minute in 0..48 * 60i64 {
            let at = START + minute * 60;
            let small = format!("d{}.example", minute * 7 % 200);
            for domain in ["gmail.com", &small] {
                let dead = minute % 8 == 0 && domain != "gmail.com";
                let reason = meets(at, domain).or(dead.then_some("Connection timed out"));
                mail.message(at, &[domain], reason);
            }
        }
        mail
    }

    /// A message, put off again and again where there is a reason.
    fn message(&mut self, at: i64, recipients: &[&str], reason: Option<&str>) {
        self.messages += 1;
        let id = format!("4F{:08X}", self.messages);
        let sender = if self.messages.is_multiple_of(3) { "news.example.net" } else { "shop.example.net" };
        self.line(at, format!("postfix/qmgr[9]: {id}: from=<a@{sender}>, size=900, nrcpt=1 (queue active)"));
        for turn in 0..if reason.is_some() { 12 } else { 1 } {
            let waited = turn * BACKOFF;
            for (n, domain) in recipients.iter().enumerate() {
                let how = match reason {
                    Some(reason) => format!(
                        "relay=none, delay={waited}, delays={waited}/0/30/0, dsn=4.4.1, status=deferred ({reason})"
                    ),
                    None => format!(
                        "relay=mx.{domain}[192.0.2.9]:25, delay=1, delays=0.1/0/0.5/0.4, dsn=2.0.0, status=sent (250 2.0.0 OK)"
                    ),
                };
                self.line(at + waited + 1, format!("postfix/smtp[9]: {id}: to=<u{n}@{domain}>, {how}"));
            }
        }
        if reason.is_none() {
            self.line(at + 2, format!("postfix/qmgr[9]: {id}: removed"));
        }
    }

    fn line(&mut self, at: i64, what: String) {
        if at < START + 48 * HOUR {
            let stamp = jiff::Timestamp::from_second(at).unwrap();
            self.lines.push((at, format!("{stamp} mx1 {what}\n")));
        }
    }

    fn findings(mut self) -> Vec<Finding> {
        self.lines.sort_by_key(|(at, _)| *at);
        let log: String = self.lines.into_iter().map(|(_, line)| line).collect();
        findings(input::from_reader("-", Cursor::new(log.into_bytes())), "UTC", 2026)
    }
}

const REFUSED: &str = "connect to gmail-smtp-in.l.google.com[192.0.2.10]:25: Connection refused";
const NO_ANSWER: &str = "connect to gmail-smtp-in.l.google.com[192.0.2.10]:25: Connection timed out";
const NO_DNS: &str =
    "Host or domain name not found. Name service error for name=example type=MX: Host not found, try again";

#[test]
fn a_provider_that_cannot_be_reached_is_told_of() {
    // Two texts, one trouble. Of the other mail nothing is told.
    let text = |at: i64| if at % 120 == 0 { REFUSED } else { NO_ANSWER };
    let since = START + 40 * HOUR;
    let out = Mail::ordinary(|at, domain| (domain == "gmail.com" && at >= since).then(|| text(at)));
    let findings = out.findings();
    let alarms = alarms(&findings);
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let found = alarms[0];
    assert_eq!((found.provider.as_str(), found.category.as_str()), ("google", "network"));
    assert_eq!((found.kind, found.severity), (Kind::Spike, Severity::Warning));
    assert_eq!((found.code, found.marker.as_deref()), (Code::NONE, None));
    assert!(found.ongoing && found.start.unwrap().abs_diff(since) <= 60, "{found:?}");
    assert!(found.title.starts_with("Connection") && !found.fix.is_empty() && !found.enforcement);
    assert_eq!(found.evidence.len(), 3);
    assert_eq!(found.cause.as_ref().map(|cause| cause.carrier), Some(Carrier::AllSenders));
}

#[test]
fn an_hour_without_a_provider_is_told_of_and_that_it_is_over() {
    let (from, to) = (START + 20 * HOUR, START + 21 * HOUR);
    let out =
        Mail::ordinary(|at, domain| (domain == "gmail.com" && (from..to).contains(&at)).then_some(NO_ANSWER));
    let findings = out.findings();
    let alarms = alarms(&findings);
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    let (start, end) = (alarms[0].start.unwrap(), alarms[0].end.unwrap());
    assert!(start.abs_diff(from) <= 60 && end >= to - 300, "{:?}", alarms[0]);
}

#[test]
fn small_domains_that_are_down_raise_no_alarm() {
    let mut mail = Mail::ordinary(|_, _| None);
    // A list with many people at one of them, one message for each, and the queue that tries again; then at two more.
    for (domain, hours) in [("down.example", 9), ("club.example", 30), ("firm.example", 30)] {
        for n in 0..150 {
            mail.message(START + hours * HOUR + n * 20, &[domain], Some("Connection refused"));
        }
    }
    let findings = mail.findings();
    assert!(alarms(&findings).is_empty(), "{:?}", alarms(&findings));
}

#[test]
fn a_look_up_that_fails_everywhere_is_told_of() {
    let since = START + 30 * HOUR;
    let findings = Mail::ordinary(|at, _| (at >= since).then_some(NO_DNS)).findings();
    let alarms = alarms(&findings);
    let told: Vec<_> = alarms.iter().map(|one| (one.provider.as_str(), one.category.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&("google", "dns")) && told.contains(&("unknown", "dns")), "{told:?}");
}

#[test]
fn one_message_to_many_recipients_raises_no_alarm() {
    let mut mail = Mail::ordinary(|_, _| None);
    let large =
        "message size 52428800 exceeds size limit 26214400 of server gmail-smtp-in.l.google.com[192.0.2.10]";
    mail.message(START + 20 * HOUR, &["gmail.com"; 200], Some(large));
    let findings = mail.findings();
    assert!(alarms(&findings).is_empty(), "{:?}", alarms(&findings));
}
