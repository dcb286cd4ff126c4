//! A stretch of whole lines, and its cutting into chunks.

use memchr::memchr;

/// Bytes of a line that are looked at; the rest of a longer one is passed over. Postfix cuts its texts at 2,000 bytes,
/// Exim its records at 8,192.
pub const LINE_LIMIT: usize = 64 * 1024;

/// Bytes behind a line in which a record may be continued. Not more than [`LINE_LIMIT`], so that a stream that drops the
/// rest of long lines and a mapped file that keeps it show the same.
pub const AHEAD: usize = 64 * 1024;

/// Whole lines, and what follows them.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    bytes: &'a [u8],
    /// Lines that start before this are the block's own; the bytes after it may only be looked at.
    end: usize,
}

impl<'a> Block<'a> {
    /// All of an input.
    pub fn whole(bytes: &'a [u8]) -> Block<'a> {
        Block { bytes, end: bytes.len() }
    }

    /// The lines before `end`, with the bytes after them to look at.
    pub fn part(bytes: &'a [u8], end: usize) -> Block<'a> {
        Block { bytes, end }
    }

    /// The block's own lines.
    pub fn lines(&self) -> &'a [u8] {
        &self.bytes[..self.end]
    }

    /// What stands from `at` on, as far as may be looked: [`AHEAD`] bytes, fewer only where the input ends.
    pub fn from(&self, at: usize) -> &'a [u8] {
        let at = at.min(self.bytes.len());
        &self.bytes[at..(at + AHEAD).min(self.bytes.len())]
    }

    /// Cuts the block at line ends into blocks of `size` bytes or a little more, each seeing what follows it.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = Block<'a>> {
        let size = size.max(1);
        let mut start = 0;
        std::iter::from_fn(move || {
            if start >= self.end {
                return None;
            }
            let least = (start + size - 1).min(self.end - 1);
            let end = memchr(b'\n', &self.bytes[least..self.end]).map_or(self.end, |at| least + at + 1);
            let chunk = Block { bytes: &self.bytes[start..], end: end - start };
            start = end;
            Some(chunk)
        })
    }
}
