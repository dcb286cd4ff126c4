//! In which order inputs are read, and in which year each begins.
//!
//! Rotated logs are named in many ways, so the first stamp orders them and not the name. Stamps without a year get it
//! from [`first_year`]; where the user gives the year of the newest line, the inputs are first put in a circle and the
//! widest gap in it is where the set begins.

use crate::frame::{own_stamp, split};
use crate::input::Source;
use crate::mta::{Event, Program, parse_postfix};
use crate::time::{Clock, ClockState, Instant, Stamp, YearEvidence, Zone, first_year, queue_id_instant};

use super::Options;

/// Looks into a file, to see how many years it spans.
const LOOKS: u64 = 24;

/// 29 February in a calendar that has one, in seconds since 1 January.
const LEAP_DAY: std::ops::Range<i64> = 59 * 86_400..60 * 86_400;

/// Where an input begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Its first stamp that needs a clock.
    first: Option<Stamp>,
    /// The clock before it.
    state: ClockState,
}

/// Opens the sources' heads and sorts: by first stamp; those without one stay behind, as given.
pub(super) fn order(sources: Vec<Source>, options: &Options) -> Vec<(Source, Start)> {
    let mut found: Vec<(Source, Start, Option<Instant>)> = Vec::new();
    let mut years: Vec<Vec<i64>> = Vec::new();
    let mut sources = sources;
    for source in &mut sources {
        years.push(yearless_stamps(source));
    }
    let arrivals: Vec<Option<Instant>> =
        sources.iter().map(|source| arrival(source.head(), &options.zone)).collect();
    let open: Vec<bool> = sources.iter().map(|source| source.length.is_none()).collect();
    let given = options.year.map(|year| given_years(&years, &arrivals, &open, year, &options.zone));
    for (index, mut source) in sources.into_iter().enumerate() {
        let given = given.as_ref().and_then(|given| given[index]);
        let year = start_year(&mut source, &years[index], arrivals[index], given, options);
        let state = ClockState::starting(year);
        let stamps: Vec<Stamp> = stamps(source.head()).take(1).collect();
        let at = stamps.first().map(|stamp| Clock::new(&options.zone, state).instant(*stamp));
        let first = lines(source.head())
            .filter_map(|line| split(line).stamp)
            .find(|stamp| !matches!(stamp, Stamp::Absolute(_)));
        found.push((source, Start { first, state }, at));
    }
    // Stable: equal stamps and missing ones keep the order given.
    found.sort_by_key(|(_, _, at)| at.unwrap_or(Instant::MAX));
    found.into_iter().map(|(source, start, _)| (source, start)).collect()
}

