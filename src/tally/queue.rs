//! Which attempt belongs to which message: the join by queue id.
//!
//! A *life* is what is said about an id from the moment it is given out until it leaves the queue; a short id then
//! begins another life. A chunk sees most lives whole and settles them by itself. Of a life whose beginning it did
//! not see it keeps what it must know to be joined to the chunks before: the attempts without a sender, the recipients
//! that waited or reached an end. Of a life that begins in it, it keeps the id, since the life before it ends there.
//!
//! Rules, the same for one piece and for many: an attempt belongs to the sender its life names, even when the name
//! comes later (several writers get out of order); a recipient counts when it reaches an end, or when its life ends
//! and it still waits; a message counts when its life ends, if it was attempted. Exim's arrival line begins a life and
//! names its sender; attempts without a sender that stand before it (cutthrough delivery is logged first) get the name.
//! A life that nothing was said of for very long is over, too ([`Patience`]).

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::by_id::{ById, Entry};
use super::id::Id;
use super::keys::Slot;
use super::life::{Life, Named, Sender};
use super::patience::Patience;
use super::trouble::{Attempt, Recovery};
use crate::mta::Outcome;
use crate::smtp::Action;
use crate::summary::{WAITS, Waits};
use crate::time::Instant;

/// So few open lives are not looked through for those that are over.
const FEW: usize = 1 << 17;

/// A life that began here: an earlier chunk's life of this id ended with that.
#[derive(Debug)]
struct Begun {
    id: Id,
    /// The sender that the first line names, for the attempts before it.
    sender: Option<Sender>,
    /// How many heads there were before.
    heads: usize,
    /// Position of that mention.
    clock: u64,
}

/// A life that ended here and began before.
#[derive(Debug)]
struct Head {
    id: Id,
    life: Life,
    /// Position where it was spoken of again after a long time: whether it was over then depends on what it began with. None
    /// where it was ended.
    again: Option<u64>,
}

/// The messages of some neighbouring lines.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Lives that go on.
    open: ById<Life>,
    /// Lives that ended here and began before.
    heads: Vec<Head>,
    /// Lives that began here, ended or not.
    begun: Vec<Begun>,
    /// What came of lives.
    pub(super) come: Come,
    /// Of each recipient that still waits at the end the last refusal, and when it was put off first.
    pub(super) still: Vec<(Slot, Option<Instant>)>,
    /// Recipients that waited when nothing was said of their message for too long.
    forgotten: u64,
    /// Mentions so far.
    clock: u64,
    patience: Patience,
    /// How many lives were open when they were last looked through.
    kept: usize,
    /// What recipients are hashed with: those who may keep the hashes shall not be able to look addresses up.
    seed: u64,
}

/// What came of lives.
#[derive(Debug, Default)]
pub(super) struct Come {
    /// Attempts whose sender is settled: to be taken by the tally.
    pub(super) settled: Vec<(Attempt, Sender)>,
    /// Refusals that messages met, each message once: to be taken by the tally.
    pub(super) met: Vec<Attempt>,
    /// Recipients that were delivered after all.
    recovered: Vec<Recovery>,
    /// The same of whoever absorbs others: how many by slot and class.
    recoveries: Vec<Waits>,
    /// Messages that were attempted.
    pub(super) messages: u64,
    /// Messages with the null sender that other hosts sent us.
    pub(super) bounces: u64,
    /// Recipients that reached an end.
    pub(super) recipients: u64,
}

/// What is to be taken by the tally is handed over in such portions where very many lives end.
const PORTION: usize = 4096;

impl Come {
    /// Whether there is nothing for the tally to take.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.met.is_empty()
    }

    /// A life is over.
    #[inline]
    fn of(&mut self, life: &mut Life) {
        self.messages += u64::from(life.is_message());
        self.bounces += u64::from(life.is_bounce());
        // That of most is not troubled.
        if life.is_troubled() {
            self.recipients += life.waits();
            life.close(&mut self.settled, &mut self.met, &mut self.recovered);
        }
    }

    /// One of very many lives is over.
    fn of_one_of_many(&mut self, life: &mut Life, take: &mut impl FnMut(&mut Come)) {
        self.of(life);
        if self.settled.len().max(self.met.len()) >= PORTION {
            take(self);
        }
    }

    /// Takes what follows out of `next`; `slot` and `domain` translate its numbers.
    fn absorb(&mut self, next: &mut Come, slot: impl Fn(Slot) -> Slot, domain: impl Fn(u32) -> u32) {
        let settled = next
            .settled
            .drain(..)
            .map(|(attempt, sender)| (Attempt { slot: slot(attempt.slot), ..attempt }, sender.map(&domain)));
        self.settled.extend(settled);
        self.met.extend(next.met.drain(..).map(|met| Attempt { slot: slot(met.slot), ..met }));
        self.recovered.extend(next.recovered.drain(..).map(|(old, waited)| (slot(old), waited)));
        self.messages += std::mem::take(&mut next.messages);
        self.bounces += std::mem::take(&mut next.bounces);
        self.recipients += std::mem::take(&mut next.recipients);
    }

    /// Counts the recipients that were delivered after all, by the answer that was their last and how long they had waited: a
    /// list of them would be as long as the log.
    fn sum_up(&mut self) {
        for (slot, waited) in self.recovered.drain(..) {
            let (slot, class) = (slot as usize, WAITS.iter().position(|most| waited <= *most));
            if self.recoveries.len() <= slot {
                self.recoveries.resize(slot + 1, Waits::default());
            }
            self.recoveries[slot][class.unwrap_or(WAITS.len())] += 1;
        }
    }
}

