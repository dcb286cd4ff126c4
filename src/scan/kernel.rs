//! The loop: one chunk of lines into a sink and an account of every line.
//!
//! ```text
//! for some hundred lines of the chunk at a time
//!     where they end                           64 bytes in one look
//!     how each begins                          stamp, host and tag from memory, where they are like those before; else read the long way
//!     for each line, what it says
//!         its tag tells the program            remembered too: a line of another program is counted, and that is all
//!         event = the dialect's reading of the message
//!         count the line in exactly one class
//!         hand the event to the sink, unless it lies outside the period
//! ```
//!
//! Three short loops instead of one long one: a processor runs far ahead in the first two, for they do not depend on what
//! lines turn out to be, and the memory is asked for what follows meanwhile.
//!
//! No allocation once a name has been seen, no regular expression, no UTF-8 check, no calendar, no clock. What is
//! remembered of lines before only makes it quicker; the naive twin of the tests remembers nothing.

use std::ops::Range;

use super::account::Account;
use super::ends::{self, Ends};
use super::exim;
use super::period::Period;
use super::repeat::{self, Repeats};
use crate::frame::{self, Form, Known, Record, Repeat, Shared, Splitter, may_be_stamped, own_stamp};
use crate::input::{Block, LINE_LIMIT};
use crate::mta::{Daemon, Event, Kind, Mta, Program, parse_exim, parse_exim_by, parse_postfix};
use crate::smtp::Action;
use crate::tally::{Line, Sink};
use crate::time::{Clock, Instant, Stamp};
use crate::vector::{self, Vector, Work};

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
    vector::best(Reader {
        clock,
        period,
        sink,
        block,
        account: Account::default(),
        last: None,
        repeats: Repeats::default(),
        shared: Shared::NOTHING,
        now: None,
    })
}

impl<S: Sink> Work for Reader<'_, '_, '_, S> {
    type Result = Account;

    #[inline(always)]
    fn by(mut self, vector: impl Vector) -> Account {
        let own = self.block.lines();
        let mut lines = Ends::new(vector, own);
        let mut ends = [0; ends::MOST];
        let mut all_known = [Known::NOTHING; ends::MOST];
        let mut news = Vec::with_capacity(ends::MOST);
        let mut others = Vec::with_capacity(ends::MOST);
        let mut splitter = Splitter::default();
        let mut programs = [Tag::New; Splitter::TAGS];
        let mut start = 0;
        loop {
            let count = lines.next(&mut ends);
            if count == 0 {
                break;
            }
            let mut from = start;
            splitter.part();
            for (index, (known, end)) in all_known.iter_mut().zip(&ends[..count]).enumerate() {
                if !splitter.know(vector, &own[from..], end - from, known) {
                    if known.is_known() {
                        news.push((index, splitter.shared()));
                    } else {
                        others.push(splitter.split(limited(&own[from..*end])));
                    }
                }
                from = end + 1;
            }
            let mut others = others.drain(..);
            let mut new = news.iter();
            let mut next = new.next();
            for (index, (known, end)) in all_known.iter().zip(&ends[..count]).enumerate() {
                if let Some((from, shared)) = next
                    && *from == index
                {
                    self.shared = *shared;
                    self.now = None;
                    next = new.next();
                }
                self.line(vector, known, &own[start..*end], start, &mut programs, &mut others);
                start = end + 1;
            }
            news.clear();
        }
        self.last_counted_behind();
        for program in programs {
            if let Tag::Other(name, lines) = program {
                self.account.other_program(name, lines);
            }
        }
        self.account
    }
}

/// As much of a line as is looked at.
#[inline(always)]
fn limited(line: &[u8]) -> &[u8] {
    &line[..line.len().min(LINE_LIMIT)]
}

/// What a tag told of its program.
#[derive(Clone, Copy)]
enum Tag<'a> {
    /// Not asked yet.
    New,
    /// A Postfix daemon.
    Postfix(Daemon),
    /// Exim's own main log.
    EximMain,
    /// Another program, and its lines of the period.
    Other(&'a [u8], u64),
    /// To be asked anew at each line.
    Unsure,
}

