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
    /// It is compressed.
    Compressed {
        /// The format's name.
        format: &'static str,
        /// The program that unpacks it to standard output.
        tool: &'static str,
    },
    /// The system says why.
    Io(io::Error),
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Reason {
        Reason::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.reason {
            Reason::Directory => write!(f, "{name}: is a directory; name the log files in it"),
            Reason::Compressed { format, tool } => {
                write!(
                    f,
                    "{name}: is compressed ({format}); unpack it on the way: {tool} {name} | smtpulse -"
                )
            }
            Reason::Io(error) => write!(f, "{name}: {error}"),
        }
    }
}

impl std::error::Error for Error {}
