//! Words on the wire: reply codes, replies and addresses as RFC 5321, 3463 and 3464 name them.
//!
//! This room knows what a code *is*. What it means at a provider is the catalogue's business.

mod action;
mod address;
mod code;
mod direction;
mod reply;
mod step;

pub use action::Action;
pub use address::{NULL_SENDER, domain};
pub use code::{BasicCode, Code, EnhancedCode, Subject};
pub use direction::Direction;
pub use reply::{Joint, ReplyCodes};
pub use step::{Guard, Step};
