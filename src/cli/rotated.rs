//! The logs that were rotated away from a log.
//!
//! A log that is named alone is that file. With `--since` those that were rotated away from it are taken along as far back
//! as that reaches. When a log was written to for the last time is told by its date: whoever is older than `--since` holds
//! nothing of it. A copy with a later date is read in vain, and nothing more, since every line is asked for its own date.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::time::Instant;

/// What mail servers call their logs; what else lies in a folder is not read unasked.
const NAMES: [&str; 5] = ["mail.log", "maillog", "mainlog", "main.log", "exim_mainlog"];

/// Those that were rotated away from this log and lie beside it, by name.
pub(super) fn beside(log: &Path) -> Vec<PathBuf> {
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(base) = log.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let mut found = files(folder, |name| is_rotated(name, base));
    // As they would be typed.
    if log.parent().is_some_and(|folder| folder.as_os_str().is_empty()) {
        found = found.iter().filter_map(|path| path.file_name().map(PathBuf::from)).collect();
    }
    found
}

/// The usual logs in a folder by their names, also those that were just rotated away.
#[cfg(feature = "state")]
pub(super) fn logs_in(folder: &Path) -> Vec<PathBuf> {
    let logs = NAMES.iter().map(|name| folder.join(name));
    logs.filter(|log| log.is_file() || !beside(log).is_empty()).collect()
}

/// The usual logs in a folder, with those that were rotated away from them and reach so far.
pub(super) fn inside(folder: &Path, since: Option<Instant>) -> Vec<PathBuf> {
    let mut found = files(folder, |name| NAMES.contains(&name));
    let rotated = files(folder, |name| NAMES.iter().any(|base| is_rotated(name, base)));
    found.extend(rotated.into_iter().filter(|path| since.is_none_or(|since| reaches(path, since))));
    found
}

/// Whether a file was written to since then; in doubt it was.
pub(super) fn reaches(path: &Path, since: Instant) -> bool {
    let written = || {
        let modified = fs::metadata(path).ok()?.modified().ok()?;
        Instant::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
    };
    written().is_none_or(|written| written >= since)
}

fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let named = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(&wanted));
    let mut found: Vec<PathBuf> = named.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    found.sort();
    found
}

/// Whether a file was rotated away from one of that name: `mail.log.1`, `mail.log.2.gz`, `maillog-20260301.xz`,
/// `mail-20260301.log` (logrotate's `extension`).
fn is_rotated(name: &str, base: &str) -> bool {
    let name = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name);
    let behind = name.strip_prefix(base);
    let before_extension = || {
        let (stem, extension) = base.rsplit_once('.')?;
        name.strip_suffix(extension)?.strip_suffix('.')?.strip_prefix(stem)
    };
    behind.or_else(before_extension).is_some_and(|rest| {
        let digits = rest.trim_start_matches(['.', '-', '_']);
        digits.len() + 1 == rest.len()
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rotated_logs() {
        for (base, name) in [
            ("mail.log", "mail.log.1"),
            ("mail.log", "mail.log.12.gz"),
            ("mail.log", "mail.log-20260301"),
            ("mail.log", "mail.log-20260301-1772323200.zst"),
            ("mail.log", "mail-20260301.log.xz"),
            ("mail.log", "mail.log.2026-03-01.bz2"),
            ("maillog", "maillog.0.bz2"),
            ("mainlog", "mainlog.1"),
        ] {
            assert!(is_rotated(name, base), "{name}");
        }
        for (base, name) in [
            ("mail.log", "mail.log"),
            ("mail.log", "mail.log.gz"),
            ("mail.log", "mail.log.save"),
            ("mail.log", "mail.log.1.save"),
            ("mail.log", "mail.log1"),
            ("mail.log", "mail.err.1"),
            ("mail.log", "old-mail.log.1"),
            ("mail.log.1", "mail.log.10"),
            ("mail.log", "mail-rfc5424.log"),
            ("mail.log", "mail.log.d"),
        ] {
            assert!(!is_rotated(name, base), "{name}");
        }
    }
}
