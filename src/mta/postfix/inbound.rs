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

use super::delivery::after_quoted;
use super::reply::Peer;
use crate::mta::{Kind, Outcome};
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode};

/// Reads a refusal; `id` is the queue id before it.
pub(super) fn parse<'a>(daemon: &[u8], id: Option<&'a [u8]>, text: &'a [u8]) -> Option<Outcome<'a>> {
    // Asked of every line that is none of the others: most end here.
    let (status, refused): (&[u8], bool) = match text.first()? {
        b'r' if text.starts_with(b"reject: ") => (b"reject", true),
        b'r' if text.starts_with(b"reject_warning: ") => (b"reject_warning", false),
        b'm' if text.starts_with(b"milter-reject: ") => (b"milter-reject", true),
        b'p' if text.starts_with(b"proxy-reject: ") => (b"proxy-reject", true),
        _ => return None,
    };
    if matches!(daemon, b"smtp" | b"lmtp" | b"qmgr" | b"local" | b"pipe" | b"virtual" | b"bounce") {
        return None;
    }
    let rest = &text[status.len() + 2..];
    let outcome = Outcome {
        queue_id: id.filter(|id| *id != b"NOQUEUE"),
        status: Some(status),
        action: refused.then_some(Action::Rejected),
        ..Outcome::new(Kind::Reject, Direction::In)
    };
    if rest.starts_with(b"header ") || rest.starts_with(b"body ") {
        return content(outcome, rest);
    }
    if status == b"proxy-reject" {
        let reply = rest.strip_prefix(b"END-OF-MESSAGE: ")?;
        return Some(with_reply(outcome, reply));
    }
    // The stage is capitals: CONNECT, RCPT, END-OF-MESSAGE ... or "unknown command"-like words of a plug-in.
    let from = rest[..rest.len().min(64)].windows(6).position(|word| word == b" from ")?;
    let client = &rest[from + b" from ".len()..];
    let blank = memchr::memchr(b' ', client).unwrap_or(client.len());
    let peer = Peer::read(client[..blank].strip_suffix(b":")?);
    let reply = client.get(blank + 1..).unwrap_or_default();
    let host = (!peer.host.is_empty()).then_some(peer.host);
    let outcome = with_reply(Outcome { relay_host: host, relay_ip: peer.ip(), ..outcome }, reply);
    // VRFY and ETRN ask about an address; nobody sends it mail.
    let asked = matches!(&rest[..from], b"VRFY" | b"ETRN");
    Some(Outcome { recipient: outcome.recipient.filter(|_| !asked), ..outcome })
}

/// Fills in `CODE DSN TEXT; from=<s> to=<r> ...`.
fn with_reply<'a>(outcome: Outcome<'a>, reply: &'a [u8]) -> Outcome<'a> {
    let (text, envelope) = match last_envelope(reply) {
        Some(at) => (&reply[..at], &reply[at + 2..]),
        None => (reply, &reply[..0]),
    };
    let (code, dsn) = codes(text);
    let (sender, recipient) = addresses(envelope);
    Outcome { code, dsn, sender, recipient, text, ..outcome }
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
fn codes(text: &[u8]) -> (Code, Option<EnhancedCode>) {
    let basic = BasicCode::at_start(text);
    let rest = match basic {
        Some(_) => text.get(4..).unwrap_or_default(),
        None => text,
    };
    let enhanced = EnhancedCode::at_start(rest).map(|(code, _)| code);
    (Code { basic, enhanced }, enhanced)
}

/// Sender and recipient of `from=<s> to=<r> ...`, separated by blanks or by commas.
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

/// An address up to its closing bracket, and what follows that.
fn address(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let from = if path.first() == Some(&b'"') { after_quoted(path).unwrap_or(0) } else { 0 };
    let end = from + memchr::memchr(b'>', &path[from..])?;
    Some((&path[..end], &path[end + 1..]))
}

/// Header and body checks: the offending text first, our answer last.
fn content<'a>(outcome: Outcome<'a>, rest: &'a [u8]) -> Option<Outcome<'a>> {
    let envelope = memmem::rfind(rest, b"; from=<")?;
    let client = memmem::rfind(&rest[..envelope], b" from ")?;
    let token = &rest[client + b" from ".len()..envelope];
    let peer = Peer::read(token);
    let fields = &rest[envelope + 2..];
    let (sender, recipient) = addresses(fields);
    let answer = memmem::rfind(fields, b">: ").map_or(&fields[..0], |at| &fields[at + 3..]);
    let (code, dsn) = codes(answer);
    Some(Outcome {
        relay_host: Some(peer.host),
        relay_ip: peer.ip(),
        sender,
        recipient,
        code,
        dsn,
        text: answer,
        ..outcome
    })
}
