//! What is counted apart, in small numbers.

use hashbrown::HashMap;

use super::Attributes;
use crate::catalog::{Catalog, MarkerId, ProviderId, UNKNOWN};
use crate::mta::Outcome;
use crate::smtp::{Action, Code, Direction, Guard};
use crate::summary::{Key, Quoted};

/// A key's number within a table.
pub(super) type Slot = u32;

/// What is counted apart, in numbers of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawKey {
    code: Code,
    provider: Option<ProviderId>,
    marker: Option<MarkerId>,
    quoted: Option<(Option<ProviderId>, Code)>,
    guard: Option<Guard>,
    direction: Direction,
    action: Action,
}

impl RawKey {
    /// The key of an outcome.
    #[inline(always)]
    pub(super) fn new(outcome: &Outcome<'_>, attributes: &Attributes, action: Action) -> RawKey {
        RawKey {
            code: outcome.code,
            provider: attributes.provider,
            marker: attributes.reading.marker,
            quoted: attributes.reading.quoted,
            guard: attributes.guard,
            direction: outcome.direction,
            action,
        }
    }

    /// The same with names instead of numbers.
    pub(super) fn name(&self, catalog: &Catalog) -> Key {
        let provider = self.provider.map_or(UNKNOWN, |provider| catalog.provider_name(provider));
        Key {
            direction: self.direction,
            provider: (self.direction == Direction::Out).then(|| provider.to_owned()),
            action: self.action,
            code: self.code,
            marker: self.marker.map(|marker| catalog.marker_text(marker).to_owned()),
            quoted: self.quoted.map(|(provider, code)| Quoted {
                provider: provider.map(|provider| catalog.provider_name(provider).to_owned()),
                code,
            }),
            guard: self.guard,
        }
    }
}

/// A key as numbers, so that it is compared and hashed quickly: asked once for every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Packed([u64; 3]);

impl Packed {
    /// No key's.
    const NONE: Packed = Packed([u64::MAX; 3]);

    #[inline(always)]
    fn of(key: &RawKey) -> Packed {
        let ids = |provider: Option<ProviderId>| provider.map_or(0, |id| u64::from(id.0) + 1);
        let marker = key.marker.map_or(0, |id| u64::from(id.0) + 1);
        let guard = key.guard.map_or(0, |guard| guard as u64 + 1);
        let (direction, action) = (key.direction as u64, key.action as u64);
        let quoted = key.quoted.map_or(0, |(provider, code)| 1 << 63 | ids(provider) << 42 | code.number());
        let rest = ids(key.provider) | marker << 17 | guard << 34 | direction << 40 | action << 44;
        Packed([key.code.number(), rest, quoted])
    }

    /// A place for it among the recent ones.
    #[inline]
    fn place(&self) -> usize {
        let [code, rest, quoted] = self.0;
        let mixed = code ^ rest.rotate_left(13) ^ quoted.rotate_left(31);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - RECENT_BITS)) as usize % RECENT
    }
}

/// Keys that are found without a search when they come again soon.
const RECENT: usize = 1 << RECENT_BITS;
const RECENT_BITS: u32 = 9;

/// Keys in order of first sight.
#[derive(Debug)]
pub(super) struct Keys {
    /// Keys of an earlier log, by name: the catalogue may know them no more. They come first.
    carried: Vec<Key>,
    slots: HashMap<Packed, Slot>,
    list: Vec<RawKey>,
    recent: Box<[(Packed, Slot); RECENT]>,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            carried: Vec::new(),
            slots: HashMap::new(),
            list: Vec::new(),
            recent: Box::new([(Packed::NONE, 0); RECENT]),
        }
    }
}

impl Keys {
    /// Keys that begin with those of an earlier log.
    pub(super) fn carrying(carried: Vec<Key>) -> Keys {
        Keys { carried, ..Keys::default() }
    }

    /// The number of a key.
    #[inline(always)]
    pub(super) fn number(&mut self, key: &RawKey) -> Slot {
        let packed = Packed::of(key);
        let (known, slot) = &self.recent[packed.place()];
        if *known == packed { *slot } else { self.search(packed, *key) }
    }

    #[inline(never)]
    fn search(&mut self, packed: Packed, key: RawKey) -> Slot {
        let slot = *self.slots.entry(packed).or_insert_with(|| {
            self.list.push(key);
            // A log cannot show four thousand million different codes.
            (self.carried.len() + self.list.len() - 1) as Slot
        });
        self.recent[packed.place()] = (packed, slot);
        slot
    }

    /// The number of a key that may be one of the earlier log's.
    pub(super) fn number_named(&mut self, key: RawKey, catalog: &Catalog) -> Slot {
        if !self.carried.is_empty() && !self.slots.contains_key(&Packed::of(&key)) {
            let name = key.name(catalog);
            if let Some(known) = self.carried.iter().position(|carried| *carried == name) {
                self.slots.insert(Packed::of(&key), known as Slot);
            }
        }
        self.number(&key)
    }

    /// All keys with names instead of numbers, those of an earlier log first.
    pub(super) fn names(&self, catalog: &Catalog) -> Vec<Key> {
        self.carried.iter().cloned().chain(self.list.iter().map(|key| key.name(catalog))).collect()
    }

    /// All keys of this log, by number.
    pub(super) fn list(&self) -> impl Iterator<Item = &RawKey> {
        self.list.iter()
    }
}
