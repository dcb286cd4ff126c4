//! Splitting line after line: most begin like the one before.
//!
//! A server writes many lines a second, so stamp and host are mostly those of the last line, byte by byte, but for the
//! digits of a fraction. Where they are, only what follows is read. [`split`] alone would give the same.

use super::head::Head;
use super::tags::Tags;
use super::{EXIM, Form, Record, clean, exim, split, syslog};

/// Splits the lines of a log, one after the other.
#[derive(Debug, Default)]
pub struct Splitter {
    head: Head,
    tags: Tags,
}

impl Splitter {
    /// Numbers of tags end below this.
    pub const TAGS: usize = 65;

    /// The number of Exim's own main log, whose lines have no tag.
    const EXIM_TAG: u8 = 64;

    /// The next line as [`split`] gives it, and the number of its tag where that is remembered: equal numbers are equal
    /// tags, below [`Splitter::TAGS`].
    #[inline]
    pub fn split<'a>(&mut self, line: &'a [u8]) -> (Record<'a>, Option<u8>) {
        let whole = line;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some((stamp, length)) = self.head.recognise(line) else {
            return self.anew(whole);
        };
        let (form, rest) = (self.head.form, &line[length..]);
        if form == Form::EximMain {
            // What looks like an offset would belong to the stamp.
            if matches!(rest.first(), Some(b'+' | b'-')) {
                return self.anew(whole);
            }
            let message = exim::without_pid(rest);
            let record = Record { form, stamp: Some(stamp), host: b"", program: EXIM, pid: b"", message };
            return (record, Some(Splitter::EXIM_TAG));
        }
        let host = &line[self.head.host.clone()];
        let Some(found) = self.tags.find(rest) else {
            let record = syslog::after_host(form, stamp, host, rest);
            let tag = self.tags.learn(rest, record.program);
            return (record, tag);
        };
        let pid = match found.pid_end {
            end if end == found.program => &rest[..0],
            end => &rest[found.program + 1..end],
        };
        let record = Record {
            form,
            stamp: Some(stamp),
            host,
            program: &rest[..found.program],
            pid,
            message: &rest[found.message..],
        };
        (record, Some(found.number))
    }

    /// Reads a line whose head is new, and remembers it.
    #[cold]
    fn anew<'a>(&mut self, line: &'a [u8]) -> (Record<'a>, Option<u8>) {
        let line = clean(line);
        let record = split(line);
        self.learn(line, &record);
        (record, None)
    }

    fn learn(&mut self, line: &[u8], record: &Record<'_>) {
        self.head.forget();
        let Some(stamp) = record.stamp else { return };
        let (length, host) = match record.form {
            // The stamp alone: pids change from line to line.
            Form::EximMain => (exim::stamp_length(line), 0..0),
            Form::Rfc3164 | Form::Rfc3339 if !record.host.is_empty() => {
                // The host is a part of the line, so the difference of their places is where it stands.
                let start = record.host.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
                let end = start + record.host.len();
                (Some(end + 1), start..end)
            }
            _ => (None, 0..0),
        };
        let Some(head) = length.and_then(|length| line.get(..length)) else { return };
        // Behind a priority or a service's name the first colon need not be the clock's.
        if head[0].is_ascii_alphanumeric() && !head.contains(&b'|') {
            self.head.learn(head, record.form, stamp, host);
        }
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
            for line in &lines {
                let (record, tag) = splitter.split(line.as_bytes());
                prop_assert_eq!(record, split(line.as_bytes()), "{}", line);
                if let Some(tag) = tag {
                    let known = tags[usize::from(tag)].get_or_insert_with(|| record.program.to_vec());
                    prop_assert_eq!(&known[..], record.program);
                }
            }
        }
    }

    #[test]
    fn most_lines_are_read_from_memory() {
        let mut splitter = Splitter::default();
        let mut read = |second: u32| {
            let line =
                format!("Mar  7 00:02:{second:02} mta1 postfix/smtp[7]: 4bVx: to=<a@b.example>, relay=none");
            splitter.split(line.as_bytes()).1
        };
        assert_eq!([read(1), read(1), read(2), read(2)], [None, Some(0), Some(0), Some(0)]);
    }
}
