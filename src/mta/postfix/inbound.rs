//! What our own server said to a client: smtpd(8), postscreen(8), and cleanup(8) for milters and header checks.
//!
//! ```text
//! ACTION: STAGE from h[ip][:port]: CODE DSN TEXT; from=<s> to=<r> proto=P helo=<h>      smtpd_check.c, log_whatsup
//! ACTION: STAGE from [ip]:port: CODE DSN TEXT; from=<s>, to=<r>, proto=P, helo=<h>       postscreen_smtpd.c
//! milter-reject: END-OF-MESSAGE from h[ip]: DSN TEXT; from=<s> ...                       cleanup_milter.c
//! reject: header H: V from h[ip]; from=<s> to=<r> proto=P helo=<h>: DSN TEXT             cleanup_message.c
//! ```
//!
//! TEXT may hold anything a client sent, `; from=<` included, so the envelope begins at the last of those.

use memchr::memmem;

use super::Daemon;
use super::delivery::after_quoted;
use super::peer::Peer;
use crate::mta::{Event, Kind, Outcome};
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};
use crate::vector;

/// The word that a refusal begins with, before a colon and a blank.
#[inline]
pub(super) fn word(text: &[u8]) -> Option<&[u8]> {
    // Asked of every line that is none of the others: most end here.
    let word: &[u8] = match text.first()? {
        b'r' if text.starts_with(b"reject: ") => b"reject",
        b'r' if text.starts_with(b"reject_warning: ") => b"reject_warning",
        b'm' if text.starts_with(b"milter-reject: ") => b"milter-reject",
        b'p' if text.starts_with(b"proxy-reject: ") => b"proxy-reject",
        _ => return None,
    };
    Some(&text[..word.len()])
}

/// Reads a text that begins with such a word; `id` is the queue id before it.
///
/// An event is large: it is put together once, where it is to lie.
pub(super) fn parse<'a>(daemon: Daemon, id: Option<&'a [u8]>, word: &'a [u8], text: &'a [u8]) -> Event<'a> {
    let Some(refusal) = refusal(daemon, word, &text[word.len() + 2..]) else {
        return if id.is_some() { Event::Mention } else { Event::Unrelated };
    };
    Event::Outcome(Outcome {
        queue_id: id.filter(|id| *id != b"NOQUEUE"),
        sender: refusal.sender,
        recipient: refusal.recipient,
        relay_host: refusal.host,
        relay_ip: refusal.ip,
        status: Some(word),
        dsn: refusal.code.enhanced,
        code: refusal.code,
        action: (word != b"reject_warning").then_some(Action::Rejected),
        text: refusal.text,
        ..Outcome::new(Kind::Reject, Direction::In)
    })
}

/// What a refusal says.
#[derive(Default)]
struct Refusal<'a> {
    host: Option<&'a [u8]>,
    ip: Option<&'a [u8]>,
    sender: Option<&'a [u8]>,
    recipient: Option<&'a [u8]>,
    code: Code,
    text: &'a [u8],
}

impl<'a> Refusal<'a> {
    /// Reads `CODE DSN TEXT; from=<s> to=<r> ...`.
    fn read(reply: &'a [u8]) -> Refusal<'a> {
        let (text, envelope) = match last_envelope(reply) {
            Some(at) => (&reply[..at], &reply[at + 2..]),
            None => (reply, &reply[..0]),
        };
        let (sender, recipient) = addresses(envelope);
        Refusal { sender, recipient, code: codes(text), text, ..Refusal::default() }
    }
}

/// Reads what follows the word.
fn refusal<'a>(daemon: Daemon, word: &[u8], rest: &'a [u8]) -> Option<Refusal<'a>> {
    if !daemon.refuses() {
        return None;
    }
    if rest.starts_with(b"header ") || rest.starts_with(b"body ") {
        return content(rest);
    }
    if word == b"proxy-reject" {
        return rest.strip_prefix(b"END-OF-MESSAGE: ").map(Refusal::read);
    }
    of_client(rest)
}

