//! The detector against published figures, against the edge cases it was designed for, and against naive twins of itself.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::evidence::{of_bins, of_rate};
use super::partition::{self, Cell};
use super::*;
use crate::smtp::EnhancedCode;

const VECTORS: &str = include_str!("../../../fixtures/spikes/vectors.json");
/// Midnight, UTC.
const START: i64 = 1_767_225_600;

/// A key of one code over attempts and events by bin.
fn key(code: &str, width: i64, attempts: &[(usize, Count)], events: &[(usize, Count)], bins: usize) -> Key {
    keys(code, width, attempts, &[events], bins).remove(0)
}

/// Keys over the same attempts.
fn keys(
    code: &str,
    width: i64,
    attempts: &[(usize, Count)],
    events: &[&[(usize, Count)]],
    bins: usize,
) -> Vec<Key> {
    let grid = Grid { start: START, width, bins };
    let exposure = Arc::new(Exposure::new(&grid, attempts.iter().copied()));
    let code = EnhancedCode::parse(code.as_bytes()).unwrap();
    let class = Class::of(code);
    events
        .iter()
        .map(|events| Key {
            provider: 0,
            code: Some(code),
            nature: Nature {
                prior: class.prior(),
                transient: code.class() == 4,
                enforcement: class == Class::Enforcement,
            },
            series: Series::new(grid, &exposure, events.iter().copied()),
            past: Past::default(),
        })
        .collect()
}

/// First attempts only, one number a bin.
fn first(counts: impl IntoIterator<Item = u64>) -> Vec<(usize, Count)> {
    counts.into_iter().map(|all| Count { all, retries: 0 }).enumerate().collect()
}

fn judged(key: &Key) -> Vec<Finding> {
    let verdict = windows(key, &Limits::default());
    settle(std::slice::from_ref(key), &[verdict], Threshold::USUAL)
}

/// Kind and bins of each finding.
fn told(key: &Key) -> Vec<(Kind, usize, usize)> {
    let short = |finding: &Finding| (finding.window.kind, finding.window.bins.start, finding.window.bins.end);
    judged(key).iter().map(short).collect()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap()
}

fn vectors(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).unwrap();
    all[name].as_array().unwrap().clone()
}

fn counts(text: &str) -> Vec<(usize, Count)> {
    text.split(' ')
        .map(|value| {
            let numbers: Vec<u64> = value.split(':').map(|part| part.parse().unwrap()).collect();
            let retries = numbers.get(2).copied().unwrap_or(0);
            (usize::try_from(numbers[0]).unwrap(), Count { all: numbers[1], retries })
        })
        .collect()
}

#[test]
fn evidence_is_as_published() {
    for vector in vectors("rate") {
        let [y, n, p, s] = ["y", "n", "p", "s"].map(|name| number(&vector, name));
        let found = of_rate(y, n, p, s);
        assert!((found - number(&vector, "value")).abs() < 2e-6, "{vector}: {found}");
    }
    for vector in vectors("bins") {
        let found = of_bins(number(&vector, "m"), number(&vector, "mu"), number(&vector, "s"));
        assert!((found - number(&vector, "value")).abs() < 2e-6, "{vector}: {found}");
    }
}

#[test]
fn partitions_are_as_published() {
    for vector in vectors("partition") {
        let list = |name: &str| -> Vec<u64> {
            vector[name].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
        };
        let cells: Vec<Cell> = list("cy")
            .into_iter()
            .zip(list("cn"))
            .enumerate()
            .map(|(at, (y, n))| Cell { bins: at..at + 1, y, n })
            .collect();
        let blocks = partition::blocks(&cells, number(&vector, "penalty"));
        let mut starts: Vec<u64> = blocks.iter().map(|block| block.bins.start as u64).collect();
        starts.push(cells.len() as u64);
        assert_eq!(starts, list("starts"));
    }
}

