//! Counts and recipients out of one reading: what a refusal's words tell is found out once.

use super::{Gather, Happenings, Line, Recipients, Sink, Tally};
use crate::mta::Event;

/// What a nightly run reads its lines into.
#[derive(Debug)]
pub struct Night<'c> {
    /// The counts.
    pub tally: Tally<'c>,
    /// The recipients that failed.
    pub recipients: Recipients<'c>,
}

/// A chunk's part of it.
#[derive(Debug)]
pub struct Part<'c> {
    tally: Tally<'c>,
    happenings: Happenings<'c>,
}

impl Sink for Part<'_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        let Event::Outcome(outcome) = event else { return self.tally.event(line, event) };
        if let Some(attributes) = self.tally.outcome(line, outcome) {
            self.happenings.outcome(line, outcome, &attributes);
        }
    }

    fn passed(&mut self, lines: u64) {
        self.tally.passed(lines);
    }
}

impl<'c> Gather for Night<'c> {
    type Part = Part<'c>;

    fn part(&self) -> Part<'c> {
        Part { tally: self.tally.part(), happenings: self.recipients.part() }
    }

    fn source(&mut self, name: &str) {
        Gather::source(&mut self.tally, name);
    }

    fn behind(&mut self, lines: u64) {
        self.tally.behind(lines);
    }

    fn absorb(&mut self, next: Part<'c>) -> Part<'c> {
        let Part { tally, happenings } = next;
        Part { tally: self.tally.absorb(tally), happenings: self.recipients.absorb(happenings) }
    }
}
