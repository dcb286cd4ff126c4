//! Instructions of the whole program, counted by callgrind: one worker on a fixed log, and three lines for what starting costs.
//!
//! `scripts/bench --instructions` runs this and holds the counts against `instructions.json`.

// Written by gungraun's macros.
#![allow(missing_docs, unused_qualifications)]

mod common;

use std::fs;

use common::{Log, LogKind};
use gungraun::prelude::*;
use gungraun::{BinaryBenchmarkConfig, Callgrind, Command};

const MIB: u64 = 4;
/// Built by the script.
const SMTPULSE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../release/smtpulse");
const POSTFIX: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/instructions-postfix.log");
const EXIM: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/instructions-exim.log");
const THREE_LINES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/instructions-three-lines.log");

/// Puts a log where the program will find it.
fn write(path: &str) {
    let kind = if path == EXIM { LogKind::EximMain } else { LogKind::PostfixRfc3339 };
    let log = Log::new(kind, if path == THREE_LINES { 1 } else { MIB });
    let mut text = fs::read(log.path()).expect("the log was just written");
    if path == THREE_LINES {
        let end = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2);
        text.truncate(end.map_or(0, |(at, _)| at + 1));
    }
    fs::write(path, text).expect("the folder for temporary files can be written to");
}

#[binary_benchmark]
#[bench::postfix(args = (POSTFIX), setup = write(POSTFIX))]
#[bench::exim(args = (EXIM), setup = write(EXIM))]
#[bench::three_lines(args = (THREE_LINES), setup = write(THREE_LINES))]
fn report(path: &str) -> Command {
    Command::new(SMTPULSE).args(["report", "--tz", "UTC", "--year", "2026", "--threads", "1", path]).build()
}

binary_benchmark_group!(name = whole, benchmarks = report);

main!(
    config = BinaryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    binary_benchmark_groups = whole
);
