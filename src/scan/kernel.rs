//! The loop: one chunk of lines into a sink and an account of every line.
//!
//! ```text
//! for each line of the chunk
//!     record = frame::split(line)                   who said it, when
//!     program = Program::of(record.program)         a foreign one is counted by name, and that is all
//!     event = the dialect's reading of the message
//!     count the line in exactly one class
//!     hand the event to the sink, unless it lies outside the period
//! ```
//!
//! No allocation once a name has been seen, no regular expression, no UTF-8 check, no calendar, no clock.

use super::account::Account;
use super::exim;
use super::period::Period;
use crate::frame::{Form, Record, Splitter, own_stamp};
use crate::input::{Block, LINE_LIMIT};
use crate::mta::{Event, Kind, Mta, Program, parse_exim, parse_postfix};
use crate::smtp::Action;
use crate::tally::{Line, Sink};
use crate::time::Clock;

/// The classes of the accounting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Attempt,
    Reject,
    OtherEvent,
    OtherProgram,
    Unrelated,
    NotUnderstood,
}

/// Reads a block's own lines.
pub(super) fn read<S: Sink>(
    block: Block<'_>,
    clock: &mut Clock<'_>,
    period: Period,
    sink: &mut S,
) -> Account {
    let mut account = Account::default();
    let mut splitter = Splitter::default();
    let own = block.lines();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', own).chain((own.last() != Some(&b'\n')).then_some(own.len())) {
        if end == own.len() && start == end {
            break;
        }
        let full = &own[start..end];
        account.lines += 1;
        let line = if full.len() > LINE_LIMIT {
            account.long_lines += 1;
            &full[..LINE_LIMIT]
        } else {
            full
        };
        let behind = block.from(end + 1);
        read_line(splitter.split(line).record, line, behind, clock, period, sink, &mut account);
        start = end + 1;
    }
    account
}

fn read_line<S: Sink>(
    record: Record<'_>,
    line: &[u8],
    behind: &[u8],
    clock: &mut Clock<'_>,
    period: Period,
    sink: &mut S,
    account: &mut Account,
) {
    // An event is large and is not moved about: what becomes of it is said where it lies.
    understand(record, behind, |record, reading| {
        let at = record.stamp.map(|stamp| clock.instant(stamp));
        let inside = at.is_none_or(|at| period.contains(at));
        if inside {
            account.span(at);
        } else {
            account.outside += 1;
        }
        let (mta, event) = match reading {
            Reading::Event(mta, event) => (mta, event),
            Reading::Class(class) => {
                if inside {
                    account.class(class, record, line);
                }
                return;
            }
        };
        if inside {
            let class = classify(event);
            account.class(class, record, line);
            if class != Class::NotUnderstood {
                account.found(record.form, mta);
            }
        } else if matches!(event, Event::Outcome(_)) {
            return;
        }
        sink.event(&Line { number: account.lines, at, mta, record, text: line }, event);
    });
}

/// What a line turned out to be.
pub(super) enum Reading<'e, 'a> {
    Event(Mta, &'e Event<'a>),
    Class(Class),
}

fn classify(event: &Event<'_>) -> Class {
    match event {
        Event::Outcome(outcome) => match (outcome.kind, outcome.action) {
            (Kind::Delivery, Some(_)) => Class::Attempt,
            (Kind::Reject | Kind::Auth, Some(Action::Rejected)) => Class::Reject,
            _ => Class::OtherEvent,
        },
        Event::Arrival { .. } | Event::Sender { .. } | Event::Done { .. } | Event::Mention => {
            Class::OtherEvent
        }
        Event::Unrelated => Class::Unrelated,
        Event::NotUnderstood => Class::NotUnderstood,
    }
}

/// Whether an event may be believed of a line whose program is not known: only one with a shape of its own.
fn is_strict(event: &Event<'_>) -> bool {
    matches!(event, Event::Outcome(_) | Event::Sender { .. } | Event::Done { .. } | Event::Arrival { .. })
}

/// Finds out who wrote a record and what it says, and tells `done`.
fn understand(record: Record<'_>, behind: &[u8], done: impl FnOnce(&Record<'_>, Reading<'_, '_>)) {
    match Program::of(record.program) {
        Program::Postfix(daemon) => {
            done(&record, Reading::Event(Mta::Postfix, &parse_postfix(daemon, record.message)));
        }
        Program::Exim if record.form == Form::EximMain => {
            done(&record, Reading::Event(Mta::Exim, &parse_exim(record.message)));
        }
        Program::Exim => exim::by_syslog(record, behind, done),
        Program::Missing if record.message.is_empty() => done(&record, Reading::Class(Class::Unrelated)),
        Program::Missing => {
            let postfix = parse_postfix(b"", record.message);
            if is_strict(&postfix) {
                return done(&record, Reading::Event(Mta::Postfix, &postfix));
            }
            let exim = parse_exim(record.message);
            if is_strict(&exim) {
                return done(&record, Reading::Event(Mta::Exim, &exim));
            }
            done(&record, Reading::Class(foreign(&record)));
        }
        Program::Other => {
            // Another program's tag may be wrapped around Exim's own line.
            if record.message.first().is_some_and(u8::is_ascii_digit)
                && let Some((stamp, message)) = own_stamp(record.message)
            {
                let event = parse_exim(message);
                if is_strict(&event) {
                    let record = Record { stamp: exim::better(record.stamp, stamp), message, ..record };
                    return done(&record, Reading::Event(Mta::Exim, &event));
                }
            }
            done(&record, Reading::Class(foreign(&record)));
        }
    }
}

/// A line with a stamp is another program's; one without is nobody's.
fn foreign(record: &Record<'_>) -> Class {
    if record.stamp.is_some() { Class::OtherProgram } else { Class::NotUnderstood }
}
