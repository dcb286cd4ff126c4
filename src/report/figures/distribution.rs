//! How the answers of each provider are distributed, and which became more or fewer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::parts::Parts;
use super::{Sums, Told, ends};
use crate::catalog::{Catalog, UNKNOWN};
use crate::report::rows::provider_title;
use crate::report::when::Zone;
use crate::smtp::{Action, BasicCode, Code, EnhancedCode};
use crate::time::Instant;

/// From this long on, a period is cut into days instead of halves.
const DAYS_FROM: i64 = 2 * 86_400;

/// How the answers are distributed over the period.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Distribution {
    /// Where the second half of the period begins; `None` where lines have no stamps.
    pub middle: Option<String>,
    /// By provider, in the order of `providers`.
    pub providers: Vec<ProviderParts>,
    /// Answers whose share differs between the halves by more than chance and worth a word, those that met most mail first.
    pub changes: Vec<Change>,
}

/// One provider's answers, by halves of the period, or by day of the zone when it has two days or more.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderParts {
    /// Short name.
    pub provider: String,
    /// In order; without parts that have no attempts.
    pub parts: Vec<PartRow>,
}

/// One half, or one day.
#[derive(Clone, Debug, Serialize)]
pub struct PartRow {
    /// When it begins.
    pub start: Option<String>,
    /// What became of the attempts.
    #[serde(flatten)]
    pub sums: Sums,
}

/// An answer whose share changed.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Short name of the provider.
    pub provider: String,
    /// What became of the mail.
    pub action: Action,
    /// The basic code.
    pub basic: Option<BasicCode>,
    /// The enhanced code.
    pub enhanced: Option<EnhancedCode>,
    /// What it means, in a few words.
    pub title: String,
    /// In the first half.
    pub before: Share,
    /// In the second half.
    pub after: Share,
    /// The name people use for the provider.
    #[serde(skip)]
    pub provider_title: String,
}

/// So many of the attempts at a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub attempts: u64,
    /// As a fraction; `None` without attempts.
    pub share: Option<f64>,
}

impl Share {
    fn of(count: u64, attempts: u64) -> Share {
        Share { count, attempts, share: (attempts > 0).then(|| count as f64 / attempts as f64) }
    }
}

impl Distribution {
    /// Of the answers told, for providers in this order.
    pub(in crate::report) fn of<'a>(
        told: &[Told<'_>],
        providers: impl Iterator<Item = &'a str>,
        catalog: &Catalog,
        zone: Zone<'_>,
    ) -> Distribution {
        let Some((first, last)) = ends(told) else { return Distribution::default() };
        let middle = first + last.saturating_sub(first) / 2;
        let by_day = last.saturating_sub(first) >= DAYS_FROM;
        let part = |at: Instant| match by_day {
            true => zone.day(at),
            false if at < middle => first,
            false => middle,
        };
        let parts = Parts::of(told, part);
        let mut sums: BTreeMap<&str, Vec<Option<Sums>>> = BTreeMap::new();
        for answer in told {
            let own = sums.entry(provider(answer)).or_insert_with(|| vec![None; parts.starts.len()]);
            for (part, count) in parts.counts(answer) {
                own[part].get_or_insert_default().add(answer, count);
            }
        }
        let providers = providers
            .filter_map(|name| {
                let own = parts.starts.iter().zip(sums.get(name)?);
                let rows: Vec<PartRow> = own
                    .filter_map(|(at, sums)| Some(PartRow { start: zone.rfc3339(*at), sums: (*sums)? }))
                    .collect();
                (!rows.is_empty()).then(|| ProviderParts { provider: name.to_owned(), parts: rows })
            })
            .collect();
        Distribution { middle: zone.rfc3339(middle), providers, changes: changes(told, middle, catalog) }
    }
}

fn provider<'a>(answer: &Told<'a>) -> &'a str {
    answer.key.provider.as_deref().unwrap_or(UNKNOWN)
}

/// The refusals of which there were more or fewer in the second half, the greatest change first.
fn changes(told: &[Told<'_>], middle: Instant, catalog: &Catalog) -> Vec<Change> {
    let mut attempts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let mut answers: BTreeMap<(&str, Action, Code), ([u64; 2], &str)> = BTreeMap::new();
    for answer in told {
        let who = provider(answer);
        let all = attempts.entry(who).or_default();
        let (own, _) = answers
            .entry((who, answer.key.action, answer.key.code))
            .or_insert(([0; 2], answer.meaning.title));
        let (before, after) = answer.dated.split_at(answer.dated.partition_point(|(at, _)| *at < middle));
        for (half, counts) in [before, after].into_iter().enumerate() {
            let count: u64 = counts.iter().map(|(_, count)| count).sum();
            all[half] += count;
            own[half] += count;
        }
    }
    let mut found: Vec<(f64, Change)> = Vec::new();
    for ((who, action, code), (counts, title)) in answers {
        // What is accepted is the rest of what is not.
        let halves = attempts.get(who).copied().unwrap_or_default();
        let (before, after) = (Share::of(counts[0], halves[0]), Share::of(counts[1], halves[1]));
        let refused = matches!(action, Action::Delayed | Action::Failed);
        let Some(difference) = difference(before, after).filter(|_| refused) else { continue };
        let met = difference * after.attempts.max(before.attempts) as f64;
        let change = Change {
            provider: who.to_owned(),
            action,
            basic: code.basic,
            enhanced: code.enhanced,
            title: title.to_owned(),
            before,
            after,
            provider_title: provider_title(catalog, who),
        };
        found.push((met, change));
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().map(|(_, change)| change).collect()
}

/// How far two shares are apart, if that says something: two points of a hundred, twenty answers and five standard errors of
/// the difference of two proportions. Answers come in bursts, so what would do for coins is not enough. Both halves need
/// enough mail for a share.
fn difference(before: Share, after: Share) -> Option<f64> {
    const ATTEMPTS: u64 = 50;
    const ANSWERS: u64 = 20;
    const POINTS: f64 = 0.02;
    const ERRORS: f64 = 5.0;
    if before.attempts.min(after.attempts) < ATTEMPTS || before.count.max(after.count) < ANSWERS {
        return None;
    }
    let (n, m) = (before.attempts as f64, after.attempts as f64);
    let pooled = (before.count as f64 + after.count as f64) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let difference = (after.share? - before.share?).abs();
    (difference >= POINTS && difference >= ERRORS * error).then_some(difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(before: (u64, u64), after: (u64, u64)) -> bool {
        difference(Share::of(before.0, before.1), Share::of(after.0, after.1)).is_some()
    }

    #[test]
    fn only_what_says_something_is_a_change() {
        assert!(differs((0, 900), (140, 935)));
        assert!(differs((140, 935), (0, 900)), "fewer, too");
        assert!(!differs((5, 100), (12, 100)), "few answers");
        assert!(!differs((100, 1_000), (130, 1_000)), "as chance has it");
        assert!(!differs((100, 1_000_000), (10_000, 1_000_000)), "less than two points");
        assert!(!differs((0, 10), (40, 935)), "too little mail before");
        assert!(!differs((0, 0), (0, 0)));
    }
}
