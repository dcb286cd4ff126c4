//! Numbers by key, party and time.
//!
//! A log repeats itself: what is counted now was mostly counted a moment ago. So counts are gathered in a small table
//! where each cell has one place, and to a list when another cell wants it. Whoever absorbs the lists puts them together, by
//! party: most of what comes is of the party's last bucket.

use hashbrown::HashMap;

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
const NEVER: Instant = Instant::MIN;

impl Cell {
    /// `bucket` is named by its start.
    #[inline]
    pub(super) fn new(slot: Slot, role: Role, name: Option<u32>, bucket: Option<Instant>) -> Cell {
        Cell::of(Who::new(slot, role, name), bucket)
    }

    #[inline]
    fn of(who: Who, bucket: Option<Instant>) -> Cell {
        Cell { who, bucket: bucket.unwrap_or(NEVER) }
    }

    pub(super) fn who(&self) -> Who {
        self.who
    }

    pub(super) fn bucket(&self) -> Option<Instant> {
        (self.bucket != NEVER).then_some(self.bucket)
    }

    /// A place for it in the small table, the same at any time.
    #[inline]
    fn place(&self) -> usize {
        (self.who.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize % PLACES
    }
}

/// Places in the small table.
const PLACES: usize = 2048;

/// Numbers in the list at most before they are put together.
const MOST: usize = 1 << 18;

/// The numbers.
#[derive(Debug)]
pub(super) struct Cells {
    recent: Box<[Option<(Cell, Tries)>; PLACES]>,
    /// What left the small table; a cell may stand here more than once.
    list: Vec<(Cell, Tries)>,
    /// What was put together.
    sums: HashMap<Who, Buckets>,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { recent: Box::new([None; PLACES]), list: Vec::new(), sums: HashMap::new() }
    }
}

impl Cells {
    /// Adds to a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: Cell, tries: Tries) {
        let place = cell.place();
        match &mut self.recent[place] {
            Some((known, sum)) if *known == cell => sum.add(tries),
            place => {
                if let Some(old) = place.replace((cell, tries)) {
                    self.list.push(old);
                    if self.list.len() >= MOST {
                        self.put_together();
                    }
                }
            }
        }
    }

    /// Adds what was put together elsewhere, in order of time but for a few.
    pub(super) fn sum(&mut self, cell: Cell, tries: Tries) {
        self.sums.entry(cell.who).or_default().add(cell.bucket(), tries);
    }

    fn put_together(&mut self) {
        let mut list = std::mem::take(&mut self.list);
        list.drain(..).for_each(|(cell, tries)| self.sum(cell, tries));
        self.list = list;
    }

    /// Takes out everything, in no order; a cell may come more than once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Cell, Tries)> {
        let sums = self.sums.drain().flat_map(|(who, buckets)| {
            buckets.into_iter().map(move |(bucket, tries)| (Cell::of(who, bucket), tries))
        });
        sums.chain(self.list.drain(..)).chain(self.recent.iter_mut().filter_map(Option::take))
    }

    /// All there is, with other numbers for names, in the order of key, role and name.
    pub(super) fn settle(&mut self, name: impl Fn(u32) -> u32) -> Vec<(Who, Buckets)> {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        self.put_together();
        let named = |who: Who| Who::new(who.slot(), who.role(), who.name().map(&name));
        let mut all: Vec<(Who, Buckets)> =
            self.sums.drain().map(|(who, buckets)| (named(who), buckets)).collect();
        all.sort_unstable_by_key(|(who, _)| *who);
        // Two names may have become one.
        all.dedup_by(|(next, buckets), (who, sum)| {
            let same = next == who;
            if same {
                sum.merge(std::mem::take(buckets));
            }
            same
        });
        all
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
            adds in proptest::collection::vec((0_u32..3000, 0_u32..4, 0_i64..3, any::<bool>()), 0..6000),
        ) {
            let mut cells = Cells::default();
            let mut plain: BTreeMap<(u32, u32, i64), (u64, u64)> = BTreeMap::new();
            for (slot, name, bucket, retry) in adds {
                let cell = Cell::new(slot, Role::Relay, Some(name), Some(bucket * 60));
                cells.add(cell, Tries::one(retry));
                let sums = plain.entry((slot, 3 - name, bucket * 60)).or_default();
                *sums = (sums.0 + 1, sums.1 + u64::from(retry));
            }
            let settled: Vec<_> = cells
                .settle(|name| 3 - name)
                .into_iter()
                .flat_map(|(who, buckets)| {
                    buckets.into_iter().map(move |(bucket, tries)| {
                        ((who.slot(), who.name().unwrap(), bucket.unwrap()), (tries.count, tries.retries))
                    })
                })
                .collect();
            prop_assert!(settled.is_sorted());
            prop_assert_eq!(settled, plain.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn cells_hold_what_was_put_in() {
        for role in Role::ALL {
            for (slot, name, bucket) in
                [(0, None, None), (7, Some(0), Some(-60)), ((1 << 29) - 1, Some(u32::MAX - 1), Some(0))]
            {
                let cell = Cell::new(slot, role, name, bucket);
                let who = cell.who();
                assert_eq!((who.slot(), who.role(), who.name(), cell.bucket()), (slot, role, name, bucket));
            }
        }
    }
}
