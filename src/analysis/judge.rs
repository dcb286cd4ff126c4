//! From windows to findings: what each is called, its numbers, how much it matters.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::breakdown::{Breakdown, Stretch};
use super::cause::cause;
use super::detect::{self, Grid, Shape, Threshold};
use super::feed::{self, Ward};
use super::finding::{Finding, Kind, Link, Severity};
use super::ladder::{self, warns};
use super::memory::{Memory, Night};
use super::suspect::{Suspect, suspects};
use super::unanswered;
use crate::catalog::Catalog;
use crate::summary::{Summary, Width};

/// A level this high means that mail is being lost in numbers.
const HIGH_LEVEL_RATE: f64 = 0.05;
/// Seconds between two spikes of one incident.
const NEAR: i64 = 3_600;
/// A refusal that no more recipients met than this is noise.
pub(super) const ISOLATED: u64 = 2;

/// What stands out. `after` becomes what is remembered once tonight is over, where somebody wants to know.
pub(super) fn findings(
    summary: &Summary,
    catalog: &Catalog,
    threshold: Threshold,
    memory: &Memory,
    after: Option<&mut Memory>,
) -> Vec<Finding> {
    let wards = Ward::all(summary);
    let suspects = suspects(summary, catalog);
    let grid = feed::grid(summary, &wards);
    let mut found = match grid {
        Some(grid) => over_time(&suspects, &wards, (grid, summary.width), threshold, memory, after),
        None => vec![Vec::new(); suspects.len()],
    };
    for (suspect, own) in suspects.iter().zip(&mut found) {
        if own.is_empty()
            && suspect.notable
            && let Some(ward) = wards.get(suspect.provider)
        {
            let history = grid.and_then(|grid| memory.history(suspect, &grid, None));
            own.push(Finding { history, ..appearance(suspect, ward) });
        }
    }
    ladder::link(&suspects, &mut found);
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    // They come in the order of provider, code, marker and time; the sort keeps it among equals.
    findings.sort_by_key(|finding| {
        let stopped = !finding.ongoing;
        (finding.severity, finding.kind, stopped, Reverse(finding.enforcement), Reverse(finding.events))
    });
    findings
}

