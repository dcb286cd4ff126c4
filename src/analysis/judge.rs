//! From counts to findings: which answers are looked at, and what each of them is called.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answer::answer;
use super::exposure::{Exposure, provider};
use super::nature::{Nature, subject};
use super::scan::{self, Cell, Prior, Window};
use super::{Attribution, Finding, Kind, Severity};
use crate::catalog::{Catalog, Meaning};
use crate::smtp::{Action, Code, Subject};
use crate::summary::{Span, Summary, Width};
use crate::time::Instant;

/// Fewer events make no spike.
const MIN_EVENTS: u64 = 8;
/// A spike is at least this many times its floor.
const MIN_RATIO: f64 = 2.5;
/// Evidence a spike needs, in nats: one in 160,000, before the many windows that were looked at.
const MIN_LLR: f64 = 12.0;
/// One message to many recipients makes a cluster. A window with events in fewer than three buckets must stand out
/// even when the events of one such message are forgiven.
const CLUSTER: u64 = 12;
const FEW_BUCKETS: usize = 3;
/// A level needs this many events, and a rate that is above this for sure.
const LEVEL_EVENTS: u64 = 15;
const LEVEL_RATE: f64 = 0.002;
/// A level this high means that mail is being lost in numbers.
const HIGH_LEVEL_RATE: f64 = 0.05;

/// One answer of one provider that is looked at.
struct Suspect<'a> {
    provider: &'a str,
    code: Code,
    marker: Option<&'a str>,
    meaning: Meaning<'a>,
    events: Exposure<'a>,
    span: Span,
}

pub(super) fn findings(summary: &Summary, catalog: &Catalog) -> Vec<Finding> {
    let exposures = Exposure::by_provider(summary);
    let mut found: Vec<Finding> = suspects(summary, catalog)
        .into_iter()
        .filter_map(|suspect| {
            exposures.get(suspect.provider).map(|exposure| judge(&suspect, exposure, summary.width))
        })
        .collect();
    // They come in the order of provider, code and marker; the sort keeps it among equals.
    found.sort_by_key(|f| (f.severity, f.kind, Reverse(f.enforcement), Reverse(f.events)));
    found
}

/// Enforcement answers with one code are one suspect, whatever their texts: an incident shows several of them at once. Other
/// codes are told apart by marker, for one code stands for many reasons there.
fn suspects<'a>(summary: &'a Summary, catalog: &'a Catalog) -> Vec<Suspect<'a>> {
    let mut suspects: BTreeMap<(&str, Code, bool, Option<&str>), Vec<Suspect<'a>>> = BTreeMap::new();
    for (key, counts) in &summary.keys {
        let marker = key.marker.as_deref();
        let meaning = catalog.explain(&answer(key));
        let nature = Nature::of(key, &meaning);
        let put_off_for_policy =
            key.action == Action::Delayed && nature.transient && subject(key) == Some(Subject::Policy);
        if !(nature.enforcement || nature.policy || put_off_for_policy) {
            continue;
        }
        let mut suspect = Suspect {
            provider: provider(key),
            code: key.code,
            marker,
            meaning,
            events: Exposure::default(),
            span: counts.span,
        };
        suspect.events.add(counts);
        let apart = marker.filter(|_| !nature.enforcement);
        suspects.entry((provider(key), key.code, nature.enforcement, apart)).or_default().push(suspect);
    }
    suspects.into_values().filter_map(joined).collect()
}

