//! The other side of a connection.

use crate::mta::{is_local_name, is_loopback, may_be_local_name};
use crate::vector::{self, Vector, common};

/// A host as Postfix writes it: `H[ip]`, `H[ip]:port`, `H[/socket]`, or a transport's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer<'a> {
    /// The name before the bracket.
    pub(super) host: &'a [u8],
    /// What is known beside the name.
    pub(super) at: At<'a>,
    /// It was reached at a port where mail is handed in for relaying (RFC 6409, RFC 8314).
    pub(super) submission: bool,
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
    /// One of which only a name is written.
    pub(super) fn named(host: &'a [u8]) -> Peer<'a> {
        Peer { host, at: At::Nothing, submission: false }
    }

    /// Reads `H[ip]:port`.
    pub(super) fn read(token: &'a [u8]) -> Peer<'a> {
        Peer::plain(token).or_else(|| Peer::in_brackets(token)).unwrap_or(Peer::named(token))
    }

    /// Reads the client of `client=H[ip], sasl_method=...`: it ends at the first comma.
    pub(super) fn client(text: &'a [u8]) -> Peer<'a> {
        Peer::read(&text[..memchr::memchr(b',', text).unwrap_or(text.len())])
    }

    /// Whether a look at such a text tells that its client is not on this host.
    #[inline(always)]
    pub(super) fn is_surely_remote(text: &[u8]) -> bool {
        // The address stands at the end of the line, or before the first comma.
        let peer = if text.ends_with(b"]") && lacks_comma(text) {
            text.last_chunk().and_then(|near| {
                let others = !of_address(near) << 1;
                let open = text.len().checked_sub(2 + others.leading_zeros() as usize)?;
                let (host, rest) = text.split_at_checked(open)?;
                let [b'[', ip @ .., b']'] = rest else { return None };
                (!ip.is_empty()).then_some(Peer { host, at: At::Ip(ip), submission: false })
            })
        } else {
            Peer::ahead(text).and_then(|(peer, rest)| rest.starts_with(b",").then_some(peer))
        };
        peer.is_some_and(|peer| !may_be_local_name(peer.host) && peer.ip().is_some_and(|ip| !is_loopback(ip)))
    }

    /// The address, if one is written.
    #[inline]
    pub(super) fn ip(&self) -> Option<&'a [u8]> {
        match self.at {
            At::Ip(ip) => Some(ip),
            _ => None,
        }
    }

    /// Whether the connection stays on this host.
    #[inline(always)]
    pub(super) fn is_local(&self) -> bool {
        is_local_name(self.host)
            || match self.at {
                At::Ip(ip) => is_loopback(ip),
                At::Socket => true,
                At::Masked | At::Nothing => false,
            }
    }

    /// Reads `H[ip]:port` where it begins a text, and gives what follows: `read` gives the same where a blank, a comma or a
    /// colon follows and ends the token there. `None` where what is near does not tell.
    #[inline(always)]
    pub(super) fn ahead(text: &'a [u8]) -> Option<(Peer<'a>, &'a [u8])> {
        let (host, rest) = name(text)?;
        let (b'[', inside) = rest.split_first()? else { return None };
        let (at, length) = match address(inside) {
            Some(length) if length > 0 && inside[length] == b']' => (At::Ip(&inside[..length]), length),
            _ => no_address(inside)?,
        };
        let (submission, rest) = port(&inside[length + 1..]);
        Some((Peer { host, at, submission }, rest))
    }

    /// `H[ip]:port` and `H[ip]`, read from the end.
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
        let submission = is_submission(&token[token.len().min(rest.len() + 1)..]);
        Peer::closed(rest).map(|peer| Peer { submission, ..peer })
    }

    /// `H[ip]`, read from the end.
    #[inline]
    fn closed(text: &'a [u8]) -> Option<Peer<'a>> {
        let inside = text.strip_suffix(b"]")?;
        let (host, ip) = inside.split_at(before_address(inside)?);
        let host = host.strip_suffix(b"[")?;
        (!ip.is_empty()).then_some(Peer { host, at: At::Ip(ip), submission: false })
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
        let submission = port.split_first().is_some_and(|(_, port)| is_submission(port));
        Some(Peer { host: &token[..open], at, submission })
    }
}

/// Whether a port is one for submission, and what follows it. A colon without a number behind it ends a client.
#[inline(always)]
fn port(text: &[u8]) -> (bool, &[u8]) {
    let Some((b':', port)) = text.split_first() else { return (false, text) };
    // Nearly all are this one.
    if port.starts_with(b"25,") {
        return (false, &port[2..]);
    }
    match vector::run_within(port, b'0', b'9') {
        0 => (false, text),
        length => (is_submission(&port[..length]), &port[length..]),
    }
}

/// Whether mail is handed in for relaying at this port.
#[inline]
fn is_submission(port: &[u8]) -> bool {
    matches!(port, b"587" | b"465")
}

/// A name, and what follows it: a bracket, a comma or a blank.
#[inline(always)]
pub(super) fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    while from < 64 {
        let near = text.get(from..)?.first_chunk::<32>()?;
        let ends = common().places_of_any(near, [b'[', b',', b' ']);
        if ends != 0 {
            return text.split_at_checked(from + ends.trailing_zeros() as usize);
        }
        from += near.len();
    }
    None
}

