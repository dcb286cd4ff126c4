//! What is known of one message.

use serde::{Deserialize, Serialize};

use super::keys::Slot;
use super::patience::Patience;
use super::trouble::{Attempt, Ended, Only, Recovery, Trouble, Waiting};
use crate::smtp::Action;

/// The sender's domain, if the sender has one.
pub(super) type Sender = Option<u32>;

/// A sender as a line names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) sender: Sender,
    /// It is the null path.
    pub(super) null: bool,
    /// The line says that another host sent the message.
    pub(super) remote: bool,
}

/// A sender if it was named: 0 where it was not, 1 where it has no domain, else two more than its number.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Maybe(u32);

impl Maybe {
    /// Names are fewer than their numbers can count; what leads nowhere goes on to do so.
    fn new(sender: Option<Sender>) -> Maybe {
        Maybe(sender.map_or(0, |sender| sender.map_or(1, |name| name.saturating_add(2))))
    }

    #[inline]
    fn is_named(self) -> bool {
        self.0 != 0
    }

    #[inline]
    fn get(self) -> Option<Sender> {
        self.is_named().then(|| self.name())
    }

    #[inline]
    fn name(self) -> Option<u32> {
        self.0.checked_sub(2)
    }

    fn or(self, other: Maybe) -> Maybe {
        if self.is_named() { self } else { other }
    }
}

/// What is known of a message. There are very many of these.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(super) struct Life {
    /// Its beginning was seen here; nothing before this chunk belongs to it.
    pub(super) whole: bool,
    /// Its sender is the null path.
    null: bool,
    /// Another host sent it to us.
    pub(super) remote: bool,
    /// Tried at least once to another host.
    attempted: bool,
    /// Position of the first mention in this chunk: for how long it was not spoken of before that.
    opened: u32,
    /// The sender as first named, for the attempts before that.
    first: Maybe,
    /// The sender as last named, for the attempts after that.
    last: Maybe,
    /// Position of the last mention.
    pub(super) touched: u64,
    /// Most messages are delivered at once and have no trouble, and most others one answer that says it all.
    only: Only,
    /// All trouble, where that is more.
    more: Option<Box<Trouble>>,
}

impl Life {
    /// One that is spoken of first at this position of a chunk.
    #[inline]
    pub(super) fn of(whole: bool, clock: u64) -> Life {
        // No chunk has so many lines.
        Life { whole, opened: u32::try_from(clock).unwrap_or(u32::MAX), ..Life::default() }
    }

    /// One that begins here.
    #[inline]
    pub(super) fn begun(remote: bool, touched: u64) -> Life {
        Life { whole: true, remote, touched, ..Life::default() }
    }

    #[inline]
    pub(super) fn has_progress(&self) -> bool {
        self.attempted || self.last.is_named()
    }

    /// Position of the first mention in its chunk.
    pub(super) fn opened(&self) -> u64 {
        self.opened.into()
    }

    /// Whether it was over at this position, since nothing was said of it for too long.
    #[inline]
    pub(super) fn is_over(&self, clock: u64, patience: Patience) -> bool {
        clock - self.touched > patience.of(self.last.is_named() || self.is_waited_for())
    }

    /// Whether it was not just taken and delivered.
    #[inline]
    pub(super) fn is_troubled(&self) -> bool {
        self.only.says != 0 || self.more.is_some()
    }

    /// Whether it is a message that was attempted.
    pub(super) fn is_message(&self) -> bool {
        self.attempted
    }

    /// Whether it is a message with the null sender that another host sent us.
    pub(super) fn is_bounce(&self) -> bool {
        self.null && self.remote
    }

