//! Whose host a relay is, asked once per name.

use hashbrown::HashMap;

use crate::catalog::{Catalog, ProviderId};
use crate::mta::Outcome;
use crate::smtp::domain;

/// Names met so far, with their providers.
#[derive(Debug, Default)]
pub(super) struct Cache {
    hosts: HashMap<Vec<u8>, Option<ProviderId>>,
    domains: HashMap<Vec<u8>, Option<ProviderId>>,
}

impl Cache {
    /// The provider of an attempt: by the relay's name; where no host was reached, by the recipient's domain.
    pub(super) fn provider(&mut self, catalog: &Catalog, outcome: &Outcome<'_>) -> Option<ProviderId> {
        if let Some(host) = outcome.relay_host {
            let by_host = ask(&mut self.hosts, host, |host| catalog.provider_of_host(host));
            // A host nobody knows may still serve a provider's own domain under a new name.
            return by_host.or_else(|| self.by_recipient(catalog, outcome));
        }
        self.by_recipient(catalog, outcome)
    }

    fn by_recipient(&mut self, catalog: &Catalog, outcome: &Outcome<'_>) -> Option<ProviderId> {
        let domain = domain(outcome.recipient?)?;
        ask(&mut self.domains, domain, |domain| catalog.provider_of_domain(domain))
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

/// Whether a host that took a message is a relay of ours: a smarthost, or an unknown host at a private address
/// (RFC 1918, RFC 4193). What the receiver says will not reach this log.
pub(super) fn is_relay(catalog: &Catalog, provider: Option<ProviderId>, ip: Option<&[u8]>) -> bool {
    match provider {
        Some(provider) => catalog.is_relay(provider),
        None => ip.is_some_and(is_private),
    }
}

fn is_private(ip: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(ip) else { return false };
    match text.parse() {
        Ok(std::net::IpAddr::V4(v4)) => v4.is_private(),
        Ok(std::net::IpAddr::V6(v6)) => v6.is_unique_local(),
        Err(_) => false,
    }
}
