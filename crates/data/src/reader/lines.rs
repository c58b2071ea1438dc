//! Text files line by line, whatever way they were written: compressed, with a byte order mark, with CRLF,
//! without a last line end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use crate::DataError;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens a text file, decompressed when its name ends in `.gz`, after its byte order mark.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(wrong(path, "is a folder; name a file"));
    }
    text_of(path, Box::new(BufReader::new(file)))
}

/// A text from its bytes, decompressed when its name ends in `.gz`, after its byte order mark.
fn text_of(path: &Path, mut reader: Box<dyn BufRead>) -> Result<Box<dyn BufRead>, DataError> {
    if is_gzip(path) {
        reader = Box::new(BufReader::new(MultiGzDecoder::new(reader)));
    }
    let mut head = Vec::new();
    reader.by_ref().take(4).read_to_end(&mut head).map_err(|error| unreadable(path, error))?;
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).to_vec();
    if text.is_empty() {
        return Err(wrong(path, "is empty"));
    }
    if head.starts_with(b"\x1f\x8b") {
        return Err(wrong(path, "is compressed by gzip; give it a name that ends in .gz"));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(wrong(
            path,
            "is UTF-16; convert it to UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`",
        ));
    }
    Ok(Box::new(BufReader::new(Cursor::new(text).chain(reader))))
}

pub(super) fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

/// The error of a file that broke while it was read.
pub(super) fn unreadable(path: &Path, error: io::Error) -> DataError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if is_gzip(path) => {
            wrong(path, "the gzip file is cut off; download or compress it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if is_gzip(path) => {
            wrong(path, &format!("is not a sound gzip file ({error}); download or compress it again"))
        }
        _ => DataError::Read { path: path.to_owned(), source: error },
    }
}

/// A file that is wrong as a whole.
pub(super) fn wrong(path: &Path, reason: &str) -> DataError {
    DataError::File { path: path.to_owned(), reason: reason.to_owned() }
}

/// A line that is wrong.
pub(super) fn wrong_line(path: &Path, line: usize, reason: impl Into<String>) -> DataError {
    DataError::Line { path: path.to_owned(), line, reason: reason.into() }
}

/// The bytes of one line as text.
pub(super) fn utf8(path: &Path, line: usize, bytes: Vec<u8>) -> Result<String, DataError> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let reason = format!("byte {} (0x{byte:02x}) is not UTF-8; convert the file to UTF-8", at + 1);
        wrong_line(path, line, reason)
    })
}

/// The lines of a text file, without their ends, with their numbers from 1.
pub(super) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: usize,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self { path: path.to_owned(), reader: open(path)?, line: 0 })
    }

    /// The lines of a text in memory; `path` names it.
    pub(super) fn of_bytes(path: &Path, bytes: Arc<[u8]>) -> Result<Self, DataError> {
        let reader = text_of(path, Box::new(Cursor::new(bytes)))?;
        Ok(Self { path: path.to_owned(), reader, line: 0 })
    }

    fn read(&mut self) -> Result<Option<(usize, String)>, DataError> {
        let mut bytes = Vec::new();
        let read =
            self.reader.read_until(b'\n', &mut bytes).map_err(|error| unreadable(&self.path, error))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Ok(Some((self.line, utf8(&self.path, self.line, bytes)?)))
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
