//! Readers: the files of one split as [`Samples`].
//!
//! One file a format; [`lines`] is shared by those of text: decompression, the byte order mark, line ends and UTF-8,
//! with the line's number in every error. A bad line or row costs its own sample: it is left out and counted among
//! the [`Flaws`](crate::Flaws) of the samples. [`archive`] gives the members of archives without unpacking them, and
//! [`rows`] makes samples of other samples.

mod archive;
mod csv;
mod encoding;
mod fasta;
mod idx;
mod json_lines;
mod lines;
mod members;
mod parallel;
mod part;
mod rows;
mod table;
mod tsv;

use std::path::{Path, PathBuf};

pub(crate) use archive::Archives;
pub use lines::{Line, Lines, TextFile};
pub(crate) use members::expression;

use any2any_experiment::spec::SplitFiles;

use crate::{DataError, Samples};

/// Reads the files of one split. Paths that are not absolute start at `folder`.
///
/// # Errors
///
/// When a file cannot be read, is not UTF-8 as a whole, is empty, or is not what its format asks for, and when no
/// line or row of it can be read. The error names file and line.
pub fn read(files: &SplitFiles, folder: &Path) -> Result<Samples, DataError> {
    if let Some(problem) = files.problems().first() {
        let reason = format!("{}: {}", problem.message, problem.help);
        return Err(DataError::File { path: folder.join(problem.pointer.trim_start_matches('/')), reason });
    }
    read_sound(files, folder, &Archives::default())
}

/// Reads files whose options have been checked. Archives are read once, and cached for further splits.
pub(crate) fn read_sound(
    files: &SplitFiles,
    folder: &Path,
    archives: &Archives,
) -> Result<Samples, DataError> {
    require(files, folder, archives)?;
    match files {
        SplitFiles::Parallel(fields) => parallel::read(fields, folder),
        SplitFiles::Tsv(table) => tsv::read(&folder.join(&table.file), &table.columns),
        SplitFiles::Csv(table) => csv::read(&folder.join(&table.file), table),
        SplitFiles::JsonLines(table) => json_lines::read(&folder.join(&table.file), &table.columns),
        SplitFiles::Idx(fields) => idx::read(fields, folder),
        SplitFiles::Fasta(fasta) => fasta::read(fasta, folder, archives),
        SplitFiles::Members(members) => members::read(members, folder, archives),
        SplitFiles::Rows(rows) => rows::read(rows, folder, archives),
    }
}

/// Refuses files of which one may not be read.
pub(crate) fn require(files: &SplitFiles, folder: &Path, archives: &Archives) -> Result<(), DataError> {
    if let SplitFiles::Rows(rows) = files {
        require(&rows.from, folder, archives)?;
    }
    named(files).into_iter().try_for_each(|path| archives.require(&folder.join(path)))
}

/// The files and folders that a split names itself; files that are found in them, or by the fields of samples, are
/// checked where they are found.
fn named(files: &SplitFiles) -> Vec<&PathBuf> {
    match files {
        SplitFiles::Parallel(fields) | SplitFiles::Idx(fields) => fields.values().collect(),
        SplitFiles::Tsv(table) | SplitFiles::Csv(table) | SplitFiles::JsonLines(table) => vec![&table.file],
        SplitFiles::Fasta(fasta) => fasta.files.values().chain(&fasta.archive).collect(),
        SplitFiles::Members(members) => members.archive.iter().chain(&members.folder).collect(),
        SplitFiles::Rows(rows) => rows.files.values().filter_map(|part| part.archive.as_ref()).collect(),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! One checker for all readers: files, and what reading them gives.

    use std::io::Write;

    use super::*;
    use crate::Flaws;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    /// Writes the files, reads them, and compares the outcome: `field=value|value` a field and the flaws of the files
    /// in parentheses, or the error with the folder left out.
    pub(crate) fn check(files: &[(&str, &[u8])], split: &SplitFiles, expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
            std::fs::write(path, bytes).expect("written");
        }
        let found = match read(split, folder.path()) {
            Ok(samples) => {
                let mut words = Vec::new();
                for field in samples.fields() {
                    let values = samples.column(field).expect("a field that is listed").iter();
                    let name = [field.to_owned()];
                    let shown =
                        |(at, value): (usize, &any2any_adapter::Value)| match samples.absent(&name, at) {
                            Some(reason) => format!("<{reason}>"),
                            None => value.to_string(),
                        };
                    words.push(format!(
                        "{field}={}",
                        values.enumerate().map(shown).collect::<Vec<_>>().join("|")
                    ));
                }
                let Flaws { broken, remarks, passed_over } = samples.flaws();
                let broken = (broken.count > 0)
                    .then(|| format!("({} of {}: {})", broken.count, broken.of, broken.reasons.join("; ")));
                words.extend(broken);
                words.extend(remarks.iter().map(|remark| format!("({remark})")));
                words.extend(passed_over.iter().map(|files| format!("({files})")));
                words.join(" ")
            }
            Err(error) => error.to_string(),
        };
        let folder = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
        assert_eq!(found.replace(&folder, ""), expected);
    }
}
