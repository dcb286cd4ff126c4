//! The suppression list over real logs, against the recipients that the far end's own words show to be dead.
//!
//! `dead.tsv` is made from the transcript by `scripts/check-recordings --write-dead`, with nothing of the catalogue in it.
//! No live recipient may be listed. Which dead ones are missed is named below, with the reason; no other may be.

use std::collections::BTreeMap;

use smtpulse::analysis::{self, Thresholds};
use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan;
use smtpulse::tally::{Care, Recipients};

use crate::reading::{Recording, fixtures, options};

/// Dead ones that may be missed, by what was said of them, and why.
const MISSED: [(&str, &str); 3] = [
    ("inactive email address", "Apple says so of addresses that come back: must be so on another day"),
    ("may contain a non-existent account", "QQ says may"),
    ("User doesn't exist: ", "a local hop: what our own mailboxes say is no provider's answer"),
];

/// Dead recipients with what was said of them.
fn dead(folder: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(fixtures().join(folder).join("dead.tsv")).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('\t');
        (cells.next().unwrap().to_owned(), cells.nth(1).unwrap().to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

/// Checks the logs of a recording; gives how many are listed.
fn check(folder: &str) -> usize {
    let catalog = Catalog::builtin();
    let path = fixtures().join(folder);
    let recording = Recording::of(folder);
    let dead = dead(folder);
    let options = options(&recording.zone, Some(recording.year));
    let mut counts = Vec::new();
    for log in recording.logs.iter().chain(&recording.retold) {
        let mut recipients = Recipients::new(&catalog, Care::default());
        let sources = vec![input::open(&path.join(log), true).unwrap()];
        scan::gather(sources, &mut recipients, &options, &|_| {}).unwrap();
        let cases = recipients.settle();
        let meanings = analysis::meanings(&cases, &catalog);
        let found = analysis::suppressions(&cases, &meanings, &Thresholds::default(), None);
        let listed: BTreeMap<String, _> = found
            .listed
            .iter()
            .map(|row| (String::from_utf8_lossy(&row.case.address).to_lowercase(), row))
            .collect();
        for (address, row) in &listed {
            // The domain itself says that it takes no mail (RFC 7505): no far end was asked.
            let null_mx = address.ends_with("@nullmx.example");
            let known = dead.contains_key(address) || null_mx;
            assert!(
                known,
                "{folder}/{log}: {address} is alive, and listed for {} {:?}",
                row.key.code, row.meaning
            );
        }
        let reason = |said: &str| MISSED.iter().any(|(words, _)| said.contains(words));
        let missed: Vec<_> =
            dead.iter().filter(|(who, said)| !listed.contains_key(*who) && !reason(said)).collect();
        assert!(missed.is_empty(), "{folder}/{log}: missed without a reason: {missed:?}");
        assert!(found.held.is_empty(), "{folder}/{log}: {:?}", found.held);
        counts.push(listed.len());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{folder}: {counts:?}");
    counts[0]
}

#[test]
fn postfix_incident() {
    assert_eq!(check("postfix-incident"), 192);
}

#[test]
fn postfix_throttle() {
    assert_eq!(check("postfix-throttle"), 31);
}

#[test]
fn postfix_edge() {
    assert_eq!(check("postfix-edge"), 77);
}

#[test]
fn postfix_filter() {
    assert_eq!(check("postfix-filter"), 94);
}

#[test]
fn exim_all() {
    assert_eq!(check("exim-all"), 109);
}
