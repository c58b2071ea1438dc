//! Folders that commands write results into, a new file each.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Folder for results, which replaces no file unless told to, and writes none twice.
pub(crate) struct OutputFolder {
    folder: PathBuf,
    /// Whether files that were there before may be replaced.
    overwrite: bool,
    written: HashSet<PathBuf>,
}

impl OutputFolder {
    /// A folder, which need not exist yet.
    pub(crate) fn new(folder: &Path, overwrite: bool) -> Self {
        Self { folder: folder.to_owned(), overwrite, written: HashSet::new() }
    }

    /// Writes a file of a name, which none written before may have.
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
