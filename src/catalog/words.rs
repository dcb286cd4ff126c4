//! The words that data files choose from. The build script reads them, too.

use serde::{Deserialize, Serialize};

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

/// Whom trouble speaks against when it goes on for long, and by which measure: soft failures count by these alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Escalation {
    /// The recipient.
    Recipient,
    /// The recipient, whose mailbox is full.
    MailboxFull,
    /// The recipient's whole domain.
    Domain,
}

/// Why a receiver puts off what it takes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deferral {
    /// Too much, or too fast.
    Throttling,
    /// The sender is not known yet; what is tried again is taken.
    Greylisting,
}

/// How far a measure against a sender has gone; on a ladder, its steps.
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
    /// Never confirmed by the provider or a sample: explains, raises no alarm. Of a decision: from a phrase or a bare
    /// basic code.
    Low,
    /// From a code alone.
    Medium,
    /// Documented, or seen. Of a decision: from the provider's own tag or wording.
    #[default]
    High,
}

/// What a provider does with mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Keeps mailboxes, for the public or for customers' domains.
    Mailbox,
    /// Keeps mailboxes of people who buy network access.
    Isp,
    /// Filters for mailboxes that somebody else keeps.
    Gateway,
    /// Takes mail on from its customers: a smarthost.
    Relay,
}
