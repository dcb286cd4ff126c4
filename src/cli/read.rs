//! Inputs as asked for, opened.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::ReadArgs;
use super::exit::Error;
use super::notes;
use super::page::Setting;
use super::{rotated, when};
use crate::input::{self, Source};
use crate::scan::{Options, Period};
use crate::time::{Instant, Zone};

/// Where mail servers write unless told otherwise, in the order they are tried.
pub(super) const USUAL: [&str; 4] =
    ["/var/log/mail.log", "/var/log/maillog", "/var/log/exim4/mainlog", "/var/log/exim/main.log"];

/// Files that are kept open until they are read. More are opened again when it is their turn: descriptors are few.
const KEPT_OPEN: usize = 16;

/// Fewer bytes are read by one worker.
const FOR_ONE: u64 = 256 << 10;

/// The sources, and how many could not be opened.
pub(super) struct Opened {
    /// What can be read.
    pub(super) sources: Vec<Source>,
    /// How many inputs were named and could not be opened.
    pub(super) skipped: usize,
}

impl Opened {
    /// Length of all; 0 where nobody knows.
    pub(super) fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.length).sum::<Option<u64>>().unwrap_or(0)
    }

    /// How many workers are to read this, where so many were asked for and 0 leaves it to us: to start one takes longer than to
    /// read what one would not share with others.
    pub(super) fn workers(&self, asked: usize) -> usize {
        let mapped = self.sources.iter().all(Source::is_mapped);
        if asked == 0 && mapped && self.bytes() < FOR_ONE { 1 } else { asked }
    }

    /// What can be read again, and whether there is something that cannot.
    pub(super) fn files(&self) -> (Vec<PathBuf>, bool) {
        let files = self.sources.iter().filter_map(|source| Some(source.path()?.to_owned())).collect();
        (files, self.sources.iter().any(Source::is_stream))
    }
}

/// Opens what was named, else the usual log. One bad input does not stop the others.
pub(super) fn open(args: &ReadArgs, since: Option<Instant>, quiet: bool) -> Result<Opened, Error> {
    let named = if args.inputs.is_empty() { vec![usual(quiet)?] } else { args.inputs.clone() };
    let say = |note: String| {
        if !quiet {
            notes::say(&note);
        }
    };
    let (sources, errors) = each(&with_rotated(&named, since, say), !args.no_mmap);
    for error in &errors {
        notes::say(&error.to_string());
    }
    let (sources, twins) = input::once(sources);
    for twin in twins {
        say(format!("{}: begins like {} and is no longer: the same log, counted once", twin.name, twin.read));
    }
    if sources.is_empty() {
        return Err(Error::nothing("nothing could be read"));
    }
    Ok(Opened { sources, skipped: errors.len() })
}

/// Opens files, and tells which cannot be opened.
pub(super) fn each(paths: &[PathBuf], map: bool) -> (Vec<Source>, Vec<input::Error>) {
    let (mut sources, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match input::open(path, map) {
            Ok(mut source) => {
                if sources.len() >= KEPT_OPEN {
                    source.release();
                }
                sources.push(source);
            }
            Err(error) => errors.push(error),
        }
    }
    (sources, errors)
}

/// What was named, with the logs in folders, and with the rotated logs that lie beside a log of which no other is named.
fn with_rotated(named: &[PathBuf], since: Option<Instant>, say: impl Fn(String)) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for path in named {
        if path.is_dir() {
            let found = rotated::inside(path, since);
            // Without any it is opened as what it is, which tells what is wrong.
            all.extend(if found.is_empty() { vec![path.clone()] } else { found });
            continue;
        }
        let beside = rotated::beside(path);
        if !beside.is_empty() && !beside.iter().any(|path| named.contains(path)) {
            match since {
                Some(since) => all.extend(beside.into_iter().filter(|path| rotated::reaches(path, since))),
                None => say(format!(
                    "{}: older logs lie beside it and are not read: {}; --since TIME takes them along as far back as it reaches",
                    path.display(),
                    few(&beside)
                )),
            }
        }
        all.push(path.clone());
    }
    all
}

/// Some names, of many the first ones.
pub(super) fn few(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> =
        paths.iter().take(SHOWN).filter_map(|path| Some(path.file_name()?.display().to_string())).collect();
    let more = paths.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", names.join(", "))
}

/// All logs that lie where they usually do.
pub(super) fn usual_logs() -> Result<Vec<PathBuf>, Error> {
    let found: Vec<PathBuf> = USUAL.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    if found.is_empty() {
        return Err(Error::nothing(format!(
            "no mail log found at {}; name one: smtpulse FILE",
            USUAL.join(", ")
        )));
    }
    Ok(found)
}

fn usual(quiet: bool) -> Result<PathBuf, Error> {
    let path = usual_logs()?.swap_remove(0);
    if !quiet {
        notes::say(&format!("reading {}", path.display()));
    }
    Ok(path)
}

/// How to scan, all decisions taken.
pub(super) fn options(args: &ReadArgs, setting: &Setting, join: bool) -> Result<Options, Error> {
    let instant = |option, text: &Option<String>| {
        text.as_deref().map(|text| when::instant(option, text, &setting.zone, setting.now)).transpose()
    };
    let period = Period { since: instant("--since", &args.since)?, until: instant("--until", &args.until)? };
    if let (Some(since), Some(until)) = (period.since, period.until)
        && since >= until
    {
        return Err(Error::usage("--since is not before --until: the period is empty"));
    }
    Ok(Options {
        threads: args.threads.into(),
        chunk: args.chunk,
        zone: Zone::new(&setting.zone),
        year: args.year,
        now: setting.now,
        period,
        join,
        clock: None,
    })
}

/// All bytes of a small file, or of standard input.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path)
}
