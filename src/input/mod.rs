//! Bytes in: a source is a regular file, mapped, or a stream, read in blocks of whole lines.
//!
//! Both give [`Block`]s to one reader, with equal results. A source knows nothing of what its lines say. What else
//! gives bytes (archives, journals) becomes one more way to open a [`Source`].

mod block;
mod carrier;
mod error;
mod map;
mod stream;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use carrier::Carrier;
use memmap2::Mmap;

pub use block::{AHEAD, Block, LINE_LIMIT};
pub use error::{Error, Reason};

/// Bytes at the start of an input that its fingerprint is made of.
pub const FINGERPRINT_BYTES: usize = 16 * 1024;

/// One input, opened.
#[derive(Debug)]
pub struct Source {
    /// Its name, as given.
    pub name: String,
    /// When it was last written, in seconds since 1970; `None` for streams.
    pub modified: Option<i64>,
    /// Its length; `None` for streams.
    pub length: Option<u64>,
    /// How it begins: as much as one look takes.
    head: Vec<u8>,
    /// The file, where it is one that can be read at any place.
    file: Option<File>,
    /// What its lines were taken out of.
    carrier: Option<Carrier>,
    bytes: Bytes,
}

/// What one look takes.
const LOOK: usize = 64 * 1024;

type Reader = Box<dyn Read + Send>;

enum Bytes {
    Empty,
    Mapped(Mmap),
    Stream(Reader),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bytes::Empty => "Empty",
            Bytes::Mapped(_) => "Mapped",
            Bytes::Stream(_) => "Stream",
        })
    }
}

/// What was read of a source.
#[derive(Debug)]
pub struct Extent {
    /// Bytes read.
    pub bytes: u64,
    /// The error that ended it early.
    pub failed: Option<std::io::Error>,
    /// Hash of its first bytes.
    pub fingerprint: u64,
    /// Its last byte ends a line; also where there is none.
    pub ended_with_line: bool,
}

/// Opens a path. `-` is standard input. Regular files are mapped unless `map` is false.
pub fn open(path: &Path, map: bool) -> Result<Source, Error> {
    let name = path.display().to_string();
    if path.as_os_str() == "-" {
        return Ok(from_reader("-", std::io::stdin()));
    }
    let fail = |reason| Error { name: name.clone(), reason };
    let mut file = File::open(path).map_err(|error| fail(error.into()))?;
    let meta = file.metadata().map_err(|error| fail(error.into()))?;
    if meta.is_dir() {
        return Err(fail(Reason::Directory));
    }
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| i64::try_from(since.as_secs()).ok());
    if !meta.is_file() {
        return Ok(from_reader(&name, file));
    }
    refuse_archives(&mut file).map_err(fail)?;
    let length = meta.len();
    if length == 0 {
        // Files under /proc claim no length and still give bytes.
        return Ok(Source { modified, length: Some(0), ..from_reader(&name, file) });
    }
    let mut copy = file.try_clone().map_err(|error| fail(error.into()))?;
    let mut head = Vec::new();
    copy.by_ref().take(LOOK as u64).read_to_end(&mut head).map_err(|error| fail(error.into()))?;
    copy.seek(SeekFrom::Start(0)).map_err(|error| fail(error.into()))?;
    let bytes = match map.then(|| map::map(&file)) {
        Some(Ok(map)) => Bytes::Mapped(map),
        // What cannot be mapped can be read; at the length it has now, like a mapped file.
        _ => Bytes::Stream(Box::new(copy.take(length))),
    };
    let file = File::open(path).ok();
    Ok(Source { name, modified, length: Some(length), head, file, carrier: None, bytes }.unwrapped())
}

/// A source out of any reader, under a name. Waits for the first bytes.
pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Source {
    let (head, reader) = look(reader);
    let bytes = Bytes::Stream(reader);
    let name = name.to_owned();
    Source { name, modified: None, length: None, head, file: None, carrier: None, bytes }.unwrapped()
}

/// How a reader begins, and all of it.
fn look(mut reader: impl Read + Send + 'static) -> (Vec<u8>, Reader) {
    let mut head = Vec::new();
    let failed = reader.by_ref().take(LOOK as u64).read_to_end(&mut head).err();
    let reader = Cursor::new(head.clone()).chain(Failing(failed)).chain(reader);
    (head, Box::new(reader))
}

