//! The headers syslog daemons write: RFC 3164, its RFC 3339 variant, RFC 5424.

use memchr::memchr;

use super::{Form, Record, exim, exim_main};
use crate::time::{Stamp, days_from_civil, parse_digits, read_date_time, read_offset, read_time_of_day};
use crate::vector::{Vector, common};

/// `<22>` and what follows: RFC 5424 when a version does, else a raw RFC 3164 or 3339 line.
pub(super) fn with_priority(line: &[u8]) -> Option<Record<'_>> {
    let close = memchr(b'>', &line[..line.len().min(5)])?;
    parse_digits(&line[1..close])?;
    let rest = &line[close + 1..];
    if let Some(rest) = rest.strip_prefix(b"1 ") {
        return rfc5424(rest);
    }
    match rest.first()? {
        b'0'..=b'9' => rfc3339(rest),
        _ => rfc3164(rest),
    }
}

/// RFC 5424, section 6, from the timestamp on.
fn rfc5424(text: &[u8]) -> Option<Record<'_>> {
    let (stamp, text) = match text.strip_prefix(b"- ") {
        Some(rest) => (None, rest),
        None => absolute(text).map(|(stamp, rest)| (Some(stamp), rest))?,
    };
    let (host, text) = word(text)?;
    let (program, text) = word(text)?;
    let (pid, text) = word(text)?;
    let (_message_id, text) = word(text)?;
    let message = match text.first() {
        Some(b'-') => &text[1..],
        Some(b'[') => after_structured_data(text)?,
        _ => return None,
    };
    let message = message.trim_ascii_start();
    let message = message.strip_prefix("\u{feff}".as_bytes()).unwrap_or(message);
    let nil = |word: &'static [u8]| move |field| if field == b"-" { word } else { field };
    Some(Record {
        form: Form::Rfc5424,
        stamp,
        host: nil(b"")(host),
        program: nil(b"")(program),
        pid: nil(b"")(pid),
        message: message.trim_ascii_start(),
    })
}

/// What follows `[id name="value" ...][...]`; a quote, a backslash and a bracket are escaped inside values.
fn after_structured_data(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while text.get(at) == Some(&b'[') {
        let mut quoted = false;
        loop {
            at += 1;
            match text.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
        }
        at += 1;
    }
    text.get(at..)
}

/// `2025-11-27T16:26:20.011243+03:00 host program[pid]: `
pub(super) fn rfc3339(line: &[u8]) -> Option<Record<'_>> {
    let (stamp, rest) = absolute(line)?;
    let own = with_own_stamp(rest).map(|record| Record { stamp: Some(stamp), ..record });
    Some(own.unwrap_or_else(|| after_stamp(Form::Rfc3339, stamp, rest)))
}

/// The same with a blank between date and time (RFC 3339, section 5.6, allows it), as templates write it: where a host and a tag with a
/// pid follow, for Exim's own stamp looks alike.
pub(super) fn with_blank(line: &[u8]) -> Option<Record<'_>> {
    // With a blank before the offset, or without.
    let own = exim::read(line).map(|(stamp, length)| (stamp, &line[length..]));
    let (stamp, rest) = own.or_else(|| absolute(line))?;
    names_host_and_tag(common(), rest).then(|| after_stamp(Form::Rfc3339, stamp, rest))
}

/// Whether a text begins with a host and `program[pid]: `, a word between them at most. Nothing that Exim writes behind its stamp does:
/// strangers' words come later, or behind brackets and signs.
#[inline(always)]
pub(super) fn names_host_and_tag(vector: impl Vector, text: &[u8]) -> bool {
    if exim::begins_with_id(text) {
        return false;
    }
    let Some(near) = text.first_chunk::<64>() else { return names_them(text) };
    // A tag ends with a colon: the second word, or the third.
    let first = vector.places(near, b' ');
    let second = first & first.wrapping_sub(1);
    let third = second & second.wrapping_sub(1);
    let behind_colon = |places: u64| {
        let at = places.trailing_zeros() as usize;
        at.checked_sub(1).and_then(|before| near.get(before)) == Some(&b':')
    };
    (third == 0 || behind_colon(second) || behind_colon(third)) && names_them(text)
}

#[inline(never)]
fn names_them(text: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/@".contains(byte))
    };
    let tagged =
        |text| tag(text).is_some_and(|(program, pid, _)| is_name(program) && parse_digits(pid).is_some());
    let Some((host, rest)) = word(text) else { return false };
    is_name(host)
        && !host.ends_with(b":")
        && (tagged(rest) || word(rest).is_some_and(|(between, rest)| is_name(between) && tagged(rest)))
}

/// A line with a stamp of its own, behind that of the container's runtime (`docker logs -t`, `kubectl logs --timestamps`,
/// log files). The outer one counts: it has an offset.
fn with_own_stamp(text: &[u8]) -> Option<Record<'_>> {
    match (text.first()?, text.get(10)?) {
        (b'0'..=b'9', b'T') => {
            let (stamp, rest) = absolute(text)?;
            Some(after_stamp(Form::Rfc3339, stamp, rest))
        }
        (b'0'..=b'9', b' ') => with_blank(text).or_else(|| exim_main(text)),
        (b'A'..=b'Z', _) => rfc3164(text),
        _ => None,
    }
}

