//! What earlier nights told of each answer, so that a night is judged by what is usual and not by itself.
//!
//! ```text
//! Memory::past      what the detector is to know of a key before it looks at tonight
//! Memory::history   how long it has been so, how long it was not
//! Memory::after     what tonight adds
//! ```
//!
//! Numbers by answer and provider; no address, no domain, no host.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::detect::{self, Class, DAY, Exposure, Grid, Nature, Past, Series, Verdict, Window};
use super::feed::{Ward, first_of};
use super::finding::History;
use super::suspect::Suspect;
use crate::smtp::Code;
use crate::time::Instant;

/// Which answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Which {
    provider: String,
    #[serde(flatten)]
    code: Code,
    enforcement: bool,
    /// The marker, or the kind of trouble where no server answered.
    apart: Option<String>,
}

impl Which {
    fn of(suspect: &Suspect<'_>) -> Which {
        let enforcement = suspect.meaning.enforcement;
        let apart = match suspect.is_answer() {
            false => Some(suspect.meaning.category),
            true => suspect.marker.filter(|_| !enforcement),
        };
        Which {
            provider: suspect.provider.to_owned(),
            code: suspect.code,
            enforcement,
            apart: apart.map(str::to_owned),
        }
    }
}

/// What is remembered of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    past: Past,
    /// The last night it was seen.
    seen: u64,
    /// Nights that the spike has run which still ran when the last one ended.
    running: u64,
}

impl Known {
    /// Which night of its spike this is, if the spike goes on.
    fn counting(&self, tonight: u64) -> u64 {
        self.running + u64::from(tonight > self.seen)
    }
}

/// What is remembered of all nights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// How many nights there were.
    nights: u64,
    /// The day the last one ended on, counted from 1970.
    day: i64,
    /// Attempts at each provider, decayed.
    providers: BTreeMap<String, f64>,
    answers: Vec<(Which, Known)>,
}

/// Attempts from which on a provider is remembered: less is left of one mail after a month.
const FORGOTTEN: f64 = 0.01;

/// Nights after which an answer that was not seen again is forgotten.
const NIGHTS: u64 = 400;

impl Memory {
    /// How many nights are remembered.
    pub fn nights(&self) -> u64 {
        self.nights
    }

    fn known(&self, suspect: &Suspect<'_>) -> Option<&Known> {
        let which = Which::of(suspect);
        let at = self.answers.binary_search_by(|(known, _)| known.cmp(&which)).ok()?;
        Some(&self.answers[at].1)
    }

    /// What the detector is to know of an answer. One that was never seen is known by that.
    pub(super) fn past(&self, suspect: &Suspect<'_>) -> Past {
        match (self.known(suspect), self.providers.get(suspect.provider)) {
            (Some(known), _) => known.past.clone(),
            (None, Some(attempts)) => Past::unseen(*attempts),
            (None, None) => Past::default(),
        }
    }

    /// The number of the night that ends then. A second log of one day is of the same night.
    fn tonight(&self, end: Option<Instant>) -> u64 {
        let another = end.is_none_or(|end| self.nights == 0 || end.div_euclid(DAY) > self.day);
        self.nights + u64::from(another)
    }

    /// How long an answer has been there or has not, as far as earlier nights tell.
    pub(super) fn history(
        &self,
        suspect: &Suspect<'_>,
        grid: &Grid,
        window: Option<&Window>,
    ) -> Option<History> {
        if self.nights == 0 {
            return None;
        }
        let (known, tonight) = (self.known(suspect), self.tonight(Some(grid.instant(grid.bins) - 1)));
        let since = known.zip(window).and_then(|(known, window)| known.past.running_since(grid, window));
        let seen = known.map_or(0, |known| known.seen);
        let nights = known.filter(|_| since.is_some()).map_or(1, |known| known.counting(tonight));
        Some(History { since, nights, unseen: tonight.saturating_sub(seen + 1) })
    }

    /// This and a night; `keys`, `verdicts` and the keys of `found` are those of the suspects, in their order.
    pub(super) fn after(
        &self,
        suspects: &[Suspect<'_>],
        wards: &BTreeMap<&str, Ward<'_>>,
        night: &Night<'_>,
    ) -> Memory {
        let grid = night.grid;
        let end = grid.instant(grid.bins) - 1;
        let tonight = self.tonight(Some(end));
        let mut answers: BTreeMap<Which, Known> = self.answers.iter().cloned().collect();
        let mut seen: BTreeMap<Which, Known> = BTreeMap::new();
        for (at, suspect) in suspects.iter().enumerate() {
            let (key, verdict) = (&night.keys[at], &night.verdicts[at]);
            let own = night.found.iter().filter(|finding| finding.key == at).map(|finding| &finding.window);
            let past = key.past.after(key, verdict, own);
            let which = Which::of(suspect);
            let before = answers.remove(&which).unwrap_or_default();
            let goes_on = past.running.as_ref().zip(before.past.running.as_ref());
            let goes_on = goes_on.is_some_and(|(now, before)| now.start <= before.start);
            let running = match &past.running {
                None => 0,
                Some(_) if goes_on => before.counting(tonight),
                Some(_) => 1,
            };
            seen.insert(which, Known { past, seen: tonight, running });
        }
        // What was not seen was not seen in so many attempts.
        let mut quiet: BTreeMap<&str, Arc<Exposure>> = BTreeMap::new();
        answers.retain(|which, known| {
            let ward = wards.get_key_value(which.provider.as_str());
            let exposure = match ward {
                Some((name, ward)) => Arc::clone(quiet.entry(name).or_insert_with(|| ward.exposure(&grid))),
                None => Arc::new(Exposure::new(&grid, [])),
            };
            let key = detect::Key {
                provider: 0,
                code: which.code.enhanced,
                // Nothing is asked of it: there is nothing to judge.
                nature: Nature {
                    prior: Class::Other.prior(),
                    transient: false,
                    enforcement: which.enforcement,
                },
                series: Series::new(grid, &exposure, []),
                past: std::mem::take(&mut known.past),
            };
            known.past = key.past.after(&key, &Verdict::default(), std::iter::empty());
            if known.past.running.is_none() {
                known.running = 0;
            }
            tonight.saturating_sub(known.seen) < NIGHTS
        });
        answers.extend(seen);
        let left = self
            .providers
            .iter()
            .map(|(name, attempts)| (name.clone(), Past::attempts(*attempts, &grid, 0.0)));
        let mut providers: BTreeMap<String, f64> = left.collect();
        for (name, ward) in wards {
            let attempts = first_of(ward.tries(&(i64::MIN..i64::MAX))) as f64;
            *providers.entry((*name).to_owned()).or_default() += attempts;
        }
        providers.retain(|_, attempts| *attempts >= FORGOTTEN);
        let day = self.day.max(end.div_euclid(DAY));
        Memory { nights: tonight, day, providers, answers: answers.into_iter().collect() }
    }
}

/// A night as the detector saw it.
pub(super) struct Night<'a> {
    pub(super) grid: Grid,
    pub(super) keys: &'a [detect::Key],
    pub(super) verdicts: &'a [Verdict],
    pub(super) found: &'a [detect::Finding],
}
