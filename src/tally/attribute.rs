//! What the catalogue adds to an outcome before it is counted: whose host it was, the marker in the reply, and
//! whether the host was only a relay.

use hashbrown::HashMap;

use crate::catalog::{Catalog, MarkerId, ProviderId};
use crate::mta::Outcome;
use crate::smtp::{Action, Direction, domain};

/// An outcome's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The provider; `None` when nobody knows it, and for hops that have none.
    pub provider: Option<ProviderId>,
    /// The marker in a refusing reply.
    pub marker: Option<MarkerId>,
    /// What became of the recipient.
    pub action: Option<Action>,
}

/// Attributes outcomes, asking the catalogue once per name.
#[derive(Debug)]
pub struct Attributor<'c> {
    catalog: &'c Catalog,
    hosts: HashMap<Vec<u8>, Option<ProviderId>>,
    domains: HashMap<Vec<u8>, Option<ProviderId>>,
}

impl<'c> Attributor<'c> {
    /// One that has met no name yet.
    pub fn new(catalog: &'c Catalog) -> Attributor<'c> {
        Attributor { catalog, hosts: HashMap::new(), domains: HashMap::new() }
    }

    /// The catalogue it asks.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// The attributes of an outcome.
    pub fn attribute(&mut self, outcome: &Outcome<'_>) -> Attributes {
        let mut found = Attributes { provider: None, marker: None, action: outcome.action };
        if outcome.direction != Direction::Out {
            return found;
        }
        found.provider = self.provider(outcome);
        // Only replies that refuse are searched for markers.
        if outcome.code.severity().is_some_and(|severity| severity > 3) {
            found.marker = self.catalog.marker(found.provider, outcome.code, outcome.text);
        }
        if outcome.action == Some(Action::Delivered) && self.is_relay(found.provider, outcome) {
            found.action = Some(Action::Relayed);
        }
        found
    }

    /// The provider of an attempt: by the relay's name; where that says nothing, by the recipient's domain.
    fn provider(&mut self, outcome: &Outcome<'_>) -> Option<ProviderId> {
        let catalog = self.catalog;
        if let Some(host) = outcome.relay_host
            && let Some(provider) = ask(&mut self.hosts, host, |host| catalog.provider_of_host(host))
        {
            return Some(provider);
        }
        let domain = domain(outcome.recipient?)?;
        ask(&mut self.domains, domain, |domain| catalog.provider_of_domain(domain))
    }

    /// Whether a host that took a message passes it on: a smarthost, or an unknown host at a private address (RFC 1918,
    /// RFC 4193). What the receiver says will not reach this log.
    fn is_relay(&self, provider: Option<ProviderId>, outcome: &Outcome<'_>) -> bool {
        match provider {
            Some(provider) => self.catalog.is_relay(provider),
            None => outcome.relay_ip.is_some_and(is_private),
        }
    }
}

fn ask(
    cache: &mut HashMap<Vec<u8>, Option<ProviderId>>,
    name: &[u8],
    find: impl FnOnce(&[u8]) -> Option<ProviderId>,
) -> Option<ProviderId> {
    if let Some(known) = cache.get(name) {
        return *known;
    }
    let found = find(name);
    cache.insert(name.to_vec(), found);
    found
}

fn is_private(ip: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(ip) else { return false };
    match text.parse() {
        Ok(std::net::IpAddr::V4(v4)) => v4.is_private(),
        Ok(std::net::IpAddr::V6(v6)) => v6.is_unique_local(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn private_addresses() {
        for ip in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1"] {
            assert!(is_private(ip.as_bytes()), "{ip}");
        }
        for ip in ["127.0.1.1", "192.0.2.1", "2001:db8::1", "x.x.x.x", ""] {
            assert!(!is_private(ip.as_bytes()), "{ip}");
        }
    }
}
