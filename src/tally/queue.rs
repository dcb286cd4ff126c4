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

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::id::Id;
use super::keys::Slot;
use super::marks::Marks;
use super::patience::Patience;
use crate::mta::Outcome;
use crate::smtp::Action;
use crate::summary::{WAITS, Waits};
use crate::time::Instant;

/// Open lives that are not looked through for those that are over.
const FEW: usize = 1 << 17;

/// An attempt.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) slot: Slot,
    pub(super) at: Option<Instant>,
    /// It repeats an earlier one of the same message.
    pub(super) retry: bool,
    /// It was counted in an earlier log, and only what became of it is known now.
    #[serde(skip)]
    pub(super) late: bool,
}

/// A recipient that was put off.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Waiting {
    /// By hash.
    recipient: u64,
    /// The last answer.
    slot: Slot,
    /// When it was put off first.
    since: Option<Instant>,
}

/// A recipient that reached an end, in a life whose beginning was not seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ended {
    recipient: u64,
    at: Option<Instant>,
    delivered: bool,
    /// How it had waited, as far as seen here.
    waited: Option<Waiting>,
}

/// The sender's domain, if the sender has one.
pub(super) type Sender = Option<u32>;

/// A sender as a line names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) sender: Sender,
    /// It is the null path.
    pub(super) null: bool,
    /// The line says that another host sent the message.
    pub(super) remote: bool,
}

/// What is known of a message.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Life {
    /// Its beginning was seen here; nothing before this chunk belongs to it.
    whole: bool,
    /// Its sender is the null path.
    null: bool,
    /// Another host sent it to us.
    remote: bool,
    /// Tried at least once to another host.
    attempted: bool,
    /// Position of the first mention in this chunk, to know what came before for how long it was not spoken of.
    #[serde(skip)]
    opened: u32,
    /// The sender as first named, for the attempts before that.
    first: Option<Sender>,
    /// The sender as last named, for the attempts after that.
    last: Option<Sender>,
    /// Position of the last mention.
    touched: u64,
    /// Most messages are delivered at once and have nothing of this.
    trouble: Option<Box<Trouble>>,
}

/// What is known of a message that was not just taken and delivered. Most of these were refused or put off.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Trouble {
    /// Attempts before the sender was named.
    nameless: Vec<Attempt>,
    /// Answers that refused it, each with the first time.
    met: Few<Attempt>,
    /// Recipients that were delayed last.
    waiting: Few<Waiting>,
    /// Recipients that reached an end here; kept only where an earlier chunk may hold them as waiting.
    ended: Vec<Ended>,
}

/// Mostly one.
type Few<T> = SmallVec<[T; 1]>;

impl Life {
    /// One that begins to be spoken of here.
    fn opened(clock: u64) -> Life {
        // No chunk has more lines.
        Life { opened: u32::try_from(clock).unwrap_or(u32::MAX), ..Life::default() }
    }

    fn has_progress(&self) -> bool {
        self.attempted || self.last.is_some()
    }

    /// Whether it is over at this position.
    fn is_over(&self, clock: u64, patience: Patience) -> bool {
        clock - self.touched > patience.of(self.last.is_some() || !self.waiting().is_empty())
    }

    /// All slots in it, to be translated.
    pub(super) fn slots(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.trouble.iter_mut().flat_map(|trouble| {
            let Trouble { nameless, met, waiting, ended } = &mut **trouble;
            let waited = ended.iter_mut().filter_map(|ended| ended.waited.as_mut());
            let attempts = nameless.iter_mut().chain(met).map(|attempt| &mut attempt.slot);
            attempts.chain(waiting.iter_mut().chain(waited).map(|waiting| &mut waiting.slot))
        })
    }

    /// All names in it, to be translated.
    pub(super) fn names(&mut self) -> impl Iterator<Item = &mut u32> {
        [&mut self.first, &mut self.last].into_iter().filter_map(|sender| sender.as_mut()?.as_mut())
    }

    fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    fn waiting(&self) -> &[Waiting] {
        self.trouble.as_ref().map_or(&[], |trouble| &trouble.waiting)
    }

    /// Attempts whose sender is named at last.
    fn take_nameless(&mut self) -> impl Iterator<Item = Attempt> {
        let nameless = self.trouble.as_mut().map(|trouble| std::mem::take(&mut trouble.nameless));
        nameless.into_iter().flatten()
    }