/// How many of the first bytes may be of an address, if there is another; `None` near the end of a text.
#[inline(always)]
fn address(text: &[u8]) -> Option<usize> {
    let near = text.first_chunk()?;
    match (!of_address(near)).trailing_zeros() as usize {
        16 => long_address(text),
        length => Some(length),
    }
}

fn long_address(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let others = !of_address(text.get(from..)?.first_chunk()?);
        if others != 0 {
            return Some(from + others.trailing_zeros() as usize);
        }
        from += 16;
    }
}

/// What stands in brackets up to the one that closes them, where it is no address, and how long that is.
fn no_address<'a>(inside: &[u8]) -> Option<(At<'a>, usize)> {
    let near = inside.first_chunk::<32>()?;
    let ends = common().places_of_any(near, [b']', b'[', b',']);
    let length = ends.trailing_zeros();
    let own = 1_u32.checked_shl(length)? - 1;
    if near[length as usize] != b']' || common().places_of_any(near, [b' '; 3]) & own != 0 {
        return None;
    }
    let path = common().places_of_any(near, [b'/'; 3]) & own != 0;
    Some((if path { At::Socket } else { At::Masked }, length as usize))
}

/// Where what may be of an address begins at the end of a text; `None` where all may be.
#[inline]
fn before_address(text: &[u8]) -> Option<usize> {
    if let Some(near) = text.last_chunk() {
        let others = !of_address(near);
        if others != 0 {
            return Some(text.len() - others.leading_zeros() as usize);
        }
    }
    Some(text.iter().rposition(|byte| !OF_ADDRESS[usize::from(*byte)])? + 1)
}

/// Which bytes may be of an IP address.
#[inline(always)]
fn of_address(near: &[u8; 16]) -> u16 {
    // A slash stands between the full stop and the figures.
    let figures = common().places_within(near, b'.', b':') & !common().places_of_either(near, [b'/'; 2]);
    figures | common().places_of_letters(near, b'f')
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

/// Whether a text surely holds no comma. It is asked of short ones, up to the end of a line, where no search may look beyond.
#[inline]
fn lacks_comma(text: &[u8]) -> bool {
    let halves = |first: &[u8; 32], last: &[u8; 32]| {
        common().places_of_any(first, [b','; 3]) | common().places_of_any(last, [b','; 3]) == 0
    };
    let quarters = |first: &[u8; 16], last: &[u8; 16]| {
        common().places_of_either(first, [b','; 2]) | common().places_of_either(last, [b','; 2]) == 0
    };
    match text.len() {
        32..=64 => text.first_chunk().zip(text.last_chunk()).is_some_and(|(first, last)| halves(first, last)),
        16..32 => {
            text.first_chunk().zip(text.last_chunk()).is_some_and(|(first, last)| quarters(first, last))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A peer, or something like it.
    const TOKEN: &str = "([a-z0-9.-]{0,40}|[ -~]{0,8})(\\[([0-9.]{0,17}|[0-9a-fA-F:]{0,40}|[a-z/]{0,33}|[ -~]{0,5})\\])?\
                         (:[0-9]{0,6})?[ -~]{0,2}";

    proptest! {
        #[test]
        fn what_is_read_ahead_is_what_is_read_from_the_end(token in TOKEN, rest in "[,: ][ -~]{0,60}") {
            let text = [token.as_bytes(), rest.as_bytes()].concat();
            if let Some((peer, rest)) = Peer::ahead(&text) && matches!(rest.first(), Some(b',' | b' ' | b':')) {
                prop_assert_eq!(peer, Peer::read(&text[..text.len() - rest.len()]));
            }
        }

        #[test]
        fn a_client_that_is_surely_remote_is_remote(token in TOKEN, rest in "(,[ -~]{0,60})?") {
            let text = [token.as_bytes(), rest.as_bytes()].concat();
            prop_assert!(!Peer::is_surely_remote(&text) || !Peer::client(&text).is_local());
        }

        #[test]
        fn addresses_are_found_many_at_once_as_one_by_one(text in "([0-9a-fA-F.:]{0,20}[ -~]?){0,2}") {
            let text = text.as_bytes();
            let other = text.iter().rposition(|byte| !OF_ADDRESS[usize::from(*byte)]);
            prop_assert_eq!(before_address(text), other.map(|place| place + 1));
            if let Some(length) = address(text) {
                prop_assert_eq!(Some(length), text.iter().position(|byte| !OF_ADDRESS[usize::from(*byte)]));
            }
        }
    }

    #[test]
    fn peers_are_read_ahead_as_postfix_writes_them() {
        let behind = ", delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 ok)";
        for token in [
            "mx.example.com[192.0.2.1]:25",
            "hotmail-com.olc.protection.outlook.example[203.0.113.255]:25",
            "mx.example.com[2001:db8:23b::207]:25",
            "mail.example.com[private/dovecot-lmtp]",
            "mail.example.com[xxx]:25",
            "unknown[192.0.2.1]",
        ] {
            let text = [token, behind].concat();
            assert_eq!(
                Peer::ahead(text.as_bytes()),
                Some((Peer::read(token.as_bytes()), behind.as_bytes())),
                "{token}"
            );
        }
    }
}
