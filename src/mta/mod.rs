//! The dialects: what one record says about one message.
//!
//! Parsing is anchored: a field is read where the MTA's source writes it, never searched for, because reply
//! texts, addresses and host names are written by strangers.

mod exim;
mod postfix;

use crate::smtp::{Action, Code, Direction, EnhancedCode, Step};

pub use exim::{parse as parse_exim, parse_by as parse_exim_by};
pub use postfix::{Daemon, parse as parse_postfix};

/// The mail transfer agent that wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mta {
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
}

impl Mta {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Mta::Postfix => "postfix",
            Mta::Exim => "exim",
        }
    }
}

/// Who a program is, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// A Postfix daemon.
    Postfix(Daemon),
    /// Exim.
    Exim,
    /// No tag at all: only a strict pattern may be taken for a mail server's line.
    Missing,
    /// Another program.
    Other,
}

impl Program {
    /// Postfix writes `syslog_name/daemon` and an operator may choose any `syslog_name`, so the daemon decides.
    pub fn of(tag: &[u8]) -> Program {
        if tag.is_empty() {
            return Program::Missing;
        }
        match memchr::memrchr(b'/', tag) {
            Some(slash) => Daemon::of(&tag[slash + 1..]).map_or(Program::Other, Program::Postfix),
            None if tag.starts_with(b"exim") => Program::Exim,
            None if tag.starts_with(b"postfix") => Program::Postfix(Daemon::Unknown),
            None => Program::Other,
        }
    }
}

/// What a record says. Everything is borrowed from the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A reply or a refusal, ours or a remote host's.
    Outcome(Outcome<'a>),
    /// A message got this id just now: nothing said of the id before is about it.
    Arrival {
        /// The message.
        queue_id: &'a [u8],
        /// Another host sent it to us.
        remote: bool,
    },
    /// The queue names the sender of a message (again).
    Sender {
        /// The message.
        queue_id: &'a [u8],
        /// Envelope sender without brackets; empty for the null path.
        sender: &'a [u8],
        /// The line says that another host sent it to us. Looked for only with the null path.
        remote: bool,
    },
    /// The message left the queue; a short id may be given to another message from now on.
    Done {
        /// The message.
        queue_id: &'a [u8],
    },
    /// Says something about a message, but nothing that is counted.
    Mention,
    /// A line of this MTA that is about no message.
    Unrelated,
    /// Begins like a delivery and is none this program understands.
    NotUnderstood,
}

/// The kinds of outcome, named as `events` prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Ends one attempt for one recipient.
    Delivery,
    /// An address probe (`deliverable`, `undeliverable`): a delivery line, but no mail moved.
    Probe,
    /// The queue repeats an older answer or waits for its next turn: no host was asked.
    Suspended,
    /// A host's reply; a final line for the recipient follows.
    Attempt,
    /// The queue gave a message up.
    Expired,
    /// Our own server refused a client.
    Reject,
    /// Our own server refused a login.
    Auth,
    /// We asked another server while receiving.
    Callout,
}

impl Kind {
    /// The word `events` prints. A probe reads as the delivery line it is; its `status` tells.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Delivery | Kind::Probe => "delivery",
            Kind::Suspended => "suspended",
            Kind::Attempt => "attempt",
            Kind::Expired => "expired",
            Kind::Reject => "reject",
            Kind::Auth => "auth",
            Kind::Callout => "callout",
        }
    }
}

