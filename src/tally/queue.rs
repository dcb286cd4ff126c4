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

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::by_id::{ById, Entry};
use super::id::Id;
use super::keys::Slot;
use super::life::{Life, Named, Sender};
use super::trouble::{Attempt, Recovery};
use crate::mta::Outcome;
use crate::smtp::Action;
use crate::summary::{WAITS, Waits};
use crate::time::Instant;

/// Open lives kept at most before those are dropped that can hardly go on. Logs that never say that a message left the
/// queue would fill the memory otherwise.
const OPEN_LIMIT: usize = 1 << 17;

/// A life that began here: an earlier chunk's life of this id ended with that.
#[derive(Debug)]
struct Begun {
    id: Id,
    /// The sender that the first line names, for the attempts before it.
    sender: Option<Sender>,
    /// How many heads there were before.
    heads: usize,
}

/// The messages of some neighbouring lines.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Lives that go on.
    open: ById<Life>,
    /// Lives that ended here and began before.
    heads: Vec<(Id, Life)>,
    /// Lives that began here, ended or not.
    begun: Vec<Begun>,
    /// What came of lives.
    pub(super) come: Come,
    /// Of each recipient that still waits at the end the last refusal, and when it was put off first.
    pub(super) still: Vec<(Slot, Option<Instant>)>,
    /// Recipients that waited when their life was dropped.
    forgotten: u64,
    /// Mentions so far.
    clock: u64,
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
        lives.iter_mut().for_each(|(_, life)| life.was_counted());
        let mut messages = Messages { forgotten, clock, seed, ..Messages::default() };
        messages.open.extend(lives);
        messages
    }

    /// Messages of lines that follow these.
    pub(super) fn part(&self) -> Messages {
        Messages { seed: self.seed, open: self.open.like(), ..Messages::default() }
    }

    /// Leaves what is open. What had begun before the first log had no beginning there either.
    pub(super) fn pause(&mut self) -> Open {
        let mut lives = Vec::with_capacity(self.open.len());
        std::mem::take(&mut self.open).discard_all(|id, life| lives.push((id, std::mem::take(life))));
        lives.sort_by_key(|(id, life)| (life.touched, *id));
        Open { lives, forgotten: std::mem::take(&mut self.forgotten), clock: self.clock, seed: self.seed }
    }

    /// An id is given out. Of the host that wrote the line [`host_number`](super::id::host_number) is asked here and in what follows.
    #[inline]
    pub(super) fn arrival(&mut self, host: u64, queue_id: &[u8], remote: bool) {
        let id = Id::new(host, queue_id);
        self.clock += 1;
        match self.open.entry(id) {
            Entry::Free(place) => {
                self.begun.push(Begun { id, sender: None, heads: self.heads.len() });
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

    /// Ends what was there of this id.
    fn begin(&mut self, id: Id, sender: Option<Sender>) {
        match self.open.entry(id) {
            Entry::There(known) if known.get().has_progress() => {
                let mut life = known.remove();
                life.name_first(sender);
                self.ended(id, life);
            }
            Entry::There(_) => {}
            Entry::Free(_) => self.begun.push(Begun { id, sender, heads: self.heads.len() }),
        }
    }

    /// The sender is named. `arrival`: by the line that begins the life.
    #[inline]
    pub(super) fn sender(&mut self, host: u64, queue_id: &[u8], named: Named, arrival: bool) {
        let id = Id::new(host, queue_id);
        if arrival {
            self.begin(id, Some(named.sender));
        }
        self.clock += 1;
        let life = self.open.entry(id).or_insert_with(|| Life::of(arrival));
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
        self.clock += 1;
        if action != Action::Delayed {
            self.come.recipients += 1;
        }
        let life = self.open.entry(Id::new(host, queue_id)).or_insert_with(Life::default);
        life.touched = self.clock;
        let recipient = || xxh3_64_with_seed(outcome.recipient.unwrap_or_default(), self.seed);
        life.tried(attempt, action, named, recipient, &mut self.come.recovered)
    }

    /// A message leaves the queue.
    #[inline]
    pub(super) fn done(&mut self, host: u64, queue_id: &[u8]) {
        let id = Id::new(host, queue_id);
        match self.open.entry(id) {
            Entry::There(mut known) if known.get().whole => {
                self.come.of(known.get_mut());
                known.discard();
            }
            Entry::There(known) => {
                let life = known.remove();
                self.ended(id, life);
            }
            Entry::Free(_) => self.ended(id, Life::default()),
        }
    }

    /// The life of an id is over.
    fn ended(&mut self, id: Id, mut life: Life) {
        if life.whole {
            self.come.of(&mut life);
        } else {
            self.heads.push((id, life));
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
        let offset = self.clock;
        let translate = |life: &mut Life| {
            life.rename(&domain);
            life.renumber(&slot);
            life.touched += offset;
        };
        self.clock += std::mem::take(&mut next.clock);
        self.come.absorb(&mut next.come, &slot, &domain);
        self.fetch(next);
        let mut begun = next.begun.drain(..).peekable();
        for (number, (id, mut head)) in next.heads.drain(..).enumerate() {
            while let Some(before) = begun.next_if(|begun| begun.heads <= number) {
                self.give_way(&before, &domain);
            }
            translate(&mut head);
            if let Some(mut life) = self.open.remove(id) {
                life.join(&mut head, &mut self.come.settled, &mut self.come.recovered);
                self.come.of(&mut life);
            } else {
                self.come.of(&mut head);
            }
        }
        for begun in begun {
            self.give_way(&begun, &domain);
        }
        let Messages { open, come: Come { settled, recovered, .. }, .. } = self;
        next.open.discard_all(|id, life| match open.entry(id) {
            Entry::Free(place) => {
                // A life that nothing was said of yet need not be kept: the next word begins it.
                if life.has_progress() || life.remote {
                    // Moved first: what was just written in parts is slow to be read as one.
                    let life = place.insert(std::mem::take(life));
                    translate(life);
                    life.make_whole(settled, recovered);
                }
            }
            // Not a life that began there: to that one the old has given way.
            Entry::There(mut old) => {
                translate(life);
                old.get_mut().join(life, settled, recovered);
            }
        });
        self.forget(OPEN_LIMIT, take);
        self.come.sum_up();
    }

    /// Looks once at all lives that may go on in `next`. They lie anywhere; asked for together they come from memory much faster than
    /// one after the other, each when the one before is joined.
    fn fetch(&self, next: &Messages) {
        let open = next.open.iter().filter(|(_, life)| !life.whole);
        let ids = next.heads.iter().chain(open).map(|(id, _)| id);
        let troubled = ids.filter_map(|id| self.open.get(id)).filter(|life| life.is_troubled()).count();
        std::hint::black_box(troubled);
    }

    /// How long recipients had waited that were delivered after all, by the number of the key that was their last answer.
    pub(super) fn recoveries(&mut self) -> &[Waits] {
        self.come.sum_up();
        &self.come.recoveries
    }

    /// Ends the life of an id that is given out anew.
    fn give_way(&mut self, begun: &Begun, domain: impl Fn(u32) -> u32) {
        if let Some(mut life) = self.open.remove(begun.id) {
            life.name_first(begun.sender.map(|sender| sender.map(domain)));
            self.come.of(&mut life);
        }
    }

    /// Drops the older half when there are more than the limit: first lives without a sender, then all that wait for nothing, then
    /// those that wait. A recipient dropped so still counts as waiting; tried again, it counts again.
    fn forget(&mut self, limit: usize, mut take: impl FnMut(&mut Come)) {
        if self.open.len() <= limit {
            return;
        }
        let before = self.clock.saturating_sub(limit as u64 / 2);
        let hold = |life: &Life| match (life.is_waited_for(), life.is_named()) {
            (false, false) => 0,
            (false, true) => 1,
            (true, _) => 2,
        };
        let mut old = [0; 3];
        self.open.iter().filter(|(_, life)| life.touched < before).for_each(|(_, life)| old[hold(life)] += 1);
        // Each of the three only where those before do not suffice.
        let mut left = self.open.len();
        let goes = |more: &&usize| {
            let goes = left > limit;
            left -= **more;
            goes
        };
        let going = old.iter().take_while(goes).count();
        let Messages { open, come, forgotten, .. } = self;
        let to_go = |life: &Life| life.touched < before && hold(life) < going;
        open.discard_if(to_go, |life| {
            *forgotten += life.waits();
            come.of_one_of_many(life, &mut take);
        });
    }

    /// Ends the log: closes every life and tells how many recipients still wait. What is to be taken by the tally is handed to
    /// `take` now and then.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&mut Come)) -> u64 {
        let Messages { open, heads, come, still, forgotten, .. } = self;
        heads.drain(..).for_each(|(_, mut life)| come.of_one_of_many(&mut life, &mut take));
        // What follows needs the memory.
        std::mem::take(open).discard_all(|_, life| {
            still.extend(life.waiting().map(|waiting| (waiting.slot, waiting.since)));
            come.of_one_of_many(life, &mut take);
        });
        *forgotten + still.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_oldest_go_and_first_those_that_can_hardly_go_on(
            limit in 1_usize..20,
            lives in prop::collection::vec((0_usize..60, any::<bool>(), any::<bool>()), 0..60),
        ) {
            let mut messages = Messages::default();
            let mut plain = BTreeMap::new();
            for (number, waits, named) in lives {
                let id = Id::new(1, format!("{number:08}").as_bytes());
                messages.clock += 1;
                let mut life = Life::of(true);
                life.touched = messages.clock;
                let action = if waits { Action::Delayed } else { Action::Failed };
                let attempt = Attempt { slot: 1, at: None, retry: false, late: false };
                life.tried(attempt, action, false, || 1, &mut Vec::new());
                if named {
                    let named = Named { sender: None, null: false, remote: false };
                    life.name(named, &mut Vec::new());
                }
                messages.open.extend([(id, life)]);
                plain.insert(id, (messages.clock, waits, named));
            }
            let before = messages.clock.saturating_sub(limit as u64 / 2);
            let may_go: [fn(bool, bool) -> bool; 3] =
                [|waits, named| !waits && !named, |waits, _| !waits, |_, _| true];
            let mut forgotten = 0;
            for may_go in may_go {
                if plain.len() > limit {
                    let gone = plain.extract_if(.., |_, (touched, waits, named)| *touched < before && may_go(*waits, *named));
                    forgotten += gone.filter(|(_, (_, waits, _))| *waits).count() as u64;
                }
            }
            messages.forget(limit, |_| ());
            prop_assert_eq!(messages.forgotten, forgotten);
            let left: BTreeMap<Id, u64> = messages.open.iter().map(|(id, life)| (*id, life.touched)).collect();
            prop_assert_eq!(left, plain.into_iter().map(|(id, (touched, ..))| (id, touched)).collect());
        }
    }
}
