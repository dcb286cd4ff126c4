//! Every appearance of an enforcement code.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::Told;
use crate::catalog::{Catalog, Stage, UNKNOWN};
use crate::report::rows::{ProviderRow, provider_title};
use crate::report::when::Zone;
use crate::smtp::{Action, BasicCode, EnhancedCode};
use crate::summary::Span;

/// One enforcement code at one provider; where its replies tell several faults, one of them.
#[derive(Clone, Debug, Serialize)]
pub struct EnforcementRow {
    /// Short name of the provider.
    pub provider: String,
    /// Whether mail was put off or refused with it.
    pub action: Action,
    /// The basic code.
    pub basic: Option<BasicCode>,
    /// The enhanced code.
    pub enhanced: Option<EnhancedCode>,
    /// Step of the ladder.
    pub stage: Option<Stage>,
    /// When it was first answered; `None` where lines have no stamps.
    pub first_seen: Option<String>,
    /// When it was last answered.
    pub last_seen: Option<String>,
    /// How often.
    pub events: u64,
    /// Our attempts at this provider, all in all.
    pub attempts: u64,
    /// What it means, in a few words.
    pub title: String,
    /// What to do.
    pub fix: String,
    /// The name people use for the provider.
    #[serde(skip)]
    pub provider_title: String,
}

impl EnforcementRow {
    /// Most frequent first, then in the order of the keys.
    pub(in crate::report) fn all(
        told: &[Told<'_>],
        providers: &[ProviderRow],
        catalog: &Catalog,
        zone: Zone<'_>,
    ) -> Vec<EnforcementRow> {
        let mut found: BTreeMap<_, (Span, &Told<'_>)> = BTreeMap::new();
        for answer in told.iter().filter(|answer| answer.nature.enforcement) {
            let key = answer.key;
            let (span, most) = found
                .entry((&key.provider, key.action, key.code, answer.meaning.title))
                .or_insert((Span::default(), answer));
            span.merge(answer.counts.span);
            if answer.counts.span.count > most.counts.span.count {
                *most = answer;
            }
        }
        let mut rows: Vec<EnforcementRow> = found
            .into_values()
            .map(|(span, Told { key, meaning, .. })| {
                let provider = key.provider.as_deref().unwrap_or(UNKNOWN);
                let there = providers.iter().find(|row| row.provider == provider);
                EnforcementRow {
                    provider: provider.to_owned(),
                    action: key.action,
                    basic: key.code.basic,
                    enhanced: key.code.enhanced,
                    stage: meaning.stage,
                    first_seen: span.first.and_then(|at| zone.rfc3339(at)),
                    last_seen: span.last.and_then(|at| zone.rfc3339(at)),
                    events: span.count,
                    attempts: there.map_or(span.count, |row| row.outcomes.attempts),
                    title: meaning.title.to_owned(),
                    fix: meaning.fix.to_owned(),
                    provider_title: provider_title(catalog, provider),
                }
            })
            .collect();
        rows.sort_by_key(|row| Reverse(row.events));
        rows
    }
}
