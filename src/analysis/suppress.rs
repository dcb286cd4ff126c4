//! Whether what speaks against a recipient is enough to stop mailing it.
//!
//! In doubt it is not: a dead address that is missed shows up again at the next mailing, a live one that is suppressed
//! never does.

use std::collections::BTreeMap;

use super::answer;
use crate::catalog::{Catalog, Meaning, Only, UNKNOWN};
use crate::summary::{Case, Cases, Evidence, Ground, Key, Outage, Span};
use crate::time::Instant;

const DAY: i64 = 86_400;

/// How often, and over how long: both must be reached. What has no stamp is over no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// At least so many answers or messages.
    pub count: u64,
    /// At least so many days from the first to the last.
    pub days: u32,
}

impl Threshold {
    fn is_met(self, count: u64, span: Span) -> bool {
        count >= self.count && (self.days == 0 || lasts(span, self.days))
    }
}

/// Whether a span is so many days long.
fn lasts(span: Span, days: u32) -> bool {
    span.first.zip(span.last).is_some_and(|(first, last)| last.saturating_sub(first) >= i64::from(days) * DAY)
}

/// How much must speak against a recipient, by ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Answers of [`Ground::Repeat`].
    pub repeat: Threshold,
    /// Answers of [`Ground::Domain`].
    pub domain: Threshold,
    /// Messages of [`Ground::MailboxFull`].
    pub full: Threshold,
    /// Messages of [`Ground::Soft`].
    pub soft: Threshold,
    /// Days after which a refusal during an outage is believed all the same.
    pub outage_days: u32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            repeat: Threshold { count: 2, days: 1 },
            domain: Threshold { count: 3, days: 2 },
            full: Threshold { count: 3, days: 14 },
            soft: Threshold { count: 5, days: 7 },
            outage_days: 7,
        }
    }
}

impl Thresholds {
    fn is_met(&self, evidence: &Evidence) -> bool {
        let threshold = match evidence.ground {
            Ground::Now => return true,
            Ground::Repeat => self.repeat,
            Ground::Domain => self.domain,
            Ground::MailboxFull => self.full,
            Ground::Soft => self.soft,
        };
        let count = if evidence.ground.counts_messages() { evidence.messages } else { evidence.span.count };
        threshold.is_met(count, evidence.span)
    }

    /// Whether the evidence may stem from an outage and not from the recipient.
    fn is_doubtful(&self, case: &Case, evidence: &Evidence) -> bool {
        case.outage.is_some() && evidence.ground.is_hard() && !lasts(evidence.span, self.outage_days)
    }
}

/// A recipient to suppress.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// The recipient.
    pub case: &'a Case,
    /// What was enough.
    pub evidence: &'a Evidence,
    /// The last answer.
    pub key: &'a Key,
    /// What that means.
    pub meaning: &'a Meaning<'a>,
}

/// A domain whose recipients are held back.
#[derive(Clone, Debug)]
pub struct HeldBack<'a> {
    /// The domain, in lower case.
    pub domain: &'a [u8],
    /// Why.
    pub outage: Outage,
    /// Who, and what would have been enough.
    pub recipients: Vec<Listed<'a>>,
    /// First of their refusals.
    pub first: Option<Instant>,
    /// Last of their refusals.
    pub last: Option<Instant>,
}

/// Who is to be suppressed, who is not, and why not.
#[derive(Clone, Debug, Default)]
pub struct Suppressions<'a> {
    /// Recipients to suppress, by domain and address.
    pub listed: Vec<Listed<'a>>,
    /// Domains that are held back, by name.
    pub held: Vec<HeldBack<'a>>,
    /// Recipients of whom more must come, by the weightiest ground.
    pub waiting: BTreeMap<Ground, u64>,
}

/// What every key of the cases means, in their order: once for each key.
pub fn meanings<'c>(cases: &Cases, catalog: &'c Catalog) -> Vec<Meaning<'c>> {
    cases.keys.iter().map(|key| catalog.explain(&answer(key))).collect()
}

/// Decides on every recipient. With `only`, on what those providers answered and nothing else.
pub fn suppressions<'a>(
    cases: &'a Cases,
    meanings: &'a [Meaning<'a>],
    thresholds: &Thresholds,
    only: Option<&Only>,
) -> Suppressions<'a> {
    let mut found = Suppressions::default();
    let mut held: BTreeMap<(&[u8], Outage), Vec<Listed<'a>>> = BTreeMap::new();
    for case in &cases.cases {
        let of = |evidence: &'a Evidence| {
            let (key, meaning) = (cases.keys.get(evidence.key)?, meanings.get(evidence.key)?);
            let by = key.provider.as_deref().unwrap_or(UNKNOWN);
            only.is_none_or(|only| only.has(by)).then_some(Listed { case, evidence, key, meaning })
        };
        let against: Vec<Listed<'_>> = case.evidence.iter().filter_map(of).collect();
        let (enough, less): (Vec<_>, Vec<_>) =
            against.into_iter().partition(|listed| thresholds.is_met(listed.evidence));
        let (doubtful, sure): (Vec<_>, Vec<_>) =
            enough.into_iter().partition(|listed| thresholds.is_doubtful(case, listed.evidence));
        if let Some(listed) = sure.into_iter().next() {
            found.listed.push(listed);
        } else if let Some((listed, outage)) = doubtful.into_iter().next().zip(case.outage) {
            held.entry((case.domain(), outage)).or_default().push(listed);
        } else if let Some(waiting) = less.first() {
            *found.waiting.entry(waiting.evidence.ground).or_default() += 1;
        }
    }
    found.held = held
        .into_iter()
        .map(|((domain, outage), recipients)| HeldBack::new(domain, outage, recipients))
        .collect();
    found
}

