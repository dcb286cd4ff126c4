//! The rows of the lists: sums by provider and by sender domain, and one row per answer.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::analysis::{Nature, answer};
use crate::catalog::{Catalog, Confidence, Disposition, Layer, Meaning, Rule, Stage, Suppress, UNKNOWN};
use crate::smtp::{Action, BasicCode, Direction, EnhancedCode};
use crate::summary::{Counts, Key};

type Keys<'a> = [(&'a Key, &'a Counts)];

/// What became of attempts at other hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the words of smtp::Action")]
pub struct Outcomes {
    pub attempts: u64,
    pub delivered: u64,
    pub delayed: u64,
    pub failed: u64,
    pub relayed: u64,
}

impl Outcomes {
    pub(super) fn add(&mut self, action: Action, count: u64) {
        let part = match action {
            Action::Delivered => &mut self.delivered,
            Action::Delayed => &mut self.delayed,
            Action::Failed => &mut self.failed,
            Action::Relayed => &mut self.relayed,
            // Our own server's word: never the end of an attempt of ours.
            Action::Rejected => return,
        };
        *part += count;
        self.attempts += count;
    }

    pub(super) fn join(&mut self, other: Outcomes) {
        self.attempts += other.attempts;
        self.delivered += other.delivered;
        self.delayed += other.delayed;
        self.failed += other.failed;
        self.relayed += other.relayed;
    }
}

/// How many of the attempts met a refusal of this nature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Natures {
    /// Sender requirements, refused or put off.
    pub enforcement: u64,
    /// Permanent failures that lie with the recipient.
    pub dead_address: u64,
    /// Permanent failures that lie with us.
    pub policy: u64,
}

impl Natures {
    pub(super) fn add(&mut self, nature: Nature, count: u64) {
        self.enforcement += if nature.enforcement { count } else { 0 };
        self.dead_address += if nature.dead_address { count } else { 0 };
        self.policy += if nature.policy { count } else { 0 };
    }

    pub(super) fn join(&mut self, other: Natures) {
        self.enforcement += other.enforcement;
        self.dead_address += other.dead_address;
        self.policy += other.policy;
    }
}

/// One answer: how often, and what it means.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of summary::Key and catalog::Meaning")]
pub struct CodeRow {
    pub direction: Direction,
    pub provider: Option<String>,
    pub action: Action,
    pub basic: Option<BasicCode>,
    pub enhanced: Option<EnhancedCode>,
    pub marker: Option<String>,
    pub stage: Option<Stage>,
    pub count: u64,
    pub category: String,
    pub disposition: Disposition,
    pub suppress: Suppress,
    pub enforcement: bool,
    pub layer: Layer,
    pub rule: Rule,
    pub confidence: Confidence,
    pub title: String,
    pub meaning: String,
    pub fix: String,
    pub source: String,
    #[serde(skip)]
    pub provider_title: String,
}

/// One provider.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderRow {
    /// Short name.
    pub provider: String,
    /// The name people use.
    pub title: String,
    /// What became of our attempts there.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// Of what nature the refusals were.
    #[serde(flatten)]
    pub natures: Natures,
}

/// One sender domain.
#[derive(Clone, Debug, Serialize)]
pub struct SenderRow {
    /// The domain; `"<>"` is the null sender, `None` where the log does not tell.
    pub domain: Option<String>,
    /// What became of its mail.
    #[serde(flatten)]
    pub outcomes: Outcomes,
    /// Of what nature the refusals were.
    #[serde(flatten)]
    pub natures: Natures,
}

/// A count and its share of the attempts.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// Of all attempts; `None` when there are none.
    pub share: Option<f64>,
}

/// Shares of the attempts at other hosts. As JSON each name holds the share; the counts stand beside in `counts`.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Permanent failures that lie with the recipient.
    pub dead_address: Rate,
    /// Permanent failures that lie with us.
    pub policy: Rate,
    /// Put off.
    pub transient: Rate,
    /// Sender requirements, refused or put off.
    pub enforcement: Rate,
    /// Dead addresses for each policy refusal; `None` without policy refusals.
    pub dead_to_policy: Option<f64>,
}

impl Serialize for Rates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = [
            ("dead_address", self.dead_address),
            ("policy", self.policy),
            ("transient", self.transient),
            ("enforcement", self.enforcement),
        ];
        let mut map = serializer.serialize_map(Some(named.len() + 2))?;
        for (name, rate) in named {
            map.serialize_entry(name, &rate.share)?;
        }
        map.serialize_entry("dead_to_policy", &self.dead_to_policy)?;
        map.serialize_entry(
            "counts",
            &named.map(|(name, rate)| (name, rate.count)).into_iter().collect::<BTreeMap<_, _>>(),
        )?;
        map.end()
    }
}

