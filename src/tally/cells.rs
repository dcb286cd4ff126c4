//! Numbers by key, party and time.
//!
//! A log repeats itself: what is counted now was mostly counted a moment ago. So counts are gathered in a small table
//! where each cell has one place, and to a list when another cell wants it. A list takes less than a map would: all that is
//! ever asked of it is its sums.

use super::keys::Slot;
use crate::summary::Tries;
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

/// One number's place, packed: there are many, and they are compared all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    /// The key's number in 29 bits, the role in 3, one more than the name's number in 32.
    who: u64,
    /// Start of the bucket.
    bucket: Instant,
}

/// The bucket of lines without a stamp.
const NEVER: Instant = Instant::MIN;

impl Cell {
    /// `name` is that of a party, if it is known; `bucket` is named by its start.
    #[inline]
    pub(super) fn new(slot: Slot, role: Role, name: Option<u32>, bucket: Option<Instant>) -> Cell {
        // Keys and names are numbered as they come; so many that a number would not fit would not fit into memory.
        let name = name.map_or(0, |name| u64::from(name) + 1);
        Cell { who: u64::from(slot) << 35 | (role as u64) << 32 | name, bucket: bucket.unwrap_or(NEVER) }
    }

    pub(super) fn slot(&self) -> Slot {
        (self.who >> 35) as Slot
    }

    pub(super) fn role(&self) -> Role {
        Role::ALL[(self.who >> 32) as usize % 8]
    }

    pub(super) fn name(&self) -> Option<u32> {
        (self.who as u32).checked_sub(1)
    }

    pub(super) fn bucket(&self) -> Option<Instant> {
        (self.bucket != NEVER).then_some(self.bucket)
    }

    /// Whether both are of one party to one key.
    pub(super) fn is_beside(&self, other: &Cell) -> bool {
        self.who == other.who
    }

    /// Whether both are of one key and one role.
    pub(super) fn is_of_one_role(&self, other: &Cell) -> bool {
        self.who >> 32 == other.who >> 32
    }

    /// Key, role, name and bucket as one number, in this order: comparing those needs no branch.
    #[inline]
    fn rank(&self) -> u128 {
        // The lowest instant becomes zero.
        u128::from(self.who) << 64 | u128::from(self.bucket.cast_unsigned() ^ 1 << 63)
    }

    /// A place for it in the small table, the same at any time.
    #[inline]
    fn place(&self) -> usize {
        (self.who.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize % PLACES
    }
}

/// Places in the small table.
const PLACES: usize = 2048;

/// Numbers in the list at least before equal cells in it are put together.
const LEAST: usize = 1 << 18;

/// The numbers.
#[derive(Debug)]
pub(super) struct Cells {
    recent: Box<[Option<(Cell, Tries)>; PLACES]>,
    /// What left the small table; a cell may stand here more than once.
    list: Vec<(Cell, Tries)>,
    /// How many of them are in order, each once.
    ordered: usize,
    /// How long the list may grow before it is put together.
    limit: usize,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { recent: Box::new([None; PLACES]), list: Vec::new(), ordered: 0, limit: LEAST }
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
                if let Some((old, sum)) = place.replace((cell, tries)) {
                    self.put(old, sum);
                }
            }
        }
    }

    /// Adds without the small table: for what will not come again soon.
    pub(super) fn put(&mut self, cell: Cell, tries: Tries) {
        self.list.push((cell, tries));
        if self.list.len() >= self.limit {
            self.put_together();
            self.limit = LEAST.max(2 * self.list.len());
        }
    }

    /// Puts equal cells together, with those of the small table.
    pub(super) fn gather(&mut self) {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        self.put_together();
    }

    /// Puts equal cells together, those of one party one after the other.
    fn put_together(&mut self) {
        self.list[self.ordered..].sort_unstable_by_key(|(cell, _)| cell.rank());
        // Two runs by now, which is what the stable sort looks for.
        self.list.sort_by_key(|(cell, _)| cell.rank());
        self.list.dedup_by(|(next, tries), (cell, sum)| {
            let same = next == cell;
            if same {
                sum.add(*tries);
            }
            same
        });
        self.ordered = self.list.len();
    }

    /// Takes out everything, in no order; a cell may come more than once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Cell, Tries)> {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        self.limit = LEAST;
        self.ordered = 0;
        self.list.drain(..)
    }

    /// All there is, with other numbers for names: each cell once, in the order of key, role, name and bucket.
    pub(super) fn settle(&mut self, name: impl Fn(u32) -> u32) -> &[(Cell, Tries)] {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        for (cell, _) in &mut self.list {
            *cell = Cell::new(cell.slot(), cell.role(), cell.name().map(&name), cell.bucket());
        }
        self.ordered = 0;
        self.put_together();
        &self.list
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
                .iter()
                .map(|(cell, tries)| {
                    ((cell.slot(), cell.name().unwrap(), cell.bucket().unwrap()), (tries.count, tries.retries))
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
                assert_eq!(
                    (cell.slot(), cell.role(), cell.name(), cell.bucket()),
                    (slot, role, name, bucket)
                );
            }
        }
    }
}
