//! What is known of messages, by id.
//!
//! A table of such large things is half room for more, and looking through it goes anywhere. Here they stand in a list, about
//! in the order in which they came, and a table of their places leads to them.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use hashbrown::hash_table::{HashTable, OccupiedEntry};

use super::id::Id;

/// Things by id.
#[derive(Debug)]
pub(super) struct ById<T> {
    /// Where in the list each one is.
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// [`Id::NONE`] is where nothing is.
    list: Vec<(Id, T)>,
    /// Where in the list nothing is.
    free: Vec<u32>,
}

impl<T> Default for ById<T> {
    fn default() -> ById<T> {
        ById {
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            list: Vec::new(),
            free: Vec::new(),
        }
    }
}

/// What is there of an id, or where it would be.
pub(super) enum Entry<'a, T> {
    There(There<'a, T>),
    Free(Free<'a, T>),
}

/// Something that is there.
pub(super) struct There<'a, T> {
    place: OccupiedEntry<'a, u32>,
    known: &'a mut (Id, T),
    free: &'a mut Vec<u32>,
}

/// Where something may be.
pub(super) struct Free<'a, T> {
    id: Id,
    hash: u64,
    places: &'a mut HashTable<u32>,
    hasher: &'a DefaultHashBuilder,
    list: &'a mut Vec<(Id, T)>,
    free: &'a mut Vec<u32>,
}

impl<'a, T: Default> Entry<'a, T> {
    /// What is there, or what is put there.
    #[inline(always)]
    pub(super) fn or_insert_with(self, new: impl FnOnce() -> T) -> &'a mut T {
        match self {
            Entry::There(there) => &mut there.known.1,
            Entry::Free(free) => free.insert(new()),
        }
    }
}

impl<T: Default> There<'_, T> {
    #[inline]
    pub(super) fn get(&self) -> &T {
        &self.known.1
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut T {
        &mut self.known.1
    }

    /// Takes it out.
    #[inline]
    pub(super) fn remove(mut self) -> T {
        let known = std::mem::take(self.get_mut());
        self.discard();
        known
    }

    /// Leaves its place to another: until one comes, what it holds is held there.
    #[inline(always)]
    pub(super) fn discard(self) {
        self.known.0 = Id::NONE;
        let (place, _) = self.place.remove();
        self.free.push(place);
    }
}

impl<'a, T> Free<'a, T> {
    #[inline]
    pub(super) fn insert(self, new: T) -> &'a mut T {
        let Free { id, hash, places, hasher, list, free } = self;
        let place = match free.pop() {
            Some(place) => {
                list[place as usize] = (id, new);
                place
            }
            // So many that their number would not fit would not fit into memory.
            None => {
                list.push((id, new));
                (list.len() - 1) as u32
            }
        };
        // Of a list that is mostly free the table finds its own sooner.
        if places.len() == places.capacity() && list.len() <= 4 * places.len() + 16 {
            *places = wider(places.len(), hasher, list, place);
        }
        places.insert_unique(hash, place, |place| hasher.hash_one(list[*place as usize].0));
        &mut list[place as usize].1
    }
}

/// A table with room for as many again. Made anew out of the list, which is read from its beginning to its end: a table that grows by itself
/// asks for what lies anywhere in it. What is at `but` comes in later.
#[cold]
fn wider<T>(len: usize, hasher: &DefaultHashBuilder, list: &[(Id, T)], but: u32) -> HashTable<u32> {
    let mut wider = HashTable::with_capacity(2 * len + 16);
    for ((id, _), place) in list.iter().zip(0..) {
        if *id != Id::NONE && place != but {
            wider
                .insert_unique(hasher.hash_one(*id), place, |place| hasher.hash_one(list[*place as usize].0));
        }
    }
    wider
}

