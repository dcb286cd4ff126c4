//! Whether the bytes of a mapped file are still there.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sys::Mapped;

/// A mapped file, its length looked at again and again.
///
/// logrotate's `copytruncate` cuts a log short while it is read. Two witnesses tell: the pages that were missing, and the
/// file's length now. Between the last page there was and the length bytes read as zeros without any fault.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    map: &'a Mapped,
    file: &'a File,
    /// The least that either witness told.
    sound: AtomicUsize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(map: &'a Mapped, file: &'a File) -> Watch<'a> {
        Watch { map, file, sound: AtomicUsize::new(map.bytes().len()) }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.map.bytes()
    }

    /// Bytes before this are those that were read, if they were read before this was asked.
    pub(super) fn sound(&self) -> usize {
        // The order matters: a file that was cut after the first question is met by the next one.
        let missing = self.map.lost_from();
        let length =
            self.file.metadata().map_or(usize::MAX, |meta| usize::try_from(meta.len()).unwrap_or(usize::MAX));
        let sound = if missing < self.bytes().len() && length > missing {
            // Cut, and grown again since: where the old bytes end nobody can tell any more.
            0
        } else {
            missing.min(length)
        };
        self.sound.fetch_min(sound, Ordering::AcqRel).min(sound)
    }
}
