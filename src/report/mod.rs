//! Pages: everything a reader sees, worded and ordered once, then laid out by a renderer per format.
//!
//! [`Report`] is a plain tree. Building it asks for no clock, no terminal and no locale; a renderer is a function of
//! the tree and a writer. Foreign text stays raw in the tree; each renderer makes it safe for its medium.

mod cause;
mod chart;
pub mod codes;
pub mod escape;
pub mod explain;
mod figures;
mod findings;
mod json;
mod line;
mod notes;
mod number;
mod page;
mod rows;
mod sections;
mod spark;
pub mod suppress;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod verdict;
mod when;
mod why;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::analysis::{self, Finding};
use crate::catalog::{Catalog, Only};
use crate::smtp::Direction;
use crate::summary::{Counts, Input, Key, Place, Summary};

pub use figures::{
    BucketRow, Change, Deferrals, Distribution, EnforcementRow, PartRow, ProviderParts, Recovered, Share,
    Sums, Timeline, Within,
};
pub use findings::{
    AffectedRow, AttributionRow, CauseRow, FindingRow, LinkRow, PlaceRow, ShareRow, TriedRow,
};
pub use json::json;
pub use line::line;
pub use notes::Note;
pub use rows::{CodeRow, Outcomes, ProviderRow, Rate, Rates, SenderRow};
pub use spark::Sparks;
pub use text::{Look, text};
pub use verdict::{Detail, Verdict};

use when::Zone;

/// The name and version of the JSON form.
pub const SCHEMA: &str = "smtpulse.report/1";

/// What a report is to show.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many rows of a list the text page shows. JSON lists are always complete.
    pub top: usize,
    /// The zone instants are shown in, and whose hours the time line has.
    pub tz: TimeZone,
    /// Only mail to these providers.
    pub provider: Option<Only>,
}

/// Everything a page needs.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What a tired person reads first.
    pub verdict: Verdict,
    /// First and last stamp.
    pub period: Period,
    /// The name of the zone, as far as it has one.
    pub zone: String,
    /// The provider or family the report is restricted to.
    pub only_provider: Option<String>,
    /// What was read.
    pub inputs: Vec<InputRow>,
    /// Where every line went.
    pub accounting: AccountingRow,
    /// Sums.
    pub totals: Totals,
    /// One row per direction, provider, action, code and marker.
    pub codes: Vec<CodeRow>,
    /// One row per provider, most attempts first.
    pub providers: Vec<ProviderRow>,
    /// One row per sender domain, most failures first.
    pub sender_domains: Vec<SenderRow>,
    /// Shares of the attempts.
    pub rates: Rates,
    /// Attempts by hour.
    pub timeline: Timeline,
    /// Every appearance of an enforcement code, most frequent first.
    pub enforcement: Vec<EnforcementRow>,
    /// What was put off, and what became of it.
    pub deferrals: Deferrals,
    /// How the answers are distributed over the period.
    pub distribution: Distribution,
    /// What stands out, most important first.
    pub findings: Vec<FindingRow>,
    /// What the numbers cannot show.
    pub notes: Vec<Note>,
    /// Courses in one line.
    #[serde(skip)]
    pub sparks: Sparks,
    /// Rows a text list shows.
    #[serde(skip)]
    pub top: usize,
}

/// First and last stamp of the lines; `None` where no line has one.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// The first.
    pub start: Option<String>,
    /// The last.
    pub end: Option<String>,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Input")]
pub struct InputRow {
    pub name: String,
    pub bytes: u64,
    pub lines: u64,
    pub format: String,
    pub complete: bool,
    pub note: Option<String>,
}

impl InputRow {
    fn of(input: &Input) -> InputRow {
        InputRow {
            name: input.name.clone(),
            bytes: input.bytes,
            lines: input.lines,
            format: input.format.clone(),
            complete: input.complete,
            note: input.note.clone(),
        }
    }
}

/// Where every line went; the sum of the first six classes is `lines`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Accounting")]
pub struct AccountingRow {
    pub lines: u64,
    pub attempts: u64,
    pub rejects: u64,
    pub other_events: u64,
    pub other_programs: u64,
    pub unrelated: u64,
    pub not_understood: u64,
    pub first_not_understood: Option<Place>,
    pub outside_period: u64,
    pub long_lines: u64,
    /// Lines of other programs, most first.
    pub programs: Vec<ProgramRow>,
}

/// Lines of one foreign program.
#[derive(Clone, Debug, Serialize)]
pub struct ProgramRow {
    /// Its name.
    pub program: String,
    /// Its lines.
    pub lines: u64,
}

impl AccountingRow {
    fn of(summary: &Summary) -> AccountingRow {
        let from = &summary.accounting;
        let mut programs: Vec<ProgramRow> = from
            .programs
            .iter()
            .map(|(program, &lines)| ProgramRow { program: program.clone(), lines })
            .collect();
        programs.sort_by_key(|row| std::cmp::Reverse(row.lines));
        AccountingRow {
            lines: from.lines,
            attempts: from.attempts,
            rejects: from.rejects,
            other_events: from.other_events,
            other_programs: from.other_programs,
            unrelated: from.unrelated,
            not_understood: from.not_understood,
            first_not_understood: from.first_not_understood.clone(),
            outside_period: from.outside_period,
            long_lines: from.long_lines,
            programs,
        }
    }
}

