//! Framing: who said a line, and when. It knows how syslog daemons and Exim write the start of a line, and
//! nothing of what the rest says.

mod exim;
mod head;
mod journalctl;
mod memo;
mod notice;
mod part;
mod syslog;
mod tags;

use crate::time::Stamp;

pub use exim::{may_be_stamped, own_stamp, without_pid};
pub use memo::{Known, Shared, Splitter};
pub use notice::{Repeat, lost, tells_of_losses};
pub use part::Part;

/// How a line is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Form {
    /// `Nov  3 02:01:00 host program[pid]: ` (RFC 3164; also what postlogd writes).
    Rfc3164,
    /// `2025-11-27T16:26:20.011243+03:00 host program[pid]: ` (rsyslog's file format).
    Rfc3339,
    /// `<22>1 2025-11-27T16:26:20.011243+03:00 host program pid - - ` (RFC 5424).
    Rfc5424,
    /// `2025-11-27 16:26:20 ` (Exim's own main log).
    EximMain,
    /// `Wed 2024-01-03 10:00:00 CET host program[pid]: ` and `1704272400.123456 host program[pid]: ` (journalctl).
    Journalctl,
    /// Only a program's tag, or not even that.
    Bare,
}

impl Form {
    /// All forms.
    pub const ALL: [Form; 6] =
        [Form::Rfc3164, Form::Rfc3339, Form::Rfc5424, Form::EximMain, Form::Journalctl, Form::Bare];

    /// The name reports print.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Rfc3164 => "RFC 3164",
            Form::Rfc3339 => "RFC 3339",
            Form::Rfc5424 => "RFC 5424",
            Form::EximMain => "main log",
            Form::Journalctl => "journalctl",
            Form::Bare => "bare",
        }
    }
}

/// One framed line. Everything is borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// How it is framed.
    pub form: Form,
    /// When it was written.
    pub stamp: Option<Stamp>,
    /// The host that wrote it; empty when the line does not say.
    pub host: &'a [u8],
    /// The program's tag without `[pid]`; empty when the line has none.
    pub program: &'a [u8],
    /// The number in `[pid]`, as bytes; empty when there is none.
    pub pid: &'a [u8],
    /// What the program said.
    pub message: &'a [u8],
}

/// The program a line of Exim's own main log comes from.
const EXIM: &[u8] = b"exim";

/// Splits a line (without its line end) into its parts. Always answers: a line nobody framed is all message.
pub fn split(line: &[u8]) -> Record<'_> {
    framed(clean(line))
}

/// The same for a line that is clean already: what is cleaned twice is another line.
fn framed(line: &[u8]) -> Record<'_> {
    at_start(line).unwrap_or_else(|| behind(line))
}

/// A line whose stamp stands at its start.
fn at_start(line: &[u8]) -> Option<Record<'_>> {
    match line.first() {
        Some(b'<') => syslog::with_priority(line),
        Some(b'0'..=b'9') => dated(line),
        Some(b'A'..=b'Z' | b'a'..=b'z') => syslog::rfc3164(line).or_else(|| journalctl::full(line)),
        _ => None,
    }
}

/// Any other line.
fn behind(line: &[u8]) -> Record<'_> {
    behind_service_name(line).or_else(|| behind_source(line)).unwrap_or_else(|| bare(line))
}

/// Without one CR at the end and the byte order mark at the start (a copy by way of another system), and without the NULs that
/// `copytruncate` leaves.
fn clean(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let nuls = line.iter().take_while(|b| **b == 0).count();
    let line = &line[nuls..];
    line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line)
}

fn dated(line: &[u8]) -> Option<Record<'_>> {
    match line.get(10)? {
        b'T' => syslog::rfc3339(line),
        b' ' if line[4] == b'-' => syslog::with_blank(line).or_else(|| exim_main(line)),
        b'.' => journalctl::unix(line),
        _ => syslog::year_first(line),
    }
}

