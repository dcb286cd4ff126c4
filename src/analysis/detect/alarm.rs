//! When a spike would first have been told by somebody who saw the log only up to then.

use super::window::{Kind, Window};
use super::{Key, Limits, windows};

/// The end of the earliest bin at which the log up to there already shows `window` with a score of at least `least`.
///
/// More of the log makes more of the evidence, so the time is looked for as in a sorted list: in growing steps, then by halves.
pub fn alarm(key: &Key, window: &Window, least: f64, limits: &Limits) -> Option<usize> {
    let end = window.bins.end;
    let raised = |bins: usize| {
        let key = Key { series: key.series.part(0..bins), past: key.past.clone(), ..*key };
        windows(&key, limits)
            .windows
            .iter()
            .any(|found| found.kind == Kind::Spike && found.score >= least && mostly_within(found, window))
    };
    let (mut quiet, mut step, mut next_step) = (window.bins.start, 1, 2);
    let mut loud = None;
    while quiet < end {
        let bins = (window.bins.start + step).min(end);
        if raised(bins) {
            loud = Some(bins);
            break;
        }
        quiet = bins;
        (step, next_step) = (next_step, step + next_step);
    }
    let mut loud = loud.or_else(|| {
        // The rest of the log may be what makes the floor.
        let all = key.series.grid().bins;
        (all > end && raised(all)).then_some(all)
    })?;
    while loud - quiet > 1 {
        let middle = quiet + (loud - quiet) / 2;
        if raised(middle) {
            loud = middle;
        } else {
            quiet = middle;
        }
    }
    Some(loud)
}

/// Whether at least half of a window lies in another.
fn mostly_within(found: &Window, window: &Window) -> bool {
    let start = found.bins.start.max(window.bins.start);
    let end = found.bins.end.min(window.bins.end);
    2 * end.saturating_sub(start) >= found.bins.len()
}
