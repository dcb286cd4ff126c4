//! Inputs as asked for, opened.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::ReadArgs;
use super::exit::Error;
use super::notes;
use super::page::Setting;
use super::when;
use crate::input::{self, Source};
use crate::scan::{Options, Period};
use crate::time::Zone;

/// Where mail servers write unless told otherwise, in the order they are tried.
const USUAL: [&str; 4] =
    ["/var/log/mail.log", "/var/log/maillog", "/var/log/exim4/mainlog", "/var/log/exim/main.log"];

/// The sources, and how many could not be opened.
pub(super) struct Opened {
    /// What can be read.
    pub(super) sources: Vec<Source>,
    /// How many inputs were named and could not be opened.
    pub(super) skipped: usize,
}

impl Opened {
    /// Length of all, as far as known.
    pub(super) fn bytes(&self) -> u64 {
        self.sources.iter().filter_map(|source| source.length).sum()
    }
}

/// Opens what was named, else the usual log. One bad input does not stop the others.
pub(super) fn open(args: &ReadArgs, quiet: bool) -> Result<Opened, Error> {
    let named = if args.inputs.is_empty() { vec![usual(quiet)?] } else { args.inputs.clone() };
    let mut opened = Opened { sources: Vec::new(), skipped: 0 };
    for path in named {
        match input::open(&path, !args.no_mmap) {
            Ok(source) => opened.sources.push(source),
            Err(error) => {
                notes::say(&error.to_string());
                opened.skipped += 1;
            }
        }
    }
    if opened.sources.is_empty() {
        return Err(Error::nothing("nothing could be read"));
    }
    Ok(opened)
}

fn usual(quiet: bool) -> Result<PathBuf, Error> {
    let found = USUAL.iter().map(PathBuf::from).find(|path| path.exists());
    let path = found.ok_or_else(|| {
        Error::nothing(format!("no mail log found at {}; name one: smtpulse FILE", USUAL.join(", ")))
    })?;
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
        threads: args.threads,
        chunk: args.chunk,
        zone: Zone::new(&setting.zone),
        year: args.year,
        now: setting.now,
        period,
        join,
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
