//! Numbers by key, party and time.
//!
//! A log repeats itself: what is counted now was mostly counted a moment ago. So counts are gathered in a small table
//! where each cell has one place, and to a list when another cell wants it. Whoever absorbs the lists puts them together, by
//! party ([`Sums`]).

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use super::keys::Slot;
use crate::summary::{Buckets, Tries};
use crate::time::Instant;

/// What is counted of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// All attempts.
    All,
    /// Attempts for a sender domain.
    Sender,
    /// Attempts at a host.
    Relay,
    /// Attempts by a host of ours.
    Host,
    /// Refusals by recipient domain.
    RecipientDomain,
    /// Messages that met a refusal first.
    Message,
}

impl Role {
    const ALL: [Role; 6] =
        [Role::All, Role::Sender, Role::Relay, Role::Host, Role::RecipientDomain, Role::Message];
}

/// A party to a key, packed: there are many, and they are compared all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Who(
    /// The key's number in 29 bits, the role in 3, one more than the name's number in 32.
    u64,
);

impl Who {
    /// Nobody: there are fewer roles.
    const NONE: Who = Who(u64::MAX);

    /// `name` is that of a party, if it is known.
    #[inline]
    fn new(slot: Slot, role: Role, name: Option<u32>) -> Who {
        // Keys and names are numbered as they come; so many that a number would not fit would not fit into memory.
        let name = name.map_or(0, |name| u64::from(name) + 1);
        Who(u64::from(slot) << 35 | (role as u64) << 32 | name)
    }

    pub(super) fn slot(self) -> Slot {
        (self.0 >> 35) as Slot
    }

    pub(super) fn role(self) -> Role {
        Role::ALL[(self.0 >> 32) as usize % 8]
    }

    pub(super) fn name(self) -> Option<u32> {
        (self.0 as u32).checked_sub(1)
    }

    /// Whether both are of one key and one role.
    pub(super) fn is_beside(self, other: Who) -> bool {
        self.0 >> 32 == other.0 >> 32
    }
}

/// One number's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    who: Who,
    /// Start of the bucket.
    bucket: Instant,
}

/// The bucket of lines without a stamp.
pub(super) const NEVER: Instant = Instant::MIN;

impl Cell {
    /// `bucket` is named by its start.
    #[inline]
    pub(super) fn new(slot: Slot, role: Role, name: Option<u32>, bucket: Instant) -> Cell {
        Cell { who: Who::new(slot, role, name), bucket }
    }

    pub(super) fn who(&self) -> Who {
        self.who
    }

    pub(super) fn bucket(&self) -> Instant {
        self.bucket
    }

    /// A place for it in the small table, the same at any time.
    #[inline]
    fn place(&self) -> usize {
        (self.who.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize % PLACES
    }
}

/// Attempts, and in the upper half of the number those of them that were retries: as many as fit. Of the few cells that hold
/// more there is more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch(u32);

impl Batch {
    /// One attempt.
    #[inline]
    pub(super) fn one(retry: bool) -> Batch {
        Batch(u32::from(retry) << 16 | 1)
    }

    /// Both together, where they fit.
    #[inline]
    fn and(self, other: Batch) -> Option<Batch> {
        // Retries are attempts too: the upper half is never the first that is full.
        (self.0 as u16).checked_add(other.0 as u16)?;
        Some(Batch(self.0 + other.0))
    }

    fn tries(self) -> Tries {
        Tries { count: u64::from(self.0 as u16), retries: u64::from(self.0 >> 16) }
    }
}

/// A cell and what was counted in it.
pub(super) type Counted = (Cell, Batch);

/// Places in the small table.
const PLACES: usize = 2048;

/// Numbers in the list at most before they are put together.
const MOST: usize = 1 << 18;

/// A place where nothing was counted yet.
const EMPTY: Counted = (Cell { who: Who::NONE, bucket: NEVER }, Batch(0));

/// The numbers.
#[derive(Debug)]
pub(super) struct Cells {
    recent: Box<[Counted; PLACES]>,
    /// What left the small table; a cell may stand here more than once.
    list: Vec<Counted>,
    /// What was put together.
    sums: Sums,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { recent: Box::new([EMPTY; PLACES]), list: Vec::new(), sums: Sums::default() }
    }
}

