//! What the catalogue adds to an outcome before it is counted: whose host it was, what the words of the reply tell
//! beside its codes, and whether the host was only a relay.

use super::names::{LONGEST_NAME, Names};
use crate::catalog::{Answer, Catalog, ProviderId, Reader, Reading, UNKNOWN};
use crate::mta::Outcome;
use crate::smtp::{Action, Code, Direction, Guard, domain};

/// An outcome's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The provider; `None` when nobody knows it, and for hops that have none.
    pub provider: Option<ProviderId>,
    /// What the words of a refusal tell.
    pub reading: Reading,
    /// Why it speaks of no recipient.
    pub guard: Option<Guard>,
    /// What became of the recipient.
    pub action: Option<Action>,
    /// The number that the attributor has for the host that was asked, if it asked for its owner.
    pub(super) host: Option<u32>,
}

impl Attributes {
    /// What is asked of the catalogue about an outcome with these attributes.
    pub fn answer<'c>(&self, catalog: &'c Catalog, code: Code) -> Answer<'c> {
        let provider = self.provider.map_or(UNKNOWN, |provider| catalog.provider_name(provider));
        Answer {
            guard: self.guard,
            delayed: self.action == Some(Action::Delayed),
            ..Answer::of(Some(provider), code).with(&self.reading, catalog)
        }
    }
}

/// Attributes outcomes, asking the catalogue once per name.
#[derive(Debug)]
pub struct Attributor<'c> {
    reader: Reader<'c>,
    hosts: Owners,
    domains: Owners,
}

/// Names whose owner was asked for.
#[derive(Debug, Default)]
struct Owners {
    names: Names,
    /// By number.
    owners: Vec<Option<ProviderId>>,
}

impl<'c> Attributor<'c> {
    /// One that has met no name yet.
    pub fn new(catalog: &'c Catalog) -> Attributor<'c> {
        Attributor { reader: Reader::new(catalog), hosts: Owners::default(), domains: Owners::default() }
    }

    /// The catalogue it asks.
    pub fn catalog(&self) -> &'c Catalog {
        self.reader.catalog()
    }

    /// The attributes of an outcome.
    pub fn attribute(&mut self, outcome: &Outcome<'_>) -> Attributes {
        let out = outcome.direction == Direction::Out;
        let (provider, host) = if out { self.provider(outcome) } else { (None, None) };
        self.attributes(outcome, provider, host)
    }

    /// The attributes of an outcome at a provider that somebody names.
    pub fn attribute_as(&mut self, outcome: &Outcome<'_>, provider: Option<ProviderId>) -> Attributes {
        self.attributes(outcome, provider, None)
    }

    /// The same, with the number of the host that was asked.
    #[inline(always)]
    fn attributes(
        &mut self,
        outcome: &Outcome<'_>,
        provider: Option<ProviderId>,
        host: Option<u32>,
    ) -> Attributes {
        let Outcome { code, action, reply, text, step, .. } = *outcome;
        if outcome.direction != Direction::Out {
            return Attributes { provider: None, reading: Reading::default(), guard: None, action, host };
        }
        // Only words that refuse are read: a server's, or our own where none answered.
        let refused = match code.severity() {
            Some(severity) => severity > 3,
            None => matches!(action, Some(Action::Delayed | Action::Failed)),
        };
        let reading = if refused {
            self.reader.read(provider, code, reply.unwrap_or(text))
        } else {
            Reading::default()
        };
        let guard = match step {
            Some(step) if refused && !step.knows_recipient() => Some(Guard::BeforeRecipient),
            _ if refused && reading.guard.is_none() && names_another(outcome) => Some(Guard::Doubt),
            _ => reading.guard,
        };
        let relayed = action == Some(Action::Delivered) && self.is_relay(provider, outcome);
        let action = if relayed { Some(Action::Relayed) } else { action };
        Attributes { provider, reading, guard, action, host }
    }

    /// The provider of an attempt: by the name of the host that was asked; by the recipient's domain where none is named. A host that
    /// nobody knows may be a smarthost, which speaks for nobody else. And the host's number.
    #[inline]
    fn provider(&mut self, outcome: &Outcome<'_>) -> (Option<ProviderId>, Option<u32>) {
        let catalog = self.catalog();
        if let Some(host) = outcome.relay_host.or(outcome.unreached) {
            return self.hosts.of(host, |host| catalog.provider_of_host(host));
        }
        let domain = outcome.recipient.and_then(domain);
        let asked = domain.map(|domain| self.domains.of(domain, |domain| catalog.provider_of_domain(domain)));
        (asked.and_then(|(provider, _)| provider), None)
    }

