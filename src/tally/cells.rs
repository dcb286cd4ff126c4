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

/// One number's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) slot: Slot,
    pub(super) role: Role,
    /// Of a party.
    pub(super) name: Option<u32>,
    /// Start of the bucket; none for lines without a stamp.
    pub(super) bucket: Option<Instant>,
}

impl Cell {
    /// A place for it in the small table, the same at any time.
    #[inline]
    fn place(&self) -> usize {
        let name = self.name.map_or(0, |name| u64::from(name) + 1);
        let apart = u64::from(self.slot) << 32 ^ name << 3 ^ self.role as u64;
        (apart.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize % PLACES
    }

    /// Orders by key and party, then by time.
    #[inline]
    fn order(&self) -> (u64, u8, Option<Instant>) {
        let name = self.name.map_or(0, |name| u64::from(name) + 1);
        (u64::from(self.slot) << 33 | name, self.role as u8, self.bucket)
    }
}

/// Places in the small table.
const PLACES: usize = 512;

/// Numbers in the list at least before equal cells in it are put together.
const LEAST: usize = 1 << 16;

/// The numbers.
#[derive(Debug)]
pub(super) struct Cells {
    recent: Box<[Option<(Cell, Tries)>; PLACES]>,
    /// What left the small table; a cell may stand here more than once.
    list: Vec<(Cell, Tries)>,
    /// How long the list may grow before it is put together.
    limit: usize,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { recent: Box::new([None; PLACES]), list: Vec::new(), limit: LEAST }
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
            self.gather();
            self.limit = LEAST.max(2 * self.list.len());
        }
    }

    /// Puts equal cells together, those of one party one after the other. What was in order stays a run, which is what
    /// the sort looks for.
    fn gather(&mut self) {
        self.list.sort_by_key(|(cell, _)| cell.order());
        self.list.dedup_by(|(next, tries), (cell, sum)| {
            let same = next == cell;
            if same {
                sum.add(*tries);
            }
            same
        });
    }

    /// Takes out everything, in no order; a cell may come more than once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Cell, Tries)> {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        self.limit = LEAST;
        self.list.drain(..)
    }

    /// All there is: each cell once, those of one party one after the other.
    pub(super) fn settle(&mut self) -> &[(Cell, Tries)] {
        self.list.extend(self.recent.iter_mut().filter_map(Option::take));
        self.gather();
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
                let cell = Cell { slot, role: Role::Relay, name: Some(name), bucket: Some(bucket * 60) };
                cells.add(cell, Tries::one(retry));
                let sums = plain.entry((slot, name, bucket * 60)).or_default();
                *sums = (sums.0 + 1, sums.1 + u64::from(retry));
            }
            let settled: Vec<_> = cells
                .settle()
                .iter()
                .map(|(cell, tries)| {
                    ((cell.slot, cell.name.unwrap(), cell.bucket.unwrap()), (tries.count, tries.retries))
                })
                .collect();
            prop_assert!(settled.is_sorted());
            prop_assert_eq!(settled, plain.into_iter().collect::<Vec<_>>());
        }
    }
}
