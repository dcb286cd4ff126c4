//! Splitting line after line: most begin like the one before.
//!
//! A server writes many lines a second, so stamp and host are mostly those of the last line, byte by byte, but for the
//! digits of a fraction. Where they are, only what follows is read. [`split`] alone would give the same.

use std::ops::Range;

use super::{EXIM, Form, Record, clean, exim, split, syslog};
use crate::time::Stamp;

/// Splits the lines of a log, one after the other.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The last line up to where its program's tag begins, or Exim's text.
    head: Vec<u8>,
    /// Where in it the digits of a fraction stand.
    fraction: Range<usize>,
    /// Where in it the host stands.
    host: Range<usize>,
    /// What the head says. `None` before the first line, and after one without such a head.
    said: Option<(Form, Stamp)>,
}

impl Splitter {
    /// The next line, split. Gives what [`split`] gives.
    pub fn split<'a>(&mut self, line: &'a [u8]) -> Record<'a> {
        let cleaned = clean(line);
        if let Some((form, stamp)) = self.said
            && self.begins(cleaned)
        {
            let rest = &cleaned[self.head.len()..];
            return match form {
                Form::EximMain => exim_line(stamp, rest),
                _ => syslog::after_host(form, stamp, &cleaned[self.host.clone()], rest),
            };
        }
        let record = split(line);
        self.learn(cleaned, &record);
        record
    }

    fn begins(&self, line: &[u8]) -> bool {
        let Range { start, end } = self.fraction;
        line.len() >= self.head.len()
            && line[..start] == self.head[..start]
            && line[start..end].iter().all(u8::is_ascii_digit)
            && line[end..self.head.len()] == self.head[end..]
            // What looks like an offset would belong to the stamp.
            && !matches!((self.said, line.get(self.head.len())), (Some((Form::EximMain, _)), Some(b'+' | b'-')))
    }

    fn learn(&mut self, line: &[u8], record: &Record<'_>) {
        self.said = None;
        let Some(stamp) = record.stamp else { return };
        let length = match record.form {
            // The stamp alone: pids change from line to line.
            Form::EximMain => exim::stamp_length(line),
            Form::Rfc3164 | Form::Rfc3339 if !record.host.is_empty() => {
                // The host is a part of the line, so the difference of their places is where it stands.
                let start = record.host.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
                self.host = start..start + record.host.len();
                Some(self.host.end + 1)
            }
            _ => None,
        };
        let Some(head) = length.and_then(|length| line.get(..length)) else { return };
        self.head.clear();
        self.head.extend_from_slice(head);
        self.fraction = fraction(head);
        self.said = Some((record.form, stamp));
    }
}

/// A line of Exim's main log behind its stamp.
fn exim_line(stamp: Stamp, rest: &[u8]) -> Record<'_> {
    let message = exim::without_pid(rest);
    Record { form: Form::EximMain, stamp: Some(stamp), host: b"", program: EXIM, pid: b"", message }
}

/// Where the digits after `SS.` stand: behind the second colon of the time, if anywhere.
fn fraction(head: &[u8]) -> Range<usize> {
    let second = head.windows(3).position(|w| w[0] == b':' && w[1].is_ascii_digit() && w[2].is_ascii_digit());
    let second = second.and_then(|minute| {
        (head.get(minute + 3) == Some(&b':') && head.get(minute + 6) == Some(&b'.')).then_some(minute + 7)
    });
    match second {
        Some(start) => {
            let digits = head[start..].iter().take_while(|b| b.is_ascii_digit()).count();
            start..start + digits
        }
        None => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parts of lines; glued at random they make lines that begin alike and lines that nearly do.
    fn line() -> impl Strategy<Value = String> {
        let stamp = prop::sample::select(vec![
            "Mar  7 00:02:08 ",
            "Mar  7 00:02:09 ",
            "Mar  7 00:02:08.123 ",
            "2025-12-30T07:17:43.684547-05:00 ",
            "2025-12-30T07:17:43.999999-05:00 ",
            "2025-12-30T07:17:43.68454x-05:00 ",
            "2025-12-30T07:17:43.68-05:00 ",
            "2025-12-30T07:17:43Z ",
            "2025-12-31 00:43:01.022 -0500 ",
            "2025-12-31 00:43:01.922 -0500 ",
            "2025-12-31 00:43:01 ",
            "2025-12-31 00:43:01 +0100 ",
            "<22>Mar  7 00:02:08 ",
            "",
        ]);
        let host =
            prop::sample::select(vec!["mta1 ", "mta2 ", "mta1  ", "<mail.info> mta1 ", "mta1: ", "", "[7] "]);
        let tag = prop::sample::select(vec![
            "postfix/smtp[7]: ",
            "INFO x[7]: ",
            "kernel: ",
            "0EEA7827E9: ",
            "",
            ":",
        ]);
        (stamp, host, tag, "[a-z ]{0,6}\r?")
            .prop_map(|(stamp, host, tag, text)| format!("{stamp}{host}{tag}{text}"))
    }

    proptest! {
        #[test]
        fn remembering_changes_nothing(lines in proptest::collection::vec(line(), 1..12)) {
            let mut splitter = Splitter::default();
            for line in &lines {
                prop_assert_eq!(splitter.split(line.as_bytes()), split(line.as_bytes()), "{}", line);
            }
        }
    }
}