    /// All slots in it.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        let attempts = self.nameless().chain(self.met()).map(|attempt| attempt.slot);
        let waiting = self.waiting().chain(self.ended().filter_map(|ended| ended.waited));
        attempts.chain(waiting.map(|waiting| waiting.slot))
    }

    /// All names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = u32> {
        [self.first, self.last].into_iter().filter_map(Maybe::name)
    }

    /// Gives all slots in it other numbers.
    #[inline]
    pub(super) fn renumber(&mut self, mut slot: impl FnMut(Slot) -> Slot) {
        if self.only.says != 0 {
            self.only.slot = slot(self.only.slot);
        }
        if let Some(trouble) = &mut self.more {
            trouble.slots().for_each(|known| *known = slot(*known));
        }
    }

    /// Gives all names in it other numbers.
    #[inline]
    pub(super) fn rename(&mut self, mut rename: impl FnMut(u32) -> u32) {
        for sender in [&mut self.first, &mut self.last] {
            if let Some(name) = sender.name() {
                *sender = Maybe::new(Some(Some(rename(name))));
            }
        }
    }

    /// What it met was counted in an earlier log.
    pub(super) fn was_counted(&mut self) {
        if self.only.says(Only::NAMELESS | Only::MET) {
            self.only.says |= Only::LATE;
        }
        if let Some(trouble) = &mut self.more {
            trouble.nameless.iter_mut().chain(&mut trouble.met).for_each(|attempt| attempt.late = true);
        }
    }

    /// All trouble, however little.
    fn trouble(&mut self) -> &mut Trouble {
        let only = &mut self.only;
        self.more.get_or_insert_with(|| Box::new(Trouble::of(&std::mem::take(only))))
    }

    /// Whether a recipient waits.
    #[inline]
    pub(super) fn is_waited_for(&self) -> bool {
        self.waits() > 0
    }

    /// How many wait.
    #[inline]
    pub(super) fn waits(&self) -> u64 {
        let more = self.more.as_ref().map_or(0, |trouble| trouble.waiting.len() as u64);
        more + u64::from(self.only.says(Only::WAITS))
    }

    /// Recipients that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Waiting> {
        self.only
            .waiting()
            .into_iter()
            .chain(self.more.iter().flat_map(|trouble| trouble.waiting.iter().copied()))
    }

    /// Answers that refused it, each once.
    #[inline]
    pub(super) fn met(&self) -> impl Iterator<Item = Attempt> {
        let only = self.only.attempt(Only::MET);
        only.into_iter().chain(self.more.iter().flat_map(|trouble| trouble.met.iter().copied()))
    }

    /// Attempts without a sender.
    fn nameless(&self) -> impl Iterator<Item = Attempt> {
        let only = self.only.attempt(Only::NAMELESS);
        only.into_iter().chain(self.more.iter().flat_map(|trouble| trouble.nameless.iter().copied()))
    }

    /// The sender is named. Attempts that get it by this go to `settled`.
    #[inline(always)]
    pub(super) fn name(&mut self, named: Named, settled: &mut Vec<(Attempt, Sender)>) {
        self.null |= named.null;
        self.remote |= named.remote;
        self.last = Maybe::new(Some(named.sender));
        if !self.first.is_named() {
            self.first = self.last;
            // Without its beginning, an earlier chunk may know an earlier name.
            if self.whole {
                self.settle(named.sender, settled);
            }
        }
    }

    /// Attempts without a sender get one.
    #[inline]
    fn settle(&mut self, sender: Sender, settled: &mut Vec<(Attempt, Sender)>) {
        if let Some(trouble) = &mut self.more {
            settled.extend(trouble.nameless.drain(..).map(|attempt| (attempt, sender)));
        } else if let Some(attempt) = self.only.attempt(Only::NAMELESS) {
            self.only.unsay(Only::NAMELESS);
            settled.push((attempt, sender));
        }
    }

    /// Its sender, for attempts before any is named.
    pub(super) fn name_first(&mut self, sender: Option<Sender>) {
        self.first = self.first.or(Maybe::new(sender));
    }

    /// A recipient was tried, which is hashed only where that matters. Gives the sender if that is known; else the attempt waits
    /// for it, unless the line itself `named` it.
    #[inline(always)]
    pub(super) fn tried(
        &mut self,
        attempt: Attempt,
        action: Action,
        named: bool,
        recipient: impl FnOnce() -> u64,
        recovered: &mut Vec<Recovery>,
    ) -> Option<Sender> {
        self.attempted = true;
        let delayed = action == Action::Delayed;
        if delayed || action == Action::Failed {
            self.meet(attempt);
        }
        if delayed {
            self.wait(Waiting { recipient: recipient(), slot: attempt.slot, since: attempt.at });
        } else if !self.whole || self.is_waited_for() {
            let delivered = action != Action::Failed;
            let ended = Ended { recipient: recipient(), at: attempt.at, delivered, waited: None };
            self.ended_here(ended, Some(&attempt), recovered);
        }
        if named {
            return None;
        }
        let sender = self.last.get();
        if sender.is_none() {
            self.keep_nameless(attempt);
        }
        sender
    }

    /// What follows belongs to the same message. Attempts that get a sender by this go to `settled`.
    pub(super) fn join(
        &mut self,
        next: &mut Life,
        settled: &mut Vec<(Attempt, Sender)>,
        recovered: &mut Vec<Recovery>,
    ) {
        if let Some(first) = next.first.get() {
            self.settle(first, settled);
        }
        if next.is_troubled() {
            self.join_trouble(next, settled, recovered);
        }
        self.first = self.first.or(next.first);
        self.last = next.last.or(self.last);
        self.null |= next.null;
        self.remote |= next.remote;
        self.attempted |= next.attempted;
        self.touched = next.touched;
    }

    fn join_trouble(
        &mut self,
        next: &mut Life,
        settled: &mut Vec<(Attempt, Sender)>,
        recovered: &mut Vec<Recovery>,
    ) {
        match self.last.or(next.first).get() {
            Some(sender) => next.settle(sender, settled),
            None => next.nameless().for_each(|attempt| self.keep_nameless(attempt)),
        }
        next.met().for_each(|met| self.meet(met));
        next.ended().for_each(|ended| self.ended_here(ended, None, recovered));
        next.waiting().for_each(|waiting| self.wait(waiting));
    }

    /// Nothing comes before: the log begins here.
    #[inline]
    pub(super) fn make_whole(&mut self, settled: &mut Vec<(Attempt, Sender)>, recovered: &mut Vec<Recovery>) {
        self.whole = true;
        self.tell_ended(recovered);
        if let Some(first) = self.first.get() {
            self.settle(first, settled);
        }
    }

    /// Nothing is known elsewhere of recipients that reached an end.
    #[inline]
    fn tell_ended(&mut self, recovered: &mut Vec<Recovery>) {
        match &mut self.more {
            Some(trouble) => {
                recovered.extend(trouble.ended.drain(..).filter_map(|ended| ended.own_recovery()));
            }
            // How it had waited would be more.
            None => self.only.unsay(Only::ENDED | Only::DELIVERED),
        }
    }

    /// An attempt waits for a sender.
    #[inline]
    fn keep_nameless(&mut self, attempt: Attempt) {
        if self.more.is_some() || !self.only.say(Only::NAMELESS, &attempt) {
            self.trouble().nameless.push(attempt);
        }
    }

    /// It met a refusal.
    #[inline]
    fn meet(&mut self, met: Attempt) {
        let Only { slot, .. } = self.only;
        if self.only.says(Only::MET) && slot == met.slot
            || self.more.is_none() && self.only.say(Only::MET, &met)
        {
            return;
        }
        let known = &mut self.trouble().met;
        if !known.iter().any(|known| known.slot == met.slot) {
            known.push(met);
        }
    }

    /// A recipient is put off, for the first time or again.
    #[inline]
    fn wait(&mut self, waiting: Waiting) {
        let Only { slot, recipient, .. } = self.only;
        if self.only.says(Only::WAITS) && (recipient, slot) == (waiting.recipient, waiting.slot)
            || self.more.is_none() && self.only.say_waits(waiting)
        {
            return;
        }
        let all = &mut self.trouble().waiting;
        match all.iter_mut().find(|known| known.recipient == waiting.recipient) {
            Some(known) => known.slot = waiting.slot,
            None => all.push(waiting),
        }
    }

    /// A recipient no longer waits, if it did.
    fn take_waiting(&mut self, recipient: u64) -> Option<Waiting> {
        if let Some(trouble) = &mut self.more {
            let at = trouble.waiting.iter().position(|waiting| waiting.recipient == recipient)?;
            return Some(trouble.waiting.swap_remove(at));
        }
        let waiting = self.only.waiting().filter(|waiting| waiting.recipient == recipient);
        if waiting.is_some() {
            self.only.unsay(Only::WAITS);
        }
        waiting
    }

    /// A recipient reached its end, by an attempt if that is known.
    #[inline]
    fn ended_here(&mut self, ended: Ended, attempt: Option<&Attempt>, recovered: &mut Vec<Recovery>) {
        let before = self.take_waiting(ended.recipient);
        if !self.whole {
            // What an earlier chunk knows of it counts: it is told when that is joined.
            let ended = Ended { waited: ended.waited.or(before), ..ended };
            let only = attempt.filter(|_| self.more.is_none() && ended.waited.is_none());
            if !only.is_some_and(|attempt| self.only.say_ended(&ended, attempt)) {
                self.trouble().ended.push(ended);
            }
            return;
        }
        let waited = match (before, ended.waited) {
            (Some(before), Some(last)) => Some(Waiting { slot: last.slot, ..before }),
            (before, last) => before.or(last),
        };
        recovered.extend(waited.and_then(|waited| ended.recovery(waited)));
    }

    /// Recipients that reached an end here.
    fn ended(&self) -> impl Iterator<Item = Ended> {
        self.only
            .ended()
            .into_iter()
            .chain(self.more.iter().flat_map(|trouble| trouble.ended.iter().copied()))
    }

    /// The life is over: attempts without a sender get the first one or none, and what it met is told.
    #[inline]
    pub(super) fn close(
        &mut self,
        settled: &mut Vec<(Attempt, Sender)>,
        met: &mut Vec<Attempt>,
        recovered: &mut Vec<Recovery>,
    ) {
        self.tell_ended(recovered);
        match &self.more {
            Some(trouble) => met.extend_from_slice(&trouble.met),
            None => {
                if let Some(only) = self.only.attempt(Only::MET) {
                    met.push(only);
                }
            }
        }
        self.settle(self.first.get().flatten(), settled);
        self.more = None;
    }
}

