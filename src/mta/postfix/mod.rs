//! Postfix: `QUEUEID: text` from any of its daemons.
//!
//! The daemon's name decides as little as possible: RFC 5424 relays cut it to `postfix`, and some carriers lose
//! it. The shape of the text decides, read from its start; texts that quote strangers are never searched.

mod daemon;
mod delivery;
mod inbound;
mod peer;
mod reply;

use super::{Event, Kind, Outcome};
use crate::smtp::Direction;
use crate::vector::{Vector, common};

pub use daemon::Daemon;
use peer::Peer;

/// What a record of a Postfix daemon says.
#[inline(always)]
pub fn parse<'a>(daemon: Daemon, message: &'a [u8]) -> Event<'a> {
    match opening(message) {
        Opening::Words => Event::Unrelated,
        Opening::Id(id, rest) => about(daemon, id, rest),
        Opening::Unsure => any(daemon, message),
    }
}

/// What the first sixteen bytes of a message tell.
enum Opening<'a> {
    /// A word and a blank, `connect from ...`, as in every second line of smtpd(8) on a busy server: no id can follow, nor
    /// does a refusal begin so, nor a line that has lost its id.
    Words,
    /// An id of letters and figures, with a figure among them, and what follows it behind a colon and a blank.
    Id(&'a [u8], &'a [u8]),
    /// Not told by these.
    Unsure,
}

#[inline(always)]
fn opening(message: &[u8]) -> Opening<'_> {
    let Some(near) = message.first_chunk() else { return Opening::Unsure };
    let ends = common().places_of_either(near, [b' ', b':']);
    let length = ends.trailing_zeros();
    let Some(&end) = near.get(length as usize) else { return Opening::Unsure };
    if end == b' ' {
        // An address may hold a blank.
        return if near.starts_with(b"to=<") { Opening::Unsure } else { Opening::Words };
    }
    let own = (1 << length) - 1;
    let figures = common().places_within(near, b'0', b'9');
    let letters = common().places_of_letters(near, b'z');
    if figures & own == 0 || !(figures | letters) & own != 0 || length < 2 {
        return Opening::Unsure;
    }
    match message.split_at_checked(length as usize) {
        Some((id, [b':', b' ', rest @ ..])) => Opening::Id(id, rest),
        _ => Opening::Unsure,
    }
}

/// What a message says, whatever it begins with.
fn any<'a>(daemon: Daemon, message: &'a [u8]) -> Event<'a> {
    let text = without_severity(message);
    if let Some((id, rest)) = queue_id(text) {
        return about(daemon, id, rest);
    }
    if let Some(word) = inbound::word(text) {
        return inbound::parse(daemon, None, word, text);
    }
    // Some carriers lose everything before the fields.
    if daemon == Daemon::Unknown && text.starts_with(b"to=<") {
        return match delivery::parse(daemon, None, text) {
            Event::NotUnderstood => Event::Unrelated,
            event => event,
        };
    }
    Event::Unrelated
}

/// What the text behind a queue id says.
#[inline(always)]
fn about<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    const TO: u32 = u32::from_le_bytes(*b"to=<");
    const FROM: u32 = u32::from_le_bytes(*b"from");
    const REMOVED: u32 = u32::from_le_bytes(*b"remo");
    const MESSAGE_ID: u32 = u32::from_le_bytes(*b"mess");
    const CLIENT: u32 = u32::from_le_bytes(*b"clie");
    // Nearly all lines are told by these.
    match rest.first_chunk().copied().map(u32::from_le_bytes) {
        Some(TO) => delivery::parse(daemon, Some(id), rest),
        Some(FROM) => from(daemon, id, rest),
        Some(REMOVED) if rest == b"removed" => Event::Done { queue_id: id },
        Some(MESSAGE_ID) => Event::Mention,
        Some(CLIENT) => client(daemon, id, rest),
        _ => rarer(daemon, id, rest),
    }
}

/// Where smtpd(8) gives out an id, to a client's message.
fn client<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    match rest.strip_prefix(b"client=") {
        Some(client) if daemon.takes_from_clients() && Peer::is_surely_remote(client) => {
            Event::Arrival { queue_id: id, remote: true }
        }
        _ => any_client(daemon, id, rest),
    }
}

#[inline(never)]
fn any_client<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    match rest.strip_prefix(b"client=") {
        // A content filter on this host hands back what is here already.
        Some(client) if daemon.takes_from_clients() => {
            Event::Arrival { queue_id: id, remote: !Peer::client(client).is_local() }
        }
        _ => rarer(daemon, id, rest),
    }
}

#[inline(never)]
fn rarer<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    // Where pickup(8) gives one out, to a message of this host.
    if rest.starts_with(b"uid=") && daemon.takes_from_here() {
        return Event::Arrival { queue_id: id, remote: false };
    }
    if rest.starts_with(b"to=") {
        return delivery::parse(daemon, Some(id), rest);
    }
    if rest.starts_with(b"removed (") {
        return Event::Done { queue_id: id };
    }
    if let Some(word) = inbound::word(rest) {
        return inbound::parse(daemon, Some(id), word, rest);
    }
    if daemon.quotes_servers() {
        return attempt(id, rest);
    }
    Event::Mention
}

