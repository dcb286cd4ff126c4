//! Splitting line after line: most begin like the one before.
//!
//! A server writes many lines a second, so stamp and host are mostly those of the last line, byte by byte, but for the
//! digits of a fraction. Where they are, only what follows is read. [`split`](super::split) alone would give the same.

use super::head::{Head, eight};
use super::tags::{Found, Tags};
use super::{EXIM, Form, Record, clean, exim, framed};
use crate::time::Stamp;
use crate::vector::{Vector, common};

/// Splits the lines of a log, one after the other.
#[derive(Debug, Default)]
pub struct Splitter {
    /// Heads of several hosts, since a log may be that of many.
    heads: [Head; HOSTS],
    /// Where the host stood in the last head that was learnt; it is there in most lines of one log.
    host_at: u8,
    tags: Tags,
}

/// Heads remembered.
const HOSTS: usize = 8;

/// A line that is like others before it: most are only counted by their tag.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a, 's> {
    /// The number of its tag: equal numbers are equal tags, below [`Splitter::TAGS`].
    pub tag: u8,
    /// When it was written.
    pub stamp: Stamp,
    line: &'a [u8],
    head: &'s Head,
    /// Where in the line the parts end.
    parts: Found,
}

impl<'a> Known<'a, '_> {
    /// How it is framed.
    #[inline]
    pub fn form(&self) -> Form {
        self.head.form
    }

    /// What the program said.
    #[inline(always)]
    pub fn message(&self) -> &'a [u8] {
        &self.line[self.parts.message..]
    }

    /// What [`split`](super::split) gives.
    #[inline]
    pub fn record(&self) -> Record<'a> {
        let Found { program_end, pid_end, .. } = self.parts;
        let (form, stamp, message) = (self.head.form, Some(self.stamp), self.message());
        if form == Form::EximMain {
            return Record { form, stamp, host: b"", program: EXIM, pid: b"", message };
        }
        let host = &self.line[self.head.host.clone()];
        let program = &self.line[self.head.length..program_end];
        let pid = if pid_end == program_end { b"" } else { &self.line[program_end + 1..pid_end] };
        Record { form, stamp, host, program, pid, message }
    }
}

impl Splitter {
    /// Numbers of tags end below this.
    pub const TAGS: usize = 65;

    /// The number of Exim's own main log, whose lines have no tag.
    const EXIM_TAG: u8 = 64;

    /// The next line, the first `length` bytes of `text`, if it is like others before it. If it is not,
    /// [`Splitter::split`] reads it. What follows it is looked at only so that fewer bytes need be counted.
    #[inline(always)]
    pub fn known<'a>(&mut self, vector: impl Vector, text: &'a [u8], length: usize) -> Option<Known<'a, '_>> {
        let line = &text[..length];
        let line = &line[..length - usize::from(line.last() == Some(&b'\r'))];
        let head = &mut self.heads[place(text, self.host_at)];
        let stamp = head.recognise(text)?;
        let parts = if head.form == Form::EximMain {
            let rest = line.get(head.length..)?;
            // What looks like an offset would belong to the stamp.
            if matches!(rest.first(), Some(b'+' | b'-')) {
                return None;
            }
            let message = line.len() - exim::without_pid(rest).len();
            Found { number: Splitter::EXIM_TAG, program_end: 0, pid_end: 0, message }
        } else {
            self.tags.find(vector, text, head.length)?
        };
        // Neither a head nor a tag goes on behind the line, for neither holds a line end; it is not taken on trust.
        (parts.message <= line.len()).then_some(Known { tag: parts.number, stamp, line, head, parts })
    }

    /// Reads any line as [`split`](super::split) does, and remembers what it is like.
    #[cold]
    pub fn split<'a>(&mut self, line: &'a [u8]) -> Record<'a> {
        let line = clean(line);
        let record = framed(line);
        if let Some(stamp) = record.stamp {
            self.learn(line, stamp, &record);
        }
        record
    }

    fn learn(&mut self, line: &[u8], stamp: Stamp, record: &Record<'_>) {
        let (length, host) = match record.form {
            // The stamp alone: pids change from line to line.
            Form::EximMain => (exim::stamp_length(line), 0..0),
            Form::Rfc3164 | Form::Rfc3339 | Form::Journalctl if !record.host.is_empty() => {
                // The host is a part of the line, so the difference of their places is where it stands.
                let start = record.host.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
                let end = start + record.host.len();
                (Some(end + 1), start..end)
            }
            _ => (None, 0..0),
        };
        let Some(head) = length.and_then(|length| line.get(..length)) else { return };
        // Behind a priority, a service's name or seconds since 1970 the first colon need not be the clock's.
        let of_clock = record.form != Form::Journalctl || head[0].is_ascii_alphabetic();
        if head[0].is_ascii_alphanumeric() && !head.contains(&b'|') && of_clock {
            self.host_at = u8::try_from(host.start).unwrap_or_default();
            self.heads[place(line, self.host_at)].learn(head, record.form, stamp, host);
            self.tags.learn(common(), line, head.len(), record.program);
        }
    }
}

