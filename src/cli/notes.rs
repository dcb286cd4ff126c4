//! What goes to standard error: warnings, notes, progress.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::escape;

/// Says one line. Where nobody can hear it (a full disk, a closed end), the work goes on all the same.
pub(super) fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "smtpulse: {}", escape::terminal(message));
}

/// Says one line about a place in a file, in the form that editors jump to: FILE:LINE first.
pub(super) fn fault(message: &str) {
    let _ = writeln!(std::io::stderr(), "{}", escape::terminal(message));
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
