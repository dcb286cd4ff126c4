//! A message on its way, or a connection that brings none.

use super::digits::{BASE52, BASE62, HEX_CAPITAL, based, padded};
use super::names::Address;
use super::random::Random;
use super::stamp::SECOND;

/// The most recipients one message has.
pub(super) const MAX_RECIPIENTS: usize = 8;

/// A queue id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Id {
    bytes: [u8; 24],
    length: u8,
}

impl Id {
    /// The id as it is written.
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn new(text: &[u8]) -> Id {
        let mut id = Id::default();
        for (place, byte) in id.bytes.iter_mut().zip(text) {
            *place = *byte;
            id.length += 1;
        }
        id
    }
}

/// Where a recipient stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// To be tried in this turn of the queue.
    Due,
    /// Put off.
    Waiting,
    /// Accepted or given up.
    Done,
}

/// One recipient of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipient {
    /// The address.
    pub(super) address: Address,
    /// The group of hosts it belongs to, and its domain there.
    pub(super) group: u16,
    pub(super) domain: u16,
    /// The reply that put it off.
    pub(super) reply: Option<u16>,
    pub(super) state: State,
}

/// A message, or a connection.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// What its invented values depend on.
    pub(super) seed: u64,
    pub(super) script: u16,
    pub(super) step: u16,
    pub(super) id: Id,
    /// The message a bounce is about.
    pub(super) parent: Id,
    /// Index node of the queue file.
    pub(super) inode: u32,
    pub(super) sender: Address,
    /// Microseconds.
    pub(super) arrived: i64,
    pub(super) size: u32,
    recipients: [Recipient; MAX_RECIPIENTS],
    count: u8,
    /// Recipients still to be tried in this turn.
    pub(super) due: u8,
    /// Turns of the queue so far.
    pub(super) turns: u8,
    /// A recipient failed in this turn.
    pub(super) failed: bool,
    /// Another host was asked at least once.
    pub(super) asked: bool,
    /// All lines of its script are written.
    pub(super) scripted: bool,
    /// It left the queue, or never was in it.
    pub(super) gone: bool,
}

impl Message {
    /// A connection that just begins.
    pub(super) fn new(seed: u64, script: u16, now: i64) -> Message {
        let nobody =
            Recipient { address: Address::Null, group: 0, domain: 0, reply: None, state: State::Done };
        Message {
            seed,
            script,
            step: 0,
            id: Id::default(),
            parent: Id::default(),
            inode: 0,
            sender: Address::Null,
            arrived: now,
            size: 0,
            recipients: [nobody; MAX_RECIPIENTS],
            count: 0,
            due: 0,
            turns: 0,
            failed: false,
            asked: false,
            scripted: false,
            gone: true,
        }
    }

    /// Its recipients.
    pub(super) fn recipients(&self) -> &[Recipient] {
        &self.recipients[..usize::from(self.count)]
    }

    /// Its recipients, to change them.
    pub(super) fn recipients_mut(&mut self) -> &mut [Recipient] {
        &mut self.recipients[..usize::from(self.count)]
    }

    /// Adds a recipient, as long as there is room.
    pub(super) fn add(&mut self, recipient: Recipient) {
        if let Some(place) = self.recipients.get_mut(usize::from(self.count)) {
            *place = recipient;
            self.count += 1;
        }
    }
}

/// First index node of the queue's files.
const FIRST_INODE: u32 = 0x9c_c3a0;

/// Gives ids to messages and takes them back.
#[derive(Debug)]
pub(super) struct Ids {
    kind: Kind,
    /// Index nodes given back, with the microseconds of the id that went with them. The last one is used first, as file
    /// systems do: this is why short ids come back within seconds.
    free: Vec<(u32, u32)>,
    next_inode: u32,
    /// Exim: the last process id.
    process: u32,
    buffer: Vec<u8>,
}

