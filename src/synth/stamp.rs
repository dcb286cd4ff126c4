//! Writes the start of a line: the stamp of each framing, and the host name.

use super::digits::{DECIMAL, padded};
use super::spec::{Mta, Stamps};

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Microseconds in a second.
pub(super) const SECOND: i64 = 1_000_000;

/// Writes line starts; the text of a second is made once.
#[derive(Debug)]
pub(super) struct Stamper {
    style: Style,
    /// Seconds east of UTC.
    offset: i64,
    second: i64,
    /// What stands before the microseconds, and after them.
    head: Vec<u8>,
    tail: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Rfc3164,
    Rfc3339,
    Exim,
}

impl Stamper {
    /// A stamper for the lines of an MTA on a host.
    pub(super) fn new(mta: Mta, stamps: Stamps, offset_minutes: i32, host: &str) -> Stamper {
        let style = match (mta, stamps) {
            (Mta::Exim, _) => Style::Exim,
            (Mta::Postfix, Stamps::Rfc3164) => Style::Rfc3164,
            (Mta::Postfix, Stamps::Rfc3339) => Style::Rfc3339,
        };
        let mut tail = Vec::new();
        let minutes = u64::from(offset_minutes.unsigned_abs());
        let sign = if offset_minutes < 0 { b'-' } else { b'+' };
        match style {
            Style::Rfc3164 => tail.push(b' '),
            Style::Rfc3339 => {
                tail.push(sign);
                padded(&mut tail, minutes / 60, 2, DECIMAL);
                tail.push(b':');
                padded(&mut tail, minutes % 60, 2, DECIMAL);
                tail.push(b' ');
            }
            Style::Exim => {
                tail.extend_from_slice(&[b' ', sign]);
                padded(&mut tail, minutes / 60, 2, DECIMAL);
                padded(&mut tail, minutes % 60, 2, DECIMAL);
                tail.push(b' ');
            }
        }
        // An Exim main log is Exim's own file: no host name, no program.
        if style != Style::Exim {
            tail.extend_from_slice(host.as_bytes());
            tail.push(b' ');
        }
        Stamper { style, offset: i64::from(offset_minutes) * 60, second: i64::MIN, head: Vec::new(), tail }
    }

    /// Writes the start of a line at an instant in microseconds.
    #[inline]
    pub(super) fn write(&mut self, out: &mut Vec<u8>, micros: i64) {
        let second = micros.div_euclid(SECOND);
        if second != self.second {
            self.second = second;
            self.make_head(second + self.offset);
        }
        out.extend_from_slice(&self.head);
        if self.style == Style::Rfc3339 {
            padded(out, micros.rem_euclid(SECOND) as u64, 6, DECIMAL);
        }
        out.extend_from_slice(&self.tail);
    }

    fn make_head(&mut self, local: i64) {
        let head = &mut self.head;
        head.clear();
        let (year, month, day) = civil(local.div_euclid(86_400));
        match self.style {
            Style::Rfc3164 => {
                syslog_stamp(head, local);
                return;
            }
            Style::Rfc3339 | Style::Exim => {
                date(head, year, month, day);
                head.push(if self.style == Style::Exim { b' ' } else { b'T' });
            }
        }
        time_of_day(head, local);
        if self.style == Style::Rfc3339 {
            head.push(b'.');
        }
    }
}

/// Writes seconds as RFC 3164 does: `Mar  7 02:54:40`.
pub(super) fn syslog_stamp(out: &mut Vec<u8>, second: i64) {
    let (_, month, day) = civil(second.div_euclid(86_400));
    out.extend_from_slice(MONTHS[month as usize - 1]);
    out.extend_from_slice(if day < 10 { b"  " } else { b" " });
    padded(out, day, if day < 10 { 1 } else { 2 }, DECIMAL);
    out.push(b' ');
    time_of_day(out, second);
}

/// Writes an instant as `2026-03-07T02:54:40.456Z`, as replies quote it.
pub(super) fn reply_stamp(out: &mut Vec<u8>, micros: i64) {
    let second = micros.div_euclid(SECOND);
    let (year, month, day) = civil(second.div_euclid(86_400));
    date(out, year, month, day);
    out.push(b'T');
    time_of_day(out, second);
    out.push(b'.');
    padded(out, (micros.rem_euclid(SECOND) / 1_000) as u64, 3, DECIMAL);
    out.push(b'Z');
}

fn date(out: &mut Vec<u8>, year: i64, month: u64, day: u64) {
    padded(out, year.unsigned_abs(), 4, DECIMAL);
    out.push(b'-');
    padded(out, month, 2, DECIMAL);
    out.push(b'-');
    padded(out, day, 2, DECIMAL);
}

fn time_of_day(out: &mut Vec<u8>, second: i64) {
    let second = second.rem_euclid(86_400) as u64;
    padded(out, second / 3_600, 2, DECIMAL);
    out.push(b':');
    padded(out, second / 60 % 60, 2, DECIMAL);
    out.push(b':');
    padded(out, second % 60, 2, DECIMAL);
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, u64, u64) {
    // Years are counted from 1 March of year 0, so that the leap day is the last one.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u64, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::days_from_civil;

    fn written(mta: Mta, stamps: Stamps, offset: i32, micros: i64) -> String {
        let mut out = Vec::new();
        Stamper::new(mta, stamps, offset, "mx1").write(&mut out, micros);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_three_styles() {
        let micros = 1_772_842_165_012_345;
        assert_eq!(written(Mta::Postfix, Stamps::Rfc3164, 0, micros), "Mar  7 00:09:25 mx1 ");
        assert_eq!(
            written(Mta::Postfix, Stamps::Rfc3339, 0, micros),
            "2026-03-07T00:09:25.012345+00:00 mx1 "
        );
        assert_eq!(
            written(Mta::Postfix, Stamps::Rfc3339, -150, micros),
            "2026-03-06T21:39:25.012345-02:30 mx1 "
        );
        assert_eq!(written(Mta::Exim, Stamps::Rfc3339, 60, micros), "2026-03-07 01:09:25 +0100 ");
        let mut out = Vec::new();
        reply_stamp(&mut out, micros);
        assert_eq!(out, b"2026-03-07T00:09:25.012Z");
    }

    #[test]
    fn dates_are_the_inverse_of_the_calendar() {
        for days in (-800_000..800_000).step_by(97).chain([-1, 0, 59, 60, 11_016, 11_017]) {
            let (year, month, day) = civil(days);
            assert_eq!(days_from_civil(year, month as u32, day as u32), days);
        }
    }
}
