//! What goes to standard error: warnings, notes, progress.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::escape;

/// Says one line. Where nobody can hear it (a full disk, a closed end), the work goes on all the same.
pub(super) fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "smtpulse: {}", shown(message));
}

/// Says one line about a place in a file, in the form that editors jump to: FILE:LINE first.
pub(super) fn fault(message: &str) {
    let _ = writeln!(std::io::stderr(), "{}", shown(message));
}

/// Letters that a message has at most: the keys and names that it quotes may be of any length.
const LONGEST: usize = 2_000;

/// A message as it is said. Of a long one the middle is left out: what is wrong often stands at its end.
fn shown(message: &str) -> String {
    let text = escape::terminal(message);
    let length = text.chars().count();
    if length <= LONGEST {
        return text.into_owned();
    }
    let start: String = text.chars().take(LONGEST / 2).collect();
    let end: String = text.chars().skip(length - LONGEST / 2).collect();
    format!("{start} … {end}")
}

/// How long a job may take before its progress is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// Progress over the bytes of all inputs, on a terminal, once it takes long.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: AtomicBool,
}

impl Progress {
    /// Nothing is shown yet. `total` is 0 where nobody knows.
    pub(super) fn new(total: u64, quiet: bool) -> Progress {
        let visible = !quiet && std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::hidden());
        Progress { bar, started: Instant::now(), shown: AtomicBool::new(!visible) }
    }

    /// So many bytes more are read.
    pub(super) fn add(&self, bytes: u64) {
        if !self.shown.load(Ordering::Relaxed) && self.started.elapsed() > PATIENCE {
            self.shown.store(true, Ordering::Relaxed);
            if let Ok(style) =
                ProgressStyle::with_template("{bytes}/{total_bytes} {wide_bar} {bytes_per_sec} {eta}")
            {
                self.bar.set_style(style);
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(bytes);
    }

    /// Takes the progress away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_keep_their_ends() {
        assert_eq!(shown("a\x1bb"), "a\\x1bb");
        let long = format!("own.toml:1: {}: unknown", "é".repeat(5_000));
        let said = shown(&long);
        assert!(said.starts_with("own.toml:1: é") && said.ends_with("é: unknown"), "{said}");
        assert_eq!(said.chars().count(), LONGEST + 3);
    }
}
