//! Readers: the files of one split as [`Samples`].
//!
//! One file a format; [`lines`] is shared by those of text: decompression, the byte order mark, line ends and UTF-8,
//! with the line's number in every error. [`columnar`] is shared by Parquet and Arrow. A bad line or row costs its own
//! sample: it is left out and counted among the [`Flaws`](crate::Flaws) of the samples. [`shards`] reads several files
//! in turn, [`archive`] gives the members of archives without unpacking them, and [`rows`] makes samples of other
//! samples.

mod archive;
mod arrow;
mod columnar;
mod csv;
mod encoding;
mod fasta;
mod idx;
mod json_lines;
mod lines;
mod members;
mod packed;
mod parallel;
mod parquet;
mod part;
mod rows;
mod shards;
mod table;
mod tsv;
mod web_dataset;

use std::path::{Path, PathBuf};

pub(crate) use archive::Archives;
pub use lines::{Line, Lines, TextFile};
pub(crate) use members::expression;

use any2any_experiment::spec::{Shards, SplitFiles};

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

/// Taker of samples, chunk by chunk; its errors end the reading.
pub(crate) type Sink<'a> = dyn FnMut(Samples) -> Result<(), DataError> + 'a;

/// Reads files whose options have been checked. Archives are read once, and cached for further splits.
pub(crate) fn read_sound(
    files: &SplitFiles,
    folder: &Path,
    archives: &Archives,
) -> Result<Samples, DataError> {
    let mut read: Option<Samples> = None;
    let mut sink = |samples| {
        match &mut read {
            Some(read) => read.append(samples),
            None => read = Some(samples),
        }
        Ok(())
    };
    read_in_chunks(files, folder, archives, (usize::MAX, &mut sink))?;
    Ok(read.unwrap_or_default())
}

/// Reads files whose options have been checked, and hands their samples out in chunks of so many rows. Files that have to
/// be read as a whole give one chunk.
///
/// The flaws of a chunk are those of its own rows.
pub(crate) fn read_in_chunks(
    files: &SplitFiles,
    folder: &Path,
    archives: &Archives,
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    require(files, folder, archives)?;
    let chunks = (chunk, &mut *sink);
    let here = (folder, archives);
    match files {
        SplitFiles::Parallel(fields) => {
            shards::each_of(fields, here, chunks, &mut |files, _, chunks| parallel::read(files, chunks))
        }
        SplitFiles::Tsv(table) => shards::each(&table.file, here, chunks, &mut |path, _, chunks| {
            tsv::read(path, &table.columns, chunks)
        }),
        SplitFiles::Csv(table) => {
            shards::each(&table.file, here, chunks, &mut |path, _, (_, sink)| sink(csv::read(path, table)?))
        }
        SplitFiles::JsonLines(records) => {
            shards::each(&records.file, here, chunks, &mut |path, known, chunks| {
                json_lines::read(path, &records.columns, known, chunks)
            })
        }
        SplitFiles::Parquet(records) => {
            shards::each(&records.file, here, chunks, &mut |path, known, chunks| {
                parquet::read(path, &records.columns, known, chunks)
            })
        }
        SplitFiles::Arrow(records) => {
            shards::each(&records.file, here, chunks, &mut |path, known, chunks| {
                arrow::read(path, &records.columns, known, chunks)
            })
        }
        SplitFiles::WebDataset(set) => shards::each(&set.shards, here, chunks, &mut |path, _, chunks| {
            web_dataset::read(path, &set.fields, chunks)
        }),
        SplitFiles::Idx(fields) => {
            shards::each_of(fields, here, chunks, &mut |files, _, (_, sink)| sink(idx::read(files)?))
        }
        SplitFiles::Fasta(fasta) if fasta.archive.is_some() => {
            sink(fasta::read_members(fasta, folder, archives)?)
        }
        SplitFiles::Fasta(fasta) => {
            shards::each_of(&fasta.files, here, chunks, &mut |files, _, (_, sink)| sink(fasta::read(files)?))
        }
        SplitFiles::Members(members) => match (&members.archive, &members.folder) {
            (Some(archive), _) => shards::each(archive, here, chunks, &mut |path, _, (_, sink)| {
                sink(members::read(members, path, archives)?)
            }),
            (None, place) => {
                let place = folder.join(place.as_deref().unwrap_or(Path::new("")));
                sink(members::read(members, &place, archives)?)
            }
        },
        SplitFiles::Rows(rows) => sink(rows::read(rows, folder, archives)?),
    }
}

/// Number of bytes that the files in a chunk have at most, if it has more than one row: opened, they have many times as many.
pub(crate) const BYTES: u64 = 16 << 20;

