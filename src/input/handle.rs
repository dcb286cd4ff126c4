//! A regular file, read at any place.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

/// A file by its path and what it was when it was opened. It is open, or opened again when it is needed: a thousand
/// inputs do not take a thousand descriptors.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
    /// Its length then: a file that grows is read up to here.
    pub(super) length: u64,
    open: Option<Arc<File>>,
}

impl Handle {
    /// Of a file that was just opened.
    pub(super) fn new(path: PathBuf, file: File, meta: &Metadata) -> Handle {
        Handle { path, identity: (meta.dev(), meta.ino()), length: meta.len(), open: Some(Arc::new(file)) }
    }

    /// Gives the descriptor back.
    pub(super) fn release(&mut self) {
        self.open = None;
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

    /// Reads it from the start, as far as it reached when it was opened and still does.
    pub(super) fn reader(&self) -> io::Result<Stretch> {
        self.reader_between(0, None)
    }

    /// The same from a place on, up to another.
    pub(super) fn reader_between(&self, at: u64, until: Option<u64>) -> io::Result<Stretch> {
        let file = self.file()?;
        let end = self.length.min(file.metadata()?.len()).min(until.unwrap_or(u64::MAX)).max(at);
        Ok(Stretch { file, at, end })
    }
}

/// A stretch of a file, from its start to its end. Others may read the same file meanwhile.
#[derive(Debug)]
pub(super) struct Stretch {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..left], self.at)?;
        let length = self.file.metadata()?.len();
        if length < self.end {
            // Cut short since the last look. Where it still reaches into what was read now, these may be other bytes
            // by now; else they were read before.
            let read = if length > self.at { 0 } else { read };
            self.at += read as u64;
            self.end = self.at;
            return Ok(read);
        }
        self.at += read as u64;
        Ok(read)
    }
}
