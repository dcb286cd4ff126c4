//! `smtpulse state`: looks at what nightly runs remember, checks it, makes it smaller. And where it lies.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::carry::queue;
use super::exit::{Error, Exit};
use super::notes;
use super::out::Out;
use super::zone;
use crate::catalog::Catalog;
use crate::report::escape;
use crate::state::{self, DATABASE, Fault, Known, Overview, State};
use crate::summary::{self, Summary};
use crate::time::{DAY, Instant};

/// Where services keep their state (Filesystem Hierarchy Standard, section 5.8).
const SYSTEM: &str = "/var/lib/smtpulse";

const EXAMPLES: &str = "\
Examples:
  smtpulse state show                       size, nights, files, last findings
  smtpulse state check                      whether it is sound
  smtpulse state forget /var/log/mail.log --yes
  smtpulse state forget --all --yes         begin anew
  smtpulse state prune --keep 100
  smtpulse state summary --nights 7 -o week.json && smtpulse merge week.json
  sqlite3 -readonly /var/lib/smtpulse/state.db 'SELECT * FROM provider_days'

Exit codes: 0 done; 2 wrong usage; 3 faults were found; 4 there is no state, or it cannot be used.";

/// Where the state lies.
#[derive(Debug, Args)]
pub(super) struct StateArg {
    /// Folder of the state [default: $STATE_DIRECTORY, /var/lib/smtpulse, or the XDG state folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) state: Option<PathBuf>,
}

/// Look at what nightly runs remember, check it, make it smaller.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StateArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    state: StateArg,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Size, nights, files and how far they are read, what stood out lately
    Show,
    /// Whether it is sound: the database, the sums, what is carried to the next night
    Check,
    /// Forget that a log was read, so that its next run is its first, or forget everything
    Forget {
        /// The log, by the name it is asked for
        #[arg(value_name = "INPUT", required_unless_present = "all")]
        log: Option<PathBuf>,
        /// All logs, all counts, everything
        #[arg(long, conflicts_with = "log")]
        all: bool,
        /// Do it: it cannot be undone
        #[arg(long)]
        yes: bool,
    },
    /// Write the counts of the last nights as one summary, for smtpulse merge
    Summary {
        /// How far back [default: as far as all counts are kept]
        #[arg(long, value_name = "NIGHTS")]
        nights: Option<u32>,
        /// Write to this file instead of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Drop old nights, and give their space back
    Prune {
        /// Nights that are kept
        #[arg(long, value_name = "NIGHTS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
        keep: u32,
    },
}

impl From<state::Error> for Error {
    fn from(error: state::Error) -> Error {
        Error::nothing(error.to_string())
    }
}

/// Runs the command.
pub(super) fn run(args: &StateArgs) -> Result<Exit, Error> {
    let folder = folder(args.state.state.as_deref(), false)?;
    match &args.what {
        What::Show => show(&State::look(&folder)?),
        What::Check => check(&folder),
        What::Forget { log: Some(log), yes, .. } => forget(&folder, log, *yes),
        What::Forget { log: None, yes, .. } => forget_all(&folder, *yes),
        What::Summary { nights, output } => sum(&State::look(&folder)?, *nights, output.as_deref()),
        What::Prune { keep } => prune(&folder, *keep),
    }
}

