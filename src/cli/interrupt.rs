//! Told to stop in the middle (Ctrl-C, `kill`, a closed terminal): what is not complete is taken away, and then the program
//! ends as it would have.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::sys;

/// Files that are being written.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that must not stay when the program is stopped; it may as soon as this is gone.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// From now on.
    pub(super) fn new(path: &Path) -> Unfinished {
        watch();
        unfinished().push(path.to_owned());
        Unfinished(path.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the signals, once, in a thread of its own: there it may do what a handler may not.
fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !sys::is_ignored(*signal));
        // Without it a file with a strange name is left behind, and nothing else.
        let Ok(mut signals) = Signals::new(wanted) else { return };
        let wait = move || {
            for signal in signals.forever() {
                for path in unfinished().iter() {
                    let _ = std::fs::remove_file(path);
                }
                let _ = emulate_default_handler(signal);
            }
        };
        let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
    });
}
