//! What kind of log is wanted, and the words a command line uses for it.
//!
//! Parsing here is of text a user types: sizes, durations, starts, shares, incidents. Whether a provider or a domain exists is
//! decided where the mix is loaded.

use std::fmt;
use std::str::FromStr;

use crate::time::{Instant, days_from_civil};

/// The mail server whose log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mta {
    /// Postfix, in a syslog file shared with other programs.
    #[default]
    Postfix,
    /// Exim's main log.
    Exim,
}

/// How a Postfix log is stamped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamps {
    /// `Nov  3 02:01:00`.
    Rfc3164,
    /// `2025-11-03T02:01:00.000000+00:00`.
    #[default]
    Rfc3339,
}

/// Which lines a log is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blend {
    /// A mail server with users, incoming mail and other programs writing to the same log.
    #[default]
    Default,
    /// A server that sends: more delivery lines, little else.
    Bulk,
    /// Delivery lines only, all of them refused or put off, with long replies.
    Dense,
}

/// How evenly mail comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traffic {
    /// More by day than by night.
    #[default]
    Steady,
    /// Quiet weekends as well, and mailings of one sender that bring up to two hundred times the usual for some minutes. All of it
    /// ordinary: what is refused is refused at the usual rates.
    Violent,
}

/// A time in which a provider answers with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Name of the provider's group in the mix.
    pub provider: String,
    /// Basic code, where it matters which.
    pub basic: Option<u16>,
    /// Enhanced code.
    pub enhanced: String,
    /// Seconds from the start of the log.
    pub start: i64,
    /// Length in seconds.
    pub duration: i64,
    /// Only mail of this sender domain.
    pub sender: Option<String>,
    /// Attempts out of a million that meet it.
    pub share: u32,
}

/// Everything that decides what is written: equal specs, equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Start of the random numbers.
    pub seed: u64,
    /// Whose log.
    pub mta: Mta,
    /// Stamps of a Postfix log.
    pub stamps: Stamps,
    /// Minutes east of UTC the stamps are written in.
    pub offset_minutes: i32,
    /// Size wanted; the log ends with the first message that ends beyond it.
    pub bytes: u64,
    /// Instant of the first line.
    pub start: Instant,
    /// Seconds the log covers, about; `None` is a day for each GiB.
    pub span: Option<i64>,
    /// Which lines.
    pub blend: Blend,
    /// How evenly mail comes.
    pub traffic: Traffic,
    /// Attempts out of a million that do not succeed at first.
    pub failures: u32,
    /// Number of sender domains.
    pub senders: u32,
    /// Number of recipients there are.
    pub recipients: u32,
    /// Connections that bring no message and lines of other programs, in percent of what the mix has.
    pub noise: u32,
    /// Long queue ids (Postfix), which are never used again.
    pub long_ids: bool,
    /// Host name in the lines.
    pub host: String,
    /// Incidents.
    pub incidents: Vec<Incident>,
}

/// Bytes of a day of log.
const BYTES_A_DAY: u128 = 1 << 30;
/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

impl Default for Spec {
    fn default() -> Spec {
        Spec {
            seed: 1,
            mta: Mta::Postfix,
            stamps: Stamps::Rfc3339,
            offset_minutes: 0,
            bytes: 1 << 30,
            start: days_from_civil(2026, 3, 2) * DAY,
            span: None,
            blend: Blend::Default,
            traffic: Traffic::Steady,
            failures: 100_000,
            senders: 40,
            recipients: 200_000,
            noise: 100,
            long_ids: false,
            host: "mx1".to_owned(),
            incidents: Vec::new(),
        }
    }
}

impl Spec {
    /// Seconds the log covers, about; at least one minute.
    pub fn span_seconds(&self) -> i64 {
        let scaled = u128::from(self.bytes) * DAY as u128 / BYTES_A_DAY;
        self.span.unwrap_or(i64::try_from(scaled).unwrap_or(i64::MAX)).clamp(60, 3_650 * DAY)
    }
}

/// Why a wish cannot be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError(pub(super) String);

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpecError {}

fn wrong<T>(what: String) -> Result<T, SpecError> {
    Err(SpecError(what))
}

