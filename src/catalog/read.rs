//! The words of a reply: its marker, the reply inside it, the owner of a host nobody knows.
//!
//! ```text
//! recall       a reply that differs from an earlier one only in what tells nothing: all the rest is spared
//! flatten      the reply's lines become one, without the codes that open them
//! each_in      which markers are in it: one look at each place where one may begin
//! best         which of them tells most (`lookup`): remembered, since replies repeat
//! inner        where that one says "another server said", the same once more for what follows
//! ```

use hashbrown::{Equivalent, HashMap};

use super::answer::Reading;
use super::flat::Flat;
use super::recall::{Asked, Recall};
use super::{Catalog, MarkerId, ProviderId};
use crate::smtp::{BasicCode, Code, EnhancedCode, Guard, Joint, ReplyCodes};

/// Combinations of provider, codes and markers remembered at most: a stranger may make up any number.
const REMEMBERED: usize = 4096;

/// What an answer depends on: the markers without repetition, by number.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Heard<M> {
    provider: Option<ProviderId>,
    code: Code,
    markers: M,
}

/// Look-up without a copy of the markers. A slice and a box of it have the same hash.
impl Equivalent<Heard<Box<[MarkerId]>>> for Heard<&[MarkerId]> {
    fn equivalent(&self, known: &Heard<Box<[MarkerId]>>) -> bool {
        (self.provider, self.code, self.markers) == (known.provider, known.code, &*known.markers)
    }
}

/// Reads replies. One for each worker: it remembers.
#[derive(Debug)]
pub struct Reader<'c> {
    catalog: &'c Catalog,
    flat: Flat,
    found: Vec<MarkerId>,
    known: HashMap<Heard<Box<[MarkerId]>>, Told>,
    recall: Recall,
}

/// What the markers of a reply told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    marker: Option<MarkerId>,
    /// The owner of a host nobody knows.
    speaker: Option<ProviderId>,
    /// The marker says that another server's reply follows.
    wraps: bool,
    /// A word puts in doubt what is said of the recipient.
    doubt: bool,
}

impl<'c> Reader<'c> {
    /// One that has read nothing yet.
    pub fn new(catalog: &'c Catalog) -> Reader<'c> {
        Reader {
            catalog,
            flat: Flat::default(),
            found: Vec::new(),
            known: HashMap::new(),
            recall: Recall::default(),
        }
    }

    /// The catalogue it reads with.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// What the words of a reply add to its codes. `text` is what a server said; where none answered, what our own mail
    /// server wrote. Nothing is read of replies that accept.
    #[inline]
    pub fn read(&mut self, provider: Option<ProviderId>, code: Code, text: &[u8]) -> Reading {
        if matches!(code.severity(), Some(2 | 3)) {
            return Reading::default();
        }
        let asked = Asked::new(provider, code);
        match self.recall.reading(asked, text, &self.catalog.markers) {
            Some(reading) => *reading,
            None => self.read_anew(asked, provider, code, text),
        }
    }

    /// Reads a reply that is like none before, and keeps it.
    #[inline(never)]
    fn read_anew(&mut self, asked: Asked, provider: Option<ProviderId>, code: Code, text: &[u8]) -> Reading {
        let (reading, wraps) = self.read_all(provider, code, text);
        // What is passed on may be anything.
        if !wraps {
            let Reader { catalog, flat, recall, .. } = self;
            recall.keep(asked, (text, code.basic), reading, &catalog.markers, flat);
        }
        reading
    }

    /// Reads every word; tells beside it whether the reply says that another server's follows.
    pub(super) fn read_all(
        &mut self,
        provider: Option<ProviderId>,
        code: Code,
        text: &[u8],
    ) -> (Reading, bool) {
        let told = self.tell(provider, code, text);
        let outer = Reading {
            marker: told.marker,
            quoted: told.speaker.map(|speaker| (Some(speaker), code)),
            guard: self.guard(code, told),
        };
        let wraps = told.marker.filter(|_| told.wraps);
        let inner = wraps.and_then(|marker| inner(text, self.catalog.marker_text(marker)));
        let Some((code, text)) = inner else { return (outer, wraps.is_some()) };
        let told = self.tell(None, code, text);
        let outermost = outer.marker.filter(|marker| !self.wraps(told.speaker, code, *marker));
        let policy = outer.guard.filter(|guard| *guard == Guard::PolicyLine);
        let reading = Reading {
            marker: told.marker.or(outermost),
            quoted: Some((told.speaker, code)),
            guard: policy.or(self.guard(code, told)),
        };
        (reading, true)
    }

    /// Whether a marker would say once more that another reply follows, where it is asked what the inner one means.
    fn wraps(&self, speaker: Option<ProviderId>, code: Code, marker: MarkerId) -> bool {
        let who = speaker.and_then(|id| self.catalog.providers.get(id));
        self.catalog.best(who, code, Some(marker)).is_some_and(|entry| entry.wraps)
    }

    fn guard(&self, code: Code, told: Told) -> Option<Guard> {
        match self.flat.policy_beside(code) {
            true => Some(Guard::PolicyLine),
            false => told.doubt.then_some(Guard::Doubt),
        }
    }

    fn tell(&mut self, provider: Option<ProviderId>, code: Code, text: &[u8]) -> Told {
        let Reader { catalog, flat, found, known, .. } = self;
        flat.flatten(text, code.basic);
        found.clear();
        catalog.markers.each_in(flat.padded(), |marker| found.push(marker));
        found.sort_unstable();
        found.dedup();
        if let Some(told) = known.get(&Heard { provider, code, markers: found.as_slice() }) {
            return *told;
        }
        let told = catalog.tell(provider, code, found);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(Heard { provider, code, markers: found.as_slice().into() }, told);
        told
    }
}

impl Catalog {
    /// What markers tell, in whatever order they come.
    fn tell(&self, provider: Option<ProviderId>, code: Code, found: &[MarkerId]) -> Told {
        let speaker = if provider.is_some() { None } else { self.speaker(found) };
        let who = provider.or(speaker).and_then(|id| self.providers.get(id));
        let marker = self.best_marker(who, code, found);
        let entry = marker.and_then(|marker| self.best(who, code, Some(marker)));
        let wraps = entry.is_some_and(|entry| entry.wraps);
        let doubt = found.iter().any(|marker| self.markers.is_doubt(*marker));
        Told { marker, speaker, wraps, doubt }
    }

