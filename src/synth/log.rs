//! The log as it is written, and its truth as it grows.

use std::io::{self, Write};

use super::mix::Class;
use super::spec::Spec;
use super::stamp::{SECOND, Stamper};
use super::truth::{HourRow, Outcomes, SenderRow, Truth};
use crate::smtp::Action;

/// Bytes gathered before they are handed on.
const BLOCK: usize = 256 * 1024;

/// How a line is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// An attempt at another host.
    Out,
    /// An attempt on a local hop.
    Local,
    Reject,
    Event,
    /// An event that repeats an older answer.
    Suspended,
    /// An event with an answer that is not the last word.
    NonFinal,
    Program,
    Unrelated,
}

impl From<Class> for Count {
    fn from(class: Class) -> Count {
        match class {
            Class::Unrelated => Count::Unrelated,
            Class::Program => Count::Program,
            Class::Reject(_) => Count::Reject,
            Class::Event | Class::Arrives | Class::Active | Class::Received => Count::Event,
        }
    }
}

/// A log being written.
pub(super) struct Log<'w> {
    sink: &'w mut dyn Write,
    buffer: Vec<u8>,
    handed_on: u64,
    stamper: Stamper,
    /// The counts so far.
    pub(super) truth: Truth,
    first_hour: i64,
    hours: Vec<Outcomes>,
    senders: Vec<Outcomes>,
}

impl<'w> Log<'w> {
    /// An empty log with room for a number of senders.
    pub(super) fn new(spec: &Spec, senders: usize, sink: &'w mut dyn Write) -> Log<'w> {
        Log {
            sink,
            buffer: Vec::with_capacity(BLOCK + BLOCK / 8),
            handed_on: 0,
            stamper: Stamper::new(spec.mta, spec.stamps, spec.offset_minutes, &spec.host),
            truth: Truth::default(),
            first_hour: spec.start.div_euclid(3_600),
            hours: Vec::new(),
            senders: vec![Outcomes::default(); senders],
        }
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.handed_on + self.buffer.len() as u64
    }

    /// Writes one line.
    #[inline]
    pub(super) fn line(&mut self, now: i64, count: Count, write: impl FnOnce(&mut Vec<u8>)) {
        self.stamper.write(&mut self.buffer, now);
        write(&mut self.buffer);
        self.buffer.push(b'\n');
        let truth = &mut self.truth;
        truth.lines += 1;
        match count {
            Count::Out => truth.attempts_out += 1,
            Count::Local => truth.attempts_local += 1,
            Count::Reject => truth.rejects += 1,
            Count::Event => truth.other_events += 1,
            Count::Suspended => {
                truth.other_events += 1;
                truth.suspended += 1;
            }
            Count::NonFinal => {
                truth.other_events += 1;
                truth.non_final += 1;
            }
            Count::Program => truth.other_programs += 1,
            Count::Unrelated => truth.unrelated += 1,
        }
    }

    /// Counts an attempt at another host by hour and by sender.
    #[inline]
    pub(super) fn outcome(&mut self, now: i64, sender: usize, action: Action) {
        let hour = (now.div_euclid(3_600 * SECOND) - self.first_hour).max(0) as usize;
        if hour >= self.hours.len() {
            self.hours.resize(hour + 1, Outcomes::default());
        }
        self.hours[hour].add(action);
        if let Some(outcomes) = self.senders.get_mut(sender) {
            outcomes.add(action);
        }
    }

    /// Hands a full block on.
    #[inline]
    pub(super) fn hand_on(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BLOCK { self.hand_all_on() } else { Ok(()) }
    }

    fn hand_all_on(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.buffer)?;
        self.handed_on += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the rest and closes the counts; `names` are those of the senders, in their order.
    pub(super) fn finish(mut self, names: &[Option<&str>]) -> io::Result<Truth> {
        self.hand_all_on()?;
        self.sink.flush()?;
        let mut truth = self.truth;
        truth.bytes = self.handed_on;
        truth.hours = self
            .hours
            .iter()
            .enumerate()
            .filter(|(_, outcomes)| **outcomes != Outcomes::default())
            .map(|(at, outcomes)| HourRow {
                start: (self.first_hour + at as i64) * 3_600,
                outcomes: *outcomes,
            })
            .collect();
        truth.senders = names
            .iter()
            .zip(&self.senders)
            .filter(|(_, outcomes)| **outcomes != Outcomes::default())
            .map(|(name, outcomes)| SenderRow { domain: name.map(str::to_owned), outcomes: *outcomes })
            .collect();
        truth.senders.sort_by(|a, b| a.domain.cmp(&b.domain));
        Ok(truth)
    }
}