/// A size as people write it: `500000`, `64KiB`, `1.5GiB`, `20MB`.
pub fn parse_size(text: &str) -> Result<u64, SpecError> {
    const UNITS: [(&str, u64); 11] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("k", 1 << 10),
        ("m", 1 << 20),
        ("g", 1 << 30),
        ("b", 1),
    ];
    let lower = text.trim().to_ascii_lowercase();
    let (number, unit) =
        UNITS.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit))).unwrap_or((&lower, 1));
    match thousandths(number.trim())
        .and_then(|n| n.checked_mul(u128::from(unit)))
        .map(|n| u64::try_from(n / 1_000))
    {
        Some(Ok(bytes)) if bytes > 0 => Ok(bytes),
        _ => wrong(format!("\"{text}\" is no size: expected something like 64KiB, 500MB or 1.5GiB")),
    }
}

/// A span of time as people write it: `90s`, `30m`, `2h`, `1.5d`; a number alone is seconds.
pub fn parse_duration(text: &str) -> Result<i64, SpecError> {
    const UNITS: [(char, u128); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];
    let trimmed = text.trim();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((trimmed.strip_suffix(*name)?, *unit)))
        .unwrap_or((trimmed, 1));
    match thousandths(number).map(|n| n.saturating_mul(unit) / 1_000) {
        Some(seconds) if seconds <= 3_650 * DAY as u128 => Ok(seconds as i64),
        _ => wrong(format!("\"{text}\" is no span of time: expected something like 90s, 30m, 2h or 1.5d")),
    }
}

/// A share in percent, with or without the sign, in millionths.
pub fn parse_percent(text: &str) -> Result<u32, SpecError> {
    match thousandths(text.trim().trim_end_matches('%')).map(|n| n * 10) {
        Some(ppm) if ppm <= 1_000_000 => Ok(ppm as u32),
        _ => wrong(format!("\"{text}\" is no share: expected 0% to 100%")),
    }
}

/// A start: `2026-03-02`, `2026-03-02T08:30:00Z`, or with an offset such as `+01:00`; UTC where none is written.
pub fn parse_start(text: &str) -> Result<Instant, SpecError> {
    let complaint = || {
        SpecError(format!(
            "\"{text}\" is no start: expected something like 2026-03-02 or 2026-03-02T08:30:00Z"
        ))
    };
    let trimmed = text.trim();
    let utc = |civil: jiff::civil::DateTime| {
        jiff::tz::TimeZone::UTC.to_timestamp(civil).map(jiff::Timestamp::as_second).map_err(|_| complaint())
    };
    let instant = if let Ok(instant) = trimmed.parse::<jiff::Timestamp>() {
        instant.as_second()
    } else if trimmed.contains(['T', ' ']) {
        let civil: jiff::civil::DateTime = trimmed.parse().map_err(|_| complaint())?;
        utc(civil)?
    } else {
        let date: jiff::civil::Date = trimmed.parse().map_err(|_| complaint())?;
        utc(date.to_datetime(jiff::civil::Time::midnight()))?
    };
    // Exim's ids hold the time in six base-62 digits, and stamps four digits of year.
    if (0..253_402_300_800 - 3_650 * DAY).contains(&instant) { Ok(instant) } else { Err(complaint()) }
}

/// An offset from UTC in minutes: `+01:00`, `-0230`, `Z`.
pub fn parse_offset(text: &str) -> Result<i32, SpecError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sign = if text.starts_with('-') { -1 } else { 1 };
    match (text, digits.len(), digits.parse::<i32>()) {
        ("Z" | "z" | "UTC", ..) => Ok(0),
        (_, 4, Ok(number)) if text.starts_with(['+', '-']) && number / 100 < 15 && number % 100 < 60 => {
            Ok(sign * (number / 100 * 60 + number % 100))
        }
        _ => wrong(format!("\"{text}\" is no offset: expected something like +01:00 or -0500")),
    }
}

impl FromStr for Incident {
    type Err = SpecError;

    /// `provider:code:+start:duration[:sender-domain][:share%]`.
    fn from_str(text: &str) -> Result<Incident, SpecError> {
        let complaint = |why: &str| {
            SpecError(format!(
                "incident \"{text}\": {why}; expected PROVIDER:CODE:+START:DURATION[:SENDER-DOMAIN][:SHARE%], \
                 such as google:5.7.26:+6h:2h:news.example.net"
            ))
        };
        let mut parts = text.split(':');
        let mut next = |what: &str| {
            parts
                .next()
                .filter(|part| !part.is_empty())
                .ok_or_else(|| complaint(&format!("{what} is missing")))
        };
        let provider = next("the provider")?.to_owned();
        let (basic, enhanced) = parse_code(next("the code")?).ok_or_else(|| complaint("the code is none"))?;
        let start = next("the start")?;
        let start = start.strip_prefix('+').ok_or_else(|| complaint("the start does not begin with +"))?;
        let start = parse_duration(start).map_err(|e| complaint(&e.0))?;
        let duration = parse_duration(next("the duration")?).map_err(|e| complaint(&e.0))?;
        let mut incident =
            Incident { provider, basic, enhanced, start, duration, sender: None, share: 800_000 };
        for part in parts {
            if part.ends_with('%') {
                incident.share = parse_percent(part).map_err(|e| complaint(&e.0))?;
            } else if incident.sender.is_none() && is_domain(part) {
                incident.sender = Some(part.to_ascii_lowercase());
            } else {
                return Err(complaint(&format!("\"{part}\" is neither a sender domain nor a share")));
            }
        }
        Ok(incident)
    }
}

