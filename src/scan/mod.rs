//! Sources to counts: in parallel, and as if in one piece.
//!
//! Chunks are read by workers, each from an *assumed* state of the clock, and absorbed in log order. Where the real
//! state turns out to lead elsewhere (a year ended, an hour was doubled in a chunk before), that chunk is read again.
//! So one thread or sixteen, one chunk or thousands, a mapped file or a stream give the same.

mod account;
mod crew;
mod ends;
mod exim;
mod hold;
mod kernel;
mod order;
mod period;
mod repeat;
mod stretch;
mod upset;

use std::collections::VecDeque;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::catalog::Catalog;
use crate::input::{Block, Extent, Source};
use crate::summary::{Input, Overlap, Summary};
use crate::tally::{Gather, Sink, Tally};
use crate::time::{Clock, ClockState, Instant, Stamp, Zone};

use account::Account;
use crew::{crew, parts};
use order::Start;

pub use period::Period;
pub use stretch::{End, Stretch};

/// How to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of workers; 0 is one for each processor.
    pub threads: usize,
    /// Bytes of a chunk at most.
    pub chunk: usize,
    /// The zone of stamps without an offset.
    pub zone: Zone,
    /// The year of the newest line, for logs that do not say.
    pub year: Option<i64>,
    /// The present.
    pub now: Instant,
    /// What is asked for.
    pub period: Period,
    /// Whether attempts are joined to their senders.
    pub join: bool,
    /// Where the clock stood at the end of a log that the first input goes on with.
    pub clock: Option<ClockState>,
}

/// Bytes of a chunk at most unless asked otherwise: some milliseconds of work.
pub const CHUNK: usize = 8 * 1024 * 1024;

/// Bytes of a chunk at least, where an input is small.
const SMALL_CHUNK: usize = 256 * 1024;

/// Chunks for each worker, where an input is small: enough that none waits long for the slowest.
const PER_WORKER: usize = 8;

/// Bytes of a block of a stream: three are held at once.
const STREAM_BLOCK: usize = 8 * 1024 * 1024;

/// Chunks for each worker in such a block; the workers go on to the next one while its last ones are read.
const PER_WORKER_OF_BLOCK: usize = 2;

/// Bytes of a file that takes a while to unmap.
const LONG: u64 = 64 * 1024 * 1024;

/// Compressed inputs that are unpacked while another one is still read, at most: each holds blocks in memory.
const MOST_AHEAD: usize = 3;

/// Seconds by which an input may begin before another's end and still be taken to follow it: writers get out of order.
const SLACK: i64 = 60;

/// What came out.
#[derive(Debug)]
pub struct Scan {
    /// The counts.
    pub summary: Summary,
    /// Inputs that were not read to their end, with the reason.
    pub damaged: Vec<String>,
    /// Some inputs are of the same time, so that log order is not the order of time: logs of several hosts.
    pub overlap: bool,
    /// Where the clock stood at the end.
    pub clock: Option<ClockState>,
}

/// Why nothing came out.
#[derive(Debug)]
pub enum Failure {
    /// No workers could be started.
    Threads(rayon::ThreadPoolBuildError),
    /// The same log was given twice.
    Overlap(Overlap),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Threads(error) => write!(f, "cannot start the workers: {error}; try --threads 1"),
            Failure::Overlap(overlap) => write!(f, "{overlap}; name it once"),
        }
    }
}

impl std::error::Error for Failure {}

/// What one chunk came to.
struct Chunk<P> {
    part: P,
    account: Account,
    /// Length of the lines that were read.
    bytes: usize,
    assumed: ClockState,
    first: Option<Stamp>,
    end: ClockState,
}

