//! The logs that are asked for, and what was rotated away from them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::exit::Error;
use crate::cli::{read, rotated};
use crate::state::follow::Candidate;
use crate::time::Instant;

/// Logs by their names, and rotated ones that were named beside them.
pub(super) struct Asked {
    logs: BTreeSet<PathBuf>,
    named: BTreeSet<PathBuf>,
}

impl Asked {
    /// What was typed; nothing for the usual logs.
    pub(super) fn of(inputs: &[PathBuf]) -> Result<Asked, Error> {
        let inputs = if inputs.is_empty() { read::usual_logs()? } else { inputs.to_vec() };
        let mut named = BTreeSet::new();
        for path in &inputs {
            if path.as_os_str() == "-" {
                return Err(Error::usage(
                    "-: standard input cannot be read again, so nobody knows what is new in it; name the log, or use \
                     smtpulse report -",
                ));
            }
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            if path.is_dir() {
                let found = rotated::logs_in(&path);
                named.extend(if found.is_empty() { vec![path] } else { found });
            } else if path.exists() && !path.is_file() {
                return Err(Error::usage(format!(
                    "{}: is no file, so nobody knows what is new in it; use smtpulse report",
                    path.display()
                )));
            } else {
                named.insert(path);
            }
        }
        // Of mail.log* the first is the log, and the others were rotated away from it.
        let beside: BTreeSet<PathBuf> = named.iter().flat_map(|log| rotated::beside(log)).collect();
        let logs = named.difference(&beside).cloned().collect();
        Ok(Asked { logs, named })
    }

    /// The names they are known by.
    pub(super) fn names(&self) -> Vec<String> {
        self.logs.iter().map(|log| name(log)).collect()
    }

    /// Which of them has this name.
    pub(super) fn number(&self, log: &str) -> Option<usize> {
        self.logs.iter().position(|own| name(own) == log)
    }

    /// All files that may hold lines of theirs, and what is to be said of those that are left out: when a log is read for
    /// the first time, older ones are read only as far as `since` asks.
    pub(super) fn candidates(
        &self,
        known: &[String],
        since: Option<Instant>,
    ) -> (Vec<Candidate>, Vec<String>) {
        let (mut all, mut notes) = (Vec::new(), Vec::new());
        for log in &self.logs {
            let is_new = !known.contains(&name(log));
            all.push(Candidate { path: log.clone(), log: name(log), rotated: false, unasked: false });
            let mut left_out = Vec::new();
            for path in rotated::beside(log) {
                let asked =
                    self.named.contains(&path) || since.is_some_and(|since| rotated::reaches(&path, since));
                let unasked = is_new && !asked;
                left_out.extend(unasked.then(|| path.clone()));
                all.push(Candidate { path, log: name(log), rotated: true, unasked });
            }
            if !left_out.is_empty() {
                notes.push(format!(
                    "{}: is read for the first time; older logs are left out: {}; --since TIME on this first run takes \
                     them along",
                    log.display(),
                    read::few(&left_out)
                ));
            }
        }
        (all, notes)
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
