//! When mail last reached some recipients, wherever in the inputs that stands.
//!
//! Logs of several hosts are read one after the other. A recipient that one host reached at noon may have failed on
//! another in the morning, whose log comes later; log order alone would call it dead. A second reading, for those who
//! failed, finds out.

use hashbrown::HashMap;

use super::any_seed;
use super::part::{Happenings, What, Who, who};
use crate::catalog::Catalog;
use crate::summary::Cases;
use crate::tally::Gather;
use crate::time::Instant;

/// The last acceptance for each of some recipients.
#[derive(Debug)]
pub struct Reached<'c> {
    catalog: &'c Catalog,
    seed: u64,
    last: HashMap<Who, Option<Instant>>,
}

impl<'c> Reached<'c> {
    /// Asks for the recipients of the cases.
    pub fn new(catalog: &'c Catalog, cases: &Cases) -> Reached<'c> {
        let seed = any_seed();
        let asked = cases.cases.iter().map(|case| who(seed, &case.address.to_ascii_lowercase()));
        Reached { catalog, seed, last: asked.map(|who| (who, None)).collect() }
    }

    /// When an address in lower case was last reached.
    pub fn last(&self, address: &[u8]) -> Option<Instant> {
        self.last.get(&who(self.seed, address)).copied().flatten()
    }
}

impl<'c> Gather for Reached<'c> {
    type Part = Happenings<'c>;

    fn part(&self) -> Happenings<'c> {
        Happenings::new(self.catalog, self.seed)
    }

    fn absorb(&mut self, next: Happenings<'c>) -> Happenings<'c> {
        for happening in &next.list {
            if let What::Accepted { .. } = happening.what
                && let Some(last) = self.last.get_mut(&happening.who)
            {
                // Without a stamp: in doubt it was after everything.
                *last = (*last).max(Some(happening.at.unwrap_or(Instant::MAX)));
            }
        }
        next.emptied()
    }
}
