//! A key of the summary as a question to the catalogue.

use crate::catalog::{Answer, Quoted};
use crate::smtp::Action;
use crate::summary::Key;

/// What is asked of the catalogue about a key.
pub fn answer(key: &Key) -> Answer<'_> {
    Answer {
        provider: key.provider.as_deref(),
        code: key.code,
        marker: key.marker.as_deref(),
        quoted: key
            .quoted
            .as_ref()
            .map(|quoted| Quoted { provider: quoted.provider.as_deref(), code: quoted.code }),
        guard: key.guard,
        delayed: key.action == Action::Delayed,
    }
}
