//! Calendar without a clock: stamps as logs write them, and how they become instants.
//!
//! An *instant* is whole seconds since 1970-01-01 00:00 UTC. A stamp may lack its year (RFC 3164) or its offset
//! from UTC; [`Clock`] supplies both from the lines before it.

mod stamp;

pub use stamp::days_from_civil;

/// Seconds since 1970-01-01 00:00 UTC.
pub type Instant = i64;
