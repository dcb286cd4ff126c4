//! In which order inputs are read, and in which year each begins.
//!
//! Rotated logs are named in many ways, so the first stamp orders them and not the name. Stamps without a year get it
//! from [`first_year`]; where the user gives the year of the newest line, the inputs are first put in a circle and the
//! widest gap in it is where the set begins.

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::frame::{Known, Splitter, own_stamp, split};
use crate::input::Source;
use crate::mta::{Event, Program, parse_postfix};
use crate::summary::Years;
use crate::time::{
    Clock, ClockState, Instant, Stamp, YearEvidence, Zone, arrival_tells, first_year, queue_id_instant,
};
use crate::vector::common;

use super::{Options, Period, SLACK, Stretch};

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
    /// Where its year comes from.
    pub(super) years: Years,
    /// It goes on where it was left: the clock before it is known.
    pub(super) resumed: bool,
}

/// What else belongs to a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which of those given.
    pub(super) number: usize,
    /// Lines before it.
    pub(super) lines: u64,
    /// What counts of it.
    pub(super) period: Period,
}

/// Opens the sources' heads and sorts: by first stamp; those without one stay behind, as given.
pub(super) fn order(stretches: Vec<Stretch>, options: &Options) -> Vec<(Source, Start, Place)> {
    let mut found: Vec<(Source, Start, Place, Option<Instant>)> = Vec::new();
    let mut stretches = stretches;
    let arrivals: Vec<Option<Instant>> =
        stretches.iter().map(|stretch| arrival(stretch.source.head(), &options.zone)).collect();
    // In parallel: some must be unpacked for it.
    let seen: Vec<Seen> = stretches
        .par_iter_mut()
        .zip(&arrivals)
        .map(|(stretch, arrival)| match stretch.clock {
            Some(_) => Seen::of(stamps(stretch.source.head())),
            None => Seen::in_source(&mut stretch.source, arrival.is_some() && options.year.is_none()),
        })
        .collect();
    let open: Vec<bool> = stretches.iter().map(|stretch| stretch.source.is_stream()).collect();
    let given = options.year.map(|year| given_years(&seen, &arrivals, &open, year, &options.zone));
    let mut begun: HashMap<usize, Instant> = HashMap::new();
    for (number, stretch) in stretches.into_iter().enumerate() {
        let Stretch { mut source, clock, lines, period, log } = stretch;
        let given = given.as_ref().and_then(|given| given[number]);
        let (state, years) = match clock {
            Some(clock) => (clock, Years::Log),
            None => {
                let (year, years) = start_year(&mut source, seen[number], arrivals[number], given, options);
                (ClockState::starting(year), years)
            }
        };
        let first = stamps(source.head()).next();
        let at = first.map(|first| Clock::new(&options.zone, state).instant(first));
        let at = match (at, log.and_then(|log| begun.get(&log))) {
            (Some(at), Some(before)) if at < *before && before - at <= SLACK => Some(*before),
            (at, _) => at,
        };
        if let Some((log, at)) = log.zip(at) {
            begun.insert(log, at);
        }
        let start = Start { first, state, years, resumed: clock.is_some() };
        found.push((source, start, Place { number, lines, period }, at));
    }
    // Stable: equal stamps and missing ones keep the order given.
    found.sort_by_key(|(.., at)| at.unwrap_or(Instant::MAX));
    found.into_iter().map(|(source, start, place, _)| (source, start, place)).collect()
}

/// The state to begin an input with: the last one's end where that leads to the same year, so that a log cut into
/// pieces reads like the log.
pub(super) fn carry(last: Option<ClockState>, start: Start, zone: &Zone) -> ClockState {
    if start.resumed {
        return start.state;
    }
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
    let (mut splitter, mut known) = (Splitter::default(), Known::NOTHING);
    let mut start = 0;
    bytes.split(|b| *b == b'\n').filter_map(move |line| {
        let text = &bytes[start..];
        start += line.len() + 1;
        // What follows a line is looked at, too.
        splitter.know(common(), text, line.len(), &mut known);
        if known.is_known() { Some(splitter.shared().stamp) } else { splitter.split(line).stamp }
    })
}

/// What some looks into a file show of its stamps without a year.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// The first and the last, in seconds since 1 January.
    span: Option<(i64, i64)>,
    /// How many years end between them.
    ended: i64,
    /// The first stamp with an offset behind the last of them: no line without a year is later.
    limit: Option<Instant>,
}

impl Seen {
    /// Looks at the stamps of a log, in its order.
    fn of(stamps: impl Iterator<Item = Stamp>) -> Seen {
        const ANY: i64 = 2000;
        let zone = Zone::utc();
        let mut clock = Clock::new(&zone, ClockState::starting(ANY));
        let mut seen = Seen::default();
        for stamp in stamps {
            match stamp {
                Stamp::Yearless(within) => {
                    clock.instant(stamp);
                    seen.span = Some((seen.span.map_or(within, |(first, _)| first), within));
                    seen.limit = None;
                }
                Stamp::Absolute(at) if seen.span.is_some() => seen.limit = seen.limit.or(Some(at)),
                Stamp::Absolute(_) | Stamp::Wall(_) => {}
            }
        }
        Seen { ended: clock.state().year() - ANY, ..seen }
    }

    /// Looks into a source, and at how a stream begins.
    fn in_source(source: &mut Source, year_is_known: bool) -> Seen {
        // Files whose stamps all tell their year at first need no further looks.
        let head = Seen::of(stamps(source.head()));
        if head.span.is_none() && stamps(source.head()).next().is_some()
            || year_is_known && source.is_packed()
        {
            return head;
        }
        let looks = source.looks(LOOKS);
        if looks.is_empty() { head } else { Seen::of(looks.iter().flat_map(|look| stamps(look))) }
    }
}

