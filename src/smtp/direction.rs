//! Which way mail was going.

use serde::{Deserialize, Serialize};

/// Where mail was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From us to another host by SMTP.
    Out,
    /// From a client to us.
    In,
    /// A hop that is no provider: local, LMTP, pipe, loopback filter.
    Local,
}

impl Direction {
    /// The word machine formats print.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Out => "out",
            Direction::In => "in",
            Direction::Local => "local",
        }
    }
}
