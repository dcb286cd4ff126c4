//! The simulated mail server: many messages in flight at once, each line in the order of time.
//!
//! Things to come wait in a heap, ordered by their instant and then by the order they were planned in. Memory holds
//! what is in the queue and nothing of what was written.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{self, Write};

use super::arrivals::Arrivals;
use super::attempt::{Attempt, exim_action};
use super::log::{Count, Log};
use super::message::{Ids, Kind, MAX_RECIPIENTS, Message, Recipient, State};
use super::mix::{Brings, Class, Mix, Stage};
use super::names::{Address, Host, write_address};
use super::random::{Random, stable};
use super::spec::{Blend, Mta, Spec};
use super::stamp::SECOND;
use super::template::{Context, QUEUE_MANAGER};
use super::truth::{CodeKey, Truth};
use crate::smtp::{Action, Direction};

/// Turns of the queue a message gets.
const LAST_TURN: u8 = 10;
/// Messages that may wait for another turn; beyond, the queue gives them up, so that memory stays bounded.
const MOST_WAITING: u32 = 50_000;
/// Seconds between the first two turns, and the most between two (Postfix: `minimal_` and `maximal_backoff_time`).
const BACKOFF: (i64, i64) = (300, 4_000);
/// Our own users.
const USERS: u32 = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The next line of a script.
    Step(u32),
    /// An attempt for one recipient.
    Deliver(u32, u8),
    /// The next turn of the queue.
    Retry(u32),
    /// The message leaves the queue.
    Remove(u32),
}

/// No host of a group is asked because one refused to talk.
#[derive(Clone, Copy, Debug)]
struct Suspension {
    until: i64,
    host: u16,
    reply: u16,
}

/// The server and its log.
pub(super) struct Engine<'w> {
    mta: Mta,
    blend: Blend,
    failures: u32,
    people: u32,
    target: u64,
    mix: Mix,
    random: Random,
    log: Log<'w>,
    ids: Ids,
    arrivals: Arrivals,
    tasks: BinaryHeap<Reverse<(i64, u64, What)>>,
    planned: u64,
    messages: Vec<Message>,
    free: Vec<u32>,
    waiting: u32,
    suspensions: Vec<Option<Suspension>>,
    counts: Vec<u64>,
    rejects: Vec<u64>,
    /// Recipients an Exim queue gave up without asking again: our own, those of other hosts.
    timeouts: [u64; 2],
    nobody: Host,
    ended: bool,
}

