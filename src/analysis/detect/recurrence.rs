//! The same at the same time of other days: a nightly batch with a worse list, a job that mails a dead address at 03:10.

use std::ops::Range;

use super::series::Series;

/// Clock times are taken as equal within this.
const SLACK: i64 = 900;

/// Whether what happens in a window of a floor rate `p` happens at that clock time on other days as well.
pub(super) fn recurs(series: &Series, window: &Range<usize>, p: f64) -> bool {
    let (day, bins) = (series.grid().day(), series.grid().bins);
    if bins <= day || day < 4 {
        return false;
    }
    let slack = series.grid().spanning(SLACK);
    let n = series.attempts(window.clone()) as f64;
    let y = series.events(window.clone()) as f64;
    if window.len() * 2 <= day {
        on_other_days(series, window, (y, n, p), day, slack)
    } else {
        within_long(series, window, (y, n), day, slack)
    }
}

/// A short window: is there a good part of it a day later, a day earlier, and so on?
fn on_other_days(
    series: &Series,
    window: &Range<usize>,
    (y, n, p): (f64, f64, f64),
    day: usize,
    slack: usize,
) -> bool {
    let bins = series.grid().bins;
    let earlier = (1..).map_while(|days| {
        let end = (window.end + slack).checked_sub(days * day).filter(|end| *end > 0)?;
        Some((window.start).saturating_sub(days * day + slack)..end)
    });
    let later = (1..).map_while(|days| {
        let start = (window.start + days * day).saturating_sub(slack);
        (start < bins).then_some(start..(window.end + days * day + slack).min(bins))
    });
    let (mut days, mut repeats) = (0, 0);
    for shifted in earlier.chain(later) {
        let attempts = series.attempts(shifted.clone()) as f64;
        if attempts > 0.0 {
            let events = series.events(shifted) as f64;
            days += 1;
            repeats += usize::from(
                events >= 0.4 * y * (attempts / n).min(1.0) && events >= 2.5 * attempts * p + 2.0,
            );
        }
    }
    let brief = window.len() <= slack;
    repeats >= 1 && (brief || repeats as f64 >= 0.34 * f64::from(days))
}

/// A long window: is it really a short one that comes back every day?
fn within_long(series: &Series, window: &Range<usize>, (y, n): (f64, f64), day: usize, slack: usize) -> bool {
    let mut by_clock = vec![0.0; day];
    for event in series.event_bins_in(window.clone()) {
        by_clock[event.bin % day] += event.first as f64;
    }
    let width = (2 * slack + 1).min(day);
    let mut inside: f64 = by_clock[..width].iter().sum();
    let (mut most, mut best) = (inside, 0);
    for start in 1..day {
        inside += by_clock[(start + width - 1) % day] - by_clock[start - 1];
        if inside > most {
            (most, best) = (inside, start);
        }
    }
    let attempts: f64 = window
        .clone()
        .filter(|bin| (bin + day - best) % day < width)
        .map(|bin| series.attempts_at(bin) as f64)
        .sum();
    let expected = (n - attempts) * most / attempts.max(1.0);
    most >= 0.8 * y && expected >= 5.0 && y - most <= 0.2 * expected
}
