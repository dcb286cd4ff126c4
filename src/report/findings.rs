//! One row for each finding, its sentence worded already.

use serde::Serialize;

use super::rows::provider_title;
use super::when::Zone;
use crate::analysis::{Cause, Finding, Link, Share, Tried};
use crate::catalog::{Catalog, Disposition, Stage, Suppress};
use crate::smtp::{BasicCode, EnhancedCode};

/// A log line that shows something.
pub type PlaceRow = crate::summary::Place;

/// One finding.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Finding")]
pub struct FindingRow {
    pub kind: &'static str,
    pub severity: &'static str,
    pub provider: String,
    pub provider_title: String,
    pub basic: Option<BasicCode>,
    pub enhanced: Option<EnhancedCode>,
    pub marker: Option<String>,
    pub category: String,
    pub start: Option<String>,
    pub end: Option<String>,
    pub ongoing: bool,
    pub from_start: bool,
    /// `burst`, `ramp`, `step` or `flapping`.
    pub shape: Option<&'static str>,
    pub times: u64,
    pub attempts: u64,
    pub events: u64,
    pub first_attempts: TriedRow,
    pub rate_before: Option<f64>,
    pub rate_during: f64,
    pub score: Option<f64>,
    pub certainty: Option<f64>,
    pub expected: Option<f64>,
    pub from: Option<LinkRow>,
    pub became: Option<LinkRow>,
    pub cause: Option<CauseRow>,
    pub affected: AffectedRow,
    pub sender_domains: Vec<AttributionRow>,
    /// Names alone; `relay_shares` has their numbers.
    pub relays: Vec<String>,
    pub relay_shares: Vec<ShareRow>,
    pub recipient_domains: Vec<ShareRow>,
    pub hosts: Vec<ShareRow>,
    pub title: String,
    pub meaning: String,
    pub fix: String,
    pub disposition: Disposition,
    pub suppress: Suppress,
    pub enforcement: bool,
    pub stage: Option<Stage>,
    /// Only where earlier nights are remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryRow>,
    pub evidence: Vec<PlaceRow>,
    /// One sentence that says it all.
    pub sentence: String,
}

/// What earlier nights tell of a finding.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::History")]
pub struct HistoryRow {
    pub since: Option<String>,
    pub nights: u64,
    pub unseen: u64,
}

/// Attempts and those of them that had the answer.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Tried")]
pub struct TriedRow {
    pub attempts: u64,
    pub events: u64,
}

impl TriedRow {
    fn of(tried: Tried) -> TriedRow {
        TriedRow { attempts: tried.attempts, events: tried.events }
    }
}

/// Another answer of the same provider.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Link")]
pub struct LinkRow {
    pub basic: Option<BasicCode>,
    pub enhanced: Option<EnhancedCode>,
    pub marker: Option<String>,
    pub start: Option<String>,
}

impl LinkRow {
    fn of(link: &Link, zone: Zone<'_>) -> LinkRow {
        LinkRow {
            basic: link.code.basic,
            enhanced: link.code.enhanced,
            marker: link.marker.clone(),
            start: link.start.and_then(|at| zone.rfc3339(at)),
        }
    }
}

/// What carries a finding.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Cause")]
pub struct CauseRow {
    pub carrier: &'static str,
    pub name: Option<String>,
    pub count: u64,
    pub events: u64,
    pub share: f64,
    pub attempts: Option<u64>,
    pub others: Option<TriedRow>,
    pub alike_relays: Option<u64>,
    pub alike_hosts: Option<u64>,
    /// In words, with what follows from it.
    pub sentence: String,
}

impl CauseRow {
    fn of(cause: &Cause, sentence: String) -> CauseRow {
        CauseRow {
            carrier: cause.carrier.as_str(),
            name: cause.name.clone(),
            count: cause.count,
            events: cause.events,
            share: cause.share,
            attempts: cause.attempts,
            others: cause.others.map(TriedRow::of),
            alike_relays: cause.alike_relays,
            alike_hosts: cause.alike_hosts,
            sentence,
        }
    }
}

/// Whom a finding hit.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Affected")]
pub struct AffectedRow {
    pub messages: u64,
    pub recipients: u64,
    pub waiting: u64,
}

/// One name's part in the refusals of a finding.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Share")]
pub struct ShareRow {
    pub name: String,
    pub events: u64,
    pub attempts: Option<u64>,
    pub share: f64,
}

fn shares(all: &[Share]) -> Vec<ShareRow> {
    let row = |one: &Share| ShareRow {
        name: one.name.clone(),
        events: one.events,
        attempts: one.attempts,
        share: one.share,
    };
    all.iter().map(row).collect()
}

/// One sender domain's part in a finding.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Attribution")]
pub struct AttributionRow {
    pub domain: Option<String>,
    pub events: u64,
    pub attempts: u64,
    pub share: f64,
}

impl FindingRow {
    pub(super) fn of(finding: &Finding, catalog: &Catalog, zone: Zone<'_>) -> FindingRow {
        FindingRow {
            kind: finding.kind.as_str(),
            severity: finding.severity.as_str(),
            provider: finding.provider.clone(),
            provider_title: provider_title(catalog, &finding.provider),
            basic: finding.code.basic,
            enhanced: finding.code.enhanced,
            marker: finding.marker.clone(),
            category: finding.category.clone(),
            start: finding.start.and_then(|at| zone.rfc3339(at)),
            end: finding.end.and_then(|at| zone.rfc3339(at)),
            ongoing: finding.ongoing,
            from_start: finding.from_start,
            shape: finding.shape.map(super::verdict::course),
            times: finding.times,
            attempts: finding.attempts,
            events: finding.events,
            first_attempts: TriedRow::of(finding.first_attempts),
            rate_before: finding.rate_before,
            rate_during: finding.rate_during,
            score: finding.score,
            certainty: finding.certainty,
            expected: finding.expected,
            from: finding.from.as_ref().map(|link| LinkRow::of(link, zone)),
            became: finding.became.as_ref().map(|link| LinkRow::of(link, zone)),
            cause: finding
                .cause
                .as_ref()
                .map(|cause| CauseRow::of(cause, super::cause::sentence(finding, cause, catalog))),
            affected: AffectedRow {
                messages: finding.affected.messages,
                recipients: finding.affected.recipients,
                waiting: finding.affected.waiting,
            },
            sender_domains: finding
                .sender_domains
                .iter()
                .map(|part| AttributionRow {
                    domain: part.domain.clone(),
                    events: part.events,
                    attempts: part.attempts,
                    share: part.share,
                })
                .collect(),
            relays: finding.relays.iter().map(|relay| relay.name.clone()).collect(),
            relay_shares: shares(&finding.relays),
            recipient_domains: shares(&finding.recipient_domains),
            hosts: shares(&finding.hosts),
            title: finding.title.clone(),
            meaning: finding.meaning.clone(),
            fix: finding.fix.clone(),
            disposition: finding.disposition,
            suppress: finding.suppress,
            enforcement: finding.enforcement,
            stage: finding.stage,
            history: finding.history.map(|history| HistoryRow {
                since: history.since.and_then(|at| zone.rfc3339(at)),
                nights: history.nights,
                unseen: history.unseen,
            }),
            evidence: finding.evidence.clone(),
            sentence: super::verdict::sentence(finding, catalog, zone),
        }
    }
}
