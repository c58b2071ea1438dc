//! FASTA: records of a header line `>name words` and lines of letters (Pearson and Lipman 1988), in several files
//! about the same records.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use any2any_adapter::Value;
use any2any_experiment::spec;

use super::archive::Archives;
use super::lines::{Lines, wrong, wrong_line};
use crate::{DataError, Samples, text};
use any2any_adapter::grouped;

/// Reads the file of each field.
pub(super) fn read(files: &BTreeMap<String, PathBuf>) -> Result<Samples, DataError> {
    let records =
        |(field, path): (&String, &PathBuf)| Ok((field.clone(), Records::read(path, Lines::filled(path)?)?));
    joined(&files.iter().map(records).collect::<Result<Vec<_>, DataError>>()?)
}

/// Reads the member of an archive for each field.
pub(super) fn read_members(
    fasta: &spec::Fasta,
    folder: &Path,
    archives: &Archives,
) -> Result<Samples, DataError> {
    let mut files = Vec::new();
    if let Some(archive) = &fasta.archive {
        let archive = archives.open(&folder.join(archive))?;
        for (field, member) in &fasta.members {
            let file = archive.member(member)?;
            let bytes =
                file.bytes().map_err(|source| DataError::Read { path: file.path().to_owned(), source })?;
            files.push((field.clone(), Records::read(file.path(), Lines::of_bytes(file.path(), bytes)?)?));
        }
    }
    joined(&files)
}

/// The records of several files, in the order of the first.
fn joined(files: &[(String, Records)]) -> Result<Samples, DataError> {
    let Some(((_, first), _)) = files.split_first() else {
        return Err(wrong(Path::new("fasta"), "names no file"));
    };
    let names: Vec<Value> = first.list.iter().map(|record| Value::from(record.name.as_str())).collect();
    let mut columns = vec![("id".to_owned(), names)];
    for (field, records) in files {
        let ordered = records.in_order_of(first)?;
        let letters = ordered.iter().map(|record| Value::from(record.letters.as_str())).collect();
        columns.push((field.clone(), letters));
        for (key, _) in &first_words(records) {
            let words = ordered.iter().map(|record| records.word(record, key)).collect::<Result<_, _>>()?;
            columns.push((key.clone(), words));
        }
    }
    let fields: Vec<String> = columns.iter().map(|(field, _)| field.clone()).collect();
    Samples::new(columns).ok_or_else(|| {
        let reason = format!("two fields of its records have the same name: {}", fields.join(", "));
        wrong(&first.path, &reason)
    })
}

fn first_words(records: &Records) -> Vec<(String, String)> {
    records.list.first().map(|record| record.words.clone()).unwrap_or_default()
}

/// The records of one file.
struct Records {
    path: PathBuf,
    list: Vec<Record>,
    numbers: HashMap<String, usize>,
}

/// Record of a FASTA file.
struct Record {
    line: usize,
    name: String,
    /// The `KEY=VALUE` words of the header.
    words: Vec<(String, String)>,
    letters: String,
}

impl Records {
    fn read(path: &Path, lines: Lines) -> Result<Self, DataError> {
        let mut records = Self { path: path.to_owned(), list: Vec::new(), numbers: HashMap::new() };
        for line in lines {
            let line = line?;
            let (line, text) = (line.number, line.text?);
            match (text.strip_prefix('>'), records.list.last_mut()) {
                (Some(header), _) => records.begin(line, header)?,
                (None, Some(record)) => record.letters.push_str(text.trim()),
                (None, None) if text.trim().is_empty() => {}
                (None, None) => {
                    return Err(wrong_line(path, line, "a record begins with a line `>name`"));
                }
            }
        }
        if records.list.is_empty() {
            return Err(wrong(path, "has no record: a record begins with a line `>name`"));
        }
        match records.list.iter().find(|record| record.letters.is_empty()) {
            Some(record) => {
                let reason = format!("record '{}' has no letters below its header", record.name);
                Err(wrong_line(path, record.line, reason))
            }
            None => Ok(records),
        }
    }

    fn begin(&mut self, line: usize, header: &str) -> Result<(), DataError> {
        let mut words = header.split_whitespace();
        let Some(name) = words.next().filter(|_| !header.starts_with(char::is_whitespace)) else {
            return Err(wrong_line(&self.path, line, "a record without a name: write it right after `>`"));
        };
        let words = words.filter_map(|word| word.split_once('='));
        let words = words.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        if let Some(earlier) = self.numbers.insert(name.to_owned(), self.list.len()) {
            let reason = format!("record '{name}' stands twice, first in line {}", self.list[earlier].line);
            return Err(wrong_line(&self.path, line, reason));
        }
        self.list.push(Record { line, name: name.to_owned(), words, letters: String::new() });
        Ok(())
    }

