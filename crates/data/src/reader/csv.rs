//! Comma-separated values as in RFC 4180: quoted cells may hold commas, line ends and doubled quotes.
//!
//! A quotation mark without its partner would swallow the rows behind it. Where a row of several lines shows one, its
//! first line alone is left out, and reading goes on with the next line.

use std::io::Read;
use std::path::Path;

use any2any_experiment::spec::TableFile;
use csv::ByteRecord;

use super::lines::{Text, unreadable, utf8, wrong, wrong_line};
use super::table::Table;
use crate::{DataError, Samples};

/// Delimiters that are searched in a header of a single column.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Most bytes that are read again behind broken rows, as a multiple of the file's size.
const READ_AGAIN: usize = 8;

pub(super) fn read(path: &Path, options: &TableFile) -> Result<Samples, DataError> {
    let mut bytes = Vec::new();
    Text::filled(path)?.reader.read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    let excel = excel_delimiter(&bytes);
    let delimiter = options.delimiter().or(excel).unwrap_or(b',');
    let mut rows = Rows::new(path, &bytes, delimiter, if excel.is_some() { 1 } else { 0 });
    let columns = &options.columns;
    let mut table = if columns.is_empty() {
        let Some(Row { line, cells }) = rows.next().transpose()? else {
            return Err(wrong(path, "has no rows"));
        };
        let names = cells?;
        refuse_other_delimiter(path, line, &names, delimiter)?;
        Table::new(path, line, names)?
    } else {
        Table::new(path, 1, columns.to_vec())?
    };
    for row in rows {
        let Row { line, cells } = row?;
        if table.len() == 0
            && let (Ok(cells), 2..) = (&cells, columns.len())
        {
            refuse_other_delimiter(path, line, cells, delimiter)?;
        }
        table.push(line, cells);
    }
    table.finish()
}

/// The delimiter that Excel writes into a first line `sep=;`.
fn excel_delimiter(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\r' | b'\n', ..]
            if delimiter.is_ascii() && !b"\r\n\"".contains(delimiter) =>
        {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// Refuses a row of one cell that holds another usual delimiter.
fn refuse_other_delimiter(path: &Path, line: usize, cells: &[String], used: u8) -> Result<(), DataError> {
    let [cell] = cells else { return Ok(()) };
    let count = |delimiter: u8| cell.bytes().filter(|&byte| byte == delimiter).count();
    let likely = DELIMITERS.into_iter().filter(|&delimiter| delimiter != used && count(delimiter) > 0);
    let Some(delimiter) = likely.max_by_key(|&delimiter| count(delimiter)) else { return Ok(()) };
    let [shown, used] = [delimiter, used].map(|byte| char::from(byte).escape_default().to_string());
    let cell = cell.escape_debug();
    let reason = format!(
        "one column, '{cell}', is here when `{used}` parts columns: say `delimiter: \"{shown}\"` \
         beside `file` if `{shown}` does"
    );
    Err(wrong_line(path, line, reason))
}

/// Row of a file, and the line that it begins in.
struct Row {
    line: usize,
    cells: Result<Vec<String>, DataError>,
}

/// The rows of a file.
struct Rows<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    delimiter: u8,
    reader: csv::Reader<&'a [u8]>,
    /// Offset at which `reader` began.
    origin: usize,
    /// An offset, and the number of lines that end before it.
    counted: (usize, usize),
    read_again: usize,
}

impl<'a> Rows<'a> {
    /// The rows after some lines.
    fn new(path: &'a Path, bytes: &'a [u8], delimiter: u8, skipped: usize) -> Self {
        let origin = (0..skipped).fold(0, |place, _| place + first_line(&bytes[place..]));
        let reader = reader(&bytes[origin..], delimiter);
        Self { path, bytes, delimiter, reader, origin, counted: (0, 0), read_again: 0 }
    }

    /// The number of the line at an offset; offsets only grow.
    fn line(&mut self, place: usize) -> usize {
        let (from, lines) = self.counted;
        self.counted = (place, lines + line_ends(&self.bytes[from..place]));
        self.counted.1 + 1
    }

    fn read(&mut self) -> Result<Option<Row>, DataError> {
        let mut record = ByteRecord::new();
        let place = |position: &csv::Position| usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let begins = self.origin + place(self.reader.position());
        let more = self.reader.read_byte_record(&mut record);
        // The reader is over memory and takes rows of any length: nothing of it fails.
        if !more.map_err(|error| wrong(self.path, &error.to_string()))? {
            return Ok(None);
        }
        let ends = (self.origin + place(self.reader.position())).min(self.bytes.len());
        // Empty lines before a row are no rows.
        let empty = self.bytes[begins..ends].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let begins = begins + empty;
        let line = self.line(begins);
        let raw = &self.bytes[begins..ends];
        let first = first_line(raw);
        let is_open = is_open(raw, self.delimiter);
        let is_torn = first < raw.len() && is_open != Some(false);
        if is_torn || is_open == Some(true) && ends == self.bytes.len() {
            self.go_back(begins + first, raw.len(), line)?;
            let reason = "a quotation mark without its partner; double every mark inside a cell and close \
                          every quoted cell";
            return Ok(Some(Row { line, cells: Err(wrong_line(self.path, line, reason)) }));
        }
        let cells = record.iter().map(|cell| utf8(self.path, line, cell.to_vec())).collect();
        Ok(Some(Row { line, cells }))
    }

    /// Goes on with the line after the first one of a row.
    fn go_back(&mut self, place: usize, length: usize, line: usize) -> Result<(), DataError> {
        self.read_again += length;
        if self.read_again > self.bytes.len() * READ_AGAIN + (1 << 20) {
            let reason = "too many quotation marks without their partners up to this row; is the file CSV?";
            return Err(wrong_line(self.path, line, reason));
        }
        self.origin = place;
        self.reader = reader(&self.bytes[place..], self.delimiter);
        Ok(())
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    // Ragged rows are reported by the table, which knows the names of the columns.
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes)
}

/// Length of the first line in bytes, its end included.
fn first_line(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| b"\r\n".contains(byte)) {
        Some(end) if bytes[end..].starts_with(b"\r\n") => end + 2,
        Some(end) => end + 1,
        None => bytes.len(),
    }
}

