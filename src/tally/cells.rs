//! Numbers by key, party and time.
//!
//! A log repeats itself: what is counted now was mostly counted a moment ago. So counts are gathered in a small table
//! where each cell has one place, and go to the map when another cell wants it.

use std::hash::{Hash, Hasher};

use hashbrown::HashMap;

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

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.apart());
        state.write_u64(self.bucket.map_or(1, |bucket| bucket as u64));
    }
}

impl Cell {
    /// All but the time: equal for equal parties to equal keys, and in the order of keys.
    #[inline]
    pub(super) fn apart(&self) -> u64 {
        let name = self.name.map_or(0, |name| u64::from(name) + 1);
        // Names are fewer than 2^29: so many would not fit into memory.
        u64::from(self.slot) << 32 ^ name << 3 ^ self.role as u64
    }
}

/// Places in the small table.
const PLACES: usize = 512;

/// The numbers.
#[derive(Debug)]
pub(super) struct Cells {
    recent: Box<[Option<(Cell, Tries)>; PLACES]>,
    map: HashMap<Cell, Tries>,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { recent: Box::new([None; PLACES]), map: HashMap::new() }
    }
}

impl Cells {
    /// Adds to a cell.
    #[inline]
    pub(super) fn add(&mut self, cell: Cell, tries: Tries) {
        let place = (cell.apart().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize % PLACES;
        match &mut self.recent[place] {
            Some((known, sum)) if *known == cell => sum.add(tries),
            place => {
                if let Some((old, sum)) = place.replace((cell, tries)) {
                    self.map.entry(old).or_default().add(sum);
                }
            }
        }
    }

    /// Takes out everything; each cell comes once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Cell, Tries)> {
        for place in &mut *self.recent {
            if let Some((cell, sum)) = place.take() {
                self.map.entry(cell).or_default().add(sum);
            }
        }
        self.map.drain()
    }

    /// Adds without the small table: for what will not come again soon.
    pub(super) fn put(&mut self, cell: Cell, tries: Tries) {
        self.map.entry(cell).or_default().add(tries);
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
            let mut drained: Vec<_> = cells
                .drain()
                .map(|(cell, tries)| {
                    ((cell.slot, cell.name.unwrap(), cell.bucket.unwrap()), (tries.count, tries.retries))
                })
                .collect();
            drained.sort_unstable();
            prop_assert_eq!(drained, plain.into_iter().collect::<Vec<_>>());
        }
    }
}
