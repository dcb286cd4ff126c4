//! Lines with a delivery flag: `=>`, `->`, `>>`, `*>`, `**`, `==` (`delivery_log`, `failure_log` and
//! `deferral_log` in Exim's `deliver.c`).

use memchr::memmem;

use super::address::{self, Recipient};
use super::fields::{self, Host, Item, Key};
use super::{reply, usual};
use crate::mta::{Event, Kind, Outcome, is_local_name, is_loopback};
use crate::smtp::{Action, Code, Direction, Joint, Step};
use crate::vector::{Vector, Work, common};

/// What a delivery line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// `=>`: delivered.
    Delivered,
    /// `->`: a further address of the same delivery.
    DeliveredToo,
    /// `>>`: delivered while the message came in.
    Cutthrough,
    /// `*>`: not delivered, because of option -N.
    Suppressed,
    /// `**`: given up.
    Failed,
    /// `==`: put off.
    Deferred,
}

impl Flag {
    /// Whether the line ends with a reason after `: ` instead of a confirmation in `C=`.
    fn gives_reason(self) -> bool {
        matches!(self, Flag::Failed | Flag::Deferred)
    }

    fn status(self) -> &'static [u8] {
        match self {
            Flag::Delivered | Flag::DeliveredToo | Flag::Cutthrough => b"sent",
            Flag::Suppressed => b"suppressed",
            Flag::Failed => b"bounced",
            Flag::Deferred => b"deferred",
        }
    }
}

/// The fields of a delivery line that are wanted; the first of each key counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found<'a> {
    top: Option<&'a [u8]>,
    sender: Option<&'a [u8]>,
    router: Option<&'a [u8]>,
    transport: Option<&'a [u8]>,
    host: Option<Host<'a>>,
    confirmation: Option<&'a [u8]>,
    queue_time: Option<&'a [u8]>,
    text: Option<&'a [u8]>,
    /// Text with the system's own error message in front of it.
    reason: Option<&'a [u8]>,
    /// The last piece was `defer`.
    defer: bool,
    /// The system's own error message is the next text.
    system_error: bool,
}

/// A line with a flag, to be read apart from those that say less.
pub(super) struct Line<'a> {
    pub(super) flag: Flag,
    pub(super) id: &'a [u8],
    /// What follows the flag.
    pub(super) rest: &'a [u8],
}

impl<'a> Work for Line<'a> {
    type Result = Event<'a>;

    #[inline(always)]
    fn by(self, vector: impl Vector) -> Event<'a> {
        read(vector, self)
    }
}

#[inline(always)]
fn read<'a>(vector: impl Vector, line: Line<'a>) -> Event<'a> {
    match usual::address(vector, line.rest) {
        Some((address, rest)) => {
            let recipient = Recipient { address, top: None, local: false };
            behind_recipient(vector, Line { rest, ..line }, recipient)
        }
        None => unusual(line),
    }
}

#[inline(never)]
fn unusual(line: Line<'_>) -> Event<'_> {
    match address::read(line.rest, line.flag.gives_reason()) {
        Some((recipient, rest)) => behind_recipient(common(), Line { rest, ..line }, recipient),
        None => Event::NotUnderstood,
    }
}

/// Reads what follows the recipient.
#[inline(always)]
fn behind_recipient<'a>(vector: impl Vector, line: Line<'a>, recipient: Recipient<'a>) -> Event<'a> {
    let Line { flag, id, rest } = line;
    let mut found = Found { top: recipient.top, ..Found::default() };
    found.collect(vector, flag, rest);
    let said = if flag.gives_reason() { reason(&found) } else { confirmation(&found) };
    let (kind, action) = match flag {
        Flag::Delivered | Flag::DeliveredToo | Flag::Cutthrough => (Kind::Delivery, Some(Action::Delivered)),
        Flag::Suppressed => (Kind::Probe, None),
        Flag::Failed => (Kind::Delivery, Some(Action::Failed)),
        Flag::Deferred if nobody_asked(said.text) => (Kind::Suspended, Some(Action::Delayed)),
        Flag::Deferred => (Kind::Delivery, Some(Action::Delayed)),
    };
    let local = said.lmtp || said.text.first() == Some(&b'C') && said.text.starts_with(b"Child process of ");
    let local = recipient.local || local || stays_here(flag, recipient.address, &found, said.host);
    Event::Outcome(Outcome {
        kind,
        direction: if local { Direction::Local } else { Direction::Out },
        queue_id: Some(id),
        sender: found.sender,
        recipient: Some(recipient.address),
        orig_recipient: found.top,
        relay_host: said.host.and_then(|host| host.name),
        relay_ip: said.host.and_then(|host| host.ip),
        status: Some(flag.status()),
        dsn: None,
        code: said.code,
        action,
        delay: found.queue_time.and_then(plain_seconds),
        waited: None,
        text: said.text,
        reply: said.reply,
        step: said.step,
    })
}

/// What a host said, or what Exim says of it.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    host: Option<Host<'a>>,
    code: Code,
    text: &'a [u8],
    reply: Option<&'a [u8]>,
    step: Option<Step>,
    lmtp: bool,
}

