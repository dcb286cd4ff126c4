//! Repetitions that a syslog daemon only counted: each is an event like the one that was written down.
//!
//! rsyslog shows the text again. BSD's syslogd says only how often the line before came again: that line is looked up where
//! it stands. A notice that stands in the next chunk is read with the chunk that holds the line, which looks
//! ahead; the next chunk counts it as a line and nothing more.

use std::ops::Range;

use super::exim::{is_refusal, lines};
use super::kernel::{Reader, Reading, understand};
use crate::frame::{Form, Record, Repeat, own_stamp, split};
use crate::input::{AHEAD, LINE_LIMIT};
use crate::mta::{Event, Mta};
use crate::tally::{Line, Sink};
use crate::time::Instant;

/// Events one notice can make. Of more it is said that they are missing.
const MOST: u32 = 10_000;

/// Which line `last message repeated 3 times` is about.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Where that line stands; `None` where it does not stand in this chunk.
    source: Option<Range<usize>>,
    /// How many notices follow it, and where the last one ends.
    notices: usize,
    end: usize,
}

impl Repeats {
    /// A notice stands at `place`; several may follow each other.
    fn notice(&mut self, own: &[u8], place: Range<usize>) {
        if self.notices == 0 || self.end != place.start {
            *self = Repeats { source: line_before(own, place.start), ..Repeats::default() };
        }
        self.notices += 1;
        self.end = place.end;
    }

    /// No further line stands in the chunk: the last one may be repeated.
    fn ended(&mut self, own: &[u8]) {
        if self.notices == 0 || self.end < own.len() {
            *self = Repeats { source: line_before(own, own.len()), ..Repeats::default() };
        }
    }
}

/// What a record tells of repetitions. No syslog daemon writes into Exim's own main log.
pub(super) fn told<'a>(record: &Record<'a>) -> Option<Repeat<'a>> {
    if record.form == Form::EximMain { None } else { Repeat::read(record.message) }
}

/// The line that ends at `end`, its line end included.
fn line_before(own: &[u8], end: usize) -> Option<Range<usize>> {
    let text = own[..end].strip_suffix(b"\n")?;
    let start = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
    Some(start..end)
}

/// A notice speaks of a line of its own host, and where it has a tag of that program; syslogd of any line before it.
fn speaks_of(notice: &Record<'_>, line: &Record<'_>) -> bool {
    let same_program = notice.program.is_empty() || notice.program == line.program && notice.pid == line.pid;
    notice.program == b"syslogd" || notice.host == line.host && same_program
}

impl<S: Sink> Reader<'_, '_, '_, S> {
    /// `message repeated 3 times: [ text]`: one line, and so many events as if each had a line.
    pub(super) fn counted(&mut self, record: Record<'_>, text: &[u8], line: &[u8], times: u32) {
        let stamped = own_stamp(text).is_some();
        understand(Record { message: text, ..record }, b"", |record, reading| match reading {
            Reading::Class(class) => self.class(class, record, line),
            Reading::Event(mta, event) => {
                let (at, inside) = self.instant(record.stamp);
                if inside {
                    self.found(record, line, mta, event);
                    let number = self.account.lines;
                    self.again(&Line { number, at, mta, record, text: line }, event, times, stamped);
                }
            }
        });
    }

    /// `last message repeated 3 times`, which stands at `place` and is counted as a line already.
    pub(super) fn last_counted(&mut self, notice: &Record<'_>, place: Range<usize>, times: u32) {
        let end = place.end;
        self.repeats.notice(self.block.lines(), place);
        let Some(source) = self.repeats.source.clone() else { return };
        // As far as the chunk that ends with the line would see.
        let behind = self.block.from(source.end).len();
        if end - source.end > behind && behind == AHEAD {
            return;
        }
        let (at, inside) = match (notice.stamp, self.last) {
            (Some(_), Some((_, at, inside))) => (Some(at), inside),
            _ => (None, true),
        };
        if inside {
            self.line_again(notice, source, self.account.lines, at, times);
        }
    }

    /// Notices behind the chunk about its last line.
    pub(super) fn last_counted_behind(&mut self) {
        let own = self.block.lines();
        self.repeats.ended(own);
        let Some(source) = self.repeats.source.clone() else { return };
        let behind = self.block.from(source.end);
        // The next chunk reads the same stamps.
        let mut clock = None;
        let mut number = self.account.lines;
        for line in lines(behind).skip(self.repeats.notices) {
            let notice = split(&line[..line.len().min(LINE_LIMIT)]);
            let Some(Repeat::Last(times)) = told(&notice) else { break };
            number += 1;
            let clock = clock.get_or_insert_with(|| self.clock.clone());
            let at = notice.stamp.map(|stamp| clock.instant(stamp));
            if at.is_none_or(|at| self.period.contains(at)) {
                self.line_again(&notice, source.clone(), number, at, times);
            }
        }
    }

    /// What a line of the chunk says, so many times more.
    fn line_again(
        &mut self,
        notice: &Record<'_>,
        source: Range<usize>,
        number: u64,
        at: Option<Instant>,
        times: u32,
    ) {
        let own = self.block.lines();
        let text = own[source].strip_suffix(b"\n").unwrap_or_default();
        let text = &text[..text.len().min(LINE_LIMIT)];
        let record = split(text);
        if !speaks_of(notice, &record) {
            return;
        }
        let stamped = own_stamp(record.message).is_some();
        understand(record, b"", |record, reading| {
            if let Reading::Event(mta, event) = reading {
                self.again(&Line { number, at, mta, record, text }, event, times, stamped);
            }
        });
    }

    /// Hands on what answers and refuses; what else is said of a message is true once said.
    fn again(&mut self, line: &Line<'_>, event: &Event<'_>, times: u32, stamped: bool) {
        if !matches!(event, Event::Outcome(_)) {
            return;
        }
        // Every other one is the reject log's copy, as where both are written down.
        let twice = line.mta == Mta::Exim && line.record.form != Form::EximMain;
        let times = if twice && stamped && is_refusal(event) { times / 2 } else { times };
        for _ in 0..times.min(MOST) {
            self.sink.event(line, event);
        }
        self.account.repeated += u64::from(times.min(MOST));
        if times > MOST {
            self.account.lost((times - MOST).into());
        }
    }
}
