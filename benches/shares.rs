//! What a part of the work costs, as a share of the whole, both measured in the same run and in turns.
//!
//! ```text
//! shares classify [MIB]   the words of all refusals read again, alone, against the scan of their log; 10 % failures
//! shares time [MIB]       the scan against the same scan with every stamp taken away before it is counted
//! shares absorb [CHUNKS]  putting chunks together and settling, against all of the street; so many chunks for each thread
//! ```
//!
//! One worker, except for `absorb`. Answers are checked before anything is timed. Prints one JSON object.

mod common;
mod shares {
    pub(super) mod absorb;
    pub(super) mod classify;
    pub(super) mod time;
}

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Rounds; the medians count.
const ROUNDS: usize = 9;

/// The middle one.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// What a piece of work gives, and how long it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = work();
    (made, start.elapsed())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |usual: u64| words.get(1).map_or(Some(usual), |word| word.parse().ok());
    let told = match words.first().map(String::as_str) {
        Some("classify") => number(64).map(shares::classify::share),
        Some("time") => number(64).map(shares::time::share),
        Some("absorb") => number(64).map(shares::absorb::share),
        _ => None,
    };
    let Some(told) = told else {
        eprintln!("usage: shares classify|time|absorb [NUMBER]");
        return ExitCode::from(2);
    };
    println!("{told}");
    ExitCode::SUCCESS
}