/// The reason at the end of the line.
#[inline]
fn reason<'a>(found: &Found<'a>) -> Said<'a> {
    let answer = reply::read(found.text.unwrap_or_default(), found.host.is_some());
    Said {
        host: found.host.or(answer.host),
        code: answer.code,
        text: if answer.replied { answer.text } else { found.reason.unwrap_or(answer.text) },
        reply: answer.replied.then_some(answer.text),
        step: answer.step,
        lmtp: answer.lmtp,
    }
}

/// The confirmation in `C=`.
#[inline]
fn confirmation<'a>(found: &Found<'a>) -> Said<'a> {
    let reply = found.confirmation;
    let code = reply.map_or(Code::NONE, |reply| reply::codes(reply, Joint::EscapedTwice));
    Said { host: found.host, code, text: reply.unwrap_or_default(), reply, step: None, lmtp: false }
}

const SENDER: u16 = u16::from_le_bytes(*b"F=");
const ROUTER: u16 = u16::from_le_bytes(*b"R=");
const TRANSPORT: u16 = u16::from_le_bytes(*b"T=");
const QUEUE_TIME: u16 = u16::from_le_bytes(*b"QT");
const CONFIRMATION: u16 = u16::from_le_bytes(*b"C=");
const HOST: u16 = u16::from_le_bytes(*b"H=");

impl<'a> Found<'a> {
    /// Takes all pieces.
    #[inline(always)]
    fn collect(&mut self, vector: impl Vector, flag: Flag, rest: &'a [u8]) {
        let mut rest = rest;
        let mut left = fields::MOST_PIECES;
        loop {
            // A loop of its own, which calls nobody.
            while left > 0
                && let Some(after) = self.usual(vector, rest)
            {
                (rest, left) = (after, left - 1);
            }
            if left == 0 || rest.is_empty() {
                return;
            }
            let Some(after) = self.any(flag, rest) else { return };
            (rest, left) = (after, left - 1);
        }
    }

