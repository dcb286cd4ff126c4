//! What it costs to count over time.

use std::hint::black_box;

use serde_json::{Value, json};
use smtpulse::catalog::Catalog;
use smtpulse::mta::Event;
use smtpulse::scan;
use smtpulse::tally::{Gather, Line, Sink, Tally};

use crate::common::{Log, open, options};
use crate::{ROUNDS, median, timed};

/// A tally, and how it is told of stamps: `KEPT`, or not at all. Then everything lies in one bucket, the one for lines without a
/// stamp. Nothing else differs: stamps are read in both, since without them no period could be asked for.
struct Stamped<'c, const KEPT: bool>(Tally<'c>);

impl<const KEPT: bool> Sink for Stamped<'_, KEPT> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        let at = if KEPT { line.at } else { None };
        self.0.event(&Line { at, ..*line }, event);
    }

    fn source(&mut self, name: &str) {
        Sink::source(&mut self.0, name);
    }

    fn passed(&mut self, lines: u64) {
        self.0.passed(lines);
    }
}

impl<'c, const KEPT: bool> Gather for Stamped<'c, KEPT> {
    type Part = Stamped<'c, KEPT>;

    fn part(&self) -> Self::Part {
        Stamped(self.0.part())
    }

    fn source(&mut self, name: &str) {
        Gather::source(&mut self.0, name);
    }

    fn absorb(&mut self, next: Self::Part) -> Self::Part {
        Stamped(self.0.absorb(next.0))
    }
}

/// Scans by one worker; gives how many attempts were counted, in how many buckets, and the seconds.
fn scan<const KEPT: bool>(log: &Log, catalog: &Catalog) -> (u64, usize, f64) {
    let source = open(log);
    let (summary, time) = timed(|| {
        let mut total = Stamped::<KEPT>(Tally::new(catalog, true));
        let scanned = scan::gather(vec![source], &mut total, &options(1), &|_| ());
        black_box(scanned.expect("one log overlaps with nothing"));
        total.0.settle()
    });
    let counts = || summary.keys.values().flat_map(|counts| &counts.buckets);
    let starts: std::collections::BTreeSet<_> = counts().map(|(start, _)| start).collect();
    (counts().map(|(_, tries)| tries.count).sum(), starts.len(), time.as_secs_f64())
}

/// By how much a scan is slower that counts over time, for a log of the usual density (a day for each GiB), and for a
/// thin one of thirty days, where a chunk meets many more buckets.
pub(crate) fn share(mib: u64) -> Value {
    let catalog = Catalog::builtin();
    let mut rows = Vec::new();
    for (name, days) in [("postfix-usual-density", None), ("postfix-thirty-days", Some(30))] {
        let log = Log::with(name, |spec| {
            spec.bytes = mib << 20;
            spec.span = days.map(|days: i64| days * 86_400);
        });
        let wanted = log.truth.attempts_out + log.truth.attempts_local + log.truth.rejects;
        let (mut slower, mut buckets) = (Vec::new(), 0);
        // The first round only warms.
        for round in 0..=ROUNDS {
            // Who begins changes, so that neither always finds what the other left in the caches.
            let (kept, without) = if round % 2 == 0 {
                let kept = scan::<true>(&log, &catalog);
                (kept, scan::<false>(&log, &catalog))
            } else {
                let without = scan::<false>(&log, &catalog);
                (scan::<true>(&log, &catalog), without)
            };
            assert_eq!((kept.0, without.0, without.1), (wanted, wanted, 1), "attempts and refusals counted");
            buckets = kept.1;
            slower.extend((round > 0).then_some(kept.2 / without.2 - 1.0));
        }
        rows.push(
            json!({ "log": log.id(), "bytes": log.bytes, "buckets": buckets, "slower": median(slower) }),
        );
    }
    json!({ "slower": rows[0]["slower"], "logs": rows })
}