/// An RFC 3339 stamp and the blank after it. Without an offset it is the wall clock's.
fn absolute(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let wall = read_date_time(text)?;
    let mut at = 19;
    at += fraction(&text[at..]);
    let stamp = match read_offset(&text[at..]) {
        Some((offset, length)) => {
            at += length;
            Stamp::Absolute(wall - offset)
        }
        None => Stamp::Wall(wall),
    };
    (text.get(at) == Some(&b' ')).then(|| (stamp, &text[at + 1..]))
}

/// `.` and digits: how many bytes.
fn fraction(text: &[u8]) -> usize {
    match text.first() {
        Some(b'.' | b',') => 1 + text[1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    }
}

/// `Nov  3 02:01:00 host program[pid]: `
pub(super) fn rfc3164(line: &[u8]) -> Option<Record<'_>> {
    let (month, day, time, rest) = month_day_time(line)?;
    Some(after_stamp(Form::Rfc3164, Stamp::yearless(month, day, time)?, rest))
}

/// `2013 Jun 10 06:27:30.123 host program[pid]: `
pub(super) fn year_first(line: &[u8]) -> Option<Record<'_>> {
    let year = parse_digits(line.get(..4)?)?;
    if line.get(4) != Some(&b' ') {
        return None;
    }
    let (month, day, time, rest) = month_day_time(&line[5..])?;
    if !(1970..=2200).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let wall = days_from_civil(i64::from(year), month, day) * 86_400 + time;
    Some(after_stamp(Form::Rfc3164, Stamp::Wall(wall), rest))
}

/// `Nov  3 02:01:00[.fraction] `: month, day, seconds since midnight, and the rest.
fn month_day_time(text: &[u8]) -> Option<(u32, u32, i64, &[u8])> {
    let (month, length) = month(text)?;
    let rest = text.get(length..)?.strip_prefix(b" ")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let digits = rest.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let day = parse_digits(&rest[..digits])?;
    let rest = rest[digits..].strip_prefix(b" ")?;
    let time = read_time_of_day(rest)?;
    let rest = &rest[8..];
    let rest = rest[fraction(rest)..].strip_prefix(b" ")?;
    Some((month, day, time, rest))
}

/// A month's name and its length: English, and the German ones that differ (journalctl follows the locale).
fn month(text: &[u8]) -> Option<(u32, usize)> {
    let month = match text.first_chunk::<3>()? {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" | b"Mai" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" | b"Okt" => 10,
        b"Nov" => 11,
        b"Dec" | b"Dez" => 12,
        _ if text.starts_with("Mär".as_bytes()) => return Some((3, "Mär".len())),
        _ => return None,
    };
    Some((month, 3))
}

/// `host program[pid]: message`, where the host, or both, may be missing, and a priority may stand before.
pub(super) fn after_stamp(form: Form, stamp: Stamp, text: &[u8]) -> Record<'_> {
    let text = match text.first() {
        Some(b'<') => word(text).filter(|(first, _)| first.ends_with(b">")).map_or(text, |(_, rest)| rest),
        _ => text,
    };
    if let Some((host, rest)) = word(text)
        && !host.ends_with(b":")
    {
        return after_host(form, stamp, host, rest);
    }
    // No host: a tag, or a payload whose first word ends with a colon because it is a queue id.
    let (program, pid, message) = tag(text).unwrap_or((b"", b"", text));
    Record { form, stamp: Some(stamp), host: b"", program, pid, message }
}

/// `program[pid]: message`.
fn after_host<'a>(form: Form, stamp: Stamp, host: &'a [u8], rest: &'a [u8]) -> Record<'a> {
    let tagged = tag(rest.trim_ascii_start()).or_else(|| tag_behind_words(rest));
    let (program, pid, message) = tagged.unwrap_or((b"", b"", rest));
    Record { form, stamp: Some(stamp), host, program, pid, message }
}

/// `word word program[pid]: message`: templates insert a severity or the like. Only a tag with a pid is believed there.
fn tag_behind_words(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut rest = text;
    for _ in 0..2 {
        rest = word(rest.trim_ascii_start())?.1.trim_ascii_start();
        if let Some((program, pid, message)) = tag(rest)
            && parse_digits(pid).is_some()
        {
            return Some((program, pid, message));
        }
    }
    None
}

/// `program[pid]: message` or `program: message`. A word that could be a queue id is no program.
pub(super) fn tag(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = memchr(b' ', text).unwrap_or(text.len());
    let tag = text[..blank].strip_suffix(b":")?;
    let message = text[blank..].trim_ascii_start();
    if let Some(before_close) = tag.strip_suffix(b"]") {
        let open = memchr::memrchr(b'[', before_close)?;
        let (program, pid) = (&before_close[..open], &before_close[open + 1..]);
        return (!program.is_empty()).then_some((program, pid, message));
    }
    (!tag.is_empty() && !looks_like_queue_id(tag)).then_some((tag, b"", message))
}

/// Upper-case hexadecimal of five digits or more, one of them a figure; or a word that holds figures, capitals and
/// small letters, as long ids do.
fn looks_like_queue_id(word: &[u8]) -> bool {
    let figures = word.iter().any(u8::is_ascii_digit);
    let capitals = word.iter().any(u8::is_ascii_uppercase);
    let small = word.iter().any(u8::is_ascii_lowercase);
    let id = word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    word == b"NOQUEUE" || id && word.len() >= 5 && figures && (!small || capitals && word.len() >= 12)
}

/// The next word and what follows the blank after it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = memchr(b' ', text)?;
    Some((&text[..blank], &text[blank + 1..]))
}
