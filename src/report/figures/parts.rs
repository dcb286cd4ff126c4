//! The period in parts of the zone's time: hours, days, halves.

use std::cmp::Reverse;

use super::Told;
use crate::time::Instant;

/// Parts of the period that have counts, in order. Where a part begins is asked once for each bucket, not once for each
/// bucket of each answer: calendars are slow.
pub(super) struct Parts {
    /// Where each begins.
    pub(super) starts: Vec<Instant>,
    /// All buckets in order, each with the number of its part.
    buckets: Vec<(Instant, usize)>,
}

impl Parts {
    /// Of all buckets that are told of; `start` is where the part begins that holds a bucket.
    pub(super) fn of(told: &[Told<'_>], start: impl Fn(Instant) -> Instant) -> Parts {
        let buckets = buckets(told);
        let begins: Vec<Instant> = buckets.iter().map(|at| start(*at)).collect();
        let mut starts = begins.clone();
        starts.sort();
        starts.dedup();
        let part = |begin: &Instant| starts.partition_point(|start| start < begin);
        let buckets = buckets.iter().copied().zip(begins.iter().map(part)).collect();
        Parts { starts, buckets }
    }

    /// An answer's counts, each with the number of its part.
    pub(super) fn counts<'t>(&'t self, answer: &'t Told<'_>) -> impl Iterator<Item = (usize, u64)> + 't {
        let mut buckets = self.buckets.iter();
        answer.dated.iter().filter_map(move |(at, count)| {
            let (_, part) = buckets.find(|(bucket, _)| bucket == at)?;
            Some((*part, *count))
        })
    }
}

/// All buckets in order. The fullest answer comes first: of the others few have buckets that it has not.
fn buckets(told: &[Told<'_>]) -> Vec<Instant> {
    let mut answers: Vec<&Told<'_>> = told.iter().collect();
    answers.sort_by_key(|answer| Reverse(answer.dated.len()));
    let mut buckets: Vec<Instant> = Vec::new();
    for answer in answers {
        let mut known = buckets.iter().copied().peekable();
        let mut is_new = |at: Instant| {
            while known.next_if(|known| *known < at).is_some() {}
            known.peek() != Some(&at)
        };
        let new: Vec<Instant> = answer.dated.iter().map(|(at, _)| *at).filter(|at| is_new(*at)).collect();
        if !new.is_empty() {
            buckets.extend(new);
            buckets.sort();
        }
    }
    buckets
}
