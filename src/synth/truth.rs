//! What was really written, counted while writing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::smtp::{Action, Direction};
use crate::time::Instant;

/// Counts of a generated log. Everything is sorted, so equal logs give equal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// Lines; the sum of the classes below.
    pub lines: u64,
    /// Bytes with line ends.
    pub bytes: u64,
    /// Lines that end an attempt for one recipient at another host.
    pub attempts_out: u64,
    /// The same on a local hop.
    pub attempts_local: u64,
    /// Lines with which our own server refused somebody.
    pub rejects: u64,
    /// Lines about a message that are no outcome.
    pub other_events: u64,
    /// Lines of other programs.
    pub other_programs: u64,
    /// Lines of the mail server about no message.
    pub unrelated: u64,
    /// Lines that repeat an older answer or wait for their turn; part of `other_events`.
    pub suspended: u64,
    /// Lines with a host's answer that is not the last word for the recipient; part of `other_events`.
    pub non_final: u64,
    /// Messages the queue gave up.
    pub expired: u64,
    /// Messages with at least one attempt to another host.
    pub messages: u64,
    /// Counts by what was answered.
    pub codes: Vec<CodeRow>,
    /// Attempts to other hosts by hour.
    pub hours: Vec<HourRow>,
    /// Attempts to other hosts by sender domain.
    pub senders: Vec<SenderRow>,
}

/// What was answered, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CodeRow {
    /// Where mail was going.
    pub direction: Direction,
    /// Host the attempt ended at; `None` where none was reached and for rejects.
    pub host: Option<String>,
    /// The MTA's own word or sign.
    pub status: String,
    /// What became of the recipient.
    pub action: Action,
    /// Basic code of the reply.
    pub basic: Option<u16>,
    /// Enhanced code of the reply, or Postfix's `dsn=` where the reply has none.
    pub enhanced: Option<String>,
    /// Lines.
    pub count: u64,
}

/// Delivered, delayed and failed attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// Accepted by the other host.
    pub delivered: u64,
    /// Put off.
    pub delayed: u64,
    /// Given up.
    pub failed: u64,
}

impl Outcomes {
    /// Counts one more.
    #[inline]
    pub(super) fn add(&mut self, action: Action) {
        match action {
            Action::Delivered | Action::Relayed => self.delivered += 1,
            Action::Delayed => self.delayed += 1,
            Action::Failed | Action::Rejected => self.failed += 1,
        }
    }
}

/// One hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HourRow {
    /// Start of the hour, in seconds UTC.
    pub start: Instant,
    /// Attempts in it.
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

/// One sender domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SenderRow {
    /// The domain; `<>` is the null sender, `None` where the log does not tell.
    pub domain: Option<String>,
    /// Attempts of its mail.
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

/// What a code row is counted under.
pub(super) type CodeKey = (Direction, Option<String>, String, Action, Option<u16>, Option<String>);

impl Truth {
    /// Takes over the rows that were counted, in order.
    pub(super) fn set_codes(&mut self, counts: BTreeMap<CodeKey, u64>) {
        self.codes = counts
            .into_iter()
            .map(|((direction, host, status, action, basic, enhanced), count)| CodeRow {
                direction,
                host,
                status,
                action,
                basic,
                enhanced,
                count,
            })
            .collect();
    }
}
