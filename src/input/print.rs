//! Bytes known again by their number and their hash: how a log begins, and what stands before the place where a reading of
//! it ended.

use memchr::memrchr;

/// Bytes before a place by which it is known again: a line or two.
pub const TAIL_BYTES: usize = 256;

/// Some bytes, to be known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print {
    /// How many.
    pub bytes: u64,
    /// Their hash, which is the same on all machines.
    pub hash: u64,
}

impl Print {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Print {
        Print { bytes: bytes.len() as u64, hash: xxhash_rust::xxh3::xxh3_64(bytes) }
    }

    /// Of the last ones among these, as many as a tail has; none where there are none.
    pub(super) fn of_tail(bytes: &[u8]) -> Option<Print> {
        (!bytes.is_empty()).then(|| Print::of(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]))
    }

    /// Whether something begins with them.
    pub fn begins(&self, bytes: &[u8]) -> bool {
        usize::try_from(self.bytes)
            .ok()
            .and_then(|length| bytes.get(..length))
            .is_some_and(|start| Print::of(start) == *self)
    }
}

/// The last bytes of what comes piece by piece: of all, and of its whole lines.
#[derive(Debug, Default)]
pub(super) struct Tail {
    recent: Vec<u8>,
    lines: Vec<u8>,
    /// Bytes behind the last line end.
    pub(super) open: u64,
}

impl Tail {
    /// What comes next.
    pub(super) fn add(&mut self, came: &[u8]) {
        match memrchr(b'\n', came) {
            Some(end) => {
                self.lines = last(&self.recent, &came[..=end]);
                self.open = (came.len() - end - 1) as u64;
            }
            None => self.open += came.len() as u64,
        }
        self.recent = last(&self.recent, came);
    }

    /// Of all that came, or up to the last line end.
    pub(super) fn print(&self, whole_lines: bool) -> Option<Print> {
        Print::of_tail(if whole_lines { &self.lines } else { &self.recent })
    }
}

/// The last bytes of both together.
fn last(before: &[u8], came: &[u8]) -> Vec<u8> {
    let kept = before.len().min(TAIL_BYTES.saturating_sub(came.len()));
    let mut all = before[before.len() - kept..].to_vec();
    all.extend_from_slice(&came[came.len().saturating_sub(TAIL_BYTES)..]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_do_not_depend_on_the_pieces() {
        let text: Vec<u8> = (0..90).flat_map(|n| format!("{}\n", "x".repeat(n % 40)).into_bytes()).collect();
        let text = [&text[..], b"half a line"].concat();
        let end = text.len() - 11;
        for size in [1, 7, 255, 256, 257, 5000] {
            let mut tail = Tail::default();
            text.chunks(size).for_each(|piece| tail.add(piece));
            assert_eq!(tail.open, 11);
            assert_eq!(tail.print(false), Some(Print::of(&text[text.len() - TAIL_BYTES..])), "{size}");
            assert_eq!(tail.print(true), Some(Print::of(&text[end - TAIL_BYTES..end])), "{size}");
        }
        assert_eq!(Tail::default().print(true), None);
    }

    #[test]
    fn a_beginning_is_known_again() {
        let print = Print::of(b"mail");
        assert!(print.begins(b"mail.log") && print.begins(b"mail"));
        assert!(!print.begins(b"mai") && !print.begins(b"Mail.log"));
    }
}
