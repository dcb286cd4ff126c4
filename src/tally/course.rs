//! The course of time: what was tried when and by whom, in buckets as wide as the log is long; and what shows refusals.

use std::sync::Arc;

use rayon::prelude::*;

use super::cells::{Batch, Cell, Cells, NEVER, Place, Role, Who};
use super::names::Texts;
use super::shown::{Lines, OfKey};
use super::trouble::Attempt;
use super::{Line, Slot};
use crate::summary::{Counts, Parties, Party, Span, Width};
use crate::time::Instant;

/// Counts over time. A bucket is named by its start, and [`NEVER`] is for lines without a stamp.
#[derive(Debug)]
pub(super) struct Course {
    width: Width,
    /// First and last instant.
    ends: Option<(Instant, Instant)>,
    /// The last instant asked for: bursts share a second.
    last: Moment,
    /// By key, over all.
    spans: Vec<Reach>,
    cells: Cells,
    pub(super) lines: Lines,
}

/// An instant, and its bucket among those of all and among those of parts.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Instant,
    bucket: Instant,
    part: Instant,
}

/// How often, and between which instants; before the first one the last comes first.
#[derive(Clone, Copy, Debug)]
struct Reach {
    count: u64,
    first: Instant,
    last: Instant,
}

impl Reach {
    const NONE: Reach = Reach { count: 0, first: Instant::MAX, last: NEVER };

    #[inline]
    fn add(&mut self, at: Instant) {
        self.count += 1;
        if at != NEVER {
            self.first = self.first.min(at);
            self.last = self.last.max(at);
        }
    }

    fn merge(&mut self, other: Reach) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    fn span(&self) -> Span {
        let known = self.last != NEVER;
        Span { count: self.count, first: known.then_some(self.first), last: known.then_some(self.last) }
    }
}

impl Moment {
    /// That of lines without a stamp, in buckets of any width.
    const NEVER: Moment = Moment { at: NEVER, bucket: NEVER, part: NEVER };
}

/// An attempt as it is counted for each party to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    slot: Slot,
    /// The bucket among those of parts.
    part: Instant,
    batch: Batch,
}

impl Default for Course {
    fn default() -> Course {
        Course {
            width: Width::default(),
            ends: None,
            last: Moment::NEVER,
            spans: Vec::new(),
            cells: Cells::default(),
            lines: Lines::default(),
        }
    }
}

impl Course {
    /// Begins anew, with buckets that are known to be as wide as this at least.
    pub(super) fn restart(&mut self, width: Width) {
        self.width = width;
        self.ends = None;
        self.last = Moment::NEVER;
        self.spans.clear();
    }

    /// An attempt, or a refusal of ours.
    #[inline(always)]
    pub(super) fn tried(&mut self, Attempt { slot, at, retry, .. }: Attempt) -> Turn {
        let at = at.unwrap_or(NEVER);
        if at != self.last.at {
            self.come_to(at);
        }
        self.span(slot).add(at);
        let (Moment { bucket, part, .. }, batch) = (self.last, Batch::one(retry));
        self.cells.add(Cell::new(slot, Role::All, None, bucket), batch);
        Turn { slot, part, batch }
    }

    /// An attempt was for a message of this sender domain.
    #[inline]
    pub(super) fn sent(&mut self, turn: Turn, sender: Option<u32>) {
        self.party(turn, Role::Sender, sender);
    }

    /// An attempt that was counted before was for a message of this sender domain.
    pub(super) fn sent_then(&mut self, Attempt { slot, at, retry, .. }: Attempt, sender: Option<u32>) {
        let part = self.moment(at.unwrap_or(NEVER)).part;
        let turn = Turn { slot, part, batch: Batch::one(retry) };
        self.sent(turn, sender);
    }

    /// An attempt was made by a host of ours.
    #[inline]
    pub(super) fn made(&mut self, turn: Turn, host: u32) {
        self.party(turn, Role::Host, Some(host));
    }

    /// An attempt was answered by a host.
    #[inline]
    pub(super) fn answered(&mut self, turn: Turn, relay: u32) {
        self.party(turn, Role::Relay, Some(relay));
    }

    #[inline]
    fn party(&mut self, Turn { slot, part, batch }: Turn, role: Role, name: Option<u32>) {
        self.cells.add(Cell::new(slot, role, name, part), batch);
    }

    /// An attempt was refused; `domain` is the recipient's.
    pub(super) fn refused(&mut self, turn: Turn, line: &Line<'_>, domain: Option<u32>) {
        if domain.is_some() {
            self.party(turn, Role::RecipientDomain, domain);
        }
        self.lines.show(turn.slot, turn.part, line);
    }

    /// A message met this refusal for the first time.
    pub(super) fn message(&mut self, slot: Slot, at: Option<Instant>) {
        let part = self.moment(at.unwrap_or(NEVER)).part;
        let turn = Turn { slot, part, batch: Batch::one(false) };
        self.party(turn, Role::Message, None);
    }

    #[inline]
    fn span(&mut self, slot: Slot) -> &mut Reach {
        let place = slot as usize;
        if self.spans.len() <= place {
            self.spans.resize(place + 1, Reach::NONE);
        }
        &mut self.spans[place]
    }

