//! The list as bare addresses, for a pipe; what people should know of it besides goes elsewhere, as notes.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{HeldRow, List};
use crate::report::escape;
use crate::report::number::{counted, plural, thousands};

/// Domains held back that are noted one by one.
const NOTED: usize = 10;

/// Writes one address a line. An address that no line can hold as it is (controls, invisible characters, bytes that are no
/// text) is left out: changed, it would be another one. [`unprintable`] counts them.
pub fn plain(list: &List, out: &mut dyn Write) -> io::Result<()> {
    for row in &list.recipients {
        if is_printable(&row.address) {
            out.write_all(&row.address)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// How many addresses [`plain`] leaves out.
pub fn unprintable(list: &List) -> u64 {
    list.recipients.iter().filter(|row| !is_printable(&row.address)).count() as u64
}

fn is_printable(address: &[u8]) -> bool {
    std::str::from_utf8(address).is_ok_and(|text| matches!(escape::terminal(text), Cow::Borrowed(_)))
}

/// What to say beside a list that says nothing itself: how many, who is held back and why, who waits.
pub fn notes(list: &List) -> Vec<String> {
    let recipients = list.recipients.len() as u64;
    let mut notes = vec![format!("{} to suppress", counted(recipients, "recipient", "recipients"))];
    for held in list.held_back.iter().take(NOTED) {
        notes.push(held_back(held));
    }
    if let Some(more) = list.held_back.len().checked_sub(NOTED).filter(|more| *more > 0) {
        let domains = counted(more as u64, "domain", "domains");
        notes.push(format!("{domains} more held back; --format json names all"));
    }
    if let Some(waiting) = waiting(list) {
        notes.push(waiting);
    }
    notes
}

/// The sentence about a domain that is held back.
pub(super) fn held_back(held: &HeldRow) -> String {
    let domain = escape::terminal_bytes(&held.domain);
    let number = held.recipients.len() as u64;
    let who = counted(number, "recipient", "recipients");
    let since = held.first_seen.as_deref().map_or(String::new(), |at| format!(" since {at}"));
    let they = plural(number, "it is", "they are");
    match held.cause {
        "resolver" => format!(
            "held back: {who} at {domain}: look-ups of many domains failed at once{since}; that points at our own \
             resolver, and {they} listed only when a look-up fails apart from that, or for days"
        ),
        _ => format!(
            "held back: {who} at {domain}: very many there were refused at once{since} (\"{}\") and none was reached; \
             that points at an outage, and {they} listed only when refused again after a delivery there, or for days",
            held.title
        ),
    }
}

/// The sentence about recipients of whom more must come.
pub(super) fn waiting(list: &List) -> Option<String> {
    let waiting = &list.waiting;
    if waiting.sum() == 0 {
        return None;
    }
    let parts = [
        (waiting.repeat, "refused, but perhaps for another reason"),
        (waiting.domain, "at a domain that takes no mail"),
        (waiting.mailbox_full, "with a full mailbox"),
        (waiting.soft, "put off for their own sake"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", thousands(*number)))
        .collect();
    Some(format!(
        "{} not listed yet, since it must happen more often or for longer: {}",
        counted(waiting.sum(), "recipient", "recipients"),
        parts.join(", ")
    ))
}
