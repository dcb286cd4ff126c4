//! What a finding is.

use super::cause::Cause;
use super::detect::Shape;
use crate::catalog::{Disposition, Stage, Suppress};
use crate::smtp::Code;
use crate::summary::Place;
use crate::time::Instant;

/// What kind of finding. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The rate rose well above what it is there otherwise.
    Spike,
    /// A spike of deferrals on a ladder: the receiver puts off what it is going to refuse.
    Escalation,
    /// What is too much here is missing at a sibling code: the receiver calls the same thing by another name.
    Shift,
    /// An enforcement code at an elevated rate through the whole period.
    Level,
    /// The same at the same time of other days: a nightly batch.
    Recurring,
    /// Seen, but few or isolated.
    Appearance,
}

impl Kind {
    /// All kinds, the most important first.
    pub const ALL: [Kind; 6] =
        [Kind::Spike, Kind::Escalation, Kind::Shift, Kind::Level, Kind::Recurring, Kind::Appearance];

    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Spike => "spike",
            Kind::Escalation => "escalation",
            Kind::Shift => "shift",
            Kind::Level => "level",
            Kind::Recurring => "recurring",
            Kind::Appearance => "appearance",
        }
    }

    /// Whether something changed: what an alarm is for.
    pub fn is_alert(self) -> bool {
        matches!(self, Kind::Spike | Kind::Escalation | Kind::Shift)
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
    /// All severities, the worst first.
    pub const ALL: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Notice];

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
    /// Kind of trouble. It tells apart what no server answered.
    pub category: String,
    /// When it began; the first event where there is no onset. `None` where lines have no stamps.
    pub start: Option<Instant>,
    /// When it ended; `None` while it goes on and where lines have no stamps.
    pub end: Option<Instant>,
    /// Whether it still went on when the log ended.
    pub ongoing: bool,
    /// Whether it was there already when the log began.
    pub from_start: bool,
    /// In how many stretches it came: one, or more where it recurs.
    pub times: u64,
    /// How the rate went; `None` where there is no onset.
    pub shape: Option<Shape>,
    /// All attempts at this provider between start and end, and those of them that were answered so.
    pub attempts: u64,
    /// Those of them that were answered so.
    pub events: u64,
    /// The same without repeated attempts: what the rates are made of.
    pub first_attempts: Tried,
    /// Share of events in what is usual there; `None` where nothing was judged.
    pub rate_before: Option<f64>,
    /// Share of events between start and end.
    pub rate_during: f64,
    /// About minus log10 of the chance of such a stretch; `None` where there is no onset.
    pub score: Option<f64>,
    /// Minus log10 of the share of false ones among all that score as high; only for spikes.
    pub certainty: Option<f64>,
    /// Events that would have been expected at the usual rate; `None` where there is no onset.
    pub expected: Option<f64>,
    /// What it comes from: the code whose loss this is (a shift), or the deferrals that warned of it.
    pub from: Option<Link>,
    /// What it has become: the rejections that followed these deferrals.
    pub became: Option<Link>,
    /// What carries it; `None` where there is nothing to compare.
    pub cause: Option<Cause>,
    /// Whose mail it was, most events first.
    pub sender_domains: Vec<Attribution>,
    /// Hosts that answered so, most events first; the first [`SHOWN`].
    pub relays: Vec<Share>,
    /// Domains the mail was for, as many.
    pub recipient_domains: Vec<Share>,
    /// Our hosts that met it, as many.
    pub hosts: Vec<Share>,
    /// Whom it hit.
    pub affected: Affected,
    /// Log lines that show it. A summary file keeps none.
    pub evidence: Vec<Place>,
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
    /// Step of a ladder, where it stands on one.
    pub stage: Option<Stage>,
    /// What earlier nights tell of it; `None` where none is remembered.
    pub history: Option<History>,
}

/// What earlier nights tell of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When it began, if it goes on with what ran when the last night ended.
    pub since: Option<Instant>,
    /// Which night of it this is, from 1.
    pub nights: u64,
    /// Nights before this one in which the answer was not seen at all; all there were where it never was.
    pub unseen: u64,
}

/// Names of a breakdown that a finding holds.
pub const SHOWN: usize = 10;

/// Attempts and those of them that had the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// All.
    pub attempts: u64,
    /// Those that had it.
    pub events: u64,
}

impl Tried {
    /// The share that had it; 0 without attempts.
    pub fn rate(self) -> f64 {
        if self.attempts > 0 { self.events as f64 / self.attempts as f64 } else { 0.0 }
    }
}

/// Another answer of the same provider that a finding belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What was answered.
    pub code: Code,
    /// Provider tag or phrase in the reply.
    pub marker: Option<String>,
    /// When that began.
    pub start: Option<Instant>,
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
    /// Its share of the finding's events.
    pub share: f64,
}

/// One name's part in the refusals of a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The name.
    pub name: String,
    /// Refusals.
    pub events: u64,
    /// All attempts, where they are counted.
    pub attempts: Option<u64>,
    /// Share of the refusals.
    pub share: f64,
}

/// Whom a finding hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Messages that met the answer.
    pub messages: u64,
    /// Recipients that did: events of first attempts.
    pub recipients: u64,
    /// Recipients that were put off first between start and end and still wait when the log ends, and whose last answer
    /// this was.
    pub waiting: u64,
}
