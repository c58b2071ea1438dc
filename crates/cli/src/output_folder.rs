//! Output folders, into which a command writes each result as a new file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An output folder, which replaces no file unless told to, and writes none twice.
pub(crate) struct OutputFolder {
    folder: PathBuf,
    /// True if files that were there before may be replaced.
    overwrite: bool,
    written: HashSet<PathBuf>,
}

impl OutputFolder {
    /// An output folder, which need not exist yet.
    pub(crate) fn new(folder: &Path, overwrite: bool) -> Self {
        Self { folder: folder.to_owned(), overwrite, written: HashSet::new() }
    }

    /// Writes a file, whose name must be new.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        if !self.written.insert(path.clone()) {
            let path = path.display();
            anyhow::bail!("two sources would be written to {path}: write them into different folders");
        }
        if path.exists() && !self.overwrite {
            anyhow::bail!("{} is already there; choose another folder, or add --overwrite", path.display());
        }
        any2any_run::atomic_file::write(&path, bytes)?;
        Ok(path)
    }
}
