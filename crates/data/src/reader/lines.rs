//! Lines of text files of any origin: compressed, with a byte order mark, with CRLF or CR, without a last line end.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::UnpackedLimit;

use super::encoding::{self, LineEnd};
use super::packed::{self, Packing};
use crate::DataError;

/// Name of standard input in messages.
const STANDARD_INPUT: &str = "standard input";

/// A text that has been opened: decompressed, after its byte order mark.
pub(super) struct Text {
    pub(super) reader: Box<dyn BufRead + Send>,
    pub(super) is_empty: bool,
    pub(super) end: LineEnd,
}

impl Text {
    /// Opens a text file, which may be compressed by gzip or zstd.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let read = |source| DataError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let metadata = file.metadata().ok();
        if metadata.as_ref().is_some_and(Metadata::is_dir) {
            return Err(wrong(path, "is a folder; name a file"));
        }
        // Pipes and devices have no length.
        let length = metadata.filter(Metadata::is_file).map(|metadata| metadata.len());
        Self::of_reader(path, Box::new(BufReader::new(file)), length)
    }

    /// Opens a file that must not be empty.
    pub(super) fn filled(path: &Path) -> Result<Self, DataError> {
        Self::open(path)?.or_empty(path)
    }

    fn or_empty(self, path: &Path) -> Result<Self, DataError> {
        if self.is_empty { Err(wrong(path, "is empty")) } else { Ok(self) }
    }

    /// A text from a reader of its bytes; their number, if it is known, limits the unpacked size.
    fn of_reader(
        path: &Path,
        mut reader: Box<dyn BufRead + Send>,
        length: Option<u64>,
    ) -> Result<Self, DataError> {
        let mut head = encoding::head(&mut reader).map_err(|error| unreadable(path, error))?;
        if let Some(packing) = Packing::of(&head) {
            let limit = UnpackedLimit::of_packed(length);
            let unpacked = packing.unpacked(Cursor::new(head).chain(reader), limit);
            reader = Box::new(BufReader::new(unpacked.map_err(|error| unreadable(path, error))?));
            head = encoding::head(&mut reader).map_err(|error| unreadable(path, error))?;
            if let Some(again) = Packing::of(&head) {
                let by = if again == packing { format!(" by {}", again.name()) } else { String::new() };
                return Err(wrong(path, &format!("is compressed{by} twice; decompress it once")));
            }
        }
        if let Some(reason) = encoding::refused(&head) {
            return Err(wrong(path, &reason));
        }
        let text = encoding::unmarked(&head).to_vec();
        Ok(Self {
            is_empty: text.is_empty(),
            end: encoding::line_end(&text),
            reader: Box::new(BufReader::new(Cursor::new(text).chain(reader))),
        })
    }
}

/// The error of a file that broke while it was read.
pub(super) fn unreadable(path: &Path, error: io::Error) -> DataError {
    if let Some(packed::Unsound(reason)) = error.get_ref().and_then(|error| error.downcast_ref()) {
        return wrong(path, reason);
    }
    match error.kind() {
        // Of these, only decompression by gzip speaks.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            broken_gzip(path, error)
        }
        io::ErrorKind::FileTooLarge => wrong(path, &error.to_string()),
        _ => DataError::Read { path: path.to_owned(), source: error },
    }
}

fn broken_gzip(path: &Path, error: io::Error) -> DataError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            wrong(path, "the gzip file is cut off; download or compress it again")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            wrong(path, &format!("is not a sound gzip file ({error}); download or compress it again"))
        }
        io::ErrorKind::FileTooLarge => wrong(path, &error.to_string()),
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
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let reason = format!("byte {} (0x{byte:02x}) is not UTF-8; convert the file to UTF-8", at + 1);
        wrong_line(path, line, reason)
    })?;
    match text.find('\0') {
        None => Ok(text),
        Some(at) => Err(wrong_line(path, line, format!("byte {} is 0x00, which no text has", at + 1))),
    }
}

/// Line of a text, without its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Line {
    /// Number of the line, from 1.
    pub number: usize,
    /// The text, or its error, which names file and line; the lines after it can still be read.
    pub text: Result<String, DataError>,
}

/// The lines of a text: of a file or of standard input, decompressed if they are gzip or zstd, after a byte order mark.
///
/// An error of reading ends them. A line that is no UTF-8 does not.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    end: LineEnd,
    number: usize,
    /// Lines that came together with the one before.
    waiting: VecDeque<Vec<u8>>,
    has_failed: bool,
}

