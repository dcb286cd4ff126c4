//! Splitting line after line: most begin like the one before.
//!
//! A server writes many lines a second, so stamp and host are mostly those of the last line, byte by byte, but for the
//! digits of a fraction. Where they are, only what follows is read. [`split`](super::split) alone would give the same.

use super::head::Head;
use super::syslog::names_host_and_tag;
use super::tags::{self, Found, Tags};
use super::{EXIM, Form, Record, at_start, behind, clean, exim};
use crate::time::Stamp;
use crate::vector::{Vector, common};

/// Splits the lines of a log, one after the other.
#[derive(Debug, Default)]
pub struct Splitter {
    /// Heads of several hosts, since a log may be that of many.
    heads: [Head; HOSTS],
    /// The one that was met last.
    last: u8,
    /// Whether the line known last has another head, or another stamp, than the one known before it.
    is_news: bool,
    /// Where the host stood in the last head that was learnt; it is there in most lines of one log.
    host_at: u8,
    tags: Tags,
}

/// Heads remembered.
const HOSTS: usize = 8;

/// Bytes from the start of a line on that are looked at, whatever stands behind the line: more than the longest head and the
/// longest tag. Places in them are numbered by seven bits, so that no place need be checked.
pub(super) const NEAR: usize = 128 + tags::AROUND;

/// How a line begins.
pub(super) type Near = [u8; NEAR];

/// So many bytes from one of the first 128 on.
#[inline(always)]
pub(super) fn bytes<const N: usize>(line: &Near, at: u8) -> &[u8; N] {
    const { assert!(N <= tags::AROUND) };
    let at = usize::from(at) % 128;
    line[at..at + N].first_chunk().unwrap_or(&[0; N])
}

/// Eight of them as a number.
#[inline(always)]
pub(super) fn eight(line: &Near, at: u8) -> u64 {
    u64::from_le_bytes(*bytes(line, at))
}

/// Where the parts of a line stand that is like others before it: most lines are only counted by their tag.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The number of its tag: equal numbers are equal tags, below [`Splitter::TAGS`].
    pub tag: u8,
    // All places are counted from the start of the line, and none is further than the bytes that are looked at.
    program_end: u8,
    /// The program's end where there is no pid.
    pid_end: u8,
    message: u8,
}

/// What a line shares with those before it, mostly.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// When they were written.
    pub stamp: Stamp,
    head: Place,
}

/// What is the same for all lines with one head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// How they are framed.
    pub(super) form: Form,
    /// Where the host stands; empty where the form has none.
    pub(super) host: u8,
    pub(super) host_end: u8,
    /// Where the head ends; 0 when nothing is remembered.
    pub(super) end: u8,
}

impl Place {
    pub(super) const NOWHERE: Place = Place { form: Form::Bare, host: 0, host_end: 0, end: 0 };
}

impl Shared {
    /// What is true of no line.
    pub const NOTHING: Shared = Shared { stamp: Stamp::Wall(0), head: Place::NOWHERE };

    /// How the lines are framed.
    #[inline(always)]
    pub fn form(&self) -> Form {
        self.head.form
    }
}

impl Known {
    /// Nothing is known of the line.
    pub const NOTHING: Known = Known { tag: Splitter::STRANGE, program_end: 0, pid_end: 0, message: 0 };

    /// Whether anything is known.
    #[inline(always)]
    pub fn is_known(&self) -> bool {
        self.tag != Splitter::STRANGE
    }

    /// What the program said on the line.
    #[inline(always)]
    pub fn message<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        let Some(message) = line.get(usize::from(self.message)..) else { return b"" };
        match message.last() {
            Some(b'\r') => without_last(message),
            _ => message,
        }
    }

    /// What [`split`](super::split) gives of the line.
    #[inline]
    pub fn record<'a>(&self, shared: &Shared, line: &'a [u8]) -> Record<'a> {
        let &Known { program_end, pid_end, .. } = self;
        let &Shared { stamp, head: Place { form, host, host_end, end } } = shared;
        let (stamp, message) = (Some(stamp), self.message(line));
        if form == Form::EximMain {
            return Record { form, stamp, host: b"", program: EXIM, pid: b"", message };
        }
        let part = |from: u8, to: u8| line.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        // Behind the program stands a bracket, where there is a pid.
        let pid = part(program_end + 1, pid_end);
        Record { form, stamp, host: part(host, host_end), program: part(end, program_end), pid, message }
    }
}

impl Splitter {
    /// Numbers of tags end below this.
    pub const TAGS: usize = 2 * tags::PLACES;

