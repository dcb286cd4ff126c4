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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_read_as_it_is_kept_and_as_it_was_kept_first() {
        let queue_of = |kept: &Packed| {
            let mut state = State::in_memory().unwrap();
            let writing = state.begin().unwrap();
            writing.carry(QUEUE, kept).unwrap();
            writing.commit().unwrap();
            queue(&state).map(|queue| serde_json::to_value(queue.unwrap()).unwrap())
        };
        let text = r#"{"keys":[{"direction":"out","provider":"google","action":"delayed","basic":421,"enhanced":"4.7.0",
            "marker":null}],"names":["example.org"],"open":{"lives":[[{"host":1,"words":[1,2,3]},{"whole":true,"null":false,
            "remote":false,"attempted":true,"first":0,"last":0,"touched":1,"trouble":null}]],"forgotten":2,"clock":3,"seed":4}}"#;
        let carry: Carry = serde_json::from_str(text).unwrap();
        let value = serde_json::to_value(&carry).unwrap();
        assert_eq!(queue_of(&packed_queue(&carry).unwrap()).unwrap(), value);
        assert_eq!(queue_of(&packed(&carry).unwrap()).unwrap(), value);
        assert!(queue_of(&Packed::of(&[NAMELESS, 200]).unwrap()).is_err());
    }
}
