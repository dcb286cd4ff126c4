//! All of one night, in one transaction.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::pack::{Packed, unpack};
use super::{Error, Fault, Known, State};
use crate::input::Print;
use crate::smtp::{Action, BasicCode, Code, Direction};
use crate::time::Instant;

/// A night's own row.
#[derive(Clone, Debug, Default)]
pub struct NightRow {
    /// When the run began.
    pub started: Instant,
    /// First and last stamp of what was read.
    pub period: Option<(Instant, Instant)>,
    /// Lines that were read.
    pub lines: u64,
    /// Attempts at other hosts.
    pub attempts: u64,
    /// Those that were delivered or relayed.
    pub delivered: u64,
    /// Those that were put off.
    pub delayed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Inputs that were not read to their end, or lost.
    pub incomplete: u64,
    /// All counts, as `summary::write` gives them, packed.
    pub summary: Packed,
}

/// What was answered on one day.
#[derive(Clone, Debug)]
pub struct CodeRow {
    /// The day, as a calendar shows it.
    pub day: Option<String>,
    /// Where mail was going.
    pub direction: Direction,
    /// Short name of the provider.
    pub provider: Option<String>,
    /// What became of the recipient.
    pub action: Action,
    /// What was answered.
    pub code: Code,
    /// Provider tag or phrase in the reply.
    pub marker: Option<String>,
    /// Kind of trouble.
    pub category: String,
    /// It is about what senders are required to do.
    pub enforcement: bool,
    /// It lies with the recipient.
    pub dead_address: bool,
    /// It lies with us.
    pub policy: bool,
    /// How often.
    pub count: u64,
}

/// What stood out.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of analysis::Finding, as words")]
pub struct FindingRow {
    pub kind: &'static str,
    pub severity: &'static str,
    pub provider: String,
    pub code: Code,
    pub marker: Option<String>,
    pub start: Option<Instant>,
    pub end: Option<Instant>,
    pub ongoing: bool,
    pub events: u64,
    pub attempts: u64,
    pub title: String,
}

/// What is written of a night; without [`commit`](Self::commit) none of it happened.
#[derive(Debug)]
pub struct Writing<'s> {
    db: Transaction<'s>,
    path: &'s std::path::Path,
}

impl State {
    /// Begins to write.
    pub fn begin(&mut self) -> Result<Writing<'_>, Error> {
        let path = &self.path;
        let db = self.db.transaction_with_behavior(TransactionBehavior::Immediate);
        Ok(Writing { db: db.map_err(|error| Fault::from(error).of(path))?, path })
    }

    /// A number that is this state's own, drawn at random, for hashes that nobody else is to guess.
    pub fn seed(&self) -> Result<u64, Error> {
        let key: rusqlite::Result<Vec<u8>> =
            self.db.query_row("SELECT value FROM settings WHERE name = 'key'", [], |row| row.get(0));
        key.map(|key| Print::of(&key).hash).map_err(|error| self.fail(error))
    }

    /// What the last night left under a name.
    pub fn carried(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let row = self
            .db
            .query_row("SELECT value, hash FROM carry WHERE name = ?1", [name], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
            })
            .optional()
            .map_err(|error| self.fail(error))?;
        match row {
            Some((value, hash)) if Print::of(&value).hash == hash.cast_unsigned() => {
                unpack(&value).map(Some).map_err(|error| self.fail(error))
            }
            Some(_) => Err(self.fail(Fault::Damaged(format!("what was carried as \"{name}\" has changed")))),
            None => Ok(None),
        }
    }
}

