//! Bytes in: a source is a regular file, mapped; one that is compressed or lies in a carrier, unpacked on the way; or a stream.
//! All are read in blocks of whole lines.
//!
//! All give [`Block`]s to one reader, with equal results. A source knows nothing of what its lines say.

mod block;
mod carrier;
mod error;
mod handle;
mod looks;
mod packed;
mod print;
mod resume;
mod stream;
mod twins;
mod watch;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::UNIX_EPOCH;

pub use block::{AHEAD, Block, LINE_LIMIT};
use carrier::Carrier;
pub use error::{Error, Reason};
use handle::Handle;
use packed::Format;
pub use print::{Print, TAIL_BYTES};
pub use resume::Measured;
use stream::Flow;
pub use stream::Piece;
pub use twins::{Twin, once};
use watch::Watch;

use crate::sys::{self, Mapped};

/// Bytes at the start of an input that its fingerprint is made of.
pub const FINGERPRINT_BYTES: usize = 16 * 1024;

/// What one look takes.
const LOOK: usize = 64 * 1024;

type Reader = Box<dyn Read + Send>;

/// One input, opened.
#[derive(Debug)]
pub struct Source {
    /// Its name, as given.
    pub name: String,
    /// When it was last written, in seconds since 1970; `None` for streams.
    pub modified: Option<i64>,
    /// Its length; `None` where nobody knows it before it is read.
    pub length: Option<u64>,
    /// How it begins: as much as one look takes.
    head: Vec<u8>,
    /// What its lines are taken out of.
    carrier: Option<Carrier>,
    /// Where reading begins, in bytes of its lines.
    from: u64,
    /// The last lines before that.
    before: Vec<u8>,
    /// Where it ends, at the latest.
    until: Option<u64>,
    /// Reading ends with the last line that has an end.
    whole_lines: bool,
    bytes: Bytes,
}

/// Where the bytes are.
enum Bytes {
    /// In a file that can be read at any place, and mapped unless that is not wanted. The map stays with the source: who
    /// drops it decides where the time is spent that unmapping a long file takes.
    File { file: Handle, map: bool, read: Option<Mapped> },
    /// In a file that is unpacked, or taken out of its carrier, from its start to its end, as often as it is read.
    Packed { file: Handle, format: Option<Format>, begun: Option<Flow> },
    /// In something that can be read once; `None` when that is done.
    Stream(Option<Reader>),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bytes::File { .. } => "File",
            Bytes::Packed { .. } => "Packed",
            Bytes::Stream(_) => "Stream",
        })
    }
}

/// What was read of a source.
#[derive(Debug)]
pub struct Extent {
    /// Bytes read, unpacked.
    pub bytes: u64,
    /// The error that ended it early.
    pub failed: Option<io::Error>,
    /// Hash of its first bytes.
    pub fingerprint: u64,
    /// The last bytes that were read; `None` where there are none, or where they may have been lost meanwhile.
    pub tail: Option<Print>,
    /// Its last byte ends a line; also where there is none.
    pub ended_with_line: bool,
    /// The file was cut short while it was read: `bytes` are those that were still there.
    pub cut: bool,
}

impl Extent {
    const NOTHING: Extent =
        Extent { bytes: 0, failed: None, fingerprint: 0, tail: None, ended_with_line: true, cut: false };

    fn failed(error: io::Error) -> Extent {
        Extent { failed: Some(error), ..Extent::NOTHING }
    }
}

/// Opens a path. `-` is standard input. Regular files on local disks are mapped unless `map` is false, also where one is
/// standard input; compressed ones are unpacked. A file that grows is read as far as it reaches now.
pub fn open(path: &Path, map: bool) -> Result<Source, Error> {
    let name = path.display().to_string();
    open_as(&name, path, map).map_err(|reason| Error { name, reason })
}

