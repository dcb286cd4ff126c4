//! What a night's counts become in the state.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::analysis::{self, Finding, Nature};
use crate::catalog::Catalog;
use crate::cli::exit::Error;
use crate::smtp::{Action, Direction};
use crate::state::{CodeRow, FindingRow, Known, NightRow, Packed};
use crate::summary::{self, Input, Summary};
use crate::time::Instant;

/// Nights of which all counts are kept; of older ones the rows.
pub(super) const FULL: u32 = 62;

/// What stands for a line that is not kept.
const NOT_KEPT: &str = "(its text is not kept)";

/// The night's own row. Of all counts only a line that was not understood may hold an address.
pub(super) fn night(summary: &Summary, started: Instant, keep_addresses: bool) -> Result<NightRow, Error> {
    let mut text = Vec::new();
    let mut kept = Cow::Borrowed(summary);
    if summary.accounting.first_not_understood.is_some()
        && !keep_addresses
        && let Some(place) = &mut kept.to_mut().accounting.first_not_understood
    {
        NOT_KEPT.clone_into(&mut place.text);
    }
    let broken = |error: std::io::Error| Error::output("the night's counts", &error);
    summary::write(&kept, &mut text).map_err(broken)?;
    let out = |wanted: &[Action]| -> u64 {
        let keys = summary.keys.iter().filter(|(key, _)| key.direction == Direction::Out);
        keys.filter(|(key, _)| wanted.contains(&key.action)).map(|(_, counts)| counts.span.count).sum()
    };
    let (delivered, delayed, failed) =
        (out(&[Action::Delivered, Action::Relayed]), out(&[Action::Delayed]), out(&[Action::Failed]));
    Ok(NightRow {
        started,
        period: summary.period,
        lines: summary.accounting.lines,
        attempts: delivered + delayed + failed,
        delivered,
        delayed,
        failed,
        messages: summary.totals.messages,
        recipients: summary.totals.recipients,
        incomplete: summary.inputs.iter().filter(|input| !input.complete).count() as u64,
        summary: Packed::of(&text).map_err(broken)?,
    })
}

/// What was answered, by day of this zone.
pub(super) fn codes(summary: &Summary, catalog: &Catalog, zone: &TimeZone) -> Vec<CodeRow> {
    let mut rows = Vec::new();
    let mut calendar = Calendar { zone, last: None };
    for (key, counts) in &summary.keys {
        let meaning = catalog.explain(&analysis::answer(key));
        let nature = Nature::of(key, &meaning);
        // Buckets come in order of time, so those of one day one after the other.
        let mut days: Vec<(Option<String>, u64)> = Vec::new();
        for (bucket, tries) in &counts.buckets {
            match days.last_mut() {
                Some((Some(_), count)) if bucket.is_some_and(|at| calendar.goes_on(at)) => {
                    *count += tries.count;
                }
                _ => days.push((bucket.and_then(|at| calendar.day(at)), tries.count)),
            }
        }
        rows.extend(days.into_iter().map(|(day, count)| CodeRow {
            day,
            direction: key.direction,
            provider: key.provider.clone(),
            action: key.action,
            code: key.code,
            marker: key.marker.clone(),
            category: meaning.category.to_owned(),
            enforcement: nature.enforcement,
            dead_address: nature.dead_address,
            policy: nature.policy,
            count,
        }));
    }
    rows
}

/// Tells days; one that was asked for a moment ago at once, since there are many buckets to a day.
struct Calendar<'z> {
    zone: &'z TimeZone,
    last: Option<(Range<Instant>, String)>,
}

impl Calendar<'_> {
    /// Whether it is still the day that was told last.
    fn goes_on(&self, at: Instant) -> bool {
        self.last.as_ref().is_some_and(|(range, _)| range.contains(&at))
    }

    fn day(&mut self, at: Instant) -> Option<String> {
        if let Some((range, day)) = &self.last
            && range.contains(&at)
        {
            return Some(day.clone());
        }
        let at = Timestamp::from_second(at).ok()?.to_zoned_datetime(self.zone.clone());
        let day = at.date().to_string();
        let (start, end) = (at.start_of_day().ok(), at.tomorrow().and_then(|next| next.start_of_day()).ok());
        let range = start.zip(end);
        self.last = range
            .map(|(start, end)| (start.timestamp().as_second()..end.timestamp().as_second(), day.clone()));
        Some(day)
    }
}

/// What stood out.
pub(super) fn findings(findings: &[Finding]) -> Vec<FindingRow> {
    let row = |finding: &Finding| FindingRow {
        kind: finding.kind.as_str(),
        severity: finding.severity.as_str(),
        provider: finding.provider.clone(),
        code: finding.code,
        marker: finding.marker.clone(),
        start: finding.start,
        end: finding.end,
        ongoing: finding.ongoing,
        events: finding.events,
        attempts: finding.attempts,
        title: finding.title.clone(),
    };
    findings.iter().map(row).collect()
}

/// A file that is gone before it was read to its end, as an input of which nothing was read.
pub(super) fn lost(known: &Known) -> Input {
    Input {
        name: known.name.clone(),
        bytes: 0,
        lines: 0,
        format: "unknown".to_owned(),
        years: None,
        complete: false,
        note: Some(format!(
            "is gone; what was written behind its first {} bytes is not counted",
            known.position
        )),
        fingerprint: format!("{:016x}", known.start.hash),
    }
}
