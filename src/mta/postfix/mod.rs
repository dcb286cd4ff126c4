//! Postfix: `QUEUEID: text` from any of its daemons.
//!
//! The daemon's name decides as little as possible: RFC 5424 relays cut it to `postfix`, and some carriers lose
//! it. The shape of the text decides, read from its start; texts that quote strangers are never searched.

mod delivery;
mod inbound;
mod reply;

use super::{Event, Kind, Outcome};
use crate::smtp::Direction;
use crate::vector::{Vector, common};

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
    let near = &text[..text.len().min(LONGEST_ID + 1)];
    let (length, figure, capitals) = near.first_chunk().and_then(short_run).unwrap_or_else(|| run(near));
    if length < 2 || near.get(length) != Some(&b':') {
        return None;
    }
    let id = &text[..length];
    // Words such as "statistics:" are none: an id holds a figure, or is hexadecimal in capitals.
    let is_one = figure || length >= 5 && capitals || id == b"NOQUEUE";
    if !is_one {
        return None;
    }
    let rest = &text[length + 1..];
    Some((id, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// How many of the first bytes may be of an id, whether a figure is among them, and whether all are of `A` to `F`.
fn run(near: &[u8]) -> (usize, bool, bool) {
    let length = near.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let id = &near[..length];
    (length, id.iter().any(u8::is_ascii_digit), id.iter().all(|byte| matches!(byte, b'A'..=b'F')))
}

/// The same where the run ends within sixteen bytes, as that of most ids and words does.
#[inline]
fn short_run(near: &[u8; 16]) -> Option<(usize, bool, bool)> {
    let figures = common().places_within(near, b'0', b'9');
    let length =
        (figures | common().places_within(&near.map(|byte| byte | SMALL), b'a', b'z')).trailing_ones();
    // `_` stands in few ids.
    let own = 1_u16.checked_shl(length).filter(|_| near[length as usize] != b'_')? - 1;
    let figure = figures & own != 0;
    Some((length as usize, figure, !figure && !common().places_within(near, b'A', b'F') & own == 0))
}

/// What makes a capital letter a small one, and no other byte a letter.
const SMALL: u8 = 0x20;

/// Longer than Postfix makes them.
const LONGEST_ID: usize = 27;

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
