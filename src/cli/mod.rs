//! The door: arguments to commands, errors to exit codes. Only here is anybody asked for the time, the terminal or the
//! environment.

mod args;
#[cfg(feature = "state")]
mod carry;
mod codes;
mod events;
mod exit;
mod explain;
mod generate;
mod interrupt;
mod manual;
#[cfg(feature = "state")]
mod nightly;
mod notes;
mod out;
mod page;
mod post;
mod read;
mod rotated;
mod spikes;
#[cfg(feature = "state")]
mod state;
mod suppress;
mod when;
mod zone;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::catalog::Catalog;
use crate::scan;
use crate::summary;
use crate::synth::{self, Spec};
use args::{Cli, Command, EventsArgs, MergeArgs, ReportArgs};
use exit::{Error, Exit};
use generate::GenArgs;
use out::Out;
use page::{Read, Setting};

/// Runs the program with the arguments it was given.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => report(&cli.report),
        Some(Command::Report(args)) => report(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Codes(args)) => codes::codes(&args),
        Some(Command::Suppress(args)) => suppress::run(&args),
        Some(Command::Events(args)) => events(&args),
        Some(Command::Merge(args)) => merge(&args),
        #[cfg(feature = "state")]
        Some(Command::Nightly(args)) => nightly::run(&args),
        #[cfg(feature = "state")]
        Some(Command::State(args)) => state::run(&args),
        Some(Command::Spikes(args)) => spikes::run(&args),
        Some(Command::Gen(args)) => generate(&args),
        Some(Command::Completions(args)) => manual::completions(&args),
        Some(Command::Man) => manual::page(),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            notes::say(&error.message);
            error.exit.into()
        }
    }
}

fn catalog(file: Option<&Path>) -> Result<Catalog, Error> {
    match file {
        None => Ok(Catalog::builtin()),
        Some(path) => Catalog::load(path).map_err(|error| {
            // Without a line the file could not be read: then there is no more to tell.
            let more = match error.line {
                0 => String::new(),
                _ => format!(" (smtpulse codes --check {} tells every fault)", path.display()),
            };
            Error::usage(format!("{error}{more}"))
        }),
    }
}

fn report(args: &ReportArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let mut options = read::options(&args.read, &setting, !args.no_senders)?;
    let opened = read::open(&args.read, options.period.since, args.page.quiet)?;
    options.threads = opened.workers(options.threads);
    let progress = notes::Progress::new(opened.bytes(), args.page.quiet);
    let scan = scan::scan(opened.sources, &catalog, &options, &|bytes| progress.add(bytes));
    progress.finish();
    let scan = scan.map_err(|failure| Error::usage(failure.to_string()))?;
    let read = Read { summary: &scan.summary, skipped: opened.skipped, usual: None };
    let mut exit = page::show(&read, &catalog, &setting, &args.page, &args.show)?;
    if let Some(path) = &args.summary {
        write_summary(&scan.summary, path)?;
    }
    for note in &scan.damaged {
        notes::say(note);
    }
    if exit == Exit::Done && (opened.skipped > 0 || !scan.damaged.is_empty()) {
        exit = Exit::Damaged;
    }
    // The process ends here; taking counts and knowledge down one by one would only make the user wait.
    std::mem::forget((scan, catalog));
    Ok(exit)
}

fn events(args: &EventsArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let options = read::options(&args.read, &setting, true)?;
    let opened = read::open(&args.read, options.period.since, args.page.quiet)?;
    let mut out = Out::open(args.page.output.as_deref())?;
    let mut writer = events::Writer::new(&mut out, &catalog, setting.zone.clone(), setting.provider.clone());
    let damaged = scan::walk(opened.sources, &options, &mut writer);
    let written = writer.finish().map(|_| ());
    out.finish(written)?;
    for note in &damaged {
        notes::say(note);
    }
    Ok(if opened.skipped > 0 || !damaged.is_empty() { Exit::Damaged } else { Exit::Done })
}

fn merge(args: &MergeArgs) -> Result<Exit, Error> {
    let catalog = catalog(args.page.catalog.as_deref())?;
    let setting = Setting::new(&args.page, &catalog)?;
    let mut total: Option<summary::Summary> = None;
    let mut skipped = 0;
    for path in &args.summaries {
        let read = read::bytes(path).map_err(|error| error.to_string());
        match read.and_then(|bytes| summary::read(&bytes).map_err(|error| error.to_string())) {
            Ok(summary) => match &mut total {
                Some(total) => total.merge(summary).map_err(|overlap| Error::usage(overlap.to_string()))?,
                None => total = Some(summary),
            },
            Err(error) => {
                notes::say(&format!("{}: {error}", path.display()));
                skipped += 1;
            }
        }
    }
    let total = total.ok_or_else(|| Error::nothing("no summary could be read"))?;
    let read = Read { summary: &total, skipped, usual: None };
    let exit = page::show(&read, &catalog, &setting, &args.page, &args.show)?;
    if let Some(path) = &args.summary {
        write_summary(&total, path)?;
    }
    Ok(if exit == Exit::Done && skipped > 0 { Exit::Damaged } else { exit })
}

fn generate(args: &GenArgs) -> Result<Exit, Error> {
    let spec = Spec::try_from(args).map_err(|error| Error::usage(error.to_string()))?;
    let mut out = Out::open(args.output.as_deref())?;
    let truth = match synth::generate(&spec, &mut out) {
        Ok(truth) => truth,
        Err(error) => return out.finish(Err(error)).map(|()| Exit::Done),
    };
    out.finish(Ok(()))?;
    if let Some(path) = &args.truth {
        let mut out = Out::open(Some(path))?;
        let written = serde_json::to_writer_pretty(&mut out, &truth).map_err(std::io::Error::from);
        out.finish(written)?;
    }
    Ok(Exit::Done)
}

fn write_summary(summary: &summary::Summary, path: &Path) -> Result<(), Error> {
    let mut out = Out::open(Some(path))?;
    let written = summary::write(summary, &mut out).and_then(|()| out.flush());
    out.finish(written)
}
