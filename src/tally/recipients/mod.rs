//! Recipients that failed and were not reached since: what `suppress` decides on.
//!
//! A recipient comes in here with its first failure that speaks against it, and leaves with the first delivery to it. So
//! memory follows the recipients that fail, not the mail that is sent. Chunks hand over their happenings in log order
//! ([`Happenings`]) and they are followed one after the other: how the log was cut cannot be seen.
//!
//! Two watches tell an outage from deaths ([`watch`]): one for each domain that refused somebody for good, and one
//! for the resolver, which is hit by domains that could not be asked at all. A recipient whose every final refusal lies
//! in an outage is marked; one refused outside of any, by a domain known to be alive, is not.

mod carry;
mod ground;
mod part;
mod reached;
mod watch;

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::keys::{Keys, Slot};
use super::marks::Marks;
use super::names::Names;
use super::{Gather, RawKey};
use crate::catalog::Catalog;
use crate::summary::{Case, Cases, Evidence, Ground, Outage, Span};
use part::{Failure, Happening, What, Who, domain_hash};
use watch::{Run, Watch};

pub use carry::{Addresses, People};
pub use ground::ground;
pub use part::Happenings;
pub use reached::Reached;
pub use watch::Care;

/// Messages of one recipient that are told apart at most: a mailbox may be full for years.
pub const MESSAGES: usize = 32;

/// What speaks against a recipient on one ground.
#[derive(Debug, Serialize, Deserialize)]
struct Against {
    /// The last answer.
    slot: Slot,
    span: Span,
    /// By hash, the first [`MESSAGES`].
    messages: Vec<u64>,
}

/// Runs of a domain's watch and of the resolver's that one refusal lies in, as far as they matter still.
type Runs = (Option<Run>, Option<Run>);

/// A recipient that failed.
#[derive(Debug)]
struct Person {
    /// As logged; `None` where an earlier log named it and only its hash is known.
    address: Option<Box<[u8]>>,
    /// Nothing was heard of it since an earlier log.
    is_old: bool,
    domain_at: u16,
    domain: u32,
    against: Vec<Against>,
    /// Refused outside of any outage.
    clear: bool,
    /// Refusals of which it is not yet known.
    unsettled: Vec<Runs>,
    /// Refused during an outage that is over.
    outage: Option<Outage>,
}

impl Person {
    /// Finds out about refusals whose runs are over; at the `end` all are.
    fn settle(&mut self, domain: &Watch, resolver: &Watch, end: bool) {
        let (clear, outage) = (&mut self.clear, &mut self.outage);
        self.unsettled.retain_mut(|runs| {
            for (run, watch, kind) in
                [(&mut runs.0, domain, Outage::Domain), (&mut runs.1, resolver, Outage::Resolver)]
            {
                let Some(number) = *run else { continue };
                if !end && watch.is_open(number) {
                    continue;
                }
                if watch.is_outage(number) {
                    *outage = Some(kind);
                    return false;
                }
                *run = None;
            }
            *clear |= *runs == (None, None);
            *runs != (None, None)
        });
        if self.clear {
            self.unsettled = Vec::new();
        }
    }
}

/// All recipients that failed so far, and the watches.
#[derive(Debug)]
pub struct Recipients<'c> {
    catalog: &'c Catalog,
    care: Care,
    keys: Keys,
    /// By key.
    grounds: Vec<Ground>,
    /// Domains that refused somebody.
    domains: Names,
    /// Their numbers by hash.
    by_hash: HashMap<u64, u32>,
    /// By domain.
    watches: Vec<Watch>,
    resolver: Watch,
    people: HashMap<Who, Person>,
    /// Everybody who ever was among them: nearly all that mail is delivered to never was.
    marked: Marks,
    /// What addresses and domains are hashed with.
    seed: u64,
}

