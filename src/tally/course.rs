//! The course of time: what was tried when, in buckets as wide as the log is long; and what refusals have in common.

use hashbrown::HashMap;

use super::names::Names;
use super::{Line, Slot};
use crate::mta::Outcome;
use crate::smtp::domain;
use crate::summary::{Counts, LINES, Shown, Span, Tries, Width};
use crate::time::Instant;

/// Bytes kept of a line that shows a refusal.
const SHOWN: usize = 320;

/// By what refusals are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Facet {
    Relay,
    RecipientDomain,
    Host,
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
    tries: HashMap<(Slot, Option<Instant>), Tries>,
    /// By key and sender domain.
    senders: HashMap<(Slot, Option<u32>, Option<Instant>), Span>,
    facets: HashMap<(Slot, Facet, u32, Option<Instant>), u64>,
    /// Messages that met a refusal first.
    messages: HashMap<(Slot, Option<Instant>), u64>,
    lines: HashMap<(Slot, Option<Instant>), Vec<Seen>>,
    /// Inputs begun, and lines of the last one that were absorbed.
    inputs: Vec<String>,
    passed: u64,
}

impl Course {
    /// An attempt, or a refusal of ours.
    pub(super) fn tried(&mut self, slot: Slot, at: Option<Instant>, retry: bool) {
        if let Some(at) = at {
            self.reach((at, at));
        }
        let bucket = at.map(|at| self.width.floor(at));
        self.tries.entry((slot, bucket)).or_default().add(Tries { count: 1, retries: u64::from(retry) });
    }

    /// An attempt was for a message of this sender domain.
    pub(super) fn sent(&mut self, slot: Slot, sender: Option<u32>, at: Option<Instant>) {
        let bucket = self.part(at);
        self.senders.entry((slot, sender, bucket)).or_default().add(at);
    }

    /// An attempt was refused.
    pub(super) fn refused(&mut self, slot: Slot, line: &Line<'_>, outcome: &Outcome<'_>, names: &mut Names) {
        let bucket = self.part(line.at);
        let facets = [
            (Facet::Relay, outcome.relay_host),
            (Facet::RecipientDomain, outcome.recipient.and_then(domain)),
            (Facet::Host, Some(line.record.host).filter(|host| !host.is_empty())),
        ];
        for (facet, name) in facets {
            if let Some(name) = name {
                let name = names.number_lower(name);
                *self.facets.entry((slot, facet, name, bucket)).or_default() += 1;
            }
        }
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
        *self = Course { width, ends: old.ends, inputs: old.inputs, passed: old.passed, ..Course::default() };
        let (bucket, part) = (
            |at: Option<Instant>| at.map(|at| width.floor(at)),
            |at: Option<Instant>| at.map(|at| width.of_parts().floor(at)),
        );
        for ((slot, at), tries) in old.tries {
            self.tries.entry((slot, bucket(at))).or_default().add(tries);
        }
        for ((slot, sender, at), span) in old.senders {
            self.senders.entry((slot, sender, part(at))).or_default().merge(span);
        }
        for ((slot, facet, name, at), count) in old.facets {
            *self.facets.entry((slot, facet, name, part(at))).or_default() += count;
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
        for ((old, at), tries) in next.tries {
            self.tries.entry((slot(old), at)).or_default().add(tries);
        }
        for ((old, sender, at), span) in next.senders {
            self.senders.entry((slot(old), sender.map(&name), at)).or_default().merge(span);
        }
        for ((old, facet, number, at), count) in next.facets {
            *self.facets.entry((slot(old), facet, name(number), at)).or_default() += count;
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
        for ((slot, sender, at), span) in &self.senders {
            let counts = &mut counts[*slot as usize];
            let party = counts.senders.entry(sender.map(text)).or_default();
            party.span.merge(*span);
            *party.buckets.entry(*at).or_default() += span.count;
            counts.span.merge(*span);
        }
        for ((slot, facet, name, at), count) in &self.facets {
            let refusals = counts[*slot as usize].refusals.entry(*at).or_default();
            let sums = match facet {
                Facet::Relay => &mut refusals.relays,
                Facet::RecipientDomain => &mut refusals.recipient_domains,
                Facet::Host => &mut refusals.hosts,
            };
            *sums.entry(text(*name)).or_default() += count;
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
