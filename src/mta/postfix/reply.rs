//! The texts in which smtp(8) and lmtp(8) quote a remote reply (`smtp_proto.c`, `smtp_sasl_glue.c`).

use crate::mta::{is_local_name, is_loopback};
use crate::smtp::{Code, EnhancedCode, Joint, ReplyCodes, Step};

/// A remote host and what it said.
pub(super) struct Answer<'a> {
    /// Who said it.
    pub(super) peer: Peer<'a>,
    /// Its words.
    pub(super) reply: &'a [u8],
    /// What it answered.
    pub(super) step: Option<Step>,
    codes: ReplyCodes,
}

impl<'a> Answer<'a> {
    /// Reads `host H[ip] said: REPLY`, `host H[ip] refused to talk to me: REPLY` and the like.
    pub(super) fn read(text: &'a [u8]) -> Option<Answer<'a>> {
        // An accepted message's reply stands there as it came.
        if text.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let rest = text.strip_prefix(b"Protocol error: ").unwrap_or(text);
        let (rest, login) = if let Some(rest) = rest.strip_prefix(b"host ") {
            (rest, false)
        } else {
            let logins =
                [&b"SASL authentication failed; server "[..], b"SASL CACHED authentication failed; server "];
            (logins.iter().find_map(|start| rest.strip_prefix(*start))?, true)
        };
        // Host names come from DNS and hold no blank, so the first one ends `H[ip]`.
        let blank = memchr::memchr(b' ', rest)?;
        let peer = Peer::read(&rest[..blank]);
        if let Some(reply) = rest[blank..].strip_prefix(b" refused to talk to me: ") {
            let codes = ReplyCodes::read(reply, Joint::Blank);
            return Some(Answer { peer, reply, step: Some(Step::Connect), codes });
        }
        let said = rest[blank..].strip_prefix(b" said: ")?;
        let (reply, step) = if login { (said, Some(Step::Auth)) } else { in_reply_to(said) };
        Some(Answer { peer, reply, step, codes: ReplyCodes::read(said, Joint::Blank) })
    }

    /// The code that counts: where the text has no enhanced code, Postfix's own field gives it.
    pub(super) fn code(&self, dsn: Option<EnhancedCode>) -> Code {
        Code { basic: self.codes.basic, enhanced: self.codes.enhanced.or(dsn) }
    }
}

/// Takes `(in reply to COMMAND command)` off the end. A log that cut the line has cut it off already; the reply may hold
/// one of its own, so only the last thing in the text counts.
fn in_reply_to(said: &[u8]) -> (&[u8], Option<Step>) {
    const OPEN: &[u8] = b" (in reply to ";
    let ended = said.strip_suffix(b")").unwrap_or(said).strip_suffix(b" command");
    let found = ended.and_then(|text| {
        let mut opens = memchr::memrchr_iter(b'(', text).filter_map(|at| at.checked_sub(1));
        Some((text, opens.find(|at| text[*at..].starts_with(OPEN))?))
    });
    match found {
        Some((text, at)) => (&said[..at], Step::of_command(&text[at + OPEN.len()..])),
        None => (said, None),
    }
}

/// The other side of a connection, as Postfix writes it: `H[ip]`, `H[ip]:port`, `H[/socket]`, or a transport's name.
pub(super) struct Peer<'a> {
    /// The name before the bracket.
    pub(super) host: &'a [u8],
    /// What is known beside the name.
    pub(super) at: At<'a>,
}

/// What stands in the brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At<'a> {
    /// An address.
    Ip(&'a [u8]),
    /// The path of a socket.
    Socket,
    /// Something else: an address that somebody has masked.
    Masked,
    /// There are no brackets.
    Nothing,
}

impl<'a> Peer<'a> {
    /// Reads `H[ip]:port`.
    pub(super) fn read(token: &'a [u8]) -> Peer<'a> {
        Peer::plain(token)
            .or_else(|| Peer::in_brackets(token))
            .unwrap_or(Peer { host: token, at: At::Nothing })
    }

    /// The address, if one is written.
    pub(super) fn ip(&self) -> Option<&'a [u8]> {
        match self.at {
            At::Ip(ip) => Some(ip),
            _ => None,
        }
    }

    /// Whether the connection stays on this host.
    pub(super) fn is_local(&self) -> bool {
        is_local_name(self.host)
            || match self.at {
                At::Ip(ip) => is_loopback(ip),
                At::Socket => true,
                At::Masked | At::Nothing => false,
            }
    }

    /// `H[ip]:port` and `H[ip]`, read from the end.
    #[inline]
    fn plain(token: &'a [u8]) -> Option<Peer<'a>> {
        let mut rest = token;
        while let [before @ .., b'0'..=b'9'] = rest {
            rest = before;
        }
        let port = rest.len() < token.len();
        rest = match rest {
            [before @ .., b':'] => before,
            _ if port => return None,
            _ => rest,
        };
        let inside = rest.strip_suffix(b"]")?;
        let (host, ip) = inside.split_at(inside.iter().rposition(|b| !OF_ADDRESS[usize::from(*b)])? + 1);
        let host = host.strip_suffix(b"[")?;
        (!ip.is_empty()).then_some(Peer { host, at: At::Ip(ip) })
    }

    /// The same where something else stands in the brackets.
    fn in_brackets(token: &'a [u8]) -> Option<Peer<'a>> {
        let close = memchr::memrchr(b']', token)?;
        let open = memchr::memrchr(b'[', &token[..close])?;
        let inside = &token[open + 1..close];
        let port = &token[close + 1..];
        if !(port.is_empty() || port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit)) {
            return None;
        }
        let at = if memchr::memchr(b'/', inside).is_some() {
            At::Socket
        } else if !inside.is_empty() && inside.iter().all(|b| OF_ADDRESS[usize::from(*b)]) {
            At::Ip(inside)
        } else {
            At::Masked
        };
        Some(Peer { host: &token[..open], at })
    }
}

/// Whether a byte may be of an IP address.
static OF_ADDRESS: [bool; 256] = {
    let mut of = [false; 256];
    let mut byte = 0_u8;
    loop {
        of[byte as usize] = byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
        if byte == u8::MAX {
            break of;
        }
        byte += 1;
    }
};
