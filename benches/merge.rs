//! Summaries of several hosts into one.

mod common;

use std::sync::Arc;

use common::{Log, check, open, options};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use smtpulse::catalog::Catalog;
use smtpulse::scan;
use smtpulse::summary::{self, Summary};

const HOSTS: u64 = 8;
const MIB: u64 = 4;

fn merged(summaries: Vec<Summary>) -> Summary {
    let mut total = Summary::default();
    for summary in summaries {
        total.merge(summary).expect("each host has a log of its own");
    }
    total
}

fn merges(criterion: &mut Criterion) {
    let catalog = Catalog::builtin();
    let (mut summaries, mut wire, mut attempts) = (Vec::new(), Vec::new(), 0);
    for seed in 1..=HOSTS {
        let log = Log::with("host", |spec| (spec.seed, spec.bytes) = (seed, MIB << 20));
        let scanned = scan::scan(vec![open(&log)], &catalog, &options(1), &|_| ());
        let mut summary = scanned.expect("one log overlaps with nothing").summary;
        check(&summary, &log.truth);
        // The name of a temporary file is another one each time, and the hash below is to stay the same.
        summary.inputs.iter_mut().for_each(|input| input.name = format!("host{seed}"));
        for refusals in
            summary.keys.values_mut().flat_map(|counts| Arc::make_mut(counts).refusals.values_mut())
        {
            Arc::make_mut(&mut refusals.lines)
                .iter_mut()
                .for_each(|shown| shown.input = format!("host{seed}").into());
        }
        summary::write(&summary, &mut wire).expect("memory takes every summary");
        attempts += log.truth.attempts_out + log.truth.attempts_local;
        summaries.push(summary);
    }
    assert_eq!(merged(summaries.clone()).accounting.attempts, attempts);
    let mut group = criterion.benchmark_group("merge");
    group.throughput(Throughput::Bytes(wire.len() as u64)).sample_size(20);
    let id = format!("{HOSTS}-hosts-{:08x}", xxhash_rust::xxh3::xxh3_64(&wire) as u32);
    group.bench_function(BenchmarkId::from_parameter(id), |bencher| {
        bencher.iter_batched(|| summaries.clone(), merged, BatchSize::LargeInput);
    });
}

criterion_group!(benches, merges);
criterion_main!(benches);
