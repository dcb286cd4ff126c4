//! The waist of `suppress`: recipients with what speaks against them, in whole numbers.
//!
//! A [`Summary`](super::Summary) holds no address and never will; this does, is never written to a file, and knows no
//! more of a code than on which ground it speaks against a recipient. Whether that is enough is for `analysis` to say.

use super::{Key, Span};

/// On which ground a failure speaks against a recipient: each has its own measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// The receiver said for good that there is no such recipient: once is enough.
    Now,
    /// The receiver said something like it for good, but might mean something else.
    Repeat,
    /// The domain takes no mail, or cannot be found: it speaks against all its recipients.
    Domain,
    /// The mailbox is full.
    MailboxFull,
    /// The receiver says "not now" of the recipient.
    Soft,
}

impl Ground {
    /// All grounds, the weightiest first.
    pub const ALL: [Ground; 5] =
        [Ground::Now, Ground::Repeat, Ground::Domain, Ground::MailboxFull, Ground::Soft];

    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Ground::Now => "now",
            Ground::Repeat => "repeat",
            Ground::Domain => "domain",
            Ground::MailboxFull => "mailbox-full",
            Ground::Soft => "soft",
        }
    }

    /// Whether it is a final refusal, so that many at once may be an outage at the receiver.
    pub fn is_hard(self) -> bool {
        matches!(self, Ground::Now | Ground::Repeat | Ground::Domain)
    }

    /// Whether messages are counted and not answers: the queue asks again and again for the same message.
    pub fn counts_messages(self) -> bool {
        matches!(self, Ground::MailboxFull | Ground::Soft)
    }
}

/// What speaks against a recipient on one ground, since mail last reached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The ground.
    pub ground: Ground,
    /// The last answer, by its place in [`Cases::keys`].
    pub key: usize,
    /// Number of answers, the first and the last.
    pub span: Span,
    /// Messages they were about, as far as they are told apart; 0 where the ground does not count messages.
    pub messages: u64,
}

/// Why many recipients seem to have died at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outage {
    /// Their domain refused everybody.
    Domain,
    /// Our own look-ups failed at many domains.
    Resolver,
}

/// A recipient that failed and was not reached since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// As logged when it first failed, the domain in lower case.
    pub address: Vec<u8>,
    /// Where its domain begins in it.
    pub domain_at: usize,
    /// By ground, the weightiest first; at least one.
    pub evidence: Vec<Evidence>,
    /// All its final refusals came during an outage.
    pub outage: Option<Outage>,
}

impl Case {
    /// Its domain, in lower case.
    pub fn domain(&self) -> &[u8] {
        self.address.get(self.domain_at..).unwrap_or_default()
    }
}

/// All recipients that failed, by domain and address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cases {
    /// The answers.
    pub keys: Vec<Key>,
    /// The recipients.
    pub cases: Vec<Case>,
}
