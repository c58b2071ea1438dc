//! Errors of data. Every message names the place and the way out.

use std::io;
use std::path::PathBuf;

/// Error of reading, downloading or mixing data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file that cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file or folder that cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file that is wrong as a whole.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The problem, and the way out.
        reason: String,
    },
    /// A line of a file that is wrong.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The problem, and the way out.
        reason: String,
    },
    /// Parallel files of different numbers of lines.
    #[error(
        "parallel files differ in length: {}; line N of each must belong together",
        files.iter().map(|(path, lines)| format!("{} has {} lines", path.display(), any2any_adapter::grouped(*lines)))
            .collect::<Vec<_>>().join(", ")
    )]
    Lengths {
        /// Every file with its number of lines.
        files: Vec<(PathBuf, usize)>,
    },
    /// A sample made of another that cannot be made.
    #[error("row {row}{}: {reason}", if place.is_empty() { String::new() } else { format!(" of {place}") })]
    Row {
        /// The file that the row comes from.
        place: String,
        /// The row, counted from 1 without any header.
        row: usize,
        /// The problem, with the template, and the way out.
        reason: String,
    },
    /// An option of the data that does not fit the samples.
    #[error("dataset '{dataset}', {option}: {reason}")]
    Option {
        /// The dataset.
        dataset: String,
        /// The option, as a path such as `split.leave_out`.
        option: String,
        /// The problem, and the way out.
        reason: String,
    },
    /// A field that the samples do not have.
    #[error("no field is called '{field}': {}", crate::text::known(field, known))]
    Field {
        /// The field that was asked for.
        field: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// A field that holds pictures, signals or files where texts are needed.
    #[error("the field '{field}' holds no texts; name a field that does")]
    NoText {
        /// The field.
        field: String,
    },
    /// Data that names neither a dataset nor files, or both.
    #[error("there is no data: give `data` either a dataset or files")]
    NoData,
    /// A split that the dataset does not have.
    #[error("dataset '{dataset}' has no split '{split}': {}", crate::text::known(split, known))]
    Split {
        /// The dataset.
        dataset: String,
        /// The split that was asked for.
        split: String,
        /// The roles and splits that there are.
        known: Vec<String>,
    },
    /// A file that a run names and may not.
    #[error(
        "the run names {}, which is not in its folder, in the data root or in the current folder, and whoever made the \
         run chose it: trust the run's paths if it is to be read, or name the folder that the data is in",
        path.display()
    )]
    OutOfReach {
        /// The file.
        path: PathBuf,
    },
    /// A dataset without a manifest.
    #[error(
        "no dataset is called '{name}', and no manifest is at that path: {}",
        crate::text::known(name, known)
    )]
    Dataset {
        /// The name that was asked for.
        name: String,
        /// The datasets that are known.
        known: Vec<String>,
    },
    /// A manifest that is wrong.
    #[error("manifest {place}: {reason}")]
    Manifest {
        /// The manifest's file, or its name when it ships with the program.
        place: String,
        /// The problem, and the way out.
        reason: String,
    },
    /// A dataset that is not in the data root.
    #[error(
        "dataset '{dataset}' is not in {}: {} is missing; run `any2any data get {get}`, or name the folder that \
         has it with --data-root or ANY2ANY_DATA",
        folder.display(), missing.display()
    )]
    Missing {
        /// The dataset.
        dataset: String,
        /// Argument of `any2any data get`: the dataset's name, or its manifest's path.
        get: String,
        /// The folder that was searched.
        folder: PathBuf,
        /// The first file or folder that is missing.
        missing: PathBuf,
    },
    /// A file of a dataset that has another size than its manifest says.
    #[error(
        "{} has {found} bytes, its manifest says {expected}: move the file away, then run `any2any data get {get}`",
        path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// Argument of `any2any data get`.
        get: String,
        /// The size that the manifest names.
        expected: u64,
        /// The size on disk.
        found: u64,
    },
    /// A file of a dataset that has another checksum than its manifest says.
    #[error(
        "{} has SHA-256 {found}, its manifest says {expected}: move the file away, then run `any2any data get {get}`",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Argument of `any2any data get`.
        get: String,
        /// The checksum that the manifest names.
        expected: String,
        /// The checksum of the file on disk.
        found: String,
    },
    /// A download that failed on every mirror.
    #[error("cannot download {}: {}; what has arrived is kept, so run the command again to go on", path.display(),
        attempts.join("; "))]
    Download {
        /// The file that was to be written.
        path: PathBuf,
        /// The last error of each mirror.
        attempts: Vec<String>,
    },
    /// A file that no server has: a person makes it.
    #[error("{} cannot be downloaded, put it there yourself: {origin}", path.display())]
    ByHand {
        /// The dataset.
        dataset: String,
        /// The place for the file.
        path: PathBuf,
        /// The origin of the file, and how it was made.
        origin: String,
    },
    /// Another program downloads the same file.
    #[error("another program is downloading {}: wait for it, or stop it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// An archive that must not or cannot be unpacked.
    #[error("archive {}: {reason}; nothing of it was kept", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The problem, with the member's name.
        reason: String,
    },
    /// No folder to keep datasets in.
    #[error("no folder for datasets: name one, or set ANY2ANY_DATA")]
    NoRoot,
    /// No folder to keep encoded samples in.
    #[error("no folder for encoded samples: name one, or set ANY2ANY_CACHE")]
    NoCache,
    /// A cache that is no longer what was written.
    #[error(
        "sample {sample} of {} is not what was written, so the disk or somebody has changed it: the entry is removed, and \
         made again by the next command; resume the run",
        path.display()
    )]
    Damaged {
        /// The file of the records.
        path: PathBuf,
        /// The sample, counted from 1.
        sample: usize,
    },
    /// A generator with impossible options.
    #[error(transparent)]
    Generator(any2any_synthetic::SyntheticError),
    /// Tasks from which no training step can be drawn.
    #[error("cannot mix tasks: {reason}")]
    Mix {
        /// The problem, and the way out.
        reason: String,
    },
}