/// A life as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    whole: bool,
    null: bool,
    remote: bool,
    attempted: bool,
    first: Option<Sender>,
    last: Option<Sender>,
    touched: u64,
    trouble: Option<Box<Trouble>>,
}

impl From<Written> for Life {
    fn from(written: Written) -> Life {
        let Written { whole, null, remote, attempted, first, last, touched, trouble } = written;
        let (first, last) = (Maybe::new(first), Maybe::new(last));
        let mut life = Life { whole, null, remote, attempted, first, last, touched, ..Life::default() };
        match trouble {
            // Most of it fits into less.
            Some(trouble) if trouble.ended.is_empty() => {
                trouble.nameless.into_iter().for_each(|attempt| life.keep_nameless(attempt));
                trouble.met.into_iter().for_each(|met| life.meet(met));
                trouble.waiting.into_iter().for_each(|waiting| life.wait(waiting));
            }
            trouble => life.more = trouble,
        }
        life
    }
}

impl From<Life> for Written {
    fn from(life: Life) -> Written {
        let Life { whole, null, remote, attempted, opened: _, first, last, touched, only, more } = life;
        let (first, last) = (first.get(), last.get());
        let trouble = more.unwrap_or_else(|| Box::new(Trouble::of(&only)));
        let trouble = Some(trouble).filter(|trouble| !trouble.is_empty());
        Written { whole, null, remote, attempted, first, last, touched, trouble }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may happen to a message.
    #[derive(Clone, Debug)]
    enum Step {
        Tried {
            attempt: Attempt,
            action: Action,
            named: bool,
            recipient: u64,
        },
        Named(Sender),
        /// The night is over.
        Carried,
    }

    fn step() -> impl Strategy<Value = Step> {
        let attempt = (0_u32..3, prop::option::of(0_i64..3), any::<bool>());
        let attempt = attempt.prop_map(|(slot, at, retry)| Attempt { slot, at, retry, late: false });
        let actions = vec![Action::Delivered, Action::Delayed, Action::Delayed, Action::Failed];
        let tried = (attempt, prop::sample::select(actions), any::<bool>(), 0_u64..3);
        prop_oneof![
            12 => tried.prop_map(|(attempt, action, named, recipient)| Step::Tried { attempt, action, named, recipient }),
            1 => prop::option::of(0_u32..3).prop_map(Step::Named),
            1 => Just(Step::Carried),
        ]
    }

    #[derive(Debug, Default, PartialEq)]
    struct Told {
        settled: Vec<(Attempt, Sender)>,
        met: Vec<Attempt>,
        recovered: Vec<Recovery>,
    }

    /// A life of these steps, `in_lists` or in as little as it fits.
    fn life(whole: bool, steps: &[Step], in_lists: bool, told: &mut Told) -> Life {
        let mut life = Life::of(whole, 0);
        for step in steps {
            if in_lists {
                life.trouble();
            }
            match *step {
                Step::Tried { attempt, action, named, recipient } => {
                    life.tried(attempt, action, named, || recipient, &mut told.recovered);
                }
                Step::Named(sender) => {
                    life.name(Named { sender, null: false, remote: false }, &mut told.settled);
                }
                Step::Carried => {
                    life = postcard::from_bytes(&postcard::to_allocvec(&life).unwrap()).unwrap();
                    life.was_counted();
                }
            }
        }
        if in_lists {
            life.trouble();
        }
        life
    }

    fn written(life: &Life) -> String {
        serde_json::to_string(life).unwrap()
    }

    proptest! {
        #[test]
        fn a_life_in_few_bytes_is_one_in_lists(
            whole in any::<bool>(),
            parts in prop::collection::vec(prop::collection::vec(step(), 0..5), 1..4),
        ) {
            let run = |in_lists: bool| {
                let (mut told, mut seen) = (Told::default(), Vec::new());
                let mut whole = life(whole, &parts[0], in_lists, &mut told);
                seen.push(written(&whole));
                for part in &parts[1..] {
                    let mut next = life(false, part, in_lists, &mut told);
                    whole.join(&mut next, &mut told.settled, &mut told.recovered);
                    whole.renumber(|slot| slot + 1);
                    seen.push(written(&whole));
                }
                let open = (whole.is_waited_for(), whole.waits(), whole.waiting().count(), whole.met().count());
                let mut slots: Vec<Slot> = whole.slots().collect();
                slots.sort_unstable();
                slots.dedup();
                whole.make_whole(&mut told.settled, &mut told.recovered);
                seen.push(written(&whole));
                whole.close(&mut told.settled, &mut told.met, &mut told.recovered);
                (told, seen, open, slots)
            };
            prop_assert_eq!(run(false), run(true));
        }
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<Life>() <= 56);
    }

    #[test]
    fn what_was_written_before_is_read() {
        let text = r#"{"whole":true,"null":false,"remote":true,"attempted":true,"first":3,"last":4,"touched":7,"trouble":{"nameless":[],"met":[{"slot":5,"at":60,"retry":false}],"waiting":[{"recipient":9,"slot":5,"since":60}],"ended":[]}}"#;
        let life: Life = serde_json::from_str(text).unwrap();
        assert!(life.more.is_none());
        assert_eq!(written(&life), text);
        let none: Life = serde_json::from_str(
            &text
                .replace("[{\"recipient\":9,\"slot\":5,\"since\":60}]", "[]")
                .replace("[{\"slot\":5,\"at\":60,\"retry\":false}]", "[]"),
        )
        .unwrap();
        assert!(!none.is_troubled());
    }
}
