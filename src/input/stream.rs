//! Any reader, as blocks of whole lines in buffers of bounded size.
//!
//! A [`Flow`] fills the next block in a thread of its own while the last one is read: what reads (or unpacks) and what
//! scans do not wait for each other.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use memchr::{memchr, memrchr};

use super::block::cut;
use super::print::Tail;
use super::{AHEAD, Block, Extent, FINGERPRINT_BYTES, LINE_LIMIT, Reader};

/// What is asked of the reader at once.
const READ: usize = 128 * 1024;

/// What a block owns at most, however much is asked for: it is held in memory.
const MOST: usize = 1 << 30;

/// Blocks that are held: one is read, one waits, one is filled.
const HELD: usize = 3;

/// A reader in its own thread.
#[derive(Debug)]
pub(super) struct Flow {
    full: Receiver<Filled>,
    /// Buffers go back to be filled again.
    empty: Sender<Buffer>,
    thread: JoinHandle<Extent>,
    /// Lines that an earlier reading ended with.
    pub(super) before: Vec<u8>,
}

struct Filled {
    buffer: Buffer,
    end: usize,
}

/// Bytes that were read. What a buffer has grown to it keeps when it is emptied: room is not cleared again and again.
#[derive(Debug, Default)]
struct Buffer {
    room: Vec<u8>,
    used: usize,
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        &self.room[..self.used]
    }

    fn truncate(&mut self, used: usize) {
        self.used = used.min(self.used);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.free(bytes.len()).copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// Takes bytes out, and closes the gap.
    fn drain(&mut self, range: Range<usize>) {
        self.room.copy_within(range.end..self.used, range.start);
        self.used -= range.len();
    }

    /// So many bytes behind those that are used.
    fn free(&mut self, bytes: usize) -> &mut [u8] {
        let end = self.used + bytes;
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        &mut self.room[self.used..end]
    }

    /// Reads so many bytes behind those that are used, fewer where there are no more or an error comes.
    fn read(&mut self, reader: &mut dyn Read, most: usize) -> io::Result<()> {
        let end = self.used + most;
        while self.used < end {
            let free = end - self.used;
            match reader.read(self.free(free)) {
                Ok(0) => break,
                Ok(read) => self.used += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Flow {
    /// Begins to read, as [`each`] does. A file that was cut short is noticed by the `length` it had; with `whole_lines` a
    /// last line without an end is left for later.
    pub(super) fn start(
        reader: Reader,
        size: usize,
        length: Option<u64>,
        whole_lines: bool,
    ) -> io::Result<Flow> {
        let (filled, full) = sync_channel(HELD);
        let (empty, emptied) = channel();
        for _ in 0..HELD {
            // It cannot fail: the other end is here.
            let _ = empty.send(Buffer::default());
        }
        let fill = move || fill(reader, size, (length, whole_lines), &filled, &emptied);
        let thread = Builder::new().name("reader".to_owned()).spawn(fill)?;
        Ok(Flow { full, empty, thread, before: Vec::new() })
    }

    /// Hands out every block.
    pub(super) fn read(self, mut each: impl FnMut(Block<'_>)) -> Extent {
        self.pieces(usize::MAX, |pieces| pieces.for_each(|piece| each(piece.block())))
    }

    /// Hands out all lines in pieces of `size` bytes or a little more. Whoever has a piece holds up the reader only when he
    /// has pieces of all blocks.
    pub(super) fn pieces(
        self,
        size: usize,
        take: impl for<'p> FnOnce(&mut (dyn Iterator<Item = Piece<'p>> + Send + 'p)),
    ) -> Extent {
        let Flow { full, empty, thread, mut before } = self;
        let mut bytes = 0;
        let (counted, mut held, mut rest): (_, Option<Arc<Lent>>, _) = (&mut bytes, None, 0..0);
        let mut pieces = std::iter::from_fn(move || {
            loop {
                if let Some(lent) = &held
                    && let Some(range) = cut(lent.buffer.bytes(), &mut rest, size)
                {
                    *counted += range.len() as u64;
                    return Some(Piece::Held(Arc::clone(lent), range));
                }
                // Before the next one is waited for: it may be the buffer that the reader waits for.
                held = None;
                let Filled { buffer, end } = full.recv().ok()?;
                held = Some(Arc::new(Lent {
                    buffer,
                    empty: empty.clone(),
                    before: std::mem::take(&mut before),
                }));
                rest = 0..end;
            }
        });
        take(&mut pieces);
        // Where nobody took all of them, the reader is not to wait for ever.
        drop(pieces);
        thread.join().unwrap_or_else(|_| Extent {
            bytes,
            failed: Some(io::Error::other("its reader broke down")),
            ..Extent::NOTHING
        })
    }
}

/// A block's bytes. When nobody needs them any more their buffer goes back to be filled again.
#[derive(Debug)]
pub struct Lent {
    buffer: Buffer,
    empty: Sender<Buffer>,
    /// Lines of an earlier reading that the first piece goes on with.
    before: Vec<u8>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The thread may be done already.
        let _ = self.empty.send(std::mem::take(&mut self.buffer));
    }
}

/// Some whole lines, to be read by anybody at any time.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Of a mapped file.
    Mapped(Block<'a>),
    /// Of a block in memory.
    Held(Arc<Lent>, Range<usize>),
}

impl Piece<'_> {
    /// The lines, seeing what follows them.
    pub fn block(&self) -> Block<'_> {
        match self {
            Piece::Mapped(block) => *block,
            Piece::Held(lent, range) => {
                let before = if range.start == 0 { &lent.before[..] } else { &[] };
                Block::among(lent.buffer.bytes(), range.clone()).behind(before)
            }
        }
    }
}

fn fill(
    mut reader: Reader,
    size: usize,
    (length, whole_lines): (Option<u64>, bool),
    filled: &SyncSender<Filled>,
    emptied: &Receiver<Buffer>,
) -> Extent {
    let mut feed = Feed { length, whole_lines, ..Feed::new(&mut reader, size) };
    // Where nobody listens any more nobody asks for the rest.
    while let Ok(mut buffer) = emptied.recv()
        && let Some(end) = feed.fill(&mut buffer)
        && filled.send(Filled { buffer, end }).is_ok()
    {}
    feed.extent()
}

/// Reads to the end, handing out blocks that own about `size` bytes and show [`AHEAD`] bytes more.
pub(super) fn each(reader: &mut dyn Read, size: usize, mut each: impl FnMut(Block<'_>)) -> Extent {
    let mut feed = Feed::new(reader, size);
    let mut buffer = Buffer::default();
    while let Some(end) = feed.fill(&mut buffer) {
        each(Block::among(buffer.bytes(), 0..end));
    }
    feed.extent()
}

struct Feed<'r> {
    reader: &'r mut dyn Read,
    /// What a block owns.
    size: usize,
    /// How much there was to read, where that is known.
    length: Option<u64>,
    /// A last line without an end is left for later.
    whole_lines: bool,
    /// What was read and belongs to the next block.
    rest: Vec<u8>,
    /// The first bytes as they came.
    start: Vec<u8>,
    /// How many came.
    bytes: u64,
    tail: Tail,
    ended: bool,
    failed: Option<io::Error>,
    /// Inside the part of a line that is not kept.
    skipping: bool,
    /// The last byte that came.
    last: Option<u8>,
}

impl<'r> Feed<'r> {
    fn new(reader: &'r mut dyn Read, size: usize) -> Feed<'r> {
        Feed {
            reader,
            // A line whose end came with the read that made it too long is kept whole: longer than the limit by that read.
            size: size.clamp(LINE_LIMIT + 2 * READ, MOST),
            length: None,
            whole_lines: false,
            rest: Vec::new(),
            start: Vec::new(),
            bytes: 0,
            tail: Tail::default(),
            ended: false,
            failed: None,
            skipping: false,
            last: None,
        }
    }

    /// Fills a buffer with the next block and tells where its own lines end; `None` behind the last.
    ///
    /// Of a line longer than [`LINE_LIMIT`] one byte more than that is kept, so that it is still seen to be longer.
    fn fill(&mut self, buffer: &mut Buffer) -> Option<usize> {
        buffer.truncate(0);
        buffer.room.reserve((self.size + AHEAD + 2 * READ).saturating_sub(buffer.room.len()));
        buffer.push(&self.rest);
        self.rest.clear();
        while !self.ended && buffer.used < self.size + AHEAD {
            self.more(buffer);
        }
        if buffer.used == 0 {
            return None;
        }
        // Every line is shorter than `size`, so there is an end among the first `size` bytes.
        let bytes = buffer.bytes();
        let end = match self.ended && bytes.len() <= self.size {
            true => bytes.len(),
            false => memrchr(b'\n', &bytes[..self.size.min(bytes.len())]).map_or(bytes.len(), |at| at + 1),
        };
        self.rest.extend_from_slice(&bytes[end..]);
        Some(end)
    }

    /// Reads once and appends what is kept.
    fn more(&mut self, buffer: &mut Buffer) {
        let old = buffer.used;
        // What comes before an error is kept.
        self.failed = buffer.read(self.reader, READ).err();
        let came = &buffer.bytes()[old..];
        self.ended = came.len() < READ || self.failed.is_some();
        self.bytes += came.len() as u64;
        self.last = came.last().copied().or(self.last);
        let missing = FINGERPRINT_BYTES - self.start.len();
        self.start.extend_from_slice(&came[..came.len().min(missing)]);
        self.tail.add(came);
        self.keep(buffer, old);
        // Where the file was cut a line has no end: what is there of it may be half of what was said.
        if self.ended && self.ends_with_whole_lines() {
            buffer.truncate(memrchr(b'\n', buffer.bytes()).map_or(0, |at| at + 1));
        }
    }

    /// Drops of what came behind `old` what is too much for a line.
    fn keep(&mut self, buffer: &mut Buffer, old: usize) {
        if self.skipping {
            match memchr(b'\n', &buffer.bytes()[old..]) {
                Some(end) => {
                    buffer.drain(old..old + end);
                    self.skipping = false;
                }
                None => return buffer.truncate(old),
            }
        }
        let last = memrchr(b'\n', buffer.bytes()).map_or(0, |at| at + 1);
        if buffer.used - last > LINE_LIMIT + 1 {
            buffer.truncate(last + LINE_LIMIT + 1);
            self.skipping = true;
        }
    }

    fn ends_with_whole_lines(&self) -> bool {
        self.whole_lines || self.is_cut()
    }

    fn is_cut(&self) -> bool {
        self.failed.is_none() && self.length.is_some_and(|length| self.bytes < length)
    }

    /// What was read.
    fn extent(self) -> Extent {
        let (cut, whole_lines) = (self.is_cut(), self.ends_with_whole_lines());
        Extent {
            bytes: self.bytes - if whole_lines { self.tail.open } else { 0 },
            tail: self.tail.print(whole_lines),
            failed: self.failed,
            fingerprint: super::fingerprint(&self.start),
            ended_with_line: whole_lines || self.last.is_none_or(|last| last == b'\n'),
            cut,
        }
    }
}