impl<'c> Recipients<'c> {
    /// Nobody failed yet.
    pub fn new(catalog: &'c Catalog, care: Care) -> Recipients<'c> {
        Recipients {
            catalog,
            care,
            keys: Keys::default(),
            grounds: Vec::new(),
            domains: Names::default(),
            by_hash: HashMap::new(),
            watches: Vec::new(),
            resolver: Watch::new(),
            people: HashMap::new(),
            marked: Marks::new(20),
            seed: any_seed(),
        }
    }

    /// How many recipients and how many domains are remembered.
    pub fn remembered(&self) -> (usize, usize) {
        (self.people.len(), self.watches.len())
    }

    fn slot(&mut self, key: &RawKey, ground: Ground) -> Slot {
        let slot = self.keys.number(key);
        if slot as usize == self.grounds.len() {
            self.grounds.push(ground);
        }
        slot
    }

    fn domain(&mut self, name: &[u8]) -> u32 {
        let domain = self.domains.number(name);
        if domain as usize == self.watches.len() {
            self.watches.push(Watch::new());
            self.by_hash.insert(domain_hash(self.seed, name), domain);
        }
        domain
    }

    fn accepted(&mut self, happening: &Happening, relayed: bool, told: bool) {
        // A smarthost tells nothing about the domain, but in doubt it brought the mail to its recipient.
        if !relayed {
            self.resolver.delivery(1);
            if !told && let Some(domain) = self.by_hash.get(&happening.domain) {
                self.watches[*domain as usize].delivery(usize::MAX);
            }
        }
        if self.marked.may_hold(happening.who as u64) {
            self.people.remove(&happening.who);
        }
    }

    fn failed(&mut self, happening: &Happening, address: &[u8], failure: &Failure, slot: Slot) {
        let domain = self.domain(&address[usize::from(failure.domain_at)..]);
        self.marked.add(happening.who as u64);
        let Recipients { care, grounds, watches, resolver, people, .. } = self;
        let ground = grounds[slot as usize];
        let person = people.entry(happening.who).or_insert_with(|| Person {
            address: None,
            is_old: true,
            domain_at: 0,
            domain,
            against: Vec::new(),
            clear: false,
            unsettled: Vec::new(),
            outage: None,
        });
        if std::mem::take(&mut person.is_old) {
            (person.address, person.domain_at) = (Some(address.into()), failure.domain_at);
        }
        let of = |slot: Slot| grounds[slot as usize];
        let against = match person.against.iter_mut().position(|against| of(against.slot) == ground) {
            Some(at) => &mut person.against[at],
            None => person.against.push_mut(Against { slot, span: Span::default(), messages: Vec::new() }),
        };
        against.slot = slot;
        against.span.add(happening.at);
        if ground.counts_messages()
            && against.messages.len() < MESSAGES
            && !against.messages.contains(&failure.message)
        {
            against.messages.push(failure.message);
        }
        if ground.is_hard() {
            let watch = &mut watches[domain as usize];
            let run = watch.hit(*care, happening.who as u64, happening.at);
            // Where nobody answered, the look-up may be at fault, and then other domains are hit as well.
            let by_look_up = ground == Ground::Domain && failure.unanswered;
            let look_up = by_look_up.then(|| resolver.hit(*care, u64::from(domain), happening.at));
            if !person.clear {
                let runs = (Some(run), look_up);
                if !person.unsettled.contains(&runs) {
                    person.unsettled.push(runs);
                }
                person.settle(watch, resolver, false);
            }
        }
    }

    /// Ends the log: names instead of numbers, in order.
    ///
    /// Of those that only earlier logs name and that are known by hash alone the address is empty.
    pub fn settle(self) -> Cases {
        let Recipients { catalog, keys, grounds, watches, resolver, people, .. } = self;
        let keys = keys.names(catalog);
        let case = |mut person: Person| {
            person.settle(&watches[person.domain as usize], &resolver, true);
            let mut evidence: Vec<Evidence> = person
                .against
                .into_iter()
                .map(|against| Evidence {
                    ground: grounds[against.slot as usize],
                    key: against.slot as usize,
                    span: against.span,
                    messages: against.messages.len() as u64,
                })
                .collect();
            evidence.sort_by_key(|evidence| evidence.ground);
            Case {
                address: person.address.unwrap_or_default().into_vec(),
                domain_at: usize::from(person.domain_at),
                evidence,
                outage: person.outage.filter(|_| !person.clear),
            }
        };
        let mut cases: Vec<Case> = people.into_values().map(case).collect();
        cases.sort_by(|a, b| (a.domain(), &a.address).cmp(&(b.domain(), &b.address)));
        Cases { keys, cases }
    }
}

/// A number that nobody can guess.
fn any_seed() -> u64 {
    RandomState::new().hash_one(())
}

impl<'c> Gather for Recipients<'c> {
    type Part = Happenings<'c>;

    fn part(&self) -> Happenings<'c> {
        Happenings::new(self.catalog, self.seed)
    }

    fn absorb(&mut self, next: Happenings<'c>) -> Happenings<'c> {
        let grounds = next.grounds.iter();
        let slots: Vec<Option<Slot>> =
            next.keys.list().zip(grounds).map(|(key, ground)| Some(self.slot(key, (*ground)?))).collect();
        for happening in &next.list {
            match happening.what {
                What::Accepted { relayed, told } => self.accepted(happening, relayed, told),
                What::Failed(number) => {
                    let (failure, address) = next.failure(number);
                    let Some(slot) = slots[failure.slot as usize] else { continue };
                    self.failed(happening, address, failure, slot);
                }
            }
        }
        next.emptied()
    }
}