impl<'a> HeldBack<'a> {
    fn new(domain: &'a [u8], outage: Outage, recipients: Vec<Listed<'a>>) -> HeldBack<'a> {
        let first = recipients.iter().filter_map(|listed| listed.evidence.span.first).min();
        let last = recipients.iter().filter_map(|listed| listed.evidence.span.last).max();
        HeldBack { domain, outage, recipients, first, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{Action, BasicCode, Code, Direction};

    fn evidence(ground: Ground, count: u64, messages: u64, days: i64) -> Evidence {
        Evidence { ground, key: 0, span: Span { count, first: Some(0), last: Some(days * DAY) }, messages }
    }

    fn cases(evidence: Vec<Evidence>, outage: Option<Outage>) -> Cases {
        let key = Key {
            direction: Direction::Out,
            provider: Some("unknown".to_owned()),
            action: Action::Failed,
            code: Code { basic: BasicCode::new(550), enhanced: None },
            marker: None,
            quoted: None,
            guard: None,
        };
        let case = Case { address: b"u@example.org".to_vec(), domain_at: 2, evidence, outage };
        Cases { keys: vec![key], cases: vec![case] }
    }

    /// `l`isted, `h`eld back, or `w`aiting.
    fn decided(evidence: Vec<Evidence>, outage: Option<Outage>) -> char {
        let catalog = Catalog::builtin();
        let cases = cases(evidence, outage);
        let meanings = meanings(&cases, &catalog);
        let found = suppressions(&cases, &meanings, &Thresholds::default(), None);
        match (found.listed.len(), found.held.len(), found.waiting.len()) {
            (1, 0, 0) => 'l',
            (0, 1, 0) => 'h',
            (0, 0, 1) => 'w',
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_ground_has_its_measure() {
        for (ground, count, messages, days, wanted) in [
            (Ground::Now, 1, 0, 0, 'l'),
            (Ground::Repeat, 1, 0, 0, 'w'),
            (Ground::Repeat, 9, 0, 0, 'w'),
            (Ground::Repeat, 2, 0, 1, 'l'),
            (Ground::Domain, 2, 0, 9, 'w'),
            (Ground::Domain, 3, 0, 1, 'w'),
            (Ground::Domain, 3, 0, 2, 'l'),
            (Ground::MailboxFull, 99, 2, 30, 'w'),
            (Ground::MailboxFull, 99, 3, 13, 'w'),
            (Ground::MailboxFull, 3, 3, 14, 'l'),
            (Ground::Soft, 99, 4, 30, 'w'),
            (Ground::Soft, 5, 5, 6, 'w'),
            (Ground::Soft, 5, 5, 7, 'l'),
        ] {
            let against = vec![evidence(ground, count, messages, days)];
            assert_eq!(decided(against, None), wanted, "{ground:?} {count} {messages} {days}");
        }
    }

    #[test]
    fn an_outage_holds_back_what_is_hard_and_short() {
        for outage in [Outage::Domain, Outage::Resolver] {
            assert_eq!(decided(vec![evidence(Ground::Now, 1, 0, 0)], Some(outage)), 'h');
            assert_eq!(decided(vec![evidence(Ground::Now, 5, 0, 6)], Some(outage)), 'h');
            assert_eq!(decided(vec![evidence(Ground::Now, 5, 0, 7)], Some(outage)), 'l');
            assert_eq!(decided(vec![evidence(Ground::MailboxFull, 3, 3, 14)], Some(outage)), 'l');
            let both = vec![evidence(Ground::Now, 1, 0, 0), evidence(Ground::Soft, 5, 5, 7)];
            assert_eq!(decided(both, Some(outage)), 'l', "the soft one was no outage");
        }
    }

    #[test]
    fn without_stamps_only_what_needs_no_time_is_enough() {
        let timeless = |ground| Evidence {
            ground,
            key: 0,
            span: Span { count: 40, first: None, last: None },
            messages: 30,
        };
        assert_eq!(decided(vec![timeless(Ground::Now)], None), 'l');
        for ground in &Ground::ALL[1..] {
            assert_eq!(decided(vec![timeless(*ground)], None), 'w');
        }
    }

    #[test]
    fn one_provider_hears_of_its_own_answers_only() {
        let catalog = Catalog::builtin();
        let cases = cases(vec![evidence(Ground::Now, 1, 0, 0)], None);
        let meanings = meanings(&cases, &catalog);
        for (provider, listed) in [("google", 0), ("unknown", 1)] {
            let only = catalog.only(provider);
            let found = suppressions(&cases, &meanings, &Thresholds::default(), only.as_ref());
            assert_eq!(found.listed.len(), listed, "{provider}");
            assert!(found.held.is_empty() && found.waiting.is_empty());
        }
    }
}
