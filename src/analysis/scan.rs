//! The scan statistic: which stretch of a series has more events than the rest, and how surely. Slices in,
//! numbers out; knows no codes and no providers.
//!
//! A cell holds `n` attempts (the exposure), `y` of which were events. Under the hypothesis "one rate all along" the
//! log-likelihood of the series is, up to a constant, `L(Y, N)`; with one rate inside a window and another outside
//! it is `L(y, n) + L(Y - y, N - n)`, where
//!
//! ```text
//! L(y, n) = y ln(y/n) + (n - y) ln((n - y)/n)        0 ln 0 = 0
//! ```
//!
//! The difference is the log-likelihood ratio of the Bernoulli model in M. Kulldorff, "A spatial scan statistic",
//! Communications in Statistics: Theory and Methods 26 (1997), 1481-1496; on a line the idea goes back to J. Naus,
//! "The distribution of the size of the maximum cluster of points on a line", JASA 60 (1965), 532-538. The window with
//! the greatest ratio is the one reported. A raw count is never tested: volume changes a hundredfold at a campaign start.
//!
//! The binomial form, not the Poisson one: where every attempt is refused, the Poisson form misses the onset.

use std::ops::Range;

/// More cells than this are joined in pairs first: the search looks at every pair of ends.
const MAX_CELLS: usize = 512;

/// Attempts and those of them that were events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) attempts: u64,
    pub(super) events: u64,
}

impl Cell {
    fn plus(self, other: Cell) -> Cell {
        Cell { attempts: self.attempts + other.attempts, events: self.events + other.events }
    }
}

/// A stretch of the series.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Which cells; the first and the last hold events.
    pub(super) cells: Range<usize>,
    /// What is in them.
    pub(super) inside: Cell,
    /// What is in all others.
    pub(super) outside: Cell,
    /// The log-likelihood ratio, in nats.
    pub(super) llr: f64,
}

/// The stretch in which the rate differs most surely, upwards, from the rest. `None` without events, or when no
/// stretch has a higher rate than the rest. Of equals, the earliest and shortest.
pub(super) fn likeliest_window(series: &[Cell]) -> Option<Window> {
    let cells = joined(series);
    let mut sums = vec![Cell::default()];
    for (_, cell) in &cells {
        let last = sums.last().copied().unwrap_or_default();
        sums.push(last.plus(*cell));
    }
    let all = sums.last().copied()?;
    let mut best: Option<(f64, usize, usize)> = None;
    // The best window begins and ends with events: leaving out an event-free end only makes it better.
    for from in (0..cells.len()).filter(|&i| cells[i].1.events > 0) {
        for to in (from..cells.len()).filter(|&i| cells[i].1.events > 0) {
            let inside = minus(sums[to + 1], sums[from]);
            let llr = log_likelihood_ratio(inside, minus(all, inside));
            if llr > best.map_or(0.0, |(llr, _, _)| llr) {
                best = Some((llr, from, to));
            }
        }
    }
    let (_, from, to) = best?;
    let joined = cells[from].0.start..cells[to].0.end;
    let holds_events = |&i: &usize| series[i].events > 0;
    let start = joined.clone().find(holds_events)?;
    let end = joined.rev().find(holds_events)? + 1;
    let inside = series[start..end].iter().fold(Cell::default(), |sum, cell| sum.plus(*cell));
    let outside = minus(all, inside);
    Some(Window { cells: start..end, inside, outside, llr: log_likelihood_ratio(inside, outside) })
}

/// Runs without events become one cell: an optimal end never lies inside one. What is still too much is joined in
/// pairs, which costs some sharpness of the ends on very long logs.
fn joined(series: &[Cell]) -> Vec<(Range<usize>, Cell)> {
    let mut cells: Vec<(Range<usize>, Cell)> = Vec::new();
    for (index, cell) in series.iter().enumerate() {
        match cells.last_mut() {
            Some((range, last)) if last.events == 0 && cell.events == 0 => {
                range.end = index + 1;
                *last = last.plus(*cell);
            }
            _ => cells.push((index..index + 1, *cell)),
        }
    }
    while cells.len() > MAX_CELLS {
        cells = cells
            .chunks(2)
            .map(|pair| match pair {
                [(a, left), (b, right)] => (a.start..b.end, left.plus(*right)),
                rest => rest[0].clone(),
            })
            .collect();
    }
    cells
}

fn minus(all: Cell, part: Cell) -> Cell {
    Cell { attempts: all.attempts - part.attempts, events: all.events - part.events }
}

/// How much better two rates explain the counts than one, in nats; 0 when the rate inside is not the higher one.
pub(super) fn log_likelihood_ratio(inside: Cell, outside: Cell) -> f64 {
    let wide = |a: u64, b: u64| u128::from(a) * u128::from(b);
    if wide(inside.events, outside.attempts) <= wide(outside.events, inside.attempts) {
        return 0.0;
    }
    let all = inside.plus(outside);
    (log_likelihood(inside) + log_likelihood(outside) - log_likelihood(all)).max(0.0)
}

