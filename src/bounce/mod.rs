//! Bounces: what a message from a mail system says became of each recipient (RFC 3464), or what its words quote.
//!
//! ```text
//! a report (message/delivery-status)   its fields, one group for each recipient; the text fills in step and host
//! no report                            the replies that the text quotes
//! neither                              the same of a message inside: a bounce that somebody forwards
//! ```

mod quote;
mod report;

use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::smtp::{Action, Code, EnhancedCode, Step};

pub use quote::quotes;

/// How deep a forwarded bounce is looked for.
const DEEPEST: usize = 3;

/// What is said of one recipient. All text is foreign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The recipient's address, where one is named.
    pub recipient: Option<String>,
    /// The host that refused, where one is named.
    pub host: Option<String>,
    /// What became of it; only a report says.
    pub action: Option<Action>,
    /// The codes of the reply; both missing where no server answered.
    pub code: Code,
    /// The code that a report states by itself.
    pub status: Option<EnhancedCode>,
    /// What the reply answered, where that is told.
    pub step: Option<Step>,
    /// The reply, its lines joined by blanks; else why there is none.
    pub text: String,
    /// A server said it.
    pub answered: bool,
}

/// What a message, or the fields of a report by themselves, says of each recipient; `None` where the bytes are neither.
pub fn read(bytes: &[u8]) -> Option<Vec<Notice>> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let bytes = &bytes[start..];
    if report::begins(bytes) {
        return Some(report::read(bytes));
    }
    if !is_message(bytes) {
        return None;
    }
    let message = MessageParser::default().parse(behind_mbox_line(bytes))?;
    let found = notices(&message, DEEPEST);
    take_apart(message);
    Some(found)
}

/// Frees a message from the outside in. Left to itself, each message would be freed inside the one that holds it, and a stranger
/// can put more of them into each other than the stack can bear.
fn take_apart(message: Message<'_>) {
    let mut whole = vec![message];
    while let Some(message) = whole.pop() {
        whole.extend(message.parts.into_iter().filter_map(|part| match part.body {
            PartType::Message(inner) => Some(inner),
            _ => None,
        }));
    }
}

fn notices(message: &Message<'_>, deepest: usize) -> Vec<Notice> {
    let mut text = String::new();
    for at in 0..message.text_body.len() {
        text.push_str(&message.body_text(at).unwrap_or_default());
        text.push_str("\n\n");
    }
    let mut quoted = quotes(&text);
    let reported: Vec<Notice> = message
        .parts
        .iter()
        .filter(|part| is_report(part))
        .flat_map(|part| report::read(part.contents()))
        .collect();
    if !reported.is_empty() {
        return report::completed(reported, quoted);
    }
    if let [only] = quoted.as_mut_slice()
        && only.recipient.is_none()
    {
        only.recipient = failed_recipient(message);
    }
    if !quoted.is_empty() || deepest == 0 {
        return quoted;
    }
    message
        .parts
        .iter()
        .filter_map(|part| match &part.body {
            PartType::Message(inner) => Some(notices(inner, deepest - 1)),
            _ => None,
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn is_report(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("message")
            && kind.subtype().is_some_and(|subtype| {
                // RFC 6533, section 3: the same for addresses that are not ASCII.
                ["delivery-status", "global-delivery-status"]
                    .iter()
                    .any(|name| subtype.eq_ignore_ascii_case(name))
            })
    })
}

/// The one recipient that Exim names in a header field of its own.
fn failed_recipient(message: &Message<'_>) -> Option<String> {
    let value = message.header_raw(HeaderName::Other("X-Failed-Recipients".into()))?;
    let value = value.trim();
    (value.contains('@') && !value.contains([',', ' '])).then(|| value.to_owned())
}

/// Fields of which a message has at least one.
const USUAL: [&str; 12] = [
    "from",
    "to",
    "subject",
    "date",
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "content-type",
    "delivered-to",
    "auto-submitted",
    "x-failed-recipients",
];

/// Whether the bytes begin with a message's header: every line a field or the continuation of one, and one that is usual.
fn is_message(bytes: &[u8]) -> bool {
    let mut usual = false;
    for line in behind_mbox_line(bytes).split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if matches!(line[0], b' ' | b'\t') {
            continue;
        }
        let Some(name) = field_name(line) else { return false };
        usual |= USUAL.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    }
    usual
}

/// The name of a header field (RFC 5322, section 3.6.8).
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let legal = |byte: &u8| byte.is_ascii_graphic();
    (!name.is_empty() && name.iter().all(legal)).then_some(name)
}

/// Without the line that stands before each message of an mbox (RFC 4155).
fn behind_mbox_line(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"From ") {
        return bytes;
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    &bytes[end..]
}

#[cfg(test)]
mod tests;