/// The figures were made before campaigns and lighter priors were thought of.
#[test]
fn windows_are_as_published() {
    let limits = Limits { prior_chunks: 12.0, ..Limits::default() };
    for vector in vectors("windows") {
        let code = vector["code"].as_str().unwrap();
        let bins = usize::try_from(vector["bins"].as_u64().unwrap()).unwrap();
        let text = |name: &str| counts(vector[name].as_str().unwrap());
        let width = vector["width"].as_i64().unwrap();
        let mut key = key(code, width, &text("attempts"), &text("events"), bins);
        let variance = match Class::of(key.code.unwrap()) {
            Class::Enforcement => 0.20,
            Class::Mailbox => 0.15,
            Class::Deferral => 0.25,
            Class::Policy | Class::Other => 0.30,
        };
        key.nature.prior = Prior { variance, campaign: 0.0, ..key.nature.prior };
        let moved = vector["start"].as_i64().unwrap() - START;
        let found = windows(&key, &limits);
        let wanted = vector["windows"].as_array().unwrap();
        assert_eq!(found.windows.len(), wanted.len(), "{code}");
        for (window, wanted) in found.windows.iter().zip(wanted) {
            let at = |bin: usize| key.series.grid().instant(bin) + moved;
            assert_eq!(at(window.bins.start), wanted["start"].as_i64().unwrap(), "{code}");
            assert_eq!(at(window.bins.end), wanted["end"].as_i64().unwrap(), "{code}");
            assert_eq!(window.kind.as_str(), wanted["kind"], "{code}");
            assert!((window.score - number(wanted, "score")).abs() < 0.01, "{code}: {}", window.score);
            assert!((window.events - number(wanted, "events")).abs() < 0.01, "{code}");
            assert_eq!(window.attempts, number(wanted, "attempts"), "{code}");
            assert!((window.floor / number(&vector, "floor_rate") - 1.0).abs() < 1e-4, "{code}");
        }
    }
}

#[test]
fn nothing_comes_of_nothing() {
    for bins in [0, 1, 5] {
        assert_eq!(told(&key("5.7.26", 300, &[], &[], bins)), []);
        assert_eq!(told(&key("5.7.26", 300, &first(vec![0; bins]), &first(vec![0; bins]), bins)), []);
        assert_eq!(told(&key("5.1.1", 300, &first(vec![9; bins]), &first(vec![0; bins]), bins)), []);
    }
    assert_eq!(told(&key("5.7.26", 300, &first([1000]), &first([1000]), 1)), []);
    assert_eq!(settle(&[], &[], Threshold::USUAL), []);
    assert_eq!(nightly(&[], Threshold::USUAL, &Limits::default(), true), []);
}

#[test]
fn five_events_are_no_window() {
    let events = first((0..288).map(|bin| u64::from((100..105).contains(&bin))));
    assert_eq!(told(&key("5.7.26", 300, &first([1; 288]), &events, 288)), []);
}

#[test]
fn more_events_than_attempts_are_as_many() {
    let attempts = first((0..288).map(|bin| if bin == 100 { 3 } else { 50 }));
    let events = first((0..288).map(|bin| if bin == 100 { 300 } else { 0 }));
    let found = judged(&key("5.7.26", 300, &attempts, &events, 288));
    assert_eq!((found[0].window.attempts, found[0].window.events), (300.0, 300.0));
}

#[test]
fn great_numbers_have_finite_scores() {
    let great = 1_000_000_000;
    for code in ["5.7.26", "4.2.2", "5.1.1"] {
        for hit in [1, great] {
            let events = first((0..288).map(|bin| if bin == 100 { hit } else { 0 }));
            for finding in judged(&key(code, 300, &first([great; 288]), &events, 288)) {
                assert!(finding.window.score.is_finite());
                assert_eq!(finding.window.bins, 100..101);
            }
        }
    }
    let most = first([u64::MAX; 20]);
    let _ = told(&key("5.7.26", 300, &most, &most, 20));
}

#[test]
fn what_fails_throughout_is_a_level_and_a_spike_only_to_who_remembers() {
    let attempts = first((0..288).map(|bin| 10 + bin % 7));
    let mut all = key("5.7.26", 300, &attempts, &attempts, 288);
    assert_eq!(told(&all), [(Kind::Level, 0, 288)]);
    assert_eq!(told(&key("5.1.1", 300, &attempts, &attempts, 288)), []);
    all.past = Past::unseen(50_000.0);
    assert_eq!(told(&all), [(Kind::Spike, 0, 288)]);
}