/// The three ways to make an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Postfix: microseconds and index node.
    Short,
    /// Postfix: seconds, microseconds and index node.
    Long,
    /// Exim: seconds, process id and fraction of a second.
    Exim,
}

/// How many of a million messages get the whole id of a message that was just removed. In life the microseconds must
/// meet by chance; a log of some megabytes would show none.
const SAME_ID: u32 = 5_000;

impl Ids {
    /// A queue without messages.
    pub(super) fn new(kind: Kind) -> Ids {
        Ids {
            kind,
            free: Vec::new(),
            next_inode: FIRST_INODE,
            process: 4_000,
            buffer: Vec::with_capacity(24),
        }
    }

    /// An id no message in the queue has, and the index node to give back.
    pub(super) fn take(&mut self, now: i64, random: &mut Random) -> (Id, u32) {
        let seconds = now.div_euclid(SECOND).unsigned_abs();
        let mut micros = now.rem_euclid(SECOND) as u32;
        let out = &mut self.buffer;
        out.clear();
        if self.kind == Kind::Exim {
            // Process ids grow and wrap at the kernel's `pid_max` of 64-bit machines.
            self.process = (self.process + 1 + random.below(6)) % 4_194_304;
            padded(out, seconds, 6, BASE62);
            out.push(b'-');
            padded(out, u64::from(self.process), 6, BASE62);
            out.push(b'-');
            padded(out, u64::from(micros / 500), 2, BASE62);
            return (Id::new(out), 0);
        }
        let inode = match self.free.pop() {
            Some((inode, before)) => {
                if self.kind == Kind::Short && random.chance(SAME_ID) {
                    micros = before;
                }
                inode
            }
            None => {
                self.next_inode += 1 + random.below(3);
                self.next_inode
            }
        };
        if self.kind == Kind::Short {
            padded(out, u64::from(micros), 5, HEX_CAPITAL);
            based(out, u64::from(inode), HEX_CAPITAL);
        } else {
            padded(out, seconds, 6, BASE52);
            padded(out, u64::from(micros), 4, BASE52);
            out.push(b'z');
            based(out, u64::from(inode), &BASE52[..51]);
        }
        (Id::new(out), inode)
    }

    /// Takes an id back.
    pub(super) fn give_back(&mut self, id: &Id, inode: u32) {
        if self.kind != Kind::Exim {
            let micros = id
                .as_bytes()
                .iter()
                .take(5)
                .fold(0, |number, digit| number * 16 + (*digit as char).to_digit(16).unwrap_or(0));
            self.free.push((inode, micros));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_come_back_after_they_are_given_back() {
        let mut ids = Ids::new(Kind::Short);
        let mut random = Random::new(3);
        let (first, inode) = ids.take(1_772_842_165_578_591, &mut random);
        let (second, _) = ids.take(1_772_842_165_578_591, &mut random);
        assert_ne!(first, second);
        assert!(first.as_bytes().starts_with(b"8D41F9C"), "{first:?}");
        let mut again = 0;
        for turn in 0..5_000 {
            ids.give_back(&first, inode);
            let (id, same) = ids.take(1_772_842_166_000_000 + turn, &mut random);
            assert_eq!(same, inode);
            again += u32::from(id == first);
        }
        assert!((10..50).contains(&again), "{again}");
    }

    #[test]
    fn long_and_exim_ids_have_their_shape() {
        let mut random = Random::new(3);
        let (id, _) = Ids::new(Kind::Long).take(1_761_408_843_012_345, &mut random);
        assert!(id.as_bytes().starts_with(b"4cv4Zz") && id.as_bytes()[10] == b'z', "{id:?}");
        let (id, _) = Ids::new(Kind::Exim).take(1_767_194_343_000_000, &mut random);
        assert!(id.as_bytes().starts_with(b"1vaxyZ-0001"), "{id:?}");
        assert_eq!(id.as_bytes().len(), 16);
    }
}
