//! Repetitions that a syslog daemon only counted: each is an event like the one that was written down.
//!
//! rsyslog shows the text again. BSD's syslogd says only how often the line before came again: that line is looked up where
//! it stands. A notice that stands in the next chunk is read with the chunk that holds the line, which looks
//! ahead; the next chunk counts it as a line and nothing more. Where an earlier reading ended with the line, whoever goes
//! on with the log looks back.

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
pub(super) struct Repeats<'a> {
    /// That line; `None` where it stands in the chunk before.
    line: Option<&'a [u8]>,
    /// Bytes of the notices that follow it, and where the last one ends in this chunk.
    bytes: usize,
    end: usize,
}

impl<'a> Repeats<'a> {
    /// Of what ends with that line, or with notices about it.
    fn at_end(mut text: &'a [u8], end: usize) -> Repeats<'a> {
        let mut bytes = 0;
        while let Some(whole) = text.strip_suffix(b"\n") {
            let start = memchr::memrchr(b'\n', whole).map_or(0, |at| at + 1);
            let line = &whole[start..];
            if notice(line).is_none() {
                return Repeats { line: Some(&line[..line.len().min(LINE_LIMIT)]), bytes, end };
            }
            bytes += line.len() + 1;
            text = &text[..start];
        }
        Repeats { end, ..Repeats::default() }
    }

    /// The line that one more notice of so many bytes is about, if it is no further than a look ahead from the line shows.
    fn next(&mut self, bytes: usize) -> Option<&'a [u8]> {
        self.bytes += bytes;
        self.end += bytes;
        self.line.filter(|_| self.bytes <= AHEAD)
    }
}

/// What a line says of the one before.
fn notice(line: &[u8]) -> Option<(Record<'_>, u32)> {
    let record = split(&line[..line.len().min(LINE_LIMIT)]);
    match told(&record) {
        Some(Repeat::Last(times)) => Some((record, times)),
        _ => None,
    }
}

/// What a record tells of repetitions. No syslog daemon writes into Exim's own main log.
pub(super) fn told<'a>(record: &Record<'a>) -> Option<Repeat<'a>> {
    if record.form == Form::EximMain { None } else { Repeat::read(record.message) }
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
        if self.repeats.end != place.start || place.start == 0 {
            let before =
                if place.start == 0 { self.block.before() } else { &self.block.lines()[..place.start] };
            self.repeats = Repeats::at_end(before, place.start);
        }
        let Some(line) = self.repeats.next(place.len()) else { return };
        let (at, inside) = match (notice.stamp, self.last) {
            (Some(_), Some((_, at, inside))) => (Some(at), inside),
            _ => (None, true),
        };
        if inside {
            self.line_again(notice, line, self.account.lines, at, times);
        }
    }

    /// Notices behind the chunk about its last line.
    pub(super) fn last_counted_behind(&mut self) {
        let own = self.block.lines();
        if self.repeats.end != own.len() {
            self.repeats = Repeats::at_end(own, own.len());
        }
        // The next chunk reads the same stamps.
        let mut clock = None;
        let mut number = self.account.lines;
        for text in lines(self.block.from(own.len())) {
            let Some((notice, times)) = notice(text) else { break };
            let Some(line) = self.repeats.next(text.len() + 1) else { break };
            number += 1;
            let clock = clock.get_or_insert_with(|| self.clock.clone());
            let at = notice.stamp.map(|stamp| clock.instant(stamp));
            if at.is_none_or(|at| self.period.contains(at)) {
                self.line_again(&notice, line, number, at, times);
            }
        }
    }

    /// What a line says, so many times more.
    fn line_again(&mut self, notice: &Record<'_>, text: &[u8], number: u64, at: Option<Instant>, times: u32) {
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
