//! Recipients that failed, from one log to the next: known by a keyed hash, so that whoever finds the notes reads no address.
//!
//! The law: logs read one after the other, each going on with what the one before left, give the cases that one log of
//! all their lines gives.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::part::{What, Who};
use super::watch::Watch;
use super::{Against, Care, Happenings, Person, Recipients, Runs};
use crate::catalog::Catalog;
use crate::summary::{Ground, Key, Outage};
use crate::tally::Gather;
use crate::tally::keys::Keys;

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

/// Recipients that failed so far, with what is needed to go on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct People {
    /// What addresses are hashed with.
    seed: u64,
    keys: Vec<(Key, Ground)>,
    /// By hash in hexadecimal.
    people: BTreeMap<String, Remembered>,
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
            if let Some(person) = self.people.get_mut(&text(*who)) {
                person.address.get_or_insert_with(|| address.clone());
            }
        }
    }
}

fn text(who: Who) -> String {
    format!("{who:032x}")
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
        for (who, person) in people {
            let Ok(who) = Who::from_str_radix(&who, 16) else { continue };
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
        let mut people: BTreeMap<String, Remembered> = BTreeMap::new();
        for (who, mut person) in std::mem::take(&mut self.people) {
            person.settle(&self.watches[person.domain as usize], &self.resolver, false);
            let Person { address, domain, against, clear, unsettled, outage, .. } = person;
            let address = address.filter(|_| keep_addresses).map(|address| lossy(&address));
            let domain = lossy(self.domains.name(domain));
            people.insert(text(who), Remembered { address, domain, against, clear, unsettled, outage });
        }
        // Numbers of keys in the order of their names: they shall not depend on who came first.
        let mut keys: Vec<(Key, Ground)> = Vec::new();
        let answers = people.values().flat_map(|person| &person.against);
        keys.extend(
            answers
                .map(|against| (names[against.slot as usize].clone(), self.grounds[against.slot as usize])),
        );
        keys.sort();
        keys.dedup();
        for against in people.values_mut().flat_map(|person| &mut person.against) {
            let slot = against.slot as usize;
            let key = (names[slot].clone(), self.grounds[slot]);
            // It is in there, and they are fewer than a slot can number.
            against.slot = keys.binary_search(&key).unwrap_or_default() as u32;
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