#[test]
fn an_incident_the_log_begins_with_is_seen() {
    let events = first((0..288).map(|bin| if bin < 172 { 20 } else { 0 }));
    let found = judged(&key("5.7.26", 300, &first([100; 288]), &events, 288));
    assert_eq!((found[0].window.kind, found[0].window.bins.clone()), (Kind::Spike, 0..172));
    assert!(found[0].window.from_start && !found[0].window.ongoing);
}

#[test]
fn an_incident_after_six_percent_of_the_log_is_seen() {
    let events = first((0..300).map(|bin| if bin < 18 { 0 } else { 20 }));
    let found = judged(&key("5.7.26", 300, &first([100; 300]), &events, 300));
    assert_eq!((found[0].window.kind, found[0].window.bins.clone()), (Kind::Spike, 18..300));
    assert!(found[0].window.ongoing && !found[0].window.from_start);
}

#[test]
fn one_message_to_ten_recipients_is_no_spike() {
    let events = first((0..288).map(|bin| if bin == 100 { 10 } else { 0 }));
    assert_eq!(told(&key("5.7.26", 300, &first([350; 288]), &events, 288)), []);
}

#[test]
fn a_refused_burst_is_a_spike() {
    let attempts = first((0..288).map(|bin| if bin == 100 { 300 } else { 50 }));
    let events = first((0..288).map(|bin| if bin == 100 { 300 } else { 0 }));
    let found = judged(&key("5.7.26", 300, &attempts, &events, 288));
    assert_eq!((found[0].window.kind, found[0].window.shape), (Kind::Spike, Shape::Burst));
}

#[test]
fn the_same_every_night_recurs() {
    let events = first((0..7 * 96).map(|bin| if bin % 96 == 12 { 20 } else { 0 }));
    let found = told(&key("5.1.1", 900, &first([60; 7 * 96]), &events, 7 * 96));
    assert_eq!(found.len(), 7);
    assert!(found.iter().all(|(kind, ..)| *kind == Kind::Recurring), "{found:?}");
}

#[test]
fn a_hundredfold_campaign_at_a_constant_rate_is_nothing() {
    let volume = |bin: usize| if (100..140).contains(&bin) { 100_000 } else { 1000 };
    let attempts = first((0..288).map(volume));
    let events = first((0..288).map(|bin| volume(bin) / 100));
    assert_eq!(told(&key("5.1.1", 300, &attempts, &events, 288)), []);
}

#[test]
fn a_campaign_to_a_worse_list_is_nothing_and_a_worse_rate_beside_it_is_something() {
    let volume = |bin: usize| if (100..140).contains(&bin) { 50_000 } else { 1000 };
    let attempts = first((0..288).map(volume));
    let rate = |worse: fn(usize) -> bool| {
        first((0..288).map(move |bin| volume(bin) * if worse(bin) { 16 } else { 4 } / 1000))
    };
    let only_its_mail = rate(|bin| (100..140).contains(&bin));
    assert_eq!(told(&key("5.1.1", 300, &attempts, &only_its_mail, 288)), []);
    let other_mail = rate(|bin| (60..180).contains(&bin));
    assert_eq!(told(&key("5.1.1", 300, &attempts, &other_mail, 288)), [(Kind::Spike, 60, 180)]);
    let unauthenticated = first((0..288).map(|bin| if (100..140).contains(&bin) { 50 } else { 0 }));
    assert_eq!(told(&key("5.7.26", 300, &attempts, &unauthenticated, 288)), [(Kind::Spike, 100, 140)]);
}

