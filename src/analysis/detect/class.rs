//! What is known of an answer's rate before anything was counted, by the kind of its code.

use crate::smtp::EnhancedCode;

/// Kinds of codes whose rates behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The sender requirements enforced since 2024: next to never seen where all is well.
    Enforcement,
    /// 5.1.x and 5.2.x: dead and full mailboxes, as many as the list is old.
    Mailbox,
    /// Other x.7.x.
    Policy,
    /// Other 4.x.x.
    Deferral,
    /// Everything else.
    Other,
}

/// Last parts of 5.7.x that say which requirement was missed.
const PERMANENT: [u16; 7] = [25, 26, 27, 29, 30, 509, 515];
/// Those of 4.7.x: the same, while the receiver still puts off.
const TRANSIENT: [u16; 4] = [25, 26, 27, 32];

/// Rates as a gamma distribution, and how much a rate moves of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// The mean.
    pub mean: f64,
    /// The shape: how many events the mean is worth.
    pub shape: f64,
    /// Relative variance of the true rate from hour to hour.
    pub variance: f64,
    /// Relative variance that a campaign adds: its list may be better or worse than ordinary mail.
    pub campaign: f64,
}

impl Class {
    /// The class of a code by its number alone. Who knows the provider may know better.
    pub fn of(code: EnhancedCode) -> Class {
        match (code.class(), code.subject_number()) {
            (5, 7) if PERMANENT.contains(&code.detail()) => Class::Enforcement,
            (4, 7) if TRANSIENT.contains(&code.detail()) => Class::Enforcement,
            (5, 1 | 2) => Class::Mailbox,
            (_, 7) => Class::Policy,
            (4, _) => Class::Deferral,
            _ => Class::Other,
        }
    }

    /// What is known of its rates.
    pub fn prior(self) -> Prior {
        let (mean, variance, campaign) = match self {
            // A list does not authenticate its sender, nor keep him from it.
            Class::Enforcement => (1e-4, 0.20, 0.0),
            Class::Mailbox => (1e-2, 0.08, 0.3),
            Class::Policy => (1e-3, 0.15, 0.3),
            Class::Deferral => (5e-3, 0.12, 0.3),
            Class::Other => (1e-3, 0.15, 0.3),
        };
        Prior { mean, shape: 0.5, variance, campaign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_go_by_number() {
        let class = |text: &str| Class::of(EnhancedCode::parse(text.as_bytes()).unwrap());
        for code in ["5.7.26", "5.7.515", "4.7.32", "4.7.26"] {
            assert_eq!(class(code), Class::Enforcement, "{code}");
        }
        assert_eq!(class("5.1.1"), Class::Mailbox);
        assert_eq!(class("4.2.2"), Class::Deferral);
        assert_eq!(class("4.7.0"), Class::Policy);
        assert_eq!(class("5.7.32"), Class::Policy, "MTA-STS is a deferral, and only there");
        assert_eq!(class("5.4.4"), Class::Other);
    }
}