    /// Who is behind an unknown host, by the longest telling text in the reply.
    fn speaker(&self, found: &[MarkerId]) -> Option<ProviderId> {
        let tells = |marker: &MarkerId| Some((*marker, self.markers.provider(*marker)?));
        let length = |marker: MarkerId| self.markers.text(marker).map_or(0, str::len);
        found
            .iter()
            .filter_map(tells)
            .max_by_key(|(marker, _)| (length(*marker), *marker))
            .map(|(_, provider)| provider)
    }
}

/// The reply that another server gave, behind the marker that announces it: its codes and its text.
///
/// It begins with a basic code that an enhanced code of its class follows, or that stands directly behind a bracket, colon
/// or quotation mark; a number in a sentence is none.
fn inner<'t>(text: &'t [u8], marker: &str) -> Option<(Code, &'t [u8])> {
    let marker = marker.as_bytes();
    let at = text.windows(marker.len()).position(|part| part.eq_ignore_ascii_case(marker))? + marker.len();
    let starts = |at: &usize| {
        let Some(basic) = BasicCode::at_start(&text[*at..]) else { return false };
        let before = text[at - 1];
        let enhanced = text.get(at + 4..).and_then(EnhancedCode::at_start);
        basic.severity() >= 4
            && !before.is_ascii_alphanumeric()
            && (enhanced.is_some_and(|(enhanced, _)| enhanced.class() == basic.severity())
                || matches!(before, b':' | b'(' | b'\'' | b'"' | b'>'))
    };
    let start = (at.max(1)..text.len()).find(starts)?;
    let reply = &text[start..];
    let ReplyCodes { basic, enhanced } = ReplyCodes::read(reply, Joint::Blank);
    Some((Code { basic, enhanced }, reply))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_inner_reply_begins_with_its_code() {
        let found = |text: &str, marker: &str| {
            inner(text.as_bytes(), marker).map(|(code, _)| {
                (code.basic.map(BasicCode::number), code.enhanced.map(|enhanced| enhanced.to_string()))
            })
        };
        let of = |basic, enhanced: Option<&str>| Some((Some(basic), enhanced.map(str::to_owned)));
        let marker = "one or more recipients";
        assert_eq!(
            found("550 permanent failure for one or more recipients (u@d:550 5.1.1 no)", marker),
            of(550, Some("5.1.1"))
        );
        assert_eq!(found("550 for one or more recipients (u@d:554 no such user)", marker), of(554, None));
        assert_eq!(found("550 for one or more recipients (u@d:blocked)", marker), None);
        assert_eq!(found("550 for one or more recipients after 550 tries", marker), None);
        assert_eq!(found("550 5.0.350 returned '452 4.2.2 full'", "returned"), of(452, Some("4.2.2")));
        assert_eq!(found("250 nothing", marker), None);
    }

    fn shared() -> &'static Catalog {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(Catalog::builtin)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_order_of_the_markers_is_nothing(
            (sorted, mixed) in prop::collection::btree_set(0_u16..700, 0..8).prop_flat_map(|set| {
                let sorted: Vec<MarkerId> = set.into_iter().map(MarkerId).collect();
                (Just(sorted.clone()), Just(sorted).prop_shuffle())
            }),
            provider in prop::option::of((0_u16..80).prop_map(ProviderId)),
            basic in 400_u16..600,
            enhanced in prop::option::of((4_u8..6, 0_u16..8, 0_u16..30)),
        ) {
            let enhanced = enhanced.and_then(|(class, subject, detail)| EnhancedCode::new(class, subject, detail));
            let code = Code { basic: BasicCode::new(basic), enhanced };
            prop_assert_eq!(shared().tell(provider, code, &sorted), shared().tell(provider, code, &mixed));
        }
    }
}
