//! The suppression list: a tree like the report's, laid out as bare addresses, CSV, JSON or a page for people.

mod csv;
mod plain;
mod text;

use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::when::Zone;
use super::{InputRow, Period, clean};
use crate::analysis::{HeldBack, Listed, Suppressions, Threshold, Thresholds};
use crate::catalog::{Only, UNKNOWN};
use crate::smtp::{BasicCode, Code, EnhancedCode};
use crate::summary::{Ground, Outage, Summary};

pub use csv::csv;
pub use plain::{notes, plain, unprintable};
pub use text::text;

/// The name and version of the JSON form.
pub const SCHEMA: &str = "smtpulse.suppress/1";

/// Everything a suppression list needs.
#[derive(Clone, Debug, Serialize)]
pub struct List {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// First and last stamp.
    pub period: Period,
    /// The provider or family the list is restricted to.
    pub only_provider: Option<String>,
    /// What was read.
    pub inputs: Vec<InputRow>,
    /// By which measure was decided.
    pub thresholds: ThresholdRows,
    /// Who is to be suppressed, by domain and address.
    pub recipients: Vec<RecipientRow>,
    /// Domains that are held back, by name.
    pub held_back: Vec<HeldRow>,
    /// Recipients of whom more must come.
    pub waiting: Waiting,
}

/// The measures.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of analysis::Thresholds and tally::Care")]
pub struct ThresholdRows {
    pub repeat: AnswersRow,
    pub domain: AnswersRow,
    pub mailbox_full: MessagesRow,
    pub soft: MessagesRow,
    pub outage: OutageRow,
}

/// So many answers over so many days.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AnswersRow {
    pub answers: u64,
    pub days: u32,
}

/// So many messages over so many days.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MessagesRow {
    pub messages: u64,
    pub days: u32,
}

/// What is taken for an outage, and how long.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OutageRow {
    /// Different recipients (or domains, at the resolver) refused; 0 for never.
    pub hits: usize,
    /// Within so many seconds.
    pub seconds: i64,
    /// Who is still refused after so many days is suppressed all the same.
    pub days: u32,
}

/// One recipient to suppress.
#[derive(Clone, Debug, Serialize)]
pub struct RecipientRow {
    /// As logged, the domain in lower case.
    #[serde(serialize_with = "lossy")]
    pub address: Vec<u8>,
    /// Kind of trouble.
    pub category: String,
    /// The last answer in a few words.
    pub title: String,
    /// By which measure: `now`, `repeat`, `domain`, `mailbox-full`, `soft`.
    pub rule: &'static str,
    /// Basic code of the last answer.
    pub basic: Option<BasicCode>,
    /// Enhanced code of the last answer.
    pub enhanced: Option<EnhancedCode>,
    /// Provider tag or phrase in the last answer.
    pub marker: Option<String>,
    /// Short name of the provider that gave it.
    pub provider: String,
    /// First answer that counts.
    pub first_seen: Option<String>,
    /// Last answer that counts.
    pub last_seen: Option<String>,
    /// Answers that count.
    pub count: u64,
    /// Messages they were about, at most 32; `None` where messages are not counted.
    pub messages: Option<u64>,
}

/// One domain that is held back.
#[derive(Clone, Debug, Serialize)]
pub struct HeldRow {
    /// The domain, in lower case.
    #[serde(serialize_with = "lossy")]
    pub domain: Vec<u8>,
    /// `domain`: it refused everybody; `resolver`: our look-ups failed at many domains.
    pub cause: &'static str,
    /// Kind of trouble, of the first recipient.
    pub category: String,
    /// Its answer in a few words.
    pub title: String,
    /// First refusal.
    pub first_seen: Option<String>,
    /// Last refusal.
    pub last_seen: Option<String>,
    /// Who would be on the list otherwise.
    pub recipients: Vec<RecipientRow>,
}

/// Recipients of whom more must come, by the measure that is not reached.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Ground")]
pub struct Waiting {
    pub repeat: u64,
    pub domain: u64,
    pub mailbox_full: u64,
    pub soft: u64,
}

impl Waiting {
    /// All of them.
    pub fn sum(&self) -> u64 {
        self.repeat + self.domain + self.mailbox_full + self.soft
    }
}

