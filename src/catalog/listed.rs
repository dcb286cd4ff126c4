//! Places in a list by what they are found by: sorted once, which costs less than a map whose every key has a list of its own.

/// Keys, each with the places that were put under it.
#[derive(Debug)]
pub(super) struct Listed<K>(Vec<(K, usize)>);

impl<K> Default for Listed<K> {
    fn default() -> Listed<K> {
        Listed(Vec::new())
    }
}

impl<K: Copy + Ord> Listed<K> {
    pub(super) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// Puts a place under a key; found once all are [sorted](Self::sort).
    pub(super) fn push(&mut self, key: K, place: usize) {
        self.0.push((key, place));
    }

    pub(super) fn sort(&mut self) {
        // Markers come nearly in order: a sort that knows runs has little to do.
        self.0.sort();
    }

    /// The places under a key, rising.
    pub(super) fn of(&self, key: K) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|(other, _)| *other < key);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.iter().take_while(move |(other, _)| *other == key).map(|(_, place)| *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_their_key() {
        let mut listed = Listed::default();
        for (key, place) in [("b", 3), ("a", 2), ("b", 1), ("c", 0)] {
            listed.push(key, place);
        }
        listed.sort();
        let of = |key| listed.of(key).collect::<Vec<_>>();
        assert_eq!(
            (of("a"), of("b"), of("c"), of("d"), of("")),
            (vec![2], vec![1, 3], vec![0], vec![], vec![])
        );
    }
}