/// Number of line ends in some bytes.
fn line_ends(bytes: &[u8]) -> usize {
    let ends = bytes.iter().enumerate();
    ends.filter(|&(at, &byte)| byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')).count()
}

/// True if a quoted cell of a row is never closed; `None` when one is closed in the middle of a text, as happens if
/// the mark that closes it was meant to open another.
fn is_open(row: &[u8], delimiter: u8) -> Option<bool> {
    #[derive(PartialEq)]
    enum At {
        Begin,
        Plain,
        Quoted,
        Closed,
    }
    let mut at = At::Begin;
    let mut is_strange = false;
    for &byte in row {
        at = match (at, byte) {
            (At::Begin, b'"') | (At::Closed, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter || byte == b'\n' || byte == b'\r' => At::Begin,
            (At::Closed, _) => {
                is_strange = true;
                At::Plain
            }
            (_, _) => At::Plain,
        };
    }
    match at {
        At::Quoted => Some(true),
        _ if is_strange => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{SplitFiles, TableFile};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str], delimiter: Option<&str>) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        let delimiter = delimiter.map(str::to_owned);
        SplitFiles::Csv(TableFile { file: file.into(), columns, delimiter })
    }

    #[test]
    fn tables() {
        let unpaired = |line: usize| {
            format!(
                "t:{line}: a quotation mark without its partner; double every mark inside a cell and close \
                 every quoted cell"
            )
        };
        let left_out = |rows: &str, count: usize, of: usize, lines: &[usize]| {
            let reasons: Vec<String> = lines.iter().map(|&line| unpaired(line)).collect();
            format!("{rows} ({count} of {of}: {})", reasons.join("; "))
        };
        let ragged = |line| format!("t:{line}: 1 column here, but there are 2 (en, de)");
        let cases: &[(&[u8], &[&str], &str)] = &[
            (b"en,de\none,eins\n", &[], "en=one de=eins"),
            (b"\xef\xbb\xbfen,de\r\none,eins\r\n", &[], "en=one de=eins"),
            (b"en,de\rone,eins\r", &[], "en=one de=eins"),
            (b"one,eins", &["en", "de"], "en=one de=eins"),
            (b"en,de\n\"a, b\",\"say \"\"c\"\"\"\n", &[], "en=a, b de=say \"c\""),
            (b"en,de\n\"a\nb\",c\nd,e\n", &[], "en=a\nb|d de=c|e"),
            (b"en,de\n5\" disk,a\n", &[], "en=5\" disk de=a"),
            (b"en,de\n\"a\" b,c\n", &[], "en=a b de=c"),
            (b"en,de\none\n", &[], &ragged(2)),
            (b"en,de\n\"a\nb\",c\n\nd\n", &[], &format!("en=a\nb de=c (1 of 2: {})", ragged(5))),
            (b"en,de\n\"a,b\nc,d\n", &[], &left_out("en=c de=d", 1, 2, &[2])),
            (b"en,de\na,\"b\nc,d\n", &[], &left_out("en=c de=d", 1, 2, &[2])),
            (b"en,de\na,\"b\nc,d\n\"e\",f\n", &[], &left_out("en=c|e de=d|f", 1, 3, &[2])),
            (b"en,de\r\n\"x,y\r\n\"z,w\r\na,b", &[], &left_out("en=a de=b", 2, 3, &[2, 3])),
            (b"en,de\n\"a,b\n", &[], &unpaired(2)),
            (b"en,\"de\na,b\n", &[], &unpaired(1)),
            (b"en,de\n", &[], "t: has no rows, only a header"),
            (b"\n\n", &[], "t: has no rows"),
            (b"en,de\na,\xff\n", &[], "t:2: byte 1 (0xff) is not UTF-8; convert the file to UTF-8"),
            (
                b"en,de\na,\xff\nb,c\n",
                &[],
                "en=b de=c (1 of 2: t:2: byte 1 (0xff) is not UTF-8; convert the file to UTF-8)",
            ),
            (b"", &[], "t: is empty"),
        ];
        for (bytes, columns, expected) in cases {
            check(&[("t", bytes)], &split("t", columns, None), expected);
        }
        let whole = gzip(b"en,de\na,b\n");
        check(&[("t.gz", &whole)], &split("t.gz", &[], None), "en=a de=b");
        let cut_off = "t.gz: the gzip file is cut off; download or compress it again";
        check(&[("t.gz", &whole[..whole.len() - 2])], &split("t.gz", &[], None), cut_off);
    }

    #[test]
    fn other_delimiters() {
        let hint = |cell: &str, used: &str, likely: &str| {
            format!(
                "t:1: one column, '{cell}', is here when `{used}` parts columns: \
                 say `delimiter: \"{likely}\"` beside `file` if `{likely}` does"
            )
        };
        type Case<'a> = (&'a [u8], &'a [&'a str], Option<&'a str>, &'a str);
        let cases: &[Case<'_>] = &[
            (b"en;de\na,b;c\n", &[], Some(";"), "en=a,b de=c"),
            (b"en\tde\n\"a\tb\"\tc\n", &[], Some("\t"), "en=a\tb de=c"),
            (b"en\tde\na\tc\n", &[], Some("\\t"), "en=a de=c"),
            (b"en|de\na|c\n", &[], Some("|"), "en=a de=c"),
            (
                b"sep=;\r\nen;de\r\na,b;c\r\nd\r\n",
                &[],
                None,
                "en=a,b de=c (1 of 2: t:4: 1 column here, but there are 2 (en, de))",
            ),
            (b"en;de\na;b\n", &[], None, &hint("en;de", ",", ";")),
            (b"en\tde\na\tb\n", &[], None, &hint("en\\tde", ",", "\\t")),
            (b"en,de\na,b\n", &[], Some(";"), &hint("en,de", ";", ",")),
            (b"a;b\nc;d\n", &["en", "de"], None, &hint("a;b", ",", ";")),
            (b"text\na\n", &[], None, "text=a"),
        ];
        for (bytes, columns, delimiter, expected) in cases {
            check(&[("t", bytes)], &split("t", columns, *delimiter), expected);
        }
        let tsv = TableFile { file: "t".into(), columns: Vec::new(), delimiter: Some(";".to_owned()) };
        let refused =
            "tsv/delimiter: only `csv` has a delimiter: take `delimiter` away, or write `csv` instead";
        check(&[("t", b"a;b\n")], &SplitFiles::Tsv(tsv), refused);
        for delimiter in ["", ";;", "\"", "\n", "\u{a7}"] {
            let refused = format!(
                "csv/delimiter: `{}` cannot part columns: write one ASCII character, such as `\";\"`, `\"|\"` \
                 or `\"\\t\"`",
                delimiter.escape_debug()
            );
            check(&[("t", b"a;b\n")], &split("t", &[], Some(delimiter)), &refused);
        }
    }

    #[test]
    fn many_marks_without_partners_end_in_time() {
        let text = [&b"en,de\n"[..], &b"\"a,b\n".repeat(30_000)].concat();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("t"), text).expect("written");
        let began = std::time::Instant::now();
        let result = super::super::read(&split("t", &[], None), folder.path());
        assert!(result.is_err(), "no row of it is sound");
        assert!(began.elapsed().as_secs() < 20);
    }
}
