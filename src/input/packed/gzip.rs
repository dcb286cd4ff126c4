//! A gzip file, member by member.
//!
//! Logs are appended to compressed ones, tapes pad them with zeros, and disks fill up while they are written. So the members
//! are driven one by one: whatever follows one, it is kept.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

type Packed = BufReader<Box<dyn Read + Send>>;

/// The content of all members.
pub(super) struct Members {
    member: Member,
    /// A member that was read to its end and differs from its checksum; told when all are read.
    damage: Option<io::Error>,
}

enum Member {
    /// Boxed: the decoder is a large thing.
    Open(Box<GzDecoder<Packed>>),
    /// Nothing more comes.
    End,
}

impl Members {
    pub(super) fn new(packed: Box<dyn Read + Send>) -> Members {
        let packed = BufReader::with_capacity(128 * 1024, packed);
        Members { member: Member::Open(Box::new(GzDecoder::new(packed))), damage: None }
    }

    /// Goes on to the next member.
    fn next(&mut self) -> io::Result<()> {
        if let Member::Open(decoder) = std::mem::replace(&mut self.member, Member::End) {
            let mut packed = decoder.into_inner();
            if follows(&mut packed)? {
                self.member = Member::Open(Box::new(GzDecoder::new(packed)));
            }
        }
        Ok(())
    }
}

/// Whether another member follows. Zeros are padding (gzip 1.14's manual, 7); anything else is not of this file.
fn follows(packed: &mut Packed) -> io::Result<bool> {
    loop {
        let next = packed.fill_buf()?;
        let zeros = next.iter().take_while(|byte| **byte == 0).count();
        match next.get(zeros) {
            Some(0x1f) => {
                packed.consume(zeros);
                return Ok(true);
            }
            Some(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "what follows its last member is no gzip",
                ));
            }
            None if next.is_empty() => return Ok(false),
            None => packed.consume(zeros),
        }
    }
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Member::Open(decoder) = &mut self.member else {
                return self.damage.take().map_or(Ok(0), Err);
            };
            match decoder.read(buffer) {
                Ok(0) if !buffer.is_empty() => self.next()?,
                // The checksum stands at the end: what follows it is whole.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput && at_end(decoder) => {
                    self.damage.get_or_insert(error);
                    self.next()?;
                }
                read => return read,
            }
        }
    }
}

/// Whether another member stands where the decoder stopped, or nothing at all.
fn at_end(decoder: &mut GzDecoder<Packed>) -> bool {
    let next = decoder.get_mut().fill_buf();
    next.is_ok_and(|next| next.is_empty() || next.starts_with(b"\x1f\x8b\x08"))
}
