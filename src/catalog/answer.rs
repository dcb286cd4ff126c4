//! An answer as far as its meaning depends on it. What counts lines makes one for each key, never for each line.

use super::{Catalog, MarkerId, ProviderId};
use crate::smtp::{Code, Guard};

/// What is asked of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Short name of the provider that answered; `None` when nobody knows it.
    pub provider: Option<&'a str>,
    /// The reply's codes; none where no server answered.
    pub code: Code,
    /// Provider tag or phrase in the reply.
    pub marker: Option<&'a str>,
    /// Whose words count, where the reply passes on another server's.
    pub quoted: Option<Quoted<'a>>,
    /// Why the reply is no proof against a recipient, whatever its code.
    pub guard: Option<Guard>,
    /// The queue tries again. Looked at only where no server answered: a reply tells by its code.
    pub delayed: bool,
}

impl<'a> Answer<'a> {
    /// A bare code of a provider.
    pub fn of(provider: Option<&'a str>, code: Code) -> Answer<'a> {
        Answer { provider, code, ..Answer::default() }
    }

    /// The same with what its words tell: names instead of the catalogue's numbers.
    pub fn with(self, reading: &Reading, catalog: &'a Catalog) -> Answer<'a> {
        let quoted = reading.quoted.map(|(provider, code)| Quoted {
            provider: provider.map(|provider| catalog.provider_name(provider)),
            code,
        });
        let marker = reading.marker.map(|marker| catalog.marker_text(marker));
        Answer { marker, quoted, guard: reading.guard, ..self }
    }
}

/// The reply of another server inside a reply, or the owner of a host nobody knew, told by the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quoted<'a> {
    /// Short name of its provider; `None` when nothing tells.
    pub provider: Option<&'a str>,
    /// Its codes.
    pub code: Code,
}

/// What the words of a reply add to its codes, in numbers of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    /// Provider tag or phrase that tells more than the codes.
    pub marker: Option<MarkerId>,
    /// Whose words count, where they are not the host's own.
    pub quoted: Option<(Option<ProviderId>, Code)>,
    /// Why the words are no proof against a recipient.
    pub guard: Option<Guard>,
}
