//! The course of time: what was tried when and by whom, in buckets as wide as the log is long; and what shows refusals.

use hashbrown::HashMap;

use super::names::Names;
use super::queue::Attempt;
use super::{Line, Slot};
use crate::mta::Outcome;
use crate::smtp::domain;
use crate::summary::{Counts, LINES, Party, Shown, Span, Tries, Width};
use crate::time::Instant;

/// Bytes kept of a line that shows a refusal.
const SHOWN: usize = 320;

/// What somebody is to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Sender,
    Relay,
    Host,
    RecipientDomain,
}

/// A line that shows a refusal. The order is that of log lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    at: Option<Instant>,
    input: u32,
    line: u64,
    text: Box<[u8]>,
}

/// Counts over time. A bucket is named by its start, and `None` is for lines without a stamp.
#[derive(Debug, Default)]
pub(super) struct Course {
    width: Width,
    /// First and last instant.
    ends: Option<(Instant, Instant)>,
    /// By key, over all.
    spans: Vec<Span>,
    tries: HashMap<(Slot, Option<Instant>), Tries>,
    /// By name; only a sender's may be unknown.
    parties: HashMap<(Slot, Role, Option<u32>, Option<Instant>), Tries>,
    /// Messages that met a refusal first.
    messages: HashMap<(Slot, Option<Instant>), u64>,
    lines: HashMap<(Slot, Option<Instant>), Vec<Seen>>,
    /// Inputs begun, and lines of the last one that were absorbed.
    inputs: Vec<String>,
    passed: u64,
}

impl Course {
    /// An attempt, or a refusal of ours.
    pub(super) fn tried(&mut self, Attempt { slot, at, retry }: Attempt) {
        if let Some(at) = at {
            self.reach((at, at));
        }
        self.span(slot).add(at);
        let bucket = at.map(|at| self.width.floor(at));
        self.tries.entry((slot, bucket)).or_default().add(Tries::one(retry));
    }

    /// An attempt was for a message of this sender domain.
    pub(super) fn sent(&mut self, attempt: Attempt, sender: Option<u32>) {
        self.party(attempt, Role::Sender, sender);
    }

    /// An attempt was made by a host of ours.
    pub(super) fn made(&mut self, attempt: Attempt, host: &[u8], names: &mut Names) {
        if !host.is_empty() {
            self.party(attempt, Role::Host, Some(names.number_lower(host)));
        }
    }

    /// An attempt was answered by a host.
    pub(super) fn answered(&mut self, attempt: Attempt, relay: &[u8], names: &mut Names) {
        self.party(attempt, Role::Relay, Some(names.number_lower(relay)));
    }

    fn party(&mut self, Attempt { slot, at, retry }: Attempt, role: Role, name: Option<u32>) {
        let bucket = self.part(at);
        self.parties.entry((slot, role, name, bucket)).or_default().add(Tries::one(retry));
    }

    /// An attempt was refused.
    pub(super) fn refused(
        &mut self,
        attempt: Attempt,
        line: &Line<'_>,
        outcome: &Outcome<'_>,
        names: &mut Names,
    ) {
        if let Some(domain) = outcome.recipient.and_then(domain) {
            self.party(attempt, Role::RecipientDomain, Some(names.number_lower(domain)));
        }
        let (slot, bucket) = (attempt.slot, self.part(attempt.at));
        let lines = self.lines.entry((slot, bucket)).or_default();
        if lines.len() < LINES
            || lines.last().is_some_and(|last| (line.at, 0, line.number) < (last.at, last.input, last.line))
        {
            let text = line.text[..line.text.len().min(SHOWN)].into();
            keep(lines, Seen { at: line.at, input: 0, line: line.number, text });
        }
    }

    /// A message met this refusal for the first time.
    pub(super) fn message(&mut self, slot: Slot, at: Option<Instant>) {
        let bucket = self.part(at);
        *self.messages.entry((slot, bucket)).or_default() += 1;
    }

    /// Another input begins.
    pub(super) fn source(&mut self, name: &str) {
        self.inputs.push(name.to_owned());
        self.passed = 0;
    }

    /// So many lines have gone by.
    pub(super) fn passed(&mut self, lines: u64) {
        self.passed += lines;
    }

    fn span(&mut self, slot: Slot) -> &mut Span {
        let place = slot as usize;
        if self.spans.len() <= place {
            self.spans.resize(place + 1, Span::default());
        }
        &mut self.spans[place]
    }

    fn part(&self, at: Option<Instant>) -> Option<Instant> {
        at.map(|at| self.width.of_parts().floor(at))
    }

