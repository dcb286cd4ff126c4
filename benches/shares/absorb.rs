//! What cannot be shared among workers: putting their chunks together, and all that comes before and after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use smtpulse::catalog::Catalog;
use smtpulse::mta::Event;
use smtpulse::report::{self, Look, Report};
use smtpulse::tally::{Gather, Line, Sink, Tally};
use smtpulse::{analysis, scan};

use crate::common::{Log, check, open, options, threads};
use crate::{ROUNDS, median, timed};

/// A tally that takes the time of its parts and of putting them together.
struct Clocked<'c> {
    tally: Tally<'c>,
    absorbing: Duration,
    chunks: u64,
    /// Nanoseconds that workers have read, all together. Added to once for each chunk.
    reading: Arc<AtomicU64>,
}

/// A part knows since when it is read into.
struct Part<'c> {
    tally: Tally<'c>,
    since: Instant,
    reading: Arc<AtomicU64>,
}

impl Sink for Part<'_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        self.tally.event(line, event);
    }

    fn passed(&mut self, lines: u64) {
        self.tally.passed(lines);
        self.reading.fetch_add(self.since.elapsed().as_nanos() as u64, Ordering::Relaxed);
    }
}

impl<'c> Gather for Clocked<'c> {
    type Part = Part<'c>;

    fn part(&self) -> Part<'c> {
        Part { since: Instant::now(), tally: self.tally.part(), reading: self.reading.clone() }
    }

    fn source(&mut self, name: &str) {
        Gather::source(&mut self.tally, name);
    }

    fn absorb(&mut self, next: Part<'c>) -> Part<'c> {
        let (tally, time) = timed(|| self.tally.absorb(next.tally));
        self.absorbing += time;
        self.chunks += 1;
        // One thread alone reads the next chunk at once; of several, what they read is not asked.
        Part { since: Instant::now(), tally, ..next }
    }
}

/// Seconds of one way down the street.
struct Times {
    /// From the closed file to the finished page, and the file unmapped.
    whole: f64,
    /// Reading chunks, of all workers together.
    reading: f64,
    /// Absorbing and settling.
    absorbing: f64,
    /// Findings and page.
    telling: f64,
    chunks: u64,
}

fn street(log: &Log, catalog: &Catalog, threads: usize) -> Times {
    let start = Instant::now();
    let mut total = Clocked {
        tally: Tally::new(catalog, true),
        absorbing: Duration::ZERO,
        chunks: 0,
        reading: Arc::default(),
    };
    let scanned = scan::gather(vec![open(log)], &mut total, &options(threads), &|_| ());
    let mut summary = scanned.expect("one log overlaps with nothing").summary;
    let (absorbing, chunks) = (total.absorbing, total.chunks);
    let reading = Duration::from_nanos(total.reading.load(Ordering::Relaxed));
    let (merged, settling) = timed(|| summary.merge(total.tally.settle()));
    merged.expect("the counts have no inputs");
    let (page, telling) = timed(|| {
        let findings = analysis::findings(&summary, catalog);
        let options = report::Options { top: 10, tz: TimeZone::UTC, provider: None };
        let mut page = Vec::new();
        let report = Report::new(&summary, &findings, catalog, &options);
        report::text(&report, &mut page, &Look::default()).map(|()| page)
    });
    let whole = start.elapsed();
    assert!(!page.expect("memory takes every page").is_empty());
    check(&summary, &log.truth);
    Times {
        whole: whole.as_secs_f64(),
        reading: reading.as_secs_f64(),
        absorbing: (absorbing + settling).as_secs_f64(),
        telling: telling.as_secs_f64(),
        chunks,
    }
}

/// By threads: the share of the street that is absorbing and settling; with one thread also the share of all that only one
/// thread can do, and Amdahl's law on it.
pub(crate) fn share(chunks: u64) -> Value {
    let catalog = Catalog::builtin();
    let mut rows = Vec::new();
    for threads in threads() {
        let log = Log::with("postfix", |spec| spec.bytes = chunks * threads as u64 * scan::CHUNK as u64);
        let times: Vec<Times> = (0..ROUNDS).map(|_| street(&log, &catalog, threads)).collect();
        let of = |part: fn(&Times) -> f64| median(times.iter().map(part).collect());
        let mut row = json!({
            "threads": threads,
            "log": log.id(),
            "bytes": log.bytes,
            "chunks": times[0].chunks,
            "seconds": of(|times| times.whole),
            "absorb_share": of(|times| times.absorbing / times.whole),
            "tell_share": of(|times| times.telling / times.whole),
        });
        if threads == 1 {
            let serial = of(|times| 1.0 - times.reading / times.whole);
            row["serial_share"] = json!(serial);
            // G. Amdahl, AFIPS Spring Joint Computer Conference, 1967.
            let speedup = |cores: f64| 1.0 / (serial + (1.0 - serial) / cores);
            row["amdahl"] = [2, 4, 8, 16, 32, 64]
                .map(|cores| json!({ "cores": cores, "times_as_fast": speedup(f64::from(cores)) }))
                .into_iter()
                .collect();
        }
        rows.push(row);
    }
    json!({ "absorb_share": rows.last().map(|row| row["absorb_share"].clone()), "threads": rows })
}
