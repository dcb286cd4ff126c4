//! The law: the same bytes out, however a log is cut, mapped, streamed and shared among threads; and the same counts
//! as a plain recount gives.

mod algebra;
mod carriers;
mod cut_short;
mod cuts;
mod grown;
mod logs;
mod nights;
mod recipients;
mod repeats;
mod twin;
mod wrapped;

use jiff::tz::TimeZone;
use smtpulse::analysis;
use smtpulse::catalog::Catalog;
use smtpulse::input::Source;
use smtpulse::report::{self, Report};
use smtpulse::scan::{self, Options};
use smtpulse::summary::{self, Summary};

/// All that a scan says, as the bytes a user gets: the JSON page and the summary file.
fn bytes(summary: &Summary, catalog: &Catalog) -> (String, String) {
    let options = report::Options { top: 10, tz: TimeZone::UTC, provider: None };
    let findings = analysis::findings(summary, catalog);
    let mut page = Vec::new();
    report::json(&Report::new(summary, &findings, catalog, &options), &mut page).unwrap();
    let mut wire = Vec::new();
    summary::write(summary, &mut wire).unwrap();
    (String::from_utf8(page).unwrap(), String::from_utf8(wire).unwrap())
}

/// The summary of some sources.
fn summary(sources: Vec<Source>, catalog: &Catalog, options: &Options) -> Summary {
    scan::scan(sources, catalog, options, &|_| {}).unwrap().summary
}
