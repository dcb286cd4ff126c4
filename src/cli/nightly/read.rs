//! What is new, read: counts of tonight, and what tonight leaves to the next night.

use std::borrow::Cow;

use super::find::Asked;
use super::{NightlyArgs, keep};
use crate::catalog::Catalog;
use crate::cli::carry::{CLOCK, RECIPIENTS, carried, packed, packed_queue, queue};
use crate::cli::exit::Error;
use crate::cli::page::Setting;
use crate::cli::{notes, when};
use crate::scan::{self, End, Options, Period, Stretch};
use crate::state::follow::{self, Job, Plan};
use crate::state::{Known, Packed, State};
use crate::summary::Summary;
use crate::tally::{self, Care, Carry, Paused, People, Recipients, Tally};
use crate::time::{ClockState, Zone};

/// How often files are looked for again that seem to be gone: they may be rotated at this very moment.
const LOOKS: usize = 3;

/// How often all files are looked at anew when one of them was cut meanwhile.
const MOST_LOOKS: usize = 50;

/// What was read in a night.
pub(super) struct Night {
    /// What became sure of what was read.
    pub(super) summary: Summary,
    /// What became sure of attempts in the nights before.
    pub(super) late: Summary,
    /// Messages that are still in the queue.
    pub(super) queue: Packed,
    /// What they come to if nothing follows.
    pub(super) open: Summary,
    /// Recipients that failed and were not reached since.
    pub(super) recipients: Packed,
    /// What is known of all files now.
    pub(super) known: Vec<Known>,
    pub(super) clock: Option<ClockState>,
    /// Faults to be told.
    pub(super) faults: Vec<String>,
    /// Logs that could not be opened.
    pub(super) skipped: usize,
}

