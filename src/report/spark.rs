//! Courses in one line: what share of the attempts met something, from the start of the period to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Told, ends};
use super::number::counted;
use super::when::Zone;
use crate::analysis::{Finding, Kind};
use crate::catalog::{Deferral, UNKNOWN};
use crate::smtp::{Action, Code};
use crate::summary::Width;
use crate::time::{DAY, Instant};

/// Marks of eight heights.
pub(super) const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Marks of a course in a table at most, and of a finding's, which has a line to itself.
pub(super) const IN_TABLE: usize = 20;
const OF_FINDING: usize = 60;

/// Courses, for the text page; programs have the numbers.
#[derive(Clone, Debug, Default)]
pub struct Sparks {
    /// How long one mark of a table is, in words.
    pub(super) mark: String,
    pub(super) dead_address: String,
    pub(super) policy: String,
    pub(super) other_failures: String,
    pub(super) throttling: String,
    pub(super) greylisting: String,
    pub(super) other_deferrals: String,
    /// By short name of the provider.
    pub(super) providers: BTreeMap<String, String>,
    /// In the order of the findings; of those that the page shows.
    pub(super) findings: Vec<String>,
}

impl Sparks {
    /// Draws all courses. Where the lines have no stamps, or too few of them for a course, none is drawn.
    pub(super) fn of<'f>(
        told: &[Told<'_>],
        findings: impl Iterator<Item = &'f &'f Finding>,
        zone: Zone<'_>,
        width: Width,
    ) -> Sparks {
        let failed = |t: &Told<'_>| t.key.action == Action::Failed;
        let put_off = |t: &Told<'_>| t.nature.transient;
        let Some(courses) = Courses::over(told, IN_TABLE, zone, width) else { return Sparks::default() };
        let draw = |wanted: &dyn Fn(&Told<'_>) -> bool| shares(&courses.parts(|_| true, wanted));
        let providers: BTreeSet<&str> = told.iter().map(provider).collect();
        Sparks {
            mark: words(courses.axis.slot),
            dead_address: draw(&|t| t.nature.dead_address),
            policy: draw(&|t| t.nature.policy),
            other_failures: draw(&|t| failed(t) && !t.nature.dead_address && !t.nature.policy),
            throttling: draw(&|t| t.deferral() == Some(Deferral::Throttling)),
            greylisting: draw(&|t| t.deferral() == Some(Deferral::Greylisting)),
            other_deferrals: draw(&|t| put_off(t) && t.deferral().is_none()),
            providers: providers
                .into_iter()
                .map(|name| {
                    let parts = courses.parts(|t| provider(t) == name, |t| failed(t) || put_off(t));
                    (name.to_owned(), shares(&parts))
                })
                .collect(),
            findings: match Courses::over(told, OF_FINDING, zone, width) {
                Some(courses) => findings.map(|finding| of_finding(finding, &courses)).collect(),
                None => Vec::new(),
            },
        }
    }
}

/// The course of one finding: what share of the attempts at its provider met its code, with its window in brackets; no
/// bracket closes what still goes on.
fn of_finding(finding: &Finding, courses: &Courses<'_, '_>) -> String {
    let axis = courses.axis;
    let there = |t: &Told<'_>| provider(t) == finding.provider;
    let marked = |t: &Told<'_>| finding.marker.is_none() || finding.marker == t.key.marker;
    // What no server answered has no code to be told by.
    let same = |t: &Told<'_>| {
        t.key.code == finding.code && (t.key.code != Code::NONE || t.meaning.category == finding.category)
    };
    let refused = |t: &Told<'_>| matches!(t.key.action, Action::Delayed | Action::Failed);
    let parts = courses.parts(there, |t| same(t) && marked(t) && refused(t));
    let mut spark = padded(&shares(&parts), axis.slots);
    if spark.trim().is_empty() || finding.kind == Kind::Appearance {
        return spark.trim_end().to_owned();
    }
    let place = |at: Option<Instant>| at.and_then(|at| axis.slot_of(at));
    let (start, end) = (place(finding.start), place(finding.end));
    // The later one first: it does not move the other's place.
    for (slot, bracket) in [(end.map(|slot| slot + 1), ']'), (start, '[')] {
        let at = slot.and_then(|slot| spark.char_indices().map(|(at, _)| at).chain([spark.len()]).nth(slot));
        if let Some(at) = at {
            spark.insert(at, bracket);
        }
    }
    format!("{}  each mark {}", spark.trim_end(), words(axis.slot))
}

