//! The one place that maps files.

use std::fs::File;
use std::io;

use memmap2::{Advice, Mmap};

/// Maps a regular file read-only, at the length it has now, to be read from its start to its end.
///
/// The bytes of a log only grow at its end, beyond what is mapped. A log that is cut short while it is read
/// (logrotate's `copytruncate`) is the exception: `--no-mmap` is for those.
#[expect(unsafe_code, reason = "mapping a file is unsafe because others may change it; see the safety note")]
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is read-only and private to this process; every reader treats its bytes as hostile and keeps
    // no conclusion about bytes it has not copied, so bytes that change under it give wrong counts at worst.
    let map = unsafe { Mmap::map(file) }?;
    // Advice only: a system that does not take it reads the same bytes.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}
