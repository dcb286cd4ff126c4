//! Postfix.
use super::Event;

/// What a record of a Postfix daemon says.
pub fn parse<'a>(_daemon: &[u8], _message: &'a [u8]) -> Event<'a> {
    Event::Unrelated
}
