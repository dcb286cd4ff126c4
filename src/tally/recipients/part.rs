//! What a chunk says about recipients: happenings in log order, for [`Recipients`](super::Recipients) to follow.
//!
//! The costly part is done here, by the workers: reading, attributing, asking the catalogue what an answer means. What
//! speaks against nobody is dropped at once.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use super::ground;
use crate::catalog::Catalog;
use crate::mta::{Event, Kind, Outcome};
use crate::smtp::{Action, Code, Direction, domain};
use crate::summary::Ground;
use crate::tally::id::host_number;
use crate::tally::keys::{Keys, RawKey, Slot};
use crate::tally::names::LONGEST_NAME;
use crate::tally::{Attributes, Attributor, Line, Sink};
use crate::time::Instant;

/// Bytes of an address at most: local part, `@`, domain (RFC 5321, section 4.5.3.1). Nothing longer was ever delivered
/// to, and a shortened one would be somebody else's.
const ADDRESS_LIMIT: usize = 64 + 1 + 255;

/// A recipient, by the keyed hash of its address in lower case.
pub(super) type Who = u128;

/// The hash of an address in lower case.
pub(super) fn who(seed: u64, address: &[u8]) -> Who {
    xxh3_128_with_seed(address, seed)
}

/// The hash of a domain in lower case.
pub(super) fn domain_hash(seed: u64, domain: &[u8]) -> u64 {
    xxh3_64_with_seed(&domain[..domain.len().min(LONGEST_NAME)], seed)
}

/// What happened to a recipient.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Mail was accepted; `relayed` when only a smarthost did. `told`: the domain took other mail before and refused
    /// nobody in between, so there is no more to be learned of it.
    Accepted { relayed: bool, told: bool },
    /// Something speaks against it: which one of the failures.
    Failed(u32),
}

/// One happening.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening {
    pub(super) who: Who,
    /// The hash of the domain.
    pub(super) domain: u64,
    pub(super) at: Option<Instant>,
    pub(super) what: What,
}

/// What speaks against a recipient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// Where the address begins in the chunk's bytes.
    start: usize,
    length: u16,
    /// Where the domain begins in the address.
    pub(super) domain_at: u16,
    /// The number of the answer in the chunk.
    pub(super) slot: Slot,
    /// The message, by hash.
    pub(super) message: u64,
    /// Whether no server answered at all.
    pub(super) unanswered: bool,
}

/// What happened in some neighbouring lines.
#[derive(Debug)]
pub struct Happenings<'c> {
    attributor: Attributor<'c>,
    pub(super) keys: Keys,
    /// By key.
    pub(super) grounds: Vec<Option<Ground>>,
    /// What is hashed with.
    seed: u64,
    pub(super) list: Vec<Happening>,
    failures: Vec<Failure>,
    /// Addresses that failed.
    bytes: Vec<u8>,
    /// The address at hand, in lower case.
    folded: Vec<u8>,
    /// By the last bits of its hash: the domain that took mail last, and refused nobody since.
    taking: Box<[u64; TAKING]>,
}

/// Domains remembered as taking mail.
const TAKING: usize = 1024;

impl<'c> Happenings<'c> {
    /// None yet.
    pub(super) fn new(catalog: &'c Catalog, seed: u64) -> Happenings<'c> {
        Happenings {
            attributor: Attributor::new(catalog),
            keys: Keys::default(),
            grounds: Vec::new(),
            seed,
            list: Vec::new(),
            failures: Vec::new(),
            bytes: Vec::new(),
            folded: Vec::new(),
            taking: Box::new([0; TAKING]),
        }
    }

    /// Empty, to be read into again; what was asked of the catalogue is remembered.
    pub(super) fn emptied(mut self) -> Happenings<'c> {
        self.list.clear();
        self.failures.clear();
        self.bytes.clear();
        self.taking.fill(0);
        self
    }

