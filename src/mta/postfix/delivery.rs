//! The delivery line, the only one that ends an attempt for one recipient (`log_adhoc.c`, `log_adhoc`):
//!
//! ```text
//! QID: to=<rcpt>[, orig_to=<orig>], relay=R[, conn_use=N], delay=D, delays=a/b/c/d[, key=value], dsn=X.Y.Z, status=WORD (TEXT)
//! ```
//!
//! The order is fixed; forks add keys before `dsn=`, releases before 2.3 lack `delays=` and `dsn=`, some carriers drop more. The
//! recipient and TEXT are written by strangers and may imitate any of it. So the recipient is read as the
//! quoted string or the text up to the first place from where *all* of the rest can be read, and TEXT is what
//! remains.

use memchr::memmem;

use super::Daemon;
use super::peer::{At, Peer, name};
use super::reply::Answer;
use crate::mta::{Event, Kind, Outcome};
use crate::smtp::{Action, Code, Direction, EnhancedCode, Joint, ReplyCodes, Step};
use crate::vector::{self, Vector, common};

/// What follows the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tail<'a> {
    orig_recipient: Option<&'a [u8]>,
    /// `None` where Postfix writes `none`.
    peer: Option<Peer<'a>>,
    delay: Option<&'a [u8]>,
    waited: Option<u32>,
    dsn: Option<EnhancedCode>,
    status: &'a [u8],
    text: &'a [u8],
}

/// Reads a delivery line from `to=` on.
pub(super) fn parse<'a>(daemon: Daemon, id: Option<&'a [u8]>, line: &'a [u8]) -> Event<'a> {
    if let Some((recipient, tail, ended)) = usual(line) {
        return outcome(daemon, id, recipient, tail, ended);
    }
    let Some((recipient, tail)) = by_fields(line) else { return Event::NotUnderstood };
    match ended(tail.status) {
        Some(ended) => outcome(daemon, id, recipient, tail, ended),
        None => Event::NotUnderstood,
    }
}

/// What a status means for the recipient; nothing where it was only probed.
fn ended(status: &[u8]) -> Option<Option<Action>> {
    Some(match status {
        b"sent" => Some(Action::Delivered),
        b"deferred" | b"SOFTBOUNCE" => Some(Action::Delayed),
        b"bounced" => Some(Action::Failed),
        b"deliverable" | b"undeliverable" | b"undeliverable-but-not-cached" => None,
        _ => return None,
    })
}

/// What the fields come to.
#[inline(always)]
fn outcome<'a>(
    daemon: Daemon,
    id: Option<&'a [u8]>,
    recipient: &'a [u8],
    tail: Tail<'a>,
    ended: Option<Action>,
) -> Event<'a> {
    let repeated = tail.text.strip_prefix(SUSPENDED);
    // What the queue manager repeats is no attempt.
    let (kind, action) = if repeated.is_some() && tail.status == b"deferred" {
        (Kind::Suspended, None)
    } else if ended.is_none() {
        (Kind::Probe, None)
    } else {
        (Kind::Delivery, ended)
    };
    let (code, reply, step) = reply(repeated.unwrap_or(tail.text), tail.dsn, tail.peer);
    let sent = matches!(ended, Some(Action::Delivered));
    let unreached = if tail.peer.is_none() && !sent { unreached(tail.text) } else { None };
    let local = is_local(daemon, tail.peer.or(unreached), sent);
    Event::Outcome(Outcome {
        kind,
        direction: if local { Direction::Local } else { Direction::Out },
        queue_id: id,
        sender: None,
        recipient: Some(recipient),
        orig_recipient: tail.orig_recipient,
        relay_host: tail.peer.map(|peer| peer.host),
        relay_ip: tail.peer.and_then(|peer| peer.ip()),
        unreached: unreached.map(|peer| peer.host).filter(|host| !host.is_empty()),
        submitted: tail.peer.is_some_and(|peer| peer.submission),
        status: Some(tail.status),
        dsn: tail.dsn,
        code,
        action,
        delay: tail.delay,
        waited: tail.waited,
        text: tail.text,
        reply,
        step,
    })
}

/// What the queue manager puts before the older reason it repeats (`qmgr_deliver.c`).
const SUSPENDED: &[u8] = b"delivery temporarily suspended: ";