/// Wherever a rate rose, by suspect.
fn over_time(
    suspects: &[Suspect<'_>],
    wards: &BTreeMap<&str, Ward<'_>>,
    (grid, width): (Grid, Width),
    threshold: Threshold,
    memory: &Memory,
    after: Option<&mut Memory>,
) -> Vec<Vec<Finding>> {
    let keys = feed::keys(suspects, wards, grid, memory);
    let mut verdicts = feed::verdicts(&keys);
    for (suspect, verdict) in suspects.iter().zip(&mut verdicts).filter(|(suspect, _)| !suspect.is_answer()) {
        let Some(ward) = wards.get(suspect.provider) else { continue };
        verdict.windows.retain(|window| unanswered::stands(suspect, ward, &window.bins, (&grid, width)));
    }
    let mut found = detect::settle(&keys, &verdicts, threshold);
    if let Some(after) = after {
        let night = Night { grid, keys: &keys, verdicts: &verdicts, found: &found };
        *after = memory.after(suspects, wards, &night);
    }
    for one in found.iter_mut().filter(|one| one.window.kind == detect::Kind::Spike) {
        if keys[one.key].past.accepted(&grid, &one.window).is_some() {
            one.window.kind = detect::Kind::Level;
        }
    }
    let found = joined(found, &grid);
    let mut findings: Vec<Vec<Finding>> = vec![Vec::new(); suspects.len()];
    for one in &found {
        let suspect = &suspects[one.key];
        let Some(ward) = wards.get(suspect.provider) else { continue };
        let own = &mut findings[one.key];
        let told = own.iter_mut().find(|finding| finding.kind == Kind::Recurring);
        match told.filter(|_| one.window.kind == detect::Kind::Recurring) {
            Some(told) => again(told, finding(suspect, ward, one, &grid, width)),
            None => {
                let mut finding = finding(suspect, ward, one, &grid, width);
                finding.history = memory.history(suspect, &grid, Some(&one.window));
                if finding.kind == Kind::Shift {
                    finding.from = one.from.map(|old| moved(&suspects[old]));
                }
                own.push(finding);
            }
        }
    }
    findings
}

/// The code whose loss a shift is. What moved has no start of its own.
fn moved(old: &Suspect<'_>) -> Link {
    Link { code: old.code, marker: old.marker.map(str::to_owned), start: None }
}

/// Spikes of one answer that lie close together are one incident: a batch that is refused every quarter of an hour is one trouble, and
/// nobody gets up twice for it. They come by key and start.
fn joined(mut found: Vec<detect::Finding>, grid: &Grid) -> Vec<detect::Finding> {
    found.dedup_by(|next, kept| {
        let spikes = [&*next, kept].iter().all(|one| one.window.kind == detect::Kind::Spike);
        let (one, two) = (&mut kept.window, &next.window);
        let gap = two.bins.start.saturating_sub(one.bins.end);
        let seconds = grid.instant(gap) - grid.start;
        let near = seconds <= NEAR || gap <= one.bins.len().max(two.bins.len());
        let same = spikes && kept.key == next.key && near;
        if same {
            one.bins.end = one.bins.end.max(two.bins.end);
            one.events += two.events;
            one.attempts += two.attempts;
            one.score = one.score.max(two.score);
            one.shape = Shape::Flapping;
            one.ongoing |= two.ongoing;
            kept.certainty = [kept.certainty, next.certainty].into_iter().flatten().reduce(f64::max);
        }
        same
    });
    found
}

/// The finding when nothing is known but that it was seen.
fn appearance(suspect: &Suspect<'_>, ward: &Ward<'_>) -> Finding {
    seen(suspect, ward, &Breakdown::of(suspect, ward, &Stretch::whole()))
}

/// Over all, but with this breakdown.
fn seen(suspect: &Suspect<'_>, ward: &Ward<'_>, breakdown: &Breakdown<'_>) -> Finding {
    let first = feed::first(ward.all, feed::all_events(suspect));
    // A refusal for policy now and then (a message that looked like spam) is everyday life; enforcement is not. One
    // recipient who is tried again and again is still one.
    let matters = suspect.meaning.enforcement && first.events > ISOLATED;
    Finding {
        kind: Kind::Appearance,
        severity: if matters { Severity::Warning } else { Severity::Notice },
        provider: suspect.provider.to_owned(),
        code: suspect.code,
        marker: suspect.marker.map(str::to_owned),
        category: suspect.meaning.category.to_owned(),
        start: suspect.span.first,
        end: suspect.span.last,
        ongoing: false,
        from_start: false,
        times: 1,
        shape: None,
        attempts: ward.all.count,
        events: suspect.span.count,
        first_attempts: first,
        rate_before: None,
        rate_during: first.rate(),
        score: None,
        certainty: None,
        expected: None,
        from: None,
        became: None,
        cause: None,
        sender_domains: breakdown.attributions(),
        relays: breakdown.relay_shares(),
        recipient_domains: breakdown.recipient_domain_shares(),
        hosts: breakdown.host_shares(),
        affected: breakdown.affected(first.events, feed::all_waiting(suspect)),
        evidence: breakdown.evidence(),
        title: suspect.meaning.title.to_owned(),
        meaning: suspect.meaning.meaning.to_owned(),
        fix: suspect.meaning.fix.to_owned(),
        disposition: suspect.meaning.disposition,
        suppress: suspect.meaning.suppress,
        enforcement: suspect.meaning.enforcement,
        stage: suspect.step.map(|(stage, ..)| stage),
        history: None,
    }
}

/// What the detector found, with what it means.
fn finding(
    suspect: &Suspect<'_>,
    ward: &Ward<'_>,
    found: &detect::Finding,
    grid: &Grid,
    width: Width,
) -> Finding {
    let window = &found.window;
    let kind = match window.kind {
        detect::Kind::Spike if warns(suspect) => Kind::Escalation,
        detect::Kind::Spike => Kind::Spike,
        detect::Kind::Shift => Kind::Shift,
        detect::Kind::Level => Kind::Level,
        detect::Kind::Recurring => Kind::Recurring,
    };
    if kind == Kind::Level {
        let mut breakdown = Breakdown::of(suspect, ward, &Stretch::whole());
        breakdown.compare(suspect, ward);
        return Finding {
            severity: severity(suspect, kind, window.rate()),
            kind,
            end: None,
            ongoing: true,
            from_start: true,
            cause: cause(&breakdown),
            ..seen(suspect, ward, &breakdown)
        };
    }
    let time = grid.instant(window.bins.start)..grid.instant(window.bins.end);
    let (attempts, events) = (ward.tries(&time), feed::events(suspect, &time));
    let first = feed::first(attempts, events);
    let mut breakdown = Breakdown::of(suspect, ward, &Stretch::of(time.clone(), width));
    breakdown.compare(suspect, ward);
    let ongoing = window.ongoing || may_still_run(first.rate(), ward, time.end, grid);
    let onset = matches!(kind, Kind::Spike | Kind::Escalation | Kind::Shift);
    // Where nothing came before it the instant of the first event is known, not just its bin; at the end likewise. What has
    // no stamp may have come at any time.
    let dated = feed::events(suspect, &(i64::MIN..i64::MAX)).count == suspect.span.count;
    let before = feed::events(suspect, &(i64::MIN..time.start)).count;
    let after = feed::events(suspect, &(time.end..i64::MAX)).count;
    let sharp = |instant: Option<i64>, outside: u64| instant.filter(|_| dated && outside == 0);
    Finding {
        kind,
        severity: severity(suspect, kind, window.rate()),
        start: sharp(suspect.span.first, before).or(Some(time.start)),
        end: sharp(suspect.span.last, after).or(Some(time.end)).filter(|_| !ongoing),
        ongoing,
        from_start: window.from_start,
        shape: onset.then_some(window.shape),
        attempts: attempts.count,
        events: events.count,
        first_attempts: first,
        rate_before: Some(window.floor),
        rate_during: first.rate(),
        score: onset.then_some(window.score),
        certainty: found.certainty,
        expected: onset.then_some(window.floor * first.attempts as f64),
        cause: cause(&breakdown),
        affected: breakdown.affected(first.events, feed::waiting(suspect, &time)),
        ..seen(suspect, ward, &breakdown)
    }
}

fn severity(suspect: &Suspect<'_>, kind: Kind, rate: f64) -> Severity {
    let enforcement = suspect.meaning.enforcement;
    let loses = enforcement && !suspect.transient;
    match kind {
        Kind::Spike if loses => Severity::Critical,
        Kind::Level if loses && rate >= HIGH_LEVEL_RATE => Severity::Critical,
        Kind::Spike | Kind::Escalation | Kind::Shift | Kind::Level => Severity::Warning,
        // A batch that is refused every night is lost every night.
        Kind::Recurring if enforcement => Severity::Warning,
        Kind::Recurring | Kind::Appearance => Severity::Notice,
    }
}

/// Whether the attempts after a stretch are too few to tell that events at this rate have stopped: fewer than three would have
/// been expected, so none at all has a chance of more than 1 in 20 (the rule of three).
fn may_still_run(rate: f64, ward: &Ward<'_>, end: i64, grid: &Grid) -> bool {
    let after = ward.tries(&(end..grid.instant(grid.bins).max(end)));
    rate * (after.count.saturating_sub(after.retries) as f64) < 3.0
}

/// Adds one more stretch to what recurs.
fn again(told: &mut Finding, next: Finding) {
    told.times += 1;
    told.end = next.end;
    told.ongoing = next.ongoing;
    told.attempts += next.attempts;
    told.events += next.events;
    told.first_attempts.attempts += next.first_attempts.attempts;
    told.first_attempts.events += next.first_attempts.events;
    told.rate_during = told.first_attempts.rate();
    told.affected.messages += next.affected.messages;
    told.affected.recipients += next.affected.recipients;
    told.affected.waiting += next.affected.waiting;
}
