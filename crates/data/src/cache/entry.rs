//! Entry of a cache: its place, the lock under which one process makes it, and the step by which it becomes whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::{DESCRIPTION, Key};
use crate::DataError;

/// The ending of the folder in which an entry is made.
const UNFINISHED: &str = ".unfinished";

/// Place of an entry in a cache.
#[derive(Clone, Debug)]
pub struct Entry {
    folder: PathBuf,
}

impl Entry {
    pub(super) fn new(kind: PathBuf, key: &Key) -> Self {
        Self { folder: kind.join(key.as_str()) }
    }

    /// The folder of the entry when it is whole.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder in which the entry is made.
    pub fn unfinished(&self) -> PathBuf {
        self.folder.with_extension(UNFINISHED.trim_start_matches('.'))
    }

    /// What the entry was made from and what was found; none where there is no whole entry.
    pub fn description(&self) -> Option<Json> {
        described(&self.folder)
    }

    /// Waits until no other process makes the entry, and keeps others from doing so. `waits` is called once if there is
    /// something to wait for.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written.
    pub fn lock(&self, waits: impl FnOnce()) -> Result<Lock, DataError> {
        match Lock::of_folder(&self.folder)? {
            Some(lock) => Ok(lock),
            None => {
                waits();
                let (file, path) = Lock::open(&self.folder)?;
                file.lock().map_err(|source| DataError::Write { path, source })?;
                Ok(Lock { _file: file })
            }
        }
    }

    /// Makes the entry whole: writes its description, and gives its folder its name.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written.
    pub fn finish(&self, description: &Json, _held: &Lock) -> Result<(), DataError> {
        let unfinished = self.unfinished();
        let path = unfinished.join(DESCRIPTION);
        let written = |path: &Path| {
            let path = path.to_owned();
            move |source| DataError::Write { path, source }
        };
        let text = description.to_string();
        let sum = crc32c::crc32c(text.as_bytes());
        std::fs::write(&path, format!("{text}\n{sum:08x}\n")).map_err(written(&path))?;
        File::open(&path).and_then(|file| file.sync_all()).map_err(written(&path))?;
        std::fs::rename(&unfinished, &self.folder).map_err(written(&self.folder))
    }

    /// Removes the entry, which was found to be damaged.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<(), DataError> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DataError::Write { path: self.folder.clone(), source: error })
            }
            _ => Ok(()),
        }
    }
}

/// The description of an entry's folder, a line that is followed by its CRC-32C; none where that is wrong.
pub(super) fn described(folder: &Path) -> Option<Json> {
    let text = std::fs::read_to_string(folder.join(DESCRIPTION)).ok()?;
    let (description, sum) = text.strip_suffix('\n')?.split_once('\n')?;
    (format!("{:08x}", crc32c::crc32c(description.as_bytes())) == sum).then_some(())?;
    serde_json::from_str(description).ok()
}

/// Lock of an entry, which the system releases when the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    fn open(folder: &Path) -> Result<(File, PathBuf), DataError> {
        // An entry and its unfinished folder have one lock.
        let path = folder.with_extension("lock");
        let kind = folder.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(kind).map_err(|source| DataError::Write { path: kind.to_owned(), source })?;
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(|source| DataError::Write { path: path.clone(), source })?;
        Ok((file, path))
    }

    /// The lock of an entry's folder; none while another process holds it.
    pub(super) fn of_folder(folder: &Path) -> Result<Option<Self>, DataError> {
        let (file, path) = Self::open(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(DataError::Write { path, source }),
        }
    }
}
