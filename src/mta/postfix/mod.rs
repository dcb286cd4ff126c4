//! Postfix: `QUEUEID: text` from any of its daemons.
//!
//! The daemon's name decides as little as possible: RFC 5424 relays cut it to `postfix`, and some carriers lose
//! it. The shape of the text decides, read from its start; texts that quote strangers are never searched.

mod delivery;
mod inbound;
mod reply;

use super::{Event, Kind, Outcome};
use crate::smtp::Direction;

/// What a record of a Postfix daemon says. `daemon` is the last part of the program's path, empty when not known.
#[inline]
pub fn parse<'a>(daemon: &[u8], message: &'a [u8]) -> Event<'a> {
    // Every second line of smtpd(8) on a busy server.
    if message.starts_with(b"connect from ") || message.starts_with(b"disconnect from ") {
        return Event::Unrelated;
    }
    let text = without_severity(message);
    let Some((id, rest)) = queue_id(text) else {
        // Some carriers lose everything before the fields.
        if daemon.is_empty() && text.starts_with(b"to=<") {
            return delivery::parse(daemon, None, text).map_or(Event::Unrelated, Event::Outcome);
        }
        return match inbound::parse(daemon, None, text) {
            Some(outcome) => Event::Outcome(outcome),
            None => Event::Unrelated,
        };
    };
    if rest.starts_with(b"to=") {
        return match delivery::parse(daemon, Some(id), rest) {
            Some(outcome) => Event::Outcome(outcome),
            None => Event::NotUnderstood,
        };
    }
    if let Some(rest) = rest.strip_prefix(b"from=") {
        return sender_or_expired(id, rest);
    }
    if rest == b"removed" || rest.starts_with(b"removed (") {
        return Event::Done { queue_id: id };
    }
    // Where an id is given out: by smtpd(8) to a client's message, by pickup(8) to a local one.
    if let Some(client) = rest.strip_prefix(b"client=")
        && matches!(daemon, b"smtpd" | b"qmqpd" | b"")
    {
        // A content filter on this host hands back what is here already.
        let peer = &client[..memchr::memchr(b',', client).unwrap_or(client.len())];
        return Event::Arrival { queue_id: id, remote: !reply::Peer::read(peer).is_local() };
    }
    if rest.starts_with(b"uid=") && matches!(daemon, b"pickup" | b"") {
        return Event::Arrival { queue_id: id, remote: false };
    }
    if let Some(outcome) = inbound::parse(daemon, Some(id), rest) {
        return Event::Outcome(outcome);
    }
    if matches!(daemon, b"smtp" | b"lmtp" | b"")
        && let Some(answer) = reply::Answer::read(rest)
    {
        return Event::Outcome(Outcome {
            queue_id: Some(id),
            relay_host: Some(answer.peer.host),
            relay_ip: answer.peer.ip(),
            code: answer.code(None),
            text: rest,
            reply: Some(answer.reply),
            step: answer.step,
            ..Outcome::new(Kind::Attempt, Direction::Out)
        });
    }
    Event::Mention
}

/// The severities that stand first in a text (`msg_syslog.c`, `severity_name`).
fn without_severity(message: &[u8]) -> &[u8] {
    let severity: &[u8] = match message.first() {
        Some(b'w') => b"warning: ",
        Some(b'e') => b"error: ",
        Some(b'f') => b"fatal: ",
        Some(b'p') => b"panic: ",
        _ => return message,
    };
    message.strip_prefix(severity).unwrap_or(message)
}

/// The queue id at the start of a text and what follows it; ids are letters, figures and `_` (`mail_queue.c`).
///
/// `NOQUEUE` is an id without a message. A blank after the colon may have been lost on the way.
fn queue_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, classes) = match text.first_chunk::<{ LONGEST_ID + 1 }>() {
        Some(near) => run(near),
        None => run(text),
    };
    if length >= text.len() {
        return None;
    }
    if length < 2 || text[length] != b':' {
        return None;
    }
    let id = &text[..length];
    // Words such as "statistics:" are none: an id holds a figure, or is hexadecimal in capitals.
    let hexadecimal = length >= 5 && classes == HEXADECIMAL;
    if classes & FIGURE == 0 && !hexadecimal && id != b"NOQUEUE" {
        return None;
    }
    let rest = &text[length + 1..];
    Some((id, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// How many of the first bytes may be of an id, and what they are. Compiled once for a known length, where most ask.
#[inline(always)]
fn run(near: &[u8]) -> (usize, u8) {
    let mut classes = 0;
    for (at, byte) in near.iter().enumerate() {
        let class = CLASSES[usize::from(*byte)];
        if class == 0 {
            return (at, classes);
        }
        classes |= class;
    }
    (usize::MAX, classes)
}

/// Longer than Postfix makes them.
const LONGEST_ID: usize = 27;

/// What a byte of a queue id can be.
const FIGURE: u8 = 1;
const HEXADECIMAL: u8 = 2;
const OTHER: u8 = 4;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            b'0'..=b'9' => FIGURE,
            b'A'..=b'F' => HEXADECIMAL,
            b'G'..=b'Z' | b'a'..=b'z' | b'_' => OTHER,
            _ => 0,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

/// `<s>, size=N, nrcpt=N (queue active)` of the queue manager, or `<s>, status=expired, returned to sender`.
fn sender_or_expired<'a>(id: &'a [u8], text: &'a [u8]) -> Event<'a> {
    // What follows the sender is the queue manager's own and holds no bracket, so the last one ends the sender.
    let Some(end) = memchr::memrchr(b'>', text) else { return Event::Mention };
    let (Some(b'<'), behind) = (text.first(), &text[end + 1..]) else { return Event::Mention };
    if behind.starts_with(b", size=") {
        return Event::Sender { queue_id: id, sender: &text[1..end], remote: false };
    }
    let Some(status) = behind.strip_prefix(b", status=") else { return Event::Mention };
    let word = status.split(|b| *b == b',').next().unwrap_or(status);
    if !matches!(word, b"expired" | b"force-expired") {
        return Event::Mention;
    }
    Event::Outcome(Outcome {
        queue_id: Some(id),
        sender: Some(&text[1..end]),
        status: Some(word),
        text: status,
        ..Outcome::new(Kind::Expired, Direction::Out)
    })
}

#[cfg(test)]
mod tests;
