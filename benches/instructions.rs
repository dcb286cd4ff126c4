//! Instructions of the parts, counted by callgrind: the same on a busy machine and on a quiet one.
//!
//! Only what the named functions do is counted; logs are made before. `scripts/bench --instructions` runs this and holds
//! the counts against `instructions.json`.

// Written by gungraun's macros.
#![allow(missing_docs, unused_qualifications)]

mod common;

use std::hint::black_box;

use common::{Idle, Log, LogKind, Refusal, refusals};
use gungraun::prelude::*;
use gungraun::{Callgrind, LibraryBenchmarkConfig};
use smtpulse::catalog::{Catalog, Reader};

const MIB: u64 = 4;

fn log(kind: LogKind) -> Log {
    Log::new(kind, MIB)
}

#[library_benchmark]
#[bench::postfix_rfc3164(args = (LogKind::PostfixRfc3164), setup = log)]
#[bench::postfix_rfc3339(args = (LogKind::PostfixRfc3339), setup = log)]
#[bench::exim_main(args = (LogKind::EximMain), setup = log)]
#[bench::exim_syslog(args = (LogKind::EximSyslog), setup = log)]
#[bench::dense(args = (LogKind::Dense), setup = log)]
fn parse(log: Log) -> (Log, Idle) {
    let read = black_box(common::parse(&log));
    // Handed back, so that it is not thrown away in here.
    (log, read)
}

fn refused() -> (Catalog, Vec<Refusal>) {
    let catalog = Catalog::builtin();
    let refusals = refusals(&log(LogKind::PostfixRfc3339), &catalog);
    (catalog, refusals)
}

#[library_benchmark]
#[bench::refusals(setup = refused)]
fn classify((catalog, refusals): (Catalog, Vec<Refusal>)) -> (Catalog, Vec<Refusal>) {
    {
        let mut reader = Reader::new(&catalog);
        for refusal in &refusals {
            black_box(reader.read(refusal.provider, refusal.code, &refusal.words));
        }
    }
    (catalog, refusals)
}

library_benchmark_group!(name = parts, benchmarks = [parse, classify]);

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = parts
);
