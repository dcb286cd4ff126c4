//! Judgement on whole numbers: what stands out, at whom, since when, and how surely.
//!
//! This is a first, plain cut. It reports three kinds of findings: a *spike* (a stretch of the period in which an
//! answer came back far more often than in the rest), a *level* (an enforcement code all through the period, with no
//! onset to report) and an *appearance* (seen, and neither of both). Wording and order of pages are `report`'s.

mod answer;
mod concern;
pub mod detect;
mod exposure;
mod judge;
mod nature;
mod scan;
mod suppress;

use crate::catalog::{Catalog, Disposition, Suppress};
use crate::smtp::Code;
use crate::summary::{Place, Summary};
use crate::time::Instant;

pub use answer::answer;
pub use concern::{Concern, concerns};
pub use nature::Nature;
pub use suppress::{HeldBack, Listed, Suppressions, Threshold, Thresholds, meanings, suppressions};

/// What kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The rate rose well above that of the rest of the period.
    Spike,
    /// An enforcement code at an elevated rate through the whole period.
    Level,
    /// Seen, but few or isolated.
    Appearance,
}

impl Kind {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Spike => "spike",
            Kind::Level => "level",
            Kind::Appearance => "appearance",
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Mail is being lost now, or was: get up.
    Critical,
    /// To be looked at today.
    Warning,
    /// Good to know.
    Notice,
}

impl Severity {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        }
    }
}

/// One judgement with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Short name of the provider.
    pub provider: String,
    /// What was answered.
    pub code: Code,
    /// Provider tag or phrase in the reply.
    pub marker: Option<String>,
    /// When it began; the first event where there is no onset. `None` where lines have no stamps.
    pub start: Option<Instant>,
    /// When it ended; `None` while it goes on and where lines have no stamps.
    pub end: Option<Instant>,
    /// Whether it still went on when the log ended.
    pub ongoing: bool,
    /// Attempts at this provider between start and end.
    pub attempts: u64,
    /// Those of them that were answered so.
    pub events: u64,
    /// Share of events in the rest of the period; `None` where there is no rest.
    pub rate_before: Option<f64>,
    /// Share of events between start and end.
    pub rate_during: f64,
    /// About minus log10 of the chance of such a stretch at one constant rate; `None` unless a spike.
    pub score: Option<f64>,
    /// Events that would have been expected at the rate of the rest; `None` unless a spike.
    pub expected: Option<f64>,
    /// Whose mail it was, most events first. Over the whole period: stretches are not kept by sender.
    pub sender_domains: Vec<Attribution>,
    /// Log lines that show it; a summary keeps none.
    pub evidence: Vec<Place>,
    /// Our hosts it came from; a summary does not tell them apart.
    pub relays: Vec<String>,
    /// What the answer means, in a few words.
    pub title: String,
    /// What happened.
    pub meaning: String,
    /// What to do.
    pub fix: String,
    /// What the sender should do, as a word.
    pub disposition: Disposition,
    /// Whether recipients are to be suppressed for it.
    pub suppress: Suppress,
    /// Whether it is one of the sender requirements enforced since 2024.
    pub enforcement: bool,
}

/// One sender domain's part in a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The domain; `None` where the log does not tell, `"<>"` for the null sender.
    pub domain: Option<String>,
    /// Events of its mail.
    pub events: u64,
    /// Attempts of its mail at this provider.
    pub attempts: u64,
    /// Its share of the finding's events over the period.
    pub share: f64,
}

/// What stands out, the most important first.
///
/// Looked at is, per provider and code, what is enforcement, and per marker, what is a permanent refusal for policy, and what
/// is put off for policy (4.7.x). Retries are in these counts: a deferral tried again and again weighs more than it should.
pub fn findings(summary: &Summary, catalog: &Catalog) -> Vec<Finding> {
    judge::findings(summary, catalog)
}