/// Reads what is new.
pub(super) fn read(
    args: &NightlyArgs,
    setting: &Setting,
    catalog: &Catalog,
    asked: &Asked,
    state: &State,
) -> Result<Night, Error> {
    let since = args.since.as_deref();
    let since = since.map(|text| when::instant("--since", text, &setting.zone, setting.now)).transpose()?;
    let (known, logs) = (state.files()?, state.logs()?);
    let plan = plan(args, asked, (&known, &logs), since, setting.now)?;
    let mut faults = faults(&plan);
    let skipped = plan.errors.len();
    if plan.read.is_empty() && plan.seen.is_empty() && !plan.errors.is_empty() {
        plan.errors.iter().for_each(|error| notes::say(&error.to_string()));
        return Err(Error::nothing("nothing could be read"));
    }
    let options = Options {
        threads: args.threads,
        chunk: args.chunk,
        zone: Zone::new(&setting.zone),
        year: None,
        now: setting.now,
        period: Period::default(),
        join: true,
        clock: carried(state, CLOCK)?,
    };
    let mut jobs: Vec<Option<Job>> = Vec::new();
    let mut stretches = Vec::new();
    for (source, job) in plan.read {
        // What was asked for before goes on from where it was, whatever the day.
        let is_new = !logs.contains(&job.known().log);
        let period = Period { since: since.filter(|_| is_new), until: None };
        let (clock, lines) = (job.known().clock, job.known().lines);
        let log = asked.number(&job.known().log);
        stretches.push(Stretch { source, clock, lines, period, log });
        jobs.push(Some(job));
    }
    let bytes = stretches.iter().map(|stretch| stretch.source.length).sum::<Option<u64>>();
    let progress = notes::Progress::new(bytes.unwrap_or(0), args.page.quiet);
    let carry = match queue(state)? {
        Some(carry) => carry,
        None => Carry::new(state.seed()?),
    };
    let people = match carried(state, RECIPIENTS)? {
        Some(people) => people,
        None => People::new(state.seed()?),
    };
    let recipients = Recipients::resume(catalog, Care::default(), people);
    let mut both = tally::Night { tally: Tally::resume(catalog, true, carry), recipients };
    let read = scan::resume(stretches, &mut both, &options, &|bytes| progress.add(bytes));
    progress.finish();
    let (scan, ends) = read.map_err(|failure| Error::usage(failure.to_string()))?;
    let mut summary = scan.summary;
    let tally::Night { tally, recipients } = both;
    let (paused, recipients) = std::thread::scope(|scope| {
        let recipients = scope.spawn(|| packed(&recipients.pause(args.keep_addresses)));
        (tally.pause(), recipients.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (Paused { summary: counts, late, carry }, recipients) = (paused, recipients?);
    summary.merge(counts).map_err(|overlap| Error::usage(overlap.to_string()))?;
    let queue = packed_queue(&carry)?;
    let open = carry.ends(catalog);
    let mut files = plan.seen;
    for End { stretch, bytes, lines, tail, clock, damaged } in ends {
        if let Some(job) = jobs.get_mut(stretch).and_then(Option::take) {
            files.extend(
                job.done(bytes, lines, tail, damaged).map(|known| Known { clock: Some(clock), ..known }),
            );
        }
    }
    summary.inputs.extend(plan.lost.iter().map(keep::lost));
    files.extend(plan.lost);
    faults.extend(scan.damaged);
    Ok(Night { summary, late, queue, open, recipients, known: files, clock: scan.clock, faults, skipped })
}

impl Night {
    /// What is sure by now: of what was read, and of the nights before.
    pub(super) fn sure(&self) -> Result<Cow<'_, Summary>, Error> {
        let late = &self.late;
        if *late == Summary::default() {
            return Ok(Cow::Borrowed(&self.summary));
        }
        let mut sure = self.summary.clone();
        sure.merge(late.clone()).map_err(|overlap| Error::usage(overlap.to_string()))?;
        Ok(Cow::Owned(sure))
    }

    /// What the page shows: the night as if the queue stayed as it is.
    pub(super) fn shown(&self) -> Result<Summary, Error> {
        let mut shown = self.summary.clone();
        shown.merge(self.open.clone()).map_err(|overlap| Error::usage(overlap.to_string()))?;
        Ok(shown)
    }
}

/// What is new. A file that seems to be gone may be on its way to another name: then it is looked for again. What was learned
/// while a file was cut is forgotten.
fn plan(
    args: &NightlyArgs,
    asked: &Asked,
    (known, logs): (&[Known], &[String]),
    since: Option<i64>,
    now: i64,
) -> Result<Plan, Error> {
    for look in 1..=MOST_LOOKS {
        let (candidates, left_out) = asked.candidates(logs, since);
        let plan = follow::plan(known, candidates, !args.no_mmap, now);
        if !plan.moved && (plan.lost.is_empty() || look >= LOOKS) {
            if !args.page.quiet {
                left_out.iter().for_each(|note| notes::say(note));
            }
            return Ok(plan);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(Error::nothing(format!(
        "{}: cut again and again while it is looked at; nothing is counted; run again when nobody cuts it",
        asked.names().join(", ")
    )))
}

/// What is to be told of files that are not what they should be.
fn faults(plan: &Plan) -> Vec<String> {
    let lost = plan.lost.iter().map(|known| {
        format!(
            "{}: is gone, and with it what may have been written behind its first {} bytes; let logrotate keep more \
             (rotate), or run smtpulse more often",
            known.name, known.position
        )
    });
    let shorter = plan.shorter.iter().map(|(known, length)| {
        format!(
            "{}: was read up to byte {} and has {length} bytes now; what is new is read from there on",
            known.name, known.position
        )
    });
    let alike = plan.alike.iter().map(|(name, read)| {
        format!(
            "{name}: goes on with the same lines as {read} and differs later: not counted, so that no line counts twice; move one \
             of them away"
        )
    });
    let errors = plan.errors.iter().map(ToString::to_string);
    errors.chain(lost).chain(shorter).chain(alike).collect()
}
