//! What a code means, at whom, and what to do: knowledge as data.
//!
//! The TOML files under `data/` are embedded in the binary. No Rust file names a provider.

mod entry;

use crate::smtp::Code;

pub use entry::{Disposition, Meaning, Stage, Suppress};

/// A provider by number; only valid for the [`Catalog`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(pub u16);

/// A provider tag or phrase in a reply, by number; only valid for the [`Catalog`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkerId(pub u16);

/// The name of the provider nobody recognised.
pub const UNKNOWN: &str = "unknown";

/// All knowledge, ready for look-up.
#[derive(Debug, Default)]
pub struct Catalog {}

impl Catalog {
    /// The embedded catalogue.
    pub fn builtin() -> Catalog {
        Catalog::default()
    }

    /// Who runs the host of this name: whole labels from the right, the longest suffix wins, case ignored.
    pub fn provider_of_host(&self, _host: &[u8]) -> Option<ProviderId> {
        None
    }

    /// Who receives mail for this recipient domain, as far as it is a mailbox provider's own domain.
    pub fn provider_of_domain(&self, _domain: &[u8]) -> Option<ProviderId> {
        None
    }

    /// The short name of a provider, as machine formats print it.
    pub fn provider_name(&self, _provider: ProviderId) -> &str {
        UNKNOWN
    }

    /// The name people use for a provider given by its short name.
    pub fn provider_title<'a>(&'a self, name: &'a str) -> &'a str {
        name
    }

    /// Whether the provider is a smarthost: it takes mail on, and what the receiver says never reaches this log.
    pub fn is_relay(&self, _provider: ProviderId) -> bool {
        false
    }

    /// The longest marker of this provider (or of any) in a reply. Only asked for replies that are not 2xx.
    pub fn marker(&self, _provider: Option<ProviderId>, _code: Code, _reply: &[u8]) -> Option<MarkerId> {
        None
    }

    /// The text of a marker.
    pub fn marker_text(&self, _marker: MarkerId) -> &str {
        ""
    }

    /// What a code means at a provider (short name). Always answers: what no entry covers is explained by RFC 3463
    /// class and subject.
    pub fn explain(&self, _provider: Option<&str>, code: Code, _marker: Option<&str>) -> Meaning<'_> {
        Meaning::unknown(code)
    }
}