impl<'w> Engine<'w> {
    /// A server that has written nothing yet.
    pub(super) fn new(spec: &Spec, mix: Mix, arrivals: Arrivals, sink: &'w mut dyn Write) -> Engine<'w> {
        let kind = match (spec.mta, spec.long_ids) {
            (Mta::Exim, _) => Kind::Exim,
            (Mta::Postfix, true) => Kind::Long,
            (Mta::Postfix, false) => Kind::Short,
        };
        let random = Random::new(spec.seed);
        Engine {
            mta: spec.mta,
            blend: spec.blend,
            failures: spec.failures.min(1_000_000),
            people: spec.recipients.max(1),
            target: spec.bytes,
            // The null sender and the unknown one follow our own domains.
            log: Log::new(spec, mix.senders.len() + 2, sink),
            ids: Ids::new(kind),
            arrivals,
            tasks: BinaryHeap::new(),
            planned: 0,
            messages: Vec::new(),
            free: Vec::new(),
            waiting: 0,
            suspensions: vec![None; mix.groups.len()],
            counts: vec![0; mix.counters],
            rejects: vec![0; mix.rejects.len()],
            timeouts: [0; 2],
            nobody: Host::default(),
            ended: false,
            random,
            mix,
        }
    }

    /// Writes the log; returns its truth and the number of arrivals.
    pub(super) fn run(mut self) -> io::Result<(Truth, u64)> {
        let mut arrived = 0;
        while !self.ended {
            let arrival = self.arrivals.next();
            match self.tasks.peek() {
                Some(Reverse((at, ..))) if *at < arrival => {
                    if let Some(Reverse((at, _, what))) = self.tasks.pop() {
                        self.perform(at, what);
                    }
                }
                _ => {
                    arrived += 1;
                    if self.blend == Blend::Dense {
                        self.lone_attempt(arrival);
                    } else {
                        self.arrive(arrival);
                    }
                    self.arrivals.adjust(arrived, self.log.bytes(), self.target);
                    self.arrivals.advance(&mut self.random);
                }
            }
            self.log.hand_on()?;
        }
        Ok((self.finish()?, arrived))
    }

    fn plan(&mut self, at: i64, what: What) {
        self.planned += 1;
        self.tasks.push(Reverse((at, self.planned, what)));
    }

    fn perform(&mut self, now: i64, what: What) {
        match what {
            What::Step(slot) => self.step(slot, now),
            What::Deliver(slot, recipient) => self.deliver(slot, usize::from(recipient), now),
            What::Retry(slot) => self.retry(slot, now),
            What::Remove(slot) => self.remove(slot, now),
        }
    }

    fn admit(&mut self, message: Message) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.messages[slot as usize] = message;
                slot
            }
            None => {
                self.messages.push(message);
                self.messages.len() as u32 - 1
            }
        }
    }

    fn release_if_over(&mut self, slot: u32) {
        let message = &self.messages[slot as usize];
        if message.scripted && message.gone {
            self.free.push(slot);
        }
    }

    fn arrive(&mut self, now: i64) {
        let script = self.mix.arrivals.pick(&mut self.random);
        let mailing = self.mailing(now);
        let script = mailing.and(self.mix.outgoing()).unwrap_or(script);
        let message = Message::new(self.random.next(), script, now);
        let slot = self.admit(message);
        self.fill(slot, self.mix.scripts[usize::from(script)].brings);
        if let Some(sender) = mailing {
            self.messages[slot as usize].sender = Address::Own(sender, 0);
        }
        self.step(slot, now);
    }

    /// The sender of the mailing that an arrival belongs to.
    fn mailing(&mut self, now: i64) -> Option<u16> {
        let (number, factor) = self.arrivals.mailing(now)?;
        // One of so many is usual mail.
        let usual = u64::from(self.random.below(1_000_000)) * factor < 1_000_000;
        (!usual).then(|| stable(number, 0x5e_17de, self.mix.senders.len() as u32) as u16)
    }

    /// Writes the next line of a message's script.
    fn step(&mut self, slot: u32, now: i64) {
        let at = slot as usize;
        let (script, step) = (usize::from(self.messages[at].script), usize::from(self.messages[at].step));
        let class = self.mix.scripts[script].steps[step].class;
        if matches!(class, Class::Arrives | Class::Received) {
            let (id, inode) = self.ids.take(now, &mut self.random);
            let message = &mut self.messages[at];
            (message.id, message.inode, message.arrived, message.gone) = (id, inode, now, false);
        }
        let Engine { mix, log, random, messages, nobody, .. } = self;
        let script = &mix.scripts[script];
        let message = &messages[at];
        let context = Context { mix, message, now, rcpt: message.sender, host: nobody, joint: b" " };
        log.line(now, class.into(), |out| script.steps[step].text.write(out, random, &context));
        let gap = i64::from(script.gap) * 500;
        let pause = gap + i64::from(random.below(script.gap * 1_000));
        let last = step + 1 == script.steps.len();
        let message = &mut messages[at];
        message.step += 1;
        message.scripted = last;
        if let Class::Reject(which) = class {
            self.rejects[usize::from(which)] += 1;
        }
        if matches!(class, Class::Active | Class::Received) {
            self.start_turn(slot, now);
        }
        if last {
            self.release_if_over(slot);
        } else {
            self.plan(now + pause, What::Step(slot));
        }
    }

    /// Decides who writes to whom.
    fn fill(&mut self, slot: u32, brings: Brings) {
        let Engine { mix, random, messages, people, .. } = self;
        let message = &mut messages[slot as usize];
        message.size = 900 + random.below(4_000) * (1 + random.below(12));
        match brings {
            Brings::Out => {
                // The product of two numbers: the first domains send most.
                let count = mix.senders.len() as u32;
                let most = 1 + random.below(count);
                let skewed = random.below(most);
                message.sender = Address::Own(skewed as u16, random.below(100_000));
                let many = match random.below(100) {
                    0..=81 => 1,
                    82..=91 => 2,
                    _ => 3 + random.below(MAX_RECIPIENTS as u32 - 2),
                };
                for _ in 0..many {
                    message.add(recipient(mix, Address::Foreign(random.below(*people))));
                }
            }
            Brings::In => {
                if !random.chance(30_000) {
                    message.sender = Address::Foreign(random.below(*people));
                }
                for _ in 0..1 + u32::from(random.chance(80_000)) {
                    message.add(recipient(mix, Address::Local(random.below(USERS))));
                }
            }
            // A bounce knows its recipient from the beginning.
            Brings::Bounce | Brings::Nothing => {}
        }
    }

    /// Plans the attempts for all recipients that are to be tried.
    fn start_turn(&mut self, slot: u32, now: i64) {
        let message = &mut self.messages[slot as usize];
        message.due = 0;
        let mut at = now;
        for index in 0..self.messages[slot as usize].recipients().len() {
            if self.messages[slot as usize].recipients()[index].state != State::Due {
                continue;
            }
            self.messages[slot as usize].due += 1;
            at += 60_000 + i64::from(self.random.below(900_000));
            self.plan(at, What::Deliver(slot, index as u8));
        }
        if self.messages[slot as usize].due == 0 {
            self.plan(now + 1_000, What::Remove(slot));
        }
    }

    /// One attempt for one recipient.
    fn deliver(&mut self, slot: u32, index: usize, now: i64) {
        let message = &self.messages[slot as usize];
        let recipient = message.recipients()[index];
        let group_at = usize::from(recipient.group);
        let suspension = self.suspensions[group_at].filter(|suspension| suspension.until > now);
        let action = if let Some(Suspension { host, reply, .. }) = suspension {
            self.write_suspended(slot, index, host, reply, now);
            self.messages[slot as usize].recipients_mut()[index].reply = Some(reply);
            Action::Delayed
        } else {
            let reply = self.choose(slot, recipient, now);
            self.messages[slot as usize].recipients_mut()[index].reply = Some(reply);
            self.attempt(slot, recipient, reply, now)
        };
        let message = &mut self.messages[slot as usize];
        message.recipients_mut()[index].state =
            if action == Action::Delayed { State::Waiting } else { State::Done };
        message.failed |= action == Action::Failed;
        message.due -= 1;
        if message.due == 0 {
            self.end_turn(slot, now);
        }
    }

    /// Decides what is answered.
    fn choose(&mut self, slot: u32, recipient: Recipient, now: i64) -> u16 {
        let Engine { mix, random, messages, failures, .. } = self;
        let message = &messages[slot as usize];
        for episode in &mix.episodes {
            let meets = episode.group == recipient.group
                && (episode.start..episode.end).contains(&now)
                && episode
                    .sender
                    .is_none_or(|own| matches!(message.sender, Address::Own(domain, _) if domain == own));
            if meets && random.chance(episode.share) {
                return episode.reply;
            }
        }
        let group = &mix.groups[usize::from(recipient.group)];
        match recipient.reply {
            // What was put off is accepted later, mostly.
            Some(_) if random.chance(600_000) => group.accepting.pick(random),
            Some(before) if random.chance(850_000) => before,
            Some(_) => group.failing.pick(random),
            None if random.chance(*failures) => group.failing.pick(random),
            None => group.accepting.pick(random),
        }
    }

    /// Writes the lines of an attempt and counts them.
    fn attempt(&mut self, slot: u32, recipient: Recipient, reply_at: u16, now: i64) -> Action {
        let Engine { mta, mix, log, random, messages, suspensions, counts, blend, .. } = self;
        let group = &mix.groups[usize::from(recipient.group)];
        let reply = &group.replies[usize::from(reply_at)];
        let mut host_at = host_of(group.hosts.len(), group.own_hosts, recipient, random);
        let message = &messages[slot as usize];
        let mut attempt = Attempt {
            mta: *mta,
            mix,
            message,
            rcpt: recipient.address,
            group,
            host: &group.hosts[host_at],
            reply,
            now,
        };
        let beside = *mta == Mta::Postfix && *blend != Blend::Dense;
        if let (true, Some(step), true) = (beside, &group.before, random.chance(300_000)) {
            log.line(now, step.class.into(), |out| step.text.write(out, random, &attempt.context(b" ")));
        }
        // A soft answer of a host that is not the last one: the next is asked, and its answer counts. A broken
        // connection does the same, without an answer.
        let asked_on = match mta {
            Mta::Postfix => reply.at != Stage::None,
            Mta::Exim => matches!(reply.at, Stage::Greeting | Stage::Mail),
        };
        let soft = reply.action == Action::Delayed && asked_on && group.direction == Direction::Out;
        if soft && host_at == 0 && group.hosts.len() > 1 && !group.own_hosts && *blend != Blend::Dense {
            let count = if reply.at == Stage::Lost { Count::Event } else { Count::NonFinal };
            log.line(now, count, |out| attempt.not_the_last_word(out, random));
            host_at = 1;
            attempt.host = &group.hosts[1];
        }
        let out_there = group.direction == Direction::Out;
        log.line(now, if out_there { Count::Out } else { Count::Local }, |out| {
            attempt.last_word(out, random);
        });
        let action = if *mta == Mta::Exim { exim_action(reply) } else { reply.action };
        counts[group.counters + host_at * group.replies.len() + usize::from(reply_at)] += 1;
        if let (true, Some(step)) = (beside && action == Action::Delivered, &group.after) {
            log.line(now, step.class.into(), |out| step.text.write(out, random, &attempt.context(b" ")));
        }
        // Postfix's queue manager leaves a destination alone that cannot be talked to, one time in four here.
        let dead =
            matches!(reply.at, Stage::Greeting | Stage::Lost) && action == Action::Delayed && out_there;
        if dead && !group.own_hosts && beside && random.chance(250_000) {
            suspensions[usize::from(recipient.group)] =
                Some(Suspension { until: now + 3 * SECOND, host: host_at as u16, reply: reply_at });
        }
        if out_there {
            // Without the lines of its arrival a message has a sender only where the attempt names it.
            let unnamed = *blend == Blend::Dense && !(*mta == Mta::Exim && attempt.names_sender());
            log.outcome(now, sender_place(mix, message.sender, unnamed), action);
            let message = &mut messages[slot as usize];
            log.truth.messages += u64::from(!message.asked);
            message.asked = true;
        }
        action
    }

    fn write_suspended(&mut self, slot: u32, index: usize, host: u16, reply: u16, now: i64) {
        let Engine { mta, mix, log, random, messages, .. } = self;
        let message = &messages[slot as usize];
        let recipient = message.recipients()[index];
        let group = &mix.groups[usize::from(recipient.group)];
        let attempt = Attempt {
            mta: *mta,
            mix,
            message,
            rcpt: recipient.address,
            group,
            host: &group.hosts[usize::from(host)],
            reply: &group.replies[usize::from(reply)],
            now,
        };
        log.line(now, Count::Suspended, |out| attempt.suspended(out, random));
    }

    /// All recipients of this turn were tried: bounce, wait, or leave.
    fn end_turn(&mut self, slot: u32, now: i64) {
        let at = slot as usize;
        let waits = |message: &Message| message.recipients().iter().any(|r| r.state == State::Waiting);
        if waits(&self.messages[at]) && (self.messages[at].turns >= LAST_TURN || self.waiting >= MOST_WAITING)
        {
            self.give_up(slot, now);
        }
        let message = &mut self.messages[at];
        let bounces = message.failed && message.sender != Address::Null;
        message.failed = false;
        if waits(message) {
            let turn = u32::from(message.turns.min(6));
            let pause = (BACKOFF.0 << turn).min(BACKOFF.1);
            let jitter = i64::from(self.random.below(60 * SECOND as u32));
            self.waiting += 1;
            self.plan(now + pause * SECOND + jitter, What::Retry(slot));
        } else {
            let pause = 20_000 + i64::from(self.random.below(80_000));
            self.plan(now + pause, What::Remove(slot));
        }
        if bounces {
            self.bounce(slot, now);
        }
    }

    /// The queue gives up the recipients that still wait.
    fn give_up(&mut self, slot: u32, now: i64) {
        let Engine { mta, mix, log, messages, timeouts, blend, .. } = self;
        let message = &messages[slot as usize];
        match mta {
            Mta::Postfix => {
                log.truth.expired += 1;
                log.line(now, Count::Event, |out| {
                    queue_manager(out, message);
                    out.extend_from_slice(b": from=<");
                    write_address(out, mix, message.sender);
                    out.extend_from_slice(b">, status=expired, returned to sender");
                });
            }
            Mta::Exim => {
                for recipient in message.recipients().iter().filter(|r| r.state == State::Waiting) {
                    let out_there = mix.groups[usize::from(recipient.group)].direction == Direction::Out;
                    log.line(now, if out_there { Count::Out } else { Count::Local }, |out| {
                        out.extend_from_slice(message.id.as_bytes());
                        out.extend_from_slice(b" ** ");
                        write_address(out, mix, recipient.address);
                        // A mailbox of our own is known by its router; of another host only the address is left.
                        out.extend_from_slice(if out_there { b"" } else { b" R=local_user T=maildir_home" });
                        out.extend_from_slice(b": retry timeout exceeded");
                    });
                    timeouts[usize::from(out_there)] += 1;
                    if out_there {
                        log.outcome(
                            now,
                            sender_place(mix, message.sender, *blend == Blend::Dense),
                            Action::Failed,
                        );
                    }
                }
            }
        }
        let message = &mut messages[slot as usize];
        message.failed = true;
        for recipient in message.recipients_mut() {
            recipient.state = State::Done;
        }
    }

    /// A report about failed recipients goes to the sender, as a message of its own.
    fn bounce(&mut self, slot: u32, now: i64) {
        let parent = &self.messages[slot as usize];
        let (parent_id, sender, size) = (parent.id, parent.sender, parent.size);
        let mut report = Message::new(self.random.next(), self.mix.bounce, now);
        (report.parent, report.size) = (parent_id, size + 2_300);
        report.add(recipient(&self.mix, sender));
        let slot = self.admit(report);
        self.step(slot, now);
    }

    /// The queue takes a waiting message up again.
    fn retry(&mut self, slot: u32, now: i64) {
        let Engine { mta, mix, log, random, messages, waiting, .. } = self;
        *waiting -= 1;
        let message = &mut messages[slot as usize];
        message.turns += 1;
        if *mta == Mta::Postfix {
            let message = &*message;
            log.line(now, Count::Event, |out| {
                queue_manager(out, message);
                out.extend_from_slice(b": from=<");
                write_address(out, mix, message.sender);
                out.extend_from_slice(b">, size=");
                super::digits::number(out, u64::from(message.size));
                out.extend_from_slice(b", nrcpt=");
                super::digits::number(out, message.recipients().len() as u64);
                out.extend_from_slice(b" (queue active)");
            });
        } else if message.turns < LAST_TURN && random.chance(300_000) {
            // An Exim queue run met the message before its next try was due.
            for index in 0..message.recipients().len() {
                if self.messages[slot as usize].recipients()[index].state == State::Waiting {
                    self.write_suspended(slot, index, 0, 0, now);
                }
            }
            self.waiting += 1;
            self.plan(now + BACKOFF.0 * SECOND, What::Retry(slot));
            return;
        }
        for recipient in self.messages[slot as usize].recipients_mut() {
            if recipient.state == State::Waiting {
                recipient.state = State::Due;
            }
        }
        self.start_turn(slot, now);
    }

    /// The message leaves the queue.
    fn remove(&mut self, slot: u32, now: i64) {
        let Engine { mta, log, messages, ids, .. } = self;
        let message = &mut messages[slot as usize];
        log.line(now, Count::Event, |out| match mta {
            Mta::Postfix => {
                queue_manager(out, message);
                out.extend_from_slice(b": removed");
            }
            Mta::Exim => {
                out.extend_from_slice(message.id.as_bytes());
                out.extend_from_slice(b" Completed QT=");
                super::digits::number(out, ((now - message.arrived) / SECOND).unsigned_abs());
                out.push(b's');
            }
        });
        message.gone = true;
        ids.give_back(&message.id, message.inode);
        self.ended = self.log.bytes() >= self.target;
        self.release_if_over(slot);
    }

    /// The dense log: one failing attempt of a message of which nothing else is told.
    fn lone_attempt(&mut self, now: i64) {
        let (id, _) = self.ids.take(now, &mut self.random);
        let address = Address::Foreign(self.random.below(self.people));
        let recipient = recipient(&self.mix, address);
        let mut message = Message::new(self.random.next(), 0, now);
        (message.id, message.arrived) = (id, now - i64::from(self.random.below(20 * SECOND as u32)));
        message.sender =
            Address::Own(self.random.below(self.mix.senders.len() as u32) as u16, self.random.below(100_000));
        message.size = 2_000 + self.random.below(40_000);
        let slot = self.admit(message);
        let reply = self.mix.groups[usize::from(recipient.group)].failing.pick(&mut self.random);
        self.attempt(slot, recipient, reply, now);
        self.free.push(slot);
        self.ended = self.log.bytes() >= self.target;
    }

    fn finish(self) -> io::Result<Truth> {
        let mut codes: BTreeMap<CodeKey, u64> = BTreeMap::new();
        let exim = self.mta == Mta::Exim;
        for group in &self.mix.groups {
            for (host_at, host) in group.hosts.iter().enumerate() {
                for (reply_at, reply) in group.replies.iter().enumerate() {
                    let count = self.counts[group.counters + host_at * group.replies.len() + reply_at];
                    if count == 0 {
                        continue;
                    }
                    let own_words = exim && reply.exim.is_some();
                    let reached = reply.at != Stage::None || (own_words && reply.exim_names_host);
                    let named = reached || (group.direction == Direction::Local && !exim);
                    let answered = !matches!(reply.at, Stage::Lost | Stage::None);
                    // Where the reply has no enhanced code, `dsn=` stands for it; Exim has no such field.
                    let enhanced = match &reply.enhanced {
                        None if answered && !exim => Some(reply.dsn.clone()),
                        own => own.clone(),
                    };
                    let action = if exim { exim_action(reply) } else { reply.action };
                    // Exim hands local mail to its own transport: no server answers.
                    let silent = exim && group.direction == Direction::Local;
                    let key = (
                        group.direction,
                        named.then(|| host.name.clone()).filter(|_| !silent),
                        status(self.mta, action).to_owned(),
                        action,
                        reply.basic.map(crate::smtp::BasicCode::number).filter(|_| !silent),
                        enhanced.filter(|_| answered && !silent),
                    );
                    *codes.entry(key).or_default() += count;
                }
            }
        }
        for (reject, count) in self.mix.rejects.iter().zip(&self.rejects) {
            let key = (
                Direction::In,
                None,
                reject.status.clone(),
                Action::Rejected,
                reject.basic,
                reject.enhanced.clone(),
            );
            *codes.entry(key).or_default() += count;
        }
        for (direction, count) in [Direction::Local, Direction::Out].into_iter().zip(self.timeouts) {
            let timeout = (direction, None, "**".to_owned(), Action::Failed, None, None);
            *codes.entry(timeout).or_default() += count;
        }
        codes.retain(|_, count| *count > 0);
        let mut names: Vec<Option<&str>> = self.mix.senders.iter().map(|name| Some(name.as_str())).collect();
        names.extend([Some("<>"), None]);
        let mut truth = self.log.finish(&names)?;
        truth.set_codes(codes);
        Ok(truth)
    }
}

