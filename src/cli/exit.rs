//! How the program ends.

use std::process::ExitCode;

/// The exit codes the outside may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// A `--fail-on` condition was met.
    Condition,
    /// Wrong usage.
    Usage,
    /// Done, but some input was skipped, cut short or damaged.
    Damaged,
    /// Nothing could be read.
    Nothing,
}

impl Exit {
    /// All of them, with what they say.
    pub(super) const ALL: [(Exit, &str); 5] = [
        (Exit::Done, "Done; also when the reader of a pipe has gone."),
        (Exit::Condition, "What --fail-on names was found."),
        (Exit::Usage, "Wrong usage; nothing to explain; faults in the file that codes --check was given."),
        (Exit::Damaged, "Done, but some input was skipped, cut short or damaged; standard error names it."),
        (Exit::Nothing, "Nothing could be read, or the result could not be written."),
    ];

    /// The code itself.
    pub(super) fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Condition => 1,
            Exit::Usage => 2,
            Exit::Damaged => 3,
            Exit::Nothing => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// Why a command ended early: one line for the user, and the code.
#[derive(Debug)]
pub(super) struct Error {
    /// What is wrong and what to do next.
    pub(super) message: String,
    /// The exit code.
    pub(super) exit: Exit,
}

impl Error {
    /// Wrong usage.
    pub(super) fn usage(message: impl Into<String>) -> Error {
        Error { message: message.into(), exit: Exit::Usage }
    }

    /// Nothing could be read.
    pub(super) fn nothing(message: impl Into<String>) -> Error {
        Error { message: message.into(), exit: Exit::Nothing }
    }

    /// The result could not be written.
    pub(super) fn output(path: &str, error: &std::io::Error) -> Error {
        Error { message: format!("cannot write {path}: {error}"), exit: Exit::Nothing }
    }
}
