//! What a chunk says about recipients: happenings in log order, for [`Recipients`](super::Recipients) to follow.
//!
//! The costly part is done here, by the workers: reading, attributing, asking the catalogue what an answer means. What
//! speaks against nobody is dropped at once.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::ground;
use crate::catalog::Catalog;
use crate::mta::{Event, Kind, Outcome};
use crate::smtp::{Action, Code, Direction, domain};
use crate::summary::Ground;
use crate::tally::keys::{Keys, RawKey, Slot};
use crate::tally::names::Names;
use crate::tally::{Attributes, Attributor, Line, Sink};
use crate::time::Instant;

/// Bytes of an address at most: local part, `@`, domain (RFC 5321, section 4.5.3.1). Nothing longer was ever delivered
/// to, and a shortened one would be somebody else's.
const ADDRESS_LIMIT: usize = 64 + 1 + 255;

/// Domains that a part remembers from chunk to chunk at most: each chunk looks at the numbers of all.
const MANY_DOMAINS: usize = 1 << 16;

/// What happened to a recipient.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Mail was accepted; `relayed` when only a smarthost did.
    Accepted { relayed: bool },
    /// Something speaks against it.
    Failed {
        slot: Slot,
        /// The message, by hash.
        message: u64,
        /// Whether no server answered at all.
        unanswered: bool,
    },
}

/// One happening.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening {
    /// Where the address begins in the chunk's bytes.
    start: usize,
    length: u16,
    /// Where the domain begins in the address.
    pub(super) domain_at: u16,
    /// The number of the domain.
    pub(super) domain: u32,
    pub(super) at: Option<Instant>,
    pub(super) what: What,
}

impl Happening {
    /// Something speaks against the recipient.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self.what, What::Failed { .. })
    }
}

/// What happened in some neighbouring lines.
#[derive(Debug)]
pub struct Happenings<'c> {
    attributor: Attributor<'c>,
    pub(super) keys: Keys,
    /// By key.
    pub(super) grounds: Vec<Option<Ground>>,
    pub(super) domains: Names,
    bytes: Vec<u8>,
    pub(super) list: Vec<Happening>,
}

impl<'c> Happenings<'c> {
    /// None yet.
    pub(super) fn new(catalog: &'c Catalog) -> Happenings<'c> {
        Happenings {
            attributor: Attributor::new(catalog),
            keys: Keys::default(),
            grounds: Vec::new(),
            domains: Names::default(),
            bytes: Vec::new(),
            list: Vec::new(),
        }
    }

    /// Empty, to be read into again; what was asked of the catalogue is remembered.
    pub(super) fn emptied(mut self) -> Happenings<'c> {
        self.bytes.clear();
        self.list.clear();
        if self.domains.len() > MANY_DOMAINS {
            self.domains = Names::default();
        }
        self
    }

    /// The address of a happening: the domain in lower case; of one that was accepted the local part too.
    pub(super) fn address(&self, happening: &Happening) -> &[u8] {
        &self.bytes[happening.start..happening.start + usize::from(happening.length)]
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
                self.push(recipient, line.at, What::Accepted { relayed });
            }
            Action::Delayed | Action::Failed => {
                let slot = self.keys.number(RawKey::new(outcome, attributes, action));
                if slot as usize == self.grounds.len() {
                    let catalog = self.attributor.catalog();
                    self.grounds.push(ground(catalog, &attributes.answer(catalog, outcome.code)));
                }
                if self.grounds[slot as usize].is_some() {
                    let message = message(line.record.host, outcome.queue_id.unwrap_or_default());
                    let unanswered = outcome.code == Code::NONE;
                    self.push(recipient, line.at, What::Failed { slot, message, unanswered });
                }
            }
            Action::Rejected => {}
        }
    }

    fn push(&mut self, recipient: &[u8], at: Option<Instant>, what: What) {
        let Some(domain_at) = memchr::memrchr(b'@', recipient).map(|at| at + 1) else { return };
        let Some(domain) = domain(recipient) else { return };
        let length = domain_at + domain.len();
        if length > ADDRESS_LIMIT || domain_at < 2 {
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&recipient[..length]);
        // RFC 5321, section 2.4, lets receivers tell local parts apart by case. None is known that does, and lists spell
        // addresses in any way: what reaches one spelling proves the mailbox for all.
        let folded = if matches!(what, What::Accepted { .. }) { start } else { start + domain_at };
        self.bytes[folded..].make_ascii_lowercase();
        let domain = self.domains.number(&self.bytes[start + domain_at..]);
        self.list.push(Happening {
            start,
            length: length as u16,
            domain_at: domain_at as u16,
            domain,
            at,
            what,
        });
    }
}

/// Whether an outcome is about a recipient at another host. Local hops only pass mail on; a suspended recipient was not asked
/// about; a probe moved no mail.
fn concerns(outcome: &Outcome<'_>) -> bool {
    outcome.kind == Kind::Delivery && outcome.direction == Direction::Out
}

/// A message on a host, as a number: ids of two hosts may be the same.
fn message(host: &[u8], queue_id: &[u8]) -> u64 {
    xxh3_64_with_seed(queue_id, if host.is_empty() { 0 } else { xxh3_64(host) })
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