/// Gives an error, once, and then nothing.
struct Failing(Option<std::io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Compressed files are known by their first bytes, not by their names.
fn refuse_archives(file: &mut File) -> Result<(), Reason> {
    let mut start = [0; 6];
    let mut read = 0;
    while read < start.len() {
        match file.read(&mut start[read..])? {
            0 => break,
            n => read += n,
        }
    }
    file.seek(SeekFrom::Start(0))?;
    let kinds: [(&[u8], &str, &str); 4] = [
        (b"\x1f\x8b", "gzip", "zcat"),
        (b"\x28\xb5\x2f\xfd", "zstd", "zstdcat"),
        (b"\xfd7zXZ\0", "xz", "xzcat"),
        (b"BZh", "bzip2", "bzcat"),
    ];
    match kinds.iter().find(|(magic, ..)| start[..read].starts_with(magic)) {
        Some((_, format, tool)) => Err(Reason::Compressed { format, tool }),
        None => Ok(()),
    }
}

impl Source {
    /// What lies in a carrier becomes a stream of the lines that it carries.
    fn unwrapped(self) -> Source {
        let Some(carrier) = Carrier::of(&self.head) else { return self };
        let reader: Reader = match self.bytes {
            Bytes::Empty => return self,
            Bytes::Mapped(map) => Box::new(Cursor::new(map)),
            Bytes::Stream(reader) => reader,
        };
        let (head, reader) = look(carrier.unwrap(reader));
        let (carrier, bytes) = (Some(carrier), Bytes::Stream(reader));
        Source { length: None, head, file: None, carrier, bytes, ..self }
    }

    /// What its lines were taken out of, if anything.
    pub fn carrier(&self) -> Option<&'static str> {
        self.carrier.map(Carrier::as_str)
    }

    /// How the input begins.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Looks into a file at `places` places spread evenly over it, the last one at its end; a file that is no longer than
    /// all looks together is seen whole. Each look begins after a line end. Nothing for streams.
    pub fn looks(&mut self, places: u64) -> Vec<Vec<u8>> {
        let (Some(file), Some(length)) = (&mut self.file, self.length) else { return Vec::new() };
        let (places, size) =
            if length <= places * LOOK as u64 { (1, length) } else { (places.max(2), LOOK as u64) };
        let mut looks = Vec::new();
        for place in 0..places {
            let at = (length - size) * place / (places - 1).max(1);
            let mut look = Vec::new();
            if file.seek(SeekFrom::Start(at)).is_err()
                || file.by_ref().take(size).read_to_end(&mut look).is_err()
            {
                break;
            }
            let start =
                if at == 0 { 0 } else { memchr::memchr(b'\n', &look).map_or(look.len(), |end| end + 1) };
            looks.push(look.split_off(start));
        }
        looks
    }

    /// Whether a file holds a text anywhere; false for streams.
    pub fn holds(&mut self, text: &[u8]) -> bool {
        if let Bytes::Mapped(map) = &self.bytes {
            return memchr::memmem::find(map, text).is_some();
        }
        let Some(file) = &mut self.file else { return false };
        if file.seek(SeekFrom::Start(0)).is_err() {
            return false;
        }
        let mut found = false;
        stream::read(file, LOOK, |block| found |= memchr::memmem::find(block.lines(), text).is_some());
        found
    }

    /// Hands every block to `each`, in order; a stream's blocks own about `size` bytes. Can be done once for a
    /// stream, again and again for a mapped file.
    pub fn read(&mut self, size: usize, mut each: impl FnMut(Block<'_>)) -> Extent {
        match &mut self.bytes {
            Bytes::Empty => {
                Extent { bytes: 0, failed: None, fingerprint: fingerprint(&[]), ended_with_line: true }
            }
            Bytes::Mapped(map) => {
                each(Block::whole(map));
                Extent {
                    bytes: map.len() as u64,
                    failed: None,
                    fingerprint: fingerprint(map),
                    ended_with_line: map.last().is_none_or(|last| *last == b'\n'),
                }
            }
            Bytes::Stream(reader) => {
                let extent = stream::read(reader, size, each);
                self.bytes = Bytes::Empty;
                extent
            }
        }
    }
}

fn fingerprint(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&bytes[..bytes.len().min(FINGERPRINT_BYTES)])
}

#[cfg(test)]
mod tests;