/// The codes of the reply in TEXT, or in what it repeats, its words and what it answered; nothing where no server answered.
#[inline(always)]
fn reply<'a>(
    text: &'a [u8],
    dsn: Option<EnhancedCode>,
    peer: Option<Peer<'_>>,
) -> (Code, Option<&'a [u8]>, Option<Step>) {
    // An accepted message's reply stands there as it came.
    let accepted = text.first().is_some_and(u8::is_ascii_digit);
    if !accepted && let Some(answer) = Answer::read(text, dsn) {
        return (answer.code(dsn), Some(answer.reply), answer.step);
    }
    // Only a host has one: `local` and pipes write words of their own.
    if peer.is_some_and(|peer| peer.at != At::Nothing) {
        let reply = ReplyCodes::read_beside(text, Joint::Blank, dsn);
        if reply.basic.is_some() {
            let code = Code { basic: reply.basic, enhanced: reply.enhanced.or(dsn) };
            return (code, Some(text), None);
        }
    }
    (Code::NONE, None, None)
}

/// Whether the hop is no provider: by its agent, else by its relay or the host that it failed to reach.
#[inline(always)]
fn is_local(daemon: Daemon, peer: Option<Peer<'_>>, sent: bool) -> bool {
    match (daemon.stays_here(), peer) {
        (Some(here), _) => here,
        // Without brackets it is a transport's name: `local`, `dovecot` ...
        (None, Some(peer)) => peer.at == At::Nothing || peer.is_local(),
        (None, None) => sent,
    }
}

/// The host that TEXT says could not be reached (`smtp_connect.c`).
fn unreached(text: &[u8]) -> Option<Peer<'_>> {
    let text = text.strip_prefix(SUSPENDED).unwrap_or(text);
    let rest = text.strip_prefix(b"connect to ")?;
    if let Some((peer, [b':', b' ', ..])) = Peer::ahead(rest) {
        return Some(peer);
    }
    let token = rest.split(|b| *b == b' ').next().unwrap_or(rest);
    let peer = Peer::read(token.strip_suffix(b":").unwrap_or(token));
    (peer.at != At::Nothing || peer.is_local()).then_some(peer)
}

/// The line as Postfix writes it today, read once from its start to its end, and what became of the recipient. `by_fields`
/// and `ended` give the same; `None` is for them to tell.
#[inline(always)]
fn usual(line: &[u8]) -> Option<(&[u8], Tail<'_>, Option<Action>)> {
    let (recipient, rest) = usual_recipient(line.strip_prefix(b"to=<")?)?;
    let (peer, rest) = relay(rest.strip_prefix(b">, relay=")?)?;
    let rest = match rest.strip_prefix(b", conn_use=") {
        Some(rest) => &rest[vector::run_within(rest, b'0', b'9')..],
        None => rest,
    };
    let (delay, rest) = seconds(rest.strip_prefix(b", delay=")?)?;
    let (delays, rest) = near_field(rest.strip_prefix(b", delays=")?)?;
    let rest = rest.strip_prefix(b", dsn=")?;
    let (dsn, end) = EnhancedCode::at_start(rest)?;
    let rest = rest.get(end..)?.strip_prefix(b", status=")?;
    let near = rest.first_chunk::<10>()?;
    let (length, ended) = if near.starts_with(b"sent (") {
        (4, Action::Delivered)
    } else if near.starts_with(b"bounced (") {
        (7, Action::Failed)
    } else if near.starts_with(b"deferred (") {
        (8, Action::Delayed)
    } else {
        return None;
    };
    let (status, text) = (&rest[..length], &rest[length + 2..]);
    let text = if let [text @ .., b')'] = text { text } else { text };
    let (delay, dsn, waited) = (Some(delay), Some(dsn), whole_seconds(delays));
    Some((recipient, Tail { orig_recipient: None, peer, delay, waited, dsn, status, text }, Some(ended)))
}

