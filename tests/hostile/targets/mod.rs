//! What no bytes may do to a reader: one function for each, which panics where a promise is broken.
//!
//! `cargo test` runs them over mutated fixtures, cargo-fuzz over whatever it comes upon (`fuzz/`).

mod bytes;
mod lines;
mod scanned;
mod texts;

/// Whether a character turns the direction of text around (Unicode, UAX 9).
pub(crate) fn turns(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A function by its name.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const TARGETS: [Target; 10] = [
    ("frame", lines::frame),
    ("postfix", lines::postfix),
    ("exim", lines::exim),
    ("reply", lines::reply),
    ("input", bytes::input),
    ("carrier", bytes::carrier),
    ("summary", texts::summary),
    ("catalog", texts::catalog),
    ("bounce", texts::bounce),
    ("scan", scanned::scan),
];

/// Daemons of which [`lines::postfix`] takes one by the first byte.
pub(crate) const DAEMONS: [&str; 13] = [
    "smtp",
    "smtpd",
    "qmgr",
    "cleanup",
    "",
    "lmtp",
    "local",
    "pipe",
    "bounce",
    "postscreen",
    "error",
    "virtual",
    "master",
];
