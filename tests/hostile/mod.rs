//! Bytes of strangers, by the thousand: whatever they are, the readers keep their promises.
//!
//! The targets run here for some seconds, over mutated fixtures; `scripts/fuzz` runs them for as long as it is told.

mod escapes;
mod mutate;
mod seeds;
mod table;
mod targets;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use targets::TARGETS;

/// Inputs for a target. Those that read the embedded catalogue anew, or a whole log, take the longest.
fn cases(target: &str) -> u32 {
    match target {
        "catalog" => 12,
        "scan" | "summary" => 60,
        "input" | "carrier" | "bounce" => 200,
        _ => 1_500,
    }
}

#[test]
fn mutated_fixtures_break_no_promise() {
    for (target, check) in TARGETS {
        let config =
            ProptestConfig { cases: cases(target), failure_persistence: None, ..ProptestConfig::default() };
        let inputs = mutate::hostile(seeds::seeds(target));
        let found = TestRunner::new(config).run(&inputs, |bytes| {
            check(&bytes);
            Ok(())
        });
        assert!(found.is_ok(), "{target}: {}", found.unwrap_err());
    }
}

#[test]
fn what_was_found_once_breaks_nothing_again() {
    let mut count = 0;
    for (target, check) in TARGETS {
        for path in seeds::kept(target) {
            check(&std::fs::read(&path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0, "fixtures/hostile/ is somewhere else");
}
