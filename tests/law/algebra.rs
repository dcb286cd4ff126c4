//! Adding summaries: in any grouping, with nothing, over the wire.

use std::sync::Arc;

use proptest::prelude::*;

use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::smtp::{Action, BasicCode, Code, Direction, EnhancedCode, Guard};
use smtpulse::summary::{
    self, Accounting, Counts, Input, Key, Party, Place, Quoted, Refusals, Span, Summary, Totals, Tries,
    Width, Years,
};

use super::summary as scanned;
use crate::reading::{fixtures, options};

fn span() -> impl Strategy<Value = Span> {
    (1_u64..1000, proptest::option::of((0_i64..1_000_000, 0_i64..1000))).prop_map(|(count, times)| Span {
        count,
        first: times.map(|(first, _)| first),
        last: times.map(|(first, length)| first + length),
    })
}

fn key() -> impl Strategy<Value = Key> {
    let code = (proptest::option::of(200_u16..600), proptest::option::of((0_u8..3, 0_u16..9, 0_u16..30)));
    let guard = proptest::option::of(proptest::sample::select(vec![Guard::BeforeRecipient, Guard::Doubt]));
    (any::<bool>(), "[a-c]", 0..Action::ALL.len(), code, proptest::option::of("[A-Z]{3}"), guard).prop_map(
        |(out, provider, action, (basic, enhanced), marker, guard)| Key {
            direction: if out { Direction::Out } else { Direction::In },
            provider: out.then_some(provider),
            action: Action::ALL[action],
            code: Code {
                basic: basic.and_then(BasicCode::new),
                enhanced: enhanced.and_then(|(class, subject, detail)| {
                    EnhancedCode::new([2, 4, 5][usize::from(class)], subject, detail)
                }),
            },
            marker: marker.clone(),
            quoted: marker.as_ref().map(|_| Quoted {
                provider: Some("q".to_owned()).filter(|_| out),
                code: Code { basic: basic.and_then(BasicCode::new), enhanced: None },
            }),
            guard,
        },
    )
}

fn counts() -> impl Strategy<Value = Counts> {
    let width = Width::default();
    let bucket = proptest::option::of((0_i64..500).prop_map(move |n| n * width.seconds()));
    let part = proptest::option::of((0_i64..50).prop_map(move |n| n * width.of_parts().seconds()));
    let tries =
        || (1_u64..100, 0_u64..100).prop_map(|(count, retries)| Tries { count, retries: retries.min(count) });
    let party = proptest::collection::btree_map(part.clone(), tries(), 0..4);
    let party = party.prop_map(|buckets| Party { buckets: buckets.into_iter().collect() });
    let parties = |name: &'static str| {
        let name = proptest::option::of(name.prop_map(Arc::from));
        proptest::collection::btree_map(name, party.clone(), 0..4)
    };
    let refusals = (0_u64..9).prop_map(|messages| Refusals { messages, ..Refusals::default() });
    (
        proptest::collection::btree_map(bucket.clone(), tries(), 0..4),
        (parties("[a-d]\\.example"), parties("mx[12]"), parties("[ab]"), parties("[a-c]\\.org")),
        proptest::collection::btree_map(part, refusals, 0..4),
        (proptest::collection::btree_map(bucket, 1_u64..9, 0..3), any::<[u8; 7]>()),
        span(),
    )
        .prop_map(
            |(buckets, (senders, relays, hosts, recipient_domains), refusals, (waiting, recovered), span)| {
                Counts {
                    buckets: buckets.into_iter().collect(),
                    senders,
                    relays,
                    hosts,
                    recipient_domains,
                    refusals,
                    waiting,
                    recovered: recovered.map(u64::from),
                    span,
                }
            },
        )
}

fn a_summary() -> impl Strategy<Value = Summary> {
    let numbers = proptest::collection::vec(0_u64..1000, 14);
    let programs = proptest::collection::btree_map("[a-z]{1,3}", 1_u64..9, 0..3);
    let period = proptest::option::of((0_i64..1000, 1000_i64..2000));
    let keys = proptest::collection::btree_map(key(), counts().prop_map(Arc::new), 0..6);
    (numbers, programs, period, keys, proptest::option::of("[a-z ]{0,20}"), any::<u64>())
        .prop_map(|(n, programs, period, keys, strange, fingerprint)| Summary {
            inputs: vec![Input {
                name: format!("{fingerprint:x}.log"),
                bytes: n[0],
                lines: n[1],
                format: "Postfix, RFC 3164".to_owned(),
                complete: n[0] % 2 == 0,
                note: strange.clone(),
                years: [None, Some(Years::Log), Some(Years::Present)][n[3] as usize % 3],
                fingerprint: format!("{fingerprint:016x}"),
            }],
            period,
            accounting: Accounting {
                lines: n[1],
                attempts: n[2],
                rejects: n[3],
                other_events: n[4],
                other_programs: n[5],
                unrelated: n[6],
                not_understood: n[7],
                first_not_understood: strange.map(|text| Place { input: "x".to_owned(), line: n[8], text }),
                programs,
                outside_period: n[8],
                long_lines: n[9],
                repeated: n[10],
                lost: n[11],
                loss_notices: n[12],
            },
            totals: Totals {
                messages: n[10],
                recipients: n[11],
                waiting: n[12],
                suspended: n[13],
                expired: n[9],
                bounces: n[8],
            },
            width: Width::default(),
            keys,
        })
        // Buckets as wide as its counts are long.
        .prop_map(|summary| sum(&[&summary]))
}

fn sum(parts: &[&Summary]) -> Summary {
    let mut sum = Summary::default();
    for part in parts {
        sum.merge((*part).clone()).unwrap();
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_associative_and_has_an_identity(a in a_summary(), b in a_summary(), c in a_summary()) {
        let mut left = sum(&[&a, &b]);
        left.merge(c.clone()).unwrap();
        let mut right = a.clone();
        right.merge(sum(&[&b, &c])).unwrap();
        prop_assert_eq!(&left, &right);
        let mut with_nothing = a.clone();
        with_nothing.merge(Summary::default()).unwrap();
        prop_assert_eq!(&with_nothing, &a);
        prop_assert_eq!(&sum(&[&a]), &a);
    }

    #[test]
    fn a_summary_survives_the_wire(summary in a_summary()) {
        let mut bytes = Vec::new();
        summary::write(&summary, &mut bytes).unwrap();
        prop_assert_eq!(summary::read(&bytes).unwrap(), summary);
    }

    #[test]
    fn no_damaged_summary_panics(summary in a_summary(), cut in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        summary::write(&summary, &mut bytes).unwrap();
        prop_assert!(summary::read(&bytes[..cut.index(bytes.len() - 1)]).is_err());
    }
}

#[test]
fn the_summaries_of_two_logs_make_the_summary_of_both() {
    let catalog = Catalog::builtin();
    let options = options("America/New_York", None);
    let open = |log: &str| input::open(&fixtures().join(log), true).unwrap();
    let (first, second) = ("postfix-edge/mail-rfc5424.log", "exim-all/mainlog");
    let both = scanned(vec![open(second), open(first)], &catalog, &options);
    let mut merged = scanned(vec![open(first)], &catalog, &options);
    merged.merge(scanned(vec![open(second)], &catalog, &options)).unwrap();
    assert_eq!(merged, both);
    let again = merged.clone();
    assert!(merged.merge(again).is_err(), "the same log is not added twice");
}
