//! When connections arrive: more by day than by night, in bursts, and so many that the log gets its size in its span.

use super::random::{Random, mix};
use super::spec::Spec;
use super::stamp::SECOND;
use super::tide::Tide;

/// How busy a minute is within its hour; 100 is the mean.
const MINUTES: [u64; 16] = [55, 60, 65, 70, 72, 75, 80, 84, 88, 92, 96, 104, 116, 136, 174, 233];
/// The mean of each sixteenth of an exponential distribution of mean 1024.
const GAPS: [u64; 16] =
    [33, 99, 170, 247, 330, 421, 521, 631, 755, 896, 1_060, 1_257, 1_505, 1_841, 2_373, 4_245];

/// The arrivals of a log.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    next: i64,
    /// Seconds: the end of the span, and the hour the rate was last set in.
    end: i64,
    hour: i64,
    seed: u64,
    tide: Tide,
    /// Microseconds times weight of the whole span, for each arrival.
    weight_each: u128,
}

impl Arrivals {
    /// `count` arrivals over the span of a spec.
    pub(super) fn new(spec: &Spec, count: u64) -> Arrivals {
        let start = spec.start;
        let end = start + spec.span_seconds();
        let tide = Tide::new(spec);
        let weight = tide.between(start, end);
        Arrivals {
            next: start * SECOND,
            end,
            hour: start.div_euclid(3_600),
            seed: mix(spec.seed ^ 0xa2_217e),
            tide,
            weight_each: weight / u128::from(count.max(1)),
        }
    }

    /// Instant of the next arrival, in microseconds.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// The mailing that an arrival at this instant, in microseconds, may belong to: its number, and how many times the usual mail it
    /// brings.
    pub(super) fn mailing(&self, at: i64) -> Option<(u64, u64)> {
        self.tide.mailing(at.div_euclid(SECOND))
    }

    /// Sets the rate anew at the turn of an hour: the bytes that are left are spread over the time that is left.
    pub(super) fn adjust(&mut self, arrived: u64, bytes: u64, target: u64) {
        let second = self.next.div_euclid(SECOND);
        let hour = second.div_euclid(3_600);
        // What the first arrivals and the last hour tell is too little.
        if hour == self.hour || arrived < 500 || second + 3_600 > self.end || bytes >= target {
            return;
        }
        self.hour = hour;
        let left = u128::from(target - bytes) * u128::from(arrived) / u128::from(bytes.max(1));
        self.weight_each = self.tide.between(second, self.end) / left.max(1);
    }

    /// Goes on to the arrival after it.
    pub(super) fn advance(&mut self, random: &mut Random) {
        let second = self.next.div_euclid(SECOND);
        let minute = second.div_euclid(60).unsigned_abs();
        let busy = self.tide.at(second) * MINUTES[(mix(self.seed ^ minute) % 16) as usize];
        let gap = GAPS[random.below(16) as usize] * u64::from(512 + random.below(1_024));
        // Both factors are in 1024ths, the minute's in hundredths.
        let pause = self.weight_each * 100 * u128::from(gap) / (u128::from(busy) << 20);
        // Half a quiet hour at most: the weight of the hour after it is to be seen.
        self.next += (pause as i64).clamp(1, 1_800 * SECOND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_keep_the_mean() {
        assert_eq!(MINUTES.iter().sum::<u64>(), 1_600);
        assert!(GAPS.iter().sum::<u64>().abs_diff(16 * 1_024) < 16);
    }

    #[test]
    fn so_many_arrivals_fill_the_span() {
        for (span, count) in [(86_400, 100_000), (7_200, 50_000), (3 * 86_400, 40_000)] {
            let spec = Spec { span: Some(span), ..Spec::default() };
            let mut arrivals = Arrivals::new(&spec, count);
            let mut random = Random::new(5);
            for _ in 0..count {
                arrivals.advance(&mut random);
            }
            let taken = arrivals.next() / SECOND - spec.start;
            assert!((taken - span).abs() < span / 10, "{count} arrivals took {taken} of {span} seconds");
        }
    }
}
