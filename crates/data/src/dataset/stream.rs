//! Streams of a split: its samples in chunks, so that no more than a few chunks are held. Texts are read ahead line by line
//! on another thread; of values that are files, memory holds the names.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::File;
use any2any_experiment::spec::SplitFiles;
use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::Dataset;
use super::source::Source;
use crate::cache::{Cache, value_to_bytes};
use crate::download::digest;
use crate::filter::Filter;
use crate::reader::{self, Archives, Sink};
use crate::samples::files_in;
use crate::{DataError, Flaws, Prefetch, Samples};

/// Number of rows of a chunk.
const CHUNK: usize = 8192;

/// Number of bytes for which a part of a file counts.
const PART: u64 = 256 << 10;

/// Number of chunks that wait to be taken.
const WAITING: usize = 2;

/// Samples of a split that are read chunk by chunk, so that they may be larger than the memory.
#[derive(Clone, Debug)]
pub struct Streamed {
    way: Way,
    /// The number of all rows, if somebody has counted them.
    count: Option<usize>,
}

#[derive(Clone, Debug)]
enum Way {
    Lines(Lines),
    Rows(Arc<Samples>),
}

/// Files whose samples are texts, read line by line.
#[derive(Clone, Debug)]
struct Lines {
    files: SplitFiles,
    folder: PathBuf,
    archives: Arc<Archives>,
    /// All files by their paths.
    paths: Vec<PathBuf>,
    /// The dataset's name, and the filters that its samples have to pass.
    filter: Option<(String, Arc<Filter>)>,
}

impl Dataset {
    /// The samples of a split whose texts are read line by line, all of which are taken as they stand. `None` of other
    /// splits, which are read as a whole.
    pub fn streamed(&self, role_or_name: &str) -> Option<Streamed> {
        let options = &self.options;
        let whole = options.split.is_none() && options.pair.is_none() && options.join.is_none();
        let name = self.role_of(role_or_name).unwrap_or(role_or_name);
        if !whole || self.limit(name).is_some() {
            return None;
        }
        let (files, folder, archives) = match &self.source {
            Source::Folder { manifest, folder, archives } => {
                (manifest.split(role_or_name)?.1, folder.as_path(), archives)
            }
            Source::Files { files, archives } => {
                let (_, files) = files.splits().find(|(role, _)| *role == role_or_name)?;
                (files, Path::new(""), archives)
            }
            Source::Generated { .. } => return None,
        };
        let paths = reader::lined(files, folder)?;
        // Where the texts are not known, reading the whole split says so.
        let filter = self.filter(name).ok()?.map(|filter| (self.name().to_owned(), filter.clone()));
        let archives = Arc::new(archives.without_contents());
        let lines = Lines { files: files.clone(), folder: folder.to_owned(), archives, paths, filter };
        Some(Streamed { way: Way::Lines(lines), count: None })
    }

    /// The samples of any split, whose values are held as the data has them: those that are files by their names.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn streamed_rows(&self, role_or_name: &str) -> Result<Streamed, DataError> {
        let samples = self.split(role_or_name)?;
        Ok(Streamed { count: Some(samples.len()), way: Way::Rows(Arc::new(samples)) })
    }

    /// The first rows of a [split](Self::split), or all. Of texts that are read line by line, those behind are not read, but
    /// for the rest of a chunk.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn beginning(&self, role_or_name: &str, rows: Option<usize>) -> Result<Samples, DataError> {
        let Some((rows, streamed)) = rows.zip(self.streamed(role_or_name)) else {
            return self.split(role_or_name);
        };
        let mut read: Option<Samples> = None;
        for chunk in streamed.chunks() {
            match &mut read {
                None => read = Some(chunk?),
                Some(read) => read.append(chunk?),
            }
            if read.as_ref().is_some_and(|read| read.len() >= rows) {
                break;
            }
        }
        // Reading all of it says what is wrong with a split without samples.
        read.map_or_else(|| self.split(role_or_name), Ok)
    }

    /// True if samples of some split have files as values.
    pub fn names_files(&self) -> bool {
        self.source.names_files() || self.partner.as_ref().is_some_and(|partner| partner.source.names_files())
    }
}

