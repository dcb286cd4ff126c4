//! A log that is read night by night, each going on with what the one before left open, is the log.

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan::{self, Options};
use smtpulse::summary::{Counts, Summary};
use smtpulse::tally::{Carry, Paused, Tally};

use super::cuts::{LOGS, pieces, same};
use super::summary;
use crate::reading::{fixtures, options, stream};

/// The counts of all nights, and how often something was open or became sure too late.
fn by_night(
    nights: &[Vec<u8>],
    catalog: &Catalog,
    options: impl Fn(usize) -> Options,
) -> (Summary, [usize; 2]) {
    let (mut all, mut carry, mut met, mut clock) = (Summary::default(), Carry::new(7), [0; 2], None);
    for (night, text) in nights.iter().enumerate() {
        let mut tally = Tally::resume(catalog, true, carry);
        let read = scan::gather(
            vec![stream(&format!("night {night}"), text)],
            &mut tally,
            &Options { clock, ..options(night) },
            &|_| {},
        )
        .unwrap();
        clock = read.clock;
        let Paused { summary, late, carry: open } = tally.pause();
        for part in [read.summary, summary, late.clone()] {
            all.merge(part).unwrap();
        }
        met = [met[0] + open.messages(), met[1] + late.keys.len()];
        // As a database keeps it.
        let text = serde_json::to_string(&open).unwrap();
        carry = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&carry).unwrap(), text);
    }
    all.merge(carry.ends(catalog)).unwrap();
    (all, met)
}

#[test]
fn ten_nights_are_the_log() {
    let catalog = Catalog::builtin();
    let mut met = [0; 2];
    for (log, zone, year) in LOGS {
        let options =
            |night: usize| Options { threads: night % 3 + 1, chunk: 5_000, ..options(zone, Some(year)) };
        let nights = pieces(&fixtures().join(log));
        let (mut found, some) = by_night(&nights, &catalog, options);
        met = [met[0] + some[0], met[1] + some[1]];
        let whole = vec![input::open(&fixtures().join(log), true).unwrap()];
        let mut wanted = summary(whole, &catalog, &options(0));
        found.inputs.clone_from(&wanted.inputs);
        // Lines are for the page of their night and are kept in no file.
        for counts in found.keys.values_mut().chain(wanted.keys.values_mut()) {
            counts.refusals.values_mut().for_each(|refusals| refusals.lines.clear());
        }
        same(&format!("{log} in ten nights"), &found, &wanted, &catalog);
    }
    assert!(met.iter().all(|count| *count > 20), "the borders lie where nothing is open: {met:?}");
}

#[test]
fn what_is_carried_does_not_depend_on_threads_or_chunks_and_holds_no_address() {
    let catalog = Catalog::builtin();
    let (log, zone, year) = LOGS[0];
    let nights = pieces(&fixtures().join(log));
    let carried = |threads: usize, chunk: usize, seed: u64| {
        let mut tally = Tally::resume(&catalog, true, Carry::new(seed));
        let options = Options { threads, chunk, ..options(zone, Some(year)) };
        scan::gather(vec![stream(log, &nights[..5].concat())], &mut tally, &options, &|_| {}).unwrap();
        serde_json::to_string(&tally.pause().carry).unwrap()
    };
    let one = carried(1, usize::MAX, 1);
    assert_eq!(carried(3, 700, 1), one);
    assert!(carried(1, usize::MAX, 2) != one, "recipients are hashed with the seed");
    assert!(!one.contains('@'));
}

#[test]
fn numbers_that_lead_nowhere_are_left_out() {
    let catalog = Catalog::builtin();
    let open: Carry = serde_json::from_str(
        r#"{"keys":[],"names":[],"open":{"lives":[[{"host":1,"words":[1,2,3]},{"whole":true,"null":false,"remote":false,
        "attempted":true,"first":9,"last":9,"touched":1,"trouble":null}]],"forgotten":0,"clock":1,"seed":1}}"#,
    )
    .unwrap();
    assert_eq!(open.messages(), 1);
    assert!(open.ends(&catalog).keys.values().all(|counts| *counts == Counts::default()));
}
