//! Comma-separated values as in RFC 4180: quoted cells may hold commas, line ends and doubled quotes.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;

use super::lines::{open, unreadable, utf8, wrong_line};
use super::table::Table;
use crate::{DataError, Samples};

pub(super) fn read(path: &Path, columns: &[String]) -> Result<Samples, DataError> {
    let quotes = Cell::new(0);
    let counting = CountQuotes { inner: open(path)?, quotes: &quotes };
    // Ragged rows are reported by the table, which knows the names of the columns.
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(counting);
    let mut table = if columns.is_empty() { None } else { Some(Table::new(path, 1, columns.to_vec())?) };
    let mut record = csv::ByteRecord::new();
    let mut line = 1;
    while reader.read_byte_record(&mut record).map_err(|error| broken(path, error))? {
        line =
            record.position().map_or(line, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
        let cells = cells(path, line, &record)?;
        match &mut table {
            Some(table) => table.push(line, cells)?,
            None => table = Some(Table::new(path, line, cells)?),
        }
    }
    if !quotes.get().is_multiple_of(2) {
        // The parser forgives a quote that is never closed by swallowing the rest of the file.
        let reason = "a quotation mark without its partner at or before this row, the last; \
                      double every mark inside a cell and close every quoted cell";
        return Err(wrong_line(path, line, reason));
    }
    table.map_or_else(|| Err(super::lines::wrong(path, "has no rows")), Table::finish)
}

fn cells(path: &Path, line: usize, record: &csv::ByteRecord) -> Result<Vec<String>, DataError> {
    record.iter().map(|cell| utf8(path, line, cell.to_vec())).collect()
}

fn broken(path: &Path, error: csv::Error) -> DataError {
    let line = error.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unreadable(path, error),
        kind => wrong_line(path, line, format!("{kind:?}")),
    }
}

/// Counts the quotation marks that pass through: in sound CSV they come in pairs.
struct CountQuotes<'a, R> {
    inner: R,
    quotes: &'a Cell<usize>,
}

impl<R: Read> Read for CountQuotes<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let marks = buffer[..read].iter().filter(|&&byte| byte == b'"').count();
        self.quotes.set(self.quotes.get() + marks);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{SplitFiles, TableFile};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str]) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        SplitFiles::Csv(TableFile { file: file.into(), columns })
    }

    #[test]
    fn tables() {
        let unpaired = "t:2: a quotation mark without its partner at or before this row, the last; \
                        double every mark inside a cell and close every quoted cell";
        let cases: &[(&[u8], &[&str], &str)] = &[
            (b"en,de\none,eins\n", &[], "en=one de=eins"),
            (b"\xef\xbb\xbfen,de\r\none,eins\r\n", &[], "en=one de=eins"),
            (b"one,eins", &["en", "de"], "en=one de=eins"),
            (b"en,de\n\"a, b\",\"say \"\"c\"\"\"\n", &[], "en=a, b de=say \"c\""),
            (b"en,de\n\"a\nb\",c\nd,e\n", &[], "en=a\nb|d de=c|e"),
            (b"en,de\none\n", &[], "t:2: 1 column here, but there are 2 (en, de)"),
            (b"en,de\n\"a\nb\",c\nd\n", &[], "t:4: 1 column here, but there are 2 (en, de)"),
            (b"en,de\n\"a,b\nc,d\n", &[], "t:2: 1 column here, but there are 2 (en, de)"),
            (b"en,de\na,\"b\nc,d\n", &[], unpaired),
            (b"en,de\n", &[], "t: has no rows, only a header"),
            (b"\n\n", &[], "t: has no rows"),
            (b"en,de\na,\xff\n", &[], "t:2: byte 1 (0xff) is not UTF-8; convert the file to UTF-8"),
            (b"", &[], "t: is empty"),
        ];
        for (bytes, columns, expected) in cases {
            check(&[("t", bytes)], &split("t", columns), expected);
        }
        let whole = gzip(b"en,de\na,b\n");
        check(&[("t.gz", &whole)], &split("t.gz", &[]), "en=a de=b");
        let cut_off = "t.gz: the gzip file is cut off; download or compress it again";
        check(&[("t.gz", &whole[..whole.len() - 2])], &split("t.gz", &[]), cut_off);
    }
}