    /// Takes the next piece, if it is a field or a host as most stand, and tells what follows it.
    #[inline(always)]
    fn usual(&mut self, vector: impl Vector, rest: &'a [u8]) -> Option<&'a [u8]> {
        let [b' ', a, b, c] = *rest.first_chunk()? else { return None };
        let behind = &rest[3..];
        let key = u16::from_le_bytes([a, b]);
        let (place, value, after) = match key {
            SENDER => {
                let (value, after) = usual::path(vector, behind)?;
                (&mut self.sender, value, after)
            }
            CONFIRMATION => {
                let (value, after) = usual::quoted(vector, behind)?;
                (&mut self.confirmation, value, after)
            }
            HOST => {
                let (host, after) = usual::host(vector, behind)?;
                self.host(host);
                return Some(after);
            }
            _ => {
                let behind = match (b, c) {
                    (b'=', _) => behind,
                    (_, b'=') => &rest[4..],
                    _ => return None,
                };
                let (value, after) = usual::word(vector, behind)?;
                let place = match key {
                    ROUTER => &mut self.router,
                    TRANSPORT => &mut self.transport,
                    QUEUE_TIME => &mut self.queue_time,
                    // Nobody asks for it.
                    _ if a.is_ascii_uppercase() && (b == b'=' || b.is_ascii_uppercase()) => {
                        return Some(after);
                    }
                    _ => return None,
                };
                (place, value, after)
            }
        };
        place.get_or_insert(value);
        self.defer = false;
        Some(after)
    }

    /// Takes the next piece, whatever it is, and tells what follows it.
    #[inline(never)]
    fn any(&mut self, flag: Flag, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (item, after) = fields::item(rest)?;
        match item {
            Item::Host(host) => self.host(host),
            Item::Field(key, value) => self.field(key, value),
            Item::Text(text) if flag.gives_reason() => return self.text(without_times(text)),
            // "defer (111)": a positive number is the system's, and its message follows before the host.
            Item::Parenthesis(number) if flag == Flag::Deferred && self.defer => {
                self.system_error = number.first().is_some_and(u8::is_ascii_digit) && number != b"0";
                self.defer = false;
            }
            // The top address comes before every field.
            Item::Path(path) => {
                if self.sender.is_none() && self.router.is_none() && self.transport.is_none() {
                    self.top.get_or_insert(path);
                }
                self.defer = false;
            }
            Item::Word(word) => self.defer = word == b"defer",
            Item::Text(_) | Item::Parenthesis(_) => self.defer = false,
        }
        Some(after)
    }

    #[inline(always)]
    fn host(&mut self, host: Host<'a>) {
        self.host.get_or_insert(host);
        self.defer = false;
    }

    #[inline]
    fn field(&mut self, key: Key, value: &'a [u8]) {
        let place = match &key {
            b"F=" => &mut self.sender,
            b"R=" => &mut self.router,
            b"T=" => &mut self.transport,
            b"C=" => &mut self.confirmation,
            b"QT" => &mut self.queue_time,
            _ => return,
        };
        place.get_or_insert(value);
        self.defer = false;
    }

    /// Takes the text at the end. Where it is the system's own message, the host may stand in it: reading goes on there.
    fn text(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if std::mem::take(&mut self.system_error) {
            self.defer = false;
            self.reason = Some(text);
            let message = &text[..memmem::find(text, b": ").unwrap_or(text.len())];
            if let Some(at) = memmem::find(message, b" H=") {
                return Some(&text[at..]);
            }
        }
        self.text = Some(text);
        None
    }
}

/// A text without the ` DT=...` that log_selector +deliver_time puts behind it on `**` lines.
fn without_times(text: &[u8]) -> &[u8] {
    let Some(at) = memchr::memrchr(b' ', text) else { return text };
    let time = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'w' | b'd' | b'h' | b'm' | b's');
    match text[at + 1..].strip_prefix(b"DT=") {
        Some(value) if value.len() < 32 && value.ends_with(b"s") && value.iter().all(time) => &text[..at],
        _ => text,
    }
}

/// `12s` and `0.3s` as seconds; `1m2s` is none that can be borrowed from the line.
#[inline(always)]
fn plain_seconds(time: &[u8]) -> Option<&[u8]> {
    match time {
        [seconds @ b'0'..=b'9', b's'] => Some(std::slice::from_ref(seconds)),
        _ => seconds(time),
    }
}

#[inline(never)]
fn seconds(time: &[u8]) -> Option<&[u8]> {
    let seconds = time.strip_suffix(b"s")?;
    let number = seconds.first().is_some_and(u8::is_ascii_digit)
        && seconds.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && seconds.iter().filter(|b| **b == b'.').count() <= 1;
    number.then_some(seconds)
}

/// Whether a deferral only says that it is too early to try again.
fn nobody_asked(text: &[u8]) -> bool {
    [&b"retry time not reached"[..], b"retry time not yet reached"]
        .iter()
        .any(|said| text.get(..said.len()).is_some_and(|start| start.eq_ignore_ascii_case(said)))
}

/// Whether no other host was meant to get the message: by the host, else by what the administrator called the
/// transport and the router, for nothing else in the line tells.
#[inline(always)]
fn stays_here(flag: Flag, address: &[u8], found: &Found<'_>, host: Option<Host<'_>>) -> bool {
    if found.transport.is_some_and(|transport| mentions(transport, b"lmtp")) {
        return true;
    }
    match host {
        Some(host) => host.name.is_some_and(is_local_name) || host.ip.is_some_and(is_loopback),
        None => no_host(flag, address, found.transport, found.router),
    }
}

