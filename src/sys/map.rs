//! Files in memory.

use std::fs::File;
use std::io;

use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};

use super::guard::Guarded;

/// A file, mapped read-only. Bytes that are taken away while it is mapped (logrotate's `copytruncate`) read as zeros,
/// and [`lost_from`](Self::lost_from) tells that they did.
#[derive(Debug)]
pub struct Mapped {
    // Before the map, so that nobody answers for addresses that are no longer ours.
    guarded: Guarded,
    map: Mmap,
}

impl Mapped {
    /// Maps a file up to `length`, to be read from its start to its end. It fails where the system or the guard has no
    /// place for one more; the file can be read then.
    pub fn new(file: &File, length: usize) -> io::Result<Mapped> {
        // SAFETY: the mapping is read-only and private to this process. Others may write the file meanwhile: every reader
        // treats its bytes as hostile, draws no conclusion from one reading of a byte to the next, and asks afterwards
        // what was lost. Pages that are gone do not end the process: the guard puts zeros in their place.
        let map = unsafe { MmapOptions::new().len(length).map(file) }?;
        // Advice only: a system that does not take it reads the same bytes.
        let _ = map.advise(Advice::Sequential);
        let guarded = Guarded::new(&map)?;
        Ok(Mapped { guarded, map })
    }

    /// All bytes. Behind the place from which they are lost, and behind the file's end, they mean nothing.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// From which byte on pages were missing, so far; the length where none was.
    pub fn lost_from(&self) -> usize {
        self.guarded.lost_from().min(self.map.len())
    }
}

/// Bytes given back at once: some milliseconds, and few enough times that other processors are told of it.
const PIECE: usize = 32 * 1024 * 1024;

impl Drop for Mapped {
    /// Gives the pages back piece by piece. All at once takes as long as counting the lines in them, and whoever asks the
    /// system for memory meanwhile would have to wait for it.
    fn drop(&mut self) {
        for start in (0..self.map.len()).step_by(PIECE) {
            let length = PIECE.min(self.map.len() - start);
            // SAFETY: nobody borrows the bytes any more; of a file that is mapped read-only they would be read anew.
            let _ = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, length) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;

    /// One test at a time: one of them takes all places.
    fn alone() -> MutexGuard<'static, ()> {
        static PLACES: Mutex<()> = Mutex::new(());
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn pages_that_are_taken_away_read_as_zeros() {
        const PAGES: usize = 64;
        let _alone = alone();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![b'x'; PAGES * 4096]).unwrap();
        let map = Mapped::new(&file, PAGES * 4096).unwrap();
        let other = Mapped::new(&file, 4096).unwrap();
        assert_eq!(map.bytes()[PAGES * 4096 - 1], b'x');
        assert_eq!(map.lost_from(), PAGES * 4096);
        file.set_len(10 * 4096 + 100).unwrap();
        let kept = map.bytes().iter().filter(|byte| **byte == b'x').count();
        assert_eq!(kept, 10 * 4096 + 100);
        // The page that is cut in two is still there.
        assert_eq!(map.lost_from() % 4096, 0);
        assert!((11 * 4096..=11 * 4096 + 65_536).contains(&map.lost_from()), "{}", map.lost_from());
        assert_eq!(other.lost_from(), 4096);
        // Many threads meet the same end at once.
        file.set_len(PAGES as u64 * 4096).unwrap();
        let map = Mapped::new(&file, PAGES * 4096).unwrap();
        file.set_len(0).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert!(map.bytes().iter().all(|byte| *byte == 0)));
            }
        });
        assert_eq!(map.lost_from(), 0);
    }

    #[test]
    fn there_is_no_place_for_any_number() {
        let _alone = alone();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"x").unwrap();
        let maps: Vec<io::Result<Mapped>> = (0..1000).map(|_| Mapped::new(&file, 1)).collect();
        assert!(maps.iter().any(Result::is_ok));
        assert!(maps.iter().any(Result::is_err));
        drop(maps);
        assert!(Mapped::new(&file, 1).is_ok());
    }
}
