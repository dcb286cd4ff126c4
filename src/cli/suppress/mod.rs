//! `smtpulse suppress`: the recipients that are dead.

#[cfg(feature = "state")]
mod remembered;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::args::{Color, PageArgs, ReadArgs};
use super::exit::{Error, Exit};
use super::out::Out;
use super::page::{self, Setting};
use super::{catalog, notes, read};
use crate::analysis::{self, Threshold, Thresholds};
use crate::catalog::Catalog;
use crate::report::suppress::{self, List};
use crate::scan;
use crate::summary::{Cases, Summary};
use crate::tally::{Care, MESSAGES, Reached, Recipients};

const EXAMPLES: &str = "\
Examples:
  smtpulse suppress /var/log/mail.log* > dead.txt
                                       addresses; notes go to standard error
  smtpulse suppress -f csv mail.log    reason, code, provider, days, count
  smtpulse suppress -f json mail.log | jq .held_back
                                       domains that seemed to die at once
  smtpulse suppress --since '30 days ago' --soft 3/14 mail.log
  smtpulse suppress --outage 0/0 mail.log
                                       believe it even of a whole domain
  smtpulse suppress --state            what nightly runs remember: over weeks

Who is listed: whom the receiver refused as a recipient, and whom mail did not reach since. \"No such \
user\" for good is enough once; everything else must be repeated, by the options above. What speaks of \
the sender, the message or the receiver's own state lists nobody, however often it comes back: blocks, \
rate limits, greylists, reputation, authentication, DNS, TLS. Upper and lower case are one address.

Logs of several hosts: give them all at once, as files and not as pipes. Where they are of the same time \
they are read twice, so that whoever was reached through one host is not listed for another.

Exit codes: 0 done; 2 wrong usage; 3 done, but some input was skipped or damaged; 4 nothing could be \
read.";

/// List the recipients that are dead, and never one that is merely blocked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SuppressArgs {
    /// Reading.
    #[command(flatten)]
    read: ReadArgs,
    /// Whom nightly runs remember, over all nights, instead of what the logs alone tell; logs then only give names to recipients
    /// that are remembered by hash [default of DIR: as nightly; of INPUT: the logs that nightly reads]
    #[cfg(feature = "state")]
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with_all = ["outage", "since", "until"])]
    state: Option<Option<PathBuf>>,
    /// Pages.
    #[command(flatten)]
    page: PageArgs,
    /// Format of list
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    format: Format,
    /// Colour of the text page
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Refusals that may mean something else: list after N, the last DAYS days or more after the first
    #[arg(long, value_name = "N/DAYS", default_value_t = Pair(2, 1))]
    repeat: Pair,
    /// The same where the whole domain takes no mail or cannot be found
    #[arg(long, value_name = "N/DAYS", default_value_t = Pair(3, 2))]
    domain: Pair,
    /// Full mailboxes: list when N messages met one and none arrived, the last DAYS days or more after the first
    #[arg(long, value_name = "N/DAYS", default_value_t = Pair(3, 14), value_parser = messages)]
    full: Pair,
    /// The same for recipients that are put off for their own sake: 450 unknown, 450 inactive
    #[arg(long, value_name = "N/DAYS", default_value_t = Pair(5, 7), value_parser = messages)]
    soft: Pair,
    /// Hold a domain back when N of its recipients are refused within MINUTES and none is reached, and all domains that
    /// cannot be found when N are within MINUTES; 0/0 for never
    #[arg(long, value_name = "N/MINUTES", default_value_t = Pair(10, 10), value_parser = outage)]
    outage: Pair,
    /// List whom an outage holds back all the same when refused for so many days
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    outage_days: u32,
}

/// Kinds of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One address a line.
    Plain,
    /// With reasons, for a spreadsheet.
    Csv,
    /// One object, for programs: also who is held back.
    Json,
    /// For people.
    Text,
}

/// Two numbers, typed `3/14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair(u32, u32);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Pair, String> {
        let numbers = text.split_once('/').and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((0, _)) => Err("nothing at all is no reason: begin with 1".to_owned()),
            Some((n, of)) => Ok(Pair(n, of)),
            None => Err("two numbers are wanted, as in 3/14".to_owned()),
        }
    }
}

impl Pair {
    fn threshold(self) -> Threshold {
        Threshold { count: self.0.into(), days: self.1 }
    }
}

fn messages(text: &str) -> Result<Pair, String> {
    let pair: Pair = text.parse()?;
    if pair.0 as usize > MESSAGES {
        return Err(format!("no more than {MESSAGES} messages of a recipient are told apart"));
    }
    Ok(pair)
}