    /// A failure, and whose: the address as logged, its domain in lower case.
    pub(super) fn failure(&self, number: u32) -> (&Failure, &[u8]) {
        let failure = &self.failures[number as usize];
        (failure, &self.bytes[failure.start..failure.start + usize::from(failure.length)])
    }

    /// Takes an outcome and what was found out about it.
    pub(in crate::tally) fn outcome(
        &mut self,
        line: &Line<'_>,
        outcome: &Outcome<'_>,
        attributes: &Attributes,
    ) {
        if !concerns(outcome) {
            return;
        }
        let (Some(recipient), Some(action)) = (outcome.recipient, outcome.action) else { return };
        match action {
            Action::Delivered | Action::Relayed => {
                let relayed = attributes.action == Some(Action::Relayed);
                self.push(recipient, line.at, |all, domain, _, _| {
                    let place = &mut all.taking[domain as usize % TAKING];
                    let told = !relayed && std::mem::replace(place, domain) == domain && domain != 0;
                    What::Accepted { relayed, told }
                });
            }
            Action::Delayed | Action::Failed => {
                let slot = self.keys.number(&RawKey::new(outcome, attributes, action));
                if slot as usize == self.grounds.len() {
                    let catalog = self.attributor.catalog();
                    self.grounds.push(ground(catalog, &attributes.answer(catalog, outcome.code)));
                }
                if self.grounds[slot as usize].is_some() {
                    let message = message(line.record.host, outcome.queue_id.unwrap_or_default());
                    let unanswered = outcome.code == Code::NONE;
                    self.push(recipient, line.at, |all, domain, address, domain_at| {
                        all.taking[domain as usize % TAKING] = 0;
                        all.failed(
                            address,
                            Failure { domain_at, slot, message, unanswered, start: 0, length: 0 },
                        )
                    });
                }
            }
            Action::Rejected => {}
        }
    }

    /// Takes what happened to a recipient; `what` is told the hash of its domain, the address without a last dot, and where
    /// its domain begins.
    fn push(
        &mut self,
        recipient: &[u8],
        at: Option<Instant>,
        what: impl FnOnce(&mut Self, u64, &[u8], u16) -> What,
    ) {
        let Some(domain) = domain(recipient) else { return };
        let address = recipient.strip_suffix(b".").unwrap_or(recipient);
        let domain_at = address.len().saturating_sub(domain.len());
        if address.len() > ADDRESS_LIMIT || domain_at < 2 {
            return;
        }
        // RFC 5321, section 2.4, lets receivers tell local parts apart by case. None is known that does, and lists spell
        // addresses in any way: what reaches one spelling proves the mailbox for all.
        self.folded.clear();
        self.folded.extend_from_slice(address);
        self.folded.make_ascii_lowercase();
        let who = who(self.seed, &self.folded);
        let domain = domain_hash(self.seed, &self.folded[domain_at..]);
        let what = what(self, domain, address, domain_at as u16);
        self.list.push(Happening { who, domain, at, what });
    }

    fn failed(&mut self, address: &[u8], failure: Failure) -> What {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(address);
        self.bytes[start + usize::from(failure.domain_at)..].make_ascii_lowercase();
        self.failures.push(Failure { start, length: address.len() as u16, ..failure });
        // A chunk has fewer lines than that.
        What::Failed((self.failures.len() - 1) as u32)
    }
}

/// Whether an outcome is about a recipient at another host. Local hops only pass mail on; a suspended recipient was not asked
/// about; a probe moved no mail.
fn concerns(outcome: &Outcome<'_>) -> bool {
    outcome.kind == Kind::Delivery && outcome.direction == Direction::Out
}

/// A message on a host, as a number: ids of two hosts may be the same.
fn message(host: &[u8], queue_id: &[u8]) -> u64 {
    xxh3_64_with_seed(queue_id, host_number(host))
}

impl Sink for Happenings<'_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        if let Event::Outcome(outcome) = event
            && concerns(outcome)
        {
            let attributes = self.attributor.attribute(outcome);
            self.outcome(line, outcome, &attributes);
        }
    }
}