impl<'a> Tag<'a> {
    fn of(record: &Record<'a>) -> Tag<'a> {
        match Program::of(record.program) {
            Program::Postfix(daemon) => Tag::Postfix(daemon),
            Program::Exim if record.form == Form::EximMain => Tag::EximMain,
            Program::Other if frame::tells_of_losses(record.program) => Tag::Unsure,
            Program::Other if record.stamp.is_some() => Tag::Other(record.program, 0),
            Program::Exim | Program::Missing | Program::Other => Tag::Unsure,
        }
    }
}

/// What reads a block, and what it leaves behind.
pub(super) struct Reader<'r, 'z, 'b, S> {
    pub(super) clock: &'r mut Clock<'z>,
    pub(super) period: Period,
    pub(super) sink: &'r mut S,
    pub(super) block: Block<'b>,
    pub(super) account: Account,
    /// Whose repetitions were counted last.
    pub(super) repeats: Repeats<'b>,
    /// The last stamp, what it came to, and whether that is inside the period: bursts share a second.
    pub(super) last: Option<(Stamp, Instant, bool)>,
    /// What lines share from the last one on that told something new.
    shared: Shared,
    /// When those were written, and whether that is inside the period; `None` where it must be asked anew.
    now: Option<(Instant, bool)>,
}

