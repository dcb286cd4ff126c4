//! Times and zones as people type them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::exit::Error;
use super::zone;
use crate::time::Instant;

/// The zone of `--tz`, or the system's.
pub(super) fn zone(name: Option<&str>) -> Result<TimeZone, Error> {
    let Some(name) = name else { return Ok(zone::system()) };
    zone::named(name).ok_or_else(|| {
        Error::usage(format!(
            "--tz {name}: no such time zone; use a name like Europe/Berlin, America/New_York or UTC"
        ))
    })
}

/// An instant: RFC 3339, a date or a date and time in `zone`, or a span such as `2h ago`.
pub(super) fn instant(option: &str, text: &str, zone: &TimeZone, now: Instant) -> Result<Instant, Error> {
    let bad = || {
        Error::usage(format!(
            "{option} {text}: not a time; use 2026-03-07, '2026-03-07 10:00', 2026-03-07T10:00:00Z or '2h ago'"
        ))
    };
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.as_second());
    }
    let reading = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
    if let Ok(reading) = reading {
        let at = zone.to_ambiguous_timestamp(reading).compatible().map_err(|_| bad())?;
        return Ok(at.as_second());
    }
    let span: Span = text.parse().map_err(|_| bad())?;
    let now = Timestamp::from_second(now).map_err(|_| bad())?.to_zoned_datetime(zone.clone());
    // "2h" means two hours ago as much as "2h ago": nobody asks a log for the future.
    let then = now.checked_sub(span.abs()).map_err(|_| bad())?;
    Ok(then.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_people_type() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = 1_772_884_800; // 2026-03-07 12:00 UTC
        let at = |text: &str| instant("--since", text, &zone, now).unwrap();
        assert_eq!(at("2026-03-07T12:00:00Z"), now);
        assert_eq!(at("2026-03-07 13:00"), now);
        assert_eq!(at("2026-03-07T13:00:00"), now);
        assert_eq!(at("2026-03-07"), now - 13 * 3600);
        assert_eq!(at("2h ago"), now - 7200);
        assert_eq!(at("2h"), now - 7200);
        assert_eq!(at("1 day"), now - 86_400);
        let error = instant("--since", "noon", &zone, now).unwrap_err();
        assert!(error.message.contains("2h ago"), "{}", error.message);
    }
}