/// Sums over the report. `attempts` are those at other hosts; local hops and our own refusals stand apart.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// What became of the attempts at other hosts.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// Messages with at least one such attempt; `None` when restricted to a provider.
    pub messages: Option<u64>,
    /// Recipients of them; `None` when restricted to a provider.
    pub recipients: Option<u64>,
    /// Recipients still delayed where the log ends; `None` when restricted to a provider.
    pub waiting: Option<u64>,
    /// Messages the queue gave up; `None` when restricted to a provider.
    pub expired: Option<u64>,
    /// Lines that repeat an older answer; `None` when restricted to a provider.
    pub suspended: Option<u64>,
    /// Messages with the null sender that other hosts sent us.
    pub bounces: Option<u64>,
    /// Attempts on local hops.
    pub local: u64,
    /// What our own server refused.
    pub rejected: u64,
    /// Attempts whose sender the log does not tell.
    pub unattributed: u64,
    /// Attempts on lines without a stamp.
    pub undated: u64,
}

impl Totals {
    fn of(summary: &Summary, keys: &[(&Key, &Counts)], senders: &[SenderRow], whole: bool) -> Totals {
        let sum = |wanted: Direction| -> u64 {
            keys.iter().filter(|(key, _)| key.direction == wanted).map(|(_, counts)| counts.span.count).sum()
        };
        let mut outcomes = Outcomes::default();
        let mut undated = 0;
        for (key, counts) in keys.iter().filter(|(key, _)| key.direction == Direction::Out) {
            outcomes.add(key.action, counts.span.count);
            undated += counts.buckets.get(&None).map_or(0, |tries| tries.count);
        }
        let from = summary.totals;
        Totals {
            outcomes,
            messages: whole.then_some(from.messages),
            recipients: whole.then_some(from.recipients),
            waiting: whole.then_some(from.waiting),
            expired: whole.then_some(from.expired),
            suspended: whole.then_some(from.suspended),
            bounces: whole.then_some(from.bounces),
            local: sum(Direction::Local),
            rejected: sum(Direction::In),
            unattributed: senders
                .iter()
                .find(|row| row.domain.is_none())
                .map_or(0, |row| row.outcomes.attempts),
            undated,
        }
    }
}

impl Report {
    /// Words and orders everything.
    pub fn new(summary: &Summary, findings: &[Finding], catalog: &Catalog, options: &Options) -> Report {
        let zone = Zone::new(&options.tz);
        let only = options.provider.as_ref();
        let wanted = |provider: Option<&str>| {
            only.is_none_or(|only| provider.is_some_and(|provider| only.has(provider)))
        };
        let keys: Vec<(&Key, &Counts)> =
            summary.keys.iter().filter(|(key, _)| wanted(key.provider.as_deref())).collect();
        let findings: Vec<&Finding> =
            findings.iter().filter(|finding| wanted(Some(&finding.provider))).collect();
        let sender_domains = rows::sender_domains(&keys, catalog);
        let providers = rows::providers(&keys, catalog);
        let totals = Totals::of(summary, &keys, &sender_domains, only.is_none());
        let rates = Rates::of(&keys, catalog, totals.outcomes.attempts);
        let concerns = analysis::concerns(
            totals.outcomes.attempts,
            rates.dead_address.count,
            rates.policy.count,
            totals.outcomes.failed,
            totals.outcomes.delayed,
        );
        let verdict = verdict::verdict(&verdict::Facts {
            summary,
            findings: &findings,
            concerns: &concerns,
            totals: &totals,
            rates: &rates,
            catalog,
            zone,
        });
        let told = figures::told(&keys, catalog);
        let (start, end) = match summary.period {
            Some((start, end)) => (zone.rfc3339(start), zone.rfc3339(end)),
            None => (None, None),
        };
        Report {
            schema: SCHEMA,
            verdict,
            period: Period { start, end },
            zone: zone.name(),
            only_provider: only.map(|only| only.name().to_owned()),
            inputs: summary.inputs.iter().map(InputRow::of).collect(),
            accounting: AccountingRow::of(summary),
            codes: rows::codes(&keys, catalog),
            timeline: Timeline::of(&told, zone, summary.width),
            enforcement: EnforcementRow::all(&told, &providers, catalog, zone),
            deferrals: Deferrals::of(&told),
            distribution: Distribution::of(
                &told,
                providers.iter().map(|row| row.provider.as_str()),
                catalog,
                zone,
            ),
            sparks: Sparks::of(
                &told,
                findings.iter().take(options.top.saturating_add(1)),
                zone,
                summary.width,
            ),
            findings: findings.iter().map(|finding| FindingRow::of(finding, catalog, zone)).collect(),
            top: options.top,
            notes: notes::notes(&providers, totals.bounces, catalog),
            providers,
            totals,
            sender_domains,
            rates,
        }
    }

    /// The finding the verdict is about.
    fn told(&self) -> Option<&FindingRow> {
        self.findings.first().filter(|finding| finding.severity != "notice" && self.has_attempts())
    }

    /// Whether there is anything that was sent to another host.
    fn has_attempts(&self) -> bool {
        self.totals.outcomes.attempts > 0
    }
}