fn open_as(name: &str, path: &Path, map: bool) -> Result<Source, Reason> {
    let mut file = match path.as_os_str() == handle::STANDARD_INPUT {
        true => File::from(io::stdin().as_fd().try_clone_to_owned()?),
        false => File::open(path)?,
    };
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(Reason::Directory);
    }
    // Of a file that somebody has read in part before us the rest is wanted.
    if !meta.is_file() || file.stream_position()? > 0 {
        sys::widen(&file);
        return stream(name, file);
    }
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| i64::try_from(since.as_secs()).ok());
    if meta.len() == 0 {
        // Files under /proc claim no length and still give bytes. What a log on a disk gets from now on is for the next time.
        let bytes: Reader = if sys::may_be_mapped(&file) { Box::new(io::empty()) } else { Box::new(file) };
        let source = Source { modified, length: Some(0), ..stream(name, bytes)? };
        return match Format::promised(name).filter(|_| source.head.is_empty()) {
            Some(format) => Err(Reason::Emptied { format: format.name }),
            None => Ok(source),
        };
    }
    let file = Handle::new(path.to_owned(), file)?;
    let (head, _) = look(&mut file.reader()?)?;
    let format = Format::of(&head);
    let head = match format {
        Some(format) => unpacked_head(format, Box::new(file.reader()?))?.0,
        None => head,
    };
    let carrier = Carrier::of(&head);
    let source = Source {
        name: name.to_owned(),
        modified,
        length: None,
        head,
        carrier,
        from: 0,
        before: Vec::new(),
        until: None,
        whole_lines: false,
        bytes: Bytes::Packed { file, format, begun: None },
    };
    match source.bytes {
        Bytes::Packed { file, format: None, .. } if carrier.is_none() => {
            let map = map && sys::may_be_mapped(&*file.file()?);
            Ok(Source { length: Some(file.length), bytes: Bytes::File { file, map, read: None }, ..source })
        }
        _ if carrier.is_some() => {
            let head = look(&mut source.reader()?)?.0;
            Ok(Source { head, ..source })
        }
        _ => Ok(source),
    }
}

/// A source out of any reader, under a name; what is compressed is unpacked. Waits for the first bytes.
pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Source {
    stream(name, reader).unwrap_or_else(|reason| {
        // The error comes when it is read.
        let failing: Reader = Box::new(Failing(Some(io::Error::other(reason.of(name)))));
        Source {
            name: name.to_owned(),
            modified: None,
            length: None,
            head: Vec::new(),
            carrier: None,
            from: 0,
            before: Vec::new(),
            until: None,
            whole_lines: false,
            bytes: Bytes::Stream(Some(failing)),
        }
    })
}

fn stream(name: &str, mut reader: impl Read + Send + 'static) -> Result<Source, Reason> {
    let (head, failed) = look(&mut reader)?;
    let whole = Cursor::new(head.clone()).chain(Failing(failed)).chain(reader);
    let (mut head, mut reader): (Vec<u8>, Reader) = match Format::of(&head) {
        None => (head, Box::new(whole)),
        Some(format) => {
            let (head, failed, rest) = unpacked_head(format, Box::new(whole))?;
            (head.clone(), Box::new(Cursor::new(head).chain(Failing(failed)).chain(rest)))
        }
    };
    let carrier = Carrier::of(&head);
    if let Some(carrier) = carrier {
        let mut lines = carrier.unwrap(reader, false);
        let (first, failed) = look(&mut lines)?;
        reader = Box::new(Cursor::new(first.clone()).chain(Failing(failed)).chain(lines));
        head = first;
    }
    Ok(Source {
        name: name.to_owned(),
        modified: None,
        length: None,
        head,
        carrier,
        from: 0,
        before: Vec::new(),
        until: None,
        whole_lines: false,
        bytes: Bytes::Stream(Some(reader)),
    })
}

/// How something begins, and the error that ends it there. Where nothing comes before the error, that is all there is.
fn look(reader: &mut dyn Read) -> io::Result<(Vec<u8>, Option<io::Error>)> {
    let mut head = Vec::new();
    match reader.take(LOOK as u64).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        read => Ok((head, read.err())),
    }
}

/// How something compressed begins, and what follows.
fn unpacked_head(
    format: Format,
    packed: Reader,
) -> Result<(Vec<u8>, Option<io::Error>, packed::Unpacked), Reason> {
    let Format { name, tool, .. } = format;
    if !format.is_read() {
        return Err(Reason::Compressed { format: name.to_owned(), tool, further: None });
    }
    let mut unpacked = format.unpack(packed)?;
    let (head, failed) = look(&mut unpacked)?;
    match Format::of(&head) {
        Some(inner) => Err(Reason::Compressed {
            format: format!("{} in {name}", inner.name),
            tool,
            further: Some(inner.tool).filter(|_| !inner.is_read()),
        }),
        None => Ok((head, failed, unpacked)),
    }
}

