//! `smtpulse nightly`: what is new since the last run, exactly once.
//!
//! ```text
//! find               the logs that are asked for, and what was rotated away from them
//! read               which stretch of which file is new, and what stands in it
//! keep, page         rows for the state; and at the same time the page, shown when there is something worth a mail
//! commit             now it has happened: whoever is killed before leaves everything as it was
//! ```

mod args;
mod find;
mod keep;
mod read;
mod usual;

use super::carry::{CLOCK, MEMORY, QUEUE, RECIPIENTS, carried, packed};
use super::exit::{Error, Exit};
use super::page::{self, Read, Setting};
use super::{catalog, notes};
use crate::analysis::{self, Memory};
use crate::catalog::Catalog;
use crate::report::{Look, Usual};
use crate::state::{FindingRow, State, Writing};
use crate::summary::Summary;
use crate::time::DAY;
pub(super) use args::NightlyArgs;
use find::Asked;
use read::{Night, read};

/// Seconds a digest looks back: a week, and an hour since timers are not to the second.
const WEEK: i64 = 7 * DAY + 3_600;

/// Columns of the page: it is read as mail.
const WIDTH: usize = 78;

/// Runs the command.
pub(super) fn run(args: &NightlyArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let asked = Asked::of(&args.inputs)?;
    let mut state = open(args)?;
    let night = read(args, &setting, &catalog, &asked, &state)?;
    let before = Before::of(args, &state, &night, &setting)?;
    let writing = state.begin()?;
    // The page is made and printed while the night is written down; what is printed has not happened before the commit.
    let (page, kept) = std::thread::scope(|scope| {
        let page = scope.spawn(|| page(args, &night, before, &catalog, &setting));
        let kept = keep(args, &writing, &night, &asked, &catalog, &setting);
        (page.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), kept)
    });
    let (page, kept) = (page?, kept?);
    if let Some(row) = kept {
        writing.carry(MEMORY, &packed(&page.memory)?)?;
        writing.findings(row, &page.findings)?;
        let since = |nights: u32| setting.now.saturating_sub(i64::from(nights) * DAY);
        writing.prune(since(args.keep), since(args.keep.min(keep::FULL)))?;
    }
    if !args.dry_run {
        writing.commit()?;
    }
    for fault in &night.faults {
        notes::say(fault);
    }
    let is_damaged = !night.faults.is_empty();
    // The process ends here; taking the counts down one by one would only make the user wait.
    std::mem::forget(night);
    Ok(if page.exit == Exit::Done && is_damaged { Exit::Damaged } else { page.exit })
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

/// What the nights before left for the page.
struct Before {
    memory: Memory,
    usual: Option<Usual>,
    /// The last seven days, for a digest.
    week: Option<Summary>,
}

impl Before {
    fn of(args: &NightlyArgs, state: &State, night: &Night, setting: &Setting) -> Result<Before, Error> {
        let memory = carried(state, MEMORY)?.unwrap_or_default();
        if args.digest {
            let week = super::state::nights(state, setting.now.saturating_sub(WEEK))?;
            return Ok(Before { memory, usual: None, week: Some(week) });
        }
        let Some((_, end)) = night.summary.period else {
            return Ok(Before { memory, usual: None, week: None });
        };
        let nights = state.outcomes(end.saturating_sub(usual::WEEKS * 7 * DAY))?;
        Ok(Before { memory, usual: usual::usual(&nights, end, &setting.zone), week: None })
    }
}

/// What the page came to.
struct Page {
    exit: Exit,
    findings: Vec<FindingRow>,
    memory: Memory,
}

/// Makes the page and prints it.
fn page(
    args: &NightlyArgs,
    night: &Night,
    before: Before,
    catalog: &Catalog,
    setting: &Setting,
) -> Result<Page, Error> {
    let threshold = page::threshold(&args.show);
    let shown = night.shown()?;
    let (findings, memory) = analysis::nightly(&shown, catalog, threshold, &before.memory);
    let rows = keep::findings(&findings);
    let (shown, findings) = match before.week {
        Some(mut week) => {
            for part in [&night.summary, &night.late, &night.open] {
                week.merge(part.clone()).map_err(|overlap| Error::nothing(overlap.to_string()))?;
            }
            let findings = analysis::findings_above(&week, catalog, threshold);
            (week, findings)
        }
        None => (shown, findings),
    };
    let read = Read { summary: &shown, skipped: night.skipped, usual: before.usual };
    let look = Look { width: WIDTH, ..page::look(args.page.output.is_some(), args.show.color) };
    let quiet = !args.always && !args.digest;
    let exit = page::print(&read, findings, catalog, setting, &args.page, &args.show, quiet, look)?;
    std::mem::forget(shown);
    Ok(Page { exit, findings: rows, memory })
}

/// Writes down what was read; tells the night's row, if it has one.
fn keep(
    args: &NightlyArgs,
    writing: &Writing<'_>,
    night: &Night,
    asked: &Asked,
    catalog: &Catalog,
    setting: &Setting,
) -> Result<Option<i64>, Error> {
    writing.logs(&asked.names(), setting.now)?;
    writing.files(&night.known)?;
    if let Some(clock) = night.clock {
        writing.carry(CLOCK, &packed(&clock)?)?;
    }
    writing.carry(QUEUE, &night.queue)?;
    writing.carry(RECIPIENTS, &night.recipients)?;
    if night.summary.inputs.iter().all(|input| input.complete && input.lines == 0) {
        return Ok(None);
    }
    let sure = night.sure()?;
    let codes = keep::codes(&sure, catalog, &setting.zone);
    Ok(Some(writing.night(&keep::night(&sure, setting.now, args.keep_addresses)?, &codes)?))
}
