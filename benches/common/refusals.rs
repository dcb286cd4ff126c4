//! The refusals of a log, as the tally reads them.

use smtpulse::catalog::{Catalog, ProviderId};
use smtpulse::mta::Event;
use smtpulse::scan;
use smtpulse::smtp::{Action, Code, Direction};
use smtpulse::tally::{Attributor, Line, Sink};

use super::{Log, open, options};

/// A refusal: whose, its codes, its words.
pub(crate) struct Refusal {
    pub(crate) provider: Option<ProviderId>,
    pub(crate) code: Code,
    pub(crate) words: Vec<u8>,
}

struct Refusals<'c> {
    attributor: Attributor<'c>,
    kept: Vec<Refusal>,
}

impl Sink for Refusals<'_> {
    fn event(&mut self, _: &Line<'_>, event: &Event<'_>) {
        let Event::Outcome(outcome) = event else { return };
        if outcome.direction == Direction::Out
            && matches!(outcome.action, Some(Action::Delayed | Action::Failed))
        {
            let provider = self.attributor.attribute(outcome).provider;
            let words = outcome.reply.unwrap_or(outcome.text).to_vec();
            self.kept.push(Refusal { provider, code: outcome.code, words });
        }
    }
}

/// All refusals of a log; panics unless they are as many as the truth says.
pub(crate) fn refusals(log: &Log, catalog: &Catalog) -> Vec<Refusal> {
    let mut sink = Refusals { attributor: Attributor::new(catalog), kept: Vec::new() };
    scan::walk(vec![open(log)], &options(1), &mut sink);
    let refused = log.truth.codes.iter().filter(|row| {
        row.direction == Direction::Out && matches!(row.action, Action::Delayed | Action::Failed)
    });
    assert_eq!(sink.kept.len() as u64, refused.map(|row| row.count).sum::<u64>(), "refusals");
    sink.kept
}