fn outage(text: &str) -> Result<Pair, String> {
    if text == "0/0" {
        return Ok(Pair(0, 0));
    }
    let pair: Pair = text.parse()?;
    if pair.0 < 2 || pair.0 > 1000 {
        return Err("an outage is seen by 2 to 1000 recipients".to_owned());
    }
    Ok(pair)
}

/// Runs the command.
pub(super) fn run(args: &SuppressArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let options = read::options(&args.read, &setting, false)?;
    #[cfg(feature = "state")]
    if let Some(folder) = &args.state {
        let (cases, summary) = remembered::cases(folder.as_deref(), args, &options, &catalog)?;
        tell(&cases, &summary, args, &setting, &catalog)?;
        return Ok(Exit::Done);
    }
    let opened = read::open(&args.read, options.period.since, args.page.quiet)?;
    let (files, streams) = opened.files();
    let mut recipients = Recipients::new(&catalog, care(args));
    let progress = notes::Progress::new(opened.bytes(), args.page.quiet);
    let scan = scan::gather(opened.sources, &mut recipients, &options, &|bytes| progress.add(bytes));
    progress.finish();
    let scan = scan.map_err(|failure| Error::usage(failure.to_string()))?;

    let mut cases = recipients.settle();
    if scan.overlap && !cases.cases.is_empty() {
        if streams {
            notes::say(
                "some inputs are of the same time, and a stream cannot be read again: who was reached through one host may \
                 be listed for another; give the logs as files",
            );
        }
        read_again(&files, args, &options, &catalog, &mut cases)?;
    }
    tell(&cases, &scan.summary, args, &setting, &catalog)?;
    for note in &scan.damaged {
        notes::say(note);
    }
    Ok(if opened.skipped > 0 || !scan.damaged.is_empty() { Exit::Damaged } else { Exit::Done })
}

/// When refusals are taken for an outage.
fn care(args: &SuppressArgs) -> Care {
    Care { hits: args.outage.0 as usize, seconds: i64::from(args.outage.1) * 60 }
}

/// Decides on every recipient and shows the list. `summary` has the inputs.
fn tell(
    cases: &Cases,
    summary: &Summary,
    args: &SuppressArgs,
    setting: &Setting,
    catalog: &Catalog,
) -> Result<(), Error> {
    let meanings = analysis::meanings(cases, catalog);
    let thresholds = Thresholds {
        repeat: args.repeat.threshold(),
        domain: args.domain.threshold(),
        full: args.full.threshold(),
        soft: args.soft.threshold(),
        outage_days: args.outage_days,
    };
    let found = analysis::suppressions(cases, &meanings, &thresholds, setting.provider.as_ref());
    let list = List::new(
        summary,
        &found,
        &suppress::Options {
            tz: setting.zone.clone(),
            provider: setting.provider.clone(),
            thresholds,
            outage: (care(args).hits, care(args).seconds),
        },
    );
    show(&list, args)
}

/// Takes out recipients that were reached later than log order tells: the inputs are of the same time.
fn read_again(
    files: &[PathBuf],
    args: &SuppressArgs,
    options: &scan::Options,
    catalog: &Catalog,
    cases: &mut Cases,
) -> Result<(), Error> {
    let (files, _) = read::each(files, !args.read.no_mmap);
    let mut reached = Reached::new(catalog, cases);
    scan::gather(files, &mut reached, options, &|_| {})
        .map_err(|failure| Error::usage(failure.to_string()))?;
    cases.take_out_reached(|address| reached.last(address));
    Ok(())
}

fn show(list: &List, args: &SuppressArgs) -> Result<(), Error> {
    if args.page.quiet && list.recipients.is_empty() && list.held_back.is_empty() {
        return Ok(());
    }
    let mut out = Out::open(args.page.output.as_deref())?;
    let written = match args.format {
        Format::Plain => suppress::plain(list, &mut out),
        Format::Csv => suppress::csv(list, &mut out),
        Format::Json => suppress::json(list, &mut out),
        Format::Text => suppress::text(list, &mut out, &page::look(args.page.output.is_some(), args.color)),
    };
    out.finish(written)?;
    if args.page.quiet {
        return Ok(());
    }
    // The other two kinds say it themselves.
    if matches!(args.format, Format::Plain | Format::Csv) {
        for note in suppress::notes(list) {
            notes::say(&note);
        }
    }
    let left_out = suppress::unprintable(list);
    if args.format == Format::Plain && left_out > 0 {
        notes::say(&format!(
            "{left_out} of them hold characters that cannot be printed and are left out; --format json has them"
        ));
    }
    Ok(())
}
