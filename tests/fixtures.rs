//! Real logs against what the far end really answered, line by line and in the sums of the summary.
//!
//! `fixtures/README.md` tells where the logs and their truth come from. Every difference a rule explains is named
//! below; any other fails.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::mta::Kind;
use smtpulse::scan::Options;
use smtpulse::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};
use smtpulse::summary::Summary;

use crate::reading::{
    Answer, Events, Recording, Seen, What, domain_of, fixtures, options, sender_domains, summary,
};

/// One row of `attempts.tsv`.
struct Attempt {
    line: u64,
    time: i64,
    host: String,
    recipient: String,
    sender: String,
    basic: Option<BasicCode>,
    enhanced: Option<EnhancedCode>,
    action: Action,
    garbage: bool,
}

/// What is counted.
type Row = (String, Action, Code, i64, Option<String>);

/// A delivery line of the log.
struct Final<'a> {
    seen: &'a Seen,
    answer: &'a Answer,
    sender: &'a Option<String>,
}

impl Final<'_> {
    fn at(&self) -> i64 {
        self.seen.at.expect("every line of the recordings has a stamp")
    }

    fn row(&self) -> Row {
        let action = self.answer.action.expect("a delivery has an action");
        (self.answer.provider.clone(), action, self.answer.code, self.at() / 3600, self.sender.clone())
    }

    fn place(&self) -> String {
        format!("{}:{}", self.seen.input, self.seen.line)
    }
}

fn action(word: &str) -> Action {
    Action::ALL.into_iter().find(|action| action.as_str() == word).expect("an action's name")
}

fn tsv(path: PathBuf) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn attempts(folder: &str) -> Vec<Attempt> {
    let given = |word: &str| (word != "-").then(|| word.to_owned());
    let rows = tsv(fixtures().join(folder).join("attempts.tsv"));
    let attempt = |row: Vec<String>| Attempt {
        line: row[0].parse().unwrap(),
        time: row[1].parse().unwrap(),
        host: row[2].clone(),
        recipient: row[3].clone(),
        sender: row[4].clone(),
        basic: given(&row[5]).map(|code| BasicCode::new(code.parse().unwrap()).unwrap()),
        enhanced: given(&row[6]).map(|code| EnhancedCode::parse(code.as_bytes()).unwrap()),
        action: action(&row[7]),
        garbage: row[8] == "garbage",
    };
    rows.into_iter().map(attempt).collect()
}

/// By host and code, how many final lines at least must say that the host refused to talk.
fn refusals(folder: &str) -> BTreeMap<(String, u16), u64> {
    let rows = tsv(fixtures().join(folder).join("refusals.tsv"));
    rows.into_iter().map(|row| ((row[0].clone(), row[1].parse().unwrap()), row[2].parse().unwrap())).collect()
}

fn finals<'a>(seen: &'a [Seen], senders: &'a [Option<String>]) -> Vec<Final<'a>> {
    let delivery = |(seen, sender): (&'a Seen, &'a Option<String>)| match &seen.what {
        What::Outcome(answer) if answer.kind == Kind::Delivery && answer.action.is_some() => {
            Some(Final { seen, answer, sender })
        }
        _ => None,
    };
    seen.iter().zip(senders).filter_map(delivery).collect()
}

/// The code the log must give for an attempt, where a rule departs from what went over the wire.
fn expected_code(attempt: &Attempt, answer: &Answer) -> Code {
    // Words that are no SMTP reply have no code, whatever number stands somewhere in them.
    if attempt.garbage || answer.text.contains("alformed SMTP reply") {
        return Code { basic: None, enhanced: answer.code.enhanced.filter(|_| answer.code.basic.is_none()) };
    }
    // Where the reply has no enhanced code, Postfix's dsn= gives it, if somebody answered.
    let answered = attempt.basic.is_some() || answer.text.contains("said: ");
    let enhanced = attempt.enhanced.or(answer.dsn.filter(|_| answered));
    Code { basic: attempt.basic, enhanced }
}

