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

use super::reply::{Answer, At, Peer};
use crate::mta::{Kind, Outcome};
use crate::smtp::{Action, Code, Direction, EnhancedCode, Joint, ReplyCodes, Step};
use crate::vector;

/// What follows the recipient.
struct Tail<'a> {
    orig_recipient: Option<&'a [u8]>,
    relay: &'a [u8],
    delay: Option<&'a [u8]>,
    waited: Option<u32>,
    dsn: Option<EnhancedCode>,
    status: &'a [u8],
    text: &'a [u8],
}

/// Reads a delivery line from `to=` on.
#[inline]
pub(super) fn parse<'a>(daemon: &[u8], id: Option<&'a [u8]>, line: &'a [u8]) -> Option<Outcome<'a>> {
    let line = line.strip_prefix(b"to=")?;
    let (recipient, tail) = match line.strip_prefix(b"<") {
        Some(path) => bracketed(path)?,
        None => bare(line)?,
    };
    let (kind, action) = match tail.status {
        b"sent" => (Kind::Delivery, Some(Action::Delivered)),
        b"deferred" if tail.text.starts_with(SUSPENDED) => (Kind::Suspended, None),
        b"deferred" | b"SOFTBOUNCE" => (Kind::Delivery, Some(Action::Delayed)),
        b"bounced" => (Kind::Delivery, Some(Action::Failed)),
        b"deliverable" | b"undeliverable" | b"undeliverable-but-not-cached" => (Kind::Probe, None),
        _ => return None,
    };
    let peer = (tail.relay != b"none").then(|| Peer::read(tail.relay));
    let direction = direction(daemon, &tail, peer.as_ref());
    let (code, reply, step) = reply(&tail, peer.as_ref());
    Some(Outcome {
        queue_id: id,
        recipient: Some(recipient),
        orig_recipient: tail.orig_recipient,
        relay_host: peer.as_ref().map(|peer| peer.host),
        relay_ip: peer.as_ref().and_then(Peer::ip),
        status: Some(tail.status),
        dsn: tail.dsn,
        code,
        action,
        delay: tail.delay,
        waited: tail.waited,
        text: tail.text,
        reply,
        step,
        ..Outcome::new(kind, direction)
    })
}

/// What the queue manager puts before the older reason it repeats (`qmgr_deliver.c`).
const SUSPENDED: &[u8] = b"delivery temporarily suspended: ";

/// The codes of the reply in TEXT, its words and what it answered; nothing where no server answered.
fn reply<'a>(tail: &Tail<'a>, peer: Option<&Peer<'_>>) -> (Code, Option<&'a [u8]>, Option<Step>) {
    let text = tail.text.strip_prefix(SUSPENDED).unwrap_or(tail.text);
    if let Some(answer) = Answer::read(text) {
        return (answer.code(tail.dsn), Some(answer.reply), answer.step);
    }
    // An accepted message: TEXT is the reply. Only a host has one: `local` and pipes write words of their own.
    if peer.is_some_and(|peer| peer.at != At::Nothing) {
        let reply = ReplyCodes::read(text, Joint::Blank);
        if reply.basic.is_some() {
            let code = Code { basic: reply.basic, enhanced: reply.enhanced.or(tail.dsn) };
            return (code, Some(text), None);
        }
    }
    (Code::NONE, None, None)
}

/// A hop that is no provider: by its agent, by its relay, or by the address it failed to reach.
fn direction(daemon: &[u8], tail: &Tail<'_>, peer: Option<&Peer<'_>>) -> Direction {
    let local = match daemon {
        b"local" | b"virtual" | b"pipe" | b"lmtp" | b"discard" => true,
        b"error" | b"retry" | b"cleanup" | b"qmgr" | b"oqmgr" | b"nqmgr" => false,
        _ => match peer {
            // Without brackets it is a transport's name: `local`, `dovecot` ...
            Some(peer) => peer.at == At::Nothing || peer.is_local(),
            None => tail.status == b"sent" || unreached(tail.text),
        },
    };
    if local { Direction::Local } else { Direction::Out }
}

/// Whether TEXT says that a loopback address or a socket could not be reached.
fn unreached(text: &[u8]) -> bool {
    let text = text.strip_prefix(SUSPENDED).unwrap_or(text);
    let Some(rest) = text.strip_prefix(b"connect to ") else { return false };
    let token = rest.split(|b| *b == b' ').next().unwrap_or(rest);
    Peer::read(token.strip_suffix(b":").unwrap_or(token)).is_local()
}

/// `rcpt>, relay=...`: the recipient in brackets.
fn bracketed(path: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    // The external form quotes an odd local part; nothing inside the quotes ends the address.
    let mut from = if path.first() == Some(&b'"') { after_quoted(path).unwrap_or(0) } else { 0 };
    loop {
        let end = from + vector::find(b'>', &path[from..])?;
        let behind = &path[end + 1..];
        match usual(behind).map_or_else(|| tail(behind), Ok) {
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

/// Everything behind the recipient where it stands as Postfix writes it today: `tail` gives the same, field by field.
#[inline]
fn usual(text: &[u8]) -> Option<Tail<'_>> {
    let rest = text.strip_prefix(b", relay=")?;
    let (relay, rest) = rest.split_at(vector::find(b',', rest)?);
    let (delay, rest) = figures(rest.strip_prefix(b", delay=")?)?;
    let (delays, rest) = figures(rest.strip_prefix(b", delays=")?)?;
    let rest = rest.strip_prefix(b", dsn=")?;
    let (dsn, end) = EnhancedCode::at_start(rest)?;
    let status = rest[end..].strip_prefix(b", status=")?;
    if delay.contains(&b'/') {
        return None;
    }
    Some(ending(Tail {
        orig_recipient: None,
        relay,
        delay: Some(delay),
        waited: whole_seconds(delays),
        dsn: Some(dsn),
        status,
        text: b"",
    }))
}

/// A value of figures, `.` and `/`, and what follows it.
#[inline]
fn figures(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = vector::run_within(text, b'.', b'9');
    (end > 0).then_some(text.split_at(end))
}

/// Tells `WORD (TEXT)` apart.
#[inline]
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
            return Ok(ending(Tail { orig_recipient, relay, delay, waited, dsn, status, text: b"" }));
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
fn whole_seconds(field: &[u8]) -> Option<u32> {
    let mut seconds = None;
    for digit in field.iter().take_while(|b| b.is_ascii_digit()) {
        seconds = Some(seconds.unwrap_or(0_u32).checked_mul(10)?.checked_add(u32::from(digit - b'0'))?);
    }
    seconds
}

fn number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}
