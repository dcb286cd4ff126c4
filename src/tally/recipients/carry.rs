//! Recipients that failed, from one log to the next: known by a keyed hash, so that whoever finds the notes reads no address.
//!
//! The law: logs read one after the other, each going on with what the one before left, give the cases that one log of
//! all their lines gives.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::part::{What, Who};
use super::watch::Watch;
use super::{Against, Care, Happenings, Person, Recipients, Runs};
use crate::catalog::Catalog;
use crate::summary::{Ground, Key, Outage};
use crate::tally::Gather;
use crate::tally::keys::{Keys, Slot};

/// A recipient that failed in an earlier log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Only where addresses are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    domain: String,
    pub(super) against: Vec<Against>,
    pub(super) clear: bool,
    pub(super) unsettled: Vec<Runs>,
    pub(super) outage: Option<Outage>,
}

/// A recipient's hash, in hexadecimal on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hex(Who);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = [0; 32];
        for (at, digit) in digits.iter_mut().rev().enumerate() {
            *digit = b"0123456789abcdef"[(self.0 >> (4 * at)) as usize % 16];
        }
        serializer.serialize_str(&String::from_utf8_lossy(&digits))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Hex, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        Who::from_str_radix(&text, 16).map(Hex).map_err(D::Error::custom)
    }
}

/// Recipients that failed so far, with what is needed to go on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct People {
    /// What addresses are hashed with.
    seed: u64,
    keys: Vec<(Key, Ground)>,
    people: BTreeMap<Hex, Remembered>,
    /// By domain, where something is open.
    watches: BTreeMap<String, Watch>,
    resolver: Option<Watch>,
}

impl People {
    /// Nobody yet. Addresses will be hashed with `seed`, which whoever keeps the hashes should draw at random.
    pub fn new(seed: u64) -> People {
        People { seed, ..People::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// How many are known by hash alone.
    pub fn nameless(&self) -> usize {
        self.people.values().filter(|person| person.address.is_none()).count()
    }

    /// Fills in the addresses of those that logs name.
    pub fn learn(&mut self, names: &Addresses<'_>) {
        for (who, address) in &names.known {
            if let Some(person) = self.people.get_mut(&Hex(*who)) {
                person.address.get_or_insert_with(|| address.clone());
            }
        }
    }
}

impl<'c> Recipients<'c> {
    /// Goes on with those of earlier logs.
    pub fn resume(catalog: &'c Catalog, care: Care, people: People) -> Recipients<'c> {
        let People { seed, keys, people, mut watches, resolver } = people;
        let (keys, grounds): (Vec<Key>, Vec<Ground>) = keys.into_iter().unzip();
        let slots = keys.len();
        let mut all =
            Recipients { seed, keys: Keys::carrying(keys), grounds, ..Recipients::new(catalog, care) };
        all.resolver = resolver.unwrap_or_else(Watch::new);
        for (Hex(who), person) in people {
            let Remembered { address, domain: name, mut against, clear, unsettled, outage } = person;
            against.retain(|against| (against.slot as usize) < slots);
            let domain = all.domain(name.as_bytes());
            if let Some(watch) = watches.remove(&name) {
                all.watches[domain as usize] = watch;
            }
            let domain_at =
                address.as_ref().map_or(0, |address| address.len().saturating_sub(name.len())) as u16;
            let address = address.map(|address| address.into_bytes().into_boxed_slice());
            let person =
                Person { address, is_old: true, domain_at, domain, against, clear, unsettled, outage };
            all.marked.add(who as u64);
            all.people.insert(who, person);
        }
        for (domain, watch) in watches {
            let domain = all.domain(domain.as_bytes()) as usize;
            all.watches[domain] = watch;
        }
        all
    }

    /// Leaves them for the next log. Addresses are left out unless they are to be kept.
    pub fn pause(mut self, keep_addresses: bool) -> People {
        let names = self.keys.names(self.catalog);
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let remembered = |(who, mut person): (Who, Person)| {
            person.settle(&self.watches[person.domain as usize], &self.resolver, false);
            let Person { address, domain, against, clear, unsettled, outage, .. } = person;
            let address = address.filter(|_| keep_addresses).map(|address| lossy(&address));
            let domain = lossy(self.domains.name(domain));
            (Hex(who), Remembered { address, domain, against, clear, unsettled, outage })
        };
        let mut people: BTreeMap<Hex, Remembered> =
            std::mem::take(&mut self.people).into_iter().map(remembered).collect();
        let mut used = vec![false; names.len()];
        for against in people.values().flat_map(|person| &person.against) {
            used[against.slot as usize] = true;
        }
        // Numbers of keys in the order of their names: they shall not depend on who came first.
        let named: Vec<(Key, Ground)> = names.into_iter().zip(self.grounds.iter().copied()).collect();
        let mut keys: Vec<(Key, Ground)> =
            named.iter().zip(used).filter(|(_, used)| *used).map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys.dedup();
        // All that are used are in there, and they are fewer than a slot can number.
        let slots: Vec<Slot> =
            named.iter().map(|key| keys.binary_search(key).unwrap_or_default() as Slot).collect();
        for against in people.values_mut().flat_map(|person| &mut person.against) {
            against.slot = slots[against.slot as usize];
        }
        let unsettled = people.values().filter(|person| !person.unsettled.is_empty());
        let asked: BTreeSet<&str> = unsettled.map(|person| &*person.domain).collect();
        let mut watches = BTreeMap::new();
        for (number, watch) in (0..).zip(&self.watches) {
            let domain = lossy(self.domains.name(number));
            if !watch.is_idle() || asked.contains(&*domain) {
                watches.insert(domain, watch.clone());
            }
        }
        People { seed: self.seed, keys, people, watches, resolver: Some(self.resolver) }
    }
}

/// Names that logs give to people known by hash.
#[derive(Debug)]
pub struct Addresses<'c> {
    catalog: &'c Catalog,
    seed: u64,
    known: BTreeMap<Who, String>,
}

impl<'c> Addresses<'c> {
    /// Looks for the names of these.
    pub fn new(catalog: &'c Catalog, people: &People) -> Addresses<'c> {
        Addresses { catalog, seed: people.seed, known: BTreeMap::new() }
    }
}

impl<'c> Gather for Addresses<'c> {
    type Part = Happenings<'c>;

    fn part(&self) -> Happenings<'c> {
        Happenings::new(self.catalog, self.seed)
    }

    fn absorb(&mut self, next: Happenings<'c>) -> Happenings<'c> {
        for happening in &next.list {
            if let What::Failed(number) = happening.what {
                let (_, address) = next.failure(number);
                let known = self.known.entry(happening.who);
                known.or_insert_with(|| String::from_utf8_lossy(address).into_owned());
            }
        }
        next.emptied()
    }
}
