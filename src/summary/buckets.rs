//! Attempts over time, bucket by bucket.

use std::ops::{Bound, RangeBounds};

use super::Tries;
use crate::time::Instant;

/// Start of a bucket; `None` is for lines without a stamp.
type Start = Option<Instant>;

/// Attempts by start of the bucket. A list in order: there are very many of them, most of one or two buckets, and they are
/// made once, read from front to end, and added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buckets(Vec<Bucket>);

/// A bucket, and what was counted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it starts. No line has a stamp of the first instant there is: it stands for those without one.
    at: Instant,
    tries: Tries,
}

impl Bucket {
    fn new(start: Start, tries: Tries) -> Bucket {
        Bucket { at: instant(start), tries }
    }

    fn start(&self) -> Start {
        (self.at != Instant::MIN).then_some(self.at)
    }

    fn parts(&self) -> (Start, Tries) {
        (self.start(), self.tries)
    }
}

fn instant(start: Start) -> Instant {
    start.unwrap_or(Instant::MIN)
}

impl Buckets {
    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All buckets in order of time, those of lines without a stamp first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Start, Tries)> {
        self.0.iter().map(Bucket::parts)
    }

    /// Their starts.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Start> {
        self.0.iter().map(Bucket::start)
    }

    /// What was counted in them.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Tries> {
        self.0.iter().map(|bucket| &bucket.tries)
    }

    /// What was counted in one.
    pub fn get(&self, start: &Start) -> Option<&Tries> {
        self.place(instant(*start)).ok().map(|place| &self.0[place].tries)
    }

    /// Those that start in a stretch; none where the stretch ends before it starts.
    pub fn range(&self, stretch: impl RangeBounds<Start>) -> impl DoubleEndedIterator<Item = (Start, Tries)> {
        let before = |next: &Start| self.0.partition_point(|bucket| bucket.at < instant(*next));
        let up_to = |last: &Start| self.0.partition_point(|bucket| bucket.at <= instant(*last));
        let from = match stretch.start_bound() {
            Bound::Included(first) => before(first),
            Bound::Excluded(last) => up_to(last),
            Bound::Unbounded => 0,
        };
        let to = match stretch.end_bound() {
            Bound::Included(last) => up_to(last),
            Bound::Excluded(next) => before(next),
            Bound::Unbounded => self.0.len(),
        };
        self.0.get(from..to).unwrap_or_default().iter().map(Bucket::parts)
    }

    /// Adds attempts of a bucket.
    pub fn add(&mut self, start: Start, tries: Tries) {
        match self.place(instant(start)) {
            Ok(place) => self.0[place].tries.add(tries),
            Err(place) => self.0.insert(place, Bucket::new(start, tries)),
        }
    }

    /// Adds others.
    pub fn merge(&mut self, others: Buckets) {
        if self.is_empty() {
            *self = others;
        } else if !others.is_empty() {
            self.0.extend(others.0);
            self.put_in_order();
        }
    }

    /// Names the buckets anew; those of one name become one.
    pub fn rename(&mut self, name: impl Fn(Start) -> Start) {
        self.0.iter_mut().for_each(|bucket| bucket.at = instant(name(bucket.start())));
        self.put_in_order();
    }

    fn place(&self, at: Instant) -> Result<usize, usize> {
        // What is added in order of time comes last.
        match self.0.last() {
            Some(last) if last.at == at => Ok(self.0.len() - 1),
            Some(last) if last.at > at => self.0.binary_search_by_key(&at, |bucket| bucket.at),
            _ => Err(self.0.len()),
        }
    }

    /// Two lists in order, one behind the other, are what the stable sort is quick with.
    fn put_in_order(&mut self) {
        self.0.sort_by_key(|bucket| bucket.at);
        self.0.dedup_by(|next, sum| {
            let same = next.at == sum.at;
            if same {
                sum.tries.add(next.tries);
            }
            same
        });
    }
}

impl FromIterator<(Start, Tries)> for Buckets {
    fn from_iter<I: IntoIterator<Item = (Start, Tries)>>(all: I) -> Buckets {
        let mut buckets = Buckets(all.into_iter().map(|(start, tries)| Bucket::new(start, tries)).collect());
        buckets.put_in_order();
        buckets
    }
}

impl IntoIterator for Buckets {
    type Item = (Start, Tries);
    type IntoIter = std::iter::Map<std::vec::IntoIter<Bucket>, fn(Bucket) -> (Start, Tries)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().map(|bucket| bucket.parts())
    }
}

impl<'b> IntoIterator for &'b Buckets {
    type Item = (Start, Tries);
    type IntoIter = std::iter::Map<std::slice::Iter<'b, Bucket>, fn(&'b Bucket) -> (Start, Tries)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(Bucket::parts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn start() -> impl Strategy<Value = Start> {
        proptest::option::of(-5_i64..5)
    }

    type Plain = BTreeMap<Start, u64>;

    fn plain(all: &[Start]) -> Plain {
        let mut plain = Plain::new();
        all.iter().for_each(|start| *plain.entry(*start).or_default() += 1);
        plain
    }

    fn shown(buckets: &Buckets) -> Vec<(Start, u64)> {
        buckets.iter().map(|(start, tries)| (start, tries.count)).collect()
    }

    proptest! {
        #[test]
        fn it_is_a_map(
            first in proptest::collection::vec(start(), 0..20),
            second in proptest::collection::vec(start(), 0..20),
            (from, to) in (start(), start()),
        ) {
            let one = |start: &Start| (*start, Tries::one(false));
            let mut buckets: Buckets = first.iter().map(one).collect();
            let mut added = Buckets::default();
            first.iter().for_each(|start| added.add(*start, Tries::one(false)));
            prop_assert_eq!(&added, &buckets);
            let both = [first, second.clone()].concat();
            buckets.merge(second.iter().map(one).collect());
            let map = plain(&both);
            prop_assert_eq!(shown(&buckets), map.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(buckets.get(&from).map(|tries| tries.count), map.get(&from).copied());
            let inside = |range: &dyn Fn(&Start) -> bool| -> Vec<Start> {
                map.keys().filter(|start| range(start)).copied().collect()
            };
            let starts = |range: &mut dyn Iterator<Item = (Start, Tries)>| -> Vec<Start> {
                range.map(|(start, _)| start).collect()
            };
            prop_assert_eq!(starts(&mut buckets.range(from..to)), inside(&|start| (from..to).contains(start)));
            prop_assert_eq!(starts(&mut buckets.range(from..=to)), inside(&|start| (from..=to).contains(start)));
            prop_assert_eq!(starts(&mut buckets.range(from..)), inside(&|start| *start >= from));
            let half = |start: Start| start.map(|at| at.div_euclid(3));
            buckets.rename(half);
            prop_assert_eq!(shown(&buckets), plain(&both.into_iter().map(half).collect::<Vec<_>>()).into_iter().collect::<Vec<_>>());
        }
    }
}
