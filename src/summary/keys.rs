//! Keys in any format. They leave out what they have not, so where a format does not name its fields they are JSON within it.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Key;

/// Writes keys.
pub(crate) fn serialize<S: Serializer>(keys: &[Key], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return keys.serialize(serializer);
    }
    serde_json::to_string(keys).map_err(S::Error::custom)?.serialize(serializer)
}

/// Reads them.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Key>, D::Error> {
    if deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
