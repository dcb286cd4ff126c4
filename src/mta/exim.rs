//! Exim main log.
use super::Event;

/// What a record of an Exim main log says.
pub fn parse(_message: &[u8]) -> Event<'_> {
    Event::Unrelated
}