/// Gives an error, once, and then nothing.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl Source {
    /// How the input begins.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Hash of the first bytes that are to be read.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(&self.head)
    }

    /// What its lines are taken out of, if anything.
    pub fn carrier(&self) -> Option<&'static str> {
        self.carrier.map(Carrier::as_str)
    }

    /// Whether it can be read only once, and more may come than anybody knows.
    pub fn is_stream(&self) -> bool {
        matches!(self.bytes, Bytes::Stream(_)) && self.length.is_none()
    }

    /// Whether it is a file that is to be mapped.
    pub fn is_mapped(&self) -> bool {
        matches!(self.bytes, Bytes::File { map: true, .. })
    }

    /// Where it lies, if it can be read again.
    pub fn path(&self) -> Option<&Path> {
        match &self.bytes {
            Bytes::File { file, .. } | Bytes::Packed { file, .. } => Some(&file.path),
            Bytes::Stream(_) => None,
        }
    }

    /// Whether looking into it takes as long as reading it.
    pub fn is_packed(&self) -> bool {
        matches!(self.bytes, Bytes::Packed { .. })
    }

    /// Whether it is compressed: nobody adds to it.
    pub fn is_compressed(&self) -> bool {
        matches!(self.bytes, Bytes::Packed { format: Some(_), .. })
    }

    /// Whether it is still the file that was opened. What is learned of one that was cut since (`copytruncate`) is half of
    /// what it was and half of what it is.
    pub fn stands(&self) -> bool {
        match &self.bytes {
            Bytes::File { file, .. } | Bytes::Packed { file, .. } => file.stands(),
            Bytes::Stream(_) => true,
        }
    }

    /// Gives the file's descriptor back until it is read.
    pub fn release(&mut self) {
        match &mut self.bytes {
            Bytes::File { file, .. } | Bytes::Packed { file, .. } => file.release(),
            Bytes::Stream(_) => {}
        }
    }

    /// Looks into a file at `places` places or more spread evenly over it, the last one at its end; one that is no longer
    /// than all looks together is seen whole. Each look begins with a line. Nothing for streams.
    pub fn looks(&self, places: u64) -> Vec<Vec<u8>> {
        match &self.bytes {
            Bytes::File { file, .. } => looks::into_file(file, places).unwrap_or_default(),
            Bytes::Packed { .. } => self
                .reader()
                .map_or_else(|_| Vec::new(), |mut reader| looks::into_stream(&mut reader, places)),
            Bytes::Stream(_) => Vec::new(),
        }
    }

    /// Whether a line of a file begins so; false for streams.
    pub fn has_line(&self, start: &[u8]) -> bool {
        let Ok(mut reader) = self.reader() else { return false };
        let inner = [b"\n", start].concat();
        let mut found = false;
        stream::each(&mut reader, LOOK, |block| {
            let lines = block.lines();
            found |= lines.starts_with(start) || memchr::memmem::find(lines, &inner).is_some();
        });
        found
    }

    /// A file's bytes from their start, unpacked and out of their carrier.
    fn reader(&self) -> io::Result<Reader> {
        self.unwrapped(self.whole_lines)
    }

    /// The same, and whether only whole records of the carrier.
    fn unwrapped(&self, whole: bool) -> io::Result<Reader> {
        let reader: Reader = match &self.bytes {
            Bytes::File { file, .. } | Bytes::Packed { file, format: None, .. } => Box::new(file.reader()?),
            Bytes::Packed { file, format: Some(format), .. } => {
                Box::new(format.unpack(Box::new(file.reader()?))?)
            }
            Bytes::Stream(_) => return Err(io::ErrorKind::NotSeekable.into()),
        };
        Ok(match self.carrier {
            Some(carrier) => carrier.unwrap(reader, whole),
            None => reader,
        })
    }

    /// Begins to unpack a file, some blocks of `size` bytes ahead, in a thread of its own; [`read`](Self::read)
    /// goes on from there. Nothing for all others.
    pub fn begin(&mut self, size: usize) {
        if let Bytes::Packed { begun: None, .. } = &self.bytes
            && let Ok(flow) = self.rest().and_then(|rest| Flow::start(rest, size, None, self.whole_lines))
            && let Bytes::Packed { begun, .. } = &mut self.bytes
        {
            *begun = Some(flow);
        }
    }

    /// Hands every block to `each`, in order; what is not mapped comes in blocks that own about `size` bytes. Can be done
    /// once for a stream, again and again for a file.
    ///
    /// Of a mapped file bytes may be lost while they are read: [`Block::remains`] tells.
    pub fn read(&mut self, size: usize, mut each: impl FnMut(Block<'_>)) -> Extent {
        match self.mapped(&mut each) {
            Some(extent) => extent,
            // What cannot be mapped can be read.
            None => self.copy(size, each),
        }
    }

    /// The same in pieces of `piece` bytes or a little more, for several readers at once.
    pub fn pieces(
        &mut self,
        size: usize,
        piece: usize,
        take: impl for<'p> FnOnce(&mut (dyn Iterator<Item = Piece<'p>> + Send + 'p)),
    ) -> Extent {
        let mut take = Some(take);
        let mapped = self.mapped(|block| {
            if let Some(take) = take.take() {
                take(&mut block.chunks(piece).map(Piece::Mapped));
            }
        });
        match (mapped, take) {
            (Some(extent), _) => extent,
            (None, Some(take)) => self.flow(size, |flow| flow.pieces(piece, take)),
            (None, None) => Extent::NOTHING,
        }
    }

    /// The same without any mapping: what `each` sees is copied and stays as it is.
    pub fn copy(&mut self, size: usize, each: impl FnMut(Block<'_>)) -> Extent {
        self.flow(size, |flow| flow.read(each))
    }

    /// Hands a file as one block to `each`; nothing where it is not to be mapped, or cannot be.
    fn mapped(&mut self, each: impl FnOnce(Block<'_>)) -> Option<Extent> {
        let Bytes::File { file, map: true, .. } = &self.bytes else { return None };
        let open = file.file().ok()?;
        let map = map(&open, file.length).ok()?;
        let watch = Watch::new(&map, &open, &file.first);
        let stretch = self.stretch(map.bytes());
        let (start, end) = (stretch.start, stretch.end);
        each(Block::watched(&watch, stretch).behind(&self.before));
        let tail = Print::of_tail(&map.bytes()[start..end]);
        let extent = Extent {
            bytes: (end - start) as u64,
            fingerprint: self.fingerprint(),
            // What was cut off since shows other bytes.
            tail: tail.filter(|_| watch.sound() >= end),
            ended_with_line: map.bytes()[start..end].last().is_none_or(|last| *last == b'\n'),
            ..Extent::NOTHING
        };
        if let Bytes::File { read, .. } = &mut self.bytes {
            *read = Some(map);
        }
        Some(extent)
    }

    /// Reads in a thread of its own.
    fn flow(&mut self, size: usize, read: impl FnOnce(Flow) -> Extent) -> Extent {
        let flow = match &mut self.bytes {
            Bytes::Packed { begun: begun @ Some(_), .. } => begun.take().map(Ok),
            Bytes::Stream(reader) => {
                reader.take().map(|reader| Flow::start(reader, size, None, self.whole_lines))
            }
            Bytes::File { .. } | Bytes::Packed { .. } => None,
        };
        let flow = match (flow, &self.bytes) {
            (Some(flow), _) => flow,
            // Read before.
            (None, Bytes::Stream(_)) => return Extent { fingerprint: fingerprint(&[]), ..Extent::NOTHING },
            (None, _) => self.rest().and_then(|rest| Flow::start(rest, size, self.length, self.whole_lines)),
        };
        flow.map_or_else(Extent::failed, |mut flow| {
            flow.before.clone_from(&self.before);
            read(flow)
        })
    }
}

fn map(file: &File, length: u64) -> io::Result<Mapped> {
    let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    Mapped::new(file, length)
}

fn fingerprint(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&bytes[..bytes.len().min(FINGERPRINT_BYTES)])
}

#[cfg(test)]
mod tests;
