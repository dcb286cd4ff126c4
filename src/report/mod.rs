//! Pages: everything a reader sees, worded and ordered once, then laid out by a renderer per format.
//!
//! [`Report`] is a plain tree. Building it asks for no clock, no terminal and no locale; a renderer is a function of
//! the tree and a writer. Foreign text stays raw in the tree; each renderer makes it safe for its medium.

mod cause;
mod chart;
pub mod clean;
pub mod codes;
mod columns;
mod cures;
pub mod escape;
pub mod explain;
mod figures;
mod findings;
mod json;
mod line;
mod mail;
mod notes;
mod number;
mod page;
mod prometheus;
mod rows;
mod sections;
mod spark;
mod sums;
pub mod suppress;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod usual;
mod verdict;
mod when;
mod why;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::analysis::{self, Finding};
use crate::catalog::{Catalog, Only};
use crate::summary::{Counts, Key, Summary};

pub use figures::{
    BucketRow, Change, Deferrals, Distribution, EnforcementRow, PartRow, ProviderParts, Recovered, Share,
    Sums, Timeline, Within,
};
pub use findings::{
    AffectedRow, AttributionRow, CauseRow, FindingRow, HistoryRow, LinkRow, PlaceRow, ShareRow, TriedRow,
};
pub use json::json;
pub use line::line;
pub use mail::{Envelope, mail};
pub use notes::Note;
pub use prometheus::{Run, prometheus};
pub use rows::{CodeRow, Outcomes, ProviderRow, Rate, Rates, SenderRow};
pub use spark::Sparks;
pub use sums::{AccountingRow, InputRow, ProgramRow, Totals};
pub use text::{Look, text};
pub use usual::Usual;
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
    /// The same for people, with its offset from UTC: `Europe/Berlin, +01:00`.
    #[serde(skip)]
    pub clock: String,
    /// The provider or family the report is restricted to.
    pub only_provider: Option<String>,
    /// The names people use for them.
    #[serde(skip)]
    pub only_title: Option<String>,
    /// What was read.
    pub inputs: Vec<InputRow>,
    /// Where every line went.
    pub accounting: AccountingRow,
    /// Sums.
    pub totals: Totals,
    /// What days like this one are usually like, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
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

impl Report {
    /// Words and orders everything.
    pub fn new(summary: &Summary, findings: &[Finding], catalog: &Catalog, options: &Options) -> Report {
        let zone = Zone::over(&options.tz, summary.period);
        let only = options.provider.as_ref();
        let wanted = |provider: Option<&str>| {
            only.is_none_or(|only| provider.is_some_and(|provider| only.has(provider)))
        };
        let keys: Vec<(&Key, &Counts)> = summary
            .keys
            .iter()
            .map(|(key, counts)| (key, &**counts))
            .filter(|(key, _)| wanted(key.provider.as_deref()))
            .collect();
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
            clock: zone.clock(),
            only_provider: only.map(|only| only.name().to_owned()),
            only_title: only.map(|only| {
                let titles = only.members().map(|provider| rows::provider_title(catalog, provider));
                titles.collect::<Vec<_>>().join("; ")
            }),
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
            notes: notes::notes(&providers, totals.bounces, summary, catalog),
            providers,
            totals,
            usual: None,
            sender_domains,
            rates,
        }
    }

    /// The finding the verdict is about.
    fn told(&self) -> Option<&FindingRow> {
        self.findings.first().filter(|finding| finding.severity != "notice" && self.has_attempts())
    }

    /// What is to be known of a matter, if anything.
    fn note(&self, topic: &str) -> Option<&str> {
        self.notes.iter().find(|note| note.topic == topic).map(|note| note.text.as_str())
    }

    /// Whether there is anything that was sent to another host.
    fn has_attempts(&self) -> bool {
        self.totals.outcomes.attempts > 0
    }
}
