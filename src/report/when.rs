//! Instants in a zone: RFC 3339 for machines, a short form for people, and the hours of that zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::time::Instant;

/// The zone a report is shown in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone<'a> {
    tz: &'a TimeZone,
    /// An instant of a period all through which its offset from UTC is the same: that offset is not said with each time.
    steady: Option<Instant>,
}

impl<'a> Zone<'a> {
    pub(super) fn new(tz: &'a TimeZone) -> Zone<'a> {
        Zone { tz, steady: None }
    }

    /// A zone whose times are told of one period: where its offset stays the same it is said once.
    pub(super) fn over(tz: &'a TimeZone, period: Option<(Instant, Instant)>) -> Zone<'a> {
        let steady = period.and_then(|(first, last)| {
            let change = tz.following(Timestamp::from_second(first).ok()?).next();
            change.is_none_or(|change| change.timestamp().as_second() > last).then_some(first)
        });
        Zone { tz, steady }
    }

    /// For people: `Europe/Berlin, +01:00`; without an offset where that changes, for then each time has its own.
    pub(super) fn clock(self) -> String {
        let name = self.name();
        match self.steady.and_then(|at| self.format(at, "%:z")) {
            // The name of a fixed offset is the offset, and UTC has none.
            Some(offset) if self.tz.to_fixed_offset().is_err() && !name.ends_with("UTC") => {
                format!("{name}, {offset}").trim_start_matches(", ").to_owned()
            }
            _ => name,
        }
    }

    /// The IANA name, `UTC`, or the fixed offset. Empty for a zone that has no name.
    pub(super) fn name(self) -> String {
        match (self.tz.iana_name(), self.tz.to_fixed_offset()) {
            (Some(name), _) => name.to_owned(),
            (None, Ok(offset)) => offset.to_string(),
            (None, Err(_)) => String::new(),
        }
    }

    /// With the zone's offset: `2026-03-03T09:42:11+01:00`. `None` for instants no calendar reaches.
    pub(super) fn rfc3339(self, instant: Instant) -> Option<String> {
        self.format(instant, "%Y-%m-%dT%H:%M:%S%:z")
    }

    /// To the minute, for a sentence: `Tue 2026-03-03 09:42`, with its offset where that is not always the same.
    pub(super) fn to_the_minute(self, instant: Instant) -> String {
        let form = if self.steady.is_some() { "%a %Y-%m-%d %H:%M" } else { "%a %Y-%m-%d %H:%M %:z" };
        self.format(instant, form).unwrap_or_else(|| "an impossible time".to_owned())
    }

    /// The start of the hour an instant falls into, by this zone's clocks: some zones are 30 or 45 minutes off.
    pub(super) fn hour(self, instant: Instant) -> Instant {
        let offset = self.offset(instant);
        (instant + offset).div_euclid(3600) * 3600 - offset
    }

    /// The start of the day an instant falls into, by this zone's clocks.
    pub(super) fn day(self, instant: Instant) -> Instant {
        let start = Timestamp::from_second(instant)
            .and_then(|timestamp| timestamp.to_zoned_datetime(self.tz.clone()).start_of_day());
        start.map_or(instant.div_euclid(86_400) * 86_400, |day| day.timestamp().as_second())
    }

    /// The seconds to add to an instant of UTC for what this zone's clocks show.
    pub(super) fn offset(self, instant: Instant) -> i64 {
        Timestamp::from_second(instant).map_or(0, |timestamp| self.tz.to_offset(timestamp).seconds().into())
    }

    fn format(self, instant: Instant, format: &str) -> Option<String> {
        let timestamp = Timestamp::from_second(instant).ok()?;
        Some(timestamp.to_zoned_datetime(self.tz.clone()).strftime(format).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_carry_the_offset_of_the_zone() {
        let tz = TimeZone::get("Europe/Berlin").unwrap();
        let zone = Zone::new(&tz);
        assert_eq!(zone.rfc3339(1_772_527_331).as_deref(), Some("2026-03-03T09:42:11+01:00"));
        assert_eq!(zone.to_the_minute(1_772_527_331), "Tue 2026-03-03 09:42 +01:00");
        assert_eq!(zone.name(), "Europe/Berlin");
        assert_eq!(Zone::new(&TimeZone::UTC).rfc3339(0).as_deref(), Some("1970-01-01T00:00:00+00:00"));
        assert_eq!(zone.rfc3339(i64::MAX), None);
    }

    #[test]
    fn an_offset_that_stays_the_same_is_said_once() {
        let tz = TimeZone::get("Europe/Berlin").unwrap();
        let change = 1_774_746_000;
        let before = Zone::over(&tz, Some((change - 86_400, change - 1)));
        assert_eq!(before.to_the_minute(change - 60), "Sun 2026-03-29 01:59");
        assert_eq!(before.clock(), "Europe/Berlin, +01:00");
        let across = Zone::over(&tz, Some((change - 86_400, change)));
        assert_eq!(across.to_the_minute(change - 60), "Sun 2026-03-29 01:59 +01:00");
        assert_eq!(across.to_the_minute(change), "Sun 2026-03-29 03:00 +02:00");
        assert_eq!(across.clock(), "Europe/Berlin");
        assert_eq!(Zone::over(&TimeZone::UTC, Some((0, i64::MAX))).clock(), "UTC");
        assert_eq!(Zone::over(&TimeZone::UTC, None).clock(), "UTC");
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
        assert_eq!(Zone::new(&kolkata).hour(3600 + 1799), 1800);
        assert_eq!(Zone::new(&kolkata).hour(3600 + 1800), 5400);
        assert_eq!(Zone::new(&TimeZone::UTC).hour(7199), 3600);
        assert_eq!(Zone::new(&TimeZone::UTC).hour(i64::MAX - 9000), (i64::MAX - 9000) / 3600 * 3600);
    }

    #[test]
    fn days_begin_at_midnight_of_the_zone() {
        let tz = TimeZone::get("Europe/Berlin").unwrap();
        let (summer, winter) = (1_774_738_800, 1_774_652_400);
        assert_eq!(Zone::new(&tz).day(winter + 1), winter);
        assert_eq!(Zone::new(&tz).day(summer + 23 * 3600 - 1), summer, "the clocks lose an hour that day");
        assert_eq!(Zone::new(&TimeZone::UTC).day(86_400 + 7), 86_400);
        assert_eq!(Zone::new(&TimeZone::UTC).day(i64::MAX), i64::MAX / 86_400 * 86_400);
    }
}
