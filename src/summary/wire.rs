//! A summary on the wire: one line of JSON with its version in front and its checksum at the end.
//!
//! Unknown fields are ignored, an unknown version is refused by name, and whatever differs from its checksum as damaged.

mod plausible;
mod step;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use step::Step;

use super::{
    Accounting, Buckets, Counts, Input, Key, Parties, Party, Refusals, Span, Summary, Totals, Waits, Width,
};
use crate::time::Instant;

const SCHEMA: &str = "smtpulse.summary/4";

/// The version before, which is read still: in it a bucket's start is a time, and not the step from the one before.
const OLDER: &str = "smtpulse.summary/3";

#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// What is written and read; the rows are borrowed when they are written.
#[derive(Serialize, Deserialize)]
struct Wire<R> {
    schema: String,
    inputs: Vec<Input>,
    period: Option<(Instant, Instant)>,
    accounting: Accounting,
    totals: Totals,
    /// Seconds of a time bucket.
    width: i64,
    keys: R,
}

/// One key with its counts.
#[derive(Serialize, Deserialize)]
struct Row<K, B, P, R, W> {
    #[serde(flatten)]
    key: K,
    span: Span,
    buckets: B,
    senders: P,
    relays: P,
    hosts: P,
    recipient_domains: P,
    refusals: R,
    waiting: W,
    recovered: Waits,
}

/// As they are read.
type ReadWire = Wire<Vec<ReadRow>>;
type ReadRow =
    Row<Key, Vec<Step>, Vec<PartyRow>, Vec<(Option<Instant>, Refusals)>, Vec<(Option<Instant>, u64)>>;

/// A party's name and its part.
type PartyRow = (Option<String>, Vec<Step>);

/// A list that is made while it is written.
struct List<F>(F);

impl<I, F> Serialize for List<F>
where
    I: Iterator,
    I::Item: Serialize,
    F: Fn() -> I,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0())
    }
}

