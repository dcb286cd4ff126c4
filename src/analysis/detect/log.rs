//! All keys of one log together: what moved from one code to another, which spikes are more than the luck of many tries,
//! and which enforcement codes run high throughout.

use super::carry::Past;
use super::window::{Kind, Shape, Window};
use super::{Nature, Series, Verdict};
use crate::smtp::EnhancedCode;

/// One key of a log.
#[derive(Clone, Debug)]
pub struct Key {
    /// Which provider, as any number that is the same for its keys.
    pub provider: usize,
    /// The enhanced code; codes without one have no siblings.
    pub code: Option<EnhancedCode>,
    /// What is known of it.
    pub nature: Nature,
    /// Its counts.
    pub series: Series,
    /// What earlier logs told; nothing, where this is the first.
    pub past: Past,
}

/// Which spikes are alerts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// At most this share of them false, over the keys of a log (Benjamini and Hochberg 1995, JRSS B 57:289).
    FalseDiscovery(f64),
    /// All from this score on.
    Score(f64),
}

impl Threshold {
    /// One in two hundred.
    pub const USUAL: Threshold = Threshold::FalseDiscovery(5e-3);
    /// For those who would rather miss something than be woken for nothing.
    pub const STRICT: Threshold = Threshold::Score(10.0);

    /// The least score that is an alert whatever else the log holds.
    pub fn alone(self, keys: usize) -> f64 {
        match self {
            Threshold::FalseDiscovery(share) => (keys.max(1) as f64 / share).log10(),
            Threshold::Score(score) => score,
        }
    }
}

/// A window and what the rest of the log says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which of the keys.
    pub key: usize,
    /// The window.
    pub window: Window,
    /// The key whose loss this is (a shift), or whose deferrals this was before (an escalation).
    pub from: Option<usize>,
    /// For spikes, the end of the bin at which it would have been told. Filled in by [`nightly`](super::nightly) and by who
    /// asks [`alarm`](super::alarm).
    pub alarm: Option<usize>,
    /// For spikes, minus log10 of the share of false ones among all that score as high.
    pub certainty: Option<f64>,
}

/// How many keys had any event: as often a spike might have been seen by chance.
pub fn tried(keys: &[Key]) -> usize {
    keys.iter().filter(|key| key.series.has_events()).count()
}

/// What stands in a log, by key and start. `verdicts` belong to `keys`, in their order.
pub fn settle(keys: &[Key], verdicts: &[Verdict], threshold: Threshold) -> Vec<Finding> {
    let levels: Vec<Option<Window>> =
        keys.iter().zip(verdicts).map(|(key, verdict)| level(key, verdict)).collect();
    let mut findings: Vec<Finding> = verdicts
        .iter()
        .enumerate()
        .flat_map(|(key, verdict)| {
            verdict.windows.iter().map(move |window| Finding {
                key,
                window: window.clone(),
                from: None,
                certainty: None,
                alarm: None,
            })
        })
        .collect();
    shifts(keys, &mut findings);
    // A spike stands against a level even when it is too weak to be told.
    let taken: Vec<usize> = findings
        .iter()
        .filter(|finding| matches!(finding.window.kind, Kind::Spike | Kind::Shift))
        .map(|finding| finding.key)
        .collect();
    discover(tried(keys), &mut findings, threshold);
    escalations(keys, &mut findings);
    findings.extend(levels.into_iter().enumerate().filter_map(|(key, window)| {
        let window = window.filter(|_| !taken.contains(&key))?;
        Some(Finding { key, window, from: None, certainty: None, alarm: None })
    }));
    findings.sort_by_key(|finding| (finding.key, finding.window.bins.start));
    findings
}

/// Turns spikes that are another code's loss into shifts, and takes away the end of the old code.
fn shifts(keys: &[Key], findings: &mut Vec<Finding>) {
    let mut old_sides = Vec::new();
    for finding in findings.iter_mut() {
        let window = &finding.window;
        if window.kind != Kind::Spike {
            continue;
        }
        let mut best: Option<(f64, usize)> = None;
        for sibling in siblings(keys, finding.key) {
            if let Some(statistic) = moved(&keys[sibling], &keys[finding.key], window)
                && best.is_none_or(|(most, _)| statistic > most)
            {
                best = Some((statistic, sibling));
            }
        }
        if let Some((_, sibling)) = best {
            old_sides.push((sibling, window.bins.start));
            finding.window.kind = Kind::Shift;
            finding.from = Some(sibling);
        }
    }
    findings.retain(|finding| {
        let bins = &finding.window.bins;
        let near = (bins.len() as f64 * 0.15).max(3.0);
        finding.window.kind != Kind::Spike
            || !old_sides
                .iter()
                .any(|(key, start)| *key == finding.key && bins.end.abs_diff(*start) as f64 <= near)
    });
}

