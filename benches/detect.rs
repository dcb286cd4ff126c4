//! What detection costs: ten thousand keys over thirty days of minutes, on as many threads as asked.
//!
//! The counts are made up from a fixed seed: fifty providers with days, weeks and campaigns; two hundred codes each, some
//! with an incident. Bins are those the detector takes for thirty days. The windows found are counted, and
//! every round must find the same. Codes are as rare as in real logs of a week (half of them
//! in up to 20 bins, one in ten in more than 250).
//!
//! usage: detect [THREADS [KEYS]]

use std::sync::Arc;
use std::time::{Duration, Instant};

use smtpulse::analysis::detect::{self, Class, Count, Exposure, Grid, Key, Limits, Nature, Past, Series};
use smtpulse::smtp::EnhancedCode;

const ROUNDS: usize = 5;
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

fn keys(count: usize) -> Vec<Key> {
    let grid = Grid::covering(START, START + DAYS * 86_400 - 1).unwrap_or(Grid {
        start: START,
        width: 900,
        bins: 1,
    });
    let mut numbers = Numbers(1);
    let mut keys = Vec::new();
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
            let series = Series::new(grid, &exposure, events);
            keys.push(Key { provider, code: Some(code), nature, series, past: Past::default() });
        }
    }
    keys
}

/// Windows found, and how long it took.
fn round(keys: &[Key], threads: usize) -> (usize, Duration) {
    let limits = Limits::default();
    let start = Instant::now();
    let share = keys.len().div_ceil(threads.max(1));
    let verdicts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = keys
            .chunks(share.max(1))
            .map(|part| {
                scope.spawn(|| part.iter().map(|key| detect::windows(key, &limits)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    let found = detect::settle(keys, &verdicts, detect::Threshold::USUAL).len();
    (found, start.elapsed())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<usize> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let threads = words.first().copied().unwrap_or(2);
    let keys = keys(words.get(1).copied().unwrap_or(10_000));
    let mut times = Vec::new();
    let mut found = None;
    for _ in 0..ROUNDS {
        let (windows, time) = round(&keys, threads);
        if *found.get_or_insert(windows) != windows {
            return Err("the rounds differ in what they found".into());
        }
        times.push(time);
    }
    times.sort();
    println!(
        "detect: {} keys over {DAYS} days, {threads} threads: {:.0} ms (median of {ROUNDS}), {} findings",
        keys.len(),
        times[ROUNDS / 2].as_secs_f64() * 1e3,
        found.unwrap_or(0),
    );
    Ok(())
}
