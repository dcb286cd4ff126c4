//! Whole pages, made from summaries written by hand.

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::{Look, Options, Report, json, text};
use crate::analysis::{self, Finding};
use crate::catalog::Catalog;
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};
use crate::summary::{Input, Key, Place, Span, Summary, bucket};

/// 2026-03-03 00:00 in Berlin.
const MIDNIGHT: i64 = 1_772_492_400;

/// Counts `count` answers at an instant.
struct Answer<'a> {
    direction: Direction,
    provider: Option<&'a str>,
    action: Action,
    basic: u16,
    enhanced: &'a str,
    sender: Option<&'a str>,
}

const ACCEPTED: Answer<'_> = Answer {
    direction: Direction::Out,
    provider: Some("gmail"),
    action: Action::Delivered,
    basic: 250,
    enhanced: "2.0.0",
    sender: Some("shop.example"),
};

fn count(summary: &mut Summary, answer: &Answer<'_>, at: Option<i64>, count: u64) {
    let key = Key {
        direction: answer.direction,
        provider: answer.provider.map(str::to_owned),
        action: answer.action,
        code: Code {
            basic: BasicCode::new(answer.basic),
            enhanced: EnhancedCode::parse(answer.enhanced.as_bytes()),
        },
        marker: None,
    };
    let counts = summary.keys.entry(key).or_default();
    *counts.buckets.entry(at.map(bucket)).or_default() += count;
    let span = Span { count, first: at, last: at };
    counts.span.merge(span);
    if answer.direction == Direction::Out {
        counts.senders.entry(answer.sender.map(str::to_owned)).or_default().merge(span);
    }
    match answer.direction {
        Direction::In => summary.accounting.rejects += count,
        Direction::Out | Direction::Local => summary.accounting.attempts += count,
    }
    summary.period = match (summary.period, at) {
        (Some((start, end)), Some(at)) => Some((start.min(at), end.max(at))),
        (None, Some(at)) => Some((at, at)),
        (period, None) => period,
    };
}

/// Closes the books: the sum of the classes is the number of lines.
fn close(summary: &mut Summary, name: &str) {
    let a = &mut summary.accounting;
    a.lines = a.attempts + a.rejects + a.other_events + a.other_programs + a.unrelated + a.not_understood;
    summary.inputs.push(Input {
        name: name.to_owned(),
        bytes: a.lines * 180,
        lines: a.lines,
        format: "RFC 3164, Postfix".to_owned(),
        complete: true,
        note: None,
        fingerprint: "00".to_owned(),
    });
}

/// A day of mail to three providers.
fn day() -> Summary {
    let mut summary = Summary::default();
    for quarter in 0..64i64 {
        let at = Some(MIDNIGHT + 6 * 3600 + quarter * 900 + 42);
        count(&mut summary, &ACCEPTED, at, 40 + quarter.unsigned_abs() % 7);
        let news = Answer { sender: Some("news.example"), ..ACCEPTED };
        count(&mut summary, &Answer { provider: Some("microsoft"), ..news }, at, 21);
        let other = Answer { provider: Some("unknown"), enhanced: "", ..ACCEPTED };
        count(&mut summary, &other, at, 9);
        if quarter % 5 == 0 {
            let dead = Answer { action: Action::Failed, basic: 550, enhanced: "5.1.1", ..ACCEPTED };
            count(&mut summary, &dead, at, 1);
            let full = Answer { action: Action::Delayed, basic: 452, enhanced: "4.2.2", ..ACCEPTED };
            count(&mut summary, &full, at, 2);
        }
        if quarter % 16 == 0 {
            let spam = Answer {
                action: Action::Failed,
                basic: 554,
                enhanced: "5.7.1",
                provider: Some("microsoft"),
                ..news
            };
            count(&mut summary, &spam, at, 1);
            let client = Answer {
                direction: Direction::In,
                provider: None,
                action: Action::Rejected,
                basic: 554,
                enhanced: "5.7.1",
                sender: None,
            };
            count(&mut summary, &client, at, 3);
            let hop = Answer { direction: Direction::Local, provider: None, basic: 0, ..ACCEPTED };
            count(&mut summary, &hop, at, 5);
        }
    }
    summary.accounting.other_events = 9_312;
    summary.accounting.other_programs = 1_204;
    summary.accounting.programs = [("dovecot".to_owned(), 1_003), ("sshd".to_owned(), 201)].into();
    summary.accounting.unrelated = 17;
    summary.totals.messages = 3_900;
    summary.totals.recipients = 4_811;
    summary.totals.waiting = 1;
    summary
}

fn quiet() -> Summary {
    let mut summary = day();
    close(&mut summary, "/var/log/mail.log");
    summary
}

/// The same day; in the afternoon one provider begins to refuse one sender domain.
fn incident() -> Summary {
    let mut summary = day();
    for quarter in 33..64i64 {
        let at = Some(MIDNIGHT + 6 * 3600 + quarter * 900 + 131);
        let refused = Answer { action: Action::Failed, basic: 550, enhanced: "5.7.26", ..ACCEPTED };
        count(&mut summary, &refused, at, 13);
        let sender = if quarter % 8 == 0 { None } else { Some("news.example") };
        count(&mut summary, &Answer { sender, ..refused }, at, u64::from(quarter % 4 == 0));
    }
    summary.totals.suspended = 311;
    summary.totals.expired = 1;
    summary.accounting.not_understood = 1;
    summary.accounting.first_not_understood = Some(Place {
        input: "/var/log/mail.log".to_owned(),
        line: 8_113,
        text: "Mar  3 14:02:11 mx1 postfix/smtp[211]: 4Zx: to=<a@b, relay=".to_owned(),
    });
    summary.accounting.outside_period = 77;
    close(&mut summary, "/var/log/mail.log");
    summary.inputs[0].complete = false;
    summary.inputs[0].note = Some("the last line has no end and was left out".to_owned());
    summary
}

fn options() -> Options {
    Options { top: 10, tz: TimeZone::get("Europe/Berlin").unwrap(), provider: None }
}

fn report_with(summary: &Summary, options: &Options) -> Report {
    let catalog = Catalog::builtin();
    let findings: Vec<Finding> = analysis::findings(summary, &catalog);
    Report::new(summary, &findings, &catalog, options)
}

fn report(summary: &Summary) -> Report {
    report_with(summary, &options())
}

fn page(report: &Report, look: &Look) -> String {
    let mut out = Vec::new();
    text(report, &mut out, look).unwrap();
    String::from_utf8(out).unwrap()
}

fn object(report: &Report) -> serde_json::Value {
    serde_json::from_slice(json_text(report).as_bytes()).unwrap()
}

fn json_text(report: &Report) -> String {
    let mut out = Vec::new();
    json(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn golden(name: &str, summary: &Summary) {
    let report = report(summary);
    insta::with_settings!({
        snapshot_path => "../../fixtures/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{name}.txt"), page(&report, &Look::default()));
        insta::assert_snapshot!(format!("{name}.json"), json_text(&report));
    });
}

#[test]
fn golden_incident() {
    golden("incident", &incident());
}

#[test]
fn golden_quiet() {
    golden("quiet", &quiet());
}

#[test]
fn golden_empty() {
    golden("empty", &Summary::default());
}
