//! What people call a provider: its short name, its family's, the names in its title, an alias, one of its domains.

use std::borrow::Cow;

use super::provider::Provider;
use super::words::Kind;
use super::{Catalog, ProviderId, UNKNOWN};

/// The providers that somebody means by one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    name: Cow<'static, str>,
    members: Vec<Cow<'static, str>>,
}

impl Only {
    /// The short name of the provider, or of the family where several of it are meant.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short names of all that are meant.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(AsRef::as_ref)
    }

    /// Whether a provider, given by its short name, is meant.
    pub fn has(&self, provider: &str) -> bool {
        self.members().any(|member| member == provider)
    }
}

/// Names are compared without case, blanks and punctuation: `Office 365` is `office365`, `T-Online` is `tonline`.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names a title holds: `Google (Gmail, Workspace)` holds three.
fn in_title(title: &str) -> impl Iterator<Item = &str> {
    title.split([',', '(', ')']).map(str::trim).filter(|name| !name.is_empty())
}

fn letters(name: &str) -> Vec<char> {
    let mut letters: Vec<char> = name.chars().collect();
    letters.sort_unstable();
    letters
}

impl Catalog {
    /// Whom somebody means by a name, as a condition; [`UNKNOWN`] stands for the hosts nobody knows. `None` when nobody is
    /// called so.
    pub fn only(&self, name: &str) -> Option<Only> {
        if name.eq_ignore_ascii_case(UNKNOWN) {
            return Some(Only { name: UNKNOWN.into(), members: vec![UNKNOWN.into()] });
        }
        let found: Vec<&Provider> =
            self.providers_named(name).into_iter().filter_map(|id| self.providers.get(id)).collect();
        let name = match found.as_slice() {
            [] => return None,
            [one] => one.id.clone(),
            [first, ..] => first.family.clone(),
        };
        Some(Only { name, members: found.into_iter().map(|provider| provider.id.clone()).collect() })
    }

    /// Whom somebody means by a name. A family that has several members that receive mail means all of them; otherwise
    /// there is one, or none.
    fn providers_named(&self, name: &str) -> Vec<ProviderId> {
        let wanted = plain(name);
        if wanted.is_empty() {
            return Vec::new();
        }
        let all = || (0_u16..).map(ProviderId).zip(self.providers.all());
        let first = |fits: &dyn Fn(&Provider) -> bool| all().find(|(_, known)| fits(known)).map(|(id, _)| id);
        let one = first(&|known| plain(&known.id) == wanted).or_else(|| self.providers.of_alias(&wanted));
        if let Some(one) = one {
            return vec![one];
        }
        let family: Vec<ProviderId> = all()
            .filter(|(_, known)| known.kind != Kind::Relay && plain(&known.family) == wanted)
            .map(|(id, _)| id)
            .collect();
        if !family.is_empty() {
            return family;
        }
        let by_name = first(&|known| {
            plain(&known.title) == wanted || in_title(&known.title).any(|part| plain(part) == wanted)
        });
        let host = name.trim().as_bytes();
        let by_host = || self.provider_of_domain(host).or_else(|| self.provider_of_host(host));
        by_name.or_else(by_host).into_iter().collect()
    }

    /// Short names of providers that somebody may have meant: those of which some name begins alike, holds what was
    /// written, or has the same letters in another order; at most five, sorted.
    pub fn providers_near(&self, name: &str) -> Vec<&str> {
        const MOST: usize = 5;
        let wanted = plain(name);
        let start: String = wanted.chars().take(3).collect();
        if start.is_empty() {
            return Vec::new();
        }
        let wanted_letters = letters(&wanted);
        let near = |known: &str| {
            let known = plain(known);
            known.starts_with(&start)
                || wanted.chars().count() > 2 && known.contains(&wanted)
                || letters(&known) == wanted_letters
        };
        let mut found: Vec<&str> = self
            .providers
            .all()
            .iter()
            .filter(|known| near(&known.id) || near(&known.family) || in_title(&known.title).any(near))
            .map(|known| &*known.id)
            .chain(
                self.providers
                    .aliases()
                    .filter(|(alias, _)| near(alias))
                    .map(|(_, provider)| self.provider_name(provider)),
            )
            .collect();
        found.sort_unstable();
        found.dedup();
        found.truncate(MOST);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_call_providers_by_many_names() {
        let catalog = Catalog::builtin();
        let named = |name: &str| {
            let found = catalog.providers_named(name);
            found.into_iter().map(|id| catalog.provider_name(id)).collect::<Vec<_>>().join(" ")
        };
        for (name, id) in [
            ("google", "google"),
            ("gmail", "google"),
            ("Gmail", "google"),
            ("G Suite", "google"),
            ("gmail.com", "google"),
            ("aspmx.l.google.com", "google"),
            ("Google (Gmail, Workspace)", "google"),
            ("hotmail", "microsoft-consumer"),
            ("outlook", "microsoft-consumer"),
            ("outlook.com", "microsoft-consumer"),
            ("o365", "microsoft-365"),
            ("m365", "microsoft-365"),
            ("Office 365", "microsoft-365"),
            ("exchange online", "microsoft-365"),
            ("microsoft", "microsoft-consumer microsoft-365"),
            ("icloud", "apple"),
            ("aol", "yahoo"),
            ("gmx", "united-internet"),
            ("web.de", "united-internet"),
            ("163", "netease"),
            ("t-online", "t-online"),
            ("nobody", ""),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(named(name), id, "{name}");
        }
    }

    #[test]
    fn a_family_is_one_condition() {
        let catalog = Catalog::builtin();
        let only = catalog.only("Microsoft").unwrap();
        assert_eq!(only.name(), "microsoft");
        assert!(only.has("microsoft-365") && only.has("microsoft-consumer"));
        assert!(!only.has("microsoft-relay") && !only.has("microsoft") && !only.has(UNKNOWN));
        let only = catalog.only("Hotmail").unwrap();
        assert_eq!(only.members().collect::<Vec<_>>(), ["microsoft-consumer"]);
        let only = catalog.only("UNKNOWN").unwrap();
        assert!(only.name() == UNKNOWN && only.has(UNKNOWN) && !only.has("google"));
        assert_eq!(catalog.only("nobody"), None);
    }

    #[test]
    fn what_was_nearly_right_is_found() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.providers_near("gmial"), ["google"], "two letters have changed places");
        assert!(catalog.providers_near("nobody").is_empty());
        assert!(catalog.providers_near("googel").contains(&"google"));
        assert!(catalog.providers_near("micro").contains(&"microsoft-365"));
        assert!(catalog.providers_near("-").is_empty());
    }
}