/// The recipient where it is short and not quoted, and what follows it from the bracket on.
#[inline(always)]
fn usual_recipient(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.first() == Some(&b'"') {
        return None;
    }
    let mut from = 0;
    while from < 96 {
        let near = path.get(from..)?.first_chunk::<32>()?;
        let places = common().places_of_any(near, [b'>'; 3]);
        if places != 0 {
            return path.split_at_checked(from + places.trailing_zeros() as usize);
        }
        from += near.len();
    }
    None
}

/// The relay, and what follows it from the comma on.
#[inline(always)]
fn relay(text: &[u8]) -> Option<(Option<Peer<'_>>, &[u8])> {
    if let Some((peer, rest)) = Peer::ahead(text) {
        return Some((Some(peer), rest));
    }
    let (host, rest) = name(text)?;
    Some(((host != b"none").then_some(Peer::named(host)), rest))
}

/// A number of seconds, and what follows it.
#[inline(always)]
fn seconds(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let near = text.first_chunk()?;
    // A slash stands between the full stop and the figures.
    let figures = common().places_within(near, b'.', b'9') & !common().places_of_either(near, [b'/'; 2]);
    let length = figures.trailing_ones() as usize;
    (length > 0).then_some(text.split_at_checked(length)?)
}

/// What stands before the next comma, and the rest.
#[inline(always)]
fn near_field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let commas = common().places_of_any(text.first_chunk()?, [b','; 3]);
    text.split_at_checked(commas.trailing_zeros() as usize)
}

/// The line read in any form, field by field.
#[inline(never)]
fn by_fields(line: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    let line = line.strip_prefix(b"to=")?;
    match line.strip_prefix(b"<") {
        Some(path) => bracketed(path),
        None => bare(line),
    }
}

/// `rcpt>, relay=...`: the recipient in brackets.
fn bracketed(path: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    // The external form quotes an odd local part; nothing inside the quotes ends the address.
    let mut from = if path.first() == Some(&b'"') { after_quoted(path).unwrap_or(0) } else { 0 };
    loop {
        let end = from + vector::find(b'>', &path[from..])?;
        let behind = &path[end + 1..];
        match tail(behind) {
            Ok(tail) => return Some((&path[..end], tail)),
            // Fields end at the next `, `, so those behind any bracket before that place would lead there too: a line of
            // nothing but beginnings is read once, and not once for each.
            Err(Unread(left)) => from = (end + 1).max(path.len() - left),
        }
    }
}

/// `rcpt, relay=...`: without brackets.
fn bare(line: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    let end = memmem::find(line, b", ")?;
    Some((&line[..end], tail(&line[end..]).ok()?))
}

/// Where a quoted string ends that starts at the start (RFC 5321, section 4.1.2: a backslash escapes).
pub(super) fn after_quoted(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Tells `WORD (TEXT)` apart.
fn ending(tail: Tail<'_>) -> Tail<'_> {
    let line = tail.status;
    let end = vector::find(b' ', line).unwrap_or(line.len());
    let text = line[end..].strip_prefix(b" (").unwrap_or_default();
    let text = text.strip_suffix(b")").unwrap_or(text);
    Tail { status: &line[..end], text, ..tail }
}

/// What could not be read of a text: so many bytes are left where the fields end.
struct Unread(usize);

/// Everything behind the recipient, or how far it could be read.
fn tail(text: &[u8]) -> Result<Tail<'_>, Unread> {
    let mut rest = text.strip_prefix(b", ").ok_or(Unread(text.len()))?;
    let mut orig_recipient = None;
    if let Some(orig) = rest.strip_prefix(b"orig_to=") {
        // Where no relay follows, none follows a later bracket either.
        let (address, after) = original(orig).ok_or(Unread(0))?;
        orig_recipient = Some(address);
        rest = after;
    }
    let relay = rest.strip_prefix(b"relay=").ok_or(Unread(text.len()))?;
    let (relay, mut rest) = value(relay).ok_or(Unread(0))?;
    let (mut delay, mut delays, mut dsn) = (None, None, None);
    loop {
        if let Some(status) = rest.strip_prefix(b"status=") {
            if delay.is_none() && dsn.is_none() {
                return Err(Unread(rest.len()));
            }
            // Of `delays=a/b/c/d`, a is the time before the queue manager took the message, earlier deferrals included.
            let waited = delays.or(delay).and_then(whole_seconds);
            let peer = (relay != b"none").then(|| Peer::read(relay));
            return Ok(ending(Tail { orig_recipient, peer, delay, waited, dsn, status, text: b"" }));
        }
        let equals = rest.iter().position(|b| !b.is_ascii_lowercase() && *b != b'_');
        let equals = equals.filter(|at| rest[*at] == b'=').ok_or(Unread(rest.len()))?;
        // Without another `, ` nothing can follow.
        let (field, after) = value(&rest[equals + 1..]).ok_or(Unread(0))?;
        match &rest[..equals] {
            b"dsn" => dsn = EnhancedCode::parse(field),
            b"delay" if number(field) => delay = Some(field),
            b"delays" => delays = Some(field),
            _ => {}
        }
        rest = after;
    }
}

/// `<orig>, ` or `orig, `.
fn original(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(path) = text.strip_prefix(b"<") {
        let from = if path.first() == Some(&b'"') { after_quoted(path).unwrap_or(0) } else { 0 };
        let end = from + memmem::find(&path[from..], b">, relay=")?;
        return Some((&path[..end], &path[end + b">, ".len()..]));
    }
    let end = memmem::find(text, b", relay=")?;
    Some((&text[..end], &text[end + b", ".len()..]))
}

/// A value up to the next `, `, and what follows that.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = vector::find(b',', text)?;
    while text.get(end + 1) != Some(&b' ') {
        end += 1 + vector::find(b',', &text[end + 1..])?;
    }
    Some((&text[..end], &text[end + 2..]))
}