/// One suspect of several: its meaning is that of the most frequent text, and it has a marker if all have the same.
fn joined(mut parts: Vec<Suspect<'_>>) -> Option<Suspect<'_>> {
    // Among equals the first: the keys came in order.
    parts.sort_by_key(|part| Reverse(part.span.count));
    let mut parts = parts.into_iter();
    let mut whole = parts.next()?;
    for part in parts {
        whole.marker = whole.marker.filter(|marker| part.marker == Some(marker));
        whole.span.merge(part.span);
        whole.events.join(part.events);
    }
    Some(whole)
}

fn judge(suspect: &Suspect<'_>, exposure: &Exposure<'_>, width: Width) -> Finding {
    let finding = whole_period(suspect, exposure);
    let slots: Vec<(Instant, Cell)> = exposure
        .buckets
        .iter()
        .map(|(&start, &attempts)| {
            let events = suspect.events.buckets.get(&start).copied().unwrap_or(0);
            (start, Cell { attempts, events: events.min(attempts) })
        })
        .collect();
    let cells: Vec<Cell> = slots.iter().map(|(_, cell)| *cell).collect();
    let prior = prior(suspect);
    if let Some(window) = scan::likeliest_window(&cells).filter(|window| stands_out(window, &cells, prior)) {
        return spike(finding, suspect, &window, &slots, (prior, width));
    }
    let (y, n) = (suspect.span.count as f64, exposure.attempts as f64);
    if suspect.meaning.enforcement
        && suspect.span.count >= LEVEL_EVENTS
        && (y - 2.0 * y.sqrt()) / n >= LEVEL_RATE
    {
        let severity = if y / n >= HIGH_LEVEL_RATE { Severity::Critical } else { Severity::Warning };
        return Finding { kind: Kind::Level, severity, end: None, ongoing: true, ..finding };
    }
    finding
}

/// The finding when nothing is known but that it was seen.
fn whole_period(suspect: &Suspect<'_>, exposure: &Exposure<'_>) -> Finding {
    let events = suspect.span.count;
    // A refusal for policy now and then (a message that looked like spam) is everyday life; enforcement is not.
    let severity =
        if suspect.meaning.enforcement && events > 2 { Severity::Warning } else { Severity::Notice };
    Finding {
        kind: Kind::Appearance,
        severity,
        provider: suspect.provider.to_owned(),
        code: suspect.code,
        marker: suspect.marker.map(str::to_owned),
        start: suspect.span.first,
        end: suspect.span.last,
        ongoing: false,
        attempts: exposure.attempts,
        events,
        rate_before: None,
        rate_during: events as f64 / exposure.attempts.max(1) as f64,
        score: None,
        expected: None,
        sender_domains: attributions(suspect, exposure),
        evidence: Vec::new(),
        relays: Vec::new(),
        title: suspect.meaning.title.to_owned(),
        meaning: suspect.meaning.meaning.to_owned(),
        fix: suspect.meaning.fix.to_owned(),
        disposition: suspect.meaning.disposition,
        suppress: suspect.meaning.suppress,
        enforcement: suspect.meaning.enforcement,
    }
}

fn spike(
    finding: Finding,
    suspect: &Suspect<'_>,
    window: &Window,
    slots: &[(Instant, Cell)],
    (prior, width): (Prior, Width),
) -> Finding {
    let Cell { attempts, events } = window.inside;
    let after: u64 = slots[window.cells.end..].iter().map(|(_, cell)| cell.attempts).sum();
    let ongoing = scan::may_still_run(window.inside, after);
    // Where no event lies outside, the instants of the first and the last event are known, not just their buckets.
    let alone = window.outside.events == 0;
    let first = slots.get(window.cells.start).map(|(start, _)| *start);
    let last = slots.get(window.cells.end - 1).map(|(start, _)| start + width.seconds());
    let start = if alone { suspect.span.first.or(first) } else { first };
    let end = if alone { suspect.span.last.or(last) } else { last };
    let rest = window.outside.attempts;
    let looked_at = slots.len().max(2) as f64;
    Finding {
        kind: Kind::Spike,
        severity: if suspect.meaning.enforcement { Severity::Critical } else { Severity::Warning },
        start,
        end: if ongoing { None } else { end },
        ongoing,
        attempts,
        events,
        rate_before: (rest > 0).then(|| window.outside.events as f64 / rest as f64),
        rate_during: events as f64 / attempts as f64,
        score: Some((window.llr - looked_at.ln()) / std::f64::consts::LN_10),
        expected: Some(prior.floor(window.outside) * attempts as f64),
        ..finding
    }
}

fn stands_out(window: &Window, cells: &[Cell], prior: Prior) -> bool {
    let Cell { attempts, events } = window.inside;
    let floor = prior.floor(window.outside);
    let high = |events: u64| events >= MIN_EVENTS && events as f64 >= MIN_RATIO * floor * attempts as f64;
    if !high(events) || window.llr < MIN_LLR {
        return false;
    }
    if cells[window.cells.clone()].iter().filter(|cell| cell.events > 0).count() >= FEW_BUCKETS {
        return true;
    }
    let rest = Cell { attempts, events: events.saturating_sub(CLUSTER) };
    high(rest.events) && scan::log_likelihood_ratio(rest, window.outside) >= MIN_LLR
}

/// How often an answer is expected before anything was counted. Weak: worth some hundred to some thousand attempts.
fn prior(suspect: &Suspect<'_>) -> Prior {
    let subject = suspect.code.enhanced.and_then(crate::smtp::EnhancedCode::subject);
    let mean = match (suspect.meaning.enforcement, subject, suspect.code.severity()) {
        (true, _, _) => 1e-4,
        (false, Some(Subject::Policy), _) => 1e-3,
        (false, _, Some(4)) => 5e-3,
        (false, _, _) => 1e-3,
    };
    Prior { mean, shape: 0.5 }
}

fn attributions(suspect: &Suspect<'_>, exposure: &Exposure<'_>) -> Vec<Attribution> {
    let mut parts: Vec<Attribution> = suspect
        .events
        .senders
        .iter()
        .map(|(domain, &events)| Attribution {
            domain: domain.map(str::to_owned),
            events,
            attempts: exposure.senders.get(domain).copied().unwrap_or(events),
            share: events as f64 / suspect.span.count.max(1) as f64,
        })
        .collect();
    parts.sort_by_key(|part| Reverse(part.events));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{BasicCode, EnhancedCode};

    const BUCKET_SECONDS: i64 = 900;
    const START: Instant = 1_772_492_400;

    /// Attempts and events by quarter of an hour, judged as an answer that is enforcement or is not.
    fn judged(quarters: &[(u64, u64)], enforcement: bool) -> Finding {
        let code = Code { basic: BasicCode::new(550), enhanced: EnhancedCode::parse(b"5.7.26") };
        let mut exposure = Exposure::default();
        let mut suspect = Suspect {
            provider: "example",
            code,
            marker: None,
            meaning: Meaning { enforcement, ..Meaning::unknown(code) },
            events: Exposure::default(),
            span: Span::default(),
        };
        for (index, &(attempts, events)) in (0..).zip(quarters) {
            let start = START + index * BUCKET_SECONDS;
            exposure.attempts += attempts;
            exposure.buckets.insert(start, attempts);
            if events > 0 {
                suspect.events.attempts += events;
                suspect.events.buckets.insert(start, events);
                suspect.span.merge(Span { count: events, first: Some(start + 7), last: Some(start + 600) });
                *suspect.events.senders.entry(Some("a.example")).or_default() += events;
            }
        }
        exposure.senders.insert(Some("a.example"), exposure.attempts);
        judge(&suspect, &exposure, Width::default().of_parts())
    }

    fn flat(quarters: usize, attempts: u64, events: u64) -> Vec<(u64, u64)> {
        vec![(attempts, events); quarters]
    }

    #[test]
    fn a_step_that_lasts_is_a_running_spike() {
        let finding = judged(&[flat(20, 100, 0), flat(8, 100, 30)].concat(), true);
        assert_eq!((finding.kind, finding.severity), (Kind::Spike, Severity::Critical));
        assert_eq!((finding.start, finding.end, finding.ongoing), (Some(START + 20 * 900 + 7), None, true));
        assert_eq!((finding.attempts, finding.events), (800, 240));
        assert_eq!((finding.rate_before, finding.rate_during), (Some(0.0), 0.3));
        assert!(finding.score.is_some_and(|score| score > 50.0));
        let sender = &finding.sender_domains[0];
        assert_eq!((sender.events, sender.attempts, sender.share), (240, 2_800, 1.0));
    }

    #[test]
    fn a_step_that_ended_has_an_end() {
        let finding = judged(&[flat(20, 100, 0), flat(8, 100, 30), flat(20, 100, 0)].concat(), false);
        assert_eq!((finding.kind, finding.severity), (Kind::Spike, Severity::Warning));
        assert_eq!((finding.end, finding.ongoing), (Some(START + 27 * 900 + 600), false));
    }

    #[test]
    fn with_events_elsewhere_the_ends_are_those_of_buckets() {
        let finding = judged(&[flat(20, 1_000, 1), flat(8, 1_000, 300), flat(20, 1_000, 1)].concat(), true);
        assert_eq!(finding.start, Some(START + 20 * 900));
        assert_eq!(finding.end, Some(START + 28 * 900));
    }

    #[test]
    fn an_incident_may_cover_most_of_the_log() {
        let from_start = judged(&[flat(60, 100, 20), flat(40, 100, 0)].concat(), true);
        assert_eq!((from_start.kind, from_start.start), (Kind::Spike, Some(START + 7)));
        let late_onset = judged(&[flat(6, 100, 0), flat(94, 100, 20)].concat(), true);
        assert_eq!((late_onset.kind, late_onset.ongoing), (Kind::Spike, true));
    }

    #[test]
    fn the_same_all_through_is_a_level() {
        let finding = judged(&flat(30, 100, 10), true);
        assert_eq!(
            (finding.kind, finding.severity, finding.ongoing),
            (Kind::Level, Severity::Critical, true)
        );
        assert_eq!(judged(&flat(30, 100, 1), true).severity, Severity::Warning);
        assert_eq!(judged(&flat(30, 100, 10), false).kind, Kind::Appearance);
        assert_eq!(judged(&[(100, 100)], true).kind, Kind::Level);
    }

    #[test]
    fn few_or_isolated_events_are_appearances() {
        let one = judged(&[flat(30, 100, 0), vec![(100, 1)]].concat(), true);
        assert_eq!((one.kind, one.severity), (Kind::Appearance, Severity::Notice));
        let five = judged(&[flat(30, 100, 0), vec![(100, 5)]].concat(), true);
        assert_eq!((five.kind, five.severity), (Kind::Appearance, Severity::Warning));
        // One message to ten recipients.
        let cluster = judged(&[flat(30, 3_000, 0), vec![(3_000, 10)], flat(30, 3_000, 0)].concat(), true);
        assert_eq!(cluster.kind, Kind::Appearance);
    }

    #[test]
    fn a_burst_in_one_bucket_is_a_spike() {
        let finding = judged(&[flat(30, 100, 0), vec![(300, 300)], flat(30, 100, 0)].concat(), true);
        assert_eq!((finding.kind, finding.events, finding.ongoing), (Kind::Spike, 300, false));
    }

    #[test]
    fn volume_alone_is_nothing() {
        let finding = judged(&[flat(30, 1_000, 1), flat(10, 100_000, 100)].concat(), true);
        assert_ne!(finding.kind, Kind::Spike);
        // Mail falls fifty times at night, the rate stays.
        let finding = judged(&[flat(40, 5_000, 50), flat(40, 100, 1)].concat(), false);
        assert_eq!(finding.kind, Kind::Appearance);
    }

    #[test]
    fn without_stamps_there_is_no_stretch() {
        let finding = judged(&[], true);
        assert_eq!((finding.kind, finding.start, finding.end), (Kind::Appearance, None, None));
    }
}