impl Streamed {
    /// The number of rows, those counted that cannot be read; `None` of files whose lines nobody has counted.
    pub fn count(&self) -> Option<usize> {
        self.count
    }

    /// True if the samples of a chunk hold files with all their bytes, so that no more than some can be held.
    pub fn holds_files(&self) -> bool {
        match &self.way {
            Way::Lines(Lines { files, folder, .. }) => reader::holds_files(files, folder),
            Way::Rows(_) => false,
        }
    }

    /// The same samples, now that somebody has counted the rows.
    #[must_use]
    pub fn counted(self, rows: usize) -> Self {
        Self { count: Some(rows), ..self }
    }

    /// The size of all files that are no parts of others, in bytes as they lie there.
    ///
    /// # Errors
    ///
    /// When one cannot be reached.
    pub fn size(&self) -> Result<u64, DataError> {
        match &self.way {
            Way::Lines(Lines { paths, .. }) => {
                // One of several files may be missing: reading names it.
                let size = |path: &PathBuf| match std::fs::metadata(path) {
                    Err(source) if paths.len() == 1 => Err(DataError::Read { path: path.clone(), source }),
                    data => Ok(data.map_or(0, |data| data.len())),
                };
                paths.iter().map(size).sum()
            }
            Way::Rows(samples) => {
                let whole = files_of(samples).filter(|file| file.part().is_none());
                whole.map(|file| file.size().map_err(|source| unread(file, source))).sum()
            }
        }
    }

    /// What the samples are made from: the contents of the files, how they are read, and filters. Of files of texts, names are
    /// no part of it; values that are files are found by their names later, too.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn made_from(&self, cache: &Cache) -> Result<Json, DataError> {
        match &self.way {
            Way::Lines(lines) => lines.made_from(cache),
            Way::Rows(samples) => rows_made_from(samples, cache),
        }
    }

    /// The samples in chunks, the flaws of each its own. Reading goes on on another thread; an error is the last item.
    pub fn chunks(&self) -> Prefetch<Result<Samples, DataError>> {
        match self.way.clone() {
            Way::Lines(lines) => lines.chunks(),
            Way::Rows(samples) => Prefetch::new(1, chunks_of_rows(samples).map(Ok)),
        }
    }
}

impl Lines {
    fn made_from(&self, cache: &Cache) -> Result<Json, DataError> {
        let contents = cache.contents();
        // Of several files, one may be missing: it is named when they are read, and makes other samples when it is there.
        let digest = |path: &PathBuf| match contents.of(path) {
            Err(DataError::Read { .. }) => Ok(None),
            other => other.map(Some),
        };
        let files: Vec<Option<String>> = self.paths.iter().map(digest).collect::<Result<_, _>>()?;
        let mut made_from = match &self.files {
            // Each field has as many files.
            SplitFiles::Parallel(fields) => {
                let each = files.chunks((files.len() / fields.len().max(1)).max(1));
                json!({ "parallel": fields.keys().zip(each).collect::<Vec<_>>() })
            }
            SplitFiles::Tsv(table) => json!({ "tsv": files, "columns": table.columns }),
            SplitFiles::JsonLines(records) => json!({ "json_lines": files, "columns": records.columns }),
            SplitFiles::Parquet(records) => json!({ "parquet": files, "columns": records.columns }),
            SplitFiles::Arrow(records) => json!({ "arrow": files, "columns": records.columns }),
            // Members of a tar are found by its path later, too.
            SplitFiles::WebDataset(set) => {
                json!({ "webdataset": files, "fields": set.fields, "paths": self.paths })
            }
            other => json!({ "files": files, "options": other }),
        };
        if let Some((_, filter)) = &self.filter {
            made_from["filter"] = filter.made_from();
        }
        Ok(made_from)
    }

    fn chunks(self) -> Prefetch<Result<Samples, DataError>> {
        let Self { files, folder, archives, filter, .. } = self;
        Prefetch::pushed(WAITING, move |send| {
            let mut wanted = true;
            let mut sink = |samples| {
                wanted = send(Ok(samples));
                // Nobody sees the error: it ends the reading.
                if wanted { Ok(()) } else { Err(DataError::NoData) }
            };
            let read =
                |sink: &mut Sink<'_>| reader::read_in_chunks(&files, &folder, &archives, (CHUNK, sink));
            let read = match &filter {
                Some((dataset, filter)) => filter.read(dataset, read, &mut sink),
                None => read(&mut sink),
            };
            if let (Err(error), true) = (read, wanted) {
                send(Err(error));
            }
        })
    }
}

