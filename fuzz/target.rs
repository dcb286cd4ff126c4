//! One target of many, by the name of the program.
#![no_main]

#[path = "../tests/hostile/targets/mod.rs"]
mod targets;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (_, check) = targets::TARGETS
        .into_iter()
        .find(|(name, _)| *name == env!("CARGO_BIN_NAME"))
        .expect("every program is named after its target");
    check(bytes);
});
