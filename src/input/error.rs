//! Why an input could not be read.

use std::fmt;
use std::io;

/// An input that is skipped, by name.
#[derive(Debug)]
pub struct Error {
    /// Its name, as given.
    pub name: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with an input.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// It is a directory.
    Directory,
    /// It is compressed or encoded in a way that is not read.
    Compressed {
        /// The format's name, behind that of what lies in it: `UTF-16 in gzip`.
        format: String,
        /// The program that unpacks it to standard output.
        tool: &'static str,
        /// The program that unpacks what lies in it.
        further: Option<&'static str>,
    },
    /// Its name promises something compressed, and there is nothing at all.
    Emptied {
        /// The format's name.
        format: &'static str,
    },
    /// The system says why.
    Io(io::Error),
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Reason {
        Reason::Io(error)
    }
}

impl Reason {
    /// What is wrong with an input of this name, and what to do.
    pub(super) fn of(&self, name: &str) -> String {
        match self {
            Reason::Directory => {
                "is a directory without a mail.log, maillog or mainlog; name the log files in it".to_owned()
            }
            Reason::Compressed { format, tool, further } => {
                let further = further.map_or_else(String::new, |tool| format!(" | {tool}"));
                format!(
                    "is {format}, which is not read as it is; unpack it on the way: {tool} {name}{further} | smtpulse -"
                )
            }
            Reason::Emptied { format } => {
                format!(
                    "is empty, not even an empty {format} file: was the disk full when it was compressed?"
                )
            }
            Reason::Io(error) => error.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason.of(&self.name))
    }
}

impl std::error::Error for Error {}