    /// The number of Exim's own main log, whose lines have no tag.
    const EXIM_TAG: u8 = 0;

    /// The number of what is not known.
    const STRANGE: u8 = tags::PLACES as u8;

    /// Tells what is known of the next line, the first `length` bytes of `text`: that of a line like others before it, else
    /// nothing, and [`Splitter::split`] reads it. What follows it is looked at only so that fewer bytes need be counted.
    ///
    /// `true` where it also shares everything with the line known before it; else [`Splitter::shared`] tells what is new, if
    /// it is known at all.
    #[inline(always)]
    pub fn know(&mut self, vector: impl Vector, text: &[u8], length: usize, known: &mut Known) -> bool {
        known.tag = Splitter::STRANGE;
        let Some(found) = self.find(vector, text, length) else { return false };
        // Whatever stands before the message is short.
        known.tag = found.number;
        known.program_end = found.program_end as u8;
        known.pid_end = found.pid_end as u8;
        known.message = found.message as u8;
        !std::mem::take(&mut self.is_news)
    }

    /// What the line known last shares with those that follow.
    pub fn shared(&self) -> Shared {
        let head = &self.heads[usize::from(self.last) % HOSTS];
        Shared { stamp: head.stamp, head: head.place }
    }

    /// The next known line shares nothing with those before it.
    pub fn part(&mut self) {
        self.is_news = true;
    }

    #[inline(always)]
    fn find(&mut self, vector: impl Vector, text: &[u8], length: usize) -> Option<Found> {
        let near = text.first_chunk()?;
        let mut number = usize::from(self.last) % HOSTS;
        if !self.heads[number].begins(near) {
            number = self.other(near)?;
        }
        let head = &mut self.heads[number];
        if head.follow(near)? {
            self.is_news = true;
        }
        let Place { form, end, .. } = head.place;
        let found = if form == Form::EximMain {
            let rest = text.get(usize::from(end)..length)?;
            // What looks like an offset would belong to the stamp; before a host and a tag it is no stamp of Exim's.
            if !exim::begins_with_id(rest)
                && (matches!(rest.first(), Some(b'+' | b'-'))
                    || names_host_and_tag(vector, without_return(rest)))
            {
                return None;
            }
            let message = length - exim::without_pid(rest).len();
            Found { number: Splitter::EXIM_TAG, program_end: 0, pid_end: 0, message }
        } else {
            self.tags.find(vector, near, end)?
        };
        // Neither a head nor a tag goes on behind the line, for neither holds a line end; it is not taken on trust.
        (found.message <= length).then_some(found)
    }

    /// The number of another head that the line begins with.
    #[cold]
    fn other(&mut self, near: &Near) -> Option<usize> {
        let other = place(near, self.host_at);
        let number = usize::from(other) % HOSTS;
        if !self.heads[number].begins(near) {
            return None;
        }
        self.last = other;
        self.is_news = true;
        Some(number)
    }

    /// Reads any line as [`split`](super::split) does, and remembers what it is like.
    #[cold]
    pub fn split<'a>(&mut self, line: &'a [u8]) -> Record<'a> {
        let line = clean(line);
        let Some(record) = at_start(line) else { return behind(line) };
        if let Some(stamp) = record.stamp {
            self.learn(line, stamp, &record);
        }
        record
    }

    fn learn(&mut self, line: &[u8], stamp: Stamp, record: &Record<'_>) {
        let (length, host) = match record.form {
            // The stamp alone: pids change from line to line.
            Form::EximMain => (exim::read(line).map(|(_, length)| length), 0..0),
            Form::Rfc3164 | Form::Rfc3339 | Form::Journalctl if !record.host.is_empty() => {
                // The host is a part of the line, so the difference of their places is where it stands.
                let start = record.host.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
                let end = start + record.host.len();
                (Some(end + 1), start..end)
            }
            _ => (None, 0..0),
        };
        let Some(head) = length.and_then(|length| line.get(..length)) else { return };
        // Behind a priority or seconds since 1970 the first colon need not be the clock's.
        let of_clock = record.form != Form::Journalctl || head[0].is_ascii_alphabetic();
        // Behind a date and a blank the tag decides whose stamp it is, line by line.
        let is_sure = record.form != Form::Rfc3339 || !has_blank_in_stamp(head);
        let is_short = u8::try_from(head.len()).is_ok_and(|length| length < 128);
        if head[0].is_ascii_alphanumeric() && of_clock && is_sure && is_short {
            // The line may be shorter than what is looked at.
            let mut near = [b'\n'; NEAR];
            let there = &line[..line.len().min(NEAR)];
            near[..there.len()].copy_from_slice(there);
            self.host_at = u8::try_from(host.start).unwrap_or_default();
            self.last = place(&near, self.host_at);
            self.is_news = true;
            self.heads[usize::from(self.last)].learn(&near, head.len(), record.form, stamp, host);
            self.tags.learn(common(), &near, head.len() as u8, record.program);
        }
    }
}

