//! Where results go: standard output, or a file that appears only when it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::exit::Error;
use super::interrupt::Unfinished;

/// The place results are written to.
pub(super) enum Out {
    /// Standard output.
    Standard(BufWriter<io::Stdout>),
    /// Something that is no regular file (a device, a named pipe) and its name: nothing takes its place.
    Device(BufWriter<File>, PathBuf),
    /// A file beside the one that is asked for, and its name.
    File(BufWriter<NamedTempFile>, PathBuf, Unfinished),
}

impl Out {
    /// Standard output, or a file.
    pub(super) fn open(path: Option<&Path>) -> Result<Out, Error> {
        match path {
            None => Ok(Out::Standard(BufWriter::with_capacity(64 * 1024, io::stdout()))),
            Some(path) => {
                Out::beside(path).map_err(|error| Error::output(&path.display().to_string(), &error))
            }
        }
    }

    fn beside(path: &Path) -> io::Result<Out> {
        let there = fs::metadata(path).ok();
        if there.as_ref().is_some_and(|meta| !meta.is_file() && !meta.is_dir()) {
            let device = File::options().write(true).open(path)?;
            return Ok(Out::Device(BufWriter::new(device), path.to_owned()));
        }
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Where the name is a link to a file, the link stays.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
        let unfinished = Unfinished::new(file.path());
        // Whoever made the old one private wants the new one private.
        if let Some(there) = there {
            file.as_file().set_permissions(there.permissions())?;
        }
        Ok(Out::File(BufWriter::new(file), path, unfinished))
    }

    /// Completes the output. A reader that has closed its end has what it wanted.
    pub(super) fn finish(self, written: io::Result<()>) -> Result<(), Error> {
        match self {
            Out::Standard(mut out) => flushed("standard output", written.and_then(|()| out.flush())),
            Out::Device(mut out, path) => {
                flushed(&path.display().to_string(), written.and_then(|()| out.flush()))
            }
            Out::File(out, path, _unfinished) => {
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

fn flushed(name: &str, written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::output(name, &error)),
        _ => Ok(()),
    }
}

/// Temporary files are private; results are as readable as any new file is meant to be.
fn readable() -> Permissions {
    use std::os::unix::fs::PermissionsExt;
    Permissions::from_mode(0o644)
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Standard(out) => out.write(bytes),
            Out::Device(out, _) => out.write(bytes),
            Out::File(out, ..) => out.write(bytes),
        }
    }

    // JSON comes in very many pieces.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Out::Standard(out) => out.write_all(bytes),
            Out::Device(out, _) => out.write_all(bytes),
            Out::File(out, ..) => out.write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Standard(out) => out.flush(),
            Out::Device(out, _) => out.flush(),
            Out::File(out, ..) => out.flush(),
        }
    }
}
