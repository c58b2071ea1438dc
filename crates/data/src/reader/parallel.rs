//! Parallel text: a file a field, a sample a line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::Value;

use super::lines::Lines;
use crate::{DataError, Samples};

pub(super) fn read(fields: &BTreeMap<String, PathBuf>, folder: &Path) -> Result<Samples, DataError> {
    let mut columns = Vec::with_capacity(fields.len());
    for (field, file) in fields {
        columns.push((field.clone(), read_column(&folder.join(file))?));
    }
    let lengths = fields.values().zip(&columns).map(|(file, (_, values))| (folder.join(file), values.len()));
    let lengths: Vec<_> = lengths.collect();
    Samples::new(columns).ok_or(DataError::Lengths { files: lengths })
}

fn read_column(path: &Path) -> Result<Vec<Value>, DataError> {
    Lines::open(path)?.map(|line| line.map(|(_, text)| Value::from(text))).collect()
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::SplitFiles;

    use super::super::testing::{check, gzip};

    fn split(files: &[(&str, &str)]) -> SplitFiles {
        SplitFiles::Parallel(files.iter().map(|(field, file)| ((*field).to_owned(), file.into())).collect())
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
            (b"fine\nna\xefve\n", "en:2: byte 3 (0xef) is not UTF-8; convert the file to UTF-8"),
            (
                b"\xff\xfea\0",
                "en: is UTF-16; convert it to UTF-8, for instance with `iconv -f UTF-16 -t UTF-8`",
            ),
            (b"\x1f\x8b\x08\0", "en: is compressed by gzip; give it a name that ends in .gz"),
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
        let plain = "en.gz: is not a sound gzip file (invalid gzip header); download or compress it again";
        check(&[("en.gz", b"plain text, not gzip")], &split, plain);
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
        check(&[("a.en", b"one\n")], &split, "cannot read a.de: No such file or directory (os error 2)");
    }
}
