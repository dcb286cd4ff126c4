//! A mail log of known content: the same seed writes the same bytes on every machine, together with the counts a reader
//! of the log must find.
//!
//! A simulated mail server takes connections, queues messages, tries recipients, waits, bounces and removes; dozens of
//! messages are in flight at once, and other programs write in between. Who answers what, and how often, stands in
//! `mix.toml`. Nothing here reads a log: the truth is counted where a line is written, so it can be held against what
//! the readers of this program find.

mod arrivals;
mod attempt;
mod digits;
mod engine;
mod log;
mod message;
mod mix;
mod names;
mod random;
mod spec;
mod stamp;
mod template;
mod tide;
mod truth;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use arrivals::Arrivals;
use engine::Engine;
use mix::Mix;

pub use spec::{
    Blend, Incident, Mta, Spec, SpecError, Stamps, Traffic, parse_duration, parse_offset, parse_percent,
    parse_size, parse_start,
};
pub use truth::{CodeRow, HourRow, Outcomes, SenderRow, Truth};

/// Bytes of the log that is thrown away to learn how many bytes an arrival makes.
const PILOT: u64 = 1 << 20;

/// Whether a spec can be met: its incidents name providers of the mix and begin within the log.
pub fn check(spec: &Spec) -> Result<(), SpecError> {
    Mix::new(spec).map(|_| ())
}

/// Writes a log and returns what it holds. Memory does not grow with its size.
pub fn generate(spec: &Spec, out: &mut dyn Write) -> io::Result<Truth> {
    let mix = Mix::new(spec).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    // How many bytes an arrival makes depends on the mix, so a small log is written for it first. It has no incidents and
    // spans some hours, so that what is put off comes again.
    let pilot = Spec {
        bytes: PILOT,
        span: Some(4 * 3_600),
        traffic: Traffic::Steady,
        incidents: Vec::new(),
        ..spec.clone()
    };
    let quiet = Mix::new(&pilot).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let (truth, arrived) =
        Engine::new(&pilot, quiet, Arrivals::new(&pilot, PILOT / 900), &mut io::sink()).run()?;
    let count = u128::from(spec.bytes) * u128::from(arrived) / u128::from(truth.bytes.max(1));
    let arrivals = Arrivals::new(spec, u64::try_from(count).unwrap_or(u64::MAX));
    Engine::new(spec, mix, arrivals, out).run().map(|(truth, _)| truth)
}
