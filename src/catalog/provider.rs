//! Who runs a host, who receives for a domain.
//!
//! What people call a provider, and what they may have meant, stands in `named`.

use std::borrow::Cow;
use std::hash::Hash;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry as Slot;

use super::ProviderId;
use super::entry::Scope;
use super::named::plain;
use super::words::Kind;

/// One provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The short name, as machine formats print it.
    pub id: Cow<'static, str>,
    /// The name people use.
    pub title: Cow<'static, str>,
    /// The short name of its family; its own when it stands alone.
    pub family: Cow<'static, str>,
    /// What it does with mail.
    pub kind: Kind,
    /// What whoever reads its answers should know; empty mostly.
    pub note: Cow<'static, str>,
    pub(super) scope: Scope,
    pub(super) family_scope: Scope,
}

/// All providers, found by name, relay host or recipient domain.
#[derive(Debug, Default)]
pub(super) struct Providers {
    list: Vec<Provider>,
    by_name: HashMap<Cow<'static, str>, ProviderId>,
    scopes: HashMap<Cow<'static, str>, Scope>,
    /// What else people call them, as [`plain`] writes it.
    aliases: HashMap<Cow<'static, str>, Owner>,
    hosts: Names,
    domains: Names,
}

/// Names of hosts or domains.
type Names = HashMap<Cow<'static, [u8]>, Owner>;

/// Whom a name belongs to, and whether the operator said so.
#[derive(Clone, Copy, Debug)]
struct Owner {
    provider: ProviderId,
    operator: bool,
}

/// RFC 1035, section 2.3.4: a name has 255 octets at most; a longer one is nobody's.
const LONGEST_NAME: usize = 255;

impl Providers {
    /// A new provider, or a known one under a new title.
    pub(super) fn add(
        &mut self,
        id: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        family: impl Into<Cow<'static, str>>,
        kind: Kind,
        note: impl Into<Cow<'static, str>>,
    ) -> ProviderId {
        let (id, family) = (id.into(), family.into());
        let scope = self.intern(id.clone());
        let family_scope = self.intern(family.clone());
        let provider = Provider {
            id: id.clone(),
            title: title.into(),
            family,
            kind,
            note: note.into(),
            scope,
            family_scope,
        };
        if let Some(known) = self.by_name.get(&id) {
            self.list[usize::from(known.0)] = provider;
            return *known;
        }
        let number = ProviderId(u16::try_from(self.list.len()).unwrap_or(u16::MAX));
        self.list.push(provider);
        self.by_name.insert(id, number);
        number
    }

    /// Another word for a provider, one that its title does not hold.
    pub(super) fn add_alias(
        &mut self,
        provider: ProviderId,
        name: &str,
        operator: bool,
    ) -> Result<(), String> {
        let plain = plain(name);
        if plain.is_empty() {
            return Err(format!("\"{name}\" is no name"));
        }
        put(&mut self.aliases, provider, plain.into(), operator, name)
    }

    fn intern(&mut self, name: Cow<'static, str>) -> Scope {
        // Scope 0 is everybody.
        let next = Scope(u16::try_from(self.scopes.len() + 1).unwrap_or(u16::MAX));
        *self.scopes.entry(name).or_insert(next)
    }

    pub(super) fn add_host(
        &mut self,
        provider: ProviderId,
        name: impl Into<Cow<'static, str>>,
        operator: bool,
    ) -> Result<(), String> {
        own(&mut self.hosts, provider, name.into(), operator)
    }

    pub(super) fn add_domain(
        &mut self,
        provider: ProviderId,
        name: impl Into<Cow<'static, str>>,
        operator: bool,
    ) -> Result<(), String> {
        own(&mut self.domains, provider, name.into(), operator)
    }

    /// The scope called by a provider's or a family's short name.
    pub(super) fn scope(&self, name: &str) -> Option<Scope> {
        self.scopes.get(name).copied()
    }

    /// The short name that a scope stands for; none for everybody's.
    pub(super) fn scope_name(&self, scope: Scope) -> Option<&str> {
        self.scopes.iter().find(|(_, known)| **known == scope).map(|(name, _)| &**name)
    }

    pub(super) fn id(&self, name: &str) -> Option<ProviderId> {
        self.by_name.get(name).copied()
    }

    /// The provider that has this alias; `name` is written as [`plain`] does.
    pub(super) fn of_alias(&self, name: &str) -> Option<ProviderId> {
        self.aliases.get(name).map(|owner| owner.provider)
    }

    /// All aliases, in no order.
    pub(super) fn aliases(&self) -> impl Iterator<Item = (&str, ProviderId)> {
        self.aliases.iter().map(|(name, owner)| (&**name, owner.provider))
    }

    pub(super) fn get(&self, id: ProviderId) -> Option<&Provider> {
        self.list.get(usize::from(id.0))
    }

    pub(super) fn all(&self) -> &[Provider] {
        &self.list
    }

    /// The host suffixes and the mail domains of a provider, sorted.
    pub(super) fn names(&self, provider: ProviderId) -> (Vec<&str>, Vec<&str>) {
        (names_of(&self.hosts, provider), names_of(&self.domains, provider))
    }