#[test]
fn retries_that_go_on_at_night_are_nothing() {
    let day = |bin: usize| bin % 96 < 64;
    let attempts: Vec<(usize, Count)> =
        (0..4 * 96).map(|bin| (bin, Count { all: if day(bin) { 1050 } else { 70 }, retries: 50 })).collect();
    let events: Vec<(usize, Count)> =
        (0..4 * 96).map(|bin| (bin, Count { all: if day(bin) { 55 } else { 50 }, retries: 50 })).collect();
    assert_eq!(told(&key("4.2.2", 900, &attempts, &events, 4 * 96)), []);
}

#[test]
fn a_gap_in_the_log_does_not_cut_an_incident() {
    let here = |bin: usize| !(120..130).contains(&bin);
    let attempts = first((0..288).map(|bin| if here(bin) { 100 } else { 0 }));
    let events = first((0..288).map(|bin| if here(bin) && (100..160).contains(&bin) { 30 } else { 0 }));
    assert_eq!(told(&key("5.7.26", 300, &attempts, &events, 288)), [(Kind::Spike, 100, 160)]);
}

#[test]
fn a_code_that_takes_over_from_another_is_a_shift() {
    let old = first((0..288).map(|bin| if bin < 150 { 5 } else { 0 }));
    let new = first((0..288).map(|bin| if bin < 150 { 0 } else { 5 }));
    let mut keys = keys("5.7.1", 300, &first([100; 288]), &[&old, &new], 288);
    keys[1].code = EnhancedCode::parse(b"5.7.26");
    let verdicts: Vec<Verdict> = keys.iter().map(|key| windows(key, &Limits::default())).collect();
    let found = settle(&keys, &verdicts, Threshold::USUAL);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].window.kind, found[0].key, found[0].from), (Kind::Shift, 1, Some(0)));
}

#[test]
fn a_rejection_remembers_the_deferral_that_warned_of_it() {
    let warning = first((0..288).map(|bin| if (100..130).contains(&bin) { 30 } else { 0 }));
    let refusal = first((0..288).map(|bin| if (130..200).contains(&bin) { 30 } else { 0 }));
    let mut keys = keys("4.7.26", 300, &first([100; 288]), &[&warning, &refusal], 288);
    keys[1].code = EnhancedCode::parse(b"5.7.26");
    let verdicts: Vec<Verdict> = keys.iter().map(|key| windows(key, &Limits::default())).collect();
    let found = settle(&keys, &verdicts, Threshold::USUAL);
    let short: Vec<_> = found.iter().map(|f| (f.key, f.window.kind, f.from)).collect();
    assert_eq!(short, [(0, Kind::Spike, None), (1, Kind::Spike, Some(0))]);
    assert!(found.iter().all(|finding| finding.certainty.unwrap() > 2.0));
}

#[test]
fn an_alarm_is_raised_when_the_log_up_to_there_shows_it() {
    let events = first((0..288).map(|bin| if (100..160).contains(&bin) { 30 } else { 0 }));
    let key = key("5.7.26", 300, &first([100; 288]), &events, 288);
    let window = judged(&key).remove(0).window;
    let limits = Limits::default();
    let at = alarm(&key, &window, 5.0, &limits).unwrap();
    assert!((101..=104).contains(&at), "{at}");
    let upto = |bins| Key { series: key.series.part(0..bins), ..key.clone() };
    assert!(windows(&upto(at), &limits).windows.iter().any(|found| found.score >= 5.0));
    assert!(!windows(&upto(at - 1), &limits).windows.iter().any(|found| found.score >= 5.0));
    assert_eq!(alarm(&key, &window, f64::INFINITY, &limits), None);
}

#[test]
fn nights_go_on_with_what_the_night_before_began() {
    let bins = 6 * 96;
    let events = first((0..bins).map(|bin| if (350..450).contains(&bin) { 20 } else { 0 }));
    let key = key("5.7.26", 900, &first(vec![100; bins]), &events, bins);
    let found = nightly(std::slice::from_ref(&key), Threshold::Score(4.5), &Limits::default(), true);
    let short: Vec<_> = found.iter().map(|f| (f.window.kind, f.window.bins.clone())).collect();
    assert_eq!(short, [(Kind::Spike, 350..450)]);
    assert!(found[0].alarm.is_some_and(|bin| (351..=354).contains(&bin)));
}