    /// An instant and its buckets.
    #[inline]
    fn moment(&mut self, at: Instant) -> Moment {
        if at != self.last.at {
            self.turn_to(at);
        }
        self.last
    }

    /// What is asked for later was tried before.
    #[inline(never)]
    fn come_to(&mut self, at: Instant) {
        if at != NEVER {
            self.reach((at, at));
        }
        self.turn_to(at);
    }

    fn turn_to(&mut self, at: Instant) {
        let all = self.width;
        self.last = Moment { at, bucket: floor(all, at), part: floor(all.of_parts(), at) };
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
        self.width = width;
        self.last = Moment::NEVER;
        self.cells.rename(|who, bucket| wider(width, who, bucket));
        self.lines.widen(|bucket| floor(width.of_parts(), bucket));
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
        let (width, narrower) = (self.width, next.width < self.width);
        let mut cells = next.cells.take();
        for (cell, _) in &mut cells {
            let who = cell.who();
            let (slot, name) = (slot(who.slot()), who.name().map(&name));
            let bucket = if narrower { wider(width, who, cell.bucket()) } else { cell.bucket() };
            *cell = Cell::new(slot, who.role(), name, bucket);
        }
        self.cells.sum(&cells);
        next.cells.give_back(cells);
        // What the whole itself has added one by one.
        self.cells.put_together();
        self.lines.absorb(&mut next.lines, |old, bucket| (slot(old), floor(width.of_parts(), bucket)));
    }

    /// How wide the buckets are.
    pub(super) fn width(&self) -> Width {
        self.width
    }

    /// Gives every count to its key. Keys have nothing in common but names: each is settled by itself, side by side where there
    /// are workers.
    pub(super) fn settle(&mut self, names: &Texts, counts: &mut [Counts]) {
        let Course { cells, lines, spans, .. } = self;
        let shown = lines.settle(counts.len());
        let order = cells.settle(|name| names.place(name));
        let place = |slot: Slot| order.partition_point(|(who, _)| who.slot() < slot);
        let key = |(number, (counts, shown)): (usize, (&mut Counts, OfKey))| {
            let slot = number as Slot;
            if let Some(span) = spans.get(number) {
                counts.span = span.span();
            }
            settle(counts, &order[place(slot)..place(slot + 1)], cells, names);
            for (bucket, seen) in shown {
                let bucket = (bucket != NEVER).then_some(bucket);
                counts.refusals.entry(bucket).or_default().lines = Arc::new(lines.named(seen));
            }
        };
        if rayon::current_thread_index().is_none() {
            counts.iter_mut().zip(shown).enumerate().for_each(key);
        } else {
            // Some have a thousand times what others have.
            counts.par_iter_mut().zip(shown).enumerate().with_max_len(1).for_each(key);
        }
    }
}

/// Gives a key what was counted of it, in the order of roles and names.
fn settle(counts: &mut Counts, order: &[(Who, Place)], cells: &Cells, names: &Texts) {
    let parties = |all: &[(Who, Place)]| -> Parties {
        let named = |same: &[(Who, Place)]| {
            let name = same.first().and_then(|(who, _)| who.name());
            let name = name.map(|place| Arc::clone(names.text(place)));
            (name, Party { buckets: cells.buckets(same) })
        };
        all.chunk_by(|(a, _), (b, _)| a == b).map(named).collect()
    };
    for all in order.chunk_by(|(a, _), (b, _)| a.is_beside(*b)) {
        let Some((who, _)) = all.first() else { continue };
        match who.role() {
            Role::All => counts.buckets = cells.buckets(all),
            Role::Sender => counts.senders = parties(all),
            Role::Relay => counts.relays = parties(all),
            Role::Host => counts.hosts = parties(all),
            Role::RecipientDomain => counts.recipient_domains = parties(all),
            Role::Message => {
                for (bucket, tries) in cells.buckets(all) {
                    counts.refusals.entry(bucket).or_default().messages = tries.count;
                }
            }
        }
    }
}

/// The bucket of a cell where buckets are as wide as this.
fn wider(width: Width, who: Who, bucket: Instant) -> Instant {
    floor(if who.role() == Role::All { width } else { width.of_parts() }, bucket)
}

/// The bucket of an instant that may be never.
fn floor(width: Width, at: Instant) -> Instant {
    if at == NEVER { NEVER } else { width.floor(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::names::Names;

    #[test]
    fn keys_settled_side_by_side_come_to_the_same() {
        let settled = || {
            let (mut course, mut names) = (Course::default(), Names::default());
            for n in 0..5_000_u32 {
                let at = (n % 11 > 0).then(|| i64::from(n) * 37);
                let turn = course.tried(Attempt { slot: n % 97 % 13, at, retry: n % 3 == 0, late: false });
                course.answered(turn, names.number(format!("mx{}.example.net", n % 211).as_bytes()));
                let sender = (n % 5 > 0).then(|| names.number(format!("{}.example.org", n % 17).as_bytes()));
                course.sent(turn, sender);
                course.message(turn.slot, at);
            }
            let mut counts = vec![Counts::default(); 13];
            course.settle(&names.texts(), &mut counts);
            counts
        };
        let workers = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(workers.install(settled), settled());
    }
}
