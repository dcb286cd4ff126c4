//! Calendar without a clock: stamps as logs write them, and how they become instants.
//!
//! An *instant* is whole seconds since 1970-01-01 00:00 UTC. A stamp may lack its year (RFC 3164) or its offset
//! from UTC; [`Clock`] supplies both from the lines before it. Nothing in here asks what time it is now.

mod clock;
mod stamp;
mod years;
mod zone;

pub use clock::{Clock, ClockState};
pub use stamp::{Stamp, days_from_civil, parse_digits, read_date_time, read_offset, read_time_of_day};
pub use years::{YearEvidence, arrival_tells, first_year, queue_id_instant};
pub use zone::Zone;

/// Seconds since 1970-01-01 00:00 UTC.
pub type Instant = i64;

/// Seconds of a day, but for the two in a year on which clocks are changed.
pub const DAY: i64 = 86_400;
