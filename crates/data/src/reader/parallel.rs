//! Parallel text: a file a field, a sample a line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use any2any_adapter::Value;

use super::Sink;
use super::lines::{Line, Lines};
use crate::{DataError, Flaws, Samples};

/// A file of one field.
struct Field {
    name: String,
    path: PathBuf,
    lines: Lines,
    /// Number of lines so far.
    read: usize,
}

impl Field {
    fn next(&mut self) -> Result<Option<Line>, DataError> {
        let line = self.lines.next().transpose()?;
        self.read += usize::from(line.is_some());
        Ok(line)
    }
}

pub(super) fn read(
    files: &BTreeMap<String, PathBuf>,
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let open = |(name, path): (&String, &PathBuf)| {
        Ok(Field { name: name.clone(), lines: Lines::filled(path)?, path: path.clone(), read: 0 })
    };
    let mut fields = files.iter().map(open).collect::<Result<Vec<_>, DataError>>()?;
    let mut rows = Rows::new(&fields);
    rows.flaws.remarks = fields.iter().filter_map(|field| field.lines.remark()).collect();
    loop {
        let lines = match fields.iter_mut().map(Field::next).collect::<Result<Vec<_>, DataError>>() {
            Ok(lines) => lines,
            Err(error) => {
                // What a file gave before it broke is sound.
                sink(rows.take())?;
                return Err(error);
            }
        };
        if lines.iter().all(Option::is_none) {
            return rows.finish(sink);
        }
        let Some(lines) = lines.into_iter().collect::<Option<Vec<Line>>>() else {
            // Lines belong together by their numbers: all are counted.
            for field in &mut fields {
                while field.next()?.is_some() {}
            }
            let files = fields.into_iter().map(|field| (field.path, field.read)).collect();
            return Err(DataError::Lengths { files });
        };
        rows.push(lines);
        if rows.len() >= chunk {
            sink(rows.take())?;
        }
    }
}

/// Rows that are still to be handed out.
struct Rows {
    names: Vec<String>,
    columns: Vec<Vec<Value>>,
    flaws: Flaws,
    count: usize,
    first: Option<DataError>,
    /// True if a sound row was handed out.
    handed_out: bool,
}

impl Rows {
    fn new(fields: &[Field]) -> Self {
        Self {
            names: fields.iter().map(|field| field.name.clone()).collect(),
            columns: vec![Vec::new(); fields.len()],
            flaws: Flaws::default(),
            count: 0,
            first: None,
            handed_out: false,
        }
    }

    /// Number of rows that can be read.
    fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Adds a row, unless one of its lines cannot be read.
    fn push(&mut self, lines: Vec<Line>) {
        self.count += 1;
        match lines.into_iter().map(|line| line.text).collect::<Result<Vec<String>, DataError>>() {
            Ok(texts) => {
                self.columns.iter_mut().zip(texts).for_each(|(column, text)| column.push(Value::from(text)));
            }
            Err(error) => {
                self.flaws.broken.add(&error);
                self.first.get_or_insert(error);
            }
        }
    }

    fn take(&mut self) -> Samples {
        let mut flaws = std::mem::take(&mut self.flaws);
        flaws.broken.of = self.count;
        self.count = 0;
        let columns: Vec<Vec<Value>> = self.columns.iter_mut().map(std::mem::take).collect();
        self.handed_out |= columns.iter().any(|column| !column.is_empty());
        let columns = self.names.iter().cloned().zip(columns).collect();
        Samples::new(columns).unwrap_or_default().with_flaws(flaws)
    }