/// Keys of the same provider, class and subject.
fn siblings<'k>(keys: &'k [Key], of: usize) -> impl Iterator<Item = usize> + 'k {
    let family = |key: &Key| key.code.map(|code| (key.provider, code.class(), code.subject_number()));
    let wanted = family(&keys[of]);
    (0..keys.len()).filter(move |at| *at != of && wanted.is_some() && family(&keys[*at]) == wanted)
}

/// How surely the excess of `new` in a window is the loss of `old`; `None` if it is not.
fn moved(old: &Key, new: &Key, window: &Window) -> Option<f64> {
    // A window that begins with the log has only the record before it.
    let weight = if window.bins.start == 0 { 1.0 } else { 0.0 };
    let events = |key: &Key| {
        let before = key.series.events(0..window.bins.start) as f64 + weight * key.past.record.events;
        (before, key.series.events(window.bins.clone()) as f64)
    };
    let (a0, aw) = events(old);
    let (b0, bw) = events(new);
    let n0 = new.series.attempts(0..window.bins.start) as f64 + weight * new.past.record.attempts;
    let nw = new.series.attempts(window.bins.clone()) as f64;
    if a0 < 8.0 || n0 <= 0.0 || nw <= 0.0 {
        return None;
    }
    let expected = nw * a0 / n0;
    let drop = expected - aw;
    let statistic = drop + if aw > 0.0 { aw * (aw / expected).ln() } else { 0.0 };
    let together = ((aw + bw) / nw) / ((a0 + b0) / n0);
    let same = drop >= 0.45 * (bw - nw * window.floor)
        && aw <= 0.65 * expected
        && statistic >= 6.0
        && (0.5..=2.2).contains(&together);
    same.then_some(statistic)
}

/// Takes away the spikes that so many keys would show by chance.
fn discover(keys: usize, findings: &mut Vec<Finding>, threshold: Threshold) {
    let spike = |finding: &Finding| finding.window.kind == Kind::Spike;
    let mut scores: Vec<f64> = findings.iter().filter(|f| spike(f)).map(|f| f.window.score).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    // Of the i highest at most share * i are false if the i-th scores this much.
    let needed = |rank: usize| threshold.alone(keys) - (rank as f64).log10();
    let least = match threshold {
        Threshold::Score(score) => score,
        Threshold::FalseDiscovery(_) => scores
            .iter()
            .zip(1..)
            .filter(|(score, rank)| **score >= needed(*rank))
            .last()
            .map_or(f64::INFINITY, |(score, _)| *score),
    };
    findings.retain(|finding| !spike(finding) || finding.window.score >= least);
    for finding in findings.iter_mut().filter(|finding| spike(finding)) {
        let rank = scores.partition_point(|score| *score >= finding.window.score);
        let many = keys.max(1) as f64 / rank.max(1) as f64;
        finding.certainty = Some(finding.window.score - many.log10());
    }
}

/// How long a deferral may warn of a rejection.
const WARNING: i64 = 7 * super::DAY;

/// Links a spike of 5.7.x to one of 4.7.x that began before it with the same last part: the receiver no longer only warns.
fn escalations(keys: &[Key], findings: &mut [Finding]) {
    let spikes: Vec<(usize, usize)> = findings
        .iter()
        .filter(|finding| finding.window.kind == Kind::Spike)
        .map(|finding| (finding.key, finding.window.bins.start))
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.window.kind == Kind::Spike) {
        let key = &keys[finding.key];
        let Some(code) = key.code.filter(|code| code.class() == 5 && code.subject_number() == 7) else {
            continue;
        };
        let start = finding.window.bins.start;
        finding.from = spikes
            .iter()
            .filter(|(other, began)| {
                let warned = keys[*other].code.is_some_and(|warning| {
                    (warning.class(), warning.subject_number(), warning.detail()) == (4, 7, code.detail())
                });
                let ago = key.series.grid().instant(start) - key.series.grid().instant(*began);
                warned && keys[*other].provider == key.provider && (0..=WARNING).contains(&ago)
            })
            .max_by_key(|(_, began)| *began)
            .map(|(other, _)| *other);
    }
}

/// An enforcement code that runs high throughout.
fn level(key: &Key, verdict: &Verdict) -> Option<Window> {
    let floor = verdict.floor.as_ref()?;
    let sure = (floor.y - 2.0 * floor.y.sqrt()) / floor.n;
    if !key.nature.enforcement || floor.y < 15.0 || sure < 0.002 {
        return None;
    }
    let mut events = key.series.event_bins();
    let first = events.next()?.bin;
    let last = events.next_back().map_or(first, |event| event.bin);
    Some(Window {
        bins: first..last + 1,
        kind: Kind::Level,
        score: 0.0,
        events: floor.y,
        attempts: floor.n,
        floor: floor.rate,
        shape: Shape::Step,
        from_start: true,
        ongoing: true,
    })
}