/// Where the state lies, or is to be made.
pub(super) fn folder(asked: Option<&Path>, make: bool) -> Result<PathBuf, Error> {
    if let Some(folder) = asked {
        return Ok(folder.to_owned());
    }
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // systemd names several, separated by colons, where a service has several; ours is the first.
    if let Some(folders) = variable("STATE_DIRECTORY") {
        return Ok(std::env::split_paths(&folders).next().unwrap_or(folders));
    }
    let system = Path::new(SYSTEM);
    if if make { can_be_written(system) } else { system.join(DATABASE).exists() } {
        return Ok(system.to_owned());
    }
    let home = variable("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(variable("HOME")?.join(".local").join("state")));
    let home = home.map(|folder| folder.join("smtpulse"));
    home.ok_or_else(|| Error::usage("no folder for the state; name one: --state DIR"))
}

fn can_be_written(folder: &Path) -> bool {
    let there = DirBuilder::new().recursive(true).mode(0o700).create(folder).is_ok();
    let database = folder.join(DATABASE);
    let file = if database.exists() { database } else { folder.join(".probe") };
    let written = there && OpenOptions::new().append(true).create(true).open(&file).is_ok();
    if file.ends_with(".probe") {
        let _ = std::fs::remove_file(file);
    }
    written
}

fn show(state: &State) -> Result<Exit, Error> {
    let (overview, files) = (state.overview()?, state.files()?);
    let mut out = Out::open(None)?;
    let written = write(state.path(), &overview, &files, &mut out);
    out.finish(written)?;
    Ok(Exit::Done)
}

fn write(path: &Path, overview: &Overview, files: &[Known], out: &mut Out) -> std::io::Result<()> {
    let zone = zone::system();
    let time = |at: i64| {
        Timestamp::from_second(at).map_or_else(
            |_| at.to_string(),
            |at| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    };
    let clean = |text: &str| escape::terminal(text).into_owned();
    writeln!(out, "{}: {} bytes", clean(&path.display().to_string()), overview.bytes)?;
    let span = overview.span.map_or_else(String::new, |(first, last)| {
        format!(", the first run {}, the last {}", time(first), time(last))
    });
    writeln!(
        out,
        "{} nights, {} lines, {} attempts at other hosts{span}",
        overview.nights, overview.lines, overview.attempts
    )?;
    for (name, bytes) in &overview.carried {
        writeln!(out, "carried to the next night: {}, {bytes} bytes", clean(name))?;
    }
    writeln!(out, "\nFiles ({})", files.len())?;
    for known in files {
        writeln!(
            out,
            "  {}: {}, {} bytes and {} lines read, there last {}",
            clean(&known.name),
            known.standing.as_str(),
            known.position,
            known.lines,
            time(known.last)
        )?;
    }
    if !overview.findings.is_empty() {
        writeln!(out, "\nFindings")?;
    }
    for (at, severity, title) in &overview.findings {
        writeln!(out, "  {} {}: {}", time(*at), clean(severity), clean(title))?;
    }
    Ok(())
}

fn check(folder: &Path) -> Result<Exit, Error> {
    let state = match State::look(folder) {
        Ok(state) => state,
        Err(error) => return Err(told(error, folder)),
    };
    let faults = state.check().map_err(|error| told(error, folder))?;
    for fault in &faults {
        notes::say(&format!("{}: {fault}", state.path().display()));
    }
    if faults.is_empty() {
        let mut out = Out::open(None)?;
        let written = writeln!(out, "{}: sound", escape::terminal(&state.path().display().to_string()));
        out.finish(written)?;
        return Ok(Exit::Done);
    }
    notes::say(&format!(
        "bring it back from a backup (what was written since is read again), or give it up: smtpulse state forget --all --yes \
         --state {}",
        folder.display()
    ));
    Ok(Exit::Damaged)
}

/// Whoever checks already is not told to check.
fn told(error: state::Error, folder: &Path) -> Error {
    match &error.fault {
        Fault::Damaged(how) => Error::nothing(format!(
            "{}: damaged ({how}); bring it back from a backup (what was written since is read again), or give it up: \
             smtpulse state forget --all --yes --state {}",
            error.path.display(),
            folder.display()
        )),
        _ => error.into(),
    }
}

fn forget(folder: &Path, log: &Path, yes: bool) -> Result<Exit, Error> {
    let name = std::path::absolute(log).unwrap_or_else(|_| log.to_owned()).to_string_lossy().into_owned();
    State::look(folder)?;
    if !yes {
        return Err(Error::usage(format!(
            "{name}: its next run would be its first, and count again what is counted; if that is wanted, add --yes"
        )));
    }
    let forgotten = State::open(folder)?.forget(&name)?;
    if !forgotten.log && forgotten.files == 0 {
        return Err(Error::usage(format!("{name}: was never read; smtpulse state show lists what was")));
    }
    notes::say(&format!("{name}: forgotten, {} files", forgotten.files));
    Ok(Exit::Done)
}

fn forget_all(folder: &Path, yes: bool) -> Result<Exit, Error> {
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Err(Error::nothing(format!("{}: there is none", path.display())));
    }
    if !yes {
        return Err(Error::usage(format!(
            "{}: all nights would be gone; if that is wanted, add --yes",
            path.display()
        )));
    }
    State::forget_all(folder)?;
    notes::say(&format!("{}: gone; the next run is the first", path.display()));
    Ok(Exit::Done)
}

/// The nights since then together.
pub(super) fn nights(state: &State, since: Instant) -> Result<Summary, Error> {
    let mut total = Summary::default();
    for night in state.summaries(since)? {
        let night = summary::read(&night).map_err(|error| {
            Error::nothing(format!("{}: {error}; smtpulse state check tells more", state.path().display()))
        })?;
        // What was forgotten and read anew is in here once.
        if let Err(overlap) = total.merge(night) {
            notes::say(&format!("{overlap}; the first reading counts"));
        }
    }
    Ok(total)
}

/// The last nights together, and what is still open of them.
fn sum(state: &State, last: Option<u32>, output: Option<&Path>) -> Result<Exit, Error> {
    let since = last.map_or(0, |nights| Timestamp::now().as_second().saturating_sub(i64::from(nights) * DAY));
    let mut total = nights(state, since)?;
    if let Some(carry) = queue(state)? {
        let ends = carry.ends(&Catalog::builtin());
        total.merge(ends).map_err(|overlap| Error::nothing(overlap.to_string()))?;
    }
    let mut out = Out::open(output)?;
    let written = summary::write(&total, &mut out);
    out.finish(written)?;
    Ok(Exit::Done)
}

fn prune(folder: &Path, keep: u32) -> Result<Exit, Error> {
    State::look(folder)?;
    let mut state = State::open(folder)?;
    let writing = state.begin()?;
    let oldest = Timestamp::now().as_second().saturating_sub(i64::from(keep) * DAY);
    writing.prune(oldest, oldest)?;
    writing.commit()?;
    state.compact()?;
    Ok(Exit::Done)
}