/// `5.7.26`, `550-5.7.26` or `550 5.7.26`.
fn parse_code(text: &str) -> Option<(Option<u16>, String)> {
    let (basic, enhanced) = match text.split_once(['-', ' ']) {
        Some((basic, enhanced)) => (Some(basic.parse::<u16>().ok()?), enhanced),
        None => (None, text),
    };
    let code: crate::smtp::EnhancedCode = enhanced.to_owned().try_into().ok()?;
    let class = enhanced.as_bytes().first()? - b'0';
    if class == 2 || basic.is_some_and(|basic| basic / 100 != u16::from(class)) {
        return None;
    }
    Some((basic, code.to_string()))
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

/// A decimal number times a thousand; digits beyond the third place are dropped.
fn thousandths(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 24 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<u128>().ok()? * 1_000 + padded.parse::<u128>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1", 1),
            ("64KiB", 65_536),
            ("64k", 65_536),
            ("1.5 GiB", 1_610_612_736),
            ("20MB", 20_000_000),
            ("7b", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "-1", "GiB", "1XiB", "1e9", "99999999999999TiB", "1.2.3"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_shares_and_offsets() {
        assert_eq!(parse_duration("90"), Ok(90));
        assert_eq!(parse_duration("1.5d"), Ok(129_600));
        assert!(
            parse_duration("h").is_err()
                && parse_duration("2y").is_err()
                && parse_duration("9999999d").is_err()
        );
        assert_eq!(parse_percent("12.5%"), Ok(125_000));
        assert_eq!(parse_percent("100"), Ok(1_000_000));
        assert!(parse_percent("100.1").is_err());
        assert_eq!(parse_offset("-02:30"), Ok(-150));
        assert_eq!(parse_offset("+0100"), Ok(60));
        assert_eq!(parse_offset("Z"), Ok(0));
        assert!(parse_offset("Berlin").is_err() && parse_offset("+99:00").is_err());
    }

    #[test]
    fn starts() {
        assert_eq!(parse_start("2026-03-02"), Ok(Spec::default().start));
        assert_eq!(parse_start("2026-03-02T08:30:00Z"), Ok(Spec::default().start + 30_600));
        assert_eq!(parse_start("2026-03-02T08:30:00"), Ok(Spec::default().start + 30_600));
        assert_eq!(parse_start("2026-03-02T08:30:00+01:00"), Ok(Spec::default().start + 27_000));
        assert!(parse_start("yesterday").is_err() && parse_start("1969-01-01").is_err());
    }

    #[test]
    fn incidents() {
        let incident: Incident = "google:550-5.7.26:+6h:2h:News.example.net:35%".parse().unwrap();
        assert_eq!(
            incident,
            Incident {
                provider: "google".into(),
                basic: Some(550),
                enhanced: "5.7.26".into(),
                start: 21_600,
                duration: 7_200,
                sender: Some("news.example.net".into()),
                share: 350_000,
            }
        );
        let short: Incident = "yahoo:4.7.0:+0:30m".parse().unwrap();
        assert_eq!((short.basic, short.start, short.duration, short.sender), (None, 0, 1_800, None));
        for text in ["", "google", "google:5.7:+1h:1h", "google:450-5.7.1:+1h:1h", "google:2.0.0:+1h:1h"]
            .into_iter()
            .chain([
                "google:5.7.26:6h:2h",
                "google:5.7.26:+6h",
                "google:5.7.26:+6h:2h:x",
                "google:5.7.26:+6h:2h:a.b:c.d",
            ])
        {
            assert!(text.parse::<Incident>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_gib_is_a_day() {
        assert_eq!(Spec::default().span_seconds(), DAY);
        assert_eq!(Spec { bytes: 1, ..Spec::default() }.span_seconds(), 60);
        assert_eq!(Spec { bytes: u64::MAX, ..Spec::default() }.span_seconds(), 3_650 * DAY);
    }
}
