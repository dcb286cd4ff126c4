//! The waist of `suppress`: recipients with what speaks against them, in whole numbers.
//!
//! A [`Summary`](super::Summary) holds no address and never will; this does, is never written to a file, and knows no
//! more of a code than on which ground it speaks against a recipient. Whether that is enough is for `analysis` to say.

use serde::{Deserialize, Serialize};

use super::{Key, Span};
use crate::time::Instant;

/// On which ground a failure speaks against a recipient: each has its own measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

impl Cases {
    /// Takes out what is no evidence any more, since mail reached the recipient at the instant that `reached` gives for
    /// an address in lower case. What counts by going on counts only from the first answer on without a break.
    pub fn take_out_reached(&mut self, reached: impl Fn(&[u8]) -> Option<Instant>) {
        for case in &mut self.cases {
            let Some(reached) = reached(&case.address.to_ascii_lowercase()) else { continue };
            case.evidence.retain(|Evidence { ground, span, .. }| {
                let since = if *ground == Ground::Now { span.last } else { span.first };
                since.is_some_and(|since| since >= reached)
            });
        }
        self.cases.retain(|case| !case.evidence.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_arrival_takes_out_what_is_older() {
        let evidence = |ground| Evidence {
            ground,
            key: 0,
            span: Span { count: 2, first: Some(100), last: Some(200) },
            messages: 0,
        };
        let left = |at: Option<Instant>| {
            let case = Case {
                address: b"U@example.org".to_vec(),
                domain_at: 2,
                evidence: vec![evidence(Ground::Now), evidence(Ground::Soft)],
                outage: None,
            };
            let mut cases = Cases { keys: Vec::new(), cases: vec![case] };
            cases.take_out_reached(|address| at.filter(|_| address == b"u@example.org"));
            cases.cases.first().map_or(0, |case| case.evidence.len())
        };
        assert_eq!(
            [None, Some(99), Some(100), Some(101), Some(200), Some(201)].map(left),
            [2, 2, 2, 1, 1, 0]
        );
    }
}
