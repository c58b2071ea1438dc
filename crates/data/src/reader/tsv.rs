//! Tab-separated values: tabs divide, nothing quotes, so a cell can hold neither a tab nor a line end.

use std::path::Path;

use super::Sink;
use super::lines::{Lines, wrong_line};
use super::table::Table;
use crate::DataError;

pub(super) fn read(
    path: &Path,
    columns: &[String],
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let mut lines = Lines::filled(path)?;
    let remark = lines.remark();
    let table = if columns.is_empty() {
        let header = lines.next().transpose()?;
        let (line, header) = header.map_or(Ok((1, String::new())), |line| Ok((line.number, line.text?)))?;
        let names = cells(&header);
        if let ([name], Some(delimiter)) = (&names[..], other_delimiter(&header)) {
            let option =
                if delimiter == ',' { String::new() } else { format!(" with `delimiter: \"{delimiter}\"`") };
            let reason = format!(
                "one column that is called '{name}'; tabs part the columns of `tsv`: \
                 write `csv` instead{option}, if `{delimiter}` parts them here"
            );
            return Err(wrong_line(path, line, reason));
        }
        Table::new(path, line, names)?
    } else {
        Table::new(path, 1, columns.to_vec())?
    };
    let mut table = table.with_remark(remark);
    for line in lines {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                // What the file gave before it broke is sound.
                sink(table.take()?)?;
                return Err(error);
            }
        };
        table.push(line.number, line.text.map(|text| cells(&text)));
        if table.is_full(chunk) {
            sink(table.take()?)?;
        }
    }
    sink(table.finish()?)
}

/// The likely delimiter of a header without tabs.
fn other_delimiter(header: &str) -> Option<char> {
    header.chars().find(|character| [',', ';', '|'].contains(character))
}

fn cells(line: &str) -> Vec<String> {
    line.split('\t').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{SplitFiles, TableFile};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str]) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        SplitFiles::Tsv(TableFile { file: file.into(), columns, delimiter: None })
    }

    #[test]
    fn tables() {
        let cases: &[(&[u8], &[&str], &str)] = &[
            (b"en\tde\none\teins\ntwo\tzwei\n", &[], "en=one|two de=eins|zwei"),
            (b"\xef\xbb\xbfen\tde\r\none\teins\r\n", &[], "en=one de=eins"),
            (b"one\teins", &["en", "de"], "en=one de=eins"),
            (b"en\tde\n\"one\t\"eins\"\n", &[], "en=\"one de=\"eins\""),
            (b"en\tde\none\t\n", &[], "en=one de="),
            (b"en\tde\none\n", &[], "t:2: 1 column here, but there are 2 (en, de)"),
            (
                b"en\tde\na\tb\na\tb\tc\n",
                &[],
                "en=a de=b (1 of 2: t:3: 3 columns here, but there are 2 (en, de))",
            ),
            (
                b"en\tde\na\xff\tb\na\tb\n\n",
                &[],
                "en=a de=b (2 of 3: t:2: byte 2 (0xff) is not UTF-8; convert the file to UTF-8; \
                 t:4: an empty line, but there are 2 (en, de))",
            ),
            (
                b"en;de\na;b\n",
                &[],
                "t:1: one column that is called 'en;de'; tabs part the columns of `tsv`: \
                 write `csv` instead with `delimiter: \";\"`, if `;` parts them here",
            ),
            (b"en\tde\ra\tb\r", &[], "en=a de=b (t: its lines end in CR alone, and are read so)"),
            (b"en\ten\na\tb\n", &[], "t:1: two columns are called 'en'; give each its own name"),
            (b"en\t\na\tb\n", &[], "t:1: column 2 has no name; name every column in the first line"),
            (b"en\tde\n", &[], "t: has no rows, only a header"),
            (b"en\tde\na\t\xff\n", &[], "t:2: byte 3 (0xff) is not UTF-8; convert the file to UTF-8"),
            (b"", &[], "t: is empty"),
        ];
        for (bytes, columns, expected) in cases {
            check(&[("t", bytes)], &split("t", columns), expected);
        }
        check(&[("t.tsv.gz", &gzip(b"en\tde\na\tb\n"))], &split("t.tsv.gz", &[]), "en=a de=b");
    }
}
