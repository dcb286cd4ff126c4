//! The texts in which smtp(8) and lmtp(8) quote a remote reply (`smtp_proto.c`, `smtp_sasl_glue.c`).

use super::peer::Peer;
use crate::smtp::{Code, EnhancedCode, Joint, ReplyCodes, Step};
use crate::vector::{self, Vector, common};

/// A remote host and what it said.
pub(super) struct Answer<'a> {
    /// Who said it, as written.
    host: &'a [u8],
    /// Its words.
    pub(super) reply: &'a [u8],
    /// What it answered.
    pub(super) step: Option<Step>,
    codes: ReplyCodes,
}

impl<'a> Answer<'a> {
    /// Reads `host H[ip] said: REPLY`, `host H[ip] refused to talk to me: REPLY` and the like, beside the line's own `dsn=`.
    #[inline(always)]
    pub(super) fn read(text: &'a [u8], dsn: Option<EnhancedCode>) -> Option<Answer<'a>> {
        let (rest, login) = match text.strip_prefix(b"host ") {
            Some(rest) => (rest, false),
            None => server(text)?,
        };
        // Host names come from DNS and hold no blank, so the first one ends `H[ip]`.
        let (host, rest) = rest.split_at(vector::find(b' ', rest)?);
        if let Some(said) = rest.strip_prefix(b" said: ") {
            let (reply, step) = if login { (said, Some(Step::Auth)) } else { in_reply_to(said) };
            return Some(Answer {
                host,
                reply,
                step,
                codes: ReplyCodes::read_beside(said, Joint::Blank, dsn),
            });
        }
        let reply = rest.strip_prefix(b" refused to talk to me: ")?;
        let codes = ReplyCodes::read_beside(reply, Joint::Blank, dsn);
        Some(Answer { host, reply, step: Some(Step::Connect), codes })
    }

    /// Who said it.
    pub(super) fn peer(&self) -> Peer<'a> {
        Peer::read(self.host)
    }

    /// The code that counts: where the text has no enhanced code, Postfix's own field gives it.
    pub(super) fn code(&self, dsn: Option<EnhancedCode>) -> Code {
        Code { basic: self.codes.basic, enhanced: self.codes.enhanced.or(dsn) }
    }
}

/// What follows `host ` or `server ` in the rarer texts, and whether a login was answered.
fn server(text: &[u8]) -> Option<(&[u8], bool)> {
    let rest = text.strip_prefix(b"Protocol error: ").unwrap_or(text);
    // Releases before 2.3.
    let rest = rest.strip_prefix(b"Authentication failed: ").unwrap_or(rest);
    if let Some(rest) = rest.strip_prefix(b"host ") {
        return Some((rest, false));
    }
    let logins = [&b"SASL authentication failed; server "[..], b"SASL CACHED authentication failed; server "];
    Some((logins.iter().find_map(|start| rest.strip_prefix(*start))?, true))
}

/// Takes `(in reply to COMMAND command)` off the end. A log that cut the line has cut it off already; the reply may hold
/// one of its own, so only the last thing in the text counts.
fn in_reply_to(said: &[u8]) -> (&[u8], Option<Step>) {
    const OPEN: &[u8; 14] = b" (in reply to ";
    let ended = said.strip_suffix(b")").unwrap_or(said).strip_suffix(b" command");
    match ended.and_then(|text| Some((text, last_open(text, OPEN)?))) {
        Some((text, at)) => (&said[..at], Step::of_command(&text[at + OPEN.len()..])),
        None => (said, None),
    }
}

/// Where a blank, a bracket and some words stand last.
#[inline]
fn last_open(text: &[u8], open: &[u8; 14]) -> Option<usize> {
    // Mostly the last bracket of all, and near the end.
    if let Some(near) = text.last_chunk::<32>() {
        let last = common().places_of_any(near, [b'('; 3]).leading_zeros() as usize;
        if let Some(at) = text.len().checked_sub(last + 2)
            && last < near.len()
            && text[at..].starts_with(open)
        {
            return Some(at);
        }
    }
    let mut opens = memchr::memrchr_iter(b'(', text).filter_map(|at| at.checked_sub(1));
    opens.find(|at| text[*at..].starts_with(open))
}

#[cfg(test)]
mod tests {
    use memchr::memmem;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_command_counts(text in "([ -~]{0,20}|\\(| \\(in reply to |[A-Z]{3,5}){0,6}") {
            let text = text.as_bytes();
            prop_assert_eq!(last_open(text, b" (in reply to "), memmem::rfind(text, b" (in reply to "));
        }
    }
}
