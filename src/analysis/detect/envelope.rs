//! Which borders can still be the last one.
//!
//! What a partition is worth that ends in a block from `i` to now is, as a function of that block's rate, what it was worth at `i`
//! plus the block's log likelihood at that rate. Of all borders only those matter whose function is the highest at *some* rate; as
//! every new cell adds the same function to all of them, what has once fallen below the others stays there. So it is enough
//! to keep the upper envelope, in pieces along the axis of rates (functional pruning: Maidstone, Hocking, Rigaill and Fearnhead 2017,
//! Statistics and Computing 27:519). It has some ten pieces where pruning by value would keep a thousand borders.
//!
//! Along the log odds x of the rate q, `-ln q` and `-ln(1 - q)` are convex, so every function is concave: one peak, two crossings.

use super::evidence::fitness;

/// Log odds beyond which no count can tell rates apart.
const END: f64 = 700.0;
/// Steps towards a crossing. From below, steps towards the crossing of a concave function never go too far.
const STEPS: usize = 40;

/// A point on the axis of rates.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Log odds.
    x: f64,
    /// The rate, and the rest to 1.
    q: f64,
    rest: f64,
    /// Minus their logarithms.
    u: f64,
    v: f64,
}

impl Point {
    fn at(x: f64) -> Point {
        // Of the smaller of the two the exponential is small and its logarithm exact.
        let small = (-x.abs()).exp();
        let (low, high) = (small / (1.0 + small), 1.0 / (1.0 + small));
        let near = small.ln_1p();
        if x < 0.0 {
            Point { x, q: low, rest: high, u: near - x, v: near }
        } else {
            Point { x, q: high, rest: low, u: near, v: near + x }
        }
    }
}

/// A border and the function that belongs to it.
#[derive(Clone, Copy, Debug)]
struct Border {
    /// Cells before it.
    at: usize,
    /// Events and other attempts before it.
    y: f64,
    z: f64,
    /// What the best partition up to it is worth.
    worth: f64,
}

/// Part of the axis, from `low` to the next piece's, where one border is the best.
#[derive(Clone, Copy, Debug)]
struct Piece {
    low: Point,
    border: Border,
}

/// The envelope.
#[derive(Debug)]
pub(super) struct Envelope {
    pieces: Vec<Piece>,
    /// The highest value of each of them since the last cell.
    peaks: Vec<f64>,
    /// The pieces after the next border.
    next: Vec<Piece>,
    /// Where the last piece ends.
    end: Point,
    /// Cells, events and other attempts so far.
    at: usize,
    y: f64,
    z: f64,
}

impl Envelope {
    /// One border, before everything.
    pub(super) fn new() -> Envelope {
        let border = Border { at: 0, y: 0.0, z: 0.0, worth: 0.0 };
        let pieces = vec![Piece { low: Point::at(-END), border }];
        Envelope { pieces, peaks: Vec::new(), next: Vec::new(), end: Point::at(END), at: 0, y: 0.0, z: 0.0 }
    }

    /// Adds a cell. Returns the best last border now, and what the partition is worth then, its last block not yet paid for.
    pub(super) fn extend(&mut self, y: f64, n: f64) -> (usize, f64) {
        self.at += 1;
        self.y += y;
        self.z += n - y;
        let mut best = (0, f64::NEG_INFINITY);
        let mut peaks = std::mem::take(&mut self.peaks);
        peaks.clear();
        for (at, piece) in self.pieces.iter().enumerate() {
            let most = self.most(&piece.border, &piece.low, &self.high(at));
            peaks.push(most);
            // Of equals the smallest.
            if most > best.1 || (most == best.1 && piece.border.at < best.0) {
                best = (piece.border.at, most);
            }
        }
        self.peaks = peaks;
        best
    }

    /// Makes the end of the cell that was added last a border.
    pub(super) fn open(&mut self, worth: f64) {
        let border = Border { at: self.at, y: self.y, z: self.z, worth };
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        let mut put = |low: Point, border: Border| {
            if next.last().is_none_or(|last: &Piece| last.border.at != border.at) {
                next.push(Piece { low, border });
            }
        };
        for (at, (piece, most)) in self.pieces.iter().zip(&self.peaks).enumerate() {
            let (low, high) = (piece.low, self.high(at));
            let old = piece.border;
            let (left, right) = (self.value(&old, &low), self.value(&old, &high));
            if left >= worth && right >= worth {
                put(low, old);
            } else if *most < worth {
                put(low, border);
            } else {
                if left < worth {
                    put(low, border);
                    put(self.crossing(&old, low, worth), old);
                } else {
                    put(low, old);
                }
                if right < worth {
                    put(self.crossing(&old, high, worth), border);
                }
            }
        }
        self.next = std::mem::replace(&mut self.pieces, next);
    }

    /// Where a piece ends.
    fn high(&self, piece: usize) -> Point {
        self.pieces.get(piece + 1).map_or(self.end, |next| next.low)
    }

    /// What a partition with this last border is worth at a rate.
    fn value(&self, border: &Border, point: &Point) -> f64 {
        border.worth - (self.y - border.y) * point.u - (self.z - border.z) * point.v
    }

    /// How that rises with the log odds.
    fn slope(&self, border: &Border, point: &Point) -> f64 {
        (self.y - border.y) * point.rest - (self.z - border.z) * point.q
    }

    /// The highest value between two points.
    fn most(&self, border: &Border, low: &Point, high: &Point) -> f64 {
        if self.slope(border, low) <= 0.0 {
            self.value(border, low)
        } else if self.slope(border, high) >= 0.0 {
            self.value(border, high)
        } else {
            let (y, z) = (self.y - border.y, self.z - border.z);
            border.worth + fitness(y, y + z)
        }
    }

    /// Where the function reaches `worth`, seen from a point below it.
    fn crossing(&self, border: &Border, from: Point, worth: f64) -> Point {
        let mut point = from;
        for _ in 0..STEPS {
            let missing = worth - self.value(border, &point);
            let step = missing / self.slope(border, &point);
            if missing <= 0.0 || !step.is_finite() || step.abs() < 1e-10 {
                break;
            }
            point = Point::at((point.x + step).clamp(-END, END));
        }
        point
    }
}
