//! Lines to events, by one worker, into a sink that does nothing: the price of understanding a line.

mod common;

use common::{Idle, Log, LogKind, parse};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

const MIB: u64 = 32;

fn parses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    for kind in LogKind::ALL {
        let log = Log::new(kind, MIB);
        let truth = &log.truth;
        let wanted = Idle { attempts: truth.attempts_out + truth.attempts_local, rejects: truth.rejects };
        assert_eq!(parse(&log), wanted, "{}", log.id());
        group.throughput(Throughput::Bytes(log.bytes));
        group.bench_function(BenchmarkId::from_parameter(log.id()), |bencher| bencher.iter(|| parse(&log)));
    }
}

criterion_group!(benches, parses);
criterion_main!(benches);
