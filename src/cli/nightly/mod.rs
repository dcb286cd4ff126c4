//! `smtpulse nightly`: what is new since the last run, exactly once.
//!
//! ```text
//! find               the logs that are asked for, and what was rotated away from them
//! state::follow      which stretch of which file is new
//! scan::resume       reads it
//! keep               rows for the state
//! page               shown when there is something worth a mail
//! commit             now it has happened: whoever is killed before leaves everything as it was
//! ```

mod args;
mod find;
pub(super) mod keep;
mod usual;


use super::exit::{Error, Exit};
use super::page::{self, Read, Setting};
use super::{catalog, notes, when};
use crate::analysis::{self, Finding, Memory};
use crate::catalog::Catalog;
use crate::report::{Look, Usual};
use crate::scan::{self, End, Options, Period, Stretch};
use crate::state::follow::{self, Job, Plan};
use crate::state::{Known, State};
use crate::summary::Summary;
use crate::tally::{Both, Care, Carry, Paused, People, Recipients, Tally};
use crate::time::{ClockState, Zone};
pub(super) use args::NightlyArgs;
use find::Asked;

/// Seconds a digest looks back: a week, and an hour since timers are not to the second.
const WEEK: i64 = 7 * keep::DAY + 3_600;

/// Columns of the page: it is read as mail.
const WIDTH: usize = 78;

/// How often files are looked for again that seem to be gone: they may be rotated at this very moment.
const LOOKS: usize = 3;

/// Under which names the state keeps what the last stamps left behind, the messages that are still in the queue, what is usual,
/// and the recipients that failed.
const CLOCK: &str = "clock";
pub(super) const QUEUE: &str = "queue";
pub(super) const MEMORY: &str = "memory";
pub(super) const RECIPIENTS: &str = "recipients";

/// What was read in a night.
struct Night {
    /// What became sure of what was read.
    summary: Summary,
    /// What became sure of attempts in the nights before.
    late: Summary,
    /// Messages that are still in the queue.
    queue: Vec<u8>,
    /// What they come to if nothing follows.
    open: Summary,
    /// Recipients that failed and were not reached since.
    recipients: Vec<u8>,
    /// What is known of all files now.
    known: Vec<Known>,
    clock: Option<ClockState>,
    /// Faults to be told.
    faults: Vec<String>,
    /// Logs that could not be opened.
    skipped: usize,
}

/// Runs the command.
pub(super) fn run(args: &NightlyArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let asked = Asked::of(&args.inputs)?;
    let mut state = open(args)?;
    let mut night = read(args, &setting, &catalog, &asked, &state)?;
    let threshold = page::threshold(&args.show);
    let shown = night.shown()?;
    let memory: Memory = carried(&state, MEMORY)?.unwrap_or_default();
    let (findings, memory) = analysis::nightly(&shown, &catalog, threshold, &memory);
    let is_worth_a_row = !shown.inputs.iter().all(|input| input.complete && input.lines == 0);
    let is_sure = night.summary.merge(std::mem::take(&mut night.late));
    is_sure.map_err(|overlap| Error::usage(overlap.to_string()))?;
    let page = if args.digest { Page::digest(&state, &night)? } else { Page::night(&state, shown, &setting)? };
    let writing = state.begin()?;
    writing.logs(&asked.names(), setting.now)?;
    writing.files(&night.known)?;
    if let Some(clock) = night.clock {
        writing.carry(CLOCK, &text(&clock)?)?;
    }
    writing.carry(QUEUE, &night.queue)?;
    writing.carry(RECIPIENTS, &night.recipients)?;
    if is_worth_a_row {
        writing.carry(MEMORY, &text(&memory)?)?;
        let row = keep::night(&night.summary, setting.now)?;
        let codes = keep::codes(&night.summary, &catalog, &setting.zone);
        writing.night(&row, &codes, &keep::findings(&findings))?;
        let since = |nights: u32| setting.now.saturating_sub(i64::from(nights) * keep::DAY);
        writing.prune(since(args.keep), since(args.keep.min(keep::FULL)))?;
    }
    let told = if args.digest { analysis::findings_above(&page.summary, &catalog, threshold) } else { findings };
    let read = Read { summary: &page.summary, skipped: night.skipped, usual: page.usual };
    let exit = show(args, &read, told, &catalog, &setting)?;
    if !args.dry_run {
        writing.commit()?;
    }
    for fault in &night.faults {
        notes::say(fault);
    }
    Ok(if exit == Exit::Done && !night.faults.is_empty() { Exit::Damaged } else { exit })
}

fn open(args: &NightlyArgs) -> Result<State, Error> {
    let folder = super::state::folder(args.state.state.as_deref(), true)?;
    if args.dry_run && !folder.join(crate::state::DATABASE).exists() {
        return Ok(State::in_memory()?);
    }
    let state = State::open(&folder)?;
    if state.is_new && !args.page.quiet {
        notes::say(&format!("no state in {} yet: this is the first night", folder.display()));
    }
    Ok(state)
}

