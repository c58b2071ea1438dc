//! Files that are never seen half-written.

use std::io::Write;
use std::path::Path;

use crate::error::TrainError;

/// Writes a file under a temporary name beside its place and renames it. Whoever may read other new files may read it.
///
/// # Errors
///
/// When the folder cannot be made, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(TrainError::io(folder))?;
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone where nothing else is said; the mask of the process still counts.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(TrainError::io(path))?;
    file.write_all(bytes).map_err(TrainError::io(path))?;
    file.as_file().sync_all().map_err(TrainError::io(path))?;
    file.persist(path).map_err(|error| TrainError::io(path)(error.error))?;
    Ok(())
}

/// Reads a whole text file.
pub(crate) fn read(path: &Path) -> Result<String, TrainError> {
    std::fs::read_to_string(path).map_err(TrainError::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_files_are_whole_alone_and_as_open_as_others() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (ours, other) = (folder.path().join("new/ours"), folder.path().join("other"));
        for text in ["first", "second"] {
            write(&ours, text.as_bytes()).expect("writable");
            assert_eq!(read(&ours).expect("readable"), text);
        }
        std::fs::write(&other, "").expect("writable");
        let permissions = |path: &Path| path.metadata().expect("a file").permissions();
        assert_eq!(permissions(&ours), permissions(&other));
        let beside = ours.parent().and_then(|folder| folder.read_dir().ok()).expect("a folder");
        assert_eq!(beside.count(), 1, "no temporary file stays");
    }
}