/// Why a summary could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is no summary, or a damaged one.
    Damaged(serde_json::Error),
    /// It is not what was written.
    Checksum,
    /// It was written by another version of the format.
    Version(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Damaged(error) => write!(f, "not a summary, or a damaged one: {error}"),
            ReadError::Checksum => f.write_str(
                "damaged or changed: it differs from its checksum; write it again with `smtpulse --summary FILE`",
            ),
            ReadError::Version(found) => {
                write!(
                    f,
                    "written as \"{found}\", this program reads \"{SCHEMA}\": use the program version that wrote it"
                )
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// Writes a summary as one line.
pub fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let wire = Wire {
        schema: SCHEMA.to_owned(),
        inputs: summary.inputs.clone(),
        period: summary.period,
        accounting: summary.accounting.clone(),
        totals: summary.totals,
        width: summary.width.seconds(),
        keys: List(|| summary.keys.iter().map(|(key, counts)| row(key, counts))),
    };
    let mut text = serde_json::to_vec(&wire)?;
    let sum = checksum(&text);
    text.pop();
    text.extend_from_slice(sum.as_bytes());
    out.write_all(&text)
}

/// What takes the place of the last brace: the checksum of everything up to that brace.
fn checksum(text: &[u8]) -> String {
    format!(",\"checksum\":\"{:016x}\"}}\n", xxhash_rust::xxh3::xxh3_64(text))
}

/// Whether a summary is what was written.
fn is_sound(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let length = checksum(&[]).len() - 1;
    let Some((start, sum)) = text.len().checked_sub(length).map(|at| text.split_at(at)) else { return false };
    sum == checksum(&[start, b"}"].concat()).trim_end().as_bytes()
}

fn row<'c>(key: &'c Key, counts: &'c Counts) -> impl Serialize + 'c {
    Row {
        key,
        span: counts.span,
        buckets: buckets(&counts.buckets),
        senders: party_rows(&counts.senders),
        relays: party_rows(&counts.relays),
        hosts: party_rows(&counts.hosts),
        recipient_domains: party_rows(&counts.recipient_domains),
        refusals: List(|| counts.refusals.iter()),
        waiting: List(|| counts.waiting.iter()),
        recovered: counts.recovered,
    }
}

fn buckets(buckets: &Buckets) -> impl Serialize {
    List(|| step::by_step(buckets))
}

fn party_rows(parties: &Parties) -> impl Serialize {
    List(|| parties.iter().map(|(name, party)| (name.as_deref(), buckets(&party.buckets))))
}

fn tries(buckets: Vec<Step>) -> Buckets {
    buckets.into_iter().map(|Step(at, tries)| (at, tries)).collect()
}

fn parties(rows: Vec<PartyRow>) -> Parties {
    let party = |(name, buckets): PartyRow| (name.map(Arc::from), Party { buckets: tries(buckets) });
    rows.into_iter().map(party).collect()
}

/// Reads what [`write()`] wrote.
pub fn read(text: &[u8]) -> Result<Summary, ReadError> {
    let head: Head = serde_json::from_slice(text).map_err(ReadError::Damaged)?;
    if head.schema != SCHEMA && head.schema != OLDER {
        return Err(ReadError::Version(head.schema));
    }
    if !is_sound(text) {
        return Err(ReadError::Checksum);
    }
    let mut wire: ReadWire = serde_json::from_slice(text).map_err(ReadError::Damaged)?;
    if head.schema == SCHEMA {
        wire.keys.iter_mut().flat_map(ReadRow::courses).for_each(|buckets| step::to_times(buckets));
    }
    let damaged = |what: String| ReadError::Damaged(serde::de::Error::custom(what));
    let width = Width::from_seconds(wire.width)
        .ok_or_else(|| damaged(format!("buckets of {} seconds", wire.width)))?;
    if !wire.can_be() {
        return Err(damaged("counts or times that no log can hold".to_owned()));
    }
    let mut keys: BTreeMap<Key, Arc<Counts>> = BTreeMap::new();
    for row in wire.keys {
        Arc::make_mut(keys.entry(row.key).or_default()).merge(Counts {
            buckets: tries(row.buckets),
            senders: parties(row.senders),
            relays: parties(row.relays),
            hosts: parties(row.hosts),
            recipient_domains: parties(row.recipient_domains),
            refusals: row.refusals.into_iter().collect(),
            waiting: row.waiting.into_iter().collect(),
            recovered: row.recovered,
            span: row.span,
        });
    }
    Ok(Summary {
        inputs: wire.inputs,
        period: wire.period,
        accounting: wire.accounting,
        totals: wire.totals,
        width,
        keys,
    })
}

impl ReadRow {
    /// All lists of buckets.
    fn courses(&mut self) -> impl Iterator<Item = &mut Vec<Step>> {
        let parties = [&mut self.senders, &mut self.relays, &mut self.hosts, &mut self.recipient_domains];
        let parts = parties.into_iter().flatten().map(|(_, buckets)| buckets);
        parts.chain([&mut self.buckets])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Tries;

    #[test]
    fn the_version_before_is_read() {
        let counts = |buckets: &[(Option<Instant>, u64, u64)]| {
            let all =
                buckets.iter().map(|(at, count, retries)| (*at, Tries { count: *count, retries: *retries }));
            Counts { buckets: all.collect(), ..Counts::default() }
        };
        let key: Key = serde_json::from_str(
            r#"{"direction":"in","provider":null,"action":"rejected","basic":550,"enhanced":null,"marker":null}"#,
        )
        .unwrap();
        let counts = counts(&[(None, 3, 0), (Some(-60), 2, 1), (Some(60), 1, 0)]);
        let summary = Summary { keys: [(key, Arc::new(counts))].into(), ..Summary::default() };
        let mut line = Vec::new();
        write(&summary, &mut line).unwrap();
        assert_eq!(read(&line).unwrap(), summary);
        let line = String::from_utf8(line).unwrap();
        let (steps, times) = ("[[null,3],[-60,2,1],[120,1]]", "[[null,3,0],[-60,2,1],[60,1,0]]");
        let open = line[..line.find(",\"checksum\"").unwrap()].replace(SCHEMA, OLDER);
        assert!(open.contains(steps), "{open}");
        let older = open.replace(steps, times);
        let older = format!("{older}{}", checksum(format!("{older}}}").as_bytes()));
        assert_eq!(read(older.as_bytes()).unwrap(), summary);
    }

    #[test]
    fn another_version_is_refused_by_name() {
        let mut line = Vec::new();
        write(&Summary::default(), &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(read(line.as_bytes()).unwrap(), Summary::default());
        for other in ["smtpulse.summary/2", "smtpulse.summary/5", "smtpulse.report/1"] {
            let error = read(line.replace(SCHEMA, other).as_bytes()).unwrap_err();
            let told = format!("written as \"{other}\", this program reads \"{SCHEMA}\"");
            assert!(
                matches!(error, ReadError::Version(_)) && error.to_string().starts_with(&told),
                "{error}"
            );
        }
    }
}
