//! Any reader, as blocks of whole lines in one buffer of bounded size.

use std::io::Read;

use memchr::{memchr, memrchr};

use super::{AHEAD, Block, Extent, FINGERPRINT_BYTES, LINE_LIMIT};

/// What is asked of the reader at once.
const READ: usize = 128 * 1024;

/// What a block owns at most, however much is asked for: it is held in memory.
const MOST: usize = 1 << 30;

/// Reads to the end, handing out blocks that own about `size` bytes and show [`AHEAD`] bytes more.
///
/// Of a line longer than [`LINE_LIMIT`] one byte more than that is kept, so that it is still seen to be longer.
pub(super) fn read(reader: &mut dyn Read, size: usize, mut each: impl FnMut(Block<'_>)) -> Extent {
    // A line whose end came with the read that made it too long is kept whole: longer than the limit by that read.
    let size = size.clamp(LINE_LIMIT + 2 * READ, MOST);
    let mut feed =
        Feed { reader, start: Vec::new(), bytes: 0, ended: false, failed: None, skipping: false, last: None };
    let mut buffer: Vec<u8> = Vec::with_capacity(size + AHEAD + 2 * READ);
    loop {
        while !feed.ended && buffer.len() < size + AHEAD {
            feed.more(&mut buffer);
        }
        if buffer.is_empty() {
            break;
        }
        // Every line is shorter than `size`, so there is an end among the first `size` bytes.
        let end = match feed.ended && buffer.len() <= size {
            true => buffer.len(),
            false => memrchr(b'\n', &buffer[..size.min(buffer.len())]).map_or(buffer.len(), |at| at + 1),
        };
        each(Block::part(&buffer, end));
        buffer.drain(..end);
    }
    Extent {
        bytes: feed.bytes,
        failed: feed.failed,
        fingerprint: xxhash_rust::xxh3::xxh3_64(&feed.start),
        ended_with_line: feed.last.is_none_or(|last| last == b'\n'),
    }
}

struct Feed<'r> {
    reader: &'r mut dyn Read,
    /// The first bytes as they came.
    start: Vec<u8>,
    bytes: u64,
    ended: bool,
    failed: Option<std::io::Error>,
    /// Inside the part of a line that is not kept.
    skipping: bool,
    /// The last byte that came.
    last: Option<u8>,
}

impl Feed<'_> {
    /// Reads once and appends what is kept.
    fn more(&mut self, buffer: &mut Vec<u8>) {
        let old = buffer.len();
        buffer.resize(old + READ, 0);
        let read = loop {
            match self.reader.read(&mut buffer[old..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    break 0;
                }
                Ok(read) => break read,
            }
        };
        buffer.truncate(old + read);
        self.ended = read == 0;
        self.bytes += read as u64;
        self.last = buffer[old..].last().copied().or(self.last);
        let missing = FINGERPRINT_BYTES - self.start.len();
        self.start.extend_from_slice(&buffer[old..old + read.min(missing)]);
        if self.skipping {
            match memchr(b'\n', &buffer[old..]) {
                Some(end) => {
                    buffer.drain(old..old + end);
                    self.skipping = false;
                }
                None => return buffer.truncate(old),
            }
        }
        let last = memrchr(b'\n', buffer).map_or(0, |at| at + 1);
        if buffer.len() - last > LINE_LIMIT + 1 {
            buffer.truncate(last + LINE_LIMIT + 1);
            self.skipping = true;
        }
    }
}
