//! Lines with a delivery flag: `=>`, `->`, `>>`, `*>`, `**`, `==` (`delivery_log`, `failure_log` and
//! `deferral_log` in Exim's `deliver.c`).

use super::address::{self, Recipient};
use super::fields::Host;
use super::found::Found;
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
    pub(super) fn gives_reason(self) -> bool {
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
    let Some((address, rest)) = usual::address(vector, line.rest) else { return unusual(line) };
    let mut found = Found::behind(None);
    let free = found.take(vector, line.flag, rest);
    if usual::quotes_follow(vector, line.rest, free) {
        return unusual(line);
    }
    event(line, Recipient { address, top: None, local: false }, &found)
}

#[inline(never)]
fn unusual(line: Line<'_>) -> Event<'_> {
    match address::read(line.rest, line.flag.gives_reason()) {
        Some((recipient, rest)) => {
            let mut found = Found::behind(recipient.top);
            found.take(common(), line.flag, rest);
            event(line, recipient, &found)
        }
        None => Event::NotUnderstood,
    }
}

/// What the recipient and the fields behind it come to.
#[inline(always)]
fn event<'a>(Line { flag, id, .. }: Line<'a>, recipient: Recipient<'a>, found: &Found<'a>) -> Event<'a> {
    let said = if flag.gives_reason() { reason(found) } else { confirmation(found) };
    let (kind, action) = match flag {
        Flag::Delivered | Flag::DeliveredToo | Flag::Cutthrough => (Kind::Delivery, Some(Action::Delivered)),
        Flag::Suppressed => (Kind::Probe, None),
        Flag::Failed => (Kind::Delivery, Some(Action::Failed)),
        Flag::Deferred if nobody_asked(said.text) => (Kind::Suspended, Some(Action::Delayed)),
        Flag::Deferred => (Kind::Delivery, Some(Action::Delayed)),
    };
    let local = said.lmtp || said.text.first() == Some(&b'C') && said.text.starts_with(b"Child process of ");
    let local = recipient.local || local || stays_here(flag, recipient.address, found, said.host);
    Event::Outcome(Outcome {
        kind,
        direction: if local { Direction::Local } else { Direction::Out },
        queue_id: Some(id),
        sender: found.sender,
        recipient: Some(recipient.address),
        orig_recipient: found.top,
        relay_host: said.host.and_then(|host| host.name),
        relay_ip: said.host.and_then(|host| host.ip),
        unreached: None,
        submitted: found.login.is_some(),
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
    // Most have the name that Exim's default configuration gives.
    if found.transport.is_some_and(|name| name != b"remote_smtp" && mentions(name, b"lmtp")) {
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
        fn a_line_is_read_quickly_as_at_length(
            text in nearly_usual(),
            flag in prop::sample::select(vec![Flag::Delivered, Flag::Failed, Flag::Deferred]),
        ) {
            let line = || Line { flag, id: b"", rest: text.as_bytes() };
            prop_assert_eq!(read(common(), line()), unusual(line()));
        }

        #[test]
        fn words_are_found_in_names(name in "[a-dA-D_]{0,70}", word in "[a-d]{1,4}") {
            let near = &name.as_bytes()[..name.len().min(64)];
            let naive = near.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            prop_assert_eq!(mentions(name.as_bytes(), word.as_bytes()), naive);
        }
    }
}
