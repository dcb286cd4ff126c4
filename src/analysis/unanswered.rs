//! Where no server answered: whether it is more than the fate of one message or one domain.
//!
//! Answers are given to each recipient. That there was none is the fate of a whole attempt, which may be for many recipients of one
//! message, and of a whole domain, whose mail the queue tries again and again. So windows of such series have to stand on what is
//! independent of each other: messages, and among hosts that nobody knows, which are many servers taken together, domains.

use std::collections::BTreeSet;
use std::ops::Range;

use super::detect::{Grid, Limits};
use super::feed::{Ward, first_of};
use super::suspect::Suspect;
use crate::catalog::UNKNOWN;
use crate::summary::Width;
use crate::time::Instant;

/// Whether what one server that answers can show is shown here by as many messages, and at hosts nobody knows by as many domains.
pub(super) fn stands(
    suspect: &Suspect<'_>,
    ward: &Ward<'_>,
    bins: &Range<usize>,
    (grid, width): (&Grid, Width),
) -> bool {
    let limits = Limits::default();
    // What refusals have in common is counted in wider buckets than rates: all that overlap the window.
    let part = width.of_parts();
    let last = part.floor(grid.instant(bins.end).saturating_sub(1));
    let window = part.floor(grid.instant(bins.start))..last.saturating_add(part.seconds());
    let log = part.floor(grid.instant(0))..grid.instant(grid.bins);
    enough_messages(suspect, &window, limits.min_events)
        && (suspect.provider != UNKNOWN || more_domains(suspect, ward, (&window, &log), &limits))
}

fn enough_messages(suspect: &Suspect<'_>, window: &Range<Instant>, least: f64) -> bool {
    let messages = |within: &dyn Fn(Option<Instant>) -> bool| -> u64 {
        let refusals = suspect.parts.iter().flat_map(|counts| &counts.refusals);
        refusals.filter(|(at, _)| within(**at)).map(|(_, refusals)| refusals.messages).sum()
    };
    // Where lines were not joined to messages, nobody knows them.
    messages(&|_| true) == 0 || messages(&|at| at.is_some_and(|at| window.contains(&at))) as f64 >= least
}

/// Whether as much more domains than usual met it as a window must have more events: by the time it took, and by the mail
/// of that time. A domain counts once in each bucket, however much mail it gets there.
fn more_domains(
    suspect: &Suspect<'_>,
    ward: &Ward<'_>,
    (window, log): (&Range<Instant>, &Range<Instant>),
    limits: &Limits,
) -> bool {
    let mut domains: BTreeSet<(Instant, &str)> = BTreeSet::new();
    for (name, party) in suspect.parts.iter().flat_map(|counts| &counts.recipient_domains) {
        let Some(name) = name else { continue };
        domains.extend(party.buckets.keys().filter_map(|at| Some((at?, &**name))));
    }
    let inside = domains.iter().filter(|(at, _)| window.contains(at)).count();
    let outside = (domains.len() - inside) as f64;
    let time = |time: &Range<Instant>| time.end.saturating_sub(time.start) as f64;
    let mail = |time: &Range<Instant>| first_of(ward.tries(time)) as f64;
    let usual = |measure: &dyn Fn(&Range<Instant>) -> f64| {
        let (inside, all) = (measure(window), measure(log));
        if all > inside { outside * inside / (all - inside) } else { 0.0 }
    };
    let least = usual(&time).max(usual(&mail)) * limits.min_ratio;
    inside as f64 >= least.max(limits.min_events)
}