/// A host's reply, where the text is one.
fn attempt<'a>(id: &'a [u8], text: &'a [u8]) -> Event<'a> {
    let Some(answer) = reply::Answer::read(text, None) else { return Event::Mention };
    let peer = answer.peer();
    Event::Outcome(Outcome {
        queue_id: Some(id),
        relay_host: Some(peer.host),
        relay_ip: peer.ip(),
        code: answer.code(None),
        text,
        reply: Some(answer.reply),
        step: answer.step,
        ..Outcome::new(Kind::Attempt, Direction::Out)
    })
}

/// The severities that stand first in a text (`msg_syslog.c`, `severity_name`).
#[inline]
fn without_severity(message: &[u8]) -> &[u8] {
    let without = match message.first() {
        Some(b'w') => message.strip_prefix(b"warning: "),
        Some(b'e') => message.strip_prefix(b"error: "),
        Some(b'f') => message.strip_prefix(b"fatal: "),
        Some(b'p') => message.strip_prefix(b"panic: "),
        _ => None,
    };
    without.unwrap_or(message)
}

/// The queue id at the start of a text and what follows it; ids are letters, figures and `_` (`mail_queue.c`).
///
/// `NOQUEUE` is an id without a message. A blank after the colon may have been lost on the way.
fn queue_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text.first_chunk().and_then(short_run).unwrap_or_else(|| run(text));
    if text.get(length) != Some(&b':') || !(2..=LONGEST_ID).contains(&length) {
        return None;
    }
    let id = &text[..length];
    // Words such as "statistics:" are none: an id holds a figure, or is hexadecimal in capitals.
    let is_one = id == b"NOQUEUE"
        || id.iter().any(u8::is_ascii_digit)
        || length >= 5 && id.iter().all(|byte| matches!(byte, b'A'..=b'F'));
    is_one.then(|| (id, without_blank(&text[length + 1..])))
}

#[inline]
fn without_blank(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}

/// How many of the first bytes may be of an id.
fn run(text: &[u8]) -> usize {
    let near = &text[..text.len().min(LONGEST_ID + 1)];
    near.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// The same where the run ends within sixteen bytes, as that of most ids and words does.
#[inline]
fn short_run(near: &[u8; 16]) -> Option<usize> {
    let figures = common().places_within(near, b'0', b'9');
    let letters = common().places_of_letters(near, b'z');
    let length = (figures | letters | common().places_of_either(near, [b'_'; 2])).trailing_ones() as usize;
    (length < near.len()).then_some(length)
}

/// Longer than Postfix makes them.
const LONGEST_ID: usize = 27;

/// The queue manager's `from=<s>, size=N, nrcpt=N (queue active)`, or `from=<s>, status=expired, returned to sender`.
fn from<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    match active(rest) {
        Some(sender) => Event::Sender { queue_id: id, sender, remote: false },
        None => any_from(daemon, id, rest),
    }
}

/// The sender of a message that is taken up, where the line ends as usual: `any_from` finds the same.
#[inline(always)]
fn active(rest: &[u8]) -> Option<&[u8]> {
    let text = rest.strip_suffix(b" (queue active)")?;
    let near = text.last_chunk::<32>()?;
    let places = common().places_of_any(near, [b'>'; 3]);
    let end = text.len().checked_sub(1 + places.leading_zeros() as usize)?;
    let (path, behind) = text.split_at_checked(end)?;
    if !behind.starts_with(b">, size=") {
        return None;
    }
    path.strip_prefix(b"from=<")
}

#[inline(never)]
fn any_from<'a>(daemon: Daemon, id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    let Some(text) = rest.strip_prefix(b"from=") else { return rarer(daemon, id, rest) };
    // What follows the sender is the queue manager's own and holds no bracket, so the last one ends the sender.
    let Some(end) = memchr::memrchr(b'>', text) else { return Event::Mention };
    let (Some(b'<'), behind) = (text.first(), &text[end + 1..]) else { return Event::Mention };
    if behind.starts_with(b", size=") {
        return Event::Sender { queue_id: id, sender: &text[1..end], remote: false };
    }
    match behind.strip_prefix(b", status=") {
        Some(status) => expired(id, &text[1..end], status),
        None => Event::Mention,
    }
}

fn expired<'a>(id: &'a [u8], sender: &'a [u8], status: &'a [u8]) -> Event<'a> {
    let word = status.split(|b| *b == b',').next().unwrap_or(status);
    if !matches!(word, b"expired" | b"force-expired") {
        return Event::Mention;
    }
    Event::Outcome(Outcome {
        queue_id: Some(id),
        sender: Some(sender),
        status: Some(word),
        text: status,
        ..Outcome::new(Kind::Expired, Direction::Out)
    })
}

#[cfg(test)]
mod tests;
