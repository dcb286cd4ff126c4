//! The machine's part of a bounce: `message/delivery-status` (RFC 3464).

use super::{Notice, field_name, quotes};
use crate::smtp::{Action, Code, EnhancedCode, Joint, ReplyCodes};

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

/// The value behind its type: `dns; mx.example.net`, `rfc822; user@example.net`.
fn typed_value(field: &str) -> Option<String> {
    let value = field.split_once(';').map_or(field, |(_, value)| value).trim();
    // `dns; mx.example.net (192.0.2.1, the server for the domain example.net.)` is common.
    let value = value.split([' ', '\t']).next().unwrap_or_default().trim_matches(['<', '>']);
    (!value.is_empty()).then(|| value.to_owned())
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
    for notice in &mut reported {
        let same = quoted.iter().find(|quote| {
            quote.code.basic == notice.code.basic
                && quote.recipient.is_some()
                && quote.recipient == notice.recipient
        });
        if let Some(quote) = same {
            notice.step = notice.step.or(quote.step);
            notice.host = notice.host.take().or_else(|| quote.host.clone());
        }
    }
    if cut || reported.is_empty() {
        let known = |quote: &Notice| reported.iter().any(|notice| notice.recipient == quote.recipient);
        let more: Vec<Notice> = quoted.into_iter().filter(|quote| !known(quote)).collect();
        reported.extend(more);
    }
    reported
}

fn says_nothing(notice: &Notice) -> bool {
    notice.code == Code::NONE && notice.status.is_none() && notice.text.is_empty()
}