#[test]
fn what_runs_for_a_week_is_the_new_normal() {
    let bins = 14 * 96;
    let events = first((0..bins).map(|bin| if bin < 200 { 0 } else { 5 }));
    let key = key("5.7.26", 900, &first(vec![100; bins]), &events, bins);
    let found = nightly(std::slice::from_ref(&key), Threshold::Score(4.5), &Limits::default(), false);
    let kinds: Vec<Kind> = found.iter().map(|finding| finding.window.kind).collect();
    assert_eq!(kinds, [Kind::Spike, Kind::Level], "{found:?}");
    assert_eq!(found[0].window.bins, 200..9 * 96);
}

#[test]
fn a_small_job_of_every_day_is_known_by_the_second_day() {
    let bins = 5 * 96;
    let events = first((0..bins).map(|bin| match (bin / 96, bin % 96) {
        (0 | 1, 40) => 11,
        (_, 40) => 25,
        _ => 0,
    }));
    let key = key("5.1.1", 900, &first(vec![30; bins]), &events, bins);
    let found = nightly(std::slice::from_ref(&key), Threshold::Score(4.5), &Limits::default(), false);
    assert!(found.iter().all(|finding| finding.window.kind == Kind::Recurring), "{found:?}");
}

/// The best partition without pruning anything, and what it is worth.
fn naive_worth(cells: &[Cell], penalty: f64) -> f64 {
    let mut best = vec![0.0f64];
    for end in 1..=cells.len() {
        let worth = |start: usize| {
            let (y, n) = cells[start..end].iter().fold((0, 0), |(y, n), cell| (y + cell.y, n + cell.n));
            best[start] + evidence::fitness(y as f64, n as f64) - penalty
        };
        best.push((0..end).map(worth).fold(f64::NEG_INFINITY, f64::max));
    }
    best[cells.len()]
}

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    let level = prop_oneof![Just(0u64), 0u64..20, Just(500u64), Just(1000)];
    proptest::collection::vec((level, 1usize..30, 1u64..2000), 1..8).prop_map(|levels| {
        let counts = levels.iter().flat_map(|(level, length, n)| {
            (0..*length).map(move |at| ((n * level / 1000 + (at as u64 * 7) % 3).min(*n), *n))
        });
        counts.enumerate().map(|(at, (y, n))| Cell { bins: at..at + 1, y, n }).collect()
    })
}

/// Any counts: dense and empty, with retries, with more events than attempts.
fn any_counts(bins: usize) -> impl Strategy<Value = Vec<(usize, Count)>> {
    let number = prop_oneof![4 => 0u64..50, 1 => 0u64..1_000_000, 1 => Just(u64::MAX)];
    let count = (number.clone(), number).prop_map(|(all, retries)| Count { all, retries });
    proptest::collection::vec((0..bins + 3, count), 0..bins)
}

