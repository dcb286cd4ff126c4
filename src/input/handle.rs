//! A regular file, read at any place.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of standard input, which can be opened only once.
pub(super) const STANDARD_INPUT: &str = "-";

/// Bytes at its start by which a file is known: a line or two.
const FIRST: usize = 256;

/// How often a file is looked at that changes while it is opened.
const OPENINGS: usize = 16;

/// A file by its path and what it was when it was opened. It is open, or opened again when it is needed: a thousand
/// inputs do not take a thousand descriptors.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
    /// Its length then: a file that grows is read up to here.
    pub(super) length: u64,
    /// Its first bytes then: a log that was cut and has grown again begins otherwise.
    pub(super) first: Vec<u8>,
    open: Option<Arc<File>>,
}

impl Handle {
    /// Of a file that was just opened.
    pub(super) fn new(path: PathBuf, file: File) -> io::Result<Handle> {
        let mut first = vec![0; FIRST];
        for _ in 0..OPENINGS {
            let read = read_first(&file, &mut first)?;
            let meta = file.metadata()?;
            // Else it was cut or has grown in between.
            if read as u64 == meta.len().min(FIRST as u64) {
                first.truncate(read);
                let identity = (meta.dev(), meta.ino());
                return Ok(Handle { path, identity, length: meta.len(), first, open: Some(Arc::new(file)) });
            }
        }
        Err(io::Error::other("is changed again and again while it is opened; run again"))
    }

    /// Gives the descriptor back, if the file can be opened again.
    pub(super) fn release(&mut self) {
        if self.path.as_os_str() != STANDARD_INPUT {
            self.open = None;
        }
    }

    /// The open file. A log that was rotated away since is not mixed up with the one that has its name now.
    pub(super) fn file(&self) -> io::Result<Arc<File>> {
        if let Some(open) = &self.open {
            return Ok(Arc::clone(open));
        }
        let file = File::open(&self.path)?;
        let meta = file.metadata()?;
        if (meta.dev(), meta.ino()) != self.identity {
            return Err(io::Error::other(
                "another file has taken its name since the start: it was rotated; run again",
            ));
        }
        Ok(Arc::new(file))
    }

    /// Whether it begins as it did, and is as long at least.
    pub(super) fn stands(&self) -> bool {
        let stands = |file: &File| {
            let length = file.metadata()?.len();
            Ok::<_, io::Error>(length >= self.length && begins(file, &self.first)?)
        };
        self.file().and_then(|file| stands(&file)).unwrap_or(false)
    }

    /// Reads it from the start, as far as it reached when it was opened. Of a file that was cut since nothing is given that
    /// may have been written after the cut.
    pub(super) fn reader(&self) -> io::Result<Stretch> {
        self.reader_from(0)
    }

    /// The same from a place on.
    pub(super) fn reader_from(&self, at: u64) -> io::Result<Stretch> {
        Ok(Stretch { file: self.file()?, first: self.first.clone(), at, end: self.length.max(at) })
    }
}

/// A stretch of a file, from its start to its end. Others may read the same file meanwhile.
#[derive(Debug)]
pub(super) struct Stretch {
    file: Arc<File>,
    first: Vec<u8>,
    at: u64,
    end: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..left], self.at)?;
        let length = self.file.metadata()?.len();
        if length >= self.end && begins(&self.file, &self.first)? {
            self.at += read as u64;
            return Ok(read);
        }
        // Cut since it was opened: what was read now may have been written behind the cut.
        self.end = self.at;
        Ok(0)
    }
}

/// Whether a file begins so.
fn begins(file: &File, first: &[u8]) -> io::Result<bool> {
    let mut now = [0; FIRST];
    let now = &mut now[..first.len()];
    Ok(read_first(file, now)? == first.len() && now == first)
}

/// Reads the first bytes, as many as there are; tells how many.
fn read_first(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
