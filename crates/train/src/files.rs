//! Files that are never seen half-written.

use std::path::Path;

use crate::error::TrainError;

/// Writes a file under a temporary name beside its place and renames it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(TrainError::io(folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(TrainError::io(path))?;
    std::io::Write::write_all(&mut file, bytes).map_err(TrainError::io(path))?;
    file.as_file().sync_all().map_err(TrainError::io(path))?;
    file.persist(path).map_err(|error| TrainError::io(path)(error.error))?;
    Ok(())
}

/// Reads a whole text file.
pub(crate) fn read(path: &Path) -> Result<String, TrainError> {
    std::fs::read_to_string(path).map_err(TrainError::io(path))
}