/// What decided.
#[derive(Clone, Debug)]
pub struct Options {
    /// The zone instants are shown in.
    pub tz: TimeZone,
    /// Only what these providers answered.
    pub provider: Option<Only>,
    /// The measures.
    pub thresholds: Thresholds,
    /// What is taken for an outage.
    pub outage: (usize, i64),
}

impl List {
    /// Words everything. `summary` has the inputs.
    pub fn new(summary: &Summary, found: &Suppressions<'_>, options: &Options) -> List {
        let zone = Zone::new(&options.tz);
        let (start, end) = match summary.period {
            Some((start, end)) => (zone.rfc3339(start), zone.rfc3339(end)),
            None => (None, None),
        };
        let waiting = |ground| found.waiting.get(&ground).copied().unwrap_or_default();
        List {
            schema: SCHEMA,
            period: Period { start, end },
            only_provider: options.provider.as_ref().map(|only| only.name().to_owned()),
            inputs: summary.inputs.iter().map(InputRow::of).collect(),
            thresholds: ThresholdRows::of(options),
            recipients: found.listed.iter().map(|listed| RecipientRow::of(listed, zone)).collect(),
            held_back: found.held.iter().map(|held| HeldRow::of(held, zone)).collect(),
            waiting: Waiting {
                repeat: waiting(Ground::Repeat),
                domain: waiting(Ground::Domain),
                mailbox_full: waiting(Ground::MailboxFull),
                soft: waiting(Ground::Soft),
            },
        }
    }

    /// Recipients of all domains that are held back.
    fn held_recipients(&self) -> u64 {
        self.held_back.iter().map(|held| held.recipients.len() as u64).sum()
    }
}

impl ThresholdRows {
    fn of(options: &Options) -> ThresholdRows {
        let answers = |of: Threshold| AnswersRow { answers: of.count, days: of.days };
        let messages = |of: Threshold| MessagesRow { messages: of.count, days: of.days };
        let Thresholds { repeat, domain, full, soft, outage_days } = options.thresholds;
        let (hits, seconds) = options.outage;
        ThresholdRows {
            repeat: answers(repeat),
            domain: answers(domain),
            mailbox_full: messages(full),
            soft: messages(soft),
            outage: OutageRow { hits, seconds, days: outage_days },
        }
    }
}

impl RecipientRow {
    fn of(listed: &Listed<'_>, zone: Zone<'_>) -> RecipientRow {
        let (evidence, key) = (listed.evidence, listed.key);
        let at = |instant: Option<i64>| instant.and_then(|at| zone.rfc3339(at));
        RecipientRow {
            address: listed.case.address.clone(),
            category: listed.meaning.category.to_owned(),
            title: listed.meaning.title.to_owned(),
            rule: evidence.ground.as_str(),
            basic: key.code.basic,
            enhanced: key.code.enhanced,
            marker: key.marker.clone(),
            provider: key.provider.as_deref().unwrap_or(UNKNOWN).to_owned(),
            first_seen: at(evidence.span.first),
            last_seen: at(evidence.span.last),
            count: evidence.span.count,
            messages: evidence.ground.counts_messages().then_some(evidence.messages),
        }
    }

    fn code(&self) -> Code {
        Code { basic: self.basic, enhanced: self.enhanced }
    }
}

impl HeldRow {
    fn of(held: &HeldBack<'_>, zone: Zone<'_>) -> HeldRow {
        let recipients: Vec<RecipientRow> =
            held.recipients.iter().map(|listed| RecipientRow::of(listed, zone)).collect();
        let first = recipients.first();
        HeldRow {
            domain: held.domain.to_owned(),
            cause: match held.outage {
                Outage::Domain => "domain",
                Outage::Resolver => "resolver",
            },
            category: first.map(|row| row.category.clone()).unwrap_or_default(),
            title: first.map(|row| row.title.clone()).unwrap_or_default(),
            first_seen: held.first.and_then(|at| zone.rfc3339(at)),
            last_seen: held.last.and_then(|at| zone.rfc3339(at)),
            recipients,
        }
    }
}

/// Bytes of a log as the text they are meant to be.
fn lossy<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

/// Writes the list as one indented JSON object and a line end.
pub fn json(list: &List, out: &mut dyn Write) -> io::Result<()> {
    clean::exact(list, out)
}