/// The files of a split whose samples are read one after the other, so that they may be larger than the memory; none of
/// others, nor where a pattern finds no file.
pub(crate) fn lined(files: &SplitFiles, folder: &Path) -> Option<Vec<PathBuf>> {
    match files {
        SplitFiles::Parallel(_)
        | SplitFiles::Tsv(_)
        | SplitFiles::JsonLines(_)
        | SplitFiles::Parquet(_)
        | SplitFiles::Arrow(_)
        | SplitFiles::WebDataset(_) => {}
        _ => return None,
    }
    let paths = |shards: &Shards| shards.files(folder).ok();
    Some(named(files).shards.into_iter().map(paths).collect::<Option<Vec<_>>>()?.concat())
}

/// True if samples that are read one after the other may have files as values, with all their bytes.
pub(crate) fn holds_files(files: &SplitFiles, folder: &Path) -> bool {
    match files {
        SplitFiles::Parquet(records) => !parquet::is_text(records, folder),
        SplitFiles::Arrow(records) => !arrow::is_text(records, folder),
        SplitFiles::WebDataset(_) => true,
        _ => false,
    }
}

/// True if samples have files as values.
pub(crate) fn names_files(files: &SplitFiles) -> bool {
    match files {
        SplitFiles::Members(_) => true,
        SplitFiles::Rows(rows) => !rows.files.is_empty() || names_files(&rows.from),
        _ => false,
    }
}

/// Refuses files of which one may not be read. Those of a pattern are looked at when they are found.
pub(crate) fn require(files: &SplitFiles, folder: &Path, archives: &Archives) -> Result<(), DataError> {
    if let SplitFiles::Rows(rows) = files {
        require(&rows.from, folder, archives)?;
    }
    let Named { shards, others } = named(files);
    let places = shards.into_iter().flat_map(|shards| shards.places(folder));
    places
        .chain(others.into_iter().map(|path| folder.join(path)))
        .try_for_each(|path| archives.require(&path))
}

/// The files and folders that a split names itself; files that are found in them, or by the fields of samples, are
/// checked where they are found.
#[derive(Default)]
struct Named<'a> {
    shards: Vec<&'a Shards>,
    others: Vec<&'a PathBuf>,
}

fn named(files: &SplitFiles) -> Named<'_> {
    let of = |shards: Vec<_>| Named { shards, ..Named::default() };
    match files {
        SplitFiles::Parallel(fields) | SplitFiles::Idx(fields) => of(fields.values().collect()),
        SplitFiles::Tsv(table) | SplitFiles::Csv(table) => of(vec![&table.file]),
        SplitFiles::JsonLines(records) | SplitFiles::Parquet(records) | SplitFiles::Arrow(records) => {
            of(vec![&records.file])
        }
        SplitFiles::WebDataset(set) => of(vec![&set.shards]),
        SplitFiles::Fasta(fasta) => {
            Named { shards: fasta.files.values().collect(), others: fasta.archive.iter().collect() }
        }
        SplitFiles::Members(members) => {
            Named { shards: members.archive.iter().collect(), others: members.folder.iter().collect() }
        }
        SplitFiles::Rows(rows) => {
            let archives = rows.files.values().filter_map(|part| part.archive.as_ref());
            Named { others: archives.collect(), ..Named::default() }
        }
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
        chunks_are_parts_of_the_whole(split, folder.path());
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
                let Flaws { broken, remarks, passed_over, .. } = samples.flaws();
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

    /// Reads row by row, and compares with reading all at once.
    pub(crate) fn chunks_are_parts_of_the_whole(split: &SplitFiles, folder: &Path) {
        let Ok(whole) = read(split, folder) else { return };
        let (mut columns, mut flaws, mut absent) = (Vec::new(), Flaws::default(), Vec::new());
        let fields: Vec<String> = whole.fields().map(str::to_owned).collect();
        let mut sink = |samples: Samples| {
            flaws.merge(samples.flaws().clone());
            absent.extend((0..samples.len()).map(|row| samples.absent(&fields, row)));
            for (number, (field, values)) in samples.into_columns().into_iter().enumerate() {
                match columns.get_mut(number) {
                    None => columns.push((field, values)),
                    Some((_, column)) => column.extend(values),
                }
            }
            Ok(())
        };
        let read = read_in_chunks(split, folder, &Archives::default(), (1, &mut sink));
        read.expect("readable as a whole");
        let row = |row| whole.absent(&fields, row);
        assert_eq!(absent, (0..whole.len()).map(row).collect::<Vec<_>>());
        let (broken, all) = (&flaws.broken, &whole.flaws().broken);
        assert_eq!((broken.count, &broken.reasons), (all.count, &all.reasons));
        assert_eq!(flaws.remarks, whole.flaws().remarks);
        assert_eq!(columns, whole.into_columns());
    }
}
