//! How surely a window's rate lies above the floor, in nats.
//!
//! Both measures are large-deviation exponents of a gamma-mixed binomial or Poisson count: the floor's rate is itself uncertain
//! and moves from hour to hour. With a finite shape they *saturate* in the number of attempts, so a small change over a hundred
//! million mails stays small: what counts is how large it is against what this rate does anyway. The shape as heterogeneity is
//! that of the beta-binomial and negative binomial charts of Höhle 2010 and Noufaily et al. 2013; here without special functions,
//! so that one event and 10^9 events are equally exact.

/// `x ln(x / y)`, 0 where x is.
fn x_ln(x: f64, y: f64) -> f64 {
    if x > 0.0 { x * (x / y).ln() } else { 0.0 }
}

/// Log likelihood of `y` events in `n` attempts at their own rate (Scargle et al. 2013, with binomial counts: near a rate of
/// one, where every attempt is refused, the Poisson form misses onsets).
pub(super) fn fitness(y: f64, n: f64) -> f64 {
    if y <= 0.0 || y >= n {
        return 0.0;
    }
    let rate = y / n;
    y * rate.ln() + (n - y) * (-rate).ln_1p()
}

/// The exponent of "the rate of this window was drawn from a gamma distribution of mean `p` and shape `s`, then gave `y` events
/// in `n` attempts": the least, over the rates q between p and y/n, of
///
/// ```text
/// n KL(y/n || q) + s (q/p - 1 - ln(q/p))
/// ```
///
/// It is convex in q, and where its derivative is 0 is the smaller root of `(s/p) q^2 - (n + s + s/p) q + (y + s) = 0`.
pub(super) fn of_rate(y: f64, n: f64, p: f64, s: f64) -> f64 {
    if n <= 0.0 || y <= n * p {
        return 0.0;
    }
    let rate = (y / n).min(1.0);
    let y = rate * n;
    let (a, b, c) = (s / p, n + s + s / p, y + s);
    // The usual formula would take the difference of two numbers that are nearly equal.
    let root = 2.0 * c / (b + (b * b - 4.0 * a * c).max(0.0).sqrt());
    let q = root.clamp(p, rate);
    let divergence = if y < n { (n - y) * ((q - rate) / (1.0 - q)).ln_1p() } else { 0.0 };
    // (1 - rate) / (1 - q) = 1 + (q - rate) / (1 - q)
    let cost = x_ln(y, n * q) + divergence + s * (q / p - 1.0 - (q / p).ln());
    cost.max(0.0)
}

/// The same for bins: `m` of them had events where `mu` were expected.
pub(super) fn of_bins(m: f64, mu: f64, s: f64) -> f64 {
    if m <= mu || mu <= 0.0 {
        return 0.0;
    }
    (x_ln(m, mu) - x_ln(m + s, mu + s)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_that_moves_lets_evidence_saturate() {
        let at = |n: f64| of_rate(n * 2e-3, n, 1e-3, 8.0);
        assert!(at(1e4) < at(1e6));
        let limit = 8.0 * (1.0 - 2f64.ln());
        assert!((at(1e12) - limit).abs() < 1e-3 && at(1e12) < 3.0, "{}", at(1e12));
    }

    #[test]
    fn the_closed_form_is_the_least_of_a_fine_grid() {
        for (y, n, p, s) in
            [(10.0, 1e3, 1e-3, 2.0), (9.0, 10.0, 0.018, 1.5), (10.0, 10.0, 1e-3, 0.5), (3e3, 1e5, 1e-2, 12.0)]
        {
            let cost = |q: f64| {
                x_ln(y, n * q)
                    + if y < n { x_ln(n - y, n * (1.0 - q)) } else { 0.0 }
                    + s * (q / p - 1.0 - (q / p).ln())
            };
            let least = (0..=20_000)
                .map(|i| p + (y / n - p) * f64::from(i) / 20_000.0)
                .filter(|q| *q < 1.0)
                .map(cost)
                .fold(f64::INFINITY, f64::min);
            let found = of_rate(y, n, p, s);
            assert!(found <= least + 1e-9 && found >= least - 1e-4 * least, "{found} {least}");
        }
    }

    #[test]
    fn great_numbers_are_finite_and_nothing_is_zero() {
        for (y, n) in [(1.0, 1e9), (1e9, 1e9), (0.0, 0.0), (5.0, 0.0), (0.0, 7.0), (1e18, 1e18)] {
            for p in [1e-12, 1e-4, 0.9] {
                for s in [1e-3, 0.5, 1e9] {
                    assert!(of_rate(y, n, p, s).is_finite(), "{y} {n} {p} {s}");
                }
            }
        }
        assert_eq!(of_rate(20.0, 1000.0, 0.03, 3.0), 0.0);
        assert_eq!(of_bins(2.0, 3.0, 1.0), 0.0);
    }
}