impl Lines {
    /// The lines of a file. A file without any is no error.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is no UTF-8 as a whole: the error names what it is and the way out.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self::of(path, Text::open(path)?))
    }

    /// The lines of standard input, each as soon as it has come.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn of_standard_input() -> Result<Self, DataError> {
        let path = Path::new(STANDARD_INPUT);
        let text = Text::of_reader(path, Box::new(BufReader::new(io::stdin())), None)?;
        Ok(Self::of(path, text))
    }

    /// The lines of a file that must have some.
    pub(super) fn filled(path: &Path) -> Result<Self, DataError> {
        Ok(Self::of(path, Text::filled(path)?))
    }

    /// The lines of a text in memory that must have some; `path` names it.
    pub(super) fn of_bytes(path: &Path, bytes: Arc<[u8]>) -> Result<Self, DataError> {
        let length = Some(bytes.len() as u64);
        Ok(Self::of(path, Text::of_reader(path, Box::new(Cursor::new(bytes)), length)?.or_empty(path)?))
    }

    fn of(path: &Path, Text { reader, end, .. }: Text) -> Self {
        let path = path.to_owned();
        Self { path, reader, end, number: 0, waiting: VecDeque::new(), has_failed: false }
    }

    /// A remark about the text as a whole, and how it is read in spite of it.
    pub fn remark(&self) -> Option<String> {
        let path = self.path.display();
        (self.end == LineEnd::Cr).then(|| format!("{path}: its lines end in CR alone, and are read so"))
    }

    fn bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(bytes) = self.waiting.pop_front() {
            return Ok(Some(bytes));
        }
        let (mut bytes, mark) = (Vec::new(), if self.end == LineEnd::Lf { b'\n' } else { b'\r' });
        if self.reader.read_until(mark, &mut bytes)? == 0 {
            return Ok(None);
        }
        let ended = bytes.last() == Some(&mark);
        if ended {
            bytes.pop();
        }
        match self.end {
            LineEnd::Lf => {
                if ended && bytes.last() == Some(&b'\r') {
                    bytes.pop();
                }
                Ok(Some(bytes))
            }
            LineEnd::Cr => self.split(bytes, ended),
        }
    }

    /// A text whose lines end in CR may go on with others.
    fn split(&mut self, bytes: Vec<u8>, ended: bool) -> io::Result<Option<Vec<u8>>> {
        // The LF of a CRLF, whose CR has ended the line before.
        let bytes = if self.number > 0 { bytes.strip_prefix(b"\n").unwrap_or(&bytes) } else { &bytes };
        if bytes.is_empty() && !ended {
            return Ok(None);
        }
        self.waiting = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        if !ended && bytes.ends_with(b"\n") {
            self.waiting.pop_back();
        }
        Ok(self.waiting.pop_front())
    }
}

impl Iterator for Lines {
    type Item = Result<Line, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        match self.bytes() {
            Ok(bytes) => {
                let bytes = bytes?;
                self.number += 1;
                Some(Ok(Line { number: self.number, text: utf8(&self.path, self.number, bytes) }))
            }
            Err(error) => {
                self.has_failed = true;
                Some(Err(unreadable(&self.path, error)))
            }
        }
    }
}

/// A text file in memory.
#[derive(Debug, Default)]
pub struct TextFile {
    /// The lines, without their ends; one that cannot be read is empty here.
    pub lines: Vec<String>,
    /// Errors of lines that cannot be read, by their places from 0.
    pub broken: BTreeMap<usize, DataError>,
    /// A remark about the file as a whole, and how it was read in spite of it.
    pub remark: Option<String>,
}

