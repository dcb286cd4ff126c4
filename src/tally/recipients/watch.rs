//! Watches for outages: very many refusals in a short time, with nothing delivered in between.
//!
//! A *run* is a stretch of hits without a delivery. When enough different ones are hit within the window, the run is an
//! outage, from its first hit until it is over, which is when deliveries say so: one delivery clears a domain's watch; in
//! the resolver's, each takes back one hit, so that a usual share of bad domains among good ones never adds up.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// When refusals are taken for an outage. Whole numbers of the rule, since it must be followed as the log goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// How many different ones must be hit; 0 for never.
    pub hits: usize,
    /// Within how many seconds.
    pub seconds: i64,
}

impl Default for Care {
    fn default() -> Care {
        Care { hits: 10, seconds: 600 }
    }
}

/// The number of a run within its watch.
pub(super) type Run = u32;

/// Watches one domain, or the resolver.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Watch {
    run: Run,
    /// Whom the run hit within the window, by hash, and when last.
    hits: Vec<(u64, Instant)>,
    /// The latest stamp of the run: lines of several writers go back and forth by some seconds.
    latest: Instant,
    down: bool,
    /// Earlier runs that were outages, in their order.
    outages: Vec<Run>,
}

impl Watch {
    pub(super) fn new() -> Watch {
        Watch { run: 0, hits: Vec::new(), latest: Instant::MIN, down: false, outages: Vec::new() }
    }

    /// Somebody was refused. Gives the run it belongs to. A refusal without a stamp may be near to any other.
    pub(super) fn hit(&mut self, care: Care, who: u64, at: Option<Instant>) -> Run {
        if care.hits > 0 {
            self.latest = at.map_or(self.latest, |at| self.latest.max(at));
            let since = self.latest.saturating_sub(care.seconds);
            self.hits.retain(|(other, last)| *last >= since && *other != who);
            self.hits.push((who, at.unwrap_or(Instant::MAX)));
            if self.hits.len() >= care.hits {
                self.down = true;
                // More of them would not make it more of an outage.
                self.hits.drain(..self.hits.len() - care.hits);
            }
        }
        self.run
    }

    /// Something was delivered, enough to take back so many hits.
    pub(super) fn delivery(&mut self, takes: usize) {
        if self.hits.is_empty() {
            return;
        }
        self.hits.drain(..takes.min(self.hits.len()));
        if self.hits.is_empty() {
            if self.down {
                self.outages.push(self.run);
            }
            *self = Watch { run: self.run + 1, outages: std::mem::take(&mut self.outages), ..Watch::new() };
        }
    }

    /// Whether nothing is open: a new watch would do as well.
    pub(super) fn is_idle(&self) -> bool {
        self.hits.is_empty()
    }

    /// Whether a run goes on.
    pub(super) fn is_open(&self, run: Run) -> bool {
        run == self.run
    }

    /// Whether a run is an outage, as far as it was seen.
    pub(super) fn is_outage(&self, run: Run) -> bool {
        if self.is_open(run) { self.down } else { self.outages.binary_search(&run).is_ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARE: Care = Care { hits: 3, seconds: 60 };

    fn hit(watch: &mut Watch, who: u64, at: Instant) -> Run {
        watch.hit(CARE, who, Some(at))
    }

    #[test]
    fn many_within_the_window_are_an_outage_until_a_delivery() {
        let mut watch = Watch::new();
        let run = hit(&mut watch, 1, 0);
        hit(&mut watch, 2, 10);
        hit(&mut watch, 2, 11);
        assert!(!watch.is_outage(run), "two are not three");
        hit(&mut watch, 3, 60);
        assert!(watch.is_outage(run));
        assert_eq!(hit(&mut watch, 4, 100_000), run, "it goes on until something is delivered");
        watch.delivery(usize::MAX);
        assert!(watch.is_outage(run) && !watch.is_open(run));
        let next = hit(&mut watch, 5, 100_001);
        assert!(next != run && !watch.is_outage(next));
    }

    #[test]
    fn slow_ones_and_ones_among_deliveries_are_none() {
        let mut watch = Watch::new();
        for who in 0..9 {
            let run = hit(&mut watch, who, who as Instant * 40);
            assert!(!watch.is_outage(run), "{who}");
        }
        let mut watch = Watch::new();
        for who in 0..9 {
            let run = hit(&mut watch, who, 0);
            watch.delivery(1);
            assert!(!watch.is_outage(run), "{who}");
        }
    }

    #[test]
    fn single_deliveries_take_back_single_hits() {
        let mut watch = Watch::new();
        for who in 0..5 {
            hit(&mut watch, who, 0);
        }
        watch.delivery(1);
        watch.delivery(1);
        assert!(watch.is_open(0) && watch.is_outage(0));
        watch.delivery(1);
        assert!(!watch.is_open(0) && watch.is_outage(0));
    }

    #[test]
    fn no_care_is_no_outage() {
        let mut watch = Watch::new();
        for who in 0..50 {
            let run = watch.hit(Care { hits: 0, ..CARE }, who, Some(0));
            assert!(!watch.is_outage(run));
        }
    }

    #[test]
    fn refusals_without_a_stamp_count_as_near() {
        let mut watch = Watch::new();
        watch.hit(CARE, 1, None);
        watch.hit(CARE, 2, Some(100_000));
        watch.hit(CARE, 3, None);
        assert!(watch.is_outage(0));
    }
}
