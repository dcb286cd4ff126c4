//! What the numbers of this report cannot show, told where it applies.

use std::collections::BTreeMap;

use serde::Serialize;

use super::number::{counted, plural, thousands};
use super::rows::ProviderRow;
use crate::catalog::Catalog;
use crate::summary::{Accounting, Input, Summary, Years};

/// Something to know before the numbers are believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `acceptance`, `relay`, `bounces`, `loss` or `years`.
    pub topic: &'static str,
    /// Short names of the providers it is about; empty where it is about none.
    pub providers: Vec<String>,
    /// One or two sentences.
    pub text: String,
}

/// The notes that apply. `bounces` is the number of messages with the null sender that other hosts sent us.
pub(super) fn notes(
    providers: &[ProviderRow],
    bounces: Option<u64>,
    summary: &Summary,
    catalog: &Catalog,
) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    // What is said about several providers is said once.
    let mut said: BTreeMap<&str, Vec<&ProviderRow>> = BTreeMap::new();
    for row in providers.iter().filter(|row| row.outcomes.delivered > 0) {
        let known = catalog.provider(&row.provider).map(|provider| &*provider.note);
        if let Some(note) = known.filter(|note| !note.is_empty()) {
            said.entry(note).or_default().push(row);
        }
    }
    for (note, rows) in said {
        let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
        notes.push(Note {
            topic: "acceptance",
            providers: names(&rows),
            text: format!("{}: {note}", titles.join("; ")),
        });
    }
    let relays: Vec<&ProviderRow> = providers.iter().filter(|row| row.outcomes.relayed > 0).collect();
    let relayed: u64 = relays.iter().map(|row| row.outcomes.relayed).sum();
    if relayed > 0 {
        let text = format!(
            "{} handed to a smarthost, which hides what the receivers answer: their codes stand in its log, or come back as \
             bounces.",
            counted(relayed, "recipient was", "recipients were")
        );
        notes.push(Note { topic: "relay", providers: names(&relays), text });
    }
    if let Some(bounces) = bounces.filter(|bounces| *bounces > 0) {
        let text = format!(
            "{} {} with the null sender came in from other hosts: mostly bounces of mail that a receiver had accepted \
             first. The reason stands in the message, not in this log.",
            thousands(bounces),
            plural(bounces, "message", "messages")
        );
        notes.push(Note { topic: "bounces", providers: Vec::new(), text });
    }
    for (topic, text) in [("loss", loss(&summary.accounting)), ("years", years(&summary.inputs))] {
        notes.extend(text.map(|text| Note { topic, providers: Vec::new(), text }));
    }
    notes
}

/// What is missing in the log, by its own word.
fn loss(accounting: &Accounting) -> Option<String> {
    let lost = match (accounting.loss_notices, accounting.lost) {
        (0, 0) => return None,
        (_, 0) => "lines were lost".to_owned(),
        (_, lost) => counted(lost, "line or more was lost", "lines or more were lost"),
    };
    Some(format!(
        "{lost} before they came into the log, say the programs that write it: every count here is the least there was."
    ))
}

/// Where years come from that no stamp tells: the least sure of all inputs. What the user gave is not told again.
fn years(inputs: &[Input]) -> Option<String> {
    let from = match inputs.iter().filter_map(|input| input.years).max()? {
        Years::Given => return None,
        Years::Log => "stamps leave them out; queue ids and other marks in the log tell them",
        Years::FileTime => {
            "guessed from when the log was last written, for its stamps leave them out; --year tells them"
        }
        Years::Present => "guessed from the present one, for the stamps leave them out; --year tells them",
    };
    Some(from.to_owned())
}

fn names(rows: &[&ProviderRow]) -> Vec<String> {
    rows.iter().map(|row| row.provider.clone()).collect()
}