impl TextFile {
    /// Reads a file, which may be compressed by gzip or zstd. A file without lines is no error.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is no UTF-8 as a whole.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        Self::of(Lines::open(path)?)
    }

    fn of(lines: Lines) -> Result<Self, DataError> {
        let mut file = Self { remark: lines.remark(), ..Self::default() };
        for line in lines {
            let text = line?.text.unwrap_or_else(|error| {
                file.broken.insert(file.lines.len(), error);
                String::new()
            });
            file.lines.push(text);
        }
        Ok(file)
    }

    /// The lines of a file of which every one can be read.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read.
    pub fn into_sound(mut self) -> Result<Vec<String>, DataError> {
        match self.broken.pop_first() {
            Some((_, error)) => Err(error),
            None => Ok(self.lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::testing::zstd;
    use super::super::testing::gzip;
    use super::*;

    /// The lines of a text, its bad ones in angle brackets.
    fn lines(bytes: &[u8]) -> Result<Vec<String>, String> {
        let text =
            Text::of_reader(Path::new("t"), Box::new(BufReader::new(Cursor::new(bytes.to_vec()))), None);
        let text = text.map_err(|error| error.to_string())?;
        let shown = |line: Line| line.text.unwrap_or_else(|error| format!("<{error}>"));
        Lines::of(Path::new("t"), text)
            .map(|line| line.map(shown).map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn one_line_is_one_line() {
        let cases: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"\n", &[""]),
            (b"a", &["a"]),
            (b"a\n\nb\n", &["a", "", "b"]),
            (b"a\r\nb\r\n", &["a", "b"]),
            (b"a\rb\nc\r", &["a\rb", "c\r"]),
            (b"a\rb\r", &["a", "b"]),
            (b"a\r\rb", &["a", "", "b"]),
            (b"a\r", &["a"]),
            (b"\xef\xbb\xbf", &[]),
            (b"\xef\xbb\xbfa\n", &["a"]),
            ("a\u{85}b\u{2028}c\n".as_bytes(), &["a\u{85}b\u{2028}c"]),
            (b"a\nna\xefve\nc", &["a", "<t:2: byte 3 (0xef) is not UTF-8; convert the file to UTF-8>", "c"]),
            (b"a\nb\0c\nd\n", &["a", "<t:2: byte 2 is 0x00, which no text has>", "d"]),
        ];
        for (bytes, expected) in cases {
            assert_eq!(lines(bytes).expect("a text"), *expected, "{bytes:?}");
            assert_eq!(lines(&gzip(bytes)).expect("a text"), *expected, "{bytes:?} compressed");
            assert_eq!(lines(&zstd(bytes)).expect("a text"), *expected, "{bytes:?} compressed");
        }
    }

    #[test]
    fn lines_that_end_in_cr_may_go_on_with_others() {
        let text = format!("{}a\rb\r\nc\nd\r\re\n", "x\r".repeat(40 << 10));
        assert_eq!(lines(text.as_bytes()).expect("a text")[40 << 10..], ["a", "b", "c", "d", "", "e"]);
    }

    #[test]
    fn what_is_no_text_is_refused_compressed_or_not() {
        let utf16: Vec<u8> = "hello\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let refused = "t: is UTF-16LE without a byte order mark; convert it to UTF-8, \
                       for instance with `iconv -f UTF-16LE -t UTF-8`";
        assert_eq!(lines(&utf16).expect_err("no UTF-8"), refused);
        assert_eq!(lines(&gzip(&utf16)).expect_err("no UTF-8"), refused);
        assert_eq!(
            lines(&gzip(&gzip(b"a\n"))).expect_err("twice"),
            "t: is compressed by gzip twice; decompress it once"
        );
    }

    #[test]
    fn zstd_is_read_frame_by_frame_and_its_flaws_are_named() {
        let whole = zstd(b"one\ntwo\nthree\n");
        let skipped = [&b"\x50\x2a\x4d\x18\x02\0\0\0ab"[..], &whole, &zstd(b"four\n")].concat();
        assert_eq!(lines(&skipped).expect("a text"), ["one", "two", "three", "four"]);
        let cut = "t: the zstd file is cut off; download or compress it again";
        for length in [4, 5, whole.len() - 1] {
            assert_eq!(lines(&whole[..length]).expect_err("cut off"), cut, "{length}");
        }
        let mut flipped = whole.clone();
        flipped[4] ^= 0xff;
        let error = lines(&flipped).expect_err("another header");
        assert!(error.starts_with("t: ") && error.ends_with("download or compress it again"), "{error}");
        let twice = lines(&zstd(&gzip(b"a\n"))).expect_err("twice");
        assert_eq!(twice, "t: is compressed twice; decompress it once");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            // Some flips go unnoticed, as in a frame without a checksum: only that it returns is asked for.
            let _ = (lines(&flipped), lines(&whole[..at]));
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("zeros.txt");
        let line = [vec![b'a'; 99], vec![b'\n']].concat();
        for (pack, command) in [(gzip as fn(&[u8]) -> Vec<u8>, "gunzip"), (zstd, "zstd -d")] {
            std::fs::write(&path, pack(&line.repeat(700_000))).expect("written");
            let mut lines = Lines::filled(&path).expect("it begins well");
            let error =
                lines.find_map(|line| line.and_then(|line| line.text).err()).expect("70 MB of 100 kB");
            let error = error.to_string();
            assert!(error.contains("zeros.txt: it unpacks to more than the 67108864 bytes"), "{error}");
            assert!(error.contains(command), "{error}");
        }
    }
}
