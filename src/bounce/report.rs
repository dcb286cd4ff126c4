//! The machine's part of a bounce: `message/delivery-status` (RFC 3464).

use std::collections::{HashMap, HashSet};

use super::{Notice, field_name, quotes};
use crate::smtp::{Action, BasicCode, Code, EnhancedCode, Joint, ReplyCodes};

/// The fields a report may begin with (RFC 3464, sections 2.2 and 2.3). People copy them without the message around.
const FIRST: [&str; 11] = [
    "reporting-mta",
    "original-envelope-id",
    "received-from-mta",
    "dsn-gateway",
    "arrival-date",
    "final-recipient",
    "original-recipient",
    "action",
    "status",
    "remote-mta",
    "diagnostic-code",
];

/// Whether the bytes begin with a field of a report.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    field_name(line).is_some_and(|name| FIRST.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
}

/// What a report says, recipient by recipient.
pub(super) fn read(bytes: &[u8]) -> Vec<Notice> {
    let text = String::from_utf8_lossy(bytes);
    let mut reporter = None;
    let mut found = Vec::new();
    for group in groups(&text) {
        let value =
            |name: &str| group.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        reporter = value("reporting-mta").and_then(typed_value).or(reporter);
        let about_recipient =
            ["final-recipient", "original-recipient", "action", "status", "diagnostic-code"];
        if about_recipient.iter().any(|name| value(name).is_some()) {
            found.push(notice(value, reporter.as_deref()));
        }
    }
    found
}

fn notice<'v>(value: impl Fn(&str) -> Option<&'v str>, reporter: Option<&str>) -> Notice {
    let status =
        value("status").and_then(|text| EnhancedCode::at_start(text.as_bytes())).map(|(code, _)| code);
    // `smtp; 550 5.1.1 ...`; other types are the words of the reporting system itself.
    let (kind, text) =
        match value("diagnostic-code").map(|text| text.split_once(';').unwrap_or(("smtp", text))) {
            Some((kind, text)) => (kind.trim(), text.trim()),
            None => ("", ""),
        };
    let smtp = kind.eq_ignore_ascii_case("smtp");
    let mut notice = Notice { text: text.to_owned(), answered: smtp, ..Notice::default() };
    let ReplyCodes { basic, enhanced } = ReplyCodes::read(text.as_bytes(), Joint::Blank);
    if basic.is_some() {
        notice.answered = true;
        notice.code = Code { basic, enhanced: enhanced.or(status) };
    } else if let Some(inner) = quotes(text).into_iter().next() {
        notice = inner;
        notice.code.enhanced = notice.code.enhanced.or(status);
    } else if smtp || text.is_empty() {
        notice.code.enhanced = status;
    }
    notice.status = status;
    notice.action = value("action").and_then(action);
    let recipient = value("final-recipient").or_else(|| value("original-recipient")).and_then(typed_value);
    notice.recipient = recipient.or(notice.recipient);
    let remote = value("remote-mta").and_then(typed_value);
    let itself = || reporter.filter(|_| notice.answered).map(str::to_owned);
    notice.host = remote.or_else(itself).or(notice.host.take());
    notice
}

/// Fields in groups, as blank lines part them; names in lower case, folded lines joined by a blank.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
            continue;
        }
        let Some(group) = groups.last_mut() else { break };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

/// Bytes of a name: what is longer is neither an address nor a host (RFC 5321, section 4.5.3.1), and would be kept once for each
/// recipient.
const LONGEST_NAME: usize = 1024;

/// The value behind its type: `dns; mx.example.net`, `rfc822; user@example.net`.
fn typed_value(field: &str) -> Option<String> {
    let value = field.split_once(';').map_or(field, |(_, value)| value).trim();
    // `dns; mx.example.net (192.0.2.1, the server for the domain example.net.)` is common.
    let value = value.split([' ', '\t']).next().unwrap_or_default().trim_matches(['<', '>']);
    (1..=LONGEST_NAME).contains(&value.len()).then(|| value.to_owned())
}

fn action(word: &str) -> Option<Action> {
    let word = word.split([' ', '\t', '(']).next().unwrap_or_default();
    // RFC 3464, section 2.3.3. "expanded" is a delivery to a list.
    [
        ("failed", Action::Failed),
        ("delayed", Action::Delayed),
        ("delivered", Action::Delivered),
        ("relayed", Action::Relayed),
        ("expanded", Action::Delivered),
    ]
    .into_iter()
    .find(|(known, _)| word.eq_ignore_ascii_case(known))
    .map(|(_, action)| action)
}

/// The reports, with what only the text for people tells: which command a reply answered, and whose host it was. Where
/// the report was cut, what the text quotes stands in for what it lacks.
pub(super) fn completed(mut reported: Vec<Notice>, quoted: Vec<Notice>) -> Vec<Notice> {
    let cut = reported.iter().any(says_nothing);
    reported.retain(|notice| !says_nothing(notice));
    let mut quotes: HashMap<(Option<BasicCode>, &str), &Notice> = HashMap::new();
    for quote in &quoted {
        if let Some(recipient) = &quote.recipient {
            quotes.entry((quote.code.basic, recipient)).or_insert(quote);
        }
    }
    for notice in &mut reported {
        let Some(recipient) = &notice.recipient else { continue };
        if let Some(quote) = quotes.get(&(notice.code.basic, recipient.as_str())) {
            notice.step = notice.step.or(quote.step);
            notice.host = notice.host.take().or_else(|| quote.host.clone());
        }
    }
    if cut || reported.is_empty() {
        let known: HashSet<Option<String>> = reported.iter().map(|notice| notice.recipient.clone()).collect();
        let more: Vec<Notice> =
            quoted.into_iter().filter(|quote| !known.contains(&quote.recipient)).collect();
        reported.extend(more);
    }
    reported
}

fn says_nothing(notice: &Notice) -> bool {
    notice.code == Code::NONE && notice.status.is_none() && notice.text.is_empty()
}
