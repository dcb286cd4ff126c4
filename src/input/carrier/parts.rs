//! Records that came in parts, put together.

use super::plain;
use crate::input::LINE_LIMIT;

/// What one line carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// What is to stand before the text: the stamp and who said it, as far as the carrier tells.
    pub(super) before: &'a [u8],
    /// Parts of one record are of one source.
    pub(super) source: &'a [u8],
    /// The record goes on.
    pub(super) partial: bool,
    pub(super) text: &'a [u8],
}

/// Sources whose parts are kept at once; of more the parts stay apart.
const SOURCES: usize = 64;

/// Records that go on.
#[derive(Default)]
pub(super) struct Parts(Vec<Open>);

/// What came of a record so far.
struct Open {
    source: Vec<u8>,
    before: Vec<u8>,
    text: Vec<u8>,
}

impl Parts {
    /// Writes a record without a line end; or keeps it where it goes on, and says so.
    pub(super) fn record(&mut self, record: &Record<'_>, lines: &mut Vec<u8>) -> bool {
        let known = self.0.iter().position(|open| open.source == record.source);
        if record.partial && known.is_none() && self.0.len() < SOURCES {
            self.0.push(Open {
                source: record.source.to_vec(),
                before: record.before.to_vec(),
                text: within_limit(record.text).to_vec(),
            });
            return true;
        }
        let Some(known) = known else {
            lines.extend_from_slice(record.before);
            plain::text(record.text, lines);
            return false;
        };
        let open = &mut self.0[known];
        open.text.extend_from_slice(within_limit(record.text));
        open.text.truncate(LINE_LIMIT + 1);
        if !record.partial {
            self.0.swap_remove(known).write(lines);
        }
        record.partial
    }

    /// Whether a record goes on.
    pub(super) fn are_open(&self) -> bool {
        !self.0.is_empty()
    }

    /// Writes records whose last part never came, without an end of the last line.
    pub(super) fn finish(&mut self, lines: &mut Vec<u8>) {
        for (number, open) in std::mem::take(&mut self.0).into_iter().enumerate() {
            if number > 0 {
                lines.push(b'\n');
            }
            open.write(lines);
        }
    }
}

impl Open {
    fn write(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(&self.before);
        plain::text(&self.text, lines);
    }
}

/// One byte more than is looked at, so that it is seen to be too long.
fn within_limit(text: &[u8]) -> &[u8] {
    &text[..text.len().min(LINE_LIMIT + 1)]
}