/// `STAGE from h[ip]: CODE DSN TEXT ...`.
fn of_client(rest: &[u8]) -> Option<Refusal<'_>> {
    // The stage is capitals: CONNECT, RCPT, END-OF-MESSAGE ... or "unknown command"-like words of a plug-in.
    let (stage, client) = match rest.strip_prefix(b"RCPT from ") {
        Some(client) => (&rest[..4], client),
        None => {
            let from = rest[..rest.len().min(64)].windows(6).position(|word| word == b" from ")?;
            (&rest[..from], &rest[from + b" from ".len()..])
        }
    };
    let (peer, reply) = match Peer::ahead(client) {
        Some((peer, [b':', b' ', reply @ ..])) => (peer, reply),
        _ => {
            let blank = memchr::memchr(b' ', client).unwrap_or(client.len());
            let peer = Peer::read(client[..blank].strip_suffix(b":")?);
            (peer, client.get(blank + 1..).unwrap_or_default())
        }
    };
    let refusal = Refusal::read(reply);
    Some(Refusal {
        host: (!peer.host.is_empty()).then_some(peer.host),
        ip: peer.ip(),
        // VRFY and ETRN ask about an address; nobody sends it mail.
        recipient: refusal.recipient.filter(|_| !matches!(stage, b"VRFY" | b"ETRN")),
        ..refusal
    })
}

/// Where `; ` stands before the envelope fields; `from=` and `to=` are missing where the session had none.
fn last_envelope(reply: &[u8]) -> Option<usize> {
    let (mut to, mut proto) = (None, None);
    for at in memchr::memrchr_iter(b';', reply) {
        let field = &reply[at..];
        if field.starts_with(b"; from=<") {
            return Some(at);
        }
        if to.is_none() && field.starts_with(b"; to=<") {
            to = Some(at);
        }
        if proto.is_none() && field.starts_with(b"; proto=") {
            proto = Some(at);
        }
    }
    to.or(proto)
}

/// `CODE DSN TEXT`, or `DSN TEXT` as cleanup(8) writes it.
#[inline]
fn codes(text: &[u8]) -> Code {
    let basic = BasicCode::at_start(text);
    let rest = match basic {
        Some(_) => text.get(4..).unwrap_or_default(),
        None => text,
    };
    Code { basic, enhanced: EnhancedCode::at_start(rest).map(|(code, _)| code) }
}

/// Sender and recipient of `from=<s> to=<r> ...`, separated by blanks or by commas.
#[inline(always)]
fn addresses(envelope: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let (sender, rest) = match envelope.strip_prefix(b"from=<") {
        Some(path) => match address(path) {
            Some((sender, rest)) => (Some(sender), rest),
            None => return (None, None),
        },
        None => (None, envelope),
    };
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    (sender, rest.strip_prefix(b"to=<").and_then(address).map(|(recipient, _)| recipient))
}

/// An address up to its closing bracket, and what follows that. A bracket within an address is followed by more of it.
#[inline(always)]
fn address(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = if path.first() == Some(&b'"') { after_quoted(path).unwrap_or(0) } else { 0 };
    loop {
        end += vector::find(b'>', &path[end..])?;
        let rest = &path[end + 1..];
        if matches!(rest.first(), None | Some(b' ' | b',' | b':' | b';')) {
            return Some((&path[..end], rest));
        }
        end += 1;
    }
}

/// Header and body checks: the offending text first, our answer last.
fn content(rest: &[u8]) -> Option<Refusal<'_>> {
    let envelope = memmem::rfind(rest, b"; from=<")?;
    let client = memmem::rfind(&rest[..envelope], b" from ")?;
    let peer = Peer::read(&rest[client + b" from ".len()..envelope]);
    let fields = &rest[envelope + 2..];
    let (sender, recipient) = addresses(fields);
    let text = memmem::rfind(fields, b">: ").map_or(&fields[..0], |at| &fields[at + 3..]);
    Some(Refusal { host: Some(peer.host), ip: peer.ip(), sender, recipient, code: codes(text), text })
}
