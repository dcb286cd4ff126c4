//! The incidents of the recordings are found: at whom, with which code, since when, whose mail, by what they are carried. Nothing
//! else raises an alarm.

use std::io::Cursor;

use serde::Deserialize;
use smtpulse::analysis::{self, Carrier, Finding, Kind};
use smtpulse::catalog::Catalog;
use smtpulse::input::{self, Source};
use smtpulse::scan;

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
