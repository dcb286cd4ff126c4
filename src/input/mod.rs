//! Bytes in: a source is a regular file, mapped, or a stream, read in blocks of whole lines.
//!
//! Both give [`Block`]s to one reader, with equal results. A source knows nothing of what its lines say. What else
//! gives bytes (archives, journals) becomes one more way to open a [`Source`].

mod block;
mod error;
mod map;
mod stream;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

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
    /// The lines to begin with, for finding out when it begins: some of the first bytes. Empty for streams.
    bytes: Bytes,
}

enum Bytes {
    Empty,
    Mapped(Mmap),
    Stream(Box<dyn Read + Send>),
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
        return Ok(Source { name, modified: None, length: None, bytes: Bytes::Stream(Box::new(file)) });
    }
    refuse_archives(&mut file).map_err(fail)?;
    let length = meta.len();
    let bytes = if length == 0 {
        // Files under /proc claim no length and still give bytes.
        Bytes::Stream(Box::new(file))
    } else if map {
        match map::map(&file) {
            Ok(map) => Bytes::Mapped(map),
            // What cannot be mapped can be read.
            Err(_) => Bytes::Stream(Box::new(file)),
        }
    } else {
        Bytes::Stream(Box::new(file))
    };
    Ok(Source { name, modified, length: Some(length), bytes })
}

/// A source out of any reader, under a name.
pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Source {
    Source { name: name.to_owned(), modified: None, length: None, bytes: Bytes::Stream(Box::new(reader)) }
}

/// Compressed files are known by their first bytes, not by their names.
fn refuse_archives(file: &mut File) -> Result<(), Reason> {
    use std::io::{Seek, SeekFrom};
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
    /// The whole input where it lies in memory; `None` for streams.
    pub fn mapped(&self) -> Option<&[u8]> {
        match &self.bytes {
            Bytes::Mapped(map) => Some(map),
            Bytes::Empty => Some(&[]),
            Bytes::Stream(_) => None,
        }
    }

    /// Hands every block to `each`, in order; a stream's blocks own about `size` bytes. Can be done once for a
    /// stream, again and again for a mapped file.
    pub fn read(&mut self, size: usize, mut each: impl FnMut(Block<'_>)) -> Extent {
        match &mut self.bytes {
            Bytes::Empty => Extent { bytes: 0, failed: None, fingerprint: fingerprint(&[]) },
            Bytes::Mapped(map) => {
                each(Block::whole(map));
                Extent { bytes: map.len() as u64, failed: None, fingerprint: fingerprint(map) }
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
