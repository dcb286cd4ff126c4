//! Where one log is left and the next one goes on: messages that are still in the queue.
//!
//! The law: logs read one after the other, each going on with what the one before left, count together with the last
//! one's [`Carry::ends`] what one log of all their lines counts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::queue::{Messages, Open};
use super::{Sure, Tally, take_from};
use crate::catalog::Catalog;
use crate::summary::{Key, Summary};

/// What a log leaves open: messages by queue id, with their sender's domain, what they met, and hashes of the recipients
/// that still wait.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Carry {
    #[serde(with = "crate::summary::keys")]
    keys: Vec<Key>,
    names: Vec<String>,
    open: Open,
}

impl Carry {
    /// Nothing is open. Recipients will be hashed with `seed`, which whoever keeps the hashes should draw at random.
    pub fn new(seed: u64) -> Carry {
        Carry { open: Open::new(seed), ..Carry::default() }
    }

    /// How many messages are open.
    pub fn messages(&self) -> usize {
        self.open.lives.len()
    }

    /// What the open ends come to if nothing follows.
    pub fn ends(self, catalog: &Catalog) -> Summary {
        Tally::resume(catalog, true, self).settle()
    }
}

/// A log that another one will follow.
#[derive(Debug)]
pub struct Paused {
    /// What is sure of its attempts.
    pub summary: Summary,
    /// What became sure of attempts in the logs before it: their senders, messages that ended.
    pub late: Summary,
    /// What is open.
    pub carry: Carry,
}

impl<'c> Tally<'c> {
    /// An empty tally that goes on where another one was paused.
    pub fn resume(catalog: &'c Catalog, join: bool, carry: Carry) -> Tally<'c> {
        let Carry { keys, names, mut open } = carry;
        let mut tally = Tally::new(catalog, join);
        let numbers: Vec<u32> = names.iter().map(|name| tally.names.number(name.as_bytes())).collect();
        // A number that is none can only stand in what was not written by `pause`: such a life says nothing.
        open.lives.retain_mut(|(_, life)| {
            let known = life.slots().all(|slot| (slot as usize) < keys.len())
                && life.names().all(|name| (name as usize) < numbers.len());
            if known {
                life.rename(|name| numbers[name as usize]);
            }
            known
        });
        tally.keys = Keys::carrying(keys);
        tally.messages = Messages::resume(open);
        tally
    }

    /// Leaves the log where it is: what is sure, and what is open.
    pub fn pause(mut self) -> Paused {
        self.take_settled();
        let Tally { messages, course, late, .. } = &mut self;
        let mut open = messages.pause(|come| take_from(come, course, late));
        let keys = self.keys.names(self.attributor.catalog());
        let text = |name: u32| String::from_utf8_lossy(self.names.name(name)).into_owned();
        let (mut used, mut named) = (BTreeSet::new(), BTreeSet::new());
        for (_, life) in &open.lives {
            used.extend(life.slots().map(|slot| keys[slot as usize].clone()));
            named.extend(life.names().map(text));
        }
        let (used, named) = (Vec::from_iter(used), Vec::from_iter(named));
        // All are in there; keys and names are fewer than their numbers can count.
        let key = |key: &Key| used.binary_search(key).unwrap_or_default() as u32;
        let slots: Vec<u32> = keys.iter().map(key).collect();
        for (_, life) in &mut open.lives {
            life.renumber(|slot| slots[slot as usize]);
            life.rename(|name| named.binary_search(&text(name)).unwrap_or_default() as u32);
        }
        let Sure { summary, late } = self.settled(0);
        Paused { summary, late, carry: Carry { keys: used, names: named, open } }
    }
}
