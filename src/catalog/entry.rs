//! The article on one code at one provider.

use serde::{Deserialize, Serialize};

use super::MarkerId;
use super::pattern::{BasicPattern, EnhancedPattern};
use crate::smtp::Code;

/// What the sender should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Nothing: it worked.
    None,
    /// Stop mailing the recipient.
    Suppress,
    /// Let the queue try again.
    Retry,
    /// Send more slowly.
    Throttle,
    /// Repair SPF, DKIM or DMARC.
    FixAuth,
    /// Repair DNS: PTR, MX, A.
    FixDns,
    /// Repair TLS.
    FixTls,
    /// Repair the mail server's configuration.
    FixConfig,
    /// Change the message.
    FixContent,
    /// Repair the reputation of an address or domain; get delisted.
    FixReputation,
    /// Look closer: the code alone does not tell.
    Investigate,
}

/// Whether the recipient goes to the suppression list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suppress {
    /// At once.
    Now,
    /// After repeated failures over time without a success.
    AfterRetries,
    /// When it is still so on another day.
    IfPersistent,
    /// Never: the recipient is not the reason.
    Never,
}

/// The steps of an enforcement ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// 4xx: still deferred, will be rejected if nothing changes.
    Deferral,
    /// 5xx: rejected.
    Rejection,
}

/// How well the source supports an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Never confirmed by the provider or a sample: explains, raises no alarm.
    Low,
    /// Documented, or seen.
    #[default]
    High,
}

/// Whose replies an entry speaks about, by number in the catalogue's list of provider and family names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Scope(pub(super) u16);

impl Scope {
    /// Everybody's, written `*`.
    pub(super) const ANY: Scope = Scope(0);
}

/// One row of the catalogue, everything filled in.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) scope: Scope,
    pub(super) operator: bool,
    pub(super) basic: Option<BasicPattern>,
    pub(super) enhanced: Option<EnhancedPattern>,
    pub(super) markers: Vec<MarkerId>,
    /// Its markers are read before the others of their layer.
    pub(super) first: bool,
    /// The data file it stands in.
    pub file: Box<str>,
    /// A few words.
    pub title: Box<str>,
    /// What happened.
    pub meaning: Box<str>,
    /// What to do; empty when there is nothing to do.
    pub fix: Box<str>,
    /// Kind of trouble.
    pub category: Box<str>,
    /// What the sender should do.
    pub disposition: Disposition,
    /// Whether the recipient is to be suppressed.
    pub suppress: Suppress,
    /// Part of the enforced sender requirements.
    pub enforcement: bool,
    /// Step of the ladder, where one is known.
    pub stage: Option<Stage>,
    /// How well the source supports it.
    pub confidence: Confidence,
    /// Where we know it from.
    pub source: Box<str>,
    /// The day somebody last looked there.
    pub checked: Box<str>,
    /// A reply line that leads here.
    pub example: Option<Box<str>>,
}

/// What a code means at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    /// A few words.
    pub title: &'a str,
    /// What happened.
    pub meaning: &'a str,
    /// What to do, exactly; empty when there is nothing to do.
    pub fix: &'a str,
    /// Kind of trouble: `bad-recipient`, `auth-spf`, `rate-limit` ...
    pub category: &'a str,
    /// What the sender should do.
    pub disposition: Disposition,
    /// Whether the recipient is to be suppressed.
    pub suppress: Suppress,
    /// Part of the sender requirements that providers enforce since 2024.
    pub enforcement: bool,
    /// Step of the ladder, for enforcement codes.
    pub stage: Option<Stage>,
    /// Where we know it from.
    pub source: &'a str,
}

impl Meaning<'_> {
    /// What RFC 5321 and 3463 alone say, for a code no entry covers.
    pub fn unknown(code: Code) -> Meaning<'static> {
        let (title, meaning, disposition) = match code.severity() {
            Some(2) => ("Accepted", "The receiver took responsibility for the message.", Disposition::None),
            Some(4) => ("Not now", "The receiver refused for the moment.", Disposition::Retry),
            _ => ("Refused", "The receiver refused for good.", Disposition::Investigate),
        };
        Meaning {
            title,
            meaning,
            fix: "",
            category: "unknown",
            disposition,
            suppress: Suppress::Never,
            enforcement: false,
            stage: None,
            source: "RFC 5321, RFC 3463",
        }
    }
}