    /// What follows belongs to the same message. Attempts that get a sender by this go to `settled`.
    fn join(&mut self, next: Life, settled: &mut Vec<(Attempt, Sender)>, recovered: &mut Vec<(Slot, i64)>) {
        if let Some(first) = next.first {
            settled.extend(self.take_nameless().map(|attempt| (attempt, first)));
        }
        if let Some(trouble) = next.trouble {
            match self.last.or(next.first) {
                Some(sender) => {
                    settled.extend(trouble.nameless.into_iter().map(|attempt| (attempt, sender)));
                }
                None if trouble.nameless.is_empty() => {}
                None => self.trouble().nameless.extend(trouble.nameless),
            }
            for met in trouble.met {
                self.meet(met);
            }
            for ended in trouble.ended {
                self.ended_here(ended, recovered);
            }
            for waiting in trouble.waiting {
                self.wait(waiting);
            }
        }
        self.first = self.first.or(next.first);
        self.last = next.last.or(self.last);
        self.null |= next.null;
        self.remote |= next.remote;
        self.attempted |= next.attempted;
        self.touched = next.touched;
    }

    /// Nothing comes before: the log begins here.
    fn make_whole(&mut self, settled: &mut Vec<(Attempt, Sender)>, recovered: &mut Vec<(Slot, i64)>) {
        self.whole = true;
        if let Some(trouble) = &mut self.trouble {
            for ended in std::mem::take(&mut trouble.ended) {
                recovered.extend(ended.waited.and_then(|waited| ended.recovery(waited)));
            }
        }
        if let Some(first) = self.first {
            settled.extend(self.take_nameless().map(|attempt| (attempt, first)));
        }
    }
}

impl Life {
    /// It met a refusal.
    fn meet(&mut self, met: Attempt) {
        let known = &mut self.trouble().met;
        if !known.iter().any(|known| known.slot == met.slot) {
            known.push(met);
        }
    }

    /// A recipient is put off, for the first time or again.
    fn wait(&mut self, waiting: Waiting) {
        let all = &mut self.trouble().waiting;
        match all.iter_mut().find(|known| known.recipient == waiting.recipient) {
            Some(known) => known.slot = waiting.slot,
            None => all.push(waiting),
        }
    }

    /// A recipient that waited reached its end.
    fn ended_here(&mut self, ended: Ended, recovered: &mut Vec<(Slot, i64)>) {
        let known = self.waiting().iter().position(|waiting| waiting.recipient == ended.recipient);
        let before = known.map(|at| self.trouble().waiting.swap_remove(at));
        if !self.whole {
            // What an earlier chunk knows of it counts: it is told when that is joined.
            self.trouble().ended.push(Ended { waited: ended.waited.or(before), ..ended });
            return;
        }
        let waited = match (before, ended.waited) {
            (Some(before), Some(last)) => Some(Waiting { slot: last.slot, ..before }),
            (before, last) => before.or(last),
        };
        recovered.extend(waited.and_then(|waited| ended.recovery(waited)));
    }
}

impl Ended {
    /// The last answer before the delivery, and the seconds from the first one to it.
    fn recovery(&self, waited: Waiting) -> Option<(Slot, i64)> {
        let since = waited.since.filter(|_| self.delivered)?;
        Some((waited.slot, (self.at? - since).max(0)))
    }
}