impl<'b, S: Sink> Reader<'_, '_, 'b, S> {
    /// Reads the line that begins at `start`, and is what is `known` of it, or the next of the `others`.
    #[inline(always)]
    fn line(
        &mut self,
        vector: impl Vector,
        known: &Known,
        line: &'b [u8],
        start: usize,
        programs: &mut [Tag<'b>; Splitter::TAGS],
        others: &mut impl Iterator<Item = Record<'b>>,
    ) {
        self.account.lines += 1;
        let tag = &mut programs[usize::from(known.tag) % Splitter::TAGS];
        let message = known.message(line);
        match tag {
            _ if line.len() > LINE_LIMIT => {}
            Tag::Postfix(daemon) if !Repeat::is_near(message) => {
                let event = parse_postfix(*daemon, message);
                return self.known(known, line, Mta::Postfix, &event);
            }
            Tag::Other(_, lines) if !Repeat::is_near(message) && !may_be_stamped(message) => {
                let (_, inside) = self.now();
                *lines += u64::from(inside);
                return self.counts(inside);
            }
            Tag::EximMain => {
                return self.known(known, line, Mta::Exim, &parse_exim_by(vector, message));
            }
            _ => {}
        }
        // What is strange is read the long way.
        self.account.long_lines += u64::from(line.len() > LINE_LIMIT);
        let (place, line) = (start..start + line.len() + 1, limited(line));
        let record = if known.is_known() { Some(known.record(&self.shared, line)) } else { others.next() };
        let Some(record) = record else { return };
        if known.is_known()
            && let Tag::New = tag
        {
            *tag = Tag::of(&record);
        }
        self.any(record, line, place);
        self.now = None;
    }

    /// When the lines were written that share what is new, and whether that is inside the period.
    #[inline(always)]
    fn now(&mut self) -> (Instant, bool) {
        if let Some(now) = self.now {
            return now;
        }
        let now = self.moment(self.shared.stamp);
        self.now = Some(now);
        now
    }

    /// A line whose program or message is understood counts, or lies outside the period.
    #[inline(always)]
    fn counts(&mut self, inside: bool) {
        self.account.outside += u64::from(!inside);
        self.account.understood(inside);
    }

    /// Reads a record of which nothing is known yet; `place` is where its line stands.
    fn any(&mut self, record: Record<'_>, line: &[u8], place: Range<usize>) {
        match repeat::told(&record) {
            Some(Repeat::Of(times, text)) => self.counted(record, text, line, times),
            Some(Repeat::Last(times)) => {
                self.once(record, line, place.end);
                self.last_counted(&record, place, times);
            }
            None => self.once(record, line, place.end),
        }
    }

    fn once(&mut self, record: Record<'_>, line: &[u8], end: usize) {
        // An event is large and is not moved about: what becomes of it is said where it lies.
        understand(record, self.block.from(end), |record, reading| match reading {
            Reading::Event(mta, event) => self.event(record, line, mta, event),
            Reading::Class(class) => self.class(class, record, line),
        });
    }

    /// A line that is no event.
    pub(super) fn class(&mut self, class: Class, record: &Record<'_>, line: &[u8]) {
        if self.instant(record.stamp).1 {
            self.account.class(class, record, line);
            if let Some(lost) = frame::lost(record.program, record.message) {
                self.account.lost(lost.into());
            }
        }
    }

    /// A line like others before it, and what it says. Most say nothing that goes further.
    #[inline(always)]
    fn known(&mut self, known: &Known, line: &[u8], mta: Mta, event: &Event<'_>) {
        let (at, inside) = self.now();
        if let Event::Outcome(_) | Event::NotUnderstood = event {
            return self.event(&known.record(&self.shared, line), line, mta, event);
        }
        self.counts(inside);
        if inside {
            self.account.silent(classify(event));
            self.account.found(self.shared.form(), mta);
        }
        if !matches!(event, Event::Mention | Event::Unrelated) {
            let record = &known.record(&self.shared, line);
            let number = self.account.lines;
            self.sink.event(&Line { number, at: Some(at), mta, record, text: line }, event);
        }
    }

    fn event(&mut self, record: &Record<'_>, text: &[u8], mta: Mta, event: &Event<'_>) {
        let (at, inside) = self.instant(record.stamp);
        if inside {
            self.found(record, text, mta, event);
        } else if matches!(event, Event::Outcome(_)) {
            return;
        }
        if !matches!(event, Event::Mention | Event::Unrelated) {
            self.sink.event(&Line { number: self.account.lines, at, mta, record, text }, event);
        }
    }

    /// Counts the line of an event.
    #[inline]
    pub(super) fn found(&mut self, record: &Record<'_>, text: &[u8], mta: Mta, event: &Event<'_>) {
        let class = classify(event);
        self.account.class(class, record, text);
        if class != Class::NotUnderstood {
            self.account.found(record.form, mta);
        }
    }

    /// When a line was written, and whether it counts: it lies inside the period, or has no stamp.
    #[inline]
    pub(super) fn instant(&mut self, stamp: Option<Stamp>) -> (Option<Instant>, bool) {
        let Some(stamp) = stamp else { return (None, true) };
        let (at, inside) = self.moment(stamp);
        self.account.outside += u64::from(!inside);
        (Some(at), inside)
    }

    /// What a stamp comes to, and whether that is inside the period.
    fn moment(&mut self, stamp: Stamp) -> (Instant, bool) {
        if let Some((last, at, inside)) = self.last
            && last == stamp
        {
            return (at, inside);
        }
        let at = self.clock.instant(stamp);
        self.account.yearless |= matches!(stamp, Stamp::Yearless(_));
        let inside = self.period.contains(at);
        if inside {
            self.account.span(Some(at));
        }
        self.last = Some((stamp, at, inside));
        (at, inside)
    }
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
pub(super) fn understand(record: Record<'_>, behind: &[u8], done: impl FnOnce(&Record<'_>, Reading<'_, '_>)) {
    match Program::of(record.program) {
        Program::Postfix(daemon) => {
            done(&record, Reading::Event(Mta::Postfix, &parse_postfix(daemon, record.message)));
        }
        Program::Exim if record.form == Form::EximMain => {
            done(&record, Reading::Event(Mta::Exim, &parse_exim(record.message)));
        }
        Program::Exim => exim::by_syslog(record, behind, done),
        Program::Missing if record.message.is_empty() || is_remark(&record) => {
            done(&record, Reading::Class(Class::Unrelated));
        }
        Program::Missing => {
            let postfix = parse_postfix(Daemon::Unknown, record.message);
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

/// `-- Boot 0d…  --`, `-- Journal begins at …`: what `journalctl` says of itself.
fn is_remark(record: &Record<'_>) -> bool {
    record.form == Form::Bare && record.message.starts_with(b"-- ")
}

/// A line with a stamp is another program's; one without is nobody's.
fn foreign(record: &Record<'_>) -> Class {
    if record.stamp.is_some() { Class::OtherProgram } else { Class::NotUnderstood }
}
