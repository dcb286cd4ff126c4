//! How long a message may not be spoken of before it is taken to be gone.

/// Mentions of any messages that may go by without one of a message that is open still. Counted like this, and not in seconds or in
/// open messages, it is the same however a log is cut.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// With one that waits for nothing and whose sender is not known: of a log that does not say which messages left the queue.
    pub idle: u64,
    /// With any other. Postfix tries again after 4,000 s at the latest (`maximal_backoff_time`), Exim's default rule after six hours.
    pub waiting: u64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { idle: 1 << 17, waiting: 1 << 22 }
    }
}

impl Patience {
    /// With a message of which it is known whether it waits for something or has a sender.
    #[inline]
    pub(super) fn of(self, waits: bool) -> u64 {
        if waits { self.waiting.max(self.idle) } else { self.idle }
    }

    /// With any at least.
    #[inline]
    pub(super) fn shortest(self) -> u64 {
        self.idle
    }
}