impl Rates {
    pub(super) fn of(keys: &Keys<'_>, catalog: &Catalog, attempts: u64) -> Rates {
        let mut natures = Natures::default();
        let mut delayed = 0;
        for (key, counts) in keys {
            let nature = Nature::of(key, &meaning(catalog, key));
            natures.add(nature, counts.span.count);
            delayed += if nature.transient { counts.span.count } else { 0 };
        }
        let rate = |count: u64| Rate { count, share: (attempts > 0).then(|| count as f64 / attempts as f64) };
        Rates {
            dead_address: rate(natures.dead_address),
            policy: rate(natures.policy),
            transient: rate(delayed),
            enforcement: rate(natures.enforcement),
            dead_to_policy: (natures.policy > 0).then(|| natures.dead_address as f64 / natures.policy as f64),
        }
    }
}

/// What an answer means. What our own side said is no provider's.
pub(super) fn meaning<'a>(catalog: &'a Catalog, key: &Key) -> Meaning<'a> {
    catalog.explain(&answer(key))
}

/// The name people use for a provider; nobody is called "unknown".
pub(super) fn provider_title(catalog: &Catalog, name: &str) -> String {
    if name == UNKNOWN { "other hosts".to_owned() } else { catalog.provider_title(name).to_owned() }
}

/// By direction, most frequent first, then in the order of the keys.
///
/// Keys that differ only in what the page does not show (the reply inside a reply, a guard) are one row, which tells what
/// the most frequent of them means.
pub(super) fn codes(keys: &Keys<'_>, catalog: &Catalog) -> Vec<CodeRow> {
    let row = |(key, counts): &(&Key, &Counts)| {
        let meaning = meaning(catalog, key);
        CodeRow {
            direction: key.direction,
            provider: key.provider.clone(),
            action: key.action,
            basic: key.code.basic,
            enhanced: key.code.enhanced,
            marker: key.marker.clone(),
            stage: meaning.stage,
            count: counts.span.count,
            category: meaning.category.to_owned(),
            disposition: meaning.disposition,
            suppress: meaning.suppress,
            enforcement: meaning.enforcement,
            layer: meaning.layer,
            rule: meaning.rule,
            confidence: meaning.confidence,
            title: meaning.title.to_owned(),
            meaning: meaning.meaning.to_owned(),
            fix: meaning.fix.to_owned(),
            source: meaning.source.to_owned(),
            provider_title: provider_title(catalog, key.provider.as_deref().unwrap_or(UNKNOWN)),
        }
    };
    let mut rows: BTreeMap<_, (u64, CodeRow)> = BTreeMap::new();
    for pair in keys {
        let (key, counts) = pair;
        let count = counts.span.count;
        match rows.entry((key.direction, &key.provider, key.action, key.code, &key.marker)) {
            Entry::Vacant(place) => {
                place.insert((count, row(pair)));
            }
            Entry::Occupied(mut place) => {
                let (most, known) = place.get_mut();
                let sum = known.count + count;
                if count > *most {
                    (*most, *known) = (count, row(pair));
                }
                known.count = sum;
            }
        }
    }
    let mut rows: Vec<CodeRow> = rows.into_values().map(|(_, row)| row).collect();
    rows.sort_by_key(|row| (row.direction, Reverse(row.count)));
    rows
}

/// Most attempts first, then by name.
pub(super) fn providers(keys: &Keys<'_>, catalog: &Catalog) -> Vec<ProviderRow> {
    let mut sums: BTreeMap<&str, (Outcomes, Natures)> = BTreeMap::new();
    for (key, counts) in out(keys) {
        let (outcomes, natures) = sums.entry(key.provider.as_deref().unwrap_or(UNKNOWN)).or_default();
        outcomes.add(key.action, counts.span.count);
        natures.add(Nature::of(key, &meaning(catalog, key)), counts.span.count);
    }
    let mut rows: Vec<ProviderRow> = sums
        .into_iter()
        .map(|(name, (outcomes, natures))| ProviderRow {
            provider: name.to_owned(),
            title: provider_title(catalog, name),
            outcomes,
            natures,
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.outcomes.attempts));
    rows
}

/// Most failures first, then most attempts, then by name.
pub(super) fn sender_domains(keys: &Keys<'_>, catalog: &Catalog) -> Vec<SenderRow> {
    let mut sums: BTreeMap<Option<&str>, (Outcomes, Natures)> = BTreeMap::new();
    for (key, counts) in out(keys) {
        let nature = Nature::of(key, &meaning(catalog, key));
        for (sender, party) in &counts.senders {
            let (outcomes, natures) = sums.entry(sender.as_deref()).or_default();
            let count = party.tries().count;
            outcomes.add(key.action, count);
            natures.add(nature, count);
        }
    }
    let mut rows: Vec<SenderRow> = sums
        .into_iter()
        .map(|(domain, (outcomes, natures))| SenderRow {
            domain: domain.map(str::to_owned),
            outcomes,
            natures,
        })
        .collect();
    rows.sort_by_key(|row| (Reverse(row.outcomes.failed), Reverse(row.outcomes.attempts)));
    rows
}

fn out<'a>(keys: &'a Keys<'a>) -> impl Iterator<Item = &'a (&'a Key, &'a Counts)> {
    keys.iter().filter(|(key, _)| key.direction == Direction::Out)
}
