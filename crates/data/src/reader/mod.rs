//! Readers: the files of one split as [`Samples`].
//!
//! One file a format; [`lines`] is what they share: decompression, the byte order mark, line ends and UTF-8,
//! with the line's number in every error.

mod csv;
mod json_lines;
mod lines;
mod parallel;
mod table;
mod tsv;

use std::path::Path;

use any2any_experiment::spec::SplitFiles;

use crate::{DataError, Samples};

/// Reads the files of one split. Paths that are not absolute start at `folder`.
///
/// # Errors
///
/// When a file cannot be read, is not UTF-8, is empty, or is not what its format asks for. The error names
/// file and line.
pub fn read(files: &SplitFiles, folder: &Path) -> Result<Samples, DataError> {
    match files {
        SplitFiles::Parallel(fields) => parallel::read(fields, folder),
        SplitFiles::Tsv(table) => tsv::read(&folder.join(&table.file), &table.columns),
        SplitFiles::Csv(table) => csv::read(&folder.join(&table.file), &table.columns),
        SplitFiles::JsonLines(table) => json_lines::read(&folder.join(&table.file), &table.columns),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! One checker for all readers: files, and what reading them gives.

    use std::io::Write;

    use super::*;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    /// Writes the files, reads them, and compares the outcome: `field=value|value` a field, or the error with
    /// the folder left out.
    pub(crate) fn check(files: &[(&str, &[u8])], split: &SplitFiles, expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        }
        let found = match read(split, folder.path()) {
            Ok(samples) => samples
                .fields()
                .map(|field| {
                    let values = samples.column(field).expect("a field that is listed");
                    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                    format!("{field}={}", values.join("|"))
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => {
                let folder = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
                error.to_string().replace(&folder, "")
            }
        };
        assert_eq!(found, expected);
    }
}
