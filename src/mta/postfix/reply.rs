//! The texts in which smtp(8) and lmtp(8) quote a remote reply (`smtp_proto.c`, `smtp_sasl_glue.c`).

use crate::smtp::{Code, EnhancedCode, Joint, ReplyCodes};

/// A remote host and what it said.
pub(super) struct Answer<'a> {
    /// Its name.
    pub(super) host: &'a [u8],
    /// Its address, without brackets; `None` for a socket.
    pub(super) ip: Option<&'a [u8]>,
    codes: ReplyCodes,
}

impl<'a> Answer<'a> {
    /// Reads `host H[ip] said: REPLY`, `host H[ip] refused to talk to me: REPLY` and the like.
    pub(super) fn read(text: &'a [u8]) -> Option<Answer<'a>> {
        let rest = text.strip_prefix(b"Protocol error: ").unwrap_or(text);
        let rest = [&b"host "[..], b"SASL authentication failed; server ", b"SASL CACHED authentication failed; server "]
            .iter()
            .find_map(|start| rest.strip_prefix(*start))?;
        // Host names come from DNS and hold no blank, so the first one ends `H[ip]`.
        let blank = memchr::memchr(b' ', rest)?;
        let (host, ip) = host_and_ip(&rest[..blank])?;
        let reply = [&b" said: "[..], b" refused to talk to me: "]
            .iter()
            .find_map(|said| rest[blank..].strip_prefix(*said))?;
        Some(Answer { host, ip, codes: ReplyCodes::read(reply, Joint::Blank) })
    }

    /// The code that counts: where the text has no enhanced code, Postfix's own field gives it.
    pub(super) fn code(&self, dsn: Option<EnhancedCode>) -> Code {
        Code { basic: self.codes.basic, enhanced: self.codes.enhanced.or(dsn) }
    }
}

/// `H[ip]`, `H[ip]:port` or `H[/socket]`: the name, and the address unless it is a socket's path.
pub(super) fn host_and_ip(token: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let close = memchr::memrchr(b']', token)?;
    let open = memchr::memrchr(b'[', &token[..close])?;
    let inside = &token[open + 1..close];
    let port = &token[close + 1..];
    if !(port.is_empty() || port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let is_ip = inside.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'x' | b'X'));
    Some((&token[..open], (is_ip && !inside.is_empty()).then_some(inside)))
}
