//! Tab-separated values: tabs divide, nothing quotes, so a cell can hold neither a tab nor a line end.

use std::path::Path;

use super::lines::Lines;
use super::table::Table;
use crate::{DataError, Samples};

pub(super) fn read(path: &Path, columns: &[String]) -> Result<Samples, DataError> {
    let mut lines = Lines::open(path)?;
    let mut table = if columns.is_empty() {
        let (line, header) = lines.next().transpose()?.unwrap_or((1, String::new()));
        Table::new(path, line, cells(&header))?
    } else {
        Table::new(path, 1, columns.to_vec())?
    };
    for line in lines {
        let (line, text) = line?;
        table.push(line, cells(&text))?;
    }
    table.finish()
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
        SplitFiles::Tsv(TableFile { file: file.into(), columns })
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
            (b"en\tde\na\tb\na\tb\tc\n", &[], "t:3: 3 columns here, but there are 2 (en, de)"),
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