fn provider<'a>(told: &Told<'a>) -> &'a str {
    told.key.provider.as_deref().unwrap_or(UNKNOWN)
}

fn padded(spark: &str, slots: usize) -> String {
    format!("{spark:slots$}")
}

/// The period cut into slots of equal width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    base: Instant,
    slot: i64,
    slots: usize,
}

/// Widths that people count in. Longer ones are twice as long as the one before.
const SLOTS: [i64; 17] = [
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    2 * 3_600,
    3 * 3_600,
    4 * 3_600,
    6 * 3_600,
    8 * 3_600,
    12 * 3_600,
    DAY,
    2 * DAY,
    4 * DAY,
    7 * DAY,
];

impl Axis {
    fn new(first: Instant, last: Instant, most: usize, zone: Zone<'_>, width: Width) -> Axis {
        let offset = zone.offset(first);
        let longer =
            std::iter::successors(SLOTS.last().copied(), |slot| Some(slot.saturating_mul(2))).skip(1);
        let mut widths = SLOTS.into_iter().chain(longer);
        loop {
            let slot = widths.next().unwrap_or(i64::MAX);
            // A slot begins when the clocks of the zone show a multiple of it.
            let base = first.saturating_sub(first.saturating_add(offset).rem_euclid(slot));
            let slots = last.saturating_sub(base) / slot + 1;
            if slot == i64::MAX || (slot >= width.seconds() && slots <= most as i64) {
                return Axis { base, slot, slots: usize::try_from(slots).unwrap_or(1) };
            }
        }
    }

    fn slot_of(&self, at: Instant) -> Option<usize> {
        let slot = usize::try_from(at.saturating_sub(self.base).div_euclid(self.slot)).ok()?;
        (slot < self.slots).then_some(slot)
    }
}

/// Each answer's attempts by slot: added up many times, for many courses.
struct Courses<'t, 'a> {
    axis: Axis,
    answers: Vec<(&'t Told<'a>, Vec<u64>)>,
}