fn start_year(
    source: &mut Source,
    seen: Seen,
    arrival: Option<Instant>,
    given: Option<i64>,
    options: &Options,
) -> (i64, Years) {
    // None was seen: if one comes all the same, it is of this year.
    let (first, last) = seen.span.unwrap_or_default();
    let given = given.or(options.year.filter(|_| seen.span.is_none()));
    let evidence = YearEvidence {
        first,
        last,
        ended: seen.ended,
        open_end: source.is_stream(),
        arrival,
        given,
        written: seen.limit.or(source.modified).unwrap_or(options.now),
        leap_day: false,
    };
    let unknown = evidence.arrival.is_none() && given.is_none();
    let leap_day = unknown && may_span_leap_day(&evidence) && has_leap_day(source);
    let evidence = YearEvidence { leap_day, ..evidence };
    let years = match given {
        _ if arrival_tells(&evidence, &options.zone) => Years::Log,
        Some(_) => Years::Given,
        None if seen.limit.is_some() => Years::Log,
        None if source.modified.is_some() => Years::FileTime,
        None => Years::Present,
    };
    (first_year(&evidence, &options.zone), years)
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
    source.has_line(b"Feb 29 ")
}

/// When a line near the start was written, told by the mail server itself: a witness that no copying of files disturbs.
/// Postfix writes it into long queue ids, Exim before its records. Else a line beside it that has an offset.
fn arrival(head: &[u8], zone: &Zone) -> Option<Instant> {
    let own = lines(head).find_map(|line| {
        let record = split(line);
        if !matches!(record.stamp, Some(Stamp::Yearless(_))) {
            return None;
        }
        match Program::of(record.program) {
            // On arrival the id is as old as the line; later it may have waited.
            Program::Postfix(daemon) => match parse_postfix(daemon, record.message) {
                Event::Arrival { queue_id, .. } => queue_id_instant(queue_id),
                _ => None,
            },
            Program::Exim => match own_stamp(record.message)?.0 {
                Stamp::Absolute(at) => Some(at),
                Stamp::Wall(wall) => Some(zone.instant(wall, false)),
                Stamp::Yearless(_) => None,
            },
            Program::Missing | Program::Other => None,
        }
    });
    let with_offset = |stamp| if let Stamp::Absolute(at) = stamp { Some(at) } else { None };
    own.or_else(|| stamps(head).find_map(with_offset))
}

/// For each input, the year of its last line, when the newest line of all is of `year`.
///
/// `None` for an input that tells by itself, unless that contradicts: a year shown in any of the inputs is one of the
/// log, whether the user meant its newest line or not. A stream (`open`) may go on into the next year.
fn given_years(
    inputs: &[Seen],
    arrivals: &[Option<Instant>],
    open: &[bool],
    year: i64,
    zone: &Zone,
) -> Vec<Option<i64>> {
    let spans: Vec<(i64, i64)> = inputs.iter().filter_map(|seen| seen.span).collect();
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
        .map(|(seen, arrival)| {
            let evidence =
                YearEvidence { first: seen.span?.0, arrival: Some((*arrival)?), ..YearEvidence::default() };
            let first = first_year(&evidence, zone);
            Some((first, first + seen.ended))
        })
        .collect();
    // The set's newest line is of the next year where the last line that shows a year lies before a New Year.
    let ahead = |seen: &Seen| i64::from(seen.span.is_some_and(|(_, last)| last > end));
    let newest = inputs.iter().zip(&shown).filter_map(|(seen, shown)| Some((*shown)?.1 + ahead(seen))).max();
    let agrees = shown.iter().zip(open).any(|(shown, open)| {
        shown.is_some_and(|(first, last)| (first..=last + i64::from(*open)).contains(&year))
    });
    let year = newest.filter(|_| agrees).unwrap_or(year);
    let of_last = |seen: &Seen| seen.span.map(|_| year - ahead(seen));
    inputs
        .iter()
        .zip(&shown)
        .map(|(seen, shown)| if shown.is_some() && agrees { None } else { of_last(seen) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn seen(first: i64, last: i64) -> Seen {
        Seen { span: Some((first, last)), ended: i64::from(last < first), limit: None }
    }

    #[test]
    fn the_newest_input_is_before_the_widest_gap() {
        let inputs =
            [seen(363 * DAY, 364 * DAY), seen(365 * DAY, 2 * DAY), seen(2 * DAY, 5 * DAY), Seen::default()];
        assert_eq!(
            given_years(&inputs, &[None; 4], &[false; 4], 2026, &Zone::utc()),
            [Some(2025), Some(2026), Some(2026), None]
        );
        let whole_year = [seen(0, 200 * DAY), seen(10 * DAY, 340 * DAY)];
        assert_eq!(
            given_years(&whole_year, &[None; 2], &[false; 2], 2026, &Zone::utc()),
            [Some(2026), Some(2026)]
        );
    }

    #[test]
    fn queue_ids_tell_which_year_was_meant() {
        let inputs = [seen(363 * DAY, 365 * DAY), seen(0, 2 * DAY)];
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
    fn every_stamp_of_a_look_counts() {
        let of = |days: &[i64]| Seen::of(days.iter().map(|day| Stamp::Yearless(day * DAY)));
        assert_eq!(of(&[100, 300, 20, 200, 10]).ended, 2);
        assert_eq!(of(&[100, 99]).ended, 0);
        let upgraded = [Stamp::Yearless(5), Stamp::Absolute(7), Stamp::Absolute(9)];
        assert_eq!(Seen::of(upgraded.into_iter()).limit, Some(7));
        assert_eq!(Seen::of(upgraded.into_iter().rev()).limit, None);
    }
}