/// One outcome, with the fields of its line. Absent things are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// What kind of outcome.
    pub kind: Kind,
    /// Where mail was going.
    pub direction: Direction,
    /// The message; `None` for `NOQUEUE` and lines without one.
    pub queue_id: Option<&'a [u8]>,
    /// Envelope sender where the line itself names it; empty for the null path.
    pub sender: Option<&'a [u8]>,
    /// Final recipient, without brackets.
    pub recipient: Option<&'a [u8]>,
    /// Recipient before aliasing.
    pub orig_recipient: Option<&'a [u8]>,
    /// Name of the remote host (out), of the client (in), or of the transport (local).
    pub relay_host: Option<&'a [u8]>,
    /// Its address, as logged, without brackets.
    pub relay_ip: Option<&'a [u8]>,
    /// Name of a remote host that could not be reached, where no relay is named.
    pub unreached: Option<&'a [u8]>,
    /// The message was handed in for relaying: at a port for that (RFC 6409, RFC 8314), or after a login (RFC 4954).
    pub submitted: bool,
    /// The MTA's own word: `sent`, `deferred`, `reject` ...
    pub status: Option<&'a [u8]>,
    /// The enhanced code as logged in a field of its own (Postfix `dsn=`).
    pub dsn: Option<EnhancedCode>,
    /// The codes of the reply; both `None` where no server answered.
    pub code: Code,
    /// What became of the recipient; `None` for lines that end no attempt.
    pub action: Option<Action>,
    /// Total delay in seconds, as logged.
    pub delay: Option<&'a [u8]>,
    /// Whole seconds that the message had been here before the queue took it up for this attempt, where the line tells.
    pub waited: Option<u32>,
    /// The reply or reason, foreign text.
    pub text: &'a [u8],
    /// The remote host's own words within `text`; `None` where it said nothing.
    pub reply: Option<&'a [u8]>,
    /// What the reply answered, where the line tells.
    pub step: Option<Step>,
}

impl<'a> Outcome<'a> {
    /// An outcome of which only the kind and direction are known yet.
    pub fn new(kind: Kind, direction: Direction) -> Outcome<'a> {
        Outcome {
            kind,
            direction,
            queue_id: None,
            sender: None,
            recipient: None,
            orig_recipient: None,
            relay_host: None,
            relay_ip: None,
            unreached: None,
            submitted: false,
            status: None,
            dsn: None,
            code: Code::NONE,
            action: None,
            delay: None,
            waited: None,
            text: b"",
            reply: None,
            step: None,
        }
    }
}

/// Seconds a message must have waited for an attempt to be a retry. Postfix tries again after 300 s at the earliest
/// (`minimal_backoff_time`), Exim after minutes (retry rules); a first attempt is later than this only in a backlog, and
/// what waits in Postfix's active queue is not counted in.
const RETRY_AGE: i64 = 250;

/// The same for an attempt of Exim's that timed out. Its age counts from arrival to the end of the attempt, which waits
/// `connect_timeout`, 5 minutes, for each host; the default retry rule begins with 15 minutes.
const TIMED_OUT_AGE: i64 = 840;

impl Outcome<'_> {
    /// Whether this attempt, logged at `at`, repeats an earlier one of the same message. `false` where nothing tells.
    pub fn is_retry(&self, mta: Mta, at: Option<i64>) -> bool {
        let waited = match mta {
            Mta::Postfix => self.waited.map(i64::from),
            Mta::Exim => at.zip(self.queue_id).and_then(|(at, id)| exim::age(id, at)),
        };
        let Some(waited @ RETRY_AGE..) = waited else { return false };
        mta == Mta::Postfix || waited >= TIMED_OUT_AGE || !self.timed_out()
    }

    /// Whether Exim says that it had no answer in time. Without a reply the text is its own.
    #[cold]
    fn timed_out(&self) -> bool {
        self.reply.is_none() && memchr::memmem::find(self.text, b"timed out").is_some()
    }
}

/// Whether an address (without brackets) is the loopback address itself.
///
/// Only 127.0.0.1 and ::1: other addresses of 127/8 may carry real remote names behind a local tunnel.
#[inline]
pub(crate) fn is_loopback(ip: &[u8]) -> bool {
    ip == b"127.0.0.1" || ip == b"::1"
}

/// Whether a relay name says by itself that the hop stays on this host.
#[inline]
pub(crate) fn is_local_name(host: &[u8]) -> bool {
    may_be_local_name(host) && is_name_of_loopback(host)
}

/// Whether one look leaves it open that a name is such a one: most begin with another letter.
#[inline]
pub(crate) fn may_be_local_name(host: &[u8]) -> bool {
    let first = host.first().map_or(0, |first| first | 0x20);
    // All at once: hosts begin with any letter, so no processor guesses on which side of these one is.
    (first == b'l') | (first == b'1') | (first == b':')
}

fn is_name_of_loopback(host: &[u8]) -> bool {
    host.starts_with(b"127.") && host.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        || host == b"::1"
        || host.eq_ignore_ascii_case(b"localhost")
        || host.eq_ignore_ascii_case(b"localhost.localdomain")
}