/// The whole seconds of a number at the start of a field: `303` of `303.2/0.01/1/0`.
#[inline]
fn whole_seconds(field: &[u8]) -> Option<u32> {
    match field {
        // Most are tried at once.
        [digit @ b'0'..=b'9', b'.' | b'/', ..] => Some(u32::from(digit - b'0')),
        _ => many_seconds(field),
    }
}

fn many_seconds(field: &[u8]) -> Option<u32> {
    let mut seconds = None;
    for digit in field.iter().take_while(|b| b.is_ascii_digit()) {
        seconds = Some(seconds.unwrap_or(0_u32).checked_mul(10)?.checked_add(u32::from(digit - b'0'))?);
    }
    seconds
}

fn number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_line_is_read_as_any(
            recipient in "\\PC{0,12}|[a-z.]{1,40}@[a-z.]{1,30}",
            relay in "none|local|[a-z.]{0,50}\\[([0-9.]{1,15}|[a-f0-9:]{0,39}|private/[a-z]{1,9}|[ -~]{0,5})\\](:[0-9]{0,5})?",
            fields in "(, conn_use=[0-9]{0,2})?, delay=[0-9./]{0,17}, delays=[0-9./]{1,34}, dsn=[245]\\.[0-9]\\.[0-9]{1,4}",
            status in "sent|bounced|deferred|SOFTBOUNCE|[a-z]{0,8}",
            text in " ?\\(?[ -~]{0,30}\\)?",
        ) {
            let line = format!("to=<{recipient}>, relay={relay}{fields}, status={status}{text}");
            if let Some((recipient, tail, action)) = usual(line.as_bytes()) {
                prop_assert_eq!(Some((recipient, tail)), by_fields(line.as_bytes()));
                prop_assert_eq!(Some(action), ended(tail.status));
            }
        }
    }

    #[test]
    fn lines_of_today_are_usual() {
        for line in [
            "to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=10, delays=5.4/4.5/0.51/0, dsn=2.0.0, \
             status=sent (250 2.0.0 OK queued)",
            "to=<a@example.com>, relay=mx.example.com[2001:db8::1]:25, conn_use=2, delay=0.8, delays=0/0/0/1, dsn=5.7.26, \
             status=bounced (host mx.example.com[2001:db8::1] said: 550-5.7.26 a 550 5.7.26 b (in reply to end of DATA command))",
            "to=<a@example.com>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to \
             mx.example.com[192.0.2.1]:25: Connection timed out)",
            "to=<a@example.com>, relay=mx.example.com[private/lmtp], delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
            "to=<a@example.com>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to command: a b)",
        ] {
            assert!(usual(line.as_bytes()).is_some(), "{line}");
        }
    }
}
