//! Parallel text: a file a field, a sample a line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::Value;

use super::lines::TextFile;
use crate::{DataError, Flaws, Samples};

pub(super) fn read(fields: &BTreeMap<String, PathBuf>, folder: &Path) -> Result<Samples, DataError> {
    let (mut columns, mut lengths) = (Vec::with_capacity(fields.len()), Vec::new());
    let (mut broken, mut remarks) = (BTreeMap::<usize, DataError>::new(), Vec::new());
    for (field, file) in fields {
        let path = folder.join(file);
        let file = TextFile::filled(&path)?;
        lengths.push((path, file.lines.len()));
        columns.push((field.clone(), file.lines.into_iter().map(Value::from).collect()));
        for (line, error) in file.broken {
            broken.entry(line).or_insert(error);
        }
        remarks.extend(file.remark);
    }
    // Lines belong together by their numbers: all are counted before any is left out.
    let samples = Samples::new(columns).ok_or(DataError::Lengths { files: lengths })?;
    if broken.len() == samples.len()
        && let Some((_, error)) = broken.pop_first()
    {
        return Err(error);
    }
    let mut flaws = Flaws { remarks, ..Flaws::default() };
    if broken.is_empty() {
        return Ok(samples.with_flaws(flaws));
    }
    flaws.broken.of = samples.len();
    broken.values().for_each(|error| flaws.broken.add(error));
    let sound: Vec<usize> = (0..samples.len()).filter(|line| !broken.contains_key(line)).collect();
    Ok(samples.select(&sound).with_flaws(flaws))
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