impl Writing<'_> {
    fn sql<T>(&self, done: rusqlite::Result<T>) -> Result<T, Error> {
        done.map_err(|error| Fault::from(error).of(self.path))
    }

    /// From now on these logs are known.
    pub fn logs(&self, paths: &[String], since: Instant) -> Result<(), Error> {
        for path in paths {
            let put = self
                .db
                .execute("INSERT OR IGNORE INTO logs (path, since) VALUES (?1, ?2)", params![path, since]);
            self.sql(put)?;
        }
        Ok(())
    }

    /// What is known of files now.
    pub fn files<'k>(&self, known: impl IntoIterator<Item = &'k Known>) -> Result<(), Error> {
        known.into_iter().try_for_each(|known| self.sql(known.write(&self.db)))
    }

    /// Leaves something to the next night.
    pub fn carry(&self, name: &str, value: &Packed) -> Result<(), Error> {
        let hash = Print::of(value.bytes()).hash.cast_signed();
        let put = "INSERT OR REPLACE INTO carry (name, value, hash) VALUES (?1, ?2, ?3)";
        self.sql(self.db.execute(put, params![name, value, hash])).map(|_| ())
    }

    /// The night itself, with what was answered; gives the number of its row.
    pub fn night(&self, night: &NightRow, codes: &[CodeRow]) -> Result<i64, Error> {
        self.sql(self.put_night(night, codes))
    }

    /// What stood out in a night.
    pub fn findings(&self, night: i64, findings: &[FindingRow]) -> Result<(), Error> {
        self.sql(self.put_findings(night, findings))
    }

    fn put_night(&self, night: &NightRow, codes: &[CodeRow]) -> rusqlite::Result<i64> {
        let number = u64::cast_signed;
        self.db.execute(
            "INSERT INTO nights (started, first, last, lines, attempts, delivered, delayed, failed, messages, recipients, \
             incomplete, version, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                night.started,
                night.period.map(|(first, _)| first),
                night.period.map(|(_, last)| last),
                number(night.lines),
                number(night.attempts),
                number(night.delivered),
                number(night.delayed),
                number(night.failed),
                number(night.messages),
                number(night.recipients),
                number(night.incomplete),
                env!("CARGO_PKG_VERSION"),
                night.summary,
            ],
        )?;
        let id = self.db.last_insert_rowid();
        let mut put = self.db.prepare(
            "INSERT INTO codes (night, day, direction, provider, action, basic, enhanced, marker, category, enforcement, \
             dead_address, policy, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        for row in codes {
            put.execute(params![
                id,
                row.day,
                row.direction.as_str(),
                row.provider,
                row.action.as_str(),
                row.code.basic.map(BasicCode::number),
                row.code.enhanced.map(|enhanced| enhanced.to_string()),
                row.marker,
                row.category,
                row.enforcement,
                row.dead_address,
                row.policy,
                number(row.count),
            ])?;
        }
        Ok(id)
    }

    fn put_findings(&self, night: i64, findings: &[FindingRow]) -> rusqlite::Result<()> {
        let number = u64::cast_signed;
        let mut put = self.db.prepare(
            "INSERT INTO findings (night, kind, severity, provider, basic, enhanced, marker, started, ended, ongoing, events, \
             attempts, title) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        for row in findings {
            put.execute(params![
                night,
                row.kind,
                row.severity,
                row.provider,
                row.code.basic.map(BasicCode::number),
                row.code.enhanced.map(|enhanced| enhanced.to_string()),
                row.marker,
                row.start,
                row.end,
                row.ongoing,
                number(row.events),
                number(row.attempts),
                row.title,
            ])?;
        }
        Ok(())
    }

    /// Drops nights from before `oldest`, and the full counts of those from before `full`.
    pub fn prune(&self, oldest: Instant, full: Instant) -> Result<(), Error> {
        let prune = || -> rusqlite::Result<()> {
            self.db.execute("DELETE FROM nights WHERE started < ?1", [oldest])?;
            self.db.execute(
                "UPDATE nights SET summary = NULL WHERE started < ?1 AND summary IS NOT NULL",
                [full],
            )?;
            // A file that was away for so long does not come back.
            self.db.execute("DELETE FROM files WHERE last < ?1", [oldest])?;
            Ok(())
        };
        self.sql(prune())
    }

    /// From here on it has happened.
    pub fn commit(self) -> Result<(), Error> {
        self.db.commit().map_err(|error| Fault::from(error).of(self.path))
    }
}
