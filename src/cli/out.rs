//! Where results go: standard output, or a file that appears only when it is complete.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::exit::Error;

/// The place results are written to.
pub(super) enum Out {
    /// Standard output.
    Standard(BufWriter<io::Stdout>),
    /// A file beside the one that is asked for, and its name.
    File(BufWriter<NamedTempFile>, std::path::PathBuf),
}

impl Out {
    /// Standard output, or a file.
    pub(super) fn open(path: Option<&Path>) -> Result<Out, Error> {
        let Some(path) = path else {
            return Ok(Out::Standard(BufWriter::with_capacity(64 * 1024, io::stdout())));
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().permissions(readable()).tempfile_in(folder);
        let file = file.map_err(|error| Error::output(&path.display().to_string(), &error))?;
        Ok(Out::File(BufWriter::new(file), path.to_owned()))
    }

    /// Completes the output. A reader that has closed its end has what it wanted.
    pub(super) fn finish(self, written: io::Result<()>) -> Result<(), Error> {
        match self {
            Out::Standard(mut out) => match written.and_then(|()| out.flush()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Error::output("standard output", &error))
                }
                _ => Ok(()),
            },
            Out::File(out, path) => {
                let fail = |error: &io::Error| Error::output(&path.display().to_string(), error);
                written.map_err(|error| fail(&error))?;
                let file = out.into_inner().map_err(|error| fail(error.error()))?;
                file.as_file().sync_all().map_err(|error| fail(&error))?;
                file.persist(&path).map_err(|error| fail(&error.error))?;
                Ok(())
            }
        }
    }
}

/// Temporary files are private; results are as readable as any new file is meant to be.
fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Standard(out) => out.write(bytes),
            Out::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Standard(out) => out.flush(),
            Out::File(out, _) => out.flush(),
        }
    }
}