impl<T: Default> ById<T> {
    /// None yet, to be asked for the same ids as these: what is found in one is found quickly in the other.
    pub(super) fn like(&self) -> ById<T> {
        ById { hasher: self.hasher.clone(), ..ById::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    #[inline]
    pub(super) fn get(&self, id: &Id) -> Option<&T> {
        let ById { places, hasher, list, .. } = self;
        let place = places.find(hasher.hash_one(id), |place| list[*place as usize].0 == *id)?;
        Some(&list[*place as usize].1)
    }

    #[inline(always)]
    pub(super) fn entry(&mut self, id: Id) -> Entry<'_, T> {
        let ById { places, hasher, list, free } = self;
        let hash = hasher.hash_one(id);
        // Most that are asked for are there: looking for room at once would make them wait.
        match places.find_entry(hash, |place| list[*place as usize].0 == id) {
            Ok(place) => {
                let known = &mut list[*place.get() as usize];
                Entry::There(There { place, known, free })
            }
            Err(absent) => {
                let places = absent.into_table();
                Entry::Free(Free { id, hash, places, hasher, list, free })
            }
        }
    }

    /// Takes out what is there of an id.
    #[inline]
    pub(super) fn remove(&mut self, id: Id) -> Option<T> {
        match self.entry(id) {
            Entry::There(there) => Some(there.remove()),
            Entry::Free(_) => None,
        }
    }

    /// All, about in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Id, T)> {
        self.list.iter().filter(|(id, _)| *id != Id::NONE)
    }

    /// Takes out all that are `to_go`: each is told when its place is about to be left to others.
    pub(super) fn discard_if(&mut self, to_go: impl Fn(&T) -> bool, mut gone: impl FnMut(&mut T)) {
        let ById { places, hasher, list, free } = self;
        let before = free.len();
        for ((id, known), place) in list.iter_mut().zip(0..) {
            if *id == Id::NONE || !to_go(known) {
                continue;
            }
            if let Ok(there) = places.find_entry(hasher.hash_one(*id), |known| *known == place) {
                there.remove();
            }
            *id = Id::NONE;
            free.push(place);
        }
        // Not each at once: as little as is done above, the memory is asked for many of the places at the same time.
        for place in &free[before..] {
            gone(&mut list[*place as usize].1);
        }
    }

    /// Takes out all, about in the order in which they came: each is told, then nothing is there. Their room is kept.
    #[inline]
    pub(super) fn discard_all(&mut self, mut gone: impl FnMut(Id, &mut T)) {
        self.list.iter_mut().filter(|(id, _)| *id != Id::NONE).for_each(|(id, known)| gone(*id, known));
        self.places.clear();
        self.free.clear();
        self.list.clear();
    }
}

impl<T: Default> Extend<(Id, T)> for ById<T> {
    fn extend<I: IntoIterator<Item = (Id, T)>>(&mut self, all: I) {
        // Nobody wrote that one.
        for (id, new) in all.into_iter().filter(|(id, _)| *id != Id::NONE) {
            match self.entry(id) {
                Entry::There(mut there) => *there.get_mut() = new,
                Entry::Free(free) => drop(free.insert(new)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0_u8..8, 0_u64..40, 1_u32..1000), 0..300)) {
            let (mut found, mut wanted) = (ById::default(), BTreeMap::new());
            for (step, number, value) in steps {
                let id = Id::new(number % 3, format!("{:08}", number / 3).as_bytes());
                match step {
                    0..3 => {
                        let known = *found.entry(id).or_insert_with(|| value);
                        prop_assert_eq!(known, *wanted.entry(id).or_insert(value));
                    }
                    3 => found.extend([(id, value)]),
                    4..6 => prop_assert_eq!(found.remove(id), wanted.remove(&id)),
                    6 => {
                        let mut taken = Vec::new();
                        found.discard_if(|known| *known < value / 4, |known| taken.push(*known));
                        taken.sort_unstable();
                        let mut gone: Vec<u32> = wanted.extract_if(.., |_, known| *known < value / 4).map(|(_, known)| known).collect();
                        gone.sort_unstable();
                        prop_assert_eq!(taken, gone);
                    }
                    _ => {
                        let other: ById<u32> = found.like();
                        prop_assert!(other.len() == 0 && other.get(&id).is_none());
                        if value % 4 == 0 {
                            let mut all = Vec::new();
                            found.discard_all(|id, known| all.push((id, *known)));
                            prop_assert_eq!(found.len(), 0);
                            prop_assert!(found.get(&id).is_none());
                            found.extend(all);
                        }
                    }
                }
                if step == 3 {
                    wanted.insert(id, value);
                }
                prop_assert_eq!(found.get(&id), wanted.get(&id));
                prop_assert_eq!(found.len(), wanted.len());
                prop_assert_eq!(found.iter().copied().collect::<BTreeMap<Id, u32>>(), wanted.clone());
            }
        }
    }
}
