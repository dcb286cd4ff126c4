//! Totals that are worth a word although no single code stands out.

/// Too little to speak of shares.
const FEW: u64 = 20;

/// A share that is too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// More than 5 % dead addresses: what mailing services close accounts for, and what makes receivers doubt a sender.
    DeadAddresses,
    /// More than 5 % refused for policy.
    Policy,
    /// More than a quarter put off.
    PutOff,
    /// More than a tenth failed for reasons that are neither dead addresses nor policy.
    OtherFailures,
}

/// Which shares of `attempts` are too high. The limits are rules of thumb, not statistics.
pub fn concerns(attempts: u64, dead_address: u64, policy: u64, failed: u64, delayed: u64) -> Vec<Concern> {
    if attempts < FEW {
        return Vec::new();
    }
    let above = |part: u64, percent: u128| u128::from(part) * 100 > u128::from(attempts) * percent;
    let other = failed.saturating_sub(dead_address).saturating_sub(policy);
    [
        (Concern::Policy, above(policy, 5)),
        (Concern::DeadAddresses, above(dead_address, 5)),
        (Concern::PutOff, above(delayed, 25)),
        (Concern::OtherFailures, above(other, 10)),
    ]
    .into_iter()
    .filter_map(|(concern, high)| high.then_some(concern))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_above_their_limits_are_named() {
        assert_eq!(concerns(100, 5, 5, 20, 25), []);
        assert_eq!(concerns(100, 6, 0, 6, 0), [Concern::DeadAddresses]);
        assert_eq!(concerns(100, 0, 6, 6, 26), [Concern::Policy, Concern::PutOff]);
        assert_eq!(concerns(100, 1, 1, 13, 0), [Concern::OtherFailures]);
    }

    #[test]
    fn few_attempts_have_no_shares() {
        assert_eq!(concerns(19, 19, 0, 19, 0), []);
        assert_eq!(concerns(0, 0, 0, 0, 0), []);
    }
}
