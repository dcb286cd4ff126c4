//! Whole pages, made from summaries written by hand.

mod figures;
mod mail;
mod prometheus;

use std::sync::Arc;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::{Look, Options, Report, json, text};
use crate::analysis::{self, Finding};
use crate::catalog::Catalog;
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};
use crate::summary::{Input, Key, LINES, Parties, Party, Place, Shown, Span, Summary, Tries, Width};

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
    marker: Option<&'a str>,
}

const ACCEPTED: Answer<'_> = Answer {
    direction: Direction::Out,
    provider: Some("google"),
    action: Action::Delivered,
    basic: 250,
    enhanced: "2.0.0",
    sender: Some("shop.example"),
    marker: None,
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
        marker: answer.marker.map(str::to_owned),
        quoted: None,
        guard: None,
    };
    if count == 0 {
        return;
    }
    let counts = Arc::make_mut(summary.keys.entry(key).or_default());
    // Spread over thirteen minutes: mail comes one by one.
    let moment = |one: u64| at.map(|at| at + i64::try_from(one * 780 / count).unwrap());
    for one in 0..count {
        let bucket = moment(one).map(|at| Width::default().floor(at));
        counts.buckets.add(bucket, Tries { count: 1, retries: 0 });
    }
    let span = Span { count, first: at, last: moment(count - 1) };
    counts.span.merge(span);
    if answer.direction == Direction::Out {
        let part = at.map(|at| Width::default().of_parts().floor(at));
        let add = |parties: &mut Parties, name: Option<&str>| {
            let party = parties.entry(name.map(Arc::from)).or_default();
            party.buckets.add(part, Tries { count, retries: 0 });
        };
        add(&mut counts.senders, answer.sender);
        add(&mut counts.hosts, Some("mx1"));
        if answer.provider == Some("google") {
            add(&mut counts.relays, Some("gmail-smtp-in.l.google.com"));
        }
    }
    match answer.direction {
        Direction::In => summary.accounting.rejects += count,
        Direction::Out | Direction::Local => summary.accounting.attempts += count,
    }
    summary.period = match (summary.period, span.first) {
        (Some((start, end)), Some(_)) => Some((start.min(span.first.unwrap()), end.max(span.last.unwrap()))),
        (None, Some(_)) => span.first.zip(span.last),
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
        years: None,
    });
}

