//! What became of one recipient in one attempt.

use serde::{Deserialize, Serialize};

/// The action field of RFC 3464, section 2.3.3, plus `Rejected` for what our own server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The receiving host took responsibility for the message.
    Delivered,
    /// Not accepted for now; the message stays in our queue.
    Delayed,
    /// Given up; a bounce is made.
    Failed,
    /// Handed to a smarthost or an internal relay: what the provider says will not reach this log.
    Relayed,
    /// Our own server refused a client (no RFC 3464 word; direction "in").
    Rejected,
}

impl Action {
    /// All actions, in the order reports show them.
    pub const ALL: [Action; 5] =
        [Action::Delivered, Action::Delayed, Action::Failed, Action::Relayed, Action::Rejected];

    /// The word reports and machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Delivered => "delivered",
            Action::Delayed => "delayed",
            Action::Failed => "failed",
            Action::Relayed => "relayed",
            Action::Rejected => "rejected",
        }
    }
}