fn log_likelihood(cell: Cell) -> f64 {
    let misses = cell.attempts.saturating_sub(cell.events);
    x_ln_x(cell.events) + x_ln_x(misses) - x_ln_x(cell.attempts)
}

fn x_ln_x(x: u64) -> f64 {
    if x == 0 { 0.0 } else { x as f64 * (x as f64).ln() }
}

/// What is believed about a rate before anything was counted: a Gamma distribution of this mean and shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prior {
    pub(super) mean: f64,
    pub(super) shape: f64,
}

impl Prior {
    /// The posterior mean of the rate (Gamma prior, Poisson counts): a floor above zero even where nothing was seen,
    /// so that the first event in little mail is no infinite rise. At most 0.9.
    pub(super) fn floor(self, seen: Cell) -> f64 {
        let weight = self.shape / self.mean;
        ((self.shape + seen.events as f64) / (weight + seen.attempts as f64)).min(0.9)
    }
}

/// Whether `after` attempts without an event are too few to tell that events at this rate have stopped: fewer than
/// three would have been expected, so none at all has a chance of more than 1 in 20 (the rule of three: J. Hanley and
/// A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983), 1743-1745).
pub(super) fn may_still_run(inside: Cell, after: u64) -> bool {
    inside.attempts > 0 && inside.events as f64 / inside.attempts as f64 * (after as f64) < 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(pairs: &[(u64, u64)]) -> Vec<Cell> {
        pairs.iter().map(|&(events, attempts)| Cell { attempts, events }).collect()
    }

    #[test]
    fn the_ratio_is_that_of_the_formula() {
        // 8 of 8 inside, 0 of 40 outside: L is 0 on both sides, so the ratio is -L(8, 48).
        let llr = log_likelihood_ratio(Cell { attempts: 8, events: 8 }, Cell { attempts: 40, events: 0 });
        let expected = -(8.0 * (8.0_f64 / 48.0).ln() + 40.0 * (40.0_f64 / 48.0).ln());
        assert!((llr - expected).abs() < 1e-9, "{llr} {expected}");
    }

    #[test]
    fn a_lower_rate_inside_is_no_evidence() {
        let low = Cell { attempts: 100, events: 1 };
        let high = Cell { attempts: 100, events: 50 };
        assert_eq!(log_likelihood_ratio(low, high), 0.0);
        assert!(log_likelihood_ratio(high, low) > 12.0);
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let mut cells = series(&[(0, 100); 20]);
        cells.extend(series(&[(30, 100); 7]));
        cells.extend(series(&[(0, 100); 5]));
        let window = likeliest_window(&cells).unwrap();
        assert_eq!(window.cells, 20..27);
        assert_eq!(window.inside, Cell { attempts: 700, events: 210 });
        assert_eq!(window.outside, Cell { attempts: 2500, events: 0 });
        assert!(window.llr > 100.0);
    }

    #[test]
    fn a_hundred_times_the_volume_at_one_rate_is_nothing() {
        let mut cells = series(&[(1, 100); 20]);
        cells.extend(series(&[(100, 10_000); 5]));
        assert_eq!(likeliest_window(&cells), None);
    }

    #[test]
    fn no_events_no_window_and_all_events_no_window() {
        assert_eq!(likeliest_window(&[]), None);
        assert_eq!(likeliest_window(&series(&[(0, 10), (0, 0), (0, 5)])), None);
        assert_eq!(likeliest_window(&series(&[(10, 10), (5, 5)])), None);
    }

    #[test]
    fn great_numbers_stay_finite() {
        let cells = series(&[(0, 1_000_000_000), (1_000_000_000, 1_000_000_000), (1, 1_000_000_000)]);
        let window = likeliest_window(&cells).unwrap();
        assert_eq!(window.cells, 1..2);
        assert!(window.llr.is_finite());
    }

    #[test]
    fn very_long_series_are_joined_and_still_found() {
        let mut cells = Vec::new();
        for i in 0..20_000u64 {
            cells.push(Cell { attempts: 50, events: if (12_000..13_000).contains(&i) { 20 } else { i % 2 } });
        }
        let window = likeliest_window(&cells).unwrap();
        assert!(window.cells.start.abs_diff(12_000) <= 64, "{:?}", window.cells);
        assert!(window.cells.end.abs_diff(13_000) <= 64, "{:?}", window.cells);
    }

    #[test]
    fn the_floor_is_the_posterior_mean() {
        let prior = Prior { mean: 1e-3, shape: 0.5 };
        assert!((prior.floor(Cell::default()) - 1e-3).abs() < 1e-12);
        let seen = Cell { attempts: 99_500, events: 99 };
        assert!((prior.floor(seen) - 99.5 / 100_000.0).abs() < 1e-12);
        assert_eq!(prior.floor(Cell { attempts: 1_000_000, events: 1_000_000 }), 0.9);
    }

    #[test]
    fn three_expected_and_none_seen_is_an_end() {
        let inside = Cell { attempts: 100, events: 30 };
        assert!(may_still_run(inside, 9));
        assert!(!may_still_run(inside, 10));
        assert!(may_still_run(inside, 0));
    }
}
