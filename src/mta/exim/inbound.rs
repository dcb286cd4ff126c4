//! Lines without a delivery flag: what our own server refused, whom it asked while receiving, and what single
//! hosts answered before the line for the recipient.
//!
//! `H=host[ fields] [temporarily ]rejected WHAT[: TEXT]` (`smtp_handle_acl_fail` in Exim's `smtp_in.c`). The code
//! the client was given is in the line only if the administrator's text begins with one.

use memchr::{memchr, memmem};

use super::delivery::attempt;
use super::fields::{self, Fields, Host, Item};
use super::{reply, usual};
use crate::mta::{Event, Kind, Outcome};
use crate::smtp::{Action, Code, Direction, EnhancedCode, Joint};
use crate::vector::common;

/// A line that is about no message yet.
#[inline]
pub(super) fn without_id(line: &[u8]) -> Event<'_> {
    // Connections that came and went: all that is read of lines with this letter begins as `synchronization` wants it.
    if line.first() == Some(&b'S') && !line.starts_with(b"SMTP protocol sy") {
        return Event::Unrelated;
    }
    refusal(line)
}

#[inline(never)]
fn refusal(line: &[u8]) -> Event<'_> {
    read(None, line).map_or(Event::Unrelated, Event::Outcome)
}

/// A line about a message, without a flag.
pub(super) fn with_id<'a>(id: &'a [u8], line: &'a [u8]) -> Event<'a> {
    if let Some(answer) = one_host(id, line) {
        return answer;
    }
    read(Some(id), line).map_or(Event::Mention, Event::Outcome)
}

/// What one host of several answered, or a host whose later answer was another.
fn one_host<'a>(id: &'a [u8], line: &'a [u8]) -> Option<Event<'a>> {
    match line.first()? {
        b'S' => said(id, None, line),
        b'H' if line.starts_with(b"H=") => {
            let mut fields = Fields::new(line);
            let Some(Item::Host(host)) = fields.next() else { return None };
            loop {
                // After a recipient's refusal Exim leaves the colon out.
                let here = fields.rest().trim_ascii_start();
                if here.starts_with(b"SMTP error from remote ") {
                    return said(id, Some(host), here);
                }
                match fields.next()? {
                    Item::Field(..) => {}
                    Item::Text(text) => return said(id, Some(host), text),
                    _ => return None,
                }
            }
        }
        _ => {
            let line = after_name(line)?.strip_prefix(b"authenticator failed H=")?;
            let (host, rest) = fields::host(line);
            let reply = rest.trim_ascii_start();
            let code = reply::codes(reply, Joint::Escaped);
            code.basic.map(|_| attempt(id, Some(host), reply, code))
        }
    }
}

fn said<'a>(id: &'a [u8], host: Option<Host<'a>>, text: &'a [u8]) -> Option<Event<'a>> {
    let answer = reply::read(text, host.is_some());
    answer.replied.then(|| attempt(id, host.or(answer.host), answer.text, answer.code))
}

fn read<'a>(id: Option<&'a [u8]>, line: &'a [u8]) -> Option<Outcome<'a>> {
    let refused = Refused { id, ..Refused::default() };
    match line.first()? {
        b'H' | b'U' | b'F' if line.get(1) == Some(&b'=') => refused.client(line),
        b'r' if line.starts_with(b"rejected ") => refused.client(line),
        b'r' if line.starts_with(b"refused connection from ") => {
            let host = &line[b"refused connection from ".len()..];
            let (host, text) = fields::host(host.strip_prefix(b"H=").unwrap_or(host));
            Some(Refused { host, ..refused }.outcome(Kind::Reject, text.trim_ascii_start()))
        }
        b't' if line.starts_with(b"temporarily rejected ") => refused.client(line),
        b'u' if line.starts_with(b"unqualified ") => refused.unqualified(line),
        b'C' | b'c' if line[1..].starts_with(b"onnection from ") => {
            let (host, after) = fields::host(&line[16..]);
            // "refused: too many connections" and other limits.
            let text = after.strip_prefix(b" refused: ")?;
            Some(Refused { host, ..refused }.outcome(Kind::Reject, text))
        }
        b'S' => {
            synchronization(line).map(|(host, text)| Refused { host, ..refused }.outcome(Kind::Reject, text))
        }
        _ => login(line).map(|(host, text)| Refused { host, ..refused }.outcome(Kind::Auth, text)),
    }
}

