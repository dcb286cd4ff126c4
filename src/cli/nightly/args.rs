//! What may be typed after `smtpulse nightly`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{PageArgs, ShowArgs};
use crate::cli::state::StateArg;

const EXAMPLES: &str = "\
Examples:
  smtpulse nightly                          the usual logs of this host
  smtpulse nightly --always                 the page also when all is well
  smtpulse nightly --since '7 days ago'     first run: begin a week back
  smtpulse nightly --digest                 once a week: the last seven days
  smtpulse nightly --dry-run --always       what it would say, and no more
  smtpulse nightly --state ~/.smtpulse /srv/mx1/mail.log /srv/mx2/mail.log
  15 6 * * * smtpulse nightly               in a crontab: mails what it prints

Each run reads what was written since the last one, exactly once, also out of logs that were rotated away \
meanwhile. It prints nothing when nothing is worth a mail. A run that is killed has read nothing: the next \
one reads it all. What is remembered lies in one SQLite database: --state DIR, else $STATE_DIRECTORY, else \
/var/lib/smtpulse if that can be written, else $XDG_STATE_HOME/smtpulse (~/.local/state/smtpulse).

Exit codes: 0 done; 1 a --fail-on condition was met; 2 wrong usage; 3 done, but some input is missing, was \
skipped or damaged; 4 nothing could be read, or the state cannot be used.";

/// Read what is new since the last run, exactly once, and speak up when something is wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct NightlyArgs {
    /// Logs, by the names they are written under; a folder for the mail logs in it [default: the usual logs of this host].
    /// What is rotated away from them (mail.log.1, mail.log-20260301.gz) is found
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// State.
    #[command(flatten)]
    pub(super) state: StateArg,
    /// Where a log is read for the first time: from this time on, with what was rotated away from it. Of no effect later
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Print the page also when nothing is worth a mail
    #[arg(long)]
    pub(super) always: bool,
    /// Print a page over the last seven days instead of the night's, whether something is wrong or not
    #[arg(long)]
    pub(super) digest: bool,
    /// Read and print, and remember nothing of it
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Keep the addresses of recipients that failed, which are otherwise kept as keyed hashes: `suppress --state` then needs no
    /// log to name them
    #[arg(long)]
    pub(super) keep_addresses: bool,
    /// Nights that are kept: of the last 62 all counts, some 2 MB for a million attempts, of older ones what was answered each day
    #[arg(long, value_name = "NIGHTS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) keep: u32,
    /// Number of worker threads; 0 is one for each processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) threads: usize,
    /// Read files instead of mapping them into memory
    #[arg(long)]
    pub(super) no_mmap: bool,
    /// Bytes of a chunk of work
    #[arg(long, value_name = "BYTES", hide = true, default_value_t = crate::scan::CHUNK)]
    pub(super) chunk: usize,
    /// Pages.
    #[command(flatten)]
    pub(super) page: PageArgs,
    /// Showing.
    #[command(flatten)]
    pub(super) show: ShowArgs,
}
