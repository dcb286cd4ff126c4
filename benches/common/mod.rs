//! What the benchmarks share: logs of known content, the ways to read them, and the check of the answer.

// Each benchmark is a crate of its own and takes its part of this.
#![allow(dead_code, unused_imports)]

mod check;
mod log;
mod refusals;

use std::hint::black_box;

use smtpulse::input::{self, Source};
use smtpulse::mta::{Event, Kind};
use smtpulse::scan::{self, Options, Period};
use smtpulse::smtp::Action;
use smtpulse::tally::{Line, Sink};
use smtpulse::time::Zone;

pub(crate) use check::check;
pub(crate) use log::{Kind as LogKind, Log};
pub(crate) use refusals::{Refusal, refusals};

/// How the logs are read: as the command line does it, in UTC.
pub(crate) fn options(threads: usize) -> Options {
    Options {
        threads,
        chunk: scan::CHUNK,
        zone: Zone::utc(),
        year: Some(2026),
        now: 1_780_000_000,
        period: Period::default(),
        join: true,
        clock: None,
    }
}

/// A log's file, opened and mapped.
pub(crate) fn open(log: &Log) -> Source {
    input::open(log.path(), true).expect("the benchmark's own file can be opened")
}

/// Numbers of workers from one to all processors, doubling.
pub(crate) fn threads() -> Vec<usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut numbers: Vec<usize> =
        std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < all).collect();
    numbers.push(all);
    numbers
}

/// A sink that does nothing with an event but count what the truth knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Idle {
    /// Lines that end an attempt.
    pub(crate) attempts: u64,
    /// Lines with which our own server refused somebody.
    pub(crate) rejects: u64,
}

impl Sink for Idle {
    fn event(&mut self, _: &Line<'_>, event: &Event<'_>) {
        // All of it has to be there, as for a sink that uses it.
        let Event::Outcome(outcome) = black_box(event) else { return };
        match (outcome.kind, outcome.action) {
            (Kind::Delivery, Some(_)) => self.attempts += 1,
            (Kind::Reject | Kind::Auth, Some(Action::Rejected)) => self.rejects += 1,
            _ => {}
        }
    }
}

/// Reads a log by one worker into nothing.
pub(crate) fn parse(log: &Log) -> Idle {
    let mut idle = Idle::default();
    scan::walk(vec![open(log)], &options(1), &mut idle);
    idle
}