/// Where messages were left, for the next log to go on with.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Open {
    /// The longest untouched first.
    pub(super) lives: Vec<(Id, Life)>,
    forgotten: u64,
    clock: u64,
    seed: u64,
}

impl Open {
    /// Nothing is open yet; recipients are hashed with this.
    pub(super) fn new(seed: u64) -> Open {
        Open { seed, ..Open::default() }
    }
}

impl Messages {
    /// Goes on with what an earlier log left.
    pub(super) fn resume(open: Open) -> Messages {
        let Open { mut lives, forgotten, clock, seed } = open;
        for (_, life) in &mut lives {
            life.was_counted();
            // Whatever the file says.
            life.touched = life.touched.min(clock);
        }
        let mut messages = Messages { forgotten, clock, seed, ..Messages::default() };
        messages.open.extend(lives);
        messages
    }

    /// Messages of lines that follow these.
    pub(super) fn part(&self) -> Messages {
        let Messages { seed, patience, .. } = *self;
        Messages { seed, patience, open: self.open.like(), ..Messages::default() }
    }

    /// Waits for messages as long as this.
    pub(super) fn patient(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Leaves what is open. What had begun before the first log had no beginning there either.
    pub(super) fn pause(&mut self, take: impl FnMut(&mut Come)) -> Open {
        self.look_through(take);
        let mut lives = Vec::with_capacity(self.open.len());
        std::mem::take(&mut self.open).discard_all(|id, life| lives.push((id, std::mem::take(life))));
        lives.sort_by_key(|(id, life)| (life.touched, *id));
        Open { lives, forgotten: std::mem::take(&mut self.forgotten), clock: self.clock, seed: self.seed }
    }

    /// An id is given out. Of the host that wrote the line [`host_number`](super::id::host_number) is asked here and in what follows.
    #[inline]
    pub(super) fn arrival(&mut self, host: u64, queue_id: &[u8], remote: bool) {
        let id = Id::new(host, queue_id);
        self.mention(id);
        match self.open.entry(id) {
            Entry::Free(place) => {
                self.begun.push(Begun { id, sender: None, heads: self.heads.len(), clock: self.clock });
                place.insert(Life::begun(remote, self.clock));
            }
            Entry::There(mut known) if known.get().has_progress() => {
                let life = std::mem::replace(known.get_mut(), Life::begun(remote, self.clock));
                self.ended(id, life);
            }
            Entry::There(mut known) => {
                let known = known.get_mut();
                known.touched = self.clock;
                known.remote = remote;
            }
        }
    }

    /// Something is said of this id.
    #[inline]
    fn mention(&mut self, id: Id) {
        self.clock += 1;
        self.end_if_over(id);
    }

    /// Ends what was there of this id if nothing was said of it for too long.
    #[inline]
    fn end_if_over(&mut self, id: Id) {
        // Few chunks are so long.
        if self.clock > self.patience.shortest() {
            self.end_what_is_over(id);
        }
    }

    #[cold]
    fn end_what_is_over(&mut self, id: Id) {
        let Entry::There(mut known) = self.open.entry(id) else { return };
        if !known.get().is_over(self.clock, self.patience) {
            return;
        }
        if known.get().whole {
            let mut life = std::mem::replace(known.get_mut(), Life::begun(false, self.clock));
            lose(&mut life, &mut self.forgotten, &mut self.come);
        } else {
            // It is not over if more waits for it than is known here.
            let life = known.remove();
            self.heads.push(Head { id, life, again: Some(self.clock) });
        }
    }

    /// Ends what was there of this id.
    fn begin(&mut self, id: Id, sender: Option<Sender>) {
        match self.open.entry(id) {
            Entry::There(known) if known.get().has_progress() => {
                let mut life = known.remove();
                life.name_first(sender);
                self.ended(id, life);
            }
            Entry::There(_) => {}
            Entry::Free(_) => {
                self.begun.push(Begun { id, sender, heads: self.heads.len(), clock: self.clock });
            }
        }
    }

    /// The sender is named. `arrival`: by the line that begins the life.
    #[inline]
    pub(super) fn sender(&mut self, host: u64, queue_id: &[u8], named: Named, arrival: bool) {
        let id = Id::new(host, queue_id);
        self.mention(id);
        if arrival {
            self.begin(id, Some(named.sender));
        }
        let clock = self.clock;
        let life = self.open.entry(id).or_insert_with(|| Life::of(arrival, clock));
        life.touched = self.clock;
        life.name(named, &mut self.come.settled);
    }

    /// A recipient was tried. Gives the sender if that is known, or never will be; else the attempt waits in its life, unless
    /// the line itself `named` the sender.
    #[inline(always)]
    pub(super) fn attempt(
        &mut self,
        host: u64,
        outcome: &Outcome<'_>,
        action: Action,
        attempt: Attempt,
        named: bool,
    ) -> Option<Sender> {
        let Some(queue_id) = outcome.queue_id else { return Some(None).filter(|_| !named) };
        let id = Id::new(host, queue_id);
        self.mention(id);
        if action != Action::Delayed {
            self.come.recipients += 1;
        }
        let clock = self.clock;
        let life = self.open.entry(id).or_insert_with(|| Life::of(false, clock));
        life.touched = self.clock;
        let recipient = || xxh3_64_with_seed(outcome.recipient.unwrap_or_default(), self.seed);
        life.tried(attempt, action, named, recipient, &mut self.come.recovered)
    }

    /// A message leaves the queue.
    #[inline]
    pub(super) fn done(&mut self, host: u64, queue_id: &[u8]) {
        let id = Id::new(host, queue_id);
        self.end_if_over(id);
        match self.open.entry(id) {
            Entry::There(mut known) if known.get().whole => {
                self.come.of(known.get_mut());
                known.discard();
            }
            Entry::There(known) => {
                let life = known.remove();
                self.ended(id, life);
            }
            Entry::Free(_) => self.ended(id, Life::of(false, self.clock)),
        }
    }

    /// The life of an id is over.
    fn ended(&mut self, id: Id, mut life: Life) {
        if life.whole {
            self.come.of(&mut life);
        } else {
            self.heads.push(Head { id, life, again: None });
            // From here on the id is new.
            self.open.entry(id).or_insert_with(|| Life::begun(false, 0));
        }
    }

    /// Takes what follows out of `next`, where this one begins with the log; `slot` and `domain` translate its numbers. What is
    /// to be taken by the tally is handed to `take` now and then.
    pub(super) fn absorb(
        &mut self,
        next: &mut Messages,
        slot: impl Fn(Slot) -> Slot,
        domain: impl Fn(u32) -> u32,
        take: impl FnMut(&mut Come),
    ) {
        let (offset, patience) = (self.clock, self.patience);
        let translate = |life: &mut Life| {
            life.rename(&domain);
            life.renumber(&slot);
            life.touched += offset;
        };
        self.clock += std::mem::take(&mut next.clock);
        self.forgotten += std::mem::take(&mut next.forgotten);
        self.come.absorb(&mut next.come, &slot, &domain);
        self.fetch(next);
        let mut begun = next.begun.drain(..).peekable();
        for (number, Head { id, mut life, again }) in next.heads.drain(..).enumerate() {
            while let Some(before) = begun.next_if(|begun| begun.heads <= number) {
                self.give_way(&before, offset, &domain);
            }
            translate(&mut life);
            let mut life = self.joined(id, life, offset);
            let Messages { open, come, forgotten, .. } = self;
            match again {
                None => come.of(&mut life),
                Some(again) if life.is_over(offset + again, patience) => lose(&mut life, forgotten, come),
                Some(_) => {
                    life.make_whole(&mut come.settled, &mut come.recovered);
                    open.extend([(id, life)]);
                }
            }
        }
        for begun in begun {
            self.give_way(&begun, offset, &domain);
        }
        let Messages { open, come, forgotten, .. } = self;
        next.open.discard_all(|id, life| match open.entry(id) {
            Entry::Free(place) => {
                // A life that nothing was said of yet need not be kept: the next word begins it.
                if life.has_progress() || life.remote {
                    // Moved first: what was just written in parts is slow to be read as one.
                    let life = place.insert(std::mem::take(life));
                    translate(life);
                    life.make_whole(&mut come.settled, &mut come.recovered);
                }
            }
            // Not a life that began there: to that one the old has given way.
            Entry::There(mut old) => {
                translate(life);
                let old = old.get_mut();
                if old.is_over(offset + life.opened(), patience) {
                    lose(old, forgotten, come);
                    *old = std::mem::take(life);
                    old.make_whole(&mut come.settled, &mut come.recovered);
                } else {
                    old.join(life, &mut come.settled, &mut come.recovered);
                }
            }
        });
        if self.open.len() > FEW.max(2 * self.kept) {
            self.look_through(take);
        }
        self.come.sum_up();
    }

    /// A life with what there was of it before it was spoken of here.
    fn joined(&mut self, id: Id, mut next: Life, offset: u64) -> Life {
        let Some(mut life) = self.open.remove(id) else { return next };
        if life.is_over(offset + next.opened(), self.patience) {
            lose(&mut life, &mut self.forgotten, &mut self.come);
            return next;
        }
        life.join(&mut next, &mut self.come.settled, &mut self.come.recovered);
        life
    }

    /// Looks once at all lives that may go on in `next`. They lie anywhere; asked for together they come from memory much faster than
    /// one after the other, each when the one before is joined.
    fn fetch(&self, next: &Messages) {
        let open = next.open.iter().filter(|(_, life)| !life.whole);
        let ids = next.heads.iter().map(|head| &head.id).chain(open.map(|(id, _)| id));
        let troubled = ids.filter_map(|id| self.open.get(id)).filter(|life| life.is_troubled()).count();
        std::hint::black_box(troubled);
    }

    /// How long recipients had waited that were delivered after all, by the number of the key that was their last answer.
    pub(super) fn recoveries(&mut self) -> &[Waits] {
        self.come.sum_up();
        &self.come.recoveries
    }

    /// Ends the life of an id that is given out anew.
    fn give_way(&mut self, begun: &Begun, offset: u64, domain: impl Fn(u32) -> u32) {
        let Some(mut life) = self.open.remove(begun.id) else { return };
        if life.is_over(offset + begun.clock, self.patience) {
            return lose(&mut life, &mut self.forgotten, &mut self.come);
        }
        life.name_first(begun.sender.map(|sender| sender.map(domain)));
        self.come.of(&mut life);
    }

    /// Ends all that is over, whatever may still be said: logs that never say that a message left the queue would fill the
    /// memory otherwise. What is to be taken by the tally is handed to `take` now and then.
    fn look_through(&mut self, mut take: impl FnMut(&mut Come)) {
        let (clock, patience) = (self.clock, self.patience);
        let Messages { open, come, forgotten, .. } = self;
        open.discard_if(
            |life| life.is_over(clock, patience),
            |life| {
                *forgotten += life.waits();
                come.of_one_of_many(life, &mut take);
            },
        );
        self.kept = self.open.len();
    }

    /// Ends the log: closes every life and tells how many recipients still wait. What is to be taken by the tally is handed to
    /// `take` now and then.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&mut Come)) -> u64 {
        self.look_through(&mut take);
        let Messages { open, heads, come, still, forgotten, .. } = self;
        // Of the log's first lines, where nobody has absorbed them.
        for Head { mut life, again, .. } in heads.drain(..) {
            *forgotten += again.map_or(0, |_| life.waits());
            come.of_one_of_many(&mut life, &mut take);
        }
        // What follows needs the memory.
        std::mem::take(open).discard_all(|_, life| {
            still.extend(life.waiting().map(|waiting| (waiting.slot, waiting.since)));
            come.of_one_of_many(life, &mut take);
        });
        *forgotten + still.len() as u64
    }
}

/// Nothing was said of a message for so long that it is taken to be gone. Who still waited for it may wait for ever.
fn lose(life: &mut Life, forgotten: &mut u64, come: &mut Come) {
    *forgotten += life.waits();
    come.of(life);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::Kind;
    use crate::smtp::Direction;

    #[test]
    fn who_waits_is_told_of_lines_that_nobody_absorbs_too() {
        let mut messages = Messages::default();
        messages.patient(Patience { idle: 1, waiting: 1 });
        // The first one is over when it is spoken of again, the second one at the end.
        for id in ["4F1A2B3C4D", "4F1A2B3C4E", "4F1A2B3C4F", "4F1A2B3C4D"] {
            let outcome = Outcome {
                queue_id: Some(id.as_bytes()),
                recipient: Some(b"r@example.org"),
                ..Outcome::new(Kind::Delivery, Direction::Out)
            };
            let attempt = Attempt { slot: 0, at: None, retry: false, late: false };
            assert_eq!(messages.attempt(0, &outcome, Action::Delayed, attempt, false), None);
        }
        assert_eq!(messages.finish(|_| ()), 4);
        assert_eq!((messages.still.len(), messages.come.messages), (2, 4));
    }
}
