//! One log read night by night, each judged with what the nights before it left: what a nightly job would have said.

use std::ops::Range;

use super::carry::{Past, joined};
use super::grid::{DAY, Grid};
use super::log::{Finding, Key, Threshold, settle, tried};
use super::series::Series;
use super::window::Kind;
use super::{Limits, alarm, windows};

/// The findings of all nights; those that go on from one night to the next are one. Cut at midnight, UTC.
///
/// With `alarms`, also when each would first have been told.
pub fn nightly(keys: &[Key], threshold: Threshold, limits: &Limits, alarms: bool) -> Vec<Finding> {
    let Some(first) = keys.first() else { return Vec::new() };
    let mut pasts: Vec<Past> = keys.iter().map(|key| key.past.clone()).collect();
    let mut all = Vec::new();
    for bins in nights(first.series.grid()) {
        let series = Series::parts(keys.iter().map(|key| &key.series), &bins);
        let tonight: Vec<Key> = keys
            .iter()
            .zip(series)
            .zip(pasts)
            .map(|((key, series), past)| Key {
                provider: key.provider,
                code: key.code,
                nature: key.nature,
                series,
                past,
            })
            .collect();
        let verdicts: Vec<_> = tonight.iter().map(|key| windows(key, limits)).collect();
        let mut findings = settle(&tonight, &verdicts, threshold);
        pasts = tonight
            .iter()
            .zip(&verdicts)
            .enumerate()
            .map(|(at, (key, verdict))| {
                let own = findings.iter().filter(|finding| finding.key == at);
                key.past.after(key, verdict, own.map(|finding| &finding.window))
            })
            .collect();
        for finding in &mut findings {
            let key = &tonight[finding.key];
            if alarms && finding.window.kind == Kind::Spike {
                let least = threshold.alone(tried(&tonight)).max(limits.min_score);
                finding.alarm = alarm(key, &finding.window, least, limits).map(|bin| bin + bins.start);
            }
            if finding.window.kind == Kind::Spike
                && key.past.accepted(key.series.grid(), &finding.window).is_some()
            {
                finding.window.kind = Kind::Level;
            }
            finding.window.bins =
                finding.window.bins.start + bins.start..finding.window.bins.end + bins.start;
        }
        all.extend(findings);
    }
    join(first.series.grid(), all)
}

/// The bins of each night.
fn nights(grid: &Grid) -> Vec<Range<usize>> {
    let day = |bin: usize| grid.instant(bin).div_euclid(DAY);
    let mut nights: Vec<Range<usize>> = Vec::new();
    for bin in 0..grid.bins {
        match nights.last_mut() {
            Some(night) if day(night.start) == day(bin) => night.end = bin + 1,
            _ => nights.push(bin..bin + 1),
        }
    }
    nights
}

/// Joins what one night began and the next went on with.
fn join(grid: &Grid, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.key, finding.window.kind, finding.window.bins.start));
    let span = |bins: &Range<usize>| grid.instant(bins.start)..grid.instant(bins.end);
    findings.dedup_by(|next, kept| {
        let (one, two) = (&mut kept.window, &next.window);
        let same = (kept.key, one.kind) == (next.key, two.kind)
            && one.kind != Kind::Recurring
            && joined(grid.width, &span(&one.bins), &span(&two.bins));
        if same {
            one.bins.end = one.bins.end.max(two.bins.end);
            one.score = one.score.max(two.score);
            one.events += two.events;
            one.attempts += two.attempts;
            one.ongoing = two.ongoing;
            kept.alarm = kept.alarm.or(next.alarm);
        }
        same
    });
    findings.sort_by_key(|finding| (finding.key, finding.window.bins.start));
    findings
}