/// What the rows of a split are made from: their values, and the contents of all files on the disk.
fn rows_made_from(samples: &Samples, cache: &Cache) -> Result<Json, DataError> {
    let contents = cache.contents();
    let mut paths: Vec<&Path> = files_of(samples).filter_map(File::on_the_disk).collect();
    paths.sort_unstable();
    paths.dedup();
    let digests = paths.par_iter().map(|path| contents.of(path)).collect::<Result<Vec<_>, _>>()?;
    let digests: BTreeMap<&Path, String> = paths.into_iter().zip(digests).collect();
    let files: Vec<u8> = digests.into_values().flat_map(String::into_bytes).collect();
    let mut columns = Vec::new();
    for field in samples.fields() {
        let values = samples.column(field).unwrap_or_default();
        let whole: Vec<u8> =
            values.iter().flat_map(|value| value_to_bytes(value).unwrap_or_default()).collect();
        columns.push(json!([field, digest::of_bytes(&whole)]));
    }
    let Flaws { broken, remarks, passed_over, filtered } = samples.flaws();
    Ok(json!({
        "rows": samples.len(),
        "columns": columns,
        "files": digest::of_bytes(&files),
        // An entry reports them too.
        "flaws": json!([broken, remarks, passed_over, filtered]),
    }))
}

/// The rows of a split in chunks, of which the first has the flaws of all.
fn chunks_of_rows(samples: Arc<Samples>) -> impl Iterator<Item = Samples> + Send {
    let fields: Vec<String> = samples.fields().map(str::to_owned).collect();
    let mut first = 0;
    std::iter::from_fn(move || {
        let rows: Vec<usize> = samples.chunk(&fields, first).collect();
        first += rows.len();
        match rows.first()? {
            0 => Some(samples.select(&rows)),
            _ => Some(samples.select(&rows).with_flaws(Flaws::default())),
        }
    })
}

impl Samples {
    /// The rows from one on whose files in some fields are opened at once; none behind the last.
    pub fn chunk(&self, fields: &[String], first: usize) -> Range<usize> {
        let (mut end, mut bytes) = (first, 0);
        while end < self.len() && end - first < CHUNK {
            bytes += self.bytes_of_files(fields, end, PART);
            if bytes > reader::BYTES && end > first {
                break;
            }
            end += 1;
        }
        first..end
    }
}

/// All files that are values of samples.
fn files_of(samples: &Samples) -> impl Iterator<Item = &File> {
    samples.fields().filter_map(|field| samples.column(field)).flatten().flat_map(files_in)
}

fn unread(file: &File, source: std::io::Error) -> DataError {
    DataError::Read { path: file.path().to_owned(), source }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Value;

    use super::*;

    #[test]
    fn rows_are_opened_together_up_to_a_size_and_a_number() {
        let file = |bytes: u64| Value::from(File::in_memory("a.wav", vec![0; bytes as usize]));
        let large = reader::BYTES;
        let sizes = [large - 1, 1, 1, 2 * large, 1];
        let samples = Samples::new(vec![("a".to_owned(), sizes.map(file).to_vec())]).expect("a column");
        let fields = ["a".to_owned()];
        let mut chunks = vec![samples.chunk(&fields, 0)];
        while let Some(last) = chunks.last().filter(|last| last.end < samples.len()) {
            chunks.push(samples.chunk(&fields, last.end));
        }
        assert_eq!(chunks, [0..2, 2..3, 3..4, 4..5]);
        let texts = vec![Value::from("b"); CHUNK + 2];
        let many = Samples::new(vec![("b".to_owned(), texts)]).expect("a column");
        assert_eq!(many.chunk(&["b".to_owned()], 0), 0..CHUNK);
        assert_eq!(many.chunk(&["b".to_owned()], CHUNK), CHUNK..CHUNK + 2);
        assert!(many.chunk(&["b".to_owned()], CHUNK + 2).is_empty());
    }
}