impl Cells {
    /// Adds to a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: Cell, batch: Batch) {
        let (known, sum) = &mut self.recent[cell.place()];
        if *known == cell
            && let Some(both) = sum.and(batch)
        {
            *sum = both;
            return;
        }
        let old = (std::mem::replace(known, cell), std::mem::replace(sum, batch));
        if old.0.who != Who::NONE {
            self.set_aside(old);
        }
    }

    #[inline(never)]
    fn set_aside(&mut self, old: Counted) {
        self.list.push(old);
        if self.list.len() >= MOST {
            self.put_together();
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn sum(&mut self, all: &[Counted]) {
        self.sums.add(all);
    }

    /// Puts together what is in the list.
    pub(super) fn put_together(&mut self) {
        self.sums.add(&self.list);
        self.list.clear();
    }

    /// Names the buckets anew.
    pub(super) fn rename(&mut self, name: impl Fn(Who, Instant) -> Instant) {
        self.clear_table();
        self.list.iter_mut().for_each(|(cell, _)| cell.bucket = name(cell.who, cell.bucket));
        self.sums.rename(name);
    }

    fn clear_table(&mut self) {
        let places = self.recent.iter_mut().map(|place| std::mem::replace(place, EMPTY));
        self.list.extend(places.filter(|place| *place != EMPTY));
    }

    /// Takes out everything, most of it in order of time; a cell may come more than once.
    pub(super) fn take(&mut self) -> Vec<Counted> {
        self.clear_table();
        let later = std::mem::take(&mut self.list);
        if self.sums.parties.is_empty() {
            return later;
        }
        let mut all = std::mem::take(&mut self.sums).list();
        all.extend(later);
        all
    }

    /// Takes back the empty list, to be filled again.
    pub(super) fn give_back(&mut self, mut list: Vec<Counted>) {
        list.clear();
        self.list = list;
    }

    /// All parties with other numbers for names, in the order of key, role and name, and where each one's sums are. Two names
    /// may have become one.
    pub(super) fn settle(&mut self, name: impl Fn(u32) -> u32) -> Vec<(Who, Place)> {
        self.clear_table();
        self.put_together();
        self.list = Vec::new();
        self.sums.settle();
        let named = |who: Who| Who::new(who.slot(), who.role(), who.name().map(&name));
        let places = 0..;
        let mut all: Vec<(Who, Place)> =
            self.sums.parties.iter().zip(places).map(|(party, place)| (named(party.who), place)).collect();
        all.sort_unstable();
        all
    }

    /// What was counted of parties that are one, when all is settled.
    pub(super) fn buckets(&self, same: &[(Who, Place)]) -> Buckets {
        let bucket = |bucket: Instant| (bucket != NEVER).then_some(bucket);
        // There are very many of these lists, most of one bucket: how long one is, is known here, so that none is made longer.
        let of = |place| self.sums.of(place).map(|(at, batch)| (bucket(at), batch.tries())).collect();
        let mut all = same.iter().map(|(_, place)| of(*place));
        let mut buckets: Buckets = all.next().unwrap_or_default();
        all.for_each(|more| buckets.merge(more));
        buckets
    }
}

/// A party's place among all.
pub(super) type Place = u32;

/// Numbers put together, by party. Most parties have one bucket, and what comes is mostly of the bucket that was last added to:
/// that one stands with the party, all others in one list.
#[derive(Debug, Default)]
struct Sums {
    parties: Vec<Party>,
    /// By hash: one more than the place of a party, at the next free place behind where it should be; 0 is none.
    index: Vec<Place>,
    hasher: DefaultHashBuilder,
    /// In the order of parties, and of time.
    past: Vec<Past>,
    /// More of it, as it came.
    late: Vec<Past>,
    /// Where each party's own end in the past, when all is settled.
    ends: Vec<usize>,
}

/// A party, and what was counted in the bucket that was last added to.
#[derive(Debug)]
struct Party {
    who: Who,
    bucket: Instant,
    batch: Batch,
}

/// What was counted in another bucket of a party.
#[derive(Clone, Copy, Debug)]
struct Past {
    bucket: Instant,
    batch: Batch,
    place: Place,
}

impl Past {
    fn key(&self) -> (Place, Instant) {
        (self.place, self.bucket)
    }
}

/// Of the past that is in no order so many are let be.
const FEW: usize = 1 << 16;

/// Parties that are looked up together, so that the memory answers to all of them at once.
const TOGETHER: usize = 32;

impl Sums {
    fn add(&mut self, all: &[Counted]) {
        let mut places = [0; TOGETHER];
        for all in all.chunks(TOGETHER) {
            self.reserve(all.len());
            for (place, (cell, _)) in places.iter_mut().zip(all) {
                *place = self.place(cell);
            }
            for (place, (cell, batch)) in places.iter().zip(all) {
                self.add_to(*place, cell.bucket, *batch);
            }
        }
        if self.late.len() > (self.past.len() / 4).max(FEW) {
            self.put_in_order();
        }
    }

    /// The place of a cell's party. There must be room for one more.
    #[inline]
    fn place(&mut self, cell: &Cell) -> Place {
        let last = self.index.len() - 1;
        let mut at = self.hasher.hash_one(cell.who) as usize & last;
        while let Some(place) = self.index[at].checked_sub(1) {
            if self.parties[place as usize].who == cell.who {
                return place;
            }
            at = (at + 1) & last;
        }
        // Parties are fewer than would fit into memory if numbers did not suffice for them.
        let place = self.parties.len() as Place;
        self.index[at] = place + 1;
        self.parties.push(Party { who: cell.who, bucket: cell.bucket, batch: Batch(0) });
        place
    }

    #[inline]
    fn add_to(&mut self, place: Place, bucket: Instant, batch: Batch) {
        let party = &mut self.parties[place as usize];
        if party.bucket == bucket
            && let Some(both) = party.batch.and(batch)
        {
            party.batch = both;
            return;
        }
        self.late.push(Past { bucket: party.bucket, batch: party.batch, place });
        (party.bucket, party.batch) = (bucket, batch);
    }

    /// Makes the index twice as long as it must be, so that the way to a party is short.
    fn reserve(&mut self, more: usize) {
        let wanted = (self.parties.len() + more) * 2;
        if wanted <= self.index.len() {
            return;
        }
        let length = wanted.next_power_of_two();
        self.index.clear();
        self.index.resize(length, 0);
        for (party, number) in self.parties.iter().zip(1..) {
            let mut at = self.hasher.hash_one(party.who) as usize & (length - 1);
            while self.index[at] != 0 {
                at = (at + 1) & (length - 1);
            }
            self.index[at] = number;
        }
    }

    /// Puts what left a party among the past, and makes each bucket stand there once, but for what does not fit together.
    fn put_in_order(&mut self) {
        let Sums { past, late, .. } = self;
        late.sort_unstable_by_key(Past::key);
        // From the end on, where there is room.
        let (mut from, mut to) = (past.len(), past.len() + late.len());
        past.reserve_exact(late.len());
        past.extend_from_slice(late);
        for last in late.drain(..).rev() {
            while from > 0 && past[from - 1].key() > last.key() {
                (from, to) = (from - 1, to - 1);
                past[to] = past[from];
            }
            to -= 1;
            past[to] = last;
        }
        self.make_single();
    }

    /// Makes each bucket stand once among the past, but for what does not fit together.
    fn make_single(&mut self) {
        self.past.dedup_by(|next, known| {
            let both = known.batch.and(next.batch).filter(|_| next.key() == known.key());
            known.batch = both.unwrap_or(known.batch);
            both.is_some()
        });
    }

    /// Finds out where each party's own end in the past.
    fn settle(&mut self) {
        self.put_in_order();
        self.index = Vec::new();
        self.ends = vec![0; self.parties.len()];
        self.past.iter().for_each(|past| self.ends[past.place as usize] += 1);
        let mut sum = 0;
        for end in &mut self.ends {
            sum += *end;
            *end = sum;
        }
    }

    /// What was counted of a party, mostly in order of time, when it is settled.
    fn of(&self, place: Place) -> impl Iterator<Item = (Instant, Batch)> {
        let place = place as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let past = self.past[start..self.ends[place]].iter().map(|past| (past.bucket, past.batch));
        let party = &self.parties[place];
        past.chain(std::iter::once((party.bucket, party.batch)))
    }

    fn rename(&mut self, name: impl Fn(Who, Instant) -> Instant) {
        for past in self.past.iter_mut().chain(&mut self.late) {
            past.bucket = name(self.parties[past.place as usize].who, past.bucket);
        }
        self.parties.iter_mut().for_each(|party| party.bucket = name(party.who, party.bucket));
        // Wider buckets are in the order of the narrower ones.
        self.make_single();
    }

    /// Everything in one list, in order of time but for a few.
    fn list(&self) -> Vec<Counted> {
        let who = |place: Place| self.parties[place as usize].who;
        let past = self.past.iter().chain(&self.late);
        let past = past.map(|past| (Cell { who: who(past.place), bucket: past.bucket }, past.batch));
        let last =
            self.parties.iter().map(|party| (Cell { who: party.who, bucket: party.bucket }, party.batch));
        past.chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_counted_twice(
            adds in proptest::collection::vec((0_u32..3000, 0_u32..4, -1_i64..3, any::<bool>()), 0..6000),
            taken in any::<bool>(),
        ) {
            let mut cells = Cells::default();
            let mut plain: BTreeMap<(u32, u32, i64), (u64, u64)> = BTreeMap::new();
            for (slot, name, bucket, retry) in adds {
                let cell = Cell::new(slot, Role::Relay, Some(name), bucket * 60);
                cells.add(cell, Batch::one(retry));
                let sums = plain.entry((slot, 3 - name, (bucket * 60).max(0))).or_default();
                *sums = (sums.0 + 1, sums.1 + u64::from(retry));
            }
            if taken {
                let all = cells.take();
                cells.sum(&all);
                let all = cells.take();
                cells.sum(&all);
            }
            cells.rename(|_, bucket| bucket.max(0));
            let settled: Vec<_> = cells
                .settle(|name| 3 - name)
                .chunk_by(|(a, _), (b, _)| a == b)
                .flat_map(|same| {
                    let who = same[0].0;
                    cells.buckets(same).into_iter().map(move |(bucket, tries)| {
                        ((who.slot(), who.name().unwrap(), bucket.unwrap()), (tries.count, tries.retries))
                    })
                })
                .collect();
            prop_assert!(settled.is_sorted());
            prop_assert_eq!(settled, plain.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn sums_hold_more_than_fits_in_one_batch(
            adds in proptest::collection::vec((0_u32..3, prop_oneof![Just(NEVER), 0_i64..4], any::<u16>(), any::<u16>()), 0..200),
            merged in 0_usize..50,
        ) {
            let mut sums = Sums::default();
            let mut plain: BTreeMap<(u32, Instant), (u64, u64)> = BTreeMap::new();
            for (number, (slot, bucket, count, retries)) in adds.into_iter().enumerate() {
                let (count, retries) = (u32::from(count), u32::from(retries.min(count)));
                sums.add(&[(Cell::new(slot, Role::All, None, bucket), Batch(retries << 16 | count))]);
                let sum = plain.entry((slot, bucket)).or_default();
                *sum = (sum.0 + u64::from(count), sum.1 + u64::from(retries));
                if number % 50 == merged {
                    sums.put_in_order();
                }
            }
            let mut found: BTreeMap<(u32, Instant), (u64, u64)> = BTreeMap::new();
            for (cell, batch) in sums.list() {
                let (sum, tries) = (found.entry((cell.who().slot(), cell.bucket())).or_default(), batch.tries());
                *sum = (sum.0 + tries.count, sum.1 + tries.retries);
            }
            prop_assert_eq!(found, plain);
        }
    }

    #[test]
    fn cells_hold_what_was_put_in() {
        for role in Role::ALL {
            for (slot, name, bucket) in
                [(0, None, NEVER), (7, Some(0), -60), ((1 << 29) - 1, Some(u32::MAX - 1), 0)]
            {
                let cell = Cell::new(slot, role, name, bucket);
                let who = cell.who();
                assert_eq!((who.slot(), who.role(), who.name(), cell.bucket()), (slot, role, name, bucket));
            }
        }
    }
}