/// Which of the heads it may be, by how the host begins.
#[inline(always)]
fn place(line: &[u8], host_at: u8) -> usize {
    let host = eight(line, host_at).unwrap_or(0);
    // Without a host, the stamp stands there.
    let own = if host_at == 0 { 0 } else { host };
    (own.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61) as usize % HOSTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::split;
    use super::*;

    /// Parts of lines; glued at random they make lines that begin alike and lines that nearly do.
    fn line() -> impl Strategy<Value = String> {
        let stamp = prop::sample::select(vec![
            "Mar  7 00:02:08 ",
            "Mar  7 00:02:09 ",
            "Mar  7 00:59:59 ",
            "Mar  7 00:60:00 ",
            "Mar  7 00:02:60 ",
            "Mar  7 01:02:09 ",
            "Mar  7 00:02:0: ",
            "Mar  7 00:0/:08 ",
            "Mar  7 00:02:08.123 ",
            "2025-12-30T07:17:43.684547-05:00 ",
            "2025-12-30T07:17:43.999999-05:00 ",
            "2025-12-30T07:18:03.999999-05:00 ",
            "2025-12-30T07:18:03.999999+05:30 ",
            "2025-12-30T07:19:03.000000+05:30 ",
            "2025-12-30T07:17:43.68454x-05:00 ",
            "2025-12-30T07:17:43.68-05:00 ",
            "2025-12-30T07:17:43Z ",
            "2025-12-31 00:43:01.022 -0500 ",
            "2025-12-31 00:43:01.922 -0500 ",
            "2025-12-31 00:43:01 ",
            "2025-12-31 00:44:01 ",
            "2025-12-31 00:43:01 +0100 ",
            "Wed 2025-12-31 00:43:01 CET ",
            "Wed 2025-12-31 00:44:07 CET ",
            "Wed 2025-12-31 00:44:07 -03 ",
            "1704276000.123456 ",
            "1704276000.123457 ",
            "1704276001.123457 ",
            "2025-12-30T07:17:43.684547Z Mar  7 00:02:08 ",
            "2025-12-30T07:18:44.684547Z Mar  7 00:02:08 ",
            "2025-12-30T07:18:44.684547Z Mar  7 00:02:09 ",
            "2025-12-30T07:18:44.684547Z 2025-12-30T07:17:43Z ",
            "2025-12-30T07:19:44.684547Z 2025-12-30T07:17:43Z ",
            "2025-12-30T07:18:44.684547Z 2025-12-31 00:43:01 ",
            "<22>Mar  7 00:02:08 ",
            "7:11:12 | Mar  7 00:02:08 ",
            "7:11:13 | Mar  7 00:02:08 ",
            "",
        ]);
        let host =
            prop::sample::select(vec!["mta1 ", "mta2 ", "mta1  ", "<mail.info> mta1 ", "mta1: ", "", "[7] "]);
        let tag = prop::sample::select(vec![
            "postfix/smtp[7]: ",
            "postfix/smtp[17]:  ",
            "postfix/smtp[]: ",
            "postfix/smtp: ",
            "postfix/smtp[7x]: ",
            "postfix/submission/smtpd[12345]: ",
            "INFO x[7]: ",
            "x x[7]: ",
            "x[7]: ",
            "kernel: ",
            "kernel]: ",
            "0EEA7827E9: ",
            "0EEA7827E9[]: ",
            "0EEA7827E9[1]: ",
            "",
            ":",
        ]);
        let text = prop::sample::select(vec!["", "what is said here is longer than any tag is", " x"]);
        (stamp, host, tag, text, "[a-z ]{0,6}\r?")
            .prop_map(|(stamp, host, tag, text, end)| format!("{stamp}{host}{tag}{text}{end}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn remembering_changes_nothing(lines in proptest::collection::vec(line(), 1..16)) {
            let mut splitter = Splitter::default();
            let mut tags: Vec<Option<Vec<u8>>> = vec![None; Splitter::TAGS];
            let log = lines.join("\n");
            let mut text = log.as_bytes();
            for line in &lines {
                let plain = split(line.as_bytes());
                let here = text;
                text = text.get(line.len() + 1..).unwrap_or_default();
                if let Some(known) = splitter.known(common(), here, line.len()) {
                    prop_assert_eq!(known.record(), plain, "{}", line);
                    prop_assert_eq!((Some(known.stamp), known.message()), (plain.stamp, plain.message));
                    let tag = tags[usize::from(known.tag)].get_or_insert_with(|| plain.program.to_vec());
                    prop_assert_eq!(&tag[..], plain.program);
                } else {
                    prop_assert_eq!(splitter.split(line.as_bytes()), plain, "{}", line);
                }
            }
        }
    }

    #[test]
    fn most_lines_are_read_from_memory() {
        let mut splitter = Splitter::default();
        let mut tag = |second: u32, host: &str| {
            let line = format!(
                "Mar  7 00:02:{second:02} {host} postfix/smtp[7]: 4bVx: to=<a@b.example>, relay=none"
            );
            let known = splitter.known(common(), line.as_bytes(), line.len()).map(|known| known.tag);
            if known.is_none() {
                splitter.split(line.as_bytes());
            }
            known
        };
        assert_eq!([tag(1, "mx1"), tag(1, "mx1"), tag(2, "mx1")], [None, Some(0), Some(0)]);
        assert_eq!([tag(2, "mx2"), tag(2, "mx1"), tag(59, "mx2")], [None, Some(0), Some(0)]);
    }
}
