//! The whole street, from a closed file to a finished page, by one worker to as many as there are processors.

mod common;

use common::{Log, LogKind, check, open, options, threads};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use smtpulse::catalog::Catalog;
use smtpulse::report::{self, Look, Report};
use smtpulse::summary::Summary;
use smtpulse::{analysis, scan};

const MIB: u64 = 64;

/// The summary, and the page as text.
fn street(log: &Log, catalog: &Catalog, threads: usize) -> (Summary, Vec<u8>) {
    let scanned = scan::scan(vec![open(log)], catalog, &options(threads), &|_| ());
    let summary = scanned.expect("one log overlaps with nothing").summary;
    let findings = analysis::findings(&summary, catalog);
    let options = report::Options { top: 10, tz: TimeZone::UTC, provider: None };
    let mut page = Vec::new();
    report::text(&Report::new(&summary, &findings, catalog, &options), &mut page, &Look::default())
        .expect("memory takes every page");
    (summary, page)
}

fn scans(criterion: &mut Criterion) {
    let catalog = Catalog::builtin();
    let mut group = criterion.benchmark_group("scan");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    for kind in [LogKind::PostfixRfc3339, LogKind::EximMain] {
        let log = Log::new(kind, MIB);
        let (summary, page) = street(&log, &catalog, 1);
        check(&summary, &log.truth);
        group.throughput(Throughput::Bytes(log.bytes));
        for threads in threads() {
            let found = street(&log, &catalog, threads);
            assert_eq!((&found.0, &found.1), (&summary, &page), "{threads} threads");
            group.bench_function(BenchmarkId::new(log.id(), format!("{threads}-threads")), |bencher| {
                bencher.iter(|| street(&log, &catalog, threads));
            });
        }
    }
}

criterion_group!(benches, scans);
criterion_main!(benches);
