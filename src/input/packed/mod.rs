//! Compressed logs, as streams of what is in them. They are known by their first bytes, never by their names.

#[cfg(feature = "gzip")]
mod gzip;
mod whole;

use std::io::{self, Read};

/// How something is compressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// Its name.
    pub(super) name: &'static str,
    /// The program that unpacks it to standard output.
    pub(super) tool: &'static str,
    /// How it begins: bytes that no line of a log begins with.
    magic: &'static [u8],
    open: Option<Open>,
}

type Open = fn(Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>>;

/// What a window or a dictionary may take: a file that asks for more is damaged or hostile. `zstd --ultra` takes half of
/// it, `xz -9` a third.
#[cfg(any(feature = "xz", feature = "zstd"))]
const MOST_MIB: u32 = 256;

const FORMATS: [Format; 10] = [
    Format { name: "gzip", tool: "zcat", magic: b"\x1f\x8b", open: GZIP },
    Format { name: "zstd", tool: "zstdcat", magic: b"\x28\xb5\x2f\xfd", open: ZSTD },
    Format { name: "xz", tool: "xzcat", magic: b"\xfd7zXZ\0", open: XZ },
    Format { name: "bzip2", tool: "bzcat", magic: b"BZh", open: BZIP2 },
    Format { name: "compress", tool: "zcat", magic: b"\x1f\x9d", open: None },
    Format { name: "lz4", tool: "lz4cat", magic: b"\x04\x22\x4d\x18", open: None },
    Format { name: "lzip", tool: "lzip -dc", magic: b"LZIP", open: None },
    Format { name: "zip", tool: "unzip -p", magic: b"PK\x03\x04", open: None },
    // Not compressed, but not to be read as it is either.
    Format { name: "UTF-16", tool: "iconv -f UTF-16 -t UTF-8", magic: b"\xff\xfe", open: None },
    Format { name: "UTF-16", tool: "iconv -f UTF-16 -t UTF-8", magic: b"\xfe\xff", open: None },
];

impl Format {
    /// The format of something that begins so.
    pub(super) fn of(start: &[u8]) -> Option<Format> {
        FORMATS.into_iter().find(|format| start.starts_with(format.magic))
    }

    /// The format that a name promises.
    pub(super) fn promised(name: &str) -> Option<Format> {
        let format = match name.rsplit_once('.')?.1 {
            "gz" => "gzip",
            "zst" => "zstd",
            "xz" => "xz",
            "bz2" => "bzip2",
            _ => return None,
        };
        FORMATS.into_iter().find(|known| known.name == format)
    }

    /// Whether this program was built to read it.
    pub(super) fn is_read(&self) -> bool {
        self.open.is_some()
    }

    /// What is in it. All but the last [`PIECE`] that could be unpacked comes before the error, if there is one.
    pub(super) fn unpack(self, packed: Box<dyn Read + Send>) -> io::Result<Unpacked> {
        let open = self.open.ok_or(io::ErrorKind::Unsupported)?;
        let reader = Some(open(Box::new(whole::Whole::new(packed)))?);
        Ok(Unpacked { format: self, reader, piece: vec![0; PIECE], length: 0, given: 0 })
    }
}

/// What a decoder is asked for at once. One that comes upon damage gives nothing of what it was asked for then, so this is small;
/// and always the same, so that as much is saved of a file as of a pipe.
const PIECE: usize = 4 * 1024;

/// The content of something compressed.
pub(super) struct Unpacked {
    format: Format,
    /// `None` behind the end and behind an error: nobody says what a decoder gives that is asked again then.
    reader: Option<Box<dyn Read + Send>>,
    /// What came last, how long it is, and how much of it is given.
    piece: Vec<u8>,
    length: usize,
    given: usize,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.length {
            (self.given, self.length) = (0, 0);
            self.length = self.more()?;
        }
        let read = (&self.piece[self.given..self.length]).read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

impl Unpacked {
    /// The next piece.
    fn more(&mut self) -> io::Result<usize> {
        let Some(reader) = &mut self.reader else { return Ok(0) };
        match reader.read(&mut self.piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.reader = None;
                let name = self.format.name;
                Err(match error.kind() {
                    io::ErrorKind::UnexpectedEof => io::Error::new(
                        error.kind(),
                        format!("the {name} data ends in the middle: cut short, or still being written"),
                    ),
                    kind => io::Error::new(kind, format!("damaged {name} data: {error}")),
                })
            }
            read => read,
        }
    }
}

#[cfg(feature = "gzip")]
const GZIP: Option<Open> = Some(|packed| Ok(Box::new(gzip::Members::new(packed))));
#[cfg(not(feature = "gzip"))]
const GZIP: Option<Open> = None;

#[cfg(feature = "zstd")]
const ZSTD: Option<Open> = Some(|packed| {
    let mut decoder = zstd::Decoder::new(packed)?;
    decoder.window_log_max(MOST_MIB.ilog2() + 20)?;
    Ok(Box::new(decoder))
});
#[cfg(not(feature = "zstd"))]
const ZSTD: Option<Open> = None;

#[cfg(feature = "xz")]
const XZ: Option<Open> = Some(|packed| {
    let packed = io::BufReader::with_capacity(128 * 1024, packed);
    Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, MOST_MIB * 1024)))
});
#[cfg(not(feature = "xz"))]
const XZ: Option<Open> = None;

#[cfg(feature = "bzip2")]
const BZIP2: Option<Open> = Some(|packed| {
    let packed = io::BufReader::with_capacity(128 * 1024, packed);
    Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(packed)))
});
#[cfg(not(feature = "bzip2"))]
const BZIP2: Option<Open> = None;

#[cfg(test)]
mod tests;
