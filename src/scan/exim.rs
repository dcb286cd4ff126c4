//! Exim by way of syslog: records split over several lines, and refusals written twice.
//!
//! Exim splits a record longer than 870 bytes ([`Part`]); it is read where its first part stands, its other parts
//! are looked for in the bytes behind. A refusal goes to the main log and to the reject log; where both go to syslog
//! (`syslog_duplication`) the second one directly follows the first.

use super::kernel::{Class, Reading};
use crate::frame::{Part, Record, own_stamp, split, without_pid};
use crate::input::AHEAD;
use crate::mta::{Event, Kind, Mta, parse_exim};
use crate::time::Stamp;

/// Reads a message of Exim's and tells `done`; `behind` is what follows the line.
pub(super) fn by_syslog(record: Record<'_>, behind: &[u8], done: impl FnOnce(&Record<'_>, Reading<'_, '_>)) {
    let mut joined = Vec::new();
    let mut message = record.message;
    let mut dump = false;
    if let Some(part) = Part::read(record.message) {
        if part.number > 1 {
            // Read with its first part.
            return done(&record, Reading::Class(Class::OtherEvent));
        }
        join(&record, part, behind, &mut joined);
        dump = part.line_end && is_dump(&joined[part.text.len()..]);
        message = &joined;
    }
    let (stamp, stamped, rest) = match own_stamp(message) {
        Some((own, rest)) => (better(record.stamp, own), true, rest),
        None => (record.stamp, false, without_pid(message)),
    };
    let event = parse_exim(rest);
    let refusal = is_refusal(&event);
    // With the header lines of the refused message behind it, it is the reject log's copy for sure.
    let twice = refusal && (dump || stamped && twins(&record, behind) % 2 == 1);
    let record = Record { stamp, message: rest, ..record };
    done(&record, if twice { Reading::Class(Class::OtherEvent) } else { Reading::Event(Mta::Exim, &event) });
}

/// Whether it goes to the reject log too.
pub(super) fn is_refusal(event: &Event<'_>) -> bool {
    matches!(event, Event::Outcome(outcome) if matches!(outcome.kind, Kind::Reject | Kind::Auth))
}

/// The better of the syslog daemon's stamp and Exim's own: one with an offset, else one with a year.
pub(super) fn better(outer: Option<Stamp>, own: Stamp) -> Option<Stamp> {
    match (outer, own) {
        (Some(outer @ Stamp::Absolute(_)), Stamp::Wall(_) | Stamp::Yearless(_)) => Some(outer),
        _ => Some(own),
    }
}

/// Whether what follows the first line of a refusal is the message's envelope and headers, as the reject log has them (`log.c`), and
/// not the rest of a text that has line ends itself. Where nothing is there, it was cut off.
fn is_dump(rest: &[u8]) -> bool {
    let header = |rest: &[u8]| {
        let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
        name > 0 && rest.get(name) == Some(&b':')
    };
    match rest {
        // The letter tells what Exim makes of the header.
        [_, b' ', name @ ..] => header(name),
        _ => rest.is_empty() || rest.starts_with(b"Envelope-from: ") || rest.starts_with(b"Envelope-to: "),
    }
}

/// The lines behind, each complete.
pub(super) fn lines(behind: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = behind;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match memchr::memchr(b'\n', rest) {
            Some(end) => {
                let line = &rest[..end];
                rest = &rest[end + 1..];
                Some(line)
            }
            // Where the look ahead ends inside a line, that line is not seen; where the input ends, it is.
            None if behind.len() < AHEAD => Some(std::mem::take(&mut rest)),
            None => None,
        }
    })
}

/// Lines of others between two parts at most: Exim writes one directly after the other. Where a filter has taken the rest away,
/// looking further would be in vain, and at each first part again.
pub(super) const MOST_BETWEEN: usize = 128;

/// Puts the parts of a record together, as far as they are there.
fn join(record: &Record<'_>, first: Part<'_>, behind: &[u8], joined: &mut Vec<u8>) {
    joined.extend_from_slice(first.text);
    let mut expected = 2;
    let mut between = 0;
    for line in lines(behind) {
        between += 1;
        if between > MOST_BETWEEN {
            break;
        }
        let next = split(line);
        if next.pid != record.pid || next.program != record.program || next.host != record.host {
            continue;
        }
        let Some(part) = Part::read(next.message) else { continue };
        if part.number != expected || part.of != first.of {
            break;
        }
        joined.extend_from_slice(part.text);
        if part.number == first.of {
            break;
        }
        expected += 1;
        between = 0;
    }
}