/// Whether a rule lets a line give a code that the far end did not send for that recipient just then.
fn is_explained(
    line: &Final<'_>,
    refusals: &BTreeMap<(String, u16), u64>,
    refused: &mut BTreeMap<(String, u16), u64>,
) -> bool {
    let Some(basic) = line.answer.code.basic else { return true };
    if line.answer.direction != Direction::Out {
        return true;
    }
    let exim = line.seen.mta == smtpulse::mta::Mta::Exim;
    let host = String::from_utf8_lossy(line.answer.relay_host.as_deref().unwrap_or_default()).into_owned();
    let key = (host, basic.number());
    // Refused at the greeting: no recipient was named to the far end.
    if (exim || line.answer.text.contains("refused to talk to me")) && refusals.contains_key(&key) {
        *refused.entry(key).or_default() += 1;
        return true;
    }
    // Exim repeats the last reply when it gives up.
    exim && line.answer.text.contains("retry timeout exceeded")
}

/// Line by line.
fn compare(
    attempts: &[Attempt],
    refusals: &BTreeMap<(String, u16), u64>,
    lines: &[Final<'_>],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let by_line: HashMap<u64, &Final<'_>> = lines.iter().map(|line| (line.seen.line, line)).collect();
    let mut judged = 0;
    for attempt in attempts {
        let Some(line) = by_line.get(&attempt.line) else {
            wrong.push(format!("line {}: no delivery of {}", attempt.line, attempt.recipient));
            continue;
        };
        judged += 1;
        let answer = line.answer;
        let mut check = |what: &str, found: String, wanted: String| {
            if found != wanted {
                wrong.push(format!("{}: {what} {found}, wanted {wanted}", line.place()));
            }
        };
        check("code", format!("{:?}", answer.code), format!("{:?}", expected_code(attempt, answer)));
        check("action", format!("{:?}", answer.action), format!("{:?}", Some(attempt.action)));
        check("time", line.at().to_string(), attempt.time.to_string());
        check("sender", format!("{:?}", line.sender), format!("{:?}", domain_of(attempt.sender.as_bytes())));
        let recipient = answer.recipient.as_deref().and_then(domain_of);
        check(
            "recipient",
            format!("{recipient:?}"),
            format!("{:?}", domain_of(attempt.recipient.as_bytes())),
        );
        if answer.direction == Direction::Out {
            let host =
                String::from_utf8_lossy(answer.relay_host.as_deref().unwrap_or_default()).to_lowercase();
            check("host", host, attempt.host.clone());
        }
    }
    let known: HashMap<u64, ()> = attempts.iter().map(|attempt| (attempt.line, ())).collect();
    let mut refused = BTreeMap::new();
    for line in lines.iter().filter(|line| !known.contains_key(&line.seen.line)) {
        if !is_explained(line, refusals, &mut refused) {
            wrong.push(format!("{}: claims {:?}: {}", line.place(), line.answer.code, line.answer.text));
        }
    }
    for (key, least) in refusals {
        let found = refused.get(key).copied().unwrap_or_default();
        if found < *least {
            wrong.push(format!("{key:?} refused {least} times, {found} lines say so"));
        }
    }
    assert_eq!(judged, attempts.len() - wrong.iter().filter(|line| line.contains("no delivery of")).count());
    wrong
}

/// Something counted, told apart by the words of a key.
type Sums = BTreeMap<String, u64>;

fn sums<T>(items: impl IntoIterator<Item = T>, name: impl Fn(&T) -> String) -> Sums {
    let mut sums = Sums::new();
    for item in items {
        *sums.entry(name(&item)).or_default() += 1;
    }
    sums
}

fn same(what: &str, found: &Sums, wanted: &Sums) {
    let keys: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let wrong: Vec<String> = keys
        .into_iter()
        .filter(|key| found.get(*key) != wanted.get(*key))
        .map(|key| format!("{key}: {:?}, wanted {:?}", found.get(key), wanted.get(key)))
        .collect();
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

/// The summary holds the truth: what went over the wire, plus the lines that are no answer to a recipient.
fn compare_sums(name: &str, summary: &Summary, rows: &[Row]) {
    let out = || summary.keys.iter().filter(|(key, _)| key.direction == Direction::Out);
    let mut codes = Sums::new();
    let mut hours = Sums::new();
    let mut senders = Sums::new();
    for (key, counts) in out() {
        let provider = key.provider.clone().unwrap_or_default();
        *codes.entry(format!("{provider} {:?} {:?}", key.action, key.code)).or_default() += counts.span.count;
        for (bucket, tries) in &counts.buckets {
            let hour = format!("{:?} {:?}", bucket.map(|at| at / 3600), key.action);
            *hours.entry(hour).or_default() += tries.count;
        }
        for (sender, party) in &counts.senders {
            *senders.entry(format!("{sender:?} {provider} {:?}", key.code)).or_default() +=
                party.tries().count;
        }
    }
    same(name, &codes, &sums(rows, |(provider, action, code, ..)| format!("{provider} {action:?} {code:?}")));
    same(name, &hours, &sums(rows, |(_, action, _, hour, _)| format!("{:?} {action:?}", Some(hour))));
    same(
        name,
        &senders,
        &sums(rows, |(provider, _, code, _, sender)| format!("{sender:?} {provider} {code:?}")),
    );
    let classes = &summary.accounting;
    let sum = classes.attempts
        + classes.rejects
        + classes.other_events
        + classes.other_programs
        + classes.unrelated
        + classes.not_understood;
    assert_eq!(sum, classes.lines, "{name}: every line is in one class");
    assert_eq!(classes.not_understood, 0, "{name}: {:?}", classes.first_not_understood);
}

/// What the truth says must be counted: each attempt as it went over the wire, and the lines that no attempt explains.
fn wanted_rows(catalog: &Catalog, attempts: &[Attempt], lines: &[Final<'_>]) -> Vec<Row> {
    let by_line: HashMap<u64, &Attempt> = attempts.iter().map(|attempt| (attempt.line, attempt)).collect();
    let mut rows = Vec::new();
    for line in lines.iter().filter(|line| line.answer.direction == Direction::Out) {
        let Some(attempt) = by_line.get(&line.seen.line) else {
            rows.push(line.row());
            continue;
        };
        let provider = catalog.provider_of_host(attempt.host.as_bytes()).or_else(|| {
            let domain = domain_of(attempt.recipient.as_bytes())?;
            catalog.provider_of_domain(domain.as_bytes())
        });
        let provider =
            provider.map_or(smtpulse::catalog::UNKNOWN, |provider| catalog.provider_name(provider));
        rows.push((
            provider.to_owned(),
            attempt.action,
            expected_code(attempt, line.answer),
            attempt.time / 3600,
            domain_of(attempt.sender.as_bytes()),
        ));
    }
    rows
}

fn check(folder: &str) {
    let catalog = Catalog::builtin();
    let path = fixtures().join(folder);
    let recording = Recording::of(folder);
    let attempts = attempts(folder);
    let refusals = refusals(folder);
    let options: Options = options(&recording.zone, Some(recording.year));
    let mut told = None;
    for name in recording.logs.iter().chain(&recording.retold) {
        let open = || vec![input::open(&path.join(name), true).unwrap()];
        let seen = Events::read(open(), &catalog, &options);
        let senders = sender_domains(&seen);
        let lines = finals(&seen, &senders);
        let rows = if recording.logs.contains(name) {
            let wrong = compare(&attempts, &refusals, &lines);
            assert!(wrong.is_empty(), "{folder}/{name}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
            wanted_rows(&catalog, &attempts, &lines)
        } else {
            told.clone().expect("a log of the truth's own lines comes first")
        };
        for source in open() {
            let found = summary(source, &catalog, &options);
            compare_sums(&format!("{folder}/{name}"), &found, &rows);
        }
        told = Some(rows);
    }
}

#[test]
fn postfix_incident() {
    check("postfix-incident");
}

#[test]
fn postfix_throttle() {
    check("postfix-throttle");
}

#[test]
fn postfix_edge() {
    check("postfix-edge");
}

#[test]
fn postfix_filter() {
    check("postfix-filter");
}

#[test]
fn exim_all() {
    check("exim-all");
}
