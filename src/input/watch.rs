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
    /// How it began when it was opened.
    first: &'a [u8],
    /// The least that either witness told.
    sound: AtomicUsize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(map: &'a Mapped, file: &'a File, first: &'a [u8]) -> Watch<'a> {
        Watch { map, file, first, sound: AtomicUsize::new(map.bytes().len()) }
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
        let has_hole = missing < self.bytes().len();
        let sound = if has_hole && length > missing || !self.begins_as_it_did(length) {
            // Cut, and grown again since: where the old bytes end nobody can tell any more.
            0
        } else {
            missing.min(length)
        };
        self.sound.fetch_min(sound, Ordering::AcqRel).min(sound)
    }

    /// Whether the first of so many bytes are still those that were there when the file was opened.
    fn begins_as_it_did(&self, length: usize) -> bool {
        let left = self.first.len().min(length);
        self.bytes().get(..left).is_none_or(|now| *now == self.first[..left])
    }
}