/// Reads what is new.
fn read(
    args: &NightlyArgs,
    setting: &Setting,
    catalog: &Catalog,
    asked: &Asked,
    state: &State,
) -> Result<Night, Error> {
    let since = args.since.as_deref();
    let since = since.map(|text| when::instant("--since", text, &setting.zone, setting.now)).transpose()?;
    let (known, logs) = (state.files()?, state.logs()?);
    let plan = plan(args, asked, (&known, &logs), since, setting.now);
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
    let carry = match carried(state, QUEUE)? {
        Some(carry) => carry,
        None => Carry::new(state.seed()?),
    };
    let people = match carried(state, RECIPIENTS)? {
        Some(people) => people,
        None => People::new(state.seed()?),
    };
    let recipients = Recipients::resume(catalog, Care::default(), people);
    let mut both = Both(Tally::resume(catalog, true, carry), recipients);
    let read = scan::resume(stretches, &mut both, &options, &|bytes| progress.add(bytes));
    progress.finish();
    let (scan, ends) = read.map_err(|failure| Error::usage(failure.to_string()))?;
    let mut summary = scan.summary;
    let Both(tally, recipients) = both;
    let recipients = text(&recipients.pause(args.keep_addresses))?;
    let Paused { summary: counts, late, carry } = tally.pause();
    summary.merge(counts).map_err(|overlap| Error::usage(overlap.to_string()))?;
    let queue = text(&carry)?;
    let open = carry.ends(catalog);
    let mut files = plan.seen;
    for End { stretch, bytes, lines, tail, clock, damaged } in ends {
        if let Some(job) = jobs.get_mut(stretch).and_then(Option::take) {
            files.extend(job.done(bytes, lines, tail, damaged).map(|known| Known { clock: Some(clock), ..known }));
        }
    }
    summary.inputs.extend(plan.lost.iter().map(keep::lost));
    files.extend(plan.lost);
    faults.extend(scan.damaged);
    Ok(Night { summary, late, queue, open, recipients, known: files, clock: scan.clock, faults, skipped })
}

impl Night {
    /// What the page shows: the night as if the queue stayed as it is.
    fn shown(&self) -> Result<Summary, Error> {
        let mut shown = self.summary.clone();
        shown.merge(self.open.clone()).map_err(|overlap| Error::usage(overlap.to_string()))?;
        Ok(shown)
    }
}

/// What the page is about.
struct Page {
    summary: Summary,
    usual: Option<Usual>,
}

impl Page {
    /// This night, beside nights like it.
    fn night(state: &State, shown: Summary, setting: &Setting) -> Result<Page, Error> {
        let Some((_, end)) = shown.period else { return Ok(Page { summary: shown, usual: None }) };
        let before = state.outcomes(end.saturating_sub(usual::WEEKS * 7 * keep::DAY))?;
        Ok(Page { usual: usual::usual(&before, end, &setting.zone), summary: shown })
    }

    /// The last seven days with this night.
    fn digest(state: &State, night: &Night) -> Result<Page, Error> {
        let now = jiff::Timestamp::now().as_second();
        let mut summary = super::state::nights(state, now.saturating_sub(WEEK))?;
        for part in [&night.summary, &night.open] {
            summary.merge(part.clone()).map_err(|overlap| Error::nothing(overlap.to_string()))?;
        }
        Ok(Page { summary, usual: None })
    }
}

/// What the last night left under a name.
pub(super) fn carried<T: serde::de::DeserializeOwned>(state: &State, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = state.carried(name)? else { return Ok(None) };
    serde_json::from_slice(&value).map(Some).map_err(|error| {
        Error::nothing(format!(
            "{}: what was carried as \"{name}\" cannot be read: {error}; was it written by a newer smtpulse?",
            state.path().display()
        ))
    })
}

/// What is new. A file that seems to be gone may be on its way to another name: then it is looked for again.
fn plan(
    args: &NightlyArgs,
    asked: &Asked,
    (known, logs): (&[Known], &[String]),
    since: Option<i64>,
    now: i64,
) -> Plan {
    let mut looks = 0;
    loop {
        looks += 1;
        let (candidates, left_out) = asked.candidates(logs, since);
        let plan = follow::plan(known, candidates, !args.no_mmap, now);
        if plan.lost.is_empty() || looks == LOOKS {
            if !args.page.quiet {
                left_out.iter().for_each(|note| notes::say(note));
            }
            return plan;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
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
    let errors = plan.errors.iter().map(ToString::to_string);
    errors.chain(lost).chain(shorter).collect()
}

fn show(
    args: &NightlyArgs,
    read: &Read<'_>,
    findings: Vec<Finding>,
    catalog: &Catalog,
    setting: &Setting,
) -> Result<Exit, Error> {
    let look = Look { width: WIDTH, ..page::look(args.page.output.is_some(), args.show.color) };
    let quiet = !args.always && !args.digest;
    page::print(read, findings, catalog, setting, &args.page, &args.show, quiet, look)
}

fn text(value: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::nothing(format!("what is to be kept: {error}")))
}
