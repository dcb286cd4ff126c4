//! `smtpulse nightly`: what is new since the last run, exactly once.
//!
//! ```text
//! find               the logs that are asked for, and what was rotated away from them
//! read               which stretch of which file is new, and what stands in it
//! keep               rows for the state
//! page               shown when there is something worth a mail
//! commit             now it has happened: whoever is killed before leaves everything as it was
//! ```

mod args;
mod find;
pub(super) mod keep;
mod read;
mod usual;

use super::exit::{Error, Exit};
use super::page::{self, Read, Setting};
use super::{catalog, notes};
use crate::analysis::{self, Finding, Memory};
use crate::catalog::Catalog;
use crate::report::{Look, Usual};
use crate::state::State;
use crate::summary::Summary;
use crate::time::Instant;
pub(super) use args::NightlyArgs;
use find::Asked;
use read::{CLOCK, MEMORY, Night, read, text};
pub(super) use read::{QUEUE, RECIPIENTS, carried};

/// Seconds a digest looks back: a week, and an hour since timers are not to the second.
const WEEK: i64 = 7 * keep::DAY + 3_600;

/// Columns of the page: it is read as mail.
const WIDTH: usize = 78;

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
    let page = if args.digest {
        Page::digest(&state, &night, setting.now)?
    } else {
        Page::night(&state, shown, &setting)?
    };
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
    let told =
        if args.digest { analysis::findings_above(&page.summary, &catalog, threshold) } else { findings };
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
    fn digest(state: &State, night: &Night, now: Instant) -> Result<Page, Error> {
        let mut summary = super::state::nights(state, now.saturating_sub(WEEK))?;
        for part in [&night.summary, &night.open] {
            summary.merge(part.clone()).map_err(|overlap| Error::nothing(overlap.to_string()))?;
        }
        Ok(Page { summary, usual: None })
    }
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