    /// Whether a host that took a message passes it on: a smarthost, or an unknown host at a private address (RFC 1918,
    /// RFC 4193). What the receiver says will not reach this log.
    fn is_relay(&self, provider: Option<ProviderId>, outcome: &Outcome<'_>) -> bool {
        if outcome.submitted {
            return true;
        }
        match provider {
            Some(provider) => self.catalog().is_relay(provider),
            None => outcome.relay_ip.is_some_and(is_private),
        }
    }
}

impl Owners {
    /// The owner of a name, and the name's number if it has one.
    fn of(
        &mut self,
        name: &[u8],
        find: impl FnOnce(&[u8]) -> Option<ProviderId>,
    ) -> (Option<ProviderId>, Option<u32>) {
        if name.len() > LONGEST_NAME {
            return (find(name), None);
        }
        let number = self.names.number(name);
        if self.owners.len() <= number as usize {
            self.owners.push(find(name));
        }
        (self.owners[number as usize], Some(number))
    }
}

/// Whether a reply begins, behind its codes, with another address than the recipient's: it speaks of the sender then, or of where the
/// recipient's mail went.
fn names_another(outcome: &Outcome<'_>) -> bool {
    let Some((recipient, reply)) = outcome.recipient.zip(outcome.reply) else { return false };
    let of_codes = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'#' | b' ');
    let codes = reply.iter().take(LONGEST_CODES).take_while(|byte| of_codes(byte)).count();
    let Some(rest) = reply[codes..].strip_prefix(b"<") else { return false };
    let Some(end) = memchr::memchr2(b'>', b' ', rest).filter(|end| rest[*end] == b'>') else { return false };
    let named = &rest[..end];
    let is_known = |address: &[u8]| address.eq_ignore_ascii_case(named);
    // Of letters beyond ASCII others are made on the way.
    memchr::memchr(b'@', named).is_some()
        && recipient.is_ascii()
        && !is_known(recipient)
        && !outcome.orig_recipient.is_some_and(is_known)
}

/// Bytes that codes take at most: `550-5.123.123 `, and an `#` now and then.
const LONGEST_CODES: usize = 16;

/// By the bytes alone: this is asked for every message that a host unknown to the catalogue took.
fn is_private(ip: &[u8]) -> bool {
    if memchr::memchr(b':', ip).is_some() {
        // fc00::/7: the first group has all its four digits.
        return matches!(ip, [b'f' | b'F', b'c' | b'C' | b'd' | b'D', _, _, b':', ..]);
    }
    match ip {
        [b'1', b'0', b'.', ..] => true,
        [b'1', b'7', b'2', b'.', tens, ones, b'.', ..] => {
            matches!((tens, ones), (b'1', b'6'..=b'9') | (b'2', b'0'..=b'9') | (b'3', b'0' | b'1'))
        }
        _ => ip.starts_with(b"192.168."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::Kind;

    #[test]
    fn replies_that_name_somebody_else() {
        for (reply, wanted) in [
            ("550 5.1.1 <joe@example.net>: no such user", false),
            ("550-5.1.1 <JOE@Example.net> no such user", false),
            ("550 5.1.1 <joe+list@example.com>: no such user", false),
            ("550 <news@example.org>: not welcome here", true),
            ("550 #5.1.1 <news@example.org> unauthorized", true),
            ("550 5.1.1 no such user <news@example.org>", false),
            ("550 5.1.1 <mail.example.org>: bad name", false),
            ("550 5.1.1 <not an@address>: x", false),
            ("550 5.1.1 <cut@exam", false),
            ("", false),
        ] {
            let outcome = Outcome {
                recipient: Some(b"joe@example.net"),
                orig_recipient: Some(b"joe+list@example.com"),
                reply: Some(reply.as_bytes()),
                ..Outcome::new(Kind::Delivery, Direction::Out)
            };
            assert_eq!(names_another(&outcome), wanted, "{reply}");
        }
        let outcome = Outcome {
            recipient: Some("josé@example.net".as_bytes()),
            reply: Some(b"550 <jos?@example.net>: no such user"),
            ..Outcome::new(Kind::Delivery, Direction::Out)
        };
        assert!(!names_another(&outcome));
    }

    #[test]
    fn private_addresses() {
        for ip in ["10.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "fd00::1", "FC00:1::"] {
            assert!(is_private(ip.as_bytes()), "{ip}");
        }
        for ip in [
            "127.0.1.1",
            "192.0.2.1",
            "172.32.0.1",
            "172.2.0.1",
            "110.0.0.1",
            "2001:db8::1",
            "fe80::1",
            "fd::1",
            "x.x.x.x",
            "",
        ] {
            assert!(!is_private(ip.as_bytes()), "{ip}");
        }
    }
}