    /// The records in the order of another file, which must have the same.
    fn in_order_of(&self, other: &Self) -> Result<Vec<&Record>, DataError> {
        let ordered: Vec<&Record> = other
            .list
            .iter()
            .map(|record| self.numbers.get(&record.name).map(|&number| &self.list[number]).ok_or(record))
            .collect::<Result<_, _>>()
            .map_err(|record| {
                let place = format!("{}:{}", other.path.display(), record.line);
                wrong(&self.path, &format!("has no record '{}', which stands in {place}", record.name))
            })?;
        if ordered.len() < self.list.len() {
            let surplus = self.list.iter().find(|record| !other.numbers.contains_key(&record.name));
            let name = surplus.map(|record| record.name.as_str()).unwrap_or_default();
            let more = grouped(self.list.len() - ordered.len());
            let reason =
                format!("has {more} records that {} has not, such as '{name}'", other.path.display());
            return Err(wrong(&self.path, &reason));
        }
        Ok(ordered)
    }

    /// The value of a `KEY=VALUE` word of a record.
    fn word(&self, record: &Record, key: &str) -> Result<Value, DataError> {
        let word = record.words.iter().find(|(known, _)| known == key);
        word.map(|(_, value)| Value::from(value.as_str())).ok_or_else(|| {
            let known: Vec<String> = record.words.iter().map(|(known, _)| known.clone()).collect();
            let reason = format!("record '{}' has no '{key}=...': {}", record.name, text::known(key, &known));
            wrong_line(&self.path, record.line, reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{Fasta, SplitFiles};

    use super::super::archive::testing::zip;
    use super::super::testing::{check, gzip};

    fn split(files: &[(&str, &str)]) -> SplitFiles {
        let files = files.iter().map(|(field, file)| ((*field).to_owned(), (*file).into())).collect();
        SplitFiles::Fasta(Fasta { files, ..Fasta::default() })
    }

    #[test]
    fn one_file() {
        let cases: &[(&str, &str)] = &[
            (">a\nMK\nLV\n>b\nGG", "id=a|b s=MKLV|GG"),
            ("\n>a some words SET=train\r\nMK\r\n\r\n", "id=a s=MK SET=train"),
            (">a X=1 Y=2\nM\n>b Y=3 X=4 Z=5\nK\n", "id=a|b s=M|K X=1|4 Y=2|3"),
            (">a X=1\nM\n>b x=2\nK\n", "f:3: record 'b' has no 'X=...': did you mean 'x'? (known: x)"),
            ("MK\n>a\nM\n", "f:1: a record begins with a line `>name`"),
            ("\n", "f: has no record: a record begins with a line `>name`"),
            (">a\nM\n>\nK\n", "f:3: a record without a name: write it right after `>`"),
            ("> a\nM\n", "f:1: a record without a name: write it right after `>`"),
            (">a\nM\n>b\n", "f:3: record 'b' has no letters below its header"),
            (">a\nM\n>a\nK\n", "f:3: record 'a' stands twice, first in line 1"),
            (">a s=1\nM\n", "f: two fields of its records have the same name: id, s, s"),
            ("", "f: is empty"),
        ];
        for (text, expected) in cases {
            check(&[("f", text.as_bytes())], &split(&[("s", "f")]), expected);
        }
        check(&[("f.gz", &gzip(b">a\nM\n"))], &split(&[("s", "f.gz")]), "id=a s=M");
    }

    #[test]
    fn files_are_joined_by_name() {
        let files = |x: &'static str, y: &'static str| [("x", x.as_bytes()), ("y", y.as_bytes())];
        let split = split(&[("p", "x"), ("q", "y")]);
        check(&files(">a\n1\n>b\n2\n", ">b K=v\n4\n>a K=w\n3\n"), &split, "id=a|b p=1|2 q=3|4 K=w|v");
        check(&files(">a\n1\n>b\n2\n", ">a\n3\n"), &split, "y: has no record 'b', which stands in x:3");
        let more = "y: has 1 records that x has not, such as 'c'";
        check(&files(">a\n1\n", ">c\n5\n>a\n3\n"), &split, more);
    }

    #[test]
    fn members_of_an_archive() {
        let members = [("p".to_owned(), "s/p.fasta".to_owned())].into();
        let fasta = Fasta { archive: Some("x.zip".into()), members, ..Fasta::default() };
        let archive = zip(&[("s/p.fasta", b">a\nM\n")]);
        check(&[("x.zip", &archive)], &SplitFiles::Fasta(fasta.clone()), "id=a p=M");
        let archive = zip(&[("s/q.fasta", b">a\nM\n")]);
        let missing = "x.zip: no member is called 's/p.fasta'; it has 1 files, such as 's/q.fasta'";
        check(&[("x.zip", &archive)], &SplitFiles::Fasta(fasta), missing);
    }
}