/// A life that began here: an earlier chunk's life of this id ended with that.
#[derive(Debug)]
struct Begun {
    id: Id,
    /// The sender that the first line names, for the attempts before it.
    sender: Option<Sender>,
    /// How many heads there were before.
    heads: usize,
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

/// Marks of all ids that are open and of some that were, so that whoever absorbs others need not look through all that is open.
#[derive(Debug)]
struct Marked {
    marks: Marks,
    /// Ids that were marked, and how many may be before too many others look like one.
    count: usize,
    most: usize,
    /// What the clock showed then: whatever was said of a message since may have opened one.
    clock: u64,
}

impl Marked {
    fn add(&mut self, id: Id) {
        self.marks.add(id.mixed());
        self.count += 1;
    }
}

/// The messages of some neighbouring lines.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Lives that go on.
    open: HashMap<Id, Life>,
    /// Of whoever absorbs others, if nothing was opened that is not marked.
    marked: Option<Marked>,
    /// Lives that ended here and began before.
    heads: Vec<Head>,
    /// Lives that began here, ended or not.
    begun: Vec<Begun>,
    /// Attempts whose sender is settled: to be taken by the tally.
    pub(super) settled: Vec<(Attempt, Sender)>,
    /// Refusals that messages met, each message once: to be taken by the tally.
    pub(super) met: Vec<Attempt>,
    /// Recipients that were delivered after all: the last refusal, and the seconds they had waited.
    recovered: Vec<(Slot, i64)>,
    /// The same of whoever absorbs others: how many by slot and class.
    recoveries: Vec<Waits>,
    /// Of each recipient that still waits at the end the last refusal, and when it was put off first.
    pub(super) still: Vec<(Slot, Option<Instant>)>,
    /// Messages that were attempted.
    pub(super) count: u64,
    /// Messages with the null sender that other hosts sent us.
    pub(super) bounces: u64,
    /// Recipients that reached an end.
    pub(super) recipients: u64,
    /// Recipients that waited when nothing was said of their message for too long.
    forgotten: u64,
    /// Mentions so far.
    clock: u64,
    patience: Patience,
    /// How many lives were open when last looked through.
    kept: usize,
    /// What recipients are hashed with: those who may keep the hashes shall not be able to look addresses up.
    seed: u64,
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
        lives.iter_mut().for_each(|(_, life)| life.touched = life.touched.min(clock));
        for trouble in lives.iter_mut().filter_map(|(_, life)| life.trouble.as_mut()) {
            trouble.nameless.iter_mut().chain(&mut trouble.met).for_each(|attempt| attempt.late = true);
        }
        Messages { open: lives.into_iter().collect(), forgotten, clock, seed, ..Messages::default() }
    }

    /// Messages of lines that follow these.
    pub(super) fn part(&self) -> Messages {
        Messages { seed: self.seed, patience: self.patience, ..Messages::default() }
    }

    /// Waits for messages as long as this.
    pub(super) fn patient(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Leaves what is open. What had begun before the first log had no beginning there either.
    pub(super) fn pause(&mut self) -> Open {
        self.look_through();
        let mut lives: Vec<(Id, Life)> = self.open.drain().collect();
        lives.sort_by_key(|(id, life)| (life.touched, *id));
        Open { lives, forgotten: std::mem::take(&mut self.forgotten), clock: self.clock, seed: self.seed }
    }

    /// An id is given out. Of the host that wrote the line [`host_number`](super::id::host_number) is asked here and in what follows.
    #[inline]
    pub(super) fn arrival(&mut self, host: u64, queue_id: &[u8], remote: bool) {
        let id = Id::new(host, queue_id);
        self.mention(id);
        let life = Life { whole: true, remote, touched: self.clock, ..Life::default() };
        match self.open.entry(id) {
            Entry::Vacant(place) => {
                self.begun.push(Begun { id, sender: None, heads: self.heads.len(), clock: self.clock });
                place.insert(life);
            }
            Entry::Occupied(known) if known.get().has_progress() => {
                self.end(id);
                *self.open.entry(id).or_default() = life;
            }
            Entry::Occupied(mut known) => {
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
        let Entry::Occupied(mut known) = self.open.entry(id) else { return };
        if !known.get().is_over(self.clock, self.patience) {
            return;
        }
        if known.get().whole {
            let new = Life { whole: true, touched: self.clock, ..Life::default() };
            let life = std::mem::replace(known.get_mut(), new);
            self.lose(life);
        } else {
            // It is not over if more waits for it than is known here.
            let life = known.remove();
            self.heads.push(Head { id, life, again: Some(self.clock) });
        }
    }

    /// Ends what was there of this id.
    fn begin(&mut self, id: Id, sender: Option<Sender>) {
        match self.open.get_mut(&id) {
            Some(life) if life.has_progress() => {
                life.first = life.first.or(sender);
                self.end(id);
            }
            Some(_) => {}
            None => self.begun.push(Begun { id, sender, heads: self.heads.len(), clock: self.clock }),
        }
    }

    /// The sender is named. `arrival`: by the line that begins the life.
    #[inline]
    pub(super) fn sender(&mut self, host: u64, queue_id: &[u8], named: Named, arrival: bool) {
        let id = Id::new(host, queue_id);
        let sender = named.sender;
        self.mention(id);
        if arrival {
            self.begin(id, Some(sender));
        }
        let clock = self.clock;
        let life = self.open.entry(id).or_insert_with(|| Life { whole: arrival, ..Life::opened(clock) });
        life.touched = self.clock;
        life.null |= named.null;
        life.remote |= named.remote;
        life.last = Some(sender);
        if life.first.is_none() {
            life.first = Some(sender);
            // Without its beginning, an earlier chunk may know an earlier name.
            if life.whole {
                self.settled.extend(life.take_nameless().map(|attempt| (attempt, sender)));
            }
        }
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
        let clock = self.clock;
        let life = self.open.entry(id).or_insert_with(|| Life::opened(clock));
        life.touched = clock;
        life.attempted = true;
        let delayed = action == Action::Delayed;
        if delayed || action == Action::Failed {
            life.meet(attempt);
        }
        if delayed || !life.whole || !life.waiting().is_empty() {
            let recipient = xxh3_64_with_seed(outcome.recipient.unwrap_or_default(), self.seed);
            if delayed {
                life.wait(Waiting { recipient, slot: attempt.slot, since: attempt.at });
            } else {
                let delivered = action != Action::Failed;
                let ended = Ended { recipient, at: attempt.at, delivered, waited: None };
                life.ended_here(ended, &mut self.recovered);
            }
        }
        if !delayed {
            self.recipients += 1;
        }
        if named {
            return None;
        }
        if life.last.is_none() {
            life.trouble().nameless.push(attempt);
        }
        life.last
    }

    /// A message leaves the queue.
    #[inline]
    pub(super) fn done(&mut self, host: u64, queue_id: &[u8]) {
        let id = Id::new(host, queue_id);
        self.end_if_over(id);
        let life = match self.open.entry(id) {
            Entry::Occupied(known) => {
                let life = known.get();
                // That of most: nothing of it is wanted elsewhere.
                if life.whole && life.trouble.is_none() {
                    self.count += u64::from(life.attempted);
                    self.bounces += u64::from(life.null && life.remote);
                    known.remove();
                    return;
                }
                known.remove()
            }
            Entry::Vacant(_) => Life::opened(self.clock),
        };
        self.ended(id, life);
    }

    fn end(&mut self, id: Id) {
        if let Some(life) = self.open.remove(&id) {
            self.ended(id, life);
        }
    }

    fn ended(&mut self, id: Id, life: Life) {
        if life.whole {
            self.close(life);
        } else {
            self.heads.push(Head { id, life, again: None });
            self.marked = None;
            // From here on the id is new.
            self.open.insert(id, Life { whole: true, ..Life::default() });
        }
    }

    /// Nothing was said of a message for so long that it is taken to be gone. Who still waited for it may wait for ever.
    fn lose(&mut self, life: Life) {
        self.forgotten += life.waiting().len() as u64;
        self.close(life);
    }

    #[expect(clippy::needless_pass_by_value, reason = "the life is over")]
    fn close(&mut self, life: Life) {
        self.count += u64::from(life.attempted);
        self.bounces += u64::from(life.null && life.remote);
        let Some(trouble) = &life.trouble else { return };
        self.recipients += trouble.waiting.len() as u64;
        // Few each time: looking at them costs less than taking them out.
        self.met.extend_from_slice(&trouble.met);
        for ended in &trouble.ended {
            self.recovered.extend(ended.waited.and_then(|waited| ended.recovery(waited)));
        }
        let sender = life.first.flatten();
        self.settled.extend(trouble.nameless.iter().map(|attempt| (*attempt, sender)));
    }

    /// Takes what follows out of `next`, where this one begins with the log; `slot` and `domain` translate its numbers.
    pub(super) fn absorb(
        &mut self,
        next: &mut Messages,
        slot: impl Fn(Slot) -> Slot,
        domain: impl Fn(u32) -> u32,
    ) {
        // Nearly all ids that are given out are new: few need be looked for among those that are open.
        let mut marked = self.marked();
        let offset = self.clock;
        let translate = |mut life: Life| {
            life.names().for_each(|name| *name = domain(*name));
            life.slots().for_each(|known| *known = slot(*known));
            life.touched += offset;
            life
        };
        let settled = next.settled.drain(..);
        self.settled.extend(
            settled.map(|(attempt, sender)| {
                (Attempt { slot: slot(attempt.slot), ..attempt }, sender.map(&domain))
            }),
        );
        self.met.extend(next.met.drain(..).map(|met| Attempt { slot: slot(met.slot), ..met }));
        self.recovered.extend(next.recovered.drain(..).map(|(old, waited)| (slot(old), waited)));
        self.count += std::mem::take(&mut next.count);
        self.bounces += std::mem::take(&mut next.bounces);
        self.recipients += std::mem::take(&mut next.recipients);
        self.forgotten += std::mem::take(&mut next.forgotten);
        self.clock += std::mem::take(&mut next.clock);
        self.fetch(next);
        next.heads.iter().filter(|head| head.again.is_some()).for_each(|head| marked.add(head.id));
        let marks = &marked.marks;
        let mut begun = next.begun.drain(..).filter(|begun| marks.may_hold(begun.id.mixed())).peekable();
        for (number, Head { id, life, again }) in next.heads.drain(..).enumerate() {
            while let Some(before) = begun.next_if(|begun| begun.heads <= number) {
                self.give_way(&before, offset, &domain);
            }
            let mut life = self.joined(id, translate(life), offset);
            match again {
                None => self.close(life),
                Some(again) if life.is_over(offset + again, self.patience) => self.lose(life),
                Some(_) => {
                    life.make_whole(&mut self.settled, &mut self.recovered);
                    self.open.insert(id, life);
                }
            }
        }
        for begun in begun {
            self.give_way(&begun, offset, &domain);
        }
        for (id, life) in next.open.drain() {
            let mut life = translate(life);
            match self.open.entry(id) {
                Entry::Vacant(place) => {
                    // A life that nothing was said of yet need not be kept: the next word begins it.
                    if life.has_progress() || life.remote {
                        life.make_whole(&mut self.settled, &mut self.recovered);
                        place.insert(life);
                        marked.add(id);
                    }
                }
                // Not a life that began there: to that one the old has given way.
                Entry::Occupied(mut old) => {
                    let old = old.get_mut();
                    if !old.is_over(offset + u64::from(life.opened), self.patience) {
                        old.join(life, &mut self.settled, &mut self.recovered);
                        continue;
                    }
                    life.make_whole(&mut self.settled, &mut self.recovered);
                    let old = std::mem::replace(old, life);
                    self.lose(old);
                }
            }
        }
        self.marked = Some(Marked { clock: self.clock, ..marked });
        if self.open.len() > FEW.max(2 * self.kept) {
            self.look_through();
        }
        self.sum_up();
    }

    /// A life of `next`, with what there was of it before.
    fn joined(&mut self, id: Id, next: Life, offset: u64) -> Life {
        let Some(mut life) = self.open.remove(&id) else { return next };
        if life.is_over(offset + u64::from(next.opened), self.patience) {
            self.lose(life);
            return next;
        }
        life.join(next, &mut self.settled, &mut self.recovered);
        life
    }

    /// Looks once at all lives that go on in `next`. They lie anywhere; asked for together they come from memory much faster than
    /// one after the other, each when the one before is joined.
    fn fetch(&self, next: &Messages) {
        let ids = next.heads.iter().map(|head| &head.id).chain(next.open.keys());
        let waiting: usize = ids.filter_map(|id| self.open.get(id)).map(|life| life.waiting().len()).sum();
        std::hint::black_box(waiting);
    }

    /// Marks of what is open: those that are there, where they serve.
    fn marked(&mut self) -> Marked {
        let there = self.marked.take();
        if let Some(marked) = there.filter(|marked| marked.clock == self.clock && marked.count <= marked.most)
        {
            return marked;
        }
        // Of what is looked for in a table that is full, an eighth is there by chance.
        let most = 4 * self.open.len() + 8192;
        let mut marked = Marked { marks: Marks::new(most.ilog2() + 3), count: 0, most, clock: self.clock };
        self.open.keys().for_each(|id| marked.add(*id));
        marked
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

    /// How long recipients had waited that were delivered after all, by the number of the key that was their last answer.
    pub(super) fn recoveries(&mut self) -> &[Waits] {
        self.sum_up();
        &self.recoveries
    }

    /// Ends the life of an id that is given out anew.
    fn give_way(&mut self, begun: &Begun, offset: u64, domain: impl Fn(u32) -> u32) {
        let Some(mut life) = self.open.remove(&begun.id) else { return };
        if life.is_over(offset + begun.clock, self.patience) {
            return self.lose(life);
        }
        life.first = life.first.or(begun.sender.map(|sender| sender.map(domain)));
        self.close(life);
    }

    /// Ends all that is over, whatever may still be said: logs that never say that a message left the queue would fill the
    /// memory otherwise.
    fn look_through(&mut self) {
        let (clock, patience) = (self.clock, self.patience);
        let is_over = |_: &Id, life: &mut Life| life.is_over(clock, patience);
        let over: Vec<Life> = self.open.extract_if(is_over).map(|(_, life)| life).collect();
        over.into_iter().for_each(|life| self.lose(life));
        self.kept = self.open.len();
    }

    /// Ends the log: closes every life and tells how many recipients still wait.
    pub(super) fn finish(&mut self) -> u64 {
        self.look_through();
        // Of the log's first lines, where nobody has absorbed them.
        let heads = std::mem::take(&mut self.heads);
        heads.into_iter().for_each(|head| self.close(head.life));
        let mut waiting = self.forgotten;
        let open: Vec<Life> = std::mem::take(&mut self.open).into_values().collect();
        for life in open {
            waiting += life.waiting().len() as u64;
            self.still.extend(life.waiting().iter().map(|waiting| (waiting.slot, waiting.since)));
            self.close(life);
        }
        waiting
    }
}
