//! Where every line went.

use hashbrown::HashMap;

use super::kernel::Class;
use crate::frame::{Form, Record};
use crate::mta::Mta;
use crate::summary::{Accounting, Place};
use crate::time::Instant;

/// Bytes of a line that is shown.
const SHOWN: usize = 160;

/// Bytes of a program's name that are kept.
const PROGRAM_BYTES: usize = 48;

/// The account of some neighbouring lines.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Lines read, in or out of the period.
    pub(super) lines: u64,
    pub(super) long_lines: u64,
    pub(super) outside: u64,
    attempts: u64,
    rejects: u64,
    other_events: u64,
    other_programs: u64,
    unrelated: u64,
    not_understood: u64,
    /// Number within these lines, and the start of the line.
    first_not_understood: Option<(u64, Vec<u8>)>,
    last_line_understood: bool,
    programs: HashMap<Vec<u8>, u64>,
    span: Option<(Instant, Instant)>,
    forms: u8,
    mtas: u8,
    /// A stamp left out its year.
    pub(super) yearless: bool,
    /// Events that stand in no line of their own: repetitions that were only counted.
    pub(super) repeated: u64,
    lost: u64,
    loss_notices: u64,
}

impl Account {
    /// A line of the period was written then.
    pub(super) fn span(&mut self, at: Option<Instant>) {
        if let Some(at) = at {
            self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
    }

    /// A line of this mail server, in this form.
    #[inline]
    pub(super) fn found(&mut self, form: Form, mta: Mta) {
        self.forms |= 1 << form as u8;
        self.mtas |= 1 << mta as u8;
    }

    /// So many lines were lost before they came into the log.
    pub(super) fn lost(&mut self, lines: u64) {
        self.loss_notices += 1;
        self.lost += lines;
    }

    /// Counts a line of the period.
    pub(super) fn class(&mut self, class: Class, record: &Record<'_>, line: &[u8]) {
        self.last_line_understood = class != Class::NotUnderstood;
        match class {
            Class::Attempt => self.attempts += 1,
            Class::Reject => self.rejects += 1,
            Class::OtherEvent => self.other_events += 1,
            Class::Unrelated => self.unrelated += 1,
            Class::OtherProgram => self.other_program(record.program, 1),
            Class::NotUnderstood => {
                self.not_understood += 1;
                if self.first_not_understood.is_none() {
                    self.first_not_understood = Some((self.lines, line[..line.len().min(SHOWN)].to_vec()));
                }
            }
        }
    }

    /// Counts a line of the period that says nothing of its own: it is one of two classes.
    #[inline]
    pub(super) fn silent(&mut self, class: Class) {
        let event = class == Class::OtherEvent;
        self.other_events += u64::from(event);
        self.unrelated += u64::from(!event);
    }

    /// The last line made sense, if it counts.
    #[inline]
    pub(super) fn understood(&mut self, counts: bool) {
        self.last_line_understood |= counts;
    }

    /// Counts lines of another program.
    pub(super) fn other_program(&mut self, name: &[u8], lines: u64) {
        if lines == 0 {
            return;
        }
        self.other_programs += lines;
        let name = if name.is_empty() { b"(no tag)" } else { name };
        let name = &name[..name.len().min(PROGRAM_BYTES)];
        *self.programs.entry_ref(name).or_default() += lines;
    }

    /// Adds the lines that follow.
    pub(super) fn absorb(&mut self, next: Account) {
        if self.first_not_understood.is_none() {
            self.first_not_understood =
                next.first_not_understood.map(|(line, text)| (self.lines + line, text));
        }
        if next.lines > 0 {
            self.last_line_understood = next.last_line_understood;
        }
        self.lines += next.lines;
        self.long_lines += next.long_lines;
        self.outside += next.outside;
        self.attempts += next.attempts;
        self.rejects += next.rejects;
        self.other_events += next.other_events;
        self.other_programs += next.other_programs;
        self.unrelated += next.unrelated;
        self.not_understood += next.not_understood;
        for (name, count) in next.programs {
            *self.programs.entry(name).or_default() += count;
        }
        if let Some((first, last)) = next.span {
            self.span(Some(first));
            self.span(Some(last));
        }
        self.forms |= next.forms;
        self.mtas |= next.mtas;
        self.yearless |= next.yearless;
        self.repeated += next.repeated;
        self.lost += next.lost;
        self.loss_notices += next.loss_notices;
    }

    /// First and last stamp.
    pub(super) fn period(&self) -> Option<(Instant, Instant)> {
        self.span
    }

    /// Whether nothing at all was a line of a log.
    pub(super) fn nothing_found(&self) -> bool {
        self.forms == 0 && self.other_programs == 0 && self.outside == 0
    }

    /// Whether the last line made sense.
    pub(super) fn last_line_understood(&self) -> bool {
        self.last_line_understood
    }

    /// How the lines are framed and who wrote them: `Postfix, RFC 3164`. A carrier's name stands for what it makes of them.
    pub(super) fn format(&self, carrier: Option<&'static str>) -> String {
        let mtas = [(Mta::Postfix, "Postfix"), (Mta::Exim, "Exim")];
        let mtas =
            mtas.into_iter().filter(|(mta, _)| self.mtas & (1 << *mta as u8) != 0).map(|(_, name)| name);
        let forms =
            Form::ALL.into_iter().filter(|form| self.forms & (1 << *form as u8) != 0).map(Form::as_str);
        let forms = forms.filter(|_| carrier.is_none()).chain(carrier);
        let words: Vec<&str> = mtas.chain(forms).collect();
        if words.is_empty() { "unknown".to_owned() } else { words.join(", ") }
    }

    /// The account as the summary holds it; so many lines of the input stand `before`.
    pub(super) fn into_accounting(self, input: &str, before: u64) -> Accounting {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Accounting {
            lines: self.lines - self.outside,
            attempts: self.attempts,
            rejects: self.rejects,
            other_events: self.other_events,
            other_programs: self.other_programs,
            unrelated: self.unrelated,
            not_understood: self.not_understood,
            first_not_understood: self.first_not_understood.map(|(line, start)| Place {
                input: input.to_owned(),
                line: before + line,
                text: text(&start),
            }),
            programs: self.programs.iter().map(|(name, count)| (text(name), *count)).collect(),
            outside_period: self.outside,
            long_lines: self.long_lines,
            repeated: self.repeated,
            lost: self.lost,
            loss_notices: self.loss_notices,
        }
    }
}
