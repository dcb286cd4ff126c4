//! What a message met that was not just taken and delivered.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cells::NEVER;
use super::keys::Slot;
use crate::time::Instant;

/// An attempt.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) slot: Slot,
    pub(super) at: Option<Instant>,
    /// It repeats an earlier one of the same message.
    pub(super) retry: bool,
    /// It was counted in an earlier log, and only what became of it is known now.
    #[serde(skip)]
    pub(super) late: bool,
}

/// A recipient that was put off.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// By hash.
    pub(super) recipient: u64,
    /// The last answer.
    pub(super) slot: Slot,
    /// When it was put off first.
    pub(super) since: Option<Instant>,
}

/// A recipient that reached an end, in a life whose beginning was not seen.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) recipient: u64,
    pub(super) at: Option<Instant>,
    pub(super) delivered: bool,
    /// How it had waited, as far as seen here.
    pub(super) waited: Option<Waiting>,
}

/// A recipient that was delivered after all: the last answer before that, and the seconds since the first one.
pub(super) type Recovery = (Slot, i64);

impl Ended {
    pub(super) fn recovery(&self, waited: Waiting) -> Option<Recovery> {
        let since = waited.since.filter(|_| self.delivered)?;
        Some((waited.slot, (self.at? - since).max(0)))
    }

    /// What comes of it if nothing is known of it elsewhere.
    pub(super) fn own_recovery(&self) -> Option<Recovery> {
        self.waited.and_then(|waited| self.recovery(waited))
    }
}

/// What is known of a message that was not just taken and delivered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Trouble {
    /// Attempts before the sender was named.
    pub(super) nameless: Vec<Attempt>,
    /// Answers that refused it, each with the first time.
    pub(super) met: Few<Attempt>,
    /// Recipients that were delayed last.
    pub(super) waiting: Few<Waiting>,
    /// Recipients that reached an end here; kept only where an earlier chunk may hold them as waiting.
    pub(super) ended: Vec<Ended>,
}

/// Mostly one.
type Few<T> = SmallVec<[T; 1]>;

/// Trouble of one attempt: it may stand in each of the lists once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Only {
    pub(super) at: Instant,
    /// Of one that waits or reached an end.
    pub(super) recipient: u64,
    pub(super) slot: Slot,
    /// What of the below holds; 0 where there is no trouble.
    pub(super) says: u8,
}

impl Only {
    pub(super) const NAMELESS: u8 = 1;
    pub(super) const MET: u8 = 1 << 1;
    pub(super) const WAITS: u8 = 1 << 2;
    pub(super) const ENDED: u8 = 1 << 3;
    pub(super) const DELIVERED: u8 = 1 << 4;
    const RETRY: u8 = 1 << 5;
    pub(super) const LATE: u8 = 1 << 6;

    /// What makes it stand in a list.
    const LISTS: u8 = Only::NAMELESS | Only::MET | Only::WAITS | Only::ENDED;

    #[inline]
    pub(super) fn says(&self, what: u8) -> bool {
        self.says & what != 0
    }

    /// No longer says so.
    pub(super) fn unsay(&mut self, what: u8) {
        self.says &= !what;
        if !self.says(Only::LISTS) {
            *self = Only::default();
        }
    }

    /// Says more of an attempt, if it says nothing yet, or nothing of another one.
    #[inline]
    pub(super) fn say(&mut self, what: u8, attempt: &Attempt) -> bool {
        let Attempt { slot, at, retry, late } = *attempt;
        let flags = if retry { Only::RETRY } else { 0 } | if late { Only::LATE } else { 0 };
        let at = at.unwrap_or(NEVER);
        if self.says == 0 {
            *self = Only { at, recipient: 0, slot, says: flags };
        }
        let same = self.slot == slot && self.at == at && self.says & (Only::RETRY | Only::LATE) == flags;
        if same && !self.says(what) {
            self.says |= what;
            return true;
        }
        false
    }

    /// Says that a recipient waits, if it says nothing yet, or nothing of another attempt or recipient.
    #[inline]
    pub(super) fn say_waits(&mut self, Waiting { recipient, slot, since }: Waiting) -> bool {
        let at = since.unwrap_or(NEVER);
        if self.says == 0 {
            *self = Only { at, recipient, slot, says: Only::WAITS };
            return true;
        }
        if self.slot != slot || self.at != at || self.says(Only::WAITS | Only::ENDED) {
            return false;
        }
        self.recipient = recipient;
        self.says |= Only::WAITS;
        true
    }

    /// Says that the recipient of an attempt reached its end, likewise.
    #[inline]
    pub(super) fn say_ended(&mut self, ended: &Ended, attempt: &Attempt) -> bool {
        let what = Only::ENDED | if ended.delivered { Only::DELIVERED } else { 0 };
        let said = !self.says(Only::WAITS | Only::ENDED) && self.say(what, attempt);
        if said {
            self.recipient = ended.recipient;
        }
        said
    }

    fn at(&self) -> Option<Instant> {
        (self.at != NEVER).then_some(self.at)
    }

    #[inline]
    pub(super) fn attempt(&self, what: u8) -> Option<Attempt> {
        let Only { slot, .. } = *self;
        let (retry, late) = (self.says(Only::RETRY), self.says(Only::LATE));
        self.says(what).then(|| Attempt { slot, at: self.at(), retry, late })
    }

    #[inline]
    pub(super) fn waiting(&self) -> Option<Waiting> {
        let Only { slot, recipient, .. } = *self;
        self.says(Only::WAITS).then(|| Waiting { recipient, slot, since: self.at() })
    }

    #[inline]
    pub(super) fn ended(&self) -> Option<Ended> {
        let (recipient, delivered) = (self.recipient, self.says(Only::DELIVERED));
        self.says(Only::ENDED).then(|| Ended { recipient, at: self.at(), delivered, waited: None })
    }
}

impl Trouble {
    pub(super) fn of(only: &Only) -> Trouble {
        Trouble {
            nameless: only.attempt(Only::NAMELESS).into_iter().collect(),
            met: only.attempt(Only::MET).into_iter().collect(),
            waiting: only.waiting().into_iter().collect(),
            ended: only.ended().into_iter().collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let Trouble { nameless, met, waiting, ended } = self;
        nameless.is_empty() && met.is_empty() && waiting.is_empty() && ended.is_empty()
    }

    pub(super) fn slots(&mut self) -> impl Iterator<Item = &mut Slot> {
        let Trouble { nameless, met, waiting, ended } = self;
        let waited = ended.iter_mut().filter_map(|ended| ended.waited.as_mut());
        let attempts = nameless.iter_mut().chain(met).map(|attempt| &mut attempt.slot);
        attempts.chain(waiting.iter_mut().chain(waited).map(|waiting| &mut waiting.slot))
    }
}
