//! Streams of a split: its samples in chunks, read ahead on another thread, so that no more than a few chunks are held.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_experiment::spec::SplitFiles;
use serde_json::{Value as Json, json};

use super::Dataset;
use super::source::Source;
use crate::cache::Cache;
use crate::reader::{self, Archives};
use crate::{DataError, Prefetch, Samples};

/// Number of rows of a chunk.
const CHUNK: usize = 8192;

/// Number of chunks that wait to be taken.
const WAITING: usize = 2;

/// Files of a split that are read line by line, so that they may be larger than the memory.
#[derive(Clone, Debug)]
pub struct Streamed {
    files: SplitFiles,
    folder: PathBuf,
    archives: Arc<Archives>,
    /// All files by their paths.
    paths: Vec<PathBuf>,
}

impl Dataset {
    /// The files of a split that can be streamed: texts that are read line by line, all of whose samples are taken as they
    /// stand. `None` of other splits, which are read as a whole.
    pub fn streamed(&self, role_or_name: &str) -> Option<Streamed> {
        let options = &self.options;
        let whole = options.split.is_none() && options.pair.is_none() && options.join.is_none();
        let limited = options.limit.as_ref().is_some_and(|limit| match self.role_of(role_or_name) {
            Some("train") => limit.train.is_some(),
            Some("validation") => limit.validation.is_some(),
            Some("test") => limit.test.is_some(),
            _ => false,
        });
        if !whole || limited {
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
        let archives = Arc::new(archives.without_contents());
        Some(Streamed { files: files.clone(), folder: folder.to_owned(), archives, paths })
    }
}

impl Streamed {
    /// The size of all files, in bytes as they lie there.
    ///
    /// # Errors
    ///
    /// When one cannot be reached.
    pub fn size(&self) -> Result<u64, DataError> {
        // One of several files may be missing: reading names it.
        let size = |path: &PathBuf| match std::fs::metadata(path) {
            Err(source) if self.paths.len() == 1 => Err(DataError::Read { path: path.clone(), source }),
            data => Ok(data.map_or(0, |data| data.len())),
        };
        self.paths.iter().map(size).sum()
    }

    /// What the samples are made from: the contents of the files, and how they are read. Names of files are no part of it.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn made_from(&self, cache: &Cache) -> Result<Json, DataError> {
        let contents = cache.contents();
        // Of several files, one may be missing: it is named when they are read, and makes other samples when it is there.
        let digest = |path: &PathBuf| match contents.of(path) {
            Err(DataError::Read { .. }) => Ok(None),
            other => other.map(Some),
        };
        let files: Vec<Option<String>> = self.paths.iter().map(digest).collect::<Result<_, _>>()?;
        Ok(match &self.files {
            // Each field has as many files.
            SplitFiles::Parallel(fields) => {
                let each = files.chunks((files.len() / fields.len().max(1)).max(1));
                json!({ "parallel": fields.keys().zip(each).collect::<Vec<_>>() })
            }
            SplitFiles::Tsv(table) => json!({ "tsv": files, "columns": table.columns }),
            SplitFiles::JsonLines(records) => json!({ "json_lines": files, "columns": records.columns }),
            SplitFiles::Parquet(records) => json!({ "parquet": files, "columns": records.columns }),
            SplitFiles::Arrow(records) => json!({ "arrow": files, "columns": records.columns }),
            other => json!({ "files": files, "options": other }),
        })
    }

    /// The samples in chunks, the flaws of each its own. Reading goes on on another thread; an error is the last item.
    pub fn chunks(&self) -> Prefetch<Result<Samples, DataError>> {
        let Self { files, folder, archives, .. } = self.clone();
        Prefetch::pushed(WAITING, move |send| {
            let mut wanted = true;
            let mut sink = |samples| {
                wanted = send(Ok(samples));
                // Nobody sees the error: it ends the reading.
                if wanted { Ok(()) } else { Err(DataError::NoData) }
            };
            let read = reader::read_in_chunks(&files, &folder, &archives, (CHUNK, &mut sink));
            if let (Err(error), true) = (read, wanted) {
                send(Err(error));
            }
        })
    }
}