/// A recipient that is to be tried.
fn recipient(mix: &Mix, address: Address) -> Recipient {
    let (group, domain) = match address {
        Address::Foreign(person) => mix.place_of(person).unwrap_or_default(),
        Address::Local(person) => (mix.home_of(person), 0),
        Address::Own(..) | Address::Null => (mix.returns(), 0),
    };
    Recipient { address, group, domain, reply: None, state: State::Due }
}

/// The host that is asked: the first of the list mostly, and always the domain's own where it has one.
fn host_of(hosts: usize, own_hosts: bool, recipient: Recipient, random: &mut Random) -> usize {
    if own_hosts {
        usize::from(recipient.domain).min(hosts.saturating_sub(1))
    } else if hosts > 1 && random.chance(300_000) {
        1 + random.below(hosts as u32 - 1) as usize
    } else {
        0
    }
}

/// Where a sender is counted: our domains, then the null sender, then the unknown one.
fn sender_place(mix: &Mix, sender: Address, unnamed: bool) -> usize {
    match sender {
        _ if unnamed => mix.senders.len() + 1,
        Address::Own(domain, _) => usize::from(domain),
        Address::Null => mix.senders.len(),
        Address::Foreign(_) | Address::Local(_) => mix.senders.len() + 1,
    }
}

fn status(mta: Mta, action: Action) -> &'static str {
    match (mta, action) {
        (Mta::Postfix, Action::Delivered | Action::Relayed) => "sent",
        (Mta::Postfix, Action::Delayed) => "deferred",
        (Mta::Postfix, Action::Failed | Action::Rejected) => "bounced",
        (Mta::Exim, Action::Delivered | Action::Relayed) => "=>",
        (Mta::Exim, Action::Delayed) => "==",
        (Mta::Exim, Action::Failed | Action::Rejected) => "**",
    }
}

fn queue_manager(out: &mut Vec<u8>, message: &Message) {
    out.extend_from_slice(b"postfix/qmgr[");
    super::digits::number(out, QUEUE_MANAGER);
    out.extend_from_slice(b"]: ");
    out.extend_from_slice(message.id.as_bytes());
}