/// A line of Exim's own main log.
fn exim_main(line: &[u8]) -> Option<Record<'_>> {
    let (stamp, message) = own_stamp(line)?;
    let stamp = Some(stamp);
    Some(Record { form: Form::EximMain, stamp, host: b"", program: EXIM, pid: b"", message })
}

/// `service   | line`, as container composers print it.
fn behind_service_name(line: &[u8]) -> Option<Record<'_>> {
    let bar = memchr::memchr(b'|', &line[..line.len().min(64)])?;
    let name = line[..bar].trim_ascii_end();
    if name.is_empty() || name.len() == bar || name.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    stamped(line[bar + 1..].trim_ascii_start())
}

/// `file:line` and `file:number:line`, as `grep` prints lines of several files, and `[pod/name/container] line` of `kubectl logs`.
fn behind_source(line: &[u8]) -> Option<Record<'_>> {
    let near = &line[..line.len().min(256)];
    let blank = near.iter().position(u8::is_ascii_whitespace)?;
    if let [b'[', _, .., b']'] = near[..blank] {
        return stamped(&line[blank + 1..]);
    }
    // Whatever the file is called: the line begins where a stamp does.
    memchr::memchr_iter(b':', &near[..blank]).find_map(|colon| stamped(&line[colon + 1..]))
}

/// A line that begins with a stamp.
fn stamped(line: &[u8]) -> Option<Record<'_>> {
    match line.first()? {
        b'0'..=b'9' => dated(line),
        b'A'..=b'Z' | b'a'..=b'z' => syslog::rfc3164(line),
        _ => None,
    }
}

