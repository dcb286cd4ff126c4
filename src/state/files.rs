//! The files that are known, as rows.

use rusqlite::{Connection, Row, params};

use super::{Error, State};
use crate::input::{FINGERPRINT_BYTES, Print, Source};
use crate::time::{ClockState, Instant};

/// First bytes that tell a log which has become shorter from another one.
const FIRST: usize = 128;

/// Whether more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// More may come.
    Open,
    /// It was rotated away and is read to its end.
    Done,
    /// It was there before the first night, and is not asked for.
    LeftOut,
}

impl Standing {
    const ALL: [(Standing, &'static str); 3] =
        [(Standing::Open, "open"), (Standing::Done, "done"), (Standing::LeftOut, "left out")];

    /// The word the database has.
    pub fn as_str(self) -> &'static str {
        Standing::ALL.iter().find(|(standing, _)| *standing == self).map_or("open", |(_, word)| word)
    }

    fn of(word: &str) -> Standing {
        Standing::ALL
            .iter()
            .find(|(_, known)| *known == word)
            .map_or(Standing::Open, |(standing, _)| *standing)
    }
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its row; 0 where it has none yet.
    pub id: i64,
    /// The name it was asked for by, before it was rotated away.
    pub log: String,
    /// Where it lay last.
    pub name: String,
    /// Whether more may come.
    pub standing: Standing,
    /// How it begins: as much of it as was seen, up to what a fingerprint takes.
    pub start: Print,
    /// How that begins.
    pub first: Print,
    /// Bytes that are counted.
    pub position: u64,
    /// Lines that are.
    pub lines: u64,
    /// What stands before the position.
    pub tail: Option<Print>,
    /// How long it was.
    pub seen: u64,
    /// What its stamps left behind.
    pub clock: Option<ClockState>,
    /// What the disk said of it; empty where nobody asked.
    pub stat: String,
    /// What is wrong with it was told.
    pub told: bool,
    /// When it was there last.
    pub last: Instant,
}

impl Known {
    /// A file that was never seen before.
    pub(super) fn new(log: &str, name: &str) -> Known {
        Known {
            id: 0,
            log: log.to_owned(),
            name: name.to_owned(),
            standing: Standing::Open,
            start: Print::of(b""),
            first: Print::of(b""),
            position: 0,
            lines: 0,
            tail: None,
            seen: 0,
            clock: None,
            stat: String::new(),
            told: false,
            last: 0,
        }
    }

    /// From now on known by so many of its first bytes.
    pub(super) fn begin_with(&mut self, head: &[u8], bytes: u64) {
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(head.len());
        self.start = Print::of(&head[..most.min(FINGERPRINT_BYTES)]);
        self.first = Print::of(&head[..most.min(FIRST)]);
    }

    /// Whether a file begins like it.
    pub(super) fn begins(&self, source: &Source) -> bool {
        self.start.bytes > 0 && self.start.begins(source.head())
    }

    /// Whether a file begins like it and is shorter than what is known of its beginning.
    pub(super) fn is_longer_than(&self, source: &Source) -> bool {
        let length = source.head().len() as u64;
        length < self.start.bytes && self.first.bytes == FIRST as u64 && self.first.begins(source.head())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Known> {
        let number = |name: &str| row.get::<_, i64>(name).map(i64::cast_unsigned);
        let print = |bytes: &str, hash: &str| -> rusqlite::Result<Option<Print>> {
            let (bytes, hash): (Option<i64>, Option<i64>) = (row.get(bytes)?, row.get(hash)?);
            let print = |(bytes, hash): (i64, i64)| Print {
                bytes: bytes.cast_unsigned(),
                hash: hash.cast_unsigned(),
            };
            Ok(bytes.zip(hash).map(print))
        };
        let nothing = Print::of(b"");
        let clock: Option<String> = row.get("clock")?;
        Ok(Known {
            id: row.get("id")?,
            log: row.get("log")?,
            name: row.get("name")?,
            standing: Standing::of(&row.get::<_, String>("state")?),
            start: print("start_bytes", "start_hash")?.unwrap_or(nothing),
            first: print("first_bytes", "first_hash")?.unwrap_or(nothing),
            position: number("position")?,
            lines: number("lines")?,
            tail: print("tail_bytes", "tail_hash")?,
            seen: number("seen")?,
            clock: clock.and_then(|clock| serde_json::from_str(&clock).ok()),
            stat: row.get("stat")?,
            told: row.get("told")?,
            last: row.get("last")?,
        })
    }

    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let id = (self.id > 0).then_some(self.id);
        let number = u64::cast_signed;
        let clock = self.clock.and_then(|clock| serde_json::to_string(&clock).ok());
        db.prepare_cached(
            "INSERT OR REPLACE INTO files (id, log, name, state, start_bytes, start_hash, first_bytes, first_hash, position, \
             lines, tail_bytes, tail_hash, seen, clock, stat, told, last) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            id,
            self.log,
            self.name,
            self.standing.as_str(),
            number(self.start.bytes),
            number(self.start.hash),
            number(self.first.bytes),
            number(self.first.hash),
            number(self.position),
            number(self.lines),
            self.tail.map(|tail| number(tail.bytes)),
            self.tail.map(|tail| number(tail.hash)),
            number(self.seen),
            clock,
            self.stat,
            self.told,
            self.last,
        ])?;
        Ok(())
    }
}

impl State {
    /// All files that are known.
    pub fn files(&self) -> Result<Vec<Known>, Error> {
        let read = || -> rusqlite::Result<Vec<Known>> {
            let mut rows = self.db.prepare("SELECT * FROM files ORDER BY id")?;
            rows.query_map([], Known::read)?.collect()
        };
        read().map_err(|error| self.fail(error))
    }

    /// The logs that were asked for before.
    pub fn logs(&self) -> Result<Vec<String>, Error> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut rows = self.db.prepare("SELECT path FROM logs ORDER BY path")?;
            rows.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.fail(error))
    }
}