/// Whether `YYYY-MM-DD HH:MM` stands in a head.
fn has_blank_in_stamp(head: &[u8]) -> bool {
    memchr::memchr_iter(b' ', head).any(|blank| {
        blank.checked_sub(3).is_some_and(|dash| head[dash] == b'-') && head.get(blank + 3) == Some(&b':')
    })
}

/// Without the CR at the end.
#[inline(always)]
fn without_return(line: &[u8]) -> &[u8] {
    if line.last() == Some(&b'\r') { without_last(line) } else { line }
}

/// Which of the heads it may be, by how the host begins.
#[inline(always)]
fn place(line: &Near, host_at: u8) -> u8 {
    let host = eight(line, host_at);
    // Without a host, the stamp stands there.
    let own = if host_at == 0 { 0 } else { host };
    (own.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61) as u8
}

#[cold]
fn without_last(bytes: &[u8]) -> &[u8] {
    bytes.split_last().map_or(bytes, |(_, rest)| rest)
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
            "7:11:12:Mar  7 00:02:08 ",
            "7:11:13:Mar  7 00:02:08 ",
            "2025-12-30T07:17:43Z.log:Mar  7 00:02:08 ",
            "2025-12-30T07:17:44Z.log:Mar  7 00:02:08 ",
            "[mail] Mar  7 00:02:08 ",
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
            "x[7]:",
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

    /// The lines as they are remembered, and as they are split each by itself.
    fn check(lines: &[String]) -> Result<(), TestCaseError> {
        let mut splitter = Splitter::default();
        let mut shared = Shared::NOTHING;
        let mut tags: Vec<Option<Vec<u8>>> = vec![None; Splitter::TAGS];
        let log = lines.join("\n") + &"\n".repeat(NEAR);
        let mut text = log.as_bytes();
        for line in lines {
            let plain = split(line.as_bytes());
            let here = text;
            text = text.get(line.len() + 1..).unwrap_or_default();
            let mut known = Known::NOTHING;
            if !splitter.know(common(), here, line.len(), &mut known) {
                shared = splitter.shared();
            }
            if known.is_known() {
                prop_assert_eq!(known.record(&shared, line.as_bytes()), plain, "{}", line);
                prop_assert_eq!(known.message(line.as_bytes()), plain.message);
                let tag = tags[usize::from(known.tag)].get_or_insert_with(|| plain.program.to_vec());
                prop_assert_eq!(&tag[..], plain.program);
            } else {
                prop_assert_eq!(splitter.split(line.as_bytes()), plain, "{}", line);
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn remembering_changes_nothing(lines in proptest::collection::vec(line(), 1..16)) {
            check(&lines)?;
        }
    }

    #[test]
    fn a_stamp_with_a_blank_is_asked_for_its_tag_at_each_line() {
        for outer in ["", "2025-12-30T07:18:44.684547Z "] {
            let lines = [
                "mx postfix/smtpd[12345]: a",
                "mx kernel: a",
                "mx postfix/smtpd[1]: a",
                "1vapHe-0001tH-0O Completed",
            ];
            let stamped = lines.map(|line| format!("{outer}2025-12-31 00:43:01 {line}"));
            check(
                &["Mar  7 00:02:08 mx kernel: a".to_owned()].into_iter().chain(stamped).collect::<Vec<_>>(),
            )
            .unwrap();
        }
    }

    #[test]
    fn most_lines_are_read_from_memory() {
        let mut splitter = Splitter::default();
        let mut tag = |second: u32, host: &str| {
            let line = format!(
                "Mar  7 00:02:{second:02} {host} postfix/smtp[7]: 4bVx: to=<a@b.example>, relay=none"
            );
            let text = line.clone() + &"\n".repeat(NEAR);
            let mut known = Known::NOTHING;
            splitter.know(common(), text.as_bytes(), line.len(), &mut known);
            if !known.is_known() {
                splitter.split(line.as_bytes());
            }
            known.is_known().then_some(known.tag)
        };
        assert_eq!([tag(1, "mx1"), tag(1, "mx1"), tag(2, "mx1")], [None, Some(1), Some(1)]);
        assert_eq!([tag(2, "mx2"), tag(2, "mx1"), tag(59, "mx2")], [None, Some(1), Some(1)]);
    }
}
