//! Opens the database, makes it, brings it up to date, and keeps a second run out.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Error, Fault};

/// Name of the database in its folder.
pub const DATABASE: &str = "state.db";

/// Name of the file that a run locks and says in who it is.
const LOCK: &str = "lock";

/// "SmtP": what `file` shows of the database, and what tells it from others.
const APPLICATION: i64 = 0x536D_7450;

/// One step after another from nothing to the tables of today; how many were taken is the version.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// How long to wait for somebody who looks into the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// The state, opened.
#[derive(Debug)]
pub struct State {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    /// Given back when this is closed, however the program ends.
    _lock: Option<File>,
    /// It was made just now.
    pub is_new: bool,
}

impl State {
    /// For a run: the only one at a time. Makes the folder and the database where there are none.
    pub fn open(folder: &Path) -> Result<State, Error> {
        let path = folder.join(DATABASE);
        let fail = |error: io::Error| Fault::from(error).of(folder);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
        let lock = lock(folder)?;
        let is_new = !path.try_exists().map_err(fail)?;
        if is_new {
            create(&path).map_err(|fault| fault.of(&path))?;
        }
        let db = connect(&path).and_then(|mut db| {
            check_and_migrate(&mut db)?;
            Ok(db)
        });
        Ok(State { db: db.map_err(|fault| fault.of(&path))?, path, _lock: Some(lock), is_new })
    }

    /// To look into: beside a run, too.
    pub fn look(folder: &Path) -> Result<State, Error> {
        let path = folder.join(DATABASE);
        let open = || {
            if !path.try_exists()? {
                return Err(Fault::Missing);
            }
            let db = connect(&path)?;
            if version(&db)? < MIGRATIONS.len() as i64 {
                return Err(Fault::Damaged(
                    "its tables are of an older version: run smtpulse nightly".to_owned(),
                ));
            }
            Ok(db)
        };
        Ok(State { db: open().map_err(|fault: Fault| fault.of(&path))?, path, _lock: None, is_new: false })
    }

    /// One that is gone when the program ends, for trials.
    pub fn in_memory() -> Result<State, Error> {
        let path = PathBuf::from(DATABASE);
        let open = || -> Result<Connection, Fault> {
            let mut db = Connection::open_in_memory()?;
            prepare(&mut db)?;
            Ok(db)
        };
        Ok(State { db: open().map_err(|fault| fault.of(&path))?, path, _lock: None, is_new: true })
    }

    /// Takes all of it away, whatever it is like.
    pub fn forget_all(folder: &Path) -> Result<(), Error> {
        let _lock = lock(folder)?;
        for name in [DATABASE.to_owned(), format!("{DATABASE}-journal")] {
            match fs::remove_file(folder.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Fault::from(error).of(folder.join(name)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What went wrong, with the database's name.
    pub(super) fn fail(&self, error: impl Into<Fault>) -> Error {
        error.into().of(&self.path)
    }
}

/// Keeps others out. The system gives the lock back when the program ends, even when it is killed.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let fail = |error: io::Error| Fault::from(error).of(&path);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(fail(error)),
        Err(TryLockError::WouldBlock) => {
            let mut who = String::new();
            let _ = file.read_to_string(&mut who);
            let who = match who.trim() {
                "" => "another run".to_owned(),
                pid => format!("another run (process {pid})"),
            };
            return Err(Fault::Busy(who).of(folder));
        }
    }
    let mut sign = || -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    sign().map_err(fail)?;
    Ok(file)
}

/// Makes a database beside its place, then puts it there: an empty or half one is never found where it belongs.
fn create(path: &Path) -> Result<(), Fault> {
    let draft = path.with_extension("new");
    if draft.try_exists()? {
        fs::remove_file(&draft)?;
    }
    // Private from the first byte on.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let mut db = connect(&draft)?;
    // Nobody has it yet, so no step of its making need be safe; all of it is before it gets its name.
    db.pragma_update(None, "journal_mode", "OFF")?;
    db.pragma_update(None, "synchronous", "OFF")?;
    prepare(&mut db)?;
    db.close().map_err(|(_, error)| error)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

fn prepare(db: &mut Connection) -> Result<(), Fault> {
    db.pragma_update(None, "application_id", APPLICATION)?;
    migrate(db, 0)?;
    db.execute("INSERT INTO settings (name, value) VALUES ('key', randomblob(32))", [])?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let with = |flags| Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    // What a killed run left half done is undone at once, by whoever may write.
    let db = with(OpenFlags::SQLITE_OPEN_READ_WRITE).or_else(|_| with(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "foreign_keys", true)?;
    Ok(db)
}

fn version(db: &Connection) -> Result<i64, Fault> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application != APPLICATION {
        let tables: i64 = db.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Err(if tables == 0 { Fault::Damaged("it is empty".to_owned()) } else { Fault::Foreign });
    }
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(Fault::Newer { found: version, known });
    }
    Ok(version)
}

fn check_and_migrate(db: &mut Connection) -> Result<(), Fault> {
    let version = version(db)?;
    migrate(db, usize::try_from(version).unwrap_or(0))
}

fn migrate(db: &mut Connection, from: usize) -> Result<(), Fault> {
    for (at, step) in MIGRATIONS.iter().enumerate().skip(from) {
        let step_taken = db.transaction()?;
        step_taken.execute_batch(step)?;
        step_taken.pragma_update(None, "user_version", at as i64 + 1)?;
        step_taken.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_private_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("deep").join("er");
        assert!(State::open(&folder).unwrap().is_new);
        assert!(!State::open(&folder).unwrap().is_new);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(DATABASE))), (0o700, 0o600));
        let key = |state: &State| -> Vec<u8> {
            state.db.query_row("SELECT value FROM settings WHERE name = 'key'", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(key(&State::open(&folder).unwrap()), key(&State::look(&folder).unwrap()));
        assert_eq!(key(&State::look(&folder).unwrap()).len(), 32);
    }

    #[test]
    fn a_second_run_is_kept_out_and_told_who_is_in() {
        let folder = tempfile::tempdir().unwrap();
        let first = State::open(folder.path()).unwrap();
        let error = State::open(folder.path()).unwrap_err();
        assert!(matches!(error.fault, Fault::Busy(_)));
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        assert!(State::look(folder.path()).is_ok());
        assert!(State::forget_all(folder.path()).is_err());
        drop(first);
        State::forget_all(folder.path()).unwrap();
        assert!(matches!(State::look(folder.path()).unwrap_err().fault, Fault::Missing));
        assert!(State::open(folder.path()).unwrap().is_new);
    }

    #[test]
    fn what_is_no_state_of_ours_is_told_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DATABASE);
        let fault = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let fault = State::open(folder.path()).unwrap_err().fault;
            assert_eq!(fs::read(&path).unwrap(), bytes);
            fault
        };
        assert!(matches!(fault(b""), Fault::Damaged(_)));
        assert!(matches!(fault(b"no database at all, but long enough for a header\n"), Fault::Damaged(_)));
        fs::remove_file(&path).unwrap();
        drop(State::open(folder.path()).unwrap());
        let sound = fs::read(&path).unwrap();
        assert!(matches!(fault(&[&sound[..100], &[0xA5; 9000]].concat()), Fault::Damaged(_)));

        fs::write(&path, &sound).unwrap();
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = State::open(folder.path()).unwrap_err();
        assert!(matches!(error.fault, Fault::Newer { found: 99, .. }), "{error}");

        fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute("CREATE TABLE other (x)", []).unwrap();
        assert!(matches!(State::open(folder.path()).unwrap_err().fault, Fault::Foreign));
    }
}