/// The state to begin an input with: the last one's end where that leads to the same year, so that a log cut into
/// pieces reads like the log.
pub(super) fn carry(last: Option<ClockState>, start: Start, zone: &Zone) -> ClockState {
    let Some(last) = last else { return start.state };
    let Some(first) = start.first else { return last };
    let year = |state| {
        let mut clock = Clock::new(zone, state);
        clock.instant(first);
        clock.state().year()
    };
    match first {
        Stamp::Yearless(_) if last.last_yearless().is_some() && year(last) != year(start.state) => {
            start.state
        }
        Stamp::Yearless(_) if last.last_yearless().is_none() => start.state,
        _ => last,
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

fn stamps(bytes: &[u8]) -> impl Iterator<Item = Stamp> {
    lines(bytes).filter_map(|line| split(line).stamp)
}

/// Some stamps without a year, in the order of the file: its first, some between, its last.
fn yearless_stamps(source: &mut Source) -> Vec<i64> {
    let yearless = |stamp| match stamp {
        Stamp::Yearless(within) => Some(within),
        _ => None,
    };
    let Some(first) = stamps(source.head()).find_map(yearless) else { return Vec::new() };
    let mut found = vec![first];
    for look in source.looks(LOOKS) {
        // The cut line at the end of a look may show a stamp all the same; a look at the end has none.
        let mut seen = stamps(&look).filter_map(yearless);
        found.extend(seen.next());
        found.extend(seen.last());
    }
    if found.len() == 1 {
        found.extend(stamps(source.head()).filter_map(yearless).last());
    }
    found
}

/// How many years end between the first and the last of some stamps.
fn years_ended(stamps: &[i64]) -> i64 {
    let zone = Zone::utc();
    let mut clock = Clock::new(&zone, ClockState::starting(2000));
    for within in stamps {
        clock.instant(Stamp::Yearless(*within));
    }
    clock.state().year() - 2000
}

fn start_year(
    source: &mut Source,
    stamps: &[i64],
    arrival: Option<Instant>,
    given: Option<i64>,
    options: &Options,
) -> i64 {
    let (Some(first), Some(last)) = (stamps.first(), stamps.last()) else { return 2000 };
    let evidence = YearEvidence {
        first: *first,
        last: *last,
        ended: years_ended(stamps),
        open_end: source.length.is_none(),
        arrival,
        given,
        written: source.modified.unwrap_or(options.now),
        leap_day: false,
    };
    let unknown = evidence.arrival.is_none() && given.is_none();
    let leap_day = unknown && may_span_leap_day(&evidence) && has_leap_day(source);
    first_year(&YearEvidence { leap_day, ..evidence }, &options.zone)
}

/// Whether 29 February lies between the first and the last line, so that looking for it is worth reading the file.
fn may_span_leap_day(evidence: &YearEvidence) -> bool {
    let (before, after) = (evidence.first <= LEAP_DAY.end, LEAP_DAY.start <= evidence.last);
    match evidence.ended {
        0 => before && after,
        1 => before || after,
        _ => true,
    }
}

/// Whether a line is dated 29 February.
fn has_leap_day(source: &mut Source) -> bool {
    source.head().starts_with(b"Feb 29 ") || source.holds(b"\nFeb 29 ")
}

/// When a line near the start was written, told by the mail server itself: a witness that no copying of files disturbs.
/// Postfix writes it into long queue ids, Exim before its records.
fn arrival(head: &[u8], zone: &Zone) -> Option<Instant> {
    lines(head).find_map(|line| {
        let record = split(line);
        if !matches!(record.stamp, Some(Stamp::Yearless(_))) {
            return None;
        }
        match Program::of(record.program) {
            // On arrival the id is as old as the line; later it may have waited.
            Program::Postfix(daemon) => match parse_postfix(daemon, record.message) {
                Event::Arrival { queue_id } => queue_id_instant(queue_id),
                _ => None,
            },
            Program::Exim => match own_stamp(record.message)?.0 {
                Stamp::Absolute(at) => Some(at),
                Stamp::Wall(wall) => Some(zone.instant(wall, false)),
                Stamp::Yearless(_) => None,
            },
            Program::Missing | Program::Other => None,
        }
    })
}

/// For each input, the year of its last line, when the newest line of all is of `year`.
///
/// `None` for an input that tells by itself, unless that contradicts: a year shown in any of the inputs is one of the
/// log, whether the user meant its newest line or not. A stream (`open`) may go on into the next year.
fn given_years(
    inputs: &[Vec<i64>],
    arrivals: &[Option<Instant>],
    open: &[bool],
    year: i64,
    zone: &Zone,
) -> Vec<Option<i64>> {
    let spans: Vec<(i64, i64)> = inputs.iter().filter_map(|s| Some((*s.first()?, *s.last()?))).collect();
    // The end of the set is the last line with the longest way to the next first line, around the year, and inside no
    // other input.
    let around = |from: i64, to: i64| (to - from).rem_euclid(366 * 86_400);
    let way = |from: i64| {
        if spans.iter().any(|(first, last)| around(*first, from) < around(*first, *last)) {
            return 0;
        }
        spans.iter().map(|(first, _)| around(from, *first)).min().unwrap_or(0)
    };
    let Some(end) = spans.iter().map(|(_, last)| *last).max_by_key(|last| (way(*last), *last)) else {
        return vec![None; inputs.len()];
    };
    let shown: Vec<Option<(i64, i64)>> = inputs
        .iter()
        .zip(arrivals)
        .map(|(stamps, arrival)| {
            let evidence = YearEvidence {
                first: *stamps.first()?,
                arrival: Some((*arrival)?),
                ..YearEvidence::default()
            };
            let first = first_year(&evidence, zone);
            Some((first, first + years_ended(stamps)))
        })
        .collect();
    // The set's newest line is of the next year where the last line that shows a year lies before a New Year.
    let ahead = |stamps: &[i64]| i64::from(stamps.last().is_some_and(|last| *last > end));
    let newest =
        inputs.iter().zip(&shown).filter_map(|(stamps, shown)| Some((*shown)?.1 + ahead(stamps))).max();
    let agrees = shown.iter().zip(open).any(|(shown, open)| {
        shown.is_some_and(|(first, last)| (first..=last + i64::from(*open)).contains(&year))
    });
    let year = newest.filter(|_| agrees).unwrap_or(year);
    let of_last = |stamps: &[i64]| (!stamps.is_empty()).then(|| year - ahead(stamps));
    inputs
        .iter()
        .zip(&shown)
        .map(|(stamps, shown)| if shown.is_some() && agrees { None } else { of_last(stamps) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn the_newest_input_is_before_the_widest_gap() {
        let inputs = [vec![363 * DAY, 364 * DAY], vec![365 * DAY, 2 * DAY], vec![2 * DAY, 5 * DAY], vec![]];
        assert_eq!(
            given_years(&inputs, &[None; 4], &[false; 4], 2026, &Zone::utc()),
            [Some(2025), Some(2026), Some(2026), None]
        );
        let whole_year = [vec![0, 200 * DAY], vec![10 * DAY, 340 * DAY]];
        assert_eq!(
            given_years(&whole_year, &[None; 2], &[false; 2], 2026, &Zone::utc()),
            [Some(2026), Some(2026)]
        );
    }

    #[test]
    fn queue_ids_tell_which_year_was_meant() {
        let inputs = [vec![363 * DAY, 365 * DAY], vec![0, 2 * DAY]];
        let year_end = crate::time::days_from_civil(2025, 12, 30) * DAY;
        let arrivals = [Some(year_end), None];
        let years = |year| given_years(&inputs, &arrivals, &[false; 2], year, &Zone::utc());
        assert_eq!(years(2025), [None, Some(2026)]);
        assert_eq!(years(2020), [Some(2019), Some(2020)]);
        let both = [Some(year_end), Some(year_end + 2 * DAY)];
        assert_eq!(given_years(&inputs, &both, &[false; 2], 2025, &Zone::utc()), [None, None]);
        assert_eq!(given_years(&inputs, &both, &[false; 2], 2026, &Zone::utc()), [None, None]);
    }

    #[test]
    fn years_that_end_between_looks() {
        assert_eq!(years_ended(&[100 * DAY, 300 * DAY, 20 * DAY, 200 * DAY, 10 * DAY]), 2);
        assert_eq!(years_ended(&[100 * DAY, 99 * DAY]), 0);
    }
}
