//! Packed files: compressed by gzip or zstd, and unpacked up to a limit, since a small file may unpack to more than any
//! memory holds.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use any2any_adapter::UnpackedLimit;
use flate2::bufread::MultiGzDecoder;

use super::encoding;
use super::lines::{unreadable, wrong};
use crate::DataError;

/// Compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// The compression of a file with these first bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match () {
            () if encoding::is_gzip(head) => Some(Self::Gzip),
            () if encoding::is_zstd(head) => Some(Self::Zstd),
            () => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// A reader of what a packed file holds.
    pub(super) fn unpacked(
        self,
        reader: impl BufRead + Send + 'static,
        limit: UnpackedLimit,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Gzip => Box::new(limit.reader(MultiGzDecoder::new(reader))),
            Self::Zstd => Box::new(Zstd { reader: limit.reader(decoder(reader)?), limit }),
        })
    }
}

/// Opens a file, and tells its length in bytes; a folder is refused.
pub(super) fn file(path: &Path) -> Result<(File, u64), DataError> {
    let read = |source| DataError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read)?;
    let metadata = file.metadata().map_err(read)?;
    if metadata.is_dir() {
        return Err(wrong(path, "is a folder; name a file"));
    }
    Ok((file, metadata.len()))
}

/// Opens a file that is no text, and unpacks it if it is packed, which is told.
pub(super) fn open(path: &Path) -> Result<(Box<dyn Read + Send>, bool), DataError> {
    let read = |source| DataError::Read { path: path.to_owned(), source };
    let (file, length) = file(path)?;
    let mut reader = BufReader::new(file);
    let head = reader.fill_buf().map_err(read)?;
    match Packing::of(head) {
        Some(packing) => {
            let limit = UnpackedLimit::of_packed(Some(length));
            let unpacked = packing.unpacked(reader, limit).map_err(|error| unreadable(path, error))?;
            Ok((unpacked, true))
        }
        None => Ok((Box::new(reader), false)),
    }
}

/// A decoder of zstd, of any number of frames.
pub(super) fn decoder<R: BufRead>(reader: R) -> io::Result<zstd::Decoder<'static, R>> {
    zstd::Decoder::with_buffer(reader)
}

/// Unpacked bytes of zstd, whose errors say what the file is and the way out.
struct Zstd<R> {
    reader: R,
    limit: UnpackedLimit,
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::Interrupted => return error,
                io::ErrorKind::UnexpectedEof => {
                    "the zstd file is cut off; download or compress it again".to_owned()
                }
                io::ErrorKind::FileTooLarge => self.limit.reason_for("zstd -d"),
                // An error of the system has a number; the others are those of the decoder.
                _ if error.raw_os_error().is_some() => return error,
                _ => format!("is not a sound zstd file ({error}); download or compress it again"),
            };
            io::Error::other(Unsound(reason))
        })
    }
}

/// The reason why packed bytes cannot be read, which needs the name of their file alone.
#[derive(Debug)]
pub(super) struct Unsound(pub(super) String);

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsound {}

#[cfg(test)]
pub(super) mod testing {
    pub(in crate::reader) fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).expect("memory")
    }
}