/// A day of mail to three providers.
fn day() -> Summary {
    let mut summary = Summary::default();
    for quarter in 0..64i64 {
        let at = Some(MIDNIGHT + 6 * 3600 + quarter * 900 + 42);
        count(&mut summary, &ACCEPTED, at, 40 + quarter.unsigned_abs() % 7);
        let news = Answer { sender: Some("news.example"), ..ACCEPTED };
        count(&mut summary, &Answer { provider: Some("microsoft-365"), ..news }, at, 21);
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
                provider: Some("microsoft-365"),
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
                marker: None,
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
    show_refusals(&mut summary);
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

/// What the refusals of the incident have in common.
fn show_refusals(summary: &mut Summary) {
    let wanted = EnhancedCode::parse(b"5.7.26");
    let (_, counts) = summary.keys.iter_mut().find(|(key, _)| key.code.enhanced == wanted).unwrap();
    let counts = Arc::make_mut(counts);
    let first = counts.buckets.keys().next().unwrap();
    counts.waiting.insert(first, 3);
    for (at, tries) in counts.buckets.clone() {
        let part = at.map(|at| Width::default().of_parts().floor(at));
        let domain = counts.recipient_domains.entry(Some("gmail.com".into())).or_default();
        domain.buckets.add(part, tries);
        let refusals = counts.refusals.entry(part).or_default();
        refusals.messages += tries.count;
        if refusals.lines.len() < LINES {
            let line = u64::try_from(at.unwrap() - MIDNIGHT).unwrap();
            let text = b"Mar  3 14:17:11 mx1 postfix/smtp[211]: 4Zx: to=<a@gmail.com>, status=bounced";
            Arc::make_mut(&mut refusals.lines).push(Shown {
                at,
                input: "/var/log/mail.log".into(),
                line,
                text: Box::new(*text),
            });
        }
    }
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

/// Every key of the contract, as the path to it; `[]` enters the first row of a list.
const CONTRACT: &[(&str, &str)] = &[
    (
        "",
        "schema period inputs accounting totals codes providers sender_domains rates timeline findings enforcement \
         deferrals distribution",
    ),
    ("period", "start end"),
    ("inputs[]", "name bytes lines format complete note"),
    (
        "accounting",
        "lines attempts rejects other_events other_programs unrelated not_understood first_not_understood",
    ),
    ("totals", "attempts delivered delayed failed relayed messages recipients suspended local unattributed"),
    (
        "codes[]",
        "direction provider action basic enhanced marker stage count category disposition suppress enforcement \
         meaning fix",
    ),
    (
        "providers[]",
        "provider title attempts delivered delayed failed relayed enforcement dead_address policy",
    ),
    ("sender_domains[]", "domain attempts delivered delayed failed enforcement"),
    ("rates", "dead_address policy transient enforcement dead_to_policy counts"),
    ("rates.counts", "dead_address policy transient enforcement"),
    ("timeline", "bucket_seconds buckets"),
    (
        "timeline.buckets[]",
        "start attempts delivered delayed failed enforcement dead_address policy transient throttling greylisting",
    ),
    ("enforcement[]", "provider action basic enhanced stage first_seen last_seen events attempts title fix"),
    ("deferrals", "throttling greylisting other recovered greylisting_recovered waiting"),
    ("deferrals.recovered", "count within"),
    ("deferrals.recovered.within[]", "seconds count"),
    ("distribution", "middle providers changes"),
    ("distribution.providers[]", "provider parts"),
    (
        "distribution.providers[].parts[]",
        "start attempts delivered delayed failed relayed enforcement dead_address policy transient",
    ),
    ("distribution.changes[]", "provider action basic enhanced title before after"),
    ("distribution.changes[].after", "count attempts share"),
    (
        "findings[]",
        "kind severity provider basic enhanced marker start end ongoing attempts events rate_before rate_during \
         score expected sender_domains relays fix suppress evidence title from_start shape times first_attempts \
         certainty from became cause affected relay_shares recipient_domains hosts stage",
    ),
    ("findings[].cause", "carrier name count events share attempts others alike_relays alike_hosts sentence"),
    ("findings[].affected", "messages recipients waiting"),
    ("findings[].recipient_domains[]", "name events attempts share"),
    ("findings[].evidence[]", "input line text"),
    ("findings[].sender_domains[]", "domain events attempts share"),
];

#[test]
fn json_carries_every_key_of_the_contract() {
    let object = object(&report(&incident()));
    for (path, keys) in CONTRACT {
        let mut node = &object;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            node = &node[step.trim_end_matches("[]")];
            if step.ends_with("[]") {
                node = &node[0];
            }
        }
        for key in keys.split_whitespace() {
            assert!(node.get(key).is_some(), "{path}: no {key} in {node}");
        }
    }
    assert_eq!(object["schema"], "smtpulse.report/1");
    assert_eq!(object["timeline"]["bucket_seconds"], 3600);
    assert_eq!(object["codes"][0]["basic"], 250, "codes are numbers");
}

#[test]
fn the_sums_of_the_json_agree() {
    let summary = incident();
    let object = object(&report(&summary));
    let sum = |list: &str, key: &str| -> u64 {
        object[list].as_array().unwrap().iter().map(|row| row[key].as_u64().unwrap()).sum()
    };
    let attempts = object["totals"]["attempts"].as_u64().unwrap();
    assert_eq!(attempts, 5_122);
    assert_eq!(sum("providers", "attempts"), attempts);
    assert_eq!(sum("sender_domains", "attempts"), attempts);
    let hours: u64 = object["timeline"]["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hour| hour["attempts"].as_u64().unwrap())
        .sum();
    assert_eq!(hours, attempts);
    assert_eq!(sum("codes", "count"), attempts + 12 + 20, "our own refusals and local hops have rows too");
    assert_eq!(object["totals"]["rejected"], 12);
    assert_eq!(object["totals"]["local"], 20);
    assert_eq!(object["totals"]["unattributed"], 3);
    let unknown =
        object["sender_domains"].as_array().unwrap().iter().find(|row| row["domain"].is_null()).unwrap();
    assert_eq!(unknown["attempts"], 3);
    let accounting = &object["accounting"];
    let classes = ["attempts", "rejects", "other_events", "other_programs", "unrelated", "not_understood"];
    let classes: u64 = classes.iter().map(|class| accounting[class].as_u64().unwrap()).sum();
    assert_eq!(accounting["lines"], classes);
}

#[test]
fn the_incident_is_found_where_it_began() {
    let report = report(&incident());
    let finding = &report.findings[0];
    assert_eq!((finding.kind, finding.ongoing), ("spike", true));
    assert_eq!(finding.start.as_deref(), Some("2026-03-03T14:17:11+01:00"));
    assert_eq!(finding.end, None);
    assert_eq!((finding.events, finding.first_attempts.attempts), (410, 1_758));
    assert!(finding.rate_before.is_some_and(|rate| rate < 1e-3));
    assert_eq!(finding.sender_domains[0].domain.as_deref(), Some("shop.example"));
    let headline = &report.verdict.headline;
    for part in ["Tue 2026-03-03 14:17", "550 5.7.26", "mail from shop.example"] {
        assert!(headline.replace("mail, mostly from", "mail from").contains(part), "{part}: {headline}");
    }
    assert!(report.verdict.details.iter().any(|detail| detail.text.contains("suppress nobody")));
}

#[test]
fn a_quiet_day_is_called_quiet() {
    let page = page(&report(&quiet()), &Look::default());
    assert!(page.starts_with("Nothing is wrong: 4,712 attempts, 99.1 % delivered"), "{page}");
}

fn one(report: &Report) -> String {
    let mut out = Vec::new();
    super::line(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Names as strangers would like them: controls, direction overrides, invisible and wide characters, great length.
fn hostile() -> Summary {
    let nasty = "evil\u{1b}]0;owned\u{7}\u{202e}gro\u{200d}\u{9b}2J\r\nmx\u{fe0f}東京👩\u{200d}💻".to_owned()
        + "\r\nBcc: all@example.net\r\n\r\n<img src=x onerror=alert(1)>&\"'`"
        + &"x".repeat(300);
    let mut summary = incident();
    for action in [Action::Delivered, Action::Failed, Action::Delayed, Action::Relayed] {
        for at in 0..60 {
            let key = Key {
                direction: Direction::Out,
                provider: Some(nasty.clone()),
                action,
                code: Code { basic: BasicCode::new(550), enhanced: EnhancedCode::parse(b"5.7.999") },
                marker: Some(nasty.clone()),
                quoted: None,
                guard: None,
            };
            let counts = Arc::make_mut(summary.keys.entry(key).or_default());
            let span =
                Span { count: 1_234_567_890_123, first: Some(MIDNIGHT), last: Some(MIDNIGHT + at * 3_600) };
            counts.buckets.add(Some(MIDNIGHT + at * 3_600), Tries { count: span.count, retries: 0 });
            let tries = Tries { count: span.count, retries: 0 };
            let party = counts.senders.entry(Some(nasty.as_str().into())).or_default();
            party.buckets.add(Some(MIDNIGHT), tries);
            counts.span.merge(span);
        }
    }
    let refused = Key {
        direction: Direction::In,
        provider: None,
        action: Action::Rejected,
        code: Code::NONE,
        marker: Some(nasty.clone()),
        quoted: None,
        guard: None,
    };
    let counts = Arc::make_mut(summary.keys.entry(refused).or_default());
    counts.span.merge(Span { count: 1, first: None, last: None });
    summary.accounting.programs.insert(nasty.clone(), 9_999);
    summary.accounting.first_not_understood =
        Some(Place { input: nasty.clone(), line: u64::MAX, text: nasty.clone() });
    summary.accounting.long_lines = 1;
    for counts in summary.keys.values_mut().map(Arc::make_mut) {
        for refusals in counts.refusals.values_mut() {
            Arc::make_mut(&mut refusals.lines)
                .iter_mut()
                .for_each(|shown| shown.text = nasty.as_bytes().into());
        }
        let tries = Tries { count: 1_000_000, retries: 0 };
        let at = counts.buckets.keys().next().unwrap_or_default();
        let party = Party { buckets: [(at, tries)].into_iter().collect() };
        for parties in [&mut counts.relays, &mut counts.hosts, &mut counts.recipient_domains] {
            parties.insert(Some(nasty.as_str().into()), party.clone());
        }
        counts.senders.insert(Some(nasty.as_str().into()), Party::default());
    }
    summary.inputs[0].name.clone_from(&nasty);
    summary.inputs[0].format.clone_from(&nasty);
    summary.inputs[0].note = Some(nasty);
    summary
}

#[test]
fn no_line_is_wider_than_asked() {
    for summary in [incident(), quiet(), hostile(), Summary::default(), one_line()] {
        for provider in [None, Catalog::builtin().only("google")] {
            let report = report_with(&summary, &Options { provider, ..options() });
            for width in [60, 61, 72, 80, 100, 133, 250] {
                for line in page(&report, &Look { width, colour: false }).lines() {
                    assert!(line.width() <= width, "{} > {width}: {line}", line.width());
                    assert_eq!(line, line.trim_end(), "no blanks at the end of a line");
                }
            }
        }
    }
    for summary in [incident(), quiet(), hostile(), Summary::default(), one_line()] {
        let line = one(&report(&summary));
        assert!(line.trim_end().width() <= 120 && line.lines().count() == 1, "{line}");
    }
    let narrow = page(&report(&incident()), &Look { width: 5, colour: false });
    assert_eq!(narrow, page(&report(&incident()), &Look { width: Look::NARROWEST, colour: false }));
}

/// All names and texts of a JSON value, as its reader gets them.
fn strings(value: &serde_json::Value, all: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => all.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| strings(value, all)),
        serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            all.push(name.clone());
            strings(value, all);
        }),
        _ => {}
    }
}

#[test]
fn hostile_names_emit_no_controls() {
    let report = report(&hostile());
    let mut values = Vec::new();
    strings(&object(&report), &mut values);
    let shown = page(&report, &Look::default()) + &one(&report) + &json_text(&report) + &values.concat();
    for character in shown.chars() {
        let control = character != '\n' && character.is_control();
        let bidi = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{fe0f}' | '\u{feff}');
        assert!(!(control || bidi || invisible), "{character:?}");
    }
    assert!(shown.contains("evil\\x1b]0;"), "what was there stays visible");
}

#[test]
fn colour_adds_only_colour() {
    let report = report(&hostile());
    let plain = page(&report, &Look::default());
    let coloured = page(&report, &Look { colour: true, ..Look::default() });
    assert_ne!(plain, coloured);
    assert_eq!(plain, anstream::adapter::strip_str(&coloured).to_string());
}

/// One line, one message, no stamp.
fn one_line() -> Summary {
    let mut summary = Summary::default();
    count(&mut summary, &ACCEPTED, None, 1);
    summary.totals.messages = 1;
    summary.totals.recipients = 1;
    close(&mut summary, "-");
    summary
}

#[test]
fn one_line_without_a_stamp_reads_well() {
    let report = report(&one_line());
    let shown = page(&report, &Look::default());
    assert!(
        shown.starts_with("Nothing is wrong: 1 attempt, 100.0 % delivered; nothing was refused"),
        "{shown}"
    );
    assert!(shown.contains("1 message to 1 recipient\n"), "{shown}");
    assert!(shown.contains("not known: no line has a stamp"), "{shown}");
    assert!(shown.contains("= line in all"), "{shown}");
    let object = object(&report);
    assert!(object["period"]["start"].is_null());
    assert_eq!(object["timeline"]["buckets"].as_array().unwrap().len(), 0);
}

#[test]
fn a_log_without_mail_to_others_says_what_it_holds() {
    let mut summary = Summary::default();
    summary.accounting.other_programs = 12;
    summary.accounting.programs = [("sshd".to_owned(), 12)].into();
    close(&mut summary, "auth.log");
    let report = report(&summary);
    let shown = page(&report, &Look::default());
    assert!(shown.starts_with("Nothing to report: no mail to other hosts in 12 lines."), "{shown}");
    assert!(shown.contains("is this the mail log?"), "{shown}");
    assert!(object(&report)["rates"]["policy"].is_null());
}

#[test]
fn one_provider_alone() {
    let whole = report(&incident());
    let only =
        report_with(&incident(), &Options { provider: Catalog::builtin().only("Google"), ..options() });
    assert_eq!(only.providers.len(), 1);
    assert_eq!(only.totals.outcomes.attempts, whole.providers[0].outcomes.attempts);
    assert_eq!((only.totals.rejected, only.totals.local, only.totals.messages), (0, 0, None));
    assert!(only.findings.iter().all(|finding| finding.provider == "google"));
}

#[test]
fn lists_are_cut_in_text_and_whole_in_json() {
    let report = report_with(&incident(), &Options { top: 1, ..options() });
    let shown = page(&report, &Look::default());
    assert!(shown.contains("and 2 more providers (--top 3 shows all)"), "{shown}");
    assert_eq!(object(&report)["providers"].as_array().unwrap().len(), 3);
}

#[test]
fn hours_follow_the_zone() {
    let kolkata = Options { tz: TimeZone::get("Asia/Kolkata").unwrap(), ..options() };
    let report = report_with(&quiet(), &kolkata);
    for bucket in &report.timeline.buckets {
        assert!(bucket.start.as_ref().unwrap().ends_with(":00:00+05:30"), "{:?}", bucket.start);
    }
}