proptest! {
    #[test]
    fn pruning_loses_nothing(cells in cells(), penalty in 1.0f64..12.0) {
        let blocks = partition::blocks(&cells, penalty);
        let worth: f64 =
            blocks.iter().map(|b| evidence::fitness(b.y as f64, b.n as f64) - penalty).sum();
        let best = naive_worth(&cells, penalty);
        prop_assert!((worth - best).abs() <= 1e-7 * best.abs().max(1.0), "{} {}", worth, best);
    }

    #[test]
    fn the_window_is_the_one_that_every_pair_of_ends_would_have_been_tried_for(
        start in 5usize..60, length in 2usize..60, share in 3u64..8
    ) {
        let hit = |bin: usize| (start..start + length).contains(&bin);
        let events = first((0..150).map(|bin| if hit(bin) { 10 * share } else { u64::from(bin % 40 == 7) }));
        let key = key("5.7.26", 300, &first([100; 150]), &events, 150);
        let all: u64 = events.iter().map(|(_, count)| count.all).sum();
        let worth = |from: usize, to: usize| {
            let y: u64 = events[from..to].iter().map(|(_, count)| count.all).sum();
            let n = 100.0 * (to - from) as f64;
            let apart = evidence::fitness(y as f64, n)
                + evidence::fitness((all - y) as f64, 15_000.0 - n);
            if y as f64 * 15_000.0 > all as f64 * n { apart } else { f64::NEG_INFINITY }
        };
        let ends = (0..150).flat_map(|from| (from + 1..=150).map(move |to| (from, to)));
        let best = ends.max_by(|a, b| worth(a.0, a.1).total_cmp(&worth(b.0, b.1))).unwrap();
        prop_assert_eq!(told(&key), [(Kind::Spike, best.0, best.1)]);
    }

    #[test]
    fn counts_add_up_in_any_pieces_and_any_order(
        attempts in any_counts(40), events in any_counts(40), seed in 0usize..7
    ) {
        let small = |counts: &[(usize, Count)]| -> Vec<(usize, Count)> {
            counts.iter().map(|(bin, c)| (*bin, Count { all: c.all % 97, retries: (c.retries % 97).min(c.all % 97) })).collect()
        };
        let (attempts, events) = (small(&attempts), small(&events));
        let shuffled = |counts: &[(usize, Count)]| {
            let mut pieces: Vec<Vec<(usize, Count)>> = vec![Vec::new(); seed + 1];
            for (at, count) in counts.iter().rev().enumerate() {
                pieces[at % (seed + 1)].push(*count);
            }
            pieces.concat()
        };
        let whole = key("4.7.26", 3600, &attempts, &events, 40);
        let pieces = key("4.7.26", 3600, &shuffled(&attempts), &shuffled(&events), 40);
        prop_assert_eq!(judged(&whole), judged(&pieces));
    }

    #[test]
    fn no_counts_make_it_panic(
        attempts in any_counts(60), one in any_counts(60), two in any_counts(60), width in 0usize..4
    ) {
        let width = [60, 3600, 7, 200_000][width];
        let mut keys = keys("5.7.26", width, &attempts, &[&one, &two], 60);
        keys[1].code = EnhancedCode::parse(b"5.7.1");
        let limits = Limits::default();
        let verdicts: Vec<Verdict> = keys.iter().map(|key| windows(key, &limits)).collect();
        for finding in settle(&keys, &verdicts, Threshold::Score(0.0)) {
            prop_assert!(finding.window.score.is_finite());
            prop_assert!(finding.window.bins.start < finding.window.bins.end && finding.window.bins.end <= 60);
            let at = alarm(&keys[finding.key], &finding.window, 3.0, &limits);
            prop_assert!(at.is_none_or(|bin| bin <= 60));
        }
        for finding in nightly(&keys, Threshold::Score(0.0), &limits, true) {
            prop_assert!(finding.window.score.is_finite());
        }
    }

    #[test]
    fn grids_cover_what_they_were_made_for(first in -1_000_000_000i64..2_000_000_000, span in 0i64..300_000_000) {
        let grid = Grid::covering(first, first + span).unwrap();
        prop_assert!(grid.bins <= MOST_BINS && grid::widths().any(|width| width == grid.width));
        prop_assert_eq!(grid.bin(first), Some(0));
        prop_assert_eq!(grid.bin(first + span), Some(grid.bins - 1));
    }
}

#[test]
fn bins_are_as_wide_as_the_buckets_of_a_summary() {
    let widths: Vec<i64> = grid::widths().collect();
    assert_eq!(widths, [60, 300, 900, 1_800, 3_600, 10_800, 21_600, DAY]);
    let known = |seconds: i64| crate::summary::Width::from_seconds(seconds).is_some();
    assert!(widths.into_iter().all(known));
}

#[test]
fn grids_have_an_end() {
    assert_eq!(Grid::covering(0, i64::MAX), None);
    assert_eq!(Grid::covering(0, 400_000_000), None);
    let month = Grid { start: 90, width: 60, bins: 43_200 };
    assert_eq!(month.coarsened(), Some(Grid { start: 0, width: 900, bins: 2_881 }));
    let odd = Grid { start: 0, width: 7, bins: 10_000 };
    assert_eq!(odd.coarsened(), None);
}