/// What is known of a refusal.
#[derive(Clone, Copy, Debug, Default)]
struct Refused<'a> {
    id: Option<&'a [u8]>,
    host: Host<'a>,
    sender: Option<&'a [u8]>,
    recipient: Option<&'a [u8]>,
    temporarily: bool,
}

impl<'a> Refused<'a> {
    /// `H=... F=<...> [temporarily ]rejected ...`, or `... sender verify fail for <...>: ...`.
    fn client(mut self, line: &'a [u8]) -> Option<Outcome<'a>> {
        let mut fields = Fields::new(line);
        if let Some((host, rest)) = line.strip_prefix(b"H=").and_then(|rest| usual::host(common(), rest)) {
            self.host = host;
            fields = fields.at(rest);
        }
        while let Some(item) = fields.next() {
            match item {
                Item::Host(host) => self.host = host,
                Item::Field([b'F', b'='], sender) => self.sender = Some(sender),
                Item::Field(..) => {}
                Item::Word(b"temporarily") => self.temporarily = true,
                Item::Word(b"rejected") => return Some(self.what(fields.rest())),
                Item::Word(b"sender") => return callout(self.id, fields.rest()),
                // "K", "L-", "DS", "TFO*": marks without a value.
                Item::Word(mark) if mark.iter().all(|b| b.is_ascii_uppercase() || b"*.-".contains(b)) => {}
                _ => return None,
            }
        }
        None
    }

    /// What follows `rejected`: a command with its argument, `after DATA`, `by local_scan()` ...; then the text.
    fn what(mut self, rest: &'a [u8]) -> Outcome<'a> {
        let rest = rest.trim_ascii_start();
        let (command, argument) = rest.split_at(memchr(b' ', rest).unwrap_or(rest.len()));
        let argument = argument.trim_ascii_start();
        let argument = argument.strip_prefix(b"FROM:").or(argument.strip_prefix(b"TO:")).unwrap_or(argument);
        let mut fields = Fields::new(rest);
        if matches!(command, b"RCPT" | b"MAIL" | b"from") {
            let (address, after) = match fields::path(argument) {
                Some((address, after)) => (Some(address), after),
                // "rejected MAIL from [ip]: no HELO/EHLO given" names nobody.
                None if argument.starts_with(b"from ") => (None, argument),
                None if command == b"from" => (None, rest),
                None => {
                    let end = fields::word_end(argument).min(argument.len());
                    (Some(&argument[..end]).filter(|address| !address.is_empty()), &argument[end..])
                }
            };
            if command == b"RCPT" {
                self.recipient = address;
            } else {
                self.sender = self.sender.or(address);
            }
            fields = Fields::new(after);
        }
        let mut text: &[u8] = b"";
        while let Some(item) = fields.next() {
            match item {
                // A client that puts a host into the argument of its command has been named before it.
                Item::Host(host) if self.host == Host::default() => self.host = host,
                Item::Text(found) => text = found,
                Item::Word(b"from") if self.host == Host::default() => {
                    let at = fields.rest().trim_ascii_start();
                    if !at.starts_with(b"H=") && !at.starts_with(b"<") {
                        let (host, after) = fields::host(at);
                        self.host = host;
                        fields = fields.at(after);
                    }
                }
                _ => {}
            }
        }
        let mut outcome = self.outcome(Kind::Reject, text);
        if matches!(command, b"VRFY" | b"EXPN" | b"ETRN") {
            // Their argument is free text, so where ours begins is the client's to say.
            outcome.code = Code::NONE;
        }
        outcome
    }

    /// `unqualified sender|recipient|verify rejected: <x> H=...`.
    fn unqualified(mut self, line: &'a [u8]) -> Option<Outcome<'a>> {
        let rest = line.strip_prefix(b"unqualified ")?;
        let end = memmem::find(rest, b" rejected: ")?;
        let mut fields = Fields::new(&rest[end + 11..]);
        if let Some(Item::Path(address)) = fields.next() {
            match &rest[..end] {
                b"recipient" => self.recipient = Some(address),
                b"sender" => self.sender = Some(address),
                _ => {}
            }
        }
        if let Some(Item::Host(host)) = fields.next() {
            self.host = host;
        }
        Some(self.outcome(Kind::Reject, line))
    }

    fn outcome(self, kind: Kind, text: &'a [u8]) -> Outcome<'a> {
        let mut outcome = Outcome::new(kind, Direction::In);
        outcome.queue_id = self.id;
        outcome.sender = self.sender;
        outcome.recipient = self.recipient;
        outcome.relay_host = self.host.name;
        outcome.relay_ip = self.host.ip;
        outcome.status = Some(if self.temporarily { b"tempreject" } else { b"reject" });
        outcome.action = Some(Action::Rejected);
        outcome.code = own_codes(text);
        outcome.text = text;
        outcome
    }
}

/// The codes of a text of ours: an ACL message may begin with `550 5.7.1`, or with `5.7.1` alone, to which Exim
/// adds the basic code on the wire only.
fn own_codes(text: &[u8]) -> Code {
    let mut code = reply::codes(text, Joint::Escaped);
    if code.basic.is_none() {
        code.enhanced = EnhancedCode::at_start(text).map(|(enhanced, _)| enhanced);
    }
    code
}

/// `verify fail|defer for <a>: name [ip] : SMTP error ...`, or `: response to "MAIL FROM:<>" was: ...`: what another server
/// said about the sender. Without such an answer we asked nobody but ourselves.
fn callout<'a>(id: Option<&'a [u8]>, rest: &'a [u8]) -> Option<Outcome<'a>> {
    let rest = rest.strip_prefix(b" verify ")?;
    let rest = rest.strip_prefix(b"fail for ").or(rest.strip_prefix(b"defer for "))?;
    let (address, rest) = fields::path(rest)?;
    let text = rest.strip_prefix(b": ")?;
    let text = text.strip_prefix(b"Could not complete sender verify callout: ").unwrap_or(text);
    let (host, reply, code) = match text.strip_prefix(b"response to \"") {
        Some(command) => quoted_command(command)?,
        None => {
            let (host, rest) = fields::host(text);
            let Some(Item::Text(text)) = Fields::new(rest).next() else { return None };
            match text.strip_prefix(b"response to \"") {
                Some(command) => quoted_command(command).map(|(_, reply, code)| (host, reply, code))?,
                None => {
                    let answer = reply::read(text, true);
                    answer.replied.then_some((host, answer.text, answer.code))?
                }
            }
        }
    };
    let mut outcome = Outcome::new(Kind::Callout, Direction::Out);
    outcome.queue_id = id;
    outcome.recipient = Some(address);
    outcome.relay_host = host.name;
    outcome.relay_ip = host.ip;
    outcome.code = code;
    outcome.text = reply;
    Some(outcome)
}

/// The older wording: `response to "RCPT TO:<a>" from name [ip] was: 550 ...`.
fn quoted_command(command: &[u8]) -> Option<(Host<'_>, &[u8], Code)> {
    let argument = command.strip_prefix(b"RCPT TO:").or(command.strip_prefix(b"MAIL FROM:"));
    let rest = match argument.and_then(fields::path) {
        Some((_, rest)) => rest,
        None => command,
    };
    let rest = &rest[memchr(b'"', rest)? + 1..];
    let (host, rest) = match rest.strip_prefix(b" from ") {
        Some(at) => fields::host(at),
        None => (Host::default(), rest),
    };
    let reply = rest.strip_prefix(b" was: ")?;
    Some((host, reply, reply::codes(reply, Joint::Escaped)))
}

/// `SMTP protocol synchronization error (...): rejected ...`. The client's bytes stand in quotes in the middle, so
/// its host is read only where it comes before them.
fn synchronization(line: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let rest = line.strip_prefix(b"SMTP protocol synchronization error ")?;
    let (_, text) = rest.split_at_checked(memmem::find(rest, b"): rejected ")? + 3)?;
    let host = text.strip_prefix(b"rejected connection from H=").map(|at| fields::host(at).0);
    Some((host.unwrap_or_default(), text))
}

/// `NAME authenticator failed for [H=]host[ fields]: 535 Incorrect authentication data (set_id=user)`.
fn login(line: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let rest = after_name(line)?.strip_prefix(b"authenticator failed for ")?;
    let (host, rest) = fields::host(rest.strip_prefix(b"H=").unwrap_or(rest));
    let text = Fields::new(rest).find_map(|item| if let Item::Text(text) = item { Some(text) } else { None });
    Some((host, text.unwrap_or_default()))
}

/// The line from `authenticator` on: the authenticator's name is one word, and may be missing.
fn after_name(line: &[u8]) -> Option<&[u8]> {
    if line.starts_with(b"authenticator failed ") {
        return Some(line);
    }
    let name = line.iter().position(|b| matches!(b, b' ' | b'\t'))?;
    Some(line[name..].trim_ascii_start())
}