    /// The log reaches from and to here: buckets grow with it.
    fn reach(&mut self, (first, last): (Instant, Instant)) {
        let ends = self.ends.map_or((first, last), |(from, to)| (from.min(first), to.max(last)));
        if self.ends != Some(ends) {
            self.ends = Some(ends);
            self.widen(Width::of(ends.0, ends.1));
        }
    }

    fn widen(&mut self, width: Width) {
        if width <= self.width {
            return;
        }
        let old = std::mem::take(self);
        *self = Course {
            width,
            ends: old.ends,
            spans: old.spans,
            inputs: old.inputs,
            passed: old.passed,
            ..Course::default()
        };
        let (bucket, part) = (
            |at: Option<Instant>| at.map(|at| width.floor(at)),
            |at: Option<Instant>| at.map(|at| width.of_parts().floor(at)),
        );
        for ((slot, at), tries) in old.tries {
            self.tries.entry((slot, bucket(at))).or_default().add(tries);
        }
        for ((slot, role, name, at), tries) in old.parties {
            self.parties.entry((slot, role, name, part(at))).or_default().add(tries);
        }
        for ((slot, at), count) in old.messages {
            *self.messages.entry((slot, part(at))).or_default() += count;
        }
        for ((slot, at), lines) in old.lines {
            let own = self.lines.entry((slot, part(at))).or_default();
            lines.into_iter().for_each(|seen| keep(own, seen));
        }
    }

    /// Adds what follows; `slot` and `name` translate the other's numbers.
    pub(super) fn absorb(
        &mut self,
        mut next: Course,
        slot: impl Fn(Slot) -> Slot,
        name: impl Fn(u32) -> u32,
    ) {
        if let Some(ends) = next.ends {
            self.reach(ends);
        }
        next.widen(self.width);
        for (old, span) in next.spans.into_iter().enumerate() {
            self.span(slot(old as Slot)).merge(span);
        }
        for ((old, at), tries) in next.tries {
            self.tries.entry((slot(old), at)).or_default().add(tries);
        }
        for ((old, role, number, at), tries) in next.parties {
            self.parties.entry((slot(old), role, number.map(&name), at)).or_default().add(tries);
        }
        for ((old, at), count) in next.messages {
            *self.messages.entry((slot(old), at)).or_default() += count;
        }
        let (input, before) = (self.inputs.len() as u32, self.passed);
        for ((old, at), lines) in next.lines {
            let own = self.lines.entry((slot(old), at)).or_default();
            lines.into_iter().for_each(|seen| keep(own, Seen { input, line: before + seen.line, ..seen }));
        }
        self.passed += next.passed;
    }

    /// How wide the buckets are.
    pub(super) fn width(&self) -> Width {
        self.width
    }

    /// Gives every count to its key.
    pub(super) fn settle(&self, names: &Names, counts: &mut [Counts]) {
        let text = |name: u32| String::from_utf8_lossy(names.name(name)).into_owned();
        for ((slot, at), tries) in &self.tries {
            counts[*slot as usize].buckets.entry(*at).or_default().add(*tries);
        }
        for (counts, span) in counts.iter_mut().zip(&self.spans) {
            counts.span = *span;
        }
        for ((slot, role, name, at), tries) in &self.parties {
            let counts = &mut counts[*slot as usize];
            let parties = match role {
                Role::Sender => &mut counts.senders,
                Role::Relay => &mut counts.relays,
                Role::Host => &mut counts.hosts,
                Role::RecipientDomain => &mut counts.recipient_domains,
            };
            let party: &mut Party = parties.entry(name.map(text)).or_default();
            party.buckets.entry(*at).or_default().add(*tries);
        }
        for ((slot, at), count) in &self.messages {
            counts[*slot as usize].refusals.entry(*at).or_default().messages += count;
        }
        for ((slot, at), lines) in &self.lines {
            let input = |seen: &Seen| {
                let name = (seen.input as usize).checked_sub(1).and_then(|input| self.inputs.get(input));
                name.cloned().unwrap_or_default()
            };
            let mut lines: Vec<Shown> = lines
                .iter()
                .map(|seen| Shown {
                    at: seen.at,
                    input: input(seen),
                    line: seen.line,
                    text: String::from_utf8_lossy(&seen.text).into_owned(),
                })
                .collect();
            lines.sort();
            counts[*slot as usize].refusals.entry(*at).or_default().lines = lines;
        }
    }
}

/// Keeps the first lines.
fn keep(lines: &mut Vec<Seen>, seen: Seen) {
    let place = lines.partition_point(|known| *known < seen);
    if place < LINES {
        lines.insert(place, seen);
        lines.truncate(LINES);
    }
}
