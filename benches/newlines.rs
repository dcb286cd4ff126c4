//! The yardstick: counts the newlines of a file and nothing else, over the same input path as the program.
//!
//! The file is opened and mapped by `input::open`, cut into the chunks a scan uses, and counted by as many workers.
//! What a report takes longer than this is the price of understanding the lines. `scripts/bench` runs it beside the
//! program, in the same rounds, on the same file.
//!
//! usage: newlines THREADS FILE

use std::path::Path;
use std::process::ExitCode;

use rayon::prelude::*;
use smtpulse::input::{self, Block};
use smtpulse::scan::CHUNK;

fn count(threads: usize, path: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let workers = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut newlines = 0;
    let mut source = input::open(Path::new(path), true)?;
    let extent = source.read(CHUNK, |block| {
        let chunks: Vec<Block<'_>> = block.chunks(CHUNK).collect();
        let of = |chunk: &Block<'_>| memchr::memchr_iter(b'\n', chunk.lines()).count();
        newlines += workers.install(|| chunks.par_iter().map(of).sum::<usize>());
    });
    extent.failed.map_or(Ok(newlines), |error| Err(error.into()))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [threads, path] = words.as_slice() else {
        eprintln!("usage: newlines THREADS FILE");
        return ExitCode::from(2);
    };
    let Ok(threads) = threads.parse() else {
        eprintln!("newlines: {threads}: not a number of threads");
        return ExitCode::from(2);
    };
    match count(threads, path) {
        Ok(newlines) => {
            println!("{newlines}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("newlines: {path}: {error}");
            ExitCode::FAILURE
        }
    }
}
