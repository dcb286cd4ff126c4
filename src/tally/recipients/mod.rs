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

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::keys::{Keys, Slot};
use super::names::Names;
use super::{Gather, RawKey};
use crate::catalog::Catalog;
use crate::summary::{Case, Cases, Evidence, Ground, Outage, Span};
use carry::{Remembered, Who};

use part::{Happening, What};
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
    /// As logged, where that differs from the name it is known by.
    spelling: Option<Box<[u8]>>,
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
    /// By domain.
    watches: Vec<Watch>,
    resolver: Watch,
    /// By address in lower case.
    people: HashMap<Box<[u8]>, Person>,
    /// Those of earlier logs of whom nothing was heard since, by hash.
    earlier: HashMap<Who, Remembered>,
    /// What addresses are hashed with.
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
            watches: Vec::new(),
            resolver: Watch::new(),
            people: HashMap::new(),
            earlier: HashMap::new(),
            seed: 0,
        }
    }

    /// How many recipients and how many domains are remembered.
    pub fn remembered(&self) -> (usize, usize) {
        (self.people.len() + self.earlier.len(), self.watches.len())
    }

    fn slot(&mut self, key: &RawKey, ground: Ground) -> Slot {
        let slot = self.keys.number(*key);
        if slot as usize == self.grounds.len() {
            self.grounds.push(ground);
        }
        slot
    }

    fn domain(&mut self, name: &[u8]) -> u32 {
        let domain = self.domains.number(name);
        if domain as usize == self.watches.len() {
            self.watches.push(Watch::new());
        }
        domain
    }

    fn accepted(&mut self, address: &[u8], domain: Option<u32>, relayed: bool) {
        // A smarthost tells nothing about the domain, but in doubt it brought the mail to its recipient.
        if !relayed {
            self.resolver.delivery(1);
        }
        let Some(domain) = domain else { return };
        if !relayed {
            self.watches[domain as usize].delivery(usize::MAX);
        }
        self.people.remove(address);
        if !self.earlier.is_empty() {
            self.earlier.remove(&carry::who(self.seed, address));
        }
    }

    fn failed(&mut self, address: &[u8], happening: &Happening, domain: u32, failure: Failure) {
        let Recipients { care, grounds, watches, resolver, people, earlier, seed, .. } = self;
        let ground = grounds[failure.slot as usize];
        let folded = address.to_ascii_lowercase();
        let who = xxh3_64_with_seed(&folded, *seed);
        let person = people.entry(folded.into_boxed_slice()).or_insert_with_key(|folded| {
            let known = if earlier.is_empty() { None } else { earlier.remove(&carry::who(*seed, folded)) };
            let Remembered { against, clear, unsettled, outage, .. } = known.unwrap_or_default();
            Person {
                spelling: (**folded != *address).then(|| address.into()),
                domain_at: happening.domain_at,
                domain,
                against,
                clear,
                unsettled,
                outage,
            }
        });
        let of = |slot: Slot| grounds[slot as usize];
        let against = match person.against.iter_mut().position(|against| of(against.slot) == ground) {
            Some(at) => &mut person.against[at],
            None => person.against.push_mut(Against {
                slot: failure.slot,
                span: Span::default(),
                messages: Vec::new(),
            }),
        };
        against.slot = failure.slot;
        against.span.add(happening.at);
        if ground.counts_messages()
            && against.messages.len() < MESSAGES
            && !against.messages.contains(&failure.message)
        {
            against.messages.push(failure.message);
        }
        if ground.is_hard() {
            let watch = &mut watches[domain as usize];
            let run = watch.hit(*care, who, happening.at);
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
    pub fn settle(mut self) -> Cases {
        self.recall();
        let Recipients { catalog, keys, grounds, watches, resolver, people, .. } = self;
        let keys = keys.names(catalog);
        let case = |(folded, mut person): (Box<[u8]>, Person)| {
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
                address: person.spelling.unwrap_or(folded).into_vec(),
                domain_at: usize::from(person.domain_at),
                evidence,
                outage: person.outage.filter(|_| !person.clear),
            }
        };
        let mut cases: Vec<Case> = people.into_iter().map(case).collect();
        cases.sort_by(|a, b| (a.domain(), &a.address).cmp(&(b.domain(), &b.address)));
        Cases { keys, cases }
    }
}

/// A failure in this one's numbers.
#[derive(Clone, Copy)]
struct Failure {
    slot: Slot,
    message: u64,
    unanswered: bool,
}

impl<'c> Gather for Recipients<'c> {
    type Part = Happenings<'c>;

    fn part(&self) -> Happenings<'c> {
        Happenings::new(self.catalog)
    }

    fn absorb(&mut self, next: Happenings<'c>) -> Happenings<'c> {
        let grounds = next.grounds.iter();
        let slots: Vec<Option<Slot>> =
            next.keys.list().zip(grounds).map(|(key, ground)| Some(self.slot(key, (*ground)?))).collect();
        // Looked up when first asked for: a part knows domains of chunks before, too.
        let mut domains: Vec<Option<Option<u32>>> = vec![None; next.domains.len()];
        for happening in &next.list {
            let address = next.address(happening);
            let known = domains[happening.domain as usize]
                .get_or_insert_with(|| self.domains.known(next.domains.name(happening.domain)));
            match happening.what {
                What::Accepted { relayed } => self.accepted(address, *known, relayed),
                What::Failed { slot, message, unanswered } => {
                    let Some(slot) = slots[slot as usize] else { continue };
                    let name = next.domains.name(happening.domain);
                    let domain = *known.get_or_insert_with(|| self.domain(name));
                    self.failed(address, happening, domain, Failure { slot, message, unanswered });
                }
            }
        }
        next.emptied()
    }
}
