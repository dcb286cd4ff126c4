//! What nightly runs keep: how far each log was read, the counts of each night, and what one night leaves to the next.
//!
//! ```text
//! State::open        the database, locked against a second run
//! follow::plan       which stretch of which file is new
//! State::begin       all of a night, in one transaction
//! ```
//!
//! One SQLite file, `schema.sql`, for people and dashboards to look into. What is not committed did not happen: the next run
//! reads the same lines again.

mod error;
mod files;
pub mod follow;
mod night;
mod open;
mod pack;
mod tend;

pub use error::{Error, Fault};
pub use files::{Known, Standing};
pub use night::{CodeRow, FindingRow, NightRow, Writing};
pub use open::{DATABASE, State};
pub use pack::Packed;
pub use tend::{Forgotten, Outcomes, Overview};
