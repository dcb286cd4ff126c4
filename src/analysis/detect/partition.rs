//! From bins to blocks of one rate each.
//!
//! The partition of least cost in the manner of the Bayesian blocks of Scargle et al. 2013 (ApJ 764:167), with a binomial fitness,
//! found by dynamic programming over the last border (Killick, Fearnhead and Eckley 2012, JASA 107:1590), kept small by an `envelope`.

use std::ops::Range;

use super::envelope::Envelope;
use super::series::Series;

/// Neighbouring bins that are never told apart: one bin with events, or a stretch without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its bins, from the first to the last with attempts.
    pub(super) bins: Range<usize>,
    /// Events.
    pub(super) y: u64,
    /// Attempts.
    pub(super) n: u64,
}

impl Cell {
    /// This one and the one behind it.
    fn joined(&self, next: &Cell) -> Cell {
        Cell {
            bins: self.bins.start..next.bins.end,
            y: self.y.saturating_add(next.y),
            n: self.n.saturating_add(next.n),
        }
    }

    /// How long it is, in bins.
    pub(super) fn duration(&self) -> usize {
        self.bins.len()
    }

    /// Share of attempts with an event.
    pub(super) fn rate(&self) -> f64 {
        if self.n > 0 { self.y as f64 / self.n as f64 } else { 0.0 }
    }
}

/// The cells of a series, at most `most`. An optimal border never lies inside a stretch without events, so nothing is lost
/// by taking it as one cell; only where there are too many, neighbours are joined.
pub(super) fn cells(series: &Series, most: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut from = 0;
    let ends = std::iter::once((series.grid().bins, 0));
    for (bin, y) in series.event_bins().map(|event| (event.bin, event.first)).chain(ends) {
        cells.extend(quiet(series, from..bin));
        if y > 0 {
            cells.push(Cell { bins: bin..bin + 1, y, n: series.attempts_at(bin) });
        }
        from = bin + 1;
    }
    while cells.len() > most.max(1) {
        cells = cells
            .chunks(2)
            .map(|pair| match pair {
                [one, two] => one.joined(two),
                _ => pair[0].clone(),
            })
            .collect();
    }
    cells
}

/// A stretch without events, as far as it has attempts.
fn quiet(series: &Series, bins: Range<usize>) -> Option<Cell> {
    let mut busy = bins.clone().filter(|bin| series.attempts_at(*bin) > 0);
    let first = busy.next()?;
    let last = bins.rev().find(|bin| series.attempts_at(*bin) > 0)?;
    Some(Cell { bins: first..last + 1, y: 0, n: series.attempts(first..last + 1) })
}

/// The blocks that make the most of fitness less `penalty` for each of them. Of equal partitions, the one whose last block is longest.
pub(super) fn blocks(cells: &[Cell], penalty: f64) -> Vec<Cell> {
    let mut starts = starts(cells, penalty);
    starts.push(cells.len());
    starts
        .windows(2)
        .filter_map(|ends| {
            let (first, rest) = cells[ends[0]..ends[1]].split_first()?;
            Some(rest.iter().fold(first.clone(), |block, cell| block.joined(cell)))
        })
        .collect()
}

/// Where the blocks of the best partition begin.
fn starts(cells: &[Cell], penalty: f64) -> Vec<usize> {
    let mut envelope = Envelope::new();
    let mut last = Vec::with_capacity(cells.len());
    for cell in cells {
        let (owner, most) = envelope.extend(cell.y as f64, cell.n as f64);
        last.push(owner);
        envelope.open(most - penalty);
    }
    let mut starts = Vec::new();
    let mut end = cells.len();
    while end > 0 {
        end = last[end - 1];
        starts.push(end);
    }
    starts.reverse();
    starts
}
