//! What detection costs: ten thousand keys over thirty days, by one thread to as many as there are processors.
//!
//! The counts are made up from a fixed seed: fifty providers with days, weeks and campaigns; two hundred codes each, some
//! with an incident. Bins are those the detector takes for thirty days. Codes are as rare as in real logs of a week (half
//! of them in up to 20 bins, one in ten in more than 250). Every number of threads must find the same.

mod common;

use std::sync::Arc;

use common::threads;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use smtpulse::analysis::detect::{self, Class, Count, Exposure, Grid, Key, Limits, Nature, Past, Series};
use smtpulse::smtp::EnhancedCode;
use xxhash_rust::xxh3::Xxh3Default;

/// Keys of the benchmark.
const KEYS: usize = 10_000;
const DAYS: i64 = 30;
const START: i64 = 1_772_323_200;
const CODES: usize = 200;

/// A fixed sequence of numbers (Marsaglia, Xorshift RNGs, J. Stat. Softw. 8:14, 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

fn code(number: usize) -> Option<EnhancedCode> {
    let number = number as u16;
    EnhancedCode::new(
        if number.is_multiple_of(2) { 5 } else { 4 },
        [1, 2, 7, 4][usize::from(number % 4)],
        number,
    )
}

/// The keys, and a hash of all their counts.
fn keys(count: usize) -> (Vec<Key>, u32) {
    let grid = Grid::covering(START, START + DAYS * 86_400 - 1).unwrap_or(Grid {
        start: START,
        width: 900,
        bins: 1,
    });
    let mut numbers = Numbers(1);
    let mut keys = Vec::new();
    let mut hash = Xxh3Default::new();
    while keys.len() < count {
        let provider = keys.len() / CODES;
        let volume = 1 + numbers.below(400);
        let minutes = (0..DAYS * 1_440).filter_map(|minute| {
            let by_day = if (420..1_260).contains(&(minute % 1_440)) { 8 } else { 1 };
            let all = numbers.below(volume * by_day / 8);
            let bin = grid.bin(START + minute * 60)?;
            (all > 0).then_some((bin, Count { all, retries: all / 20 }))
        });
        let minutes: Vec<(usize, Count)> = minutes.collect();
        // Which bin an attempt lies in, so that failures follow the mail.
        let bins: Vec<(u64, usize)> = minutes
            .iter()
            .scan(0, |sum, (bin, count)| {
                *sum += count.all;
                Some((*sum, *bin))
            })
            .collect();
        let attempts = bins.last().map_or(0, |(sum, _)| *sum);
        let exposure = Arc::new(Exposure::new(&grid, minutes));
        for number in 0..CODES.min(count - keys.len()) {
            // Most codes are rare: half of them come up to 20 times, one in ten more than 250 times.
            let size = 1 << numbers.below(9);
            let mut bin = || {
                let attempt = numbers.below(attempts);
                bins[bins.partition_point(|(sum, _)| *sum <= attempt)].1
            };
            let mut events: Vec<(usize, Count)> =
                (0..size + size / 2).map(|_| (bin(), Count { all: 1, retries: 0 })).collect();
            // One in a hundred runs into something for some hours.
            if number % 100 == 7 {
                let from = numbers.below(grid.bins as u64 - 20) as usize;
                events.extend((from..from + 12).map(|bin| (bin, Count { all: 40, retries: 4 })));
            }
            let Some(code) = code(number) else { continue };
            let nature =
                Nature { prior: Class::of(code).prior(), transient: code.class() == 4, enforcement: false };
            for (bin, count) in &events {
                hash.update(&[*bin as u64, count.all, count.retries].map(u64::to_le_bytes).concat());
            }
            let series = Series::new(grid, &exposure, events);
            keys.push(Key { provider, code: Some(code), nature, series, past: Past::default() });
        }
    }
    (keys, hash.digest() as u32)
}

/// How many findings there are.
fn detect(keys: &[Key], threads: usize) -> usize {
    let limits = Limits::default();
    let share = keys.len().div_ceil(threads).max(1);
    let verdicts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = keys
            .chunks(share)
            .map(|part| {
                scope.spawn(|| part.iter().map(|key| detect::windows(key, &limits)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    detect::settle(keys, &verdicts, detect::Threshold::USUAL).len()
}

fn detects(criterion: &mut Criterion) {
    let (keys, hash) = keys(KEYS);
    let found = detect(&keys, 1);
    assert!(found > 0, "there are incidents in it");
    let mut group = criterion.benchmark_group("detect");
    group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(KEYS as u64));
    for threads in threads() {
        assert_eq!(detect(&keys, threads), found, "{threads} threads");
        let id = BenchmarkId::new(format!("{KEYS}-keys-{hash:08x}"), format!("{threads}-threads"));
        group.bench_function(id, |bencher| bencher.iter(|| detect(&keys, threads)));
    }
}

criterion_group!(benches, detects);
criterion_main!(benches);