impl<'t, 'a> Courses<'t, 'a> {
    /// At most `most` slots over all attempts. None where fewer than three of them would have any.
    fn over(told: &'t [Told<'a>], most: usize, zone: Zone<'_>, width: Width) -> Option<Courses<'t, 'a>> {
        let (first, last) = ends(told)?;
        let axis = Axis::new(first, last, most, zone, width);
        let slots = |answer: &Told<'_>| {
            let mut slots = vec![0; axis.slots];
            for (at, count) in &answer.dated {
                if let Some(sum) = axis.slot_of(*at).and_then(|slot| slots.get_mut(slot)) {
                    *sum += count;
                }
            }
            slots
        };
        let courses = Courses { axis, answers: told.iter().map(|answer| (answer, slots(answer))).collect() };
        let used = courses.parts(|_| true, |_| true).iter().filter(|part| part.of > 0).count();
        (used >= 3).then_some(courses)
    }

    /// How many of the attempts there are wanted, in each slot.
    fn parts(&self, there: impl Fn(&Told<'a>) -> bool, wanted: impl Fn(&Told<'a>) -> bool) -> Vec<Part> {
        let mut parts = vec![Part::default(); self.axis.slots];
        for (answer, slots) in self.answers.iter().filter(|(answer, _)| there(answer)) {
            let wanted = u64::from(wanted(answer));
            for (part, count) in parts.iter_mut().zip(slots) {
                part.of += count;
                part.count += wanted * count;
            }
        }
        parts
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Part {
    count: u64,
    of: u64,
}

/// Shares as marks, the highest for the greatest of them, but never for less than five of a hundred: what is low is to look
/// low. A dot where there were none, a blank without attempts; empty where there were none at all.
///
/// A slot with little mail says little: its share is taken of half the usual mail at least.
fn shares(parts: &[Part]) -> String {
    const LEAST: f64 = 0.05;
    if parts.iter().all(|part| part.count == 0) {
        return String::new();
    }
    let used = parts.iter().filter(|part| part.of > 0).count().max(1);
    let usual = parts.iter().map(|part| part.of as f64).sum::<f64>() / used as f64;
    let share = |part: &Part| part.count as f64 / (part.of as f64).max(usual / 2.0).max(1.0);
    let most = parts.iter().map(share).fold(LEAST, f64::max);
    let mark = |part: &Part| match (part.of, part.count) {
        (0, _) => ' ',
        (_, 0) => '·',
        _ => {
            let step = (share(part) / most * MARKS.len() as f64).ceil() as usize;
            MARKS[step.clamp(1, MARKS.len()) - 1]
        }
    };
    parts.iter().map(mark).collect::<String>().trim_end().to_owned()
}

/// A width in words: `15 minutes`, `3 hours`, `1 day`.
pub(super) fn words(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    match seconds {
        s if s % 86_400 == 0 => counted(s / 86_400, "day", "days"),
        s if s % 3_600 == 0 => counted(s / 3_600, "hour", "hours"),
        s => counted(s / 60, "minute", "minutes"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn course(parts: &[(u64, u64)]) -> String {
        shares(&parts.iter().map(|&(count, of)| Part { count, of }).collect::<Vec<_>>())
    }

    #[test]
    fn marks_show_shares_and_what_is_low_looks_low() {
        assert_eq!(course(&[(0, 100), (50, 100), (100, 100)]), "·▄█");
        assert_eq!(course(&[(1, 1_000), (2, 1_000), (0, 1_000)]), "▁▁·");
        assert_eq!(course(&[(10, 100), (0, 0), (10, 100), (0, 0)]), "█ █");
        assert_eq!(course(&[(0, 100), (0, 7)]), "");
        assert_eq!(course(&[]), "");
    }

    #[test]
    fn a_slot_with_little_mail_says_little() {
        assert_eq!(course(&[(1, 1), (50, 1_000), (50, 1_000)]), "▁██");
    }

    #[test]
    fn slots_are_those_people_count_in() {
        let tz = TimeZone::get("Asia/Kolkata").unwrap();
        let zone = Zone::new(&tz);
        let axis =
            |first: i64, hours: i64| Axis::new(first, first + hours * 3_600, 20, zone, Width::default());
        let midnight = 1_772_476_200;
        assert_eq!(axis(midnight + 4_000, 16), Axis { base: midnight + 3_600, slot: 3_600, slots: 17 });
        assert_eq!(axis(midnight + 90_000, 30 * 24).base % DAY, midnight % DAY, "days are the zone's");
        for hours in (0..100).chain([24 * 365, 24 * 365 * 2_000]) {
            let axis = axis(midnight, hours);
            assert!((1..=20).contains(&axis.slots), "{axis:?}");
            assert_eq!(axis.slot_of(midnight + hours * 3_600), Some(axis.slots - 1));
            assert_eq!(axis.slot_of(axis.base - 1), None);
        }
        assert_eq!(
            (words(60), words(7_200), words(DAY)),
            ("1 minute".into(), "2 hours".into(), "1 day".into())
        );
        // Instants that no calendar reaches.
        assert!(Axis::new(i64::MIN, i64::MAX, 20, zone, Width::default()).slots <= 20);
    }
}
