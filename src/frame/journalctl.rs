//! Stamps that only `journalctl` writes (`logs-show.c`, `output_timestamp_realtime`).

use memchr::memchr;

use super::syslog::after_stamp;
use super::{Form, Record};
use crate::time::{Stamp, parse_digits, read_date_time, read_offset};

/// `-o short-full` and `-o with-unit`: `Wed 2024-01-03 10:00:00 CET host program[pid]: `.
pub(super) fn full(line: &[u8]) -> Option<Record<'_>> {
    let (day, rest) = line.split_at_checked(4)?;
    if !matches!(day, b"Mon " | b"Tue " | b"Wed " | b"Thu " | b"Fri " | b"Sat " | b"Sun ") {
        return None;
    }
    let wall = read_date_time(rest)?;
    let rest = rest[19..].strip_prefix(b" ")?;
    let blank = memchr(b' ', &rest[..rest.len().min(8)])?;
    // The abbreviations of other zones tell too little.
    let stamp = match &rest[..blank] {
        b"UTC" | b"GMT" => Stamp::Absolute(wall),
        zone => offset(zone).map_or(Stamp::Wall(wall), |offset| Stamp::Absolute(wall - offset)),
    };
    Some(after_stamp(Form::Journalctl, stamp, &rest[blank + 1..]))
}

/// Zones without an abbreviation are called by their offset: `-03`, `+0530`.
fn offset(zone: &[u8]) -> Option<i64> {
    match zone {
        [sign @ (b'+' | b'-'), hours @ ..] if hours.len() == 2 => {
            let hours = parse_digits(hours).filter(|hours| *hours < 24)?;
            Some(i64::from(hours) * if *sign == b'-' { -3600 } else { 3600 })
        }
        _ => read_offset(zone).filter(|(_, length)| *length == zone.len()).map(|(offset, _)| offset),
    }
}

/// `-o short-unix`: `1704272400.123456 host program[pid]: `.
pub(super) fn unix(line: &[u8]) -> Option<Record<'_>> {
    let (seconds, rest) = line.split_at_checked(10)?;
    let (high, low) = seconds.split_at(5);
    let seconds = i64::from(parse_digits(high)?) * 100_000 + i64::from(parse_digits(low)?);
    let rest = rest.strip_prefix(b".")?;
    let digits = rest.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest[digits..].strip_prefix(b" ").filter(|_| digits > 0)?;
    Some(after_stamp(Form::Journalctl, Stamp::Absolute(seconds), rest))
}
