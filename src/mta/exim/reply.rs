//! The free text of a delivery line: which host answered what, to which command.
//!
//! `SMTP error from remote mail server after STEP: REPLY` (`check_response` and `sync_responses` in Exim's
//! `transports/smtp.c`), with LMTP and PRDR variants. STEP quotes the command with its foreign address, which is
//! stepped over as a path. Every other text was made here: a code in it (`(EHLO response was: 550 ...)`, a
//! router's `:fail: 550 ...`) is nobody's reply.

use super::fields::{self, Host};
use crate::smtp::{Code, Joint, ReplyCodes, Step};
use crate::vector::find;

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// The codes of the reply; none where nobody replied.
    pub(super) code: Code,
    /// The host named inside the text (before Exim 4.85 there was no `H=`).
    pub(super) host: Option<Host<'a>>,
    /// The reply, or the whole text where there is none.
    pub(super) text: &'a [u8],
    /// A server replied, sensibly or not.
    pub(super) replied: bool,
    /// The reply came over LMTP.
    pub(super) lmtp: bool,
    /// What the reply answered.
    pub(super) step: Option<Step>,
}

/// Reads a text; `host_known` when the line has named the host before it, so that the text cannot.
pub(super) fn read(text: &[u8], host_known: bool) -> Answer<'_> {
    let mut answer = Answer { code: Code::NONE, host: None, text, replied: false, lmtp: false, step: None };
    let reply = match step(text) {
        Some((step, lmtp)) => {
            answer.lmtp = lmtp;
            answer.step = Step::of_command(step);
            after_step(step)
        }
        None if host_known => None,
        None => {
            answer.host = closed_by(text);
            Some(text)
        }
    };
    let Some(mut reply) = reply else { return answer };
    let quoted = answer.lmtp || reply.len() < text.len();
    if !host_known {
        match old_host(reply) {
            Some((host, after)) => {
                answer.host = Some(host);
                reply = after;
            }
            None if !quoted => return answer,
            None => {}
        }
    }
    answer.code = codes(reply, Joint::Escaped);
    answer.replied = quoted || answer.code.basic.is_some();
    if answer.replied {
        answer.text = reply;
    }
    answer
}

/// The codes of a reply.
#[inline]
pub(super) fn codes(reply: &[u8], joint: Joint) -> Code {
    let ReplyCodes { basic, enhanced } = ReplyCodes::read(reply, joint);
    Code { basic, enhanced }
}

/// What follows `... after `, and whether it is LMTP.
fn step(text: &[u8]) -> Option<(&[u8], bool)> {
    let (step, lmtp) = if let Some(rest) = text.strip_prefix(b"SMTP error from remote mail") {
        // "remote mailer" before Exim 4.51.
        let rest = rest.strip_prefix(b" server").or_else(|| rest.strip_prefix(b"er"))?;
        (rest.strip_prefix(b" after ")?, false)
    } else if let Some(rest) = text.strip_prefix(b"LMTP error after ") {
        (rest, true)
    } else {
        (text.strip_prefix(b"PRDR error after ")?, false)
    };
    Some((step.strip_prefix(b"pipelined ").unwrap_or(step), lmtp))
}

/// What follows the command and its `: `.
fn after_step(step: &[u8]) -> Option<&[u8]> {
    let argument = step.strip_prefix(b"RCPT TO:").or_else(|| step.strip_prefix(b"MAIL FROM:"));
    let rest = match argument {
        Some(argument) => match fields::path(argument) {
            Some((_, rest)) => rest,
            // "RCPT TO: 421 ..."
            None if argument.first() == Some(&b' ') => return Some(argument.trim_ascii_start()),
            None => argument,
        },
        None => step,
    };
    // Old versions leave the colon out after a recipient.
    if rest.starts_with(b" host ") {
        return Some(&rest[1..]);
    }
    match text_at(rest) {
        Some(text) => Some(&rest[text..]),
        None => rest.strip_suffix(b":").map(|_| &rest[rest.len()..]),
    }
}

/// Where the text behind the first `: ` begins, which mostly is near.
fn text_at(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += find(b':', rest.get(at..)?)? + 1;
        if rest.get(at) == Some(&b' ') {
            return Some(at + 1);
        }
    }
}

/// `host NAME [IP]: ` as versions before 4.85 put it before the reply.
fn old_host(reply: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let (host, after) = fields::host(reply.strip_prefix(b"host ")?);
    host.ip?;
    Some((host, after.strip_prefix(b": ")?))
}

/// `Remote host NAME [IP] closed connection ...`, from before the host got a field of its own.
fn closed_by(text: &[u8]) -> Option<Host<'_>> {
    let (host, after) = fields::host(text.strip_prefix(b"Remote host ")?);
    (host.ip.is_some() && after.starts_with(b" closed connection ")).then_some(host)
}