/// The same where no host is named.
#[inline(never)]
fn no_host(flag: Flag, address: &[u8], transport: Option<&[u8]>, router: Option<&[u8]>) -> bool {
    let local_router = || {
        let local = |router| LOCAL_ROUTERS.iter().any(|word| mentions(router, word));
        router.is_some_and(|router| local(router) && !mentions(router, b"nonlocal"))
    };
    match transport {
        Some(transport) if REMOTE_TRANSPORTS.iter().any(|word| mentions(transport, word)) => false,
        // A remote transport that delivers names its host.
        Some(_) if matches!(flag, Flag::Delivered | Flag::DeliveredToo) => true,
        Some(transport) => LOCAL_TRANSPORTS.iter().any(|word| mentions(transport, word)) || local_router(),
        None => local_router() || !address.contains(&b'@') && !flag.gives_reason(),
    }
}

/// Parts of the names that Exim's default configuration, Debian, cPanel and Dovecot's guides give transports.
const LOCAL_TRANSPORTS: [&[u8]; 12] = [
    b"local",
    b"pipe",
    b"file",
    b"directory",
    b"reply",
    b"maildir",
    b"mailbox",
    b"spool",
    b"dovecot",
    b"cyrus",
    b"procmail",
    b"deliver",
];
const REMOTE_TRANSPORTS: [&[u8]; 3] = [b"smtp", b"remote", b"smarthost"];
const LOCAL_ROUTERS: [&[u8]; 6] = [b"local", b"virtual", b"alias", b"userforward", b"mailbox", b"mail4root"];

/// Whether a name has a word in it. Exim's names are shorter than 64 bytes (`readconf.c`): of a longer one the rest is not asked.
#[inline(always)]
fn mentions(name: &[u8], word: &[u8]) -> bool {
    let name = &name[..name.len().min(64)];
    let Some((last, others)) = word.split_last() else { return true };
    let mut at = others.len();
    while let Some(byte) = name.get(at) {
        let letter = byte | 0x20;
        if letter == *last && name[at - others.len()..at].eq_ignore_ascii_case(others) {
            return true;
        }
        // The word ends no sooner than its last part that could stand here wants it to.
        at += 1 + others.iter().rev().take_while(|other| **other != letter).count();
    }
    false
}

/// The outcome of a line about one host of several; the line for the recipient follows.
pub(super) fn attempt<'a>(id: &'a [u8], host: Option<Host<'a>>, text: &'a [u8], code: Code) -> Event<'a> {
    let mut outcome = Outcome::new(Kind::Attempt, Direction::Out);
    outcome.queue_id = Some(id);
    outcome.relay_host = host.and_then(|host| host.name);
    outcome.relay_ip = host.and_then(|host| host.ip);
    if outcome.relay_host.is_some_and(is_local_name) || outcome.relay_ip.is_some_and(is_loopback) {
        outcome.direction = Direction::Local;
    }
    outcome.code = code;
    outcome.text = text;
    Event::Outcome(outcome)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::nearly_usual;
    use super::*;

    proptest! {
        #[test]
        fn pieces_are_taken_quickly_as_one_by_one(
            text in nearly_usual(),
            flag in prop::sample::select(vec![Flag::Delivered, Flag::Failed, Flag::Deferred]),
        ) {
            let mut quickly = Found::default();
            quickly.collect(common(), flag, text.as_bytes());
            let mut slowly = Found::default();
            let mut rest = Some(text.as_bytes());
            let mut left = fields::MOST_PIECES;
            while let Some(piece) = rest.filter(|_| left > 0) {
                rest = slowly.any(flag, piece);
                left -= 1;
            }
            prop_assert_eq!(quickly, slowly);
        }

        #[test]
        fn words_are_found_in_names(name in "[a-dA-D_]{0,70}", word in "[a-d]{1,4}") {
            let near = &name.as_bytes()[..name.len().min(64)];
            let naive = near.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            prop_assert_eq!(mentions(name.as_bytes(), word.as_bytes()), naive);
        }
    }
}