    /// The longest suffix of whole labels wins; case and a trailing dot are ignored. A host that no provider names is that
    /// of the mail domain it is within.
    pub(super) fn of_host(&self, host: &[u8]) -> Option<ProviderId> {
        let mut room = [0; LONGEST_NAME];
        let host = lower(host, &mut room)?;
        [&self.hosts, &self.domains].into_iter().find_map(|names| {
            let mut rest = host;
            loop {
                if let Some(owner) = names.get(rest) {
                    return Some(owner.provider);
                }
                let dot = memchr::memchr(b'.', rest)?;
                rest = &rest[dot + 1..];
            }
        })
    }

    /// The whole domain and nothing less: a subdomain of a mailbox domain may be anybody's.
    pub(super) fn of_domain(&self, domain: &[u8]) -> Option<ProviderId> {
        let mut room = [0; LONGEST_NAME];
        let domain = lower(domain, &mut room)?;
        self.domains.get(domain).map(|owner| owner.provider)
    }
}

fn names_of(names: &Names, provider: ProviderId) -> Vec<&str> {
    let own = names.iter().filter(|(_, owner)| owner.provider == provider);
    // `put` takes plain ASCII only.
    let mut own: Vec<&str> = own.filter_map(|(name, _)| std::str::from_utf8(name).ok()).collect();
    own.sort_unstable();
    own
}

/// A host or a domain for its provider.
fn own(
    names: &mut Names,
    provider: ProviderId,
    name: Cow<'static, str>,
    operator: bool,
) -> Result<(), String> {
    check(&name)?;
    let key = match name.clone() {
        Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
        Cow::Owned(name) => Cow::Owned(name.into_bytes()),
    };
    put(names, provider, key, operator, &name)
}

fn check(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_');
    let labels = !name.is_empty() && name.split('.').all(|label| !label.is_empty());
    if !labels || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
        return Err(format!("\"{name}\" is no name: expected lower-case labels like mx.example.net"));
    }
    Ok(())
}

/// The operator may take a name from us; nobody may take one twice.
fn put<K: Eq + Hash>(
    names: &mut HashMap<K, Owner>,
    provider: ProviderId,
    key: K,
    operator: bool,
    name: &str,
) -> Result<(), String> {
    match names.entry(key) {
        Slot::Vacant(slot) => {
            slot.insert(Owner { provider, operator });
        }
        Slot::Occupied(mut slot) if operator && !slot.get().operator => {
            slot.insert(Owner { provider, operator });
        }
        Slot::Occupied(_) => return Err(format!("\"{name}\" stands twice")),
    }
    Ok(())
}

fn lower<'a>(name: &[u8], room: &'a mut [u8; LONGEST_NAME]) -> Option<&'a [u8]> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let room = room.get_mut(..name.len())?;
    room.copy_from_slice(name);
    room.make_ascii_lowercase();
    Some(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers() -> Providers {
        let mut all = Providers::default();
        let wide = all.add("wide", "Wide", "house", Kind::Mailbox, "");
        let narrow = all.add("narrow", "Narrow", "house", Kind::Relay, "");
        all.add_host(wide, "example.com", false).unwrap();
        all.add_host(narrow, "relay.example.com", false).unwrap();
        all.add_domain(wide, "example.org", false).unwrap();
        all
    }

    #[test]
    fn the_longest_suffix_of_whole_labels_wins() {
        let all = providers();
        let name =
            |host: &str| all.of_host(host.as_bytes()).and_then(|id| all.get(id)).map(|p| p.id.to_string());
        assert_eq!(name("mx1.example.com").as_deref(), Some("wide"));
        assert_eq!(name("MX1.Example.COM.").as_deref(), Some("wide"));
        assert_eq!(name("a.relay.example.com").as_deref(), Some("narrow"));
        assert_eq!(name("relay.example.com").as_deref(), Some("narrow"));
        assert_eq!(name("notexample.com"), None);
        assert_eq!(name("notexample.com.attacker.net"), None);
        assert_eq!(name("example.com.evil.example"), None);
        assert_eq!(name(""), None);
        assert_eq!(name("."), None);
        assert_eq!(name(&format!("{}.example.com", "a".repeat(300))), None);
    }

    #[test]
    fn domains_match_whole() {
        let all = providers();
        assert!(all.of_domain(b"Example.ORG").is_some());
        assert!(all.of_domain(b"sub.example.org").is_none());
    }

    #[test]
    fn the_operator_may_take_a_name_but_not_twice() {
        let mut all = providers();
        let mine = all.add("mine", "Mine", "mine", Kind::Relay, "");
        assert!(all.add_host(mine, "relay.example.com", false).is_err());
        assert!(all.add_host(mine, "relay.example.com", true).is_ok());
        assert_eq!(all.of_host(b"relay.example.com"), Some(mine));
        assert!(all.add_host(mine, "relay.example.com", true).is_err());
        for name in ["", ".", "a..b", ".example.com", "Example.com", "*.example.com", "a b"] {
            assert!(all.add_host(mine, name, true).is_err(), "{name}");
        }
    }
}
