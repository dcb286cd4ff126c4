//! A reader whose pieces are of no account.

use std::io::{self, Read};

/// Gives as much as there is room for: what a pipe brings in small pieces comes as out of a file, and so do decoders read it.
pub(super) struct Whole {
    reader: Box<dyn Read + Send>,
    /// What is told when what came before is given.
    failed: Option<io::Error>,
}

impl Whole {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Whole {
        Whole { reader, failed: None }
    }
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut read = 0;
        while read < buffer.len() {
            match self.reader.read(&mut buffer[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if read == 0 => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(read)
    }
}
