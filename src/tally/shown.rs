//! Lines that show refusals: of each key and stretch of time the first few.

use std::sync::Arc;

use hashbrown::HashMap;

use super::Line;
use super::keys::Slot;
use crate::summary::{LINES, Shown};
use crate::time::Instant;

/// Bytes kept of a line.
const SHOWN: usize = 320;

/// A line that shows a refusal. The order is that of log lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    at: Option<Instant>,
    input: u32,
    line: u64,
    text: Box<[u8]>,
}

/// Start of a stretch; [`NEVER`](super::cells::NEVER) for lines without a stamp.
type Bucket = Instant;

/// The lines of one key: its buckets with their lines.
pub(super) type OfKey = Vec<(Bucket, Vec<Seen>)>;

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    first: HashMap<(Slot, Bucket), Vec<Seen>>,
    /// By key: the bucket that has its lines, and the last of their stamps. No later line of it is wanted.
    full: Vec<Option<(Bucket, Option<Instant>)>>,
    /// Inputs begun, and lines of the last one that were absorbed.
    inputs: Vec<Arc<str>>,
    passed: u64,
}

impl Lines {
    /// A line shows a refusal.
    #[inline]
    pub(super) fn show(&mut self, slot: Slot, bucket: Bucket, line: &Line<'_>) {
        // Lines of one chunk come in the order of their numbers.
        if let Some(Some((full, last))) = self.full.get(slot as usize)
            && *full == bucket
            && *last <= line.at
        {
            return;
        }
        self.keep(slot, bucket, line);
    }

    fn keep(&mut self, slot: Slot, bucket: Bucket, line: &Line<'_>) {
        let lines = self.first.entry((slot, bucket)).or_default();
        let text = &line.text[..line.text.len().min(SHOWN)];
        insert(lines, Seen { at: line.at, input: 0, line: line.number, text: text.into() });
        if lines.len() == LINES {
            let place = slot as usize;
            if self.full.len() <= place {
                self.full.resize(place + 1, None);
            }
            self.full[place] = lines.last().map(|last| (bucket, last.at));
        }
    }

    /// Another input begins.
    pub(super) fn source(&mut self, name: &str) {
        self.inputs.push(name.into());
        self.passed = 0;
    }

    /// So many lines have gone by.
    pub(super) fn passed(&mut self, lines: u64) {
        self.passed += lines;
    }

    /// Puts lines together that stand in one bucket by now.
    pub(super) fn widen(&mut self, bucket: impl Fn(Bucket) -> Bucket) {
        self.full.clear();
        for ((slot, at), lines) in std::mem::take(&mut self.first) {
            let own = self.first.entry((slot, bucket(at))).or_default();
            lines.into_iter().for_each(|seen| insert(own, seen));
        }
    }

    /// Takes what follows out of `next`; `place` translates its keys and buckets.
    pub(super) fn absorb(&mut self, next: &mut Lines, place: impl Fn(Slot, Bucket) -> (Slot, Bucket)) {
        let (input, before) = (self.inputs.len() as u32, self.passed);
        for ((slot, bucket), lines) in next.first.drain() {
            let own = self.first.entry(place(slot, bucket)).or_default();
            lines.into_iter().for_each(|seen| insert(own, Seen { input, line: before + seen.line, ..seen }));
        }
        next.full.clear();
        self.passed += std::mem::take(&mut next.passed);
    }

    /// Takes out the lines of so many keys, those of each in no order.
    pub(super) fn settle(&mut self, keys: usize) -> Vec<OfKey> {
        let mut all: Vec<OfKey> = (0..keys).map(|_| OfKey::new()).collect();
        for ((slot, bucket), lines) in self.first.drain() {
            all[slot as usize].push((bucket, lines));
        }
        all
    }

    /// The same lines in order, with their inputs' names.
    pub(super) fn named(&self, lines: Vec<Seen>) -> Vec<Shown> {
        let shown = |seen: Seen| {
            let input = (seen.input as usize).checked_sub(1).and_then(|input| self.inputs.get(input));
            Shown { at: seen.at, input: input.cloned().unwrap_or_default(), line: seen.line, text: seen.text }
        };
        let mut lines: Vec<Shown> = lines.into_iter().map(shown).collect();
        lines.sort();
        lines
    }
}

/// Keeps the first lines.
fn insert(lines: &mut Vec<Seen>, seen: Seen) {
    let place = lines.partition_point(|known| *known < seen);
    if place < LINES {
        // There are many of these lists: none has room for more.
        lines.truncate(LINES - 1);
        lines.reserve_exact(LINES - lines.len());
        lines.insert(place, seen);
    }
}