/// How many lines directly behind say the same. Where Exim splits nothing (`SYSLOG_LONG_LINES`), the reject log's copy has
/// the message's header lines behind it, and rsyslog writes their line ends as `#012`.
fn twins(record: &Record<'_>, behind: &[u8]) -> usize {
    let same = |next: &Record<'_>| {
        let more = next.message.strip_prefix(record.message);
        let same = more.is_some_and(|more| more.is_empty() || more.starts_with(b"#012"));
        same && next.pid == record.pid && next.host == record.host
    };
    // Of a record in parts the first ones are told.
    let further = |next: &Record<'_>| Part::read(next.message).is_some_and(|part| part.number > 1);
    lines(behind).map(split).filter(|next| !further(next)).take_while(same).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &str) -> (String, bool) {
        let (line, behind) = log.split_once('\n').unwrap();
        let mut read = (String::new(), false);
        by_syslog(split(line.as_bytes()), behind.as_bytes(), |record, reading| {
            let message = String::from_utf8_lossy(record.message).into_owned();
            read = (message, matches!(reading, Reading::Event(..)));
        });
        read
    }

    #[test]
    fn parts_are_joined_across_lines_of_others() {
        let log = "Nov  3 02:00:00 mx exim[7]: [1/3] 2025-11-03 02:00:00 1vaqNv-0001v6-09 ** a@b: 55\n\
                   Nov  3 02:00:00 mx exim[8]: 2025-11-03 02:00:00 other\n\
                   Nov  3 02:00:00 mx exim[7]: [2/3] 0 5.7.1 \n\
                   Nov  3 02:00:00 mx dovecot: imap\n\
                   Nov  3 02:00:00 mx exim[7]: [3/3] no\n";
        assert_eq!(read(log).0, "1vaqNv-0001v6-09 ** a@b: 550 5.7.1 no");
        let cut = log.split("Nov  3 02:00:00 mx exim[7]: [3/3]").next().unwrap();
        assert_eq!(read(cut).0, "1vaqNv-0001v6-09 ** a@b: 550 5.7.1 ");
        assert!(!read("Nov  3 02:00:00 mx exim[7]: [2/3] 0 5.7.1 \n").1);
    }

    #[test]
    fn a_refusal_and_its_copy_count_once() {
        let line =
            "Nov  3 02:00:00 mx exim[7]: 2025-11-03 02:00:00 H=(x) [192.0.2.7] rejected RCPT <a@b>: no\n";
        let other = "Nov  3 02:00:00 mx exim[7]: 2025-11-03 02:00:01 x\n";
        assert!(read(&format!("{line}{other}")).1);
        assert!(!read(&format!("{line}{line}{other}")).1);
        let headers = line.replace("no\n", "no#012Envelope-from: <a@b>#012\n");
        assert!(!read(&format!("{line}{headers}{other}")).1);
        assert!(read(&format!("{headers}{other}")).1);
        let dump = "Nov  3 02:00:00 mx exim[7]: [1\\2] 2025-11-03 02:00:00 H=(x) [192.0.2.7] rejected after DATA: no\n\
                    Nov  3 02:00:00 mx exim[7]: [2/2] Envelope-from: <a@b>\n";
        assert!(!read(dump).1);
        let letter = dump.replace("Envelope-from: <a@b>", "P Received: from x");
        assert!(!read(&letter).1);
        // A text with line ends, in the main log and in the reject log.
        let long = dump.replace("Envelope-from: <a@b>", "at line 4.");
        assert!(read(&format!("{long}{other}")).1);
        assert!(!read(&format!("{long}{long}{other}")).1);
    }

    #[test]
    fn stamps() {
        assert_eq!(better(Some(Stamp::Absolute(5)), Stamp::Wall(1)), Some(Stamp::Absolute(5)));
        assert_eq!(better(Some(Stamp::Yearless(5)), Stamp::Wall(1)), Some(Stamp::Wall(1)));
        assert_eq!(better(Some(Stamp::Absolute(5)), Stamp::Absolute(1)), Some(Stamp::Absolute(1)));
        assert_eq!(without_pid(b"[12] x"), b"x");
        assert_eq!(without_pid(b"[1.2.3.4] x"), b"[1.2.3.4] x");
    }
}
