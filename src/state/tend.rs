//! Looks at the state, checks it, makes it smaller.

use rusqlite::params;

use super::pack::unpack;
use super::{Error, State};
use crate::input::Print;
use crate::summary;
use crate::time::Instant;

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Nights that are kept.
    pub nights: u64,
    /// When the first and the last of them began.
    pub span: Option<(Instant, Instant)>,
    /// First and last stamp of all that was read.
    pub period: Option<(Instant, Instant)>,
    /// Lines and attempts at other hosts over all of them.
    pub lines: u64,
    /// Attempts at other hosts.
    pub attempts: u64,
    /// What one night leaves to the next: names and bytes.
    pub carried: Vec<(String, u64)>,
    /// What stood out in the last nights: when that run began, how severe, what.
    pub findings: Vec<(Instant, String, String)>,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Files that are no longer known.
    pub files: usize,
    /// The log itself was known.
    pub log: bool,
}

/// What became of a night's attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of NightRow")]
pub struct Outcomes {
    pub last: Instant,
    pub attempts: u64,
    pub delivered: u64,
    pub delayed: u64,
    pub failed: u64,
}

impl State {
    /// What there is, in short.
    pub fn overview(&self) -> Result<Overview, Error> {
        let look = || -> rusqlite::Result<Overview> {
            let pages: i64 = self.db.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let size: i64 = self.db.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let mut overview = self.db.query_row(
                "SELECT COUNT(*), MIN(started), MAX(started), COALESCE(SUM(lines), 0), COALESCE(SUM(attempts), 0), MIN(first), MAX(last) \
                 FROM nights",
                [],
                |row| {
                    let span = row.get::<_, Option<Instant>>(1)?.zip(row.get(2)?);
                    Ok(Overview {
                        bytes: (pages * size).cast_unsigned(),
                        nights: row.get::<_, i64>(0)?.cast_unsigned(),
                        span,
                        lines: row.get::<_, i64>(3)?.cast_unsigned(),
                        attempts: row.get::<_, i64>(4)?.cast_unsigned(),
                        period: row.get::<_, Option<Instant>>(5)?.zip(row.get(6)?),
                        ..Overview::default()
                    })
                },
            )?;
            let mut carried = self.db.prepare("SELECT name, LENGTH(value) FROM carry ORDER BY name")?;
            overview.carried = carried
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?
                .collect::<rusqlite::Result<_>>()?;
            let mut findings = self.db.prepare(
                "SELECT started, severity, title FROM (SELECT nights.started, severity, provider || ': ' || title AS title, \
                 findings.rowid AS place FROM findings JOIN nights ON nights.id = night WHERE severity <> 'notice' \
                 ORDER BY findings.rowid DESC LIMIT 10) ORDER BY place",
            )?;
            overview.findings = findings
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(overview)
        };
        look().map_err(|error| self.fail(error))
    }

    /// Everything that is wrong; nothing where all is well.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        let look = || -> rusqlite::Result<Vec<String>> {
            let mut faults: Vec<String> = Vec::new();
            let mut check = self.db.prepare("PRAGMA integrity_check")?;
            for told in check.query_map([], |row| row.get::<_, String>(0))? {
                faults.extend(Some(told?).filter(|told| told != "ok"));
            }
            let mut orphans = self.db.prepare("PRAGMA foreign_key_check")?;
            for table in orphans.query_map([], |row| row.get::<_, String>(0))? {
                faults.push(format!("a row of {} belongs to no night", table?));
            }
            let mut carried = self.db.prepare("SELECT name, value, hash FROM carry ORDER BY name")?;
            let mut rows = carried.query([])?;
            while let Some(row) = rows.next()? {
                let (value, hash): (Vec<u8>, i64) = (row.get(1)?, row.get(2)?);
                if Print::of(&value).hash != hash.cast_unsigned() {
                    faults.push(format!("what was carried as \"{}\" has changed", row.get::<_, String>(0)?));
                }
            }
            let mut nights = self.db.prepare(
                "SELECT id, summary, attempts, (SELECT COALESCE(SUM(count), 0) FROM codes WHERE night = id AND direction = 'out') \
                 FROM nights ORDER BY id",
            )?;
            let mut rows = nights.query([])?;
            while let Some(row) = rows.next()? {
                let (id, text): (i64, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
                let fault = text.and_then(|text| match unpack(&text) {
                    Ok(text) => summary::read(&text).err().map(|error| error.to_string()),
                    Err(error) => Some(error.to_string()),
                });
                faults.extend(fault.map(|fault| format!("the counts of night {id}: {fault}")));
                if row.get::<_, i64>(2)? != row.get::<_, i64>(3)? {
                    faults.push(format!("the codes of night {id} are not the sum of its attempts"));
                }
            }
            Ok(faults)
        };
        match look() {
            Ok(faults) => Ok(faults),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Forgets that a log was ever read: its next run is its first. Its counts stay.
    pub fn forget(&mut self, log: &str) -> Result<Forgotten, Error> {
        let path = self.path.clone();
        let mut forget = || -> rusqlite::Result<Forgotten> {
            let all = self.db.transaction()?;
            let files = all.execute("DELETE FROM files WHERE log = ?1 OR name = ?1", params![log])?;
            let log = all.execute("DELETE FROM logs WHERE path = ?1", params![log])? > 0;
            all.commit()?;
            Ok(Forgotten { files, log })
        };
        forget().map_err(|error| super::Fault::from(error).of(path))
    }

    /// Gives space back that is no longer needed.
    pub fn compact(&self) -> Result<(), Error> {
        self.db.execute_batch("VACUUM").map_err(|error| self.fail(error))
    }

    /// What became of the attempts of each night since then, with its last stamp.
    pub fn outcomes(&self, since: Instant) -> Result<Vec<Outcomes>, Error> {
        let read = || -> rusqlite::Result<Vec<Outcomes>> {
            let wanted =
                "SELECT last, attempts, delivered, delayed, failed FROM nights WHERE last >= ?1 ORDER BY id";
            let mut rows = self.db.prepare(wanted)?;
            let count = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
            let night = |row: &rusqlite::Row<'_>| {
                Ok(Outcomes {
                    last: row.get(0)?,
                    attempts: count(row, 1)?,
                    delivered: count(row, 2)?,
                    delayed: count(row, 3)?,
                    failed: count(row, 4)?,
                })
            };
            rows.query_map([since], night)?.collect()
        };
        read().map_err(|error| self.fail(error))
    }

    /// The counts of the nights since then, the oldest first, as they were written.
    pub fn summaries(&self, since: Instant) -> Result<Vec<Vec<u8>>, Error> {
        let read = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let wanted = "SELECT summary FROM nights WHERE summary IS NOT NULL AND started >= ?1 ORDER BY id";
            let mut rows = self.db.prepare(wanted)?;
            rows.query_map([since], |row| unpack(&row.get::<_, Vec<u8>>(0)?))?.collect()
        };
        read().map_err(|error| self.fail(error))
    }
}
