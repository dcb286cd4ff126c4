//! `smtpulse suppress --state`: whom nightly runs remember. The logs at hand only name those that are known by hash.

use std::path::{Path, PathBuf};

use super::SuppressArgs;
use crate::catalog::Catalog;
use crate::cli::carry::{RECIPIENTS, carried};
use crate::cli::exit::Error;
use crate::cli::{notes, read, rotated, state};
use crate::scan::{self, Options};
use crate::state::State;
use crate::summary::{Cases, Input, Summary};
use crate::tally::{Addresses, Care, People, Recipients};

/// The cases of all nights, and where they are from.
pub(super) fn cases(
    folder: Option<&Path>,
    args: &SuppressArgs,
    options: &Options,
    catalog: &Catalog,
) -> Result<(Cases, Summary), Error> {
    let state = State::look(&state::folder(folder, false)?)?;
    let mut people: People = carried(&state, RECIPIENTS)?.unwrap_or_default();
    if people.nameless() > 0 {
        let mut addresses = Addresses::new(catalog, &people);
        let (sources, errors) = read::each(&named(args, &state)?, !args.read.no_mmap);
        errors.iter().for_each(|error| notes::say(&error.to_string()));
        let read = scan::gather(sources, &mut addresses, options, &|_| {});
        read.map_err(|failure| Error::usage(failure.to_string()))?;
        people.learn(&addresses);
    }
    // The measure of an outage is that of the nights; they have counted by it.
    let mut cases = Recipients::resume(catalog, Care::default(), people).settle();
    let all = cases.cases.len();
    cases.cases.retain(|case| !case.address.is_empty());
    let nameless = all - cases.cases.len();
    if nameless > 0 {
        notes::say(&format!(
            "{nameless} of {all} recipients that failed are known by their hash only and are left out: name older logs, in \
             which they stand, or let nightly runs --keep-addresses"
        ));
    }
    let overview = state.overview()?;
    let input = Input {
        name: state.path().display().to_string(),
        bytes: overview.bytes,
        lines: overview.lines,
        format: "state of nightly runs".to_owned(),
        years: None,
        complete: true,
        note: None,
        fingerprint: String::new(),
    };
    Ok((cases, Summary { inputs: vec![input], period: overview.period, ..Summary::default() }))
}

/// The logs that were named, else those that nightly runs read; all with what was rotated away from them.
fn named(args: &SuppressArgs, state: &State) -> Result<Vec<PathBuf>, Error> {
    if !args.read.inputs.is_empty() {
        return Ok(args.read.inputs.clone());
    }
    let logs = state.logs()?.into_iter().map(PathBuf::from);
    Ok(logs
        .flat_map(|log| rotated::beside(&log).into_iter().chain([log]))
        .filter(|path| path.exists())
        .collect())
}
