//! A log that is read night by night, each going on with what the one before left open, is the log.

use std::sync::Arc;

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan::{self, Options};
use smtpulse::summary::{Cases, Counts, Ground, Key, Outage, Span, Summary};
use smtpulse::tally::{Addresses, Care, Carry, Night, Paused, People, Recipients, Tally};

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
        let bytes = postcard::to_allocvec(&open).unwrap();
        carry = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(postcard::to_allocvec(&carry).unwrap(), bytes);
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
        for counts in found.keys.values_mut().chain(wanted.keys.values_mut()).map(Arc::make_mut) {
            counts.refusals.values_mut().for_each(|refusals| refusals.lines = Arc::default());
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
        postcard::to_allocvec(&tally.pause().carry).unwrap()
    };
    let one = carried(1, usize::MAX, 1);
    assert_eq!(carried(3, 700, 1), one);
    assert!(carried(1, usize::MAX, 2) != one, "recipients are hashed with the seed");
    assert!(!one.contains(&b'@'));
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
    assert!(open.ends(&catalog).keys.values().all(|counts| **counts == Counts::default()));
}

/// One recipient's evidence: ground, last answer, when and how often, messages.
type Against = (Ground, Key, Span, u64);

/// Cases without the numbers of their keys.
fn named(cases: &Cases) -> Vec<(String, Vec<Against>, Option<Outage>)> {
    let row = |case: &summary::Case| {
        let evidence = case.evidence.iter();
        let evidence = evidence.map(|one| (one.ground, cases.keys[one.key].clone(), one.span, one.messages));
        (String::from_utf8_lossy(&case.address).into_owned(), evidence.collect(), case.outage)
    };
    cases.cases.iter().map(row).collect()
}

#[test]
fn recipients_of_ten_nights_are_those_of_the_log() {
    let catalog = Catalog::builtin();
    let care = Care { hits: 3, seconds: 3_600 };
    let (mut carried, mut all) = (0, 0);
    for (log, zone, year) in LOGS {
        let options = |chunk| Options { threads: 2, chunk, ..options(zone, Some(year)) };
        let text = std::fs::read(fixtures().join(log)).unwrap();
        let mut whole = Recipients::new(&catalog, care);
        scan::gather(vec![stream(log, &text)], &mut whole, &options(50_000), &|_| {}).unwrap();
        let wanted = named(&whole.settle());
        all += wanted.len();
        for keep in [true, false] {
            let (mut people, mut clock) = (People::new(9), None);
            for night in pieces(&fixtures().join(log)) {
                // Beside a tally, as a nightly run counts.
                let recipients = Recipients::resume(&catalog, care, people);
                let mut both = Night { tally: Tally::new(&catalog, true), recipients };
                let options = Options { clock, ..options(5_000) };
                clock = scan::gather(vec![stream(log, &night)], &mut both, &options, &|_| {}).unwrap().clock;
                let text = serde_json::to_string(&both.recipients.pause(keep)).unwrap();
                assert_eq!(text.contains("@"), keep && text.contains("address"), "{log}: an address is kept");
                people = serde_json::from_str(&text).unwrap();
                carried += people.len();
            }
            if !keep {
                let mut addresses = Addresses::new(&catalog, &people);
                scan::gather(vec![stream(log, &text)], &mut addresses, &options(9_000), &|_| {}).unwrap();
                people.learn(&addresses);
            }
            let found = named(&Recipients::resume(&catalog, care, people).settle());
            assert_eq!(found, wanted, "{log}, addresses kept: {keep}");
        }
    }
    assert!(all > 50 && carried > 20 * all / 2, "too little happens: {all}, {carried}");
}
