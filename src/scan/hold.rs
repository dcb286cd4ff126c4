//! What waits at the end of a log that is still written: lines that mean something else once the next ones are there.
//!
//! Exim by way of syslog splits long records, and writes refusals twice where both its logs go there. The one is read with
//! its first part, the other with its first line, so what has begun is read when it is whole.

use super::exim::{MOST_BETWEEN, by_syslog, is_refusal};
use super::kernel::Reading;
use crate::frame::{Form, Part, Record, split};
use crate::mta::Program;

/// How many bytes at the end of whole lines are to be read with what follows them.
pub(super) fn held(lines: &[u8]) -> usize {
    let mut from = lines.len();
    // Whose records are whole, or known to begin here.
    let mut settled: Vec<(&[u8], &[u8], &[u8])> = Vec::new();
    for (start, line) in backward(lines).take(MOST_BETWEEN) {
        let record = split(line);
        let Some(part) = exim(&record).then(|| Part::read(record.message)).flatten() else { continue };
        let who = (record.host, record.program, record.pid);
        if settled.contains(&who) {
            continue;
        }
        if part.number < part.of {
            from = start;
        }
        if part.number == part.of || part.number == 1 {
            settled.push(who);
        }
    }
    lines.len() - from.min(unpaired(lines))
}

/// Where the last line begins, if it is a refusal whose copy may follow.
fn unpaired(lines: &[u8]) -> usize {
    let mut last = None;
    let mut same: usize = 0;
    for (start, line) in backward(lines).take(MOST_BETWEEN) {
        let record = split(line);
        if !exim(&record) {
            break;
        }
        match &last {
            None if refuses(&record) => last = Some((start, record)),
            Some((_, next)) if next.pid == record.pid && is_copy(next.message, record.message) => {}
            _ => break,
        }
        same += 1;
    }
    last.filter(|_| same % 2 == 1).map_or(lines.len(), |(start, _)| start)
}

/// Whether a message is that of the line before it again; the header lines of the refused message may stand behind it.
fn is_copy(next: &[u8], message: &[u8]) -> bool {
    next.strip_prefix(message).is_some_and(|more| more.is_empty() || more.starts_with(b"#012"))
}

fn exim(record: &Record<'_>) -> bool {
    record.form != Form::EximMain && matches!(Program::of(record.program), Program::Exim)
}

fn refuses(record: &Record<'_>) -> bool {
    let mut refuses = false;
    by_syslog(*record, b"", |_, reading| {
        refuses = matches!(reading, Reading::Event(_, event) if is_refusal(event));
    });
    refuses
}

/// Whole lines from the last to the first, each with its place.
fn backward(lines: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut end = lines.len();
    std::iter::from_fn(move || {
        let text = lines[..end].strip_suffix(b"\n")?;
        let start = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
        end = start;
        Some((start, &text[start..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "Nov  3 02:00:00 mx exim[7]: 2025-11-03 02:00:00 1vaqNv-0001v6-09 <= a@b\n";
    const REFUSED: &str =
        "Nov  3 02:00:00 mx exim[7]: 2025-11-03 02:00:00 H=(x) [192.0.2.7] rejected RCPT <a@b>: no\n";

    fn waits(log: &str) -> &str {
        &log[log.len() - held(log.as_bytes())..]
    }

    #[test]
    fn a_record_in_parts_waits_for_its_last_one() {
        let part =
            |pid: u32, number: u32| format!("Nov  3 02:00:00 mx exim[{pid}]: [{number}/3] 2025-11-03 text\n");
        assert_eq!(waits(WHOLE), "");
        let two = part(7, 1) + WHOLE + &part(7, 2);
        let log = WHOLE.to_owned() + &two;
        assert_eq!(waits(&log), two);
        assert_eq!(waits(&(log.clone() + &part(7, 3))), "");
        // Another process's record is not its end.
        assert_eq!(waits(&(log + &part(8, 3))), two + &part(8, 3));
        assert_eq!(waits("Nov  3 02:00:00 mx postfix/smtp[7]: [1/3] text\n"), "");
    }

    #[test]
    fn a_refusal_waits_for_its_copy() {
        assert_eq!(waits(REFUSED), REFUSED);
        assert_eq!(waits(&REFUSED.repeat(2)), "");
        assert_eq!(waits(&REFUSED.repeat(3)), REFUSED);
        let headers = REFUSED.replace("no\n", "no#012Envelope-from: <a@b>#012\n");
        assert_eq!(waits(&(REFUSED.to_owned() + &headers)), "");
        assert_eq!(waits(&(REFUSED.to_owned() + WHOLE)), "");
    }

    #[test]
    fn nothing_is_held_of_what_is_no_log() {
        for text in ["", "\n", "\n\n\n", "no end", "[1/2] x\n"] {
            assert_eq!(held(text.as_bytes()), 0, "{text:?}");
        }
    }
}
