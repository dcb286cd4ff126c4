//! Carriers: what wraps every line of a log, or cuts it up, is taken off on the way, so that whoever reads sees the lines.
//!
//! Known by how an input begins. Every record becomes one line: with the carrier's own stamp in front where it has one,
//! and with control bytes written as rsyslog writes them into files, since a line end must not end the line.

mod export;
mod journal;
mod json;
mod octets;
mod parts;
mod plain;
mod records;

use std::io::{self, Read};

use super::Reader;
use export::Export;
use octets::Octets;
use records::Records;

/// What is asked of the reader at once.
const READ: usize = 128 * 1024;

/// Bytes of a record that are waited for; of a longer one the start is passed on as it is.
const MOST: usize = 1 << 20;

/// What a log lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// `journalctl -o json`, and its kin `json-seq` and `json-sse`.
    JournalJson,
    /// `journalctl -o export`.
    JournalExport,
    /// Docker's `json-file`.
    DockerJson,
    /// What Kubernetes' container runtimes and Podman's `k8s-file` write.
    Cri,
    /// A capture of syslog over TCP with octet counting (RFC 6587, section 3.4.1).
    Octets,
}

impl Carrier {
    /// Told by how an input begins.
    pub(super) fn of(head: &[u8]) -> Option<Carrier> {
        if export::begins(head) {
            return Some(Carrier::JournalExport);
        }
        if octets::begins(head) {
            return Some(Carrier::Octets);
        }
        head.split(|byte| *byte == b'\n').find_map(records::carrier)
    }

    /// The name reports print.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Carrier::JournalJson => "journal as JSON",
            Carrier::JournalExport => "journal export",
            Carrier::DockerJson => "Docker JSON",
            Carrier::Cri => "CRI",
            Carrier::Octets => "octet-counted syslog",
        }
    }

    /// The lines it carries. With `whole` a last record that may go on is left out.
    pub(super) fn unwrap(self, reader: Reader, whole: bool) -> Reader {
        let unwrap: Box<dyn Unwrap> = match self {
            Carrier::JournalJson | Carrier::DockerJson | Carrier::Cri => Box::new(Records::default()),
            Carrier::JournalExport => Box::new(Export::default()),
            Carrier::Octets => Box::new(Octets),
        };
        Box::new(Unwrapped {
            reader,
            unwrap,
            raw: Vec::new(),
            taken: 0,
            ended: false,
            whole,
            failed: None,
            lines: Vec::new(),
            given: 0,
        })
    }
}

/// Takes one kind of carrier off.
trait Unwrap: Send {
    /// Takes whole records from the start of `bytes`, as many as it likes, and writes their lines. Gives the number of
    /// bytes taken: 0 where it must see more. It must take some of [`MOST`] bytes, and all of the last ones (`ended`).
    fn take(&mut self, bytes: &[u8], ended: bool, lines: &mut Vec<u8>) -> io::Result<usize>;
}

struct Unwrapped {
    reader: Reader,
    unwrap: Box<dyn Unwrap>,
    /// What came, and how much of it is taken.
    raw: Vec<u8>,
    taken: usize,
    ended: bool,
    /// What has no end is left out.
    whole: bool,
    /// Why nothing more comes. Told when what came before is given out.
    failed: Option<io::Error>,
    /// What comes out, and how much of it is given.
    lines: Vec<u8>,
    given: usize,
}

impl Read for Unwrapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.lines.len() {
            self.lines.clear();
            self.given = 0;
            let taken =
                match self.unwrap.take(&self.raw[self.taken..], self.ended && !self.whole, &mut self.lines) {
                    Ok(taken) => taken,
                    Err(error) => {
                        self.failed.get_or_insert(error);
                        self.ended = true;
                        self.raw.len() - self.taken
                    }
                };
            self.taken += taken;
            if !self.lines.is_empty() || taken > 0 {
                continue;
            }
            if self.ended {
                return self.failed.take().map_or(Ok(0), Err);
            }
            self.more();
        }
        let read = (&self.lines[self.given..]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

impl Unwrapped {
    fn more(&mut self) {
        self.raw.drain(..self.taken);
        self.taken = 0;
        let old = self.raw.len();
        self.raw.resize(old + READ, 0);
        let read = loop {
            match self.reader.read(&mut self.raw[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    break 0;
                }
                Ok(read) => break read,
            }
        };
        self.raw.truncate(old + read);
        self.ended = read == 0;
    }
}

#[cfg(test)]
mod tests;
