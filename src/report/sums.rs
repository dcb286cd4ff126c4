//! What was read, where every line went, and the sums over the report.

use serde::Serialize;

use super::rows::{Outcomes, SenderRow};
use crate::smtp::Direction;
use crate::summary::{Counts, Input, Key, Place, Summary, Years};

/// One input.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Input")]
pub struct InputRow {
    pub name: String,
    pub bytes: u64,
    pub lines: u64,
    pub format: String,
    pub years: Option<Years>,
    pub complete: bool,
    pub note: Option<String>,
}

impl InputRow {
    pub(super) fn of(input: &Input) -> InputRow {
        InputRow {
            name: input.name.clone(),
            bytes: input.bytes,
            lines: input.lines,
            format: input.format.clone(),
            years: input.years,
            complete: input.complete,
            note: input.note.clone(),
        }
    }
}

/// Where every line went; the sum of the first six classes is `lines`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Accounting")]
pub struct AccountingRow {
    pub lines: u64,
    pub attempts: u64,
    pub rejects: u64,
    pub other_events: u64,
    pub other_programs: u64,
    pub unrelated: u64,
    pub not_understood: u64,
    pub first_not_understood: Option<Place>,
    pub outside_period: u64,
    pub long_lines: u64,
    pub repeated: u64,
    pub lost: u64,
    pub loss_notices: u64,
    /// Lines of other programs, most first.
    pub programs: Vec<ProgramRow>,
}

/// Lines of one foreign program.
#[derive(Clone, Debug, Serialize)]
pub struct ProgramRow {
    /// Its name.
    pub program: String,
    /// Its lines.
    pub lines: u64,
}

impl AccountingRow {
    pub(super) fn of(summary: &Summary) -> AccountingRow {
        let from = &summary.accounting;
        let mut programs: Vec<ProgramRow> = from
            .programs
            .iter()
            .map(|(program, &lines)| ProgramRow { program: program.clone(), lines })
            .collect();
        programs.sort_by_key(|row| std::cmp::Reverse(row.lines));
        AccountingRow {
            lines: from.lines,
            attempts: from.attempts,
            rejects: from.rejects,
            other_events: from.other_events,
            other_programs: from.other_programs,
            unrelated: from.unrelated,
            not_understood: from.not_understood,
            first_not_understood: from.first_not_understood.clone(),
            outside_period: from.outside_period,
            long_lines: from.long_lines,
            repeated: from.repeated,
            lost: from.lost,
            loss_notices: from.loss_notices,
            programs,
        }
    }
}

/// Sums over the report. `attempts` are those at other hosts; local hops and our own refusals stand apart.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// What became of the attempts at other hosts.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// Messages with at least one such attempt; `None` when restricted to a provider.
    pub messages: Option<u64>,
    /// Recipients of them; `None` when restricted to a provider.
    pub recipients: Option<u64>,
    /// Recipients still delayed where the log ends; `None` when restricted to a provider.
    pub waiting: Option<u64>,
    /// Messages the queue gave up; `None` when restricted to a provider.
    pub expired: Option<u64>,
    /// Lines that repeat an older answer; `None` when restricted to a provider.
    pub suspended: Option<u64>,
    /// Messages with the null sender that other hosts sent us.
    pub bounces: Option<u64>,
    /// Attempts on local hops.
    pub local: u64,
    /// What our own server refused.
    pub rejected: u64,
    /// Attempts whose sender the log does not tell.
    pub unattributed: u64,
    /// Attempts on lines without a stamp.
    pub undated: u64,
}

impl Totals {
    pub(super) fn of(
        summary: &Summary,
        keys: &[(&Key, &Counts)],
        senders: &[SenderRow],
        whole: bool,
    ) -> Totals {
        let sum = |wanted: Direction| -> u64 {
            keys.iter().filter(|(key, _)| key.direction == wanted).map(|(_, counts)| counts.span.count).sum()
        };
        let mut outcomes = Outcomes::default();
        let mut undated = 0;
        for (key, counts) in keys.iter().filter(|(key, _)| key.direction == Direction::Out) {
            outcomes.add(key.action, counts.span.count);
            undated += counts.buckets.get(&None).map_or(0, |tries| tries.count);
        }
        let from = summary.totals;
        Totals {
            outcomes,
            messages: whole.then_some(from.messages),
            recipients: whole.then_some(from.recipients),
            waiting: whole.then_some(from.waiting),
            expired: whole.then_some(from.expired),
            suspended: whole.then_some(from.suspended),
            bounces: whole.then_some(from.bounces),
            local: sum(Direction::Local),
            rejected: sum(Direction::In),
            unattributed: senders
                .iter()
                .find(|row| row.domain.is_none())
                .map_or(0, |row| row.outcomes.attempts),
            undated,
        }
    }
}
