//! What may be typed, and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// What stands below the help of the program.
pub(super) const EXAMPLES: &str = "\
Examples:
  smtpulse                                  the usual log of this host
  smtpulse /var/log/mail.log.1 /var/log/mail.log
  smtpulse --since '2h ago' mail.log        what happened lately
  ssh mx2 cat mail.log.2.gz | smtpulse -    from a pipe; compressed or not
  smtpulse --format json mail.log | jq .findings
  smtpulse --fail-on spike -q mail.log      for cron: silent when all is well
  smtpulse -f mail --mail-to postmaster@example.com mail.log | sendmail -t
  smtpulse explain 550 5.7.26 --provider gmail
  smtpulse explain bounce.eml               what a bounce says, and what to do
  smtpulse codes gmail 5.7.26               what the catalogue knows of a code
  smtpulse suppress mail.log                dead recipients, one a line
  smtpulse nightly                          from cron: what is new, exactly once
  smtpulse events mail.log                  every reply, one JSON object a line

Exit codes: 0 done; 1 a --fail-on condition was met; 2 wrong usage; 3 done, but some input was skipped \
or damaged; 4 nothing could be read.";

/// Tells from Postfix and Exim logs which SMTP codes the world answers with, what each one means at that
/// provider, whether something broke, and what to fix.
#[derive(Debug, Parser)]
#[command(name = "smtpulse", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
// What goes to a pipe is read in a terminal all the same.
#[command(disable_help_subcommand = true, max_term_width = 80)]
pub(super) struct Cli {
    /// What to do; without one, `report`.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// The default command's arguments.
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read logs and print the report (the default)
    Report(ReportArgs),
    /// Explain a code, a reply, a log line or a bounce: its meaning at that provider, and what to do
    Explain(super::explain::ExplainArgs),
    /// List what the catalogue knows, or check a catalogue of your own
    Codes(super::codes::CodesArgs),
    /// List the recipients that are dead, and never one that is merely blocked
    Suppress(super::suppress::SuppressArgs),
    /// Print every delivery attempt and refusal as one JSON object a line, in log order
    Events(EventsArgs),
    /// Join summaries written by `report --summary FILE`, then report
    Merge(MergeArgs),
    /// Read what is new since the last run, exactly once, and speak up when something is wrong: for cron
    #[cfg(feature = "state")]
    Nightly(super::nightly::NightlyArgs),
    /// Look at what nightly runs remember, check it, make it smaller
    #[cfg(feature = "state")]
    State(super::state::StateArgs),
    /// Find spikes in ready-made counts over time, and nothing else
    Spikes(super::spikes::SpikesArgs),
    /// Write a realistic mail log of known content, for benchmarks and trials
    Gen(super::generate::GenArgs),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(super::manual::CompletionsArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

/// Where lines come from and how they are read.
#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// Logs, compressed or not; a folder for the mail logs in it; - for standard input [default: the usual log of this host].
    /// With --since, a log takes along what was rotated away from it (mail.log.1, mail.log.2.gz), as far back as that reaches
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// Only from this time on: 2026-03-07, '2026-03-07 10:00', an RFC 3339 time, or '2h ago'
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// Year of the newest line, for stamps without a year [default: from queue ids, else from the file's date]
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i64).range(1980..=2200))]
    pub(super) year: Option<i64>,
    /// Number of worker threads; 0 is one for each processor
    // More than any machine has processors would only take its memory.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=512))]
    pub(super) threads: u16,
    /// Read files instead of mapping them into memory, as is done anyway where files must not be mapped (NFS, /proc)
    #[arg(long)]
    pub(super) no_mmap: bool,
    /// Bytes of a chunk of work
    #[arg(long, value_name = "BYTES", hide = true, default_value_t = crate::scan::CHUNK)]
    pub(super) chunk: usize,
}

/// What every page needs.
#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Zone of stamps without an offset, and of the times shown: Europe/Berlin, UTC [default: the system's]
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,
    /// Only this provider, by any usual name: gmail, o365, gmx, a mail domain; unknown: hosts nobody knows
    #[arg(long, value_name = "PROVIDER")]
    pub(super) provider: Option<String>,
    /// Your own catalogue; its entries win over the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// Write to this file instead of standard output; it appears only when complete
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print nothing on standard output when all is well, and no notes on standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// How the report looks and what it ends with.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Kind of page
    #[arg(long, short, value_enum, default_value_t = ReportFormat::Text)]
    pub(super) format: ReportFormat,
    /// Rows of each table of the text page
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) top: usize,
    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Only spikes that are certain: a score of 10 or more
    #[arg(long)]
    pub(super) strict: bool,
    /// Whom --format mail is for: an address, or a user of this host; may be given several times
    #[arg(long, value_name = "ADDRESS", default_value = "root", value_parser = super::post::mailbox)]
    pub(super) mail_to: Vec<String>,
    /// Whom --format mail is from [default: whom the mail server takes for the user]
    #[arg(long, value_name = "ADDRESS", value_parser = super::post::mailbox)]
    pub(super) mail_from: Option<String>,
    /// Also write figures for Prometheus, for node_exporter's textfile collector, which reads names that end in .prom
    #[arg(long, value_name = "FILE.prom", value_parser = super::page::textfile)]
    pub(super) prometheus: Option<PathBuf>,
    /// Exit with 1 when this was found
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) fail_on: Option<FailOn>,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Reading.
    #[command(flatten)]
    pub(super) read: ReadArgs,
    /// Pages.
    #[command(flatten)]
    pub(super) page: PageArgs,
    /// Showing.
    #[command(flatten)]
    pub(super) show: ShowArgs,
    /// Also write the counts to this file, for `smtpulse merge`
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,
    /// Do not tell sender domains apart: faster, and less to keep
    #[arg(long)]
    pub(super) no_senders: bool,
}

/// Arguments of `events`.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Reading.
    #[command(flatten)]
    pub(super) read: ReadArgs,
    /// Pages.
    #[command(flatten)]
    pub(super) page: PageArgs,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Summary files, or - for standard input
    #[arg(value_name = "SUMMARY", required = true)]
    pub(super) summaries: Vec<PathBuf>,
    /// Pages.
    #[command(flatten)]
    pub(super) page: PageArgs,
    /// Showing.
    #[command(flatten)]
    pub(super) show: ShowArgs,
    /// Also write the joined counts to this file
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,
}

/// Kinds of page that a report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people.
    Text,
    /// For programs: one JSON object.
    Json,
    /// For chat and the subject of a mail: the verdict in one line.
    Line,
    /// For `sendmail -t`: a whole mail, with the verdict as its subject.
    Mail,
}

/// Kinds of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless the environment says no.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Conditions for exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// A spike, a shift or an escalation.
    Spike,
    /// Any enforcement code.
    Enforcement,
    /// Any finding.
    Any,
}