fn bare(line: &[u8]) -> Record<'_> {
    let line = line.trim_ascii_start();
    let (program, pid, message) = syslog::tag(line).unwrap_or((b"", b"", line));
    Record { form: Form::Bare, stamp: None, host: b"", program, pid, message }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::days_from_civil;

    fn show(line: &str) -> String {
        let r = split(line.as_bytes());
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        format!(
            "{:?} {:?} [{}] [{}] [{}] {}",
            r.form,
            r.stamp,
            text(r.host),
            text(r.program),
            text(r.pid),
            text(r.message)
        )
    }

    fn yearless(month: u32, day: u32, time: i64) -> Option<Stamp> {
        Stamp::yearless(month, day, time)
    }

    #[test]
    fn rfc3164() {
        let parts = format!("Rfc3164 {:?} [mta1] [postfix/smtp] [21] x: y", yearless(3, 7, 2 * 60 + 8));
        assert_eq!(show("Mar 07 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("Mar 7 00:02:08 mta1 postfix/smtp[21]: x: y\r"), parts);
        assert_eq!(show("<22>Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("\0\0\0Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("\u{feff}Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("mail    | Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("/var/log/mail.log.1:Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("mail:old.log:17:Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("[pod/mail-0/postfix] Mar  7 00:02:08 mta1 postfix/smtp[21]: x: y"), parts);
        assert_eq!(show("Mar  7 00:02:08 <mail.info> mta1 postfix/smtp[21]: x: y"), parts);
        let fraction = format!("Rfc3164 {:?} [mta1] [kernel] [] x", yearless(10, 15, 3600));
        assert_eq!(show("Okt 15 01:00:00.123456 mta1 kernel: x"), fraction);
        let none = format!("Rfc3164 {:?} [] [] [] 0EEA7827E9: to=<a@b>", yearless(9, 21, 3600));
        assert_eq!(show("Sep 21 01:00:00 0EEA7827E9: to=<a@b>"), none);
        let word = format!("Rfc3164 {:?} [mx] [postfix/smtp] [1] x", yearless(9, 21, 3600));
        assert_eq!(show("Sep 21 01:00:00 mx mail.info postfix/smtp[1]: x"), word);
        let untagged =
            format!("Rfc3164 {:?} [host] [] [] last message repeated 3 times", yearless(9, 21, 3600));
        assert_eq!(show("Sep 21 01:00:00 host last message repeated 3 times"), untagged);
    }

    #[test]
    fn rfc3339_and_rfc5424() {
        let at = days_from_civil(2025, 12, 30) * 86_400 + 12 * 3600;
        let stamp = Some(Stamp::Absolute(at));
        assert_eq!(
            show("2025-12-30T07:00:00.684547-05:00 mta1 postfix-out/smtp[21]: x"),
            format!("Rfc3339 {stamp:?} [mta1] [postfix-out/smtp] [21] x")
        );
        assert_eq!(
            show("2025-12-30T12:00:00Z INFO    postfix/smtp[21]: x"),
            format!("Rfc3339 {stamp:?} [INFO] [postfix/smtp] [21] x")
        );
        assert_eq!(
            show("<22>1 2025-12-30T07:00:00-05:00 mta1 postfix 21 - [a b=\"]\\\"\"] \u{feff}x"),
            format!("Rfc5424 {stamp:?} [mta1] [postfix] [21] x")
        );
        assert_eq!(
            show("<22>1 2025-12-30T07:00:00-05:00 mta1 postfix/smtp - - -  x"),
            format!("Rfc5424 {stamp:?} [mta1] [postfix/smtp] [] x")
        );
        assert_eq!(show("<22>1 - mta1 postfix/smtp 3 - - x"), "Rfc5424 None [mta1] [postfix/smtp] [3] x");
    }

    #[test]
    fn exim_main_log() {
        let wall = days_from_civil(2025, 12, 31) * 86_400 + 60;
        let wall_stamp = Some(Stamp::Wall(wall));
        let zoned = Some(Stamp::Absolute(wall + 5 * 3600));
        assert_eq!(
            show("2025-12-31 00:01:00 1vap => a"),
            format!("EximMain {wall_stamp:?} [] [exim] [] 1vap => a")
        );
        assert_eq!(
            show("2025-12-31 00:01:00.022 -0500 [7177] 1vap => a"),
            format!("EximMain {zoned:?} [] [exim] [] 1vap => a")
        );
        assert_eq!(
            show("/var/log/exim4/mainlog:2025-12-31 00:01:00 1vap => a"),
            format!("EximMain {wall_stamp:?} [] [exim] [] 1vap => a")
        );
    }

    #[test]
    fn a_blank_may_stand_between_date_and_time() {
        let wall = days_from_civil(2025, 12, 31) * 86_400 + 60;
        let (local, zoned) = (Some(Stamp::Wall(wall)), Some(Stamp::Absolute(wall + 5 * 3600)));
        for (line, stamp, rest) in [
            ("2025-12-31 00:01:00 mx postfix/smtp[1]: x", local, "[mx] [postfix/smtp] [1] x"),
            ("2025-12-31 00:01:00.123456-0500 mx postfix/smtp[1]: x", zoned, "[mx] [postfix/smtp] [1] x"),
            ("2025-12-31 00:01:00 -0500 mx info exim[1]: [1] x", zoned, "[mx] [exim] [1] [1] x"),
            ("2025-12-31 00:01:00 server-abcdef-01 exim[1]: x", local, "[server-abcdef-01] [exim] [1] x"),
        ] {
            assert_eq!(show(line), format!("Rfc3339 {stamp:?} {rest}"));
        }
        // What strangers can make Exim write is no host.
        for text in ["H=(x postfix/smtp[1]: ", "1vapHe-0001tH-0O <= a postfix/smtp[1]: ", "Warning: a[1]: "] {
            let line = format!("2025-12-31 00:01:00 {text}x");
            assert_eq!(show(&line), format!("EximMain {local:?} [] [exim] [] {text}x"));
        }
    }

    #[test]
    fn appliances_put_the_year_first() {
        let stamp = Some(Stamp::Wall(days_from_civil(2013, 6, 10) * 86_400 + 60));
        assert_eq!(
            show("2013 Jun 10 00:01:00.123 host postfix/smtp[1]: x"),
            format!("Rfc3164 {stamp:?} [host] [postfix/smtp] [1] x")
        );
    }

    #[test]
    fn what_only_journalctl_writes() {
        let at = days_from_civil(2024, 1, 3) * 86_400 + 10 * 3600;
        let shown = |stamp: Stamp| format!("Journalctl {:?} [mx] [postfix/smtp] [1] x", Some(stamp));
        for (zone, stamp) in [
            ("UTC", Stamp::Absolute(at)),
            ("CET", Stamp::Wall(at)),
            ("-03", Stamp::Absolute(at + 3 * 3600)),
            ("+0530", Stamp::Absolute(at - 19_800)),
        ] {
            assert_eq!(show(&format!("Wed 2024-01-03 10:00:00 {zone} mx postfix/smtp[1]: x")), shown(stamp));
        }
        let unit = "Wed 2024-01-03 10:00:00 UTC mx postfix@-.service[1]: x";
        assert!(show(unit).ends_with("[mx] [postfix@-.service] [1] x"));
        assert_eq!(show("1704276000.123456 mx postfix/smtp[1]: x"), shown(Stamp::Absolute(at)));
        assert!(show("Wed 2024-01-03 10:00:00 mx").starts_with("Bare"));
        assert!(show("1704276000.12x456 mx postfix/smtp[1]: x").starts_with("Bare"));
    }

    #[test]
    fn a_runtime_stamps_lines_that_have_stamps() {
        let stamp = Some(Stamp::Absolute(days_from_civil(2025, 12, 30) * 86_400 + 12 * 3600));
        let outer = "2025-12-30T12:00:00.5Z ";
        for (inner, form, rest) in [
            ("Dec 30 11:59:59 mx postfix/smtp[1]: x", "Rfc3164", "[mx] [postfix/smtp] [1] x"),
            ("2025-12-30T13:00:00+02:00 mx postfix/smtp[1]: x", "Rfc3339", "[mx] [postfix/smtp] [1] x"),
            ("2025-12-30 11:59:59 [5] 1vap => a", "EximMain", "[] [exim] [] 1vap => a"),
            ("postfix/smtp[1]: x", "Rfc3339", "[] [postfix/smtp] [1] x"),
            ("mx postfix/smtp[1]: x", "Rfc3339", "[mx] [postfix/smtp] [1] x"),
        ] {
            assert_eq!(show(&format!("{outer}{inner}")), format!("{form} {stamp:?} {rest}"));
        }
    }

    #[test]
    fn lines_without_a_stamp() {
        assert_eq!(show("postfix/local[18]: 16E: to=<a>"), "Bare None [] [postfix/local] [18] 16E: to=<a>");
        assert_eq!(show("x:y: Mar 7"), "Bare None [] [x:y] [] Mar 7");
        assert_eq!(show("BC9D03C349E: to=<a>"), "Bare None [] [] [] BC9D03C349E: to=<a>");
        assert_eq!(show(" BC9D03C349E: to=<a>"), "Bare None [] [] [] BC9D03C349E: to=<a>");
        assert_eq!(show(""), "Bare None [] [] [] ");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = split(&line);
        }

        #[test]
        fn no_cut_line_panics(cut in 0_usize..90) {
            for line in [
                "<22>1 2025-12-30T07:00:00-05:00 mta1 postfix 21 - [a b=\"]\\\"\"] x",
                "2025-12-30T07:00:00.684547-05:00 mta1 postfix-out/smtp[21]: x",
                "<22>Mar 07 00:02:08 mta1 postfix/smtp[21]: x: y",
                "2025-12-31 00:01:00.022 -0500 [7177] 1vap => a",
                "2013 Jun 10 00:01:00.123 host postfix/smtp[1]: x",
                "mail    | Sep 24 01:31:40 mail postfix/smtpd[1]: x",
                "mail.log:3:Sep 24 01:31:40 mail postfix/smtpd[1]: x",
                "[pod/mail] Sep 24 01:31:40 mail postfix/smtpd[1]: x",
                "Wed 2024-01-03 10:00:00 CET mx postfix/smtp[1]: x",
                "1704276000.123456 mx postfix/smtp[1]: x",
                "2025-12-30T12:00:00.5Z 2025-12-30 11:59:59 [5] 1vap => a",
            ] {
                let _ = split(&line.as_bytes()[..cut.min(line.len())]);
            }
        }
    }
}
