//! The unfinished file of a download, `NAME.part`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{DataError, ManifestFile};

/// The file that a download is written to until it is whole.
pub(super) struct Part {
    pub(super) path: PathBuf,
    file: File,
    /// Number of bytes that have arrived.
    pub(super) length: u64,
    /// True if bytes of an earlier run were thrown away.
    pub(super) restarted: bool,
}

impl Part {
    pub(super) fn open(path: &Path, file: &ManifestFile) -> Result<Self, DataError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)
            .map_err(|source| DataError::Write { path: folder.to_owned(), source })?;
        let write = |source| DataError::Write { path: part.clone(), source };
        let mut opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(write)?;
        match opened.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DataError::Busy { path: path.to_owned() });
            }
            // A file system without locks: the download is still checked as a whole.
            Err(TryLockError::Error(_)) => {}
        }
        let length = opened.seek(SeekFrom::End(0)).map_err(write)?;
        let mut part = Self { path: part, file: opened, length, restarted: false };
        if part.length > file.bytes {
            part.clear()?;
        }
        Ok(part)
    }

    pub(super) fn clear(&mut self) -> Result<(), DataError> {
        self.restarted = true;
        self.length = 0;
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(|source| self.broken(source))
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.file.write_all(bytes).map_err(|source| self.broken(source))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn broken(&self, source: io::Error) -> DataError {
        DataError::Write { path: self.path.clone(), source }
    }

    /// Gives the whole file its name.
    pub(super) fn finish(self, path: &Path) -> Result<(), DataError> {
        let moved = self.file.sync_all().and_then(|()| std::fs::rename(&self.path, path));
        moved.map_err(|source| DataError::Write { path: path.to_owned(), source })
    }

    /// Keeps the arrived bytes for a later run; removes the file if there are none.
    pub(super) fn abandon(self) {
        if self.length == 0 {
            // Only tidiness is lost when this fails.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
