//! A stretch of whole lines, and its cutting into chunks.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::watch::Watch;

/// Bytes of a line that are looked at; the rest of a longer one is passed over. Postfix cuts its texts at 2,000 bytes,
/// Exim its records at 8,192.
pub const LINE_LIMIT: usize = 64 * 1024;

/// Bytes behind a line in which a record may be continued. Not more than [`LINE_LIMIT`], so that a stream that drops the
/// rest of long lines and a mapped file that keeps it show the same.
pub const AHEAD: usize = 64 * 1024;

/// Bytes of a block at the end that is not worth being shorter.
const SHORT: usize = 1024 * 1024;

/// Whole lines, and what follows them.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// What the block was cut out of.
    bytes: &'a [u8],
    start: usize,
    /// Lines that start before this are the block's own; the bytes after it may only be looked at.
    end: usize,
    /// Lines that an earlier reading ended with, where this block goes on with them; they may only be looked at, too.
    before: &'a [u8],
    /// Where bytes may be taken away while they are read: how many were known to be left when the block was made.
    watch: Option<(&'a Watch<'a>, usize)>,
}

/// Takes the first `size` bytes of what is left, or a little more, up to a line end.
pub(super) fn cut(bytes: &[u8], rest: &mut Range<usize>, size: usize) -> Option<Range<usize>> {
    if rest.start >= rest.end {
        return None;
    }
    let start = rest.start;
    let least = start.saturating_add(size.max(1) - 1).min(rest.end - 1);
    rest.start = memchr(b'\n', &bytes[least..rest.end]).map_or(rest.end, |at| least + at + 1);
    Some(start..rest.start)
}

impl<'a> Block<'a> {
    /// Some lines, with the bytes after them to look at.
    pub(super) fn among(bytes: &'a [u8], Range { start, end }: Range<usize>) -> Block<'a> {
        Block { bytes, start, end, before: &[], watch: None }
    }

    /// A stretch of a mapped file.
    pub(super) fn watched(watch: &'a Watch<'a>, stretch: Range<usize>) -> Block<'a> {
        let watched = Some((watch, watch.bytes().len()));
        Block { watch: watched, ..Block::among(&watch.bytes()[..stretch.end], stretch) }
    }

    /// The same, going on with lines that were read before.
    pub(super) fn behind(self, before: &'a [u8]) -> Block<'a> {
        Block { before, ..self }
    }

    /// The block's own lines.
    pub fn lines(&self) -> &'a [u8] {
        &self.bytes[self.start..self.end]
    }

    /// The last lines of an earlier reading, where the block goes on with them; nothing where it is another block that does.
    pub fn before(&self) -> &'a [u8] {
        self.before
    }

    /// What stands from `at` on, as far as may be looked: [`AHEAD`] bytes, fewer only where the input ends.
    pub fn from(&self, at: usize) -> &'a [u8] {
        let at = (self.start + at).min(self.bytes.len());
        &self.bytes[at..(at + AHEAD).min(self.bytes.len())]
    }

    /// Cuts the block at line ends into blocks of `size` bytes or a little more, each seeing what follows it. Towards the end
    /// they are shorter: those who read them are done at about the same time.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = Block<'a>> {
        let mut rest = self.start..self.end;
        std::iter::from_fn(move || {
            let size = size.min((rest.len() / 4).max(SHORT));
            let Range { start, end } = cut(self.bytes, &mut rest, size)?;
            let before = if start == self.start { self.before } else { &[] };
            Some(Block { start, end, before, ..self })
        })
    }

    /// Whether others may change its bytes while they are read.
    pub fn may_change(&self) -> bool {
        self.watch.is_some()
    }

    /// To be asked after the block was read: `None` where nothing was lost meanwhile, else what is left of it, to be read
    /// instead. Nothing may be left.
    pub fn remains(self) -> Option<Block<'a>> {
        let (watch, known) = self.watch?;
        let sound = watch.sound();
        if sound == known {
            return None;
        }
        // Other bytes may stand there by now; where they do not even begin with a line they are none of this log's.
        let begins = self.start == 0 || self.start <= sound && self.bytes[self.start - 1] == b'\n';
        let end = if begins {
            memrchr(b'\n', &self.bytes[..sound.min(self.bytes.len())]).map_or(0, |at| at + 1)
        } else {
            0
        };
        let end = end.max(self.start);
        Some(Block { bytes: &self.bytes[..end], end: self.end.min(end), watch: Some((watch, sound)), ..self })
    }
}
