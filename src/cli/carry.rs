//! What one night leaves to the next one, by name.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exit::Error;
use crate::state::{Packed, State};
use crate::tally::Carry;

/// What the last stamps left behind.
pub(super) const CLOCK: &str = "clock";
/// The messages that are still in the queue.
pub(super) const QUEUE: &str = "queue";
/// What is usual.
pub(super) const MEMORY: &str = "memory";
/// How a queue begins that names no fields: with all their names a million messages take half a gigabyte.
const NAMELESS: u8 = 1;

/// The recipients that failed.
pub(super) const RECIPIENTS: &str = "recipients";

/// What the last night left under a name.
pub(super) fn carried<T: DeserializeOwned>(state: &State, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = state.carried(name)? else { return Ok(None) };
    serde_json::from_slice(&value).map(Some).map_err(|error| unreadable(state, name, &error))
}

/// As the state keeps it.
pub(super) fn packed(value: &impl Serialize) -> Result<Packed, Error> {
    let text = serde_json::to_vec(value).map_err(|error| not_kept(&error))?;
    Packed::of(&text).map_err(|error| not_kept(&error))
}

/// The messages that the last night left in the queue.
pub(super) fn queue(state: &State) -> Result<Option<Carry>, Error> {
    let Some(value) = state.carried(QUEUE)? else { return Ok(None) };
    match value.split_first() {
        Some((&NAMELESS, queue)) => {
            postcard::from_bytes(queue).map(Some).map_err(|error| unreadable(state, QUEUE, &error))
        }
        // As it was kept first.
        _ => carried(state, QUEUE),
    }
}

/// As the state keeps it.
pub(super) fn packed_queue(queue: &Carry) -> Result<Packed, Error> {
    let bytes = postcard::to_extend(queue, vec![NAMELESS]).map_err(|error| not_kept(&error))?;
    Packed::of(&bytes).map_err(|error| not_kept(&error))
}

fn unreadable(state: &State, name: &str, error: &dyn Display) -> Error {
    Error::nothing(format!(
        "{}: what was carried as \"{name}\" cannot be read: {error}; was it written by a newer smtpulse?",
        state.path().display()
    ))
}

fn not_kept(error: &dyn Display) -> Error {
    Error::nothing(format!("what is to be kept: {error}"))
}