/// Counts all sources, in the order of their first stamps. `progress` hears of every stretch of bytes read.
pub fn scan(
    sources: Vec<Source>,
    catalog: &Catalog,
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Scan, Failure> {
    let mut total = Tally::new(catalog, options.join);
    let workers = workers(options)?;
    let stretches = sources.into_iter().map(|source| Stretch::whole(source, options.period)).collect();
    let (mut scan, _) = resume_with(&workers, stretches, &mut total, options, progress)?;
    // The counts come from all inputs together, since messages live across them. Several workers share what is to be done; one
    // is still at unmapping.
    let counts = match workers.current_num_threads() {
        1 => total.settle(),
        _ => workers.install(|| total.settle()),
    };
    scan.summary.merge(counts).map_err(Failure::Overlap)?;
    Ok(scan)
}

/// Reads all sources into `total`, in the order of their first stamps. The summary that comes out has the inputs and the
/// account of their lines; what they say is in `total`.
pub fn gather<T: Gather>(
    sources: Vec<Source>,
    total: &mut T,
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Scan, Failure> {
    let stretches = sources.into_iter().map(|source| Stretch::whole(source, options.period)).collect();
    resume(stretches, total, options, progress).map(|(scan, _)| scan)
}

/// The same with logs that were read in part before: each goes on from its stretch's beginning. Tells where each of
/// them ended, in the order they were read.
pub fn resume<T: Gather>(
    stretches: Vec<Stretch>,
    total: &mut T,
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Scan, Vec<End>), Failure> {
    resume_with(&workers(options)?, stretches, total, options, progress)
}

fn workers(options: &Options) -> Result<ThreadPool, Failure> {
    ThreadPoolBuilder::new().num_threads(options.threads).build().map_err(Failure::Threads)
}

fn resume_with<T: Gather>(
    workers: &ThreadPool,
    mut stretches: Vec<Stretch>,
    total: &mut T,
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Scan, Vec<End>), Failure> {
    let mut summary = Summary::default();
    let mut damaged = Vec::new();
    let mut overlap = false;
    let mut ends = Vec::new();
    let mut clock = options.clock;
    for stretch in &mut stretches {
        let source = &mut stretch.source;
        if let Some((end, lines)) = source.last_lines() {
            source.until(end - hold::held(&lines) as u64);
        }
    }
    let threads = workers.current_num_threads();
    let mut spare: Vec<T::Part> = (0..parts(threads)).map(|_| total.part()).collect();
    let mut waiting = VecDeque::from(workers.install(|| order::order(stretches, options)));
    while let Some((mut source, start, place)) = waiting.pop_front() {
        source.begin(STREAM_BLOCK);
        for (next, ..) in waiting.iter_mut().take((threads - 1).min(MOST_AHEAD)) {
            next.begin(STREAM_BLOCK);
        }
        let mut state = order::carry(clock, start, &options.zone);
        let mut account = Account::default();
        total.source(&source.name);
        total.behind(place.lines);
        let options = &Options { period: place.period, ..options.clone() };
        let chunk = chunk_size(options.chunk, source.length.filter(|_| source.is_mapped()), threads);
        let (mut counted, mut lost) = (0, false);
        let mut extent = source.pieces(STREAM_BLOCK, chunk, |pieces| {
            let mut real = state;
            let parts = std::mem::take(&mut spare);
            (spare, state) = crew(
                workers,
                pieces,
                parts,
                state,
                |piece, part, assumed| {
                    let chunk = read_chunk(piece.block(), assumed, part, options);
                    progress(piece.block().lines().len() as u64);
                    (piece, chunk)
                },
                |(piece, chunk)| {
                    if lost {
                        // What was read behind the place of a loss is not the next line.
                        return (total.part(), real);
                    }
                    let block = piece.block();
                    let again = || read_rest(block, real, || total.part(), options);
                    let mut chunk = chunk.unwrap_or_else(again);
                    if let Some(first) = chunk.first {
                        if !Clock::agree(&options.zone, first, chunk.assumed, real) {
                            chunk = again();
                        }
                        real = chunk.end;
                    }
                    account.absorb(chunk.account);
                    counted += chunk.bytes as u64;
                    lost = chunk.bytes < block.lines().len();
                    (total.absorb(chunk.part), real)
                },
            );
        });
        if lost {
            extent = Extent { bytes: counted, cut: true, tail: None, ..extent };
        }
        clock = Some(state);
        ends.push(End {
            stretch: place.number,
            bytes: extent.bytes,
            lines: account.lines,
            tail: extent.tail,
            clock: state,
            damaged: extent.failed.is_some() || extent.cut,
        });
        let input = input(&source, &account, start, extent);
        if source.length.is_some_and(|length| length >= LONG) {
            // To unmap it takes as long as to count its lines: nobody need wait for that.
            workers.spawn(move || drop(source));
        }
        damaged.extend(damage(&input));
        if let (Some((_, end)), Some((first, _))) = (summary.period, account.period()) {
            overlap |= first < end.saturating_sub(SLACK);
        }
        let part = Summary {
            period: account.period(),
            accounting: account.into_accounting(&input.name, place.lines),
            inputs: vec![input],
            ..Summary::default()
        };
        summary.merge(part).map_err(Failure::Overlap)?;
    }
    Ok((Scan { summary, damaged, overlap, clock }, ends))
}

/// How many bytes make a chunk, of a file of this length or of a stream.
fn chunk_size(most: usize, length: Option<u64>, workers: usize) -> usize {
    let even = match length {
        Some(length) => usize::try_from(length).unwrap_or(usize::MAX) / (workers * PER_WORKER),
        None => STREAM_BLOCK / (workers * PER_WORKER_OF_BLOCK),
    };
    most.min(even.max(SMALL_CHUNK))
}

/// Reads a chunk; `None` where some of it was lost meanwhile, with the part that it was read into.
fn read_chunk<P: Sink>(block: Block<'_>, state: ClockState, part: P, options: &Options) -> Option<Chunk<P>> {
    if !block.may_change() {
        return Some(read_quiet(block, state, part, options));
    }
    upset::bear(|| read_quiet(block, state, part, options)).filter(|_| block.remains().is_none())
}

/// Reads again what is left of a chunk.
fn read_rest<P: Sink>(
    mut block: Block<'_>,
    state: ClockState,
    part: impl Fn() -> P,
    options: &Options,
) -> Chunk<P> {
    loop {
        if let Some(chunk) = read_chunk(block, state, part(), options) {
            return chunk;
        }
        match block.remains() {
            Some(rest) => block = rest,
            // Nothing was lost: then it is the program's own fault, which is not to be hidden.
            None => return read_quiet(block, state, part(), options),
        }
    }
}

/// Reads a chunk that nobody changes.
fn read_quiet<P: Sink>(block: Block<'_>, state: ClockState, mut part: P, options: &Options) -> Chunk<P> {
    let mut clock = Clock::new(&options.zone, state);
    let account = kernel::read(block, &mut clock, options.period, &mut part);
    part.passed(account.lines);
    let bytes = block.lines().len();
    Chunk { part, account, bytes, assumed: state, first: clock.first(), end: clock.state() }
}

/// Why an input was not read to its end, with its name.
fn damage(input: &Input) -> Option<String> {
    let note = input.note.as_ref().filter(|_| !input.complete)?;
    Some(format!("{}: {note}", input.name))
}

/// What is to be said about a source after it was read.
fn input(source: &Source, account: &Account, start: Start, extent: Extent) -> Input {
    let (complete, note) = match &extent.failed {
        Some(error) => (false, Some(format!("stopped after {} bytes: {error}", extent.bytes))),
        None if extent.cut => {
            let kept = extent.bytes;
            (false, Some(format!("was cut short while it was read: only its first {kept} bytes are counted")))
        }
        None if account.lines == 0 => (true, Some("empty".to_owned())),
        None if account.nothing_found() && !start.resumed => {
            (false, Some("no line of a log in it: is this a Postfix or Exim log?".to_owned()))
        }
        None if !extent.ended_with_line && !account.last_line_understood() => {
            (false, Some("its last line is cut short".to_owned()))
        }
        None => (true, None),
    };
    Input {
        name: source.name.clone(),
        bytes: extent.bytes,
        lines: account.lines,
        format: account.format(source.carrier()),
        years: account.yearless.then_some(start.years),
        complete,
        note,
        fingerprint: format!("{:016x}", extent.fingerprint),
    }
}

/// Hands every event of all sources to one sink, in log order and one after the other. Gives the inputs that were
/// not read to their end, with the reason.
pub fn walk<S: Sink>(sources: Vec<Source>, options: &Options, sink: &mut S) -> Vec<String> {
    let mut damaged = Vec::new();
    let mut last = options.clock;
    let stretches = sources.into_iter().map(|source| Stretch::whole(source, options.period)).collect();
    for (mut source, start, _) in order::order(stretches, options) {
        let mut clock = Clock::new(&options.zone, order::carry(last, start, &options.zone));
        let mut account = Account::default();
        sink.source(&source.name);
        // What is handed on at once cannot be taken back: nothing of it may be lost meanwhile.
        let extent = source.copy(STREAM_BLOCK, |block| {
            let part = kernel::read(block, &mut clock, options.period, sink);
            sink.passed(part.lines);
            account.absorb(part);
        });
        last = Some(clock.state());
        let input = input(&source, &account, start, extent);
        damaged.extend(damage(&input));
    }
    damaged
}
