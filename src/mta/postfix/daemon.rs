//! The programs of Postfix, as far as it matters which of them wrote a line.

/// A Postfix program that writes to the mail log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// Not known: a carrier has cut the path.
    Unknown,
    /// smtpd(8) and qmqpd(8), which take mail from clients.
    Server,
    /// pickup(8), which takes mail from this host.
    Pickup,
    /// smtp(8), which takes mail to other hosts.
    Client,
    /// lmtp(8).
    Lmtp,
    /// local(8), virtual(8) and pipe(8), which put mail into mailboxes and programs.
    Mailbox,
    /// discard(8).
    Discard,
    /// qmgr(8).
    Queue,
    /// Those that never saw the next hop: the older queue managers, error(8), retry(8), cleanup(8).
    Elsewhere,
    /// bounce(8).
    Bounce,
    /// Any other.
    Other,
}

impl Daemon {
    /// Which one it is, by the last part of its path; `None` for another program.
    pub fn of(name: &[u8]) -> Option<Daemon> {
        Some(match name {
            b"smtpd" | b"qmqpd" => Daemon::Server,
            b"pickup" => Daemon::Pickup,
            b"smtp" => Daemon::Client,
            b"lmtp" => Daemon::Lmtp,
            b"local" | b"virtual" | b"pipe" => Daemon::Mailbox,
            b"discard" => Daemon::Discard,
            b"qmgr" => Daemon::Queue,
            b"oqmgr" | b"nqmgr" | b"error" | b"retry" | b"cleanup" => Daemon::Elsewhere,
            b"bounce" => Daemon::Bounce,
            b"postscreen" | b"anvil" | b"scache" | b"tlsmgr" | b"tlsproxy" | b"trivial-rewrite"
            | b"verify" | b"master" | b"postfix-script" | b"dnsblog" | b"proxymap" | b"flush" | b"showq"
            | b"spawn" | b"defer" | b"trace" | b"postsuper" | b"postqueue" | b"postdrop" | b"sendmail"
            | b"postlog" | b"postlogd" | b"postmap" | b"postalias" | b"postcat" | b"proxywrite"
            | b"smtps" | b"submission" | b"etrn" | b"tlsproxyd" | b"postfix" | b"set-permissions"
            | b"postmulti" | b"postmulti-script" | b"post-install" | b"postkick" | b"postlock"
            | b"fsstone" | b"smtp-sink" | b"smtp-source" => Daemon::Other,
            _ => return None,
        })
    }

    /// Whether it gives out queue ids to messages of clients.
    pub(super) fn takes_from_clients(self) -> bool {
        matches!(self, Daemon::Server | Daemon::Unknown)
    }

    /// Whether it gives out queue ids to messages of this host.
    pub(super) fn takes_from_here(self) -> bool {
        matches!(self, Daemon::Pickup | Daemon::Unknown)
    }

    /// Whether it quotes what other servers say.
    pub(super) fn quotes_servers(self) -> bool {
        matches!(self, Daemon::Client | Daemon::Lmtp | Daemon::Unknown)
    }

    /// Whether it may refuse what a client sends.
    pub(super) fn refuses(self) -> bool {
        !matches!(self, Daemon::Client | Daemon::Lmtp | Daemon::Queue | Daemon::Mailbox | Daemon::Bounce)
    }

    /// Whether what it delivers stays on this host, where it tells by itself.
    pub(super) fn stays_here(self) -> Option<bool> {
        match self {
            Daemon::Mailbox | Daemon::Lmtp | Daemon::Discard => Some(true),
            Daemon::Queue | Daemon::Elsewhere => Some(false),
            _ => None,
        }
    }
}