    /// Hands out the last rows, unless no row at all can be read.
    fn finish(mut self, sink: &mut Sink<'_>) -> Result<(), DataError> {
        let last = self.take();
        match self.first {
            Some(error) if !self.handed_out => Err(error),
            _ => sink(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::SplitFiles;

    use super::super::testing::{check, gzip};

    fn split(files: &[(&str, &str)]) -> SplitFiles {
        SplitFiles::Parallel(
            files.iter().map(|(field, file)| ((*field).to_owned(), (*file).into())).collect(),
        )
    }

    #[test]
    fn one_file() {
        let cases: &[(&[u8], &str)] = &[
            (b"one\ntwo\n", "en=one|two"),
            (b"one\ntwo", "en=one|two"),
            (b"one\r\ntwo\r\n", "en=one|two"),
            (b"one\n\ntwo\n", "en=one||two"),
            (b"\n", "en="),
            (b"\xef\xbb\xbfone\n", "en=one"),
            (b"a\rb\n", "en=a\rb"),
            ("a\u{2028}b\n".as_bytes(), "en=a\u{2028}b"),
            (b"", "en: is empty"),
            (b"\xef\xbb\xbf", "en: is empty"),
            (
                b"fine\nna\xefve\nagain\n",
                "en=fine|again (1 of 3: en:2: byte 3 (0xef) is not UTF-8; convert the file to UTF-8)",
            ),
            (b"na\xefve\n\xff\n", "en:1: byte 3 (0xef) is not UTF-8; convert the file to UTF-8"),
            (b"one\rtwo\r", "en=one|two (en: its lines end in CR alone, and are read so)"),
            (
                b"o\0n\0e\0\n\0",
                "en: is UTF-16LE without a byte order mark; convert it to UTF-8, \
                 for instance with `iconv -f UTF-16LE -t UTF-8`",
            ),
            (
                b"\xff\xfea\0",
                "en: is UTF-16; convert it to UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`",
            ),
            (b"\x1f\x8b\x08\0", "en: the gzip file is cut off; download or compress it again"),
            (
                b"\x1f\x8b\x01\0\0\0\0\0\0\0\0",
                "en: is not a sound gzip file (invalid gzip header); download or compress it again",
            ),
        ];
        for (bytes, expected) in cases {
            check(&[("en", bytes)], &split(&[("en", "en")]), expected);
        }
    }

    #[test]
    fn compressed_file() {
        let split = split(&[("en", "en.gz")]);
        let whole = gzip(b"\xef\xbb\xbfone\r\ntwo");
        let two_members = [gzip(b"one\nt"), gzip(b"wo\n")].concat();
        check(&[("en.gz", &whole)], &split, "en=one|two");
        check(&[("en.gz", &two_members)], &split, "en=one|two");
        check(&[("en.gz", &gzip(b""))], &split, "en.gz: is empty");
        let cut_off = "en.gz: the gzip file is cut off; download or compress it again";
        for length in [5, whole.len() - 6, whole.len() - 1] {
            check(&[("en.gz", &whole[..length])], &split, cut_off);
        }
        check(&[("en.gz", b"plain text, not gzip")], &split, "en=plain text, not gzip");
    }

    #[test]
    fn two_files() {
        let split = split(&[("en", "a.en"), ("de", "a.de")]);
        check(&[("a.en", b"one\ntwo\n"), ("a.de", b"eins\nzwei")], &split, "de=eins|zwei en=one|two");
        check(
            &[("a.en", &b"x\n".repeat(1200)), ("a.de", &b"x\n".repeat(1199))],
            &split,
            "parallel files differ in length: a.de has 1,199 lines, a.en has 1,200 lines; \
             line N of each must belong together",
        );
        check(
            &[("a.en", b"one\ntw\xe4\nthree\nfour\n"), ("a.de", b"eins\nzwei\ndr\xe4i\nvier\n")],
            &split,
            "de=eins|vier en=one|four (2 of 4: a.en:2: byte 3 (0xe4) is not UTF-8; convert the file to UTF-8; \
             a.de:3: byte 3 (0xe4) is not UTF-8; convert the file to UTF-8)",
        );
        check(
            &[("a.en", b"on\xe4\ntwo\n"), ("a.de", b"eins\n")],
            &split,
            "parallel files differ in length: a.de has 1 lines, a.en has 2 lines; \
             line N of each must belong together",
        );
        check(&[("a.en", b"one\n")], &split, "cannot read a.de: No such file or directory (os error 2)");
    }
}
