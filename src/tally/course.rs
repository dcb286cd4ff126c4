//! The course of time: what was tried when and by whom, in buckets as wide as the log is long; and what shows refusals.

use std::sync::Arc;

use super::cells::{Cell, Cells, Role, Who};
use super::names::{Names, Texts};
use super::queue::Attempt;
use super::shown::Lines;
use super::{Line, Slot};
use crate::mta::Outcome;
use crate::smtp::domain;
use crate::summary::{Buckets, Counts, Parties, Party, Span, Tries, Width};
use crate::time::Instant;
use crate::vector::are_same;

/// Counts over time. A bucket is named by its start, and `None` is for lines without a stamp.
#[derive(Debug, Default)]
pub(super) struct Course {
    width: Width,
    /// First and last instant.
    ends: Option<(Instant, Instant)>,
    /// The instant that was tried last.
    reached: Option<Instant>,
    /// The buckets of the last instant asked for, of all and of parts: bursts share a second.
    last: Option<(Instant, Instant, Instant)>,
    /// By key, over all.
    spans: Vec<Span>,
    cells: Cells,
    /// The host of ours that was met last, and its number: a log is mostly one host's.
    host: (Vec<u8>, u32),
    pub(super) lines: Lines,
}

impl Course {
    /// Begins anew, with buckets that are known to be as wide as this at least.
    pub(super) fn restart(&mut self, width: Width) {
        self.width = width;
        self.ends = None;
        self.reached = None;
        self.last = None;
        self.spans.clear();
    }

    /// An attempt, or a refusal of ours.
    #[inline]
    pub(super) fn tried(&mut self, Attempt { slot, at, retry, .. }: Attempt) {
        if let Some(now) = at
            && self.reached != at
        {
            self.reach((now, now));
            self.reached = at;
        }
        self.span(slot).add(at);
        let bucket = self.buckets(at).0;
        self.cells.add(Cell::new(slot, Role::All, None, bucket), Tries::one(retry));
    }

    /// An attempt was for a message of this sender domain.
    pub(super) fn sent(&mut self, attempt: Attempt, sender: Option<u32>) {
        self.party(attempt, Role::Sender, sender);
    }

    /// An attempt was made by a host of ours.
    pub(super) fn made(&mut self, attempt: Attempt, host: &[u8], names: &mut Names) {
        if host.is_empty() {
            return;
        }
        if !are_same(&self.host.0, host) {
            self.host = (host.to_owned(), names.number_lower(host));
        }
        self.party(attempt, Role::Host, Some(self.host.1));
    }

    /// An attempt was answered by a host.
    pub(super) fn answered(&mut self, attempt: Attempt, relay: &[u8], names: &mut Names) {
        self.party(attempt, Role::Relay, Some(names.number_lower(relay)));
    }

    #[inline]
    fn party(&mut self, Attempt { slot, at, retry, .. }: Attempt, role: Role, name: Option<u32>) {
        let bucket = self.buckets(at).1;
        self.cells.add(Cell::new(slot, role, name, bucket), Tries::one(retry));
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
        let bucket = self.buckets(attempt.at).1;
        self.lines.show(attempt.slot, bucket, line);
    }

    /// A message met this refusal for the first time.
    pub(super) fn message(&mut self, slot: Slot, at: Option<Instant>) {
        let bucket = self.buckets(at).1;
        self.cells.add(Cell::new(slot, Role::Message, None, bucket), Tries::one(false));
    }

    fn span(&mut self, slot: Slot) -> &mut Span {
        let place = slot as usize;
        if self.spans.len() <= place {
            self.spans.resize(place + 1, Span::default());
        }
        &mut self.spans[place]
    }

    /// The bucket of an instant, and its bucket among those of parts.
    #[inline]
    fn buckets(&mut self, at: Option<Instant>) -> (Option<Instant>, Option<Instant>) {
        let Some(at) = at else { return (None, None) };
        let (bucket, part) = match self.last {
            Some((last, bucket, part)) if last == at => (bucket, part),
            _ => {
                let (bucket, part) = (self.width.floor(at), self.width.of_parts().floor(at));
                self.last = Some((at, bucket, part));
                (bucket, part)
            }
        };
        (Some(bucket), Some(part))
    }

    /// The log reaches from and to here: buckets grow with it.
    #[inline]
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
        self.width = width;
        self.last = None;
        let mut old = std::mem::take(&mut self.cells);
        for (cell, tries) in old.drain() {
            let (who, bucket) = (cell.who(), wider(width, &cell));
            self.cells.sum(Cell::new(who.slot(), who.role(), who.name(), bucket), tries);
        }
        self.lines.widen(|bucket| bucket.map(|at| width.of_parts().floor(at)));
    }

    /// Takes what follows out of `next`; `slot` and `name` translate its numbers.
    pub(super) fn absorb(
        &mut self,
        next: &mut Course,
        slot: impl Fn(Slot) -> Slot,
        name: impl Fn(u32) -> u32,
    ) {
        if let Some(ends) = next.ends {
            self.reach(ends);
        }
        for (old, span) in next.spans.iter().enumerate().filter(|(_, span)| span.count > 0) {
            self.span(slot(old as Slot)).merge(*span);
        }
        let width = self.width;
        for (cell, tries) in next.cells.drain() {
            let (who, bucket) = (cell.who(), wider(width, &cell));
            self.cells.sum(Cell::new(slot(who.slot()), who.role(), who.name().map(&name), bucket), tries);
        }
        self.lines
            .absorb(&mut next.lines, |old, bucket| (slot(old), bucket.map(|at| width.of_parts().floor(at))));
    }

    /// How wide the buckets are.
    pub(super) fn width(&self) -> Width {
        self.width
    }

    /// Gives every count to its key.
    pub(super) fn settle(&mut self, names: &Texts, counts: &mut [Counts]) {
        for (counts, span) in counts.iter_mut().zip(&self.spans) {
            counts.span = *span;
        }
        let parties = |all: &mut [(Who, Buckets)]| -> Parties {
            let named = |(who, buckets): &mut (Who, Buckets)| {
                let name = who.name().map(|place| names.text(place).to_owned());
                (name, Party { buckets: std::mem::take(buckets) })
            };
            all.iter_mut().map(named).collect()
        };
        let mut all = self.cells.settle(|name| names.place(name));
        for all in all.chunk_by_mut(|(a, _), (b, _)| a.is_beside(*b)) {
            let Some((who, buckets)) = all.first_mut() else { continue };
            let counts = &mut counts[who.slot() as usize];
            match who.role() {
                Role::All => counts.buckets = std::mem::take(buckets),
                Role::Sender => counts.senders = parties(all),
                Role::Relay => counts.relays = parties(all),
                Role::Host => counts.hosts = parties(all),
                Role::RecipientDomain => counts.recipient_domains = parties(all),
                Role::Message => {
                    for (bucket, tries) in std::mem::take(buckets) {
                        counts.refusals.entry(bucket).or_default().messages = tries.count;
                    }
                }
            }
        }
        for (slot, bucket, lines) in self.lines.settle() {
            counts[slot as usize].refusals.entry(bucket).or_default().lines = Arc::new(lines);
        }
    }
}

/// The bucket of a cell where buckets are as wide as this.
fn wider(width: Width, cell: &Cell) -> Option<Instant> {
    let width = if cell.who().role() == Role::All { width } else { width.of_parts() };
    cell.bucket().map(|at| width.floor(at))
}
