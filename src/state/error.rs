//! Why the state cannot be used. Never a reason to begin anew without a word: that would count everything twice.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What is wrong, and with which file.
#[derive(Debug)]
pub struct Error {
    /// The database, or its folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The system says why.
    Io(io::Error),
    /// Another run has it, by what that one says of itself.
    Busy(String),
    /// It is not what it was.
    Damaged(String),
    /// Another program's database.
    Foreign,
    /// A newer version of this program wrote it.
    Newer {
        /// Version of its tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// There is none.
    Missing,
    /// The database says why.
    Sql(rusqlite::Error),
}

impl Fault {
    /// With the file that it is about.
    pub(super) fn of(self, path: impl Into<PathBuf>) -> Error {
        Error { path: path.into(), fault: self }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase};
        match error.sqlite_error_code() {
            Some(NotADatabase | DatabaseCorrupt) => Fault::Damaged(error.to_string()),
            Some(DatabaseBusy | DatabaseLocked) => {
                Fault::Busy("a program that reads or writes it".to_owned())
            }
            _ => Fault::Sql(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let folder = self.path.parent().unwrap_or(&self.path).display();
        match &self.fault {
            Fault::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "{path}: {error}; run as the user it belongs to, or name another folder: --state DIR"
                )
            }
            Fault::Io(error) => write!(f, "{path}: {error}"),
            Fault::Busy(who) => {
                write!(
                    f,
                    "{path}: is in use by {who}; wait for its end and run again, nothing is lost meanwhile"
                )
            }
            Fault::Damaged(how) => write!(
                f,
                "{path}: damaged ({how}); smtpulse state check --state {folder} tells more; bring it back from a backup \
                 (what was written since is read again), or give it up: smtpulse state forget --all --yes --state {folder}"
            ),
            Fault::Foreign => {
                write!(f, "{path}: is the database of another program; name another folder: --state DIR")
            }
            Fault::Newer { found, known } => write!(
                f,
                "{path}: was written by a newer smtpulse (tables of version {found}, this one knows {known}); use that \
                 one, or name another folder: --state DIR"
            ),
            Fault::Missing => {
                write!(f, "{path}: there is none; the first run of smtpulse nightly makes it")
            }
            Fault::Sql(error) => {
                write!(f, "{path}: {error}; smtpulse state check --state {folder} tells more")
            }
        }
    }
}

impl std::error::Error for Error {}
