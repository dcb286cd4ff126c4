//! The time zone of a name, or the system's.
//!
//! Asked for the first zone, the library lists the whole folder of zones, to find names however they are written: that takes
//! longer than reading a small log. So the file of that very name is read; where none is, the library finds the zone.

use std::path::Path;
use std::{env, fs};

use jiff::tz::TimeZone;

/// Where systems keep their zones.
const ZONES: &str = "/usr/share/zoneinfo";

/// The zone of a name; none where nobody knows it.
pub(super) fn named(name: &str) -> Option<TimeZone> {
    direct(name).or_else(|| TimeZone::get(name).ok())
}

/// The system's zone: that of `TZ`, else the one that `/etc/localtime` points to.
pub(super) fn system() -> TimeZone {
    let linked = || {
        let target = fs::read_link("/etc/localtime").ok()?;
        direct(target.strip_prefix(ZONES).ok()?.to_str()?)
    };
    let found = if env::var_os("TZ").is_none() { linked() } else { None };
    found.unwrap_or_else(TimeZone::system)
}

/// The zone whose file is called so, to the letter.
fn direct(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    // What else lies in that folder begins with a small letter, as does the way to zones that count leap seconds.
    let capital = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    if env::var_os("TZDIR").is_some() || !name.split('/').all(capital) {
        return None;
    }
    let data = fs::read(Path::new(ZONES).join(name)).ok()?;
    TimeZone::tzif(name, &data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_leads_to_the_same_zone() {
        for name in
            ["UTC", "Etc/UTC", "Europe/Berlin", "europe/berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"]
        {
            assert_eq!(named(name), TimeZone::get(name).ok(), "{name}");
        }
        assert_eq!(system(), TimeZone::system());
    }

    #[test]
    fn what_is_no_name_of_a_zone_is_none() {
        for name in [
            "",
            "/",
            "Mars",
            "../zoneinfo/UTC",
            "Europe/../UTC",
            "/usr/share/zoneinfo/UTC",
            "Europe",
            "right/UTC",
            "zone.tab",
        ] {
            assert_eq!(named(name).is_some(), TimeZone::get(name).is_ok(), "{name}");
        }
    }
}
