//! The answer of a scan against what the generator knows: nothing is timed that is wrong.

use std::collections::BTreeMap;

use smtpulse::smtp::{Action, BasicCode, Direction};
use smtpulse::summary::{Span, Summary};
use smtpulse::synth::Truth;

/// Counts by what was answered.
type Codes = BTreeMap<(Direction, Action, Option<u16>, Option<String>), u64>;

/// Panics where the summary of one log tells otherwise than its truth.
pub(crate) fn check(summary: &Summary, truth: &Truth) {
    let (found, totals) = (&summary.accounting, &summary.totals);
    for (what, found, wanted) in [
        ("lines", found.lines, truth.lines),
        ("attempts", found.attempts, truth.attempts_out + truth.attempts_local),
        ("rejects", found.rejects, truth.rejects),
        ("other events", found.other_events, truth.other_events),
        ("other programs", found.other_programs, truth.other_programs),
        ("unrelated", found.unrelated, truth.unrelated),
        ("not understood", found.not_understood, 0),
        ("messages", totals.messages, truth.messages),
        ("expired", totals.expired, truth.expired),
    ] {
        assert_eq!(found, wanted, "{what}");
    }
    assert_eq!(codes_of(summary), codes(truth), "counts by code");
}

fn codes(truth: &Truth) -> Codes {
    let mut codes = Codes::new();
    for row in &truth.codes {
        *codes.entry((row.direction, row.action, row.basic, row.enhanced.clone())).or_default() += row.count;
    }
    codes
}

fn codes_of(summary: &Summary) -> Codes {
    let mut codes = Codes::new();
    for (key, counts) in &summary.keys {
        let basic = key.code.basic.map(BasicCode::number);
        let enhanced = key.code.enhanced.map(|code| code.to_string());
        let Span { count, .. } = counts.span;
        *codes.entry((key.direction, key.action, basic, enhanced)).or_default() += count;
    }
    codes
}
