//! Readers of one line: nothing they give lies outside it, and what is remembered of lines before changes nothing.

use std::sync::OnceLock;

use smtpulse::catalog::Catalog;
use smtpulse::frame::{
    self, Form, Known, Part, Record, Repeat, Shared, Splitter, own_stamp, split, without_pid,
};
use smtpulse::mta::{Daemon, Event, Mta, Outcome, parse_exim, parse_postfix};
use smtpulse::smtp::{BasicCode, EnhancedCode, Joint, ReplyCodes, domain};
use smtpulse::tally::Attributor;
use smtpulse::time::{Clock, ClockState, Zone};
use smtpulse::vector::common;

use super::DAEMONS;

/// The embedded catalogue, read once.
pub(super) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(Catalog::builtin)
}

/// A part lies in the text that it was read from.
fn inside(whole: &[u8], part: &[u8]) {
    let (all, own) = (whole.as_ptr_range(), part.as_ptr_range());
    // Nothing lies nowhere.
    assert!(part.is_empty() || all.start <= own.start && own.end <= all.end, "{part:?} is not of {whole:?}");
}

/// Lines, one after the other.
pub(super) fn frame(bytes: &[u8]) {
    let (mut splitter, mut start) = (Splitter::default(), 0);
    let (mut known, mut shared) = (Known::NOTHING, Shared::NOTHING);
    // Lines near the end of a text are not read from memory.
    let padded = [bytes, &[b'\n'; 256]].concat();
    let zone = Zone::utc();
    let mut clock = Clock::new(&zone, ClockState::starting(2026));
    for line in bytes.split(|byte| *byte == b'\n') {
        let record = split(line);
        let Record { form, host, program, pid, message, .. } = record;
        let own = if form == Form::EximMain { &b""[..] } else { program };
        for part in [host, own, pid, message] {
            inside(line, part);
        }
        let text = &padded[start..];
        start += line.len() + 1;
        if !splitter.know(common(), text, line.len(), &mut known) {
            shared = splitter.shared();
        }
        let found = if known.is_known() { known.record(&shared, line) } else { splitter.split(line) };
        assert_eq!(found, record, "with memory and without");
        let repeat = Repeat::read(message);
        assert!(repeat.is_none() || Repeat::is_near(message));
        if let Some(Repeat::Of(_, text)) = repeat {
            inside(message, text);
        }
        if let Some(part) = Part::read(message) {
            assert!((1..=part.of).contains(&part.number));
            inside(message, part.text);
        }
        if let Some((_, rest)) = own_stamp(message) {
            inside(message, rest);
        }
        inside(message, without_pid(message));
        assert!(frame::lost(program, message).is_none() || frame::tells_of_losses(program));
        if let Some(stamp) = record.stamp {
            clock.instant(stamp);
        }
    }
}

/// A daemon, by number, and its message.
pub(super) fn postfix(bytes: &[u8]) {
    let Some((daemon, message)) = bytes.split_first() else { return };
    let daemon = DAEMONS[usize::from(*daemon) % DAEMONS.len()];
    event(
        Mta::Postfix,
        message,
        &parse_postfix(Daemon::of(daemon.as_bytes()).unwrap_or(Daemon::Unknown), message),
    );
}

/// A message of Exim's.
pub(super) fn exim(message: &[u8]) {
    event(Mta::Exim, message, &parse_exim(message));
}

fn event(mta: Mta, message: &[u8], event: &Event<'_>) {
    match event {
        Event::Outcome(found) => outcome(mta, message, found),
        Event::Arrival { queue_id, .. } | Event::Done { queue_id } => inside(message, queue_id),
        Event::Sender { queue_id, sender, .. } => {
            inside(message, queue_id);
            inside(message, sender);
        }
        Event::Mention | Event::Unrelated | Event::NotUnderstood => {}
    }
}

fn outcome(mta: Mta, message: &[u8], found: &Outcome<'_>) {
    // The status may be a word of ours, for lines that have none.
    let parts = [
        found.queue_id,
        found.sender,
        found.recipient,
        found.orig_recipient,
        found.relay_host,
        found.relay_ip,
        found.delay,
        found.reply,
        Some(found.text),
    ];
    for part in parts.into_iter().flatten() {
        inside(message, part);
        // The null sender has none, and is named for itself.
        if let Some(name) = domain(part).filter(|name| *name != b"<>") {
            inside(part, name);
        }
    }
    if let Some(reply) = found.reply {
        inside(found.text, reply);
    }
    let _ = found.is_retry(mta, Some(1_780_000_000));
    let mut attributor = Attributor::new(catalog());
    let attributes = attributor.attribute(found);
    assert_eq!(format!("{attributes:?}"), format!("{:?}", attributor.attribute(found)), "asked twice");
    let _ = catalog().explain(&attributes.answer(catalog(), found.code));
}

/// A reply, in all the ways its lines may be joined: its codes stand in it, and the first one at its start.
pub(super) fn reply(reply: &[u8]) {
    let first = BasicCode::at_start(reply);
    let behind = |at: usize| reply.get(at..).unwrap_or_default();
    let stand = |at: usize| BasicCode::at_start(behind(at)).zip(EnhancedCode::at_start(behind(at + 4)));
    for joint in [Joint::Blank, Joint::Escaped, Joint::EscapedTwice] {
        let codes = ReplyCodes::read(reply, joint);
        assert_eq!(codes.basic.is_some(), first.is_some());
        if reply.get(3) != Some(&b'-') {
            assert_eq!(codes.basic, first, "a reply of one line");
        }
        let Some((basic, enhanced)) = codes.basic.zip(codes.enhanced) else {
            assert!(codes.enhanced.is_none());
            continue;
        };
        let both = |at| stand(at).is_some_and(|found| (found.0, found.1.0) == (basic, enhanced));
        assert!((0..reply.len()).any(both), "{basic:?} {enhanced:?} is not there");
    }
}
