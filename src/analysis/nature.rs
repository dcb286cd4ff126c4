//! What an answer is about: a dead address, or us. The two want opposite cures, so every page keeps them apart.

use crate::catalog::{Disposition, Meaning, Suppress};
use crate::smtp::{Action, Direction, EnhancedCode, Subject};
use crate::summary::Key;

/// What an answer is about. An answer may be none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// A permanent failure that lies with the recipient: the address is to leave our lists, sooner or later.
    pub dead_address: bool,
    /// A permanent failure that lies with us: subject 7 of RFC 3463, or a repair on our side.
    pub policy: bool,
    /// One of the sender requirements that providers enforce since 2024, refused or put off.
    pub enforcement: bool,
    /// Put off: the message stays in our queue.
    pub transient: bool,
}

impl Nature {
    /// The nature of an answer that means `meaning`. Only answers of other hosts to our mail have one.
    pub fn of(key: &Key, meaning: &Meaning<'_>) -> Nature {
        let refused = matches!(key.action, Action::Delayed | Action::Failed);
        if key.direction != Direction::Out || !refused {
            return Nature::default();
        }
        let failed = key.action == Action::Failed;
        // A message that expired ends as a failure with a 4xx answer: neither the address is dead nor are we refused.
        let permanent = failed && key.code.severity() == Some(5);
        let policy = permanent
            && (subject(key) == Some(Subject::Policy)
                || meaning.enforcement
                || (meaning.suppress == Suppress::Never && lies_with_us(meaning.disposition)));
        Nature {
            dead_address: permanent && !policy && meaning.suppress != Suppress::Never,
            policy,
            enforcement: meaning.enforcement,
            transient: key.action == Action::Delayed,
        }
    }
}

/// The RFC 3463 subject of the answer.
pub(super) fn subject(key: &Key) -> Option<Subject> {
    key.code.enhanced.and_then(EnhancedCode::subject)
}

fn lies_with_us(disposition: Disposition) -> bool {
    match disposition {
        Disposition::Throttle
        | Disposition::FixAuth
        | Disposition::FixDns
        | Disposition::FixTls
        | Disposition::FixContent
        | Disposition::FixReputation => true,
        // A broken configuration or an unclear reason is no policy of the receiver.
        Disposition::None
        | Disposition::Suppress
        | Disposition::Retry
        | Disposition::FixConfig
        | Disposition::Investigate => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{BasicCode, Code};

    fn key(action: Action, basic: u16, enhanced: &str) -> Key {
        Key {
            direction: Direction::Out,
            provider: None,
            action,
            code: Code { basic: BasicCode::new(basic), enhanced: EnhancedCode::parse(enhanced.as_bytes()) },
            marker: None,
            quoted: None,
            guard: None,
        }
    }

    fn meaning(code: Code, disposition: Disposition, suppress: Suppress) -> Meaning<'static> {
        Meaning { disposition, suppress, ..Meaning::unknown(code) }
    }

    #[test]
    fn dead_addresses_and_policy_exclude_each_other() {
        let dead = key(Action::Failed, 550, "5.1.1");
        let nature = Nature::of(&dead, &meaning(dead.code, Disposition::Suppress, Suppress::Now));
        assert_eq!(nature, Nature { dead_address: true, ..Nature::default() });

        let policy = key(Action::Failed, 550, "5.7.1");
        let nature =
            Nature::of(&policy, &meaning(policy.code, Disposition::Suppress, Suppress::IfPersistent));
        assert_eq!(nature, Nature { policy: true, ..Nature::default() });
    }

    #[test]
    fn a_repair_on_our_side_is_policy_whatever_the_subject() {
        let key = key(Action::Failed, 554, "");
        let nature = Nature::of(&key, &meaning(key.code, Disposition::FixReputation, Suppress::Never));
        assert!(nature.policy && !nature.dead_address);
        let nature = Nature::of(&key, &meaning(key.code, Disposition::FixConfig, Suppress::Never));
        assert_eq!(nature, Nature::default());
    }

    #[test]
    fn what_is_put_off_or_has_expired_is_no_dead_address() {
        let delayed = key(Action::Delayed, 452, "4.2.2");
        let nature = Nature::of(&delayed, &meaning(delayed.code, Disposition::Retry, Suppress::AfterRetries));
        assert_eq!(nature, Nature { transient: true, ..Nature::default() });
        let expired = Key { action: Action::Failed, ..delayed };
        let nature = Nature::of(&expired, &meaning(expired.code, Disposition::Retry, Suppress::AfterRetries));
        assert_eq!(nature, Nature::default());
    }

    #[test]
    fn only_mail_to_other_hosts_counts() {
        let inward = Key { direction: Direction::In, ..key(Action::Rejected, 550, "5.7.1") };
        assert_eq!(Nature::of(&inward, &Meaning::unknown(inward.code)), Nature::default());
    }
}
