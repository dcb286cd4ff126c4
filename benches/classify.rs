//! Replies to attributes: the words of all refusals of a log, read by the catalogue alone.

mod common;

use common::{Log, Refusal, refusals};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use smtpulse::catalog::{Catalog, Reader};

const MIB: u64 = 32;

/// Reads all, with a reader that remembers nothing yet; how many told something beside their codes.
fn read(catalog: &Catalog, refusals: &[Refusal]) -> usize {
    let mut reader = Reader::new(catalog);
    let marked =
        |refusal: &&Refusal| reader.read(refusal.provider, refusal.code, &refusal.words).marker.is_some();
    refusals.iter().filter(marked).count()
}

fn classifies(criterion: &mut Criterion) {
    let catalog = Catalog::builtin();
    let log = Log::with("postfix-10-percent-failures", |spec| spec.bytes = MIB << 20);
    let refusals = refusals(&log, &catalog);
    let marked = read(&catalog, &refusals);
    assert!(marked > refusals.len() / 10, "{marked} of {} refusals tell something", refusals.len());
    let mut group = criterion.benchmark_group("classify");
    group.throughput(Throughput::Bytes(refusals.iter().map(|refusal| refusal.words.len() as u64).sum()));
    group.bench_function(BenchmarkId::from_parameter(log.id()), |bencher| {
        bencher.iter(|| read(&catalog, &refusals));
    });
}

criterion_group!(benches, classifies);
criterion_main!(benches);
