//! Judgement on whole numbers: what stands out, at whom, since when, by what it is carried, and how surely.
//!
//! ```text
//! suspect    which answers are looked at, and what they mean
//! feed       their counts over time, as the detector wants them
//! detect     where a rate rose; knows no provider and no meaning
//! judge      windows to findings: their kinds, their numbers, their order
//! unanswered where no server answered: whether it is more than one message or one domain
//! ladder     deferrals that warn of rejections
//! memory     what earlier nights told: what is usual, what is new, what goes on
//! breakdown  what the refusals of a stretch have in common
//! cause      which of that explains it
//! ```
//!
//! Wording and order of pages are `report`'s.

mod answer;
mod breakdown;
mod cause;
mod concern;
pub mod detect;
mod feed;
mod finding;
mod judge;
mod ladder;
mod memory;
mod nature;
mod suppress;
mod suspect;
mod unanswered;

use crate::catalog::Catalog;
use crate::summary::Summary;

pub use answer::answer;
pub use cause::{Carrier, Cause};
pub use concern::{Concern, concerns};
pub use finding::{Affected, Attribution, Finding, History, Kind, Link, SHOWN, Severity, Share, Tried};
pub use memory::Memory;
pub use nature::Nature;
pub use suppress::{HeldBack, Listed, Suppressions, Threshold, Thresholds, meanings, suppressions};

/// What stands out, the most important first.
///
/// Looked at is all mail to other hosts that was refused or put off: enforcement per provider and code, other codes per marker
/// as well, and what no server answered per kind of trouble. Rises of any of them are told; that one was seen at all is told of enforcement and policy only.
pub fn findings(summary: &Summary, catalog: &Catalog) -> Vec<Finding> {
    findings_above(summary, catalog, detect::Threshold::USUAL)
}

/// The same with another measure of which spikes are alerts.
pub fn findings_above(summary: &Summary, catalog: &Catalog, threshold: detect::Threshold) -> Vec<Finding> {
    judge::findings(summary, catalog, threshold, &Memory::default(), None)
}

/// What stands out in a night, judged by the nights before it; and what is to be remembered with it.
pub fn nightly(
    summary: &Summary,
    catalog: &Catalog,
    threshold: detect::Threshold,
    memory: &Memory,
) -> (Vec<Finding>, Memory) {
    let mut after = memory.clone();
    (judge::findings(summary, catalog, threshold, memory, Some(&mut after)), after)
}
