//! What it costs to understand refusals, as a share of the whole scan.
//!
//! A log is made in memory with the asked share of failures. It is scanned by one worker; then the words of all its
//! refusals are read again by a `catalog::Reader` alone, and that time is put against the scan's. Both in turn, several
//! rounds; the medians count. The readings are added up, and the sum must be the same in every round.
//!
//! usage: classify [FAILURES_PERCENT [MIB [MOST_PERCENT]]]: exit 1 when the share is above MOST_PERCENT

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use smtpulse::catalog::{Catalog, ProviderId, Reader};
use smtpulse::input;
use smtpulse::mta::Event;
use smtpulse::scan::{self, Options, Period};
use smtpulse::smtp::{Action, Code, Direction};
use smtpulse::synth::{self, Spec};
use smtpulse::tally::{Attributor, Line, Sink};
use smtpulse::time::Zone;

const ROUNDS: usize = 9;

/// A refusal as the tally reads it.
struct Refusal {
    provider: Option<ProviderId>,
    code: Code,
    words: Vec<u8>,
}

/// Keeps all refusals of a log.
struct Refusals<'c> {
    attributor: Attributor<'c>,
    kept: Vec<Refusal>,
}

impl Sink for Refusals<'_> {
    fn event(&mut self, _: &Line<'_>, event: &Event<'_>) {
        let Event::Outcome(outcome) = event else { return };
        let refused = matches!(outcome.action, Some(Action::Delayed | Action::Failed));
        if outcome.direction == Direction::Out && refused {
            let provider = self.attributor.attribute(outcome).provider;
            let words = outcome.reply.unwrap_or(outcome.text).to_vec();
            self.kept.push(Refusal { provider, code: outcome.code, words });
        }
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let words: Vec<f64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [failures, mib, most] = [10.0, 64.0, f64::INFINITY]
        .iter()
        .enumerate()
        .map(|(n, usual)| *words.get(n).unwrap_or(usual))
        .collect::<Vec<_>>()[..]
    else {
        return Ok(ExitCode::from(2));
    };
    let mut file = tempfile::NamedTempFile::new()?;
    let spec =
        Spec { bytes: (mib * 1_048_576.0) as u64, failures: (failures * 10_000.0) as u32, ..Spec::default() };
    synth::generate(&spec, &mut file)?;
    file.flush()?;
    let catalog = Catalog::builtin();
    let options = Options {
        threads: 1,
        chunk: scan::CHUNK,
        zone: Zone::utc(),
        year: None,
        now: 0,
        period: Period::default(),
        join: true,
    };
    let mut refusals = Refusals { attributor: Attributor::new(&catalog), kept: Vec::new() };
    scan::walk(vec![input::open(file.path(), true)?], &options, &mut refusals);
    let refusals = refusals.kept;

    let (mut scans, mut reads) = (Vec::new(), Vec::new());
    let mut sums = Vec::new();
    for _ in 0..ROUNDS {
        let source = input::open(file.path(), true)?;
        let start = Instant::now();
        let scanned = scan::scan(vec![source], &catalog, &options, &|_| ())?;
        scans.push(start.elapsed());
        let mut reader = Reader::new(&catalog);
        let start = Instant::now();
        let mut marked = 0_u64;
        for refusal in &refusals {
            let reading = reader.read(refusal.provider, refusal.code, &refusal.words);
            marked += reading.marker.map_or(0, |marker| u64::from(marker.0) + 1);
        }
        reads.push(start.elapsed());
        sums.push((scanned.summary.accounting.attempts, marked));
    }
    if sums.iter().any(|sum| *sum != sums[0]) {
        return Err("the rounds differ in what they found".into());
    }
    let (scan, read) = (median(scans), median(reads));
    let share = 100.0 * read.as_secs_f64() / scan.as_secs_f64();
    let bytes: usize = refusals.iter().map(|refusal| refusal.words.len()).sum();
    println!(
        "classify: {} refusals of {} attempts in {mib} MiB, {} bytes each: {:.0} ns each, {share:.2} % of the scan ({:.0} ms)",
        refusals.len(),
        sums[0].0,
        bytes / refusals.len().max(1),
        read.as_nanos() as f64 / refusals.len().max(1) as f64,
        scan.as_secs_f64() * 1e3,
    );
    Ok(if share > most { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
