//! Atomic writes: files and folders that appear whole, or not at all.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::RunError;

/// The prefix of files and folders that are being written.
pub const UNFINISHED: &str = ".unfinished-";

/// Writes a file under a temporary name beside its place, and renames it. Whoever may read other new files may read it.
///
/// # Errors
///
/// When the folder cannot be made, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(RunError::io(folder))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files are readable for their owner alone by default; the mask of the process still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(RunError::io(path))?;
    // Through the file itself, whose errors do not name the temporary path.
    file.as_file_mut().write_all(bytes).map_err(RunError::io(path))?;
    file.as_file().sync_all().map_err(RunError::io(path))?;
    file.persist(path).map_err(|error| RunError::io(path)(error.error))?;
    sync_folder(folder)
}

/// Syncs a folder, so that the names in it survive a power failure, as far as the file system can promise that.
pub fn sync_folder(folder: &Path) -> Result<(), RunError> {
    use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    // Windows opens no folders, and some file systems do not sync them.
    if !cfg!(unix) {
        return Ok(());
    }
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {
            Err(RunError::io(folder)(error))
        }
        _ => Ok(()),
    }
}

/// Removes unfinished files and folders, which a killed process has left in a folder.
pub fn remove_unfinished(folder: &Path) -> Result<(), RunError> {
    for entry in std::fs::read_dir(folder).map_err(RunError::io(folder))?.flatten() {
        let kind = entry.file_type().map_err(RunError::io(&entry.path()))?;
        if !kind.is_symlink() && entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let remove = if kind.is_dir() { std::fs::remove_dir_all } else { std::fs::remove_file };
            remove(entry.path()).map_err(RunError::io(&entry.path()))?;
        }
    }
    Ok(())
}

/// A new folder with a temporary name, to be renamed when it is finished; it is removed if it is dropped before.
/// Whoever may read other new folders may read it.
pub fn unfinished_folder(inside: &Path, prefix: &str) -> Result<tempfile::TempDir, RunError> {
    std::fs::create_dir_all(inside).map_err(RunError::io(inside))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(inside).map_err(RunError::io(inside))
}

/// Gives a finished folder its name, which only an empty folder may have.
pub fn finish_folder(unfinished: tempfile::TempDir, place: &Path) -> Result<(), RunError> {
    // Only Unix replaces an empty folder by itself.
    if !cfg!(unix) {
        let _ = std::fs::remove_dir(place);
    }
    std::fs::rename(unfinished.path(), place).map_err(RunError::io(place))?;
    // The folder has its new name, so there is nothing to remove.
    let _ = unfinished.keep();
    sync_folder(place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Moves a file or a folder out of the way, to the first free name that ends in `.old-N`; returns that name.
pub fn set_aside(path: &Path) -> Result<PathBuf, RunError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let free = (1..)
        .map(|number| path.with_file_name(format!("{name}.old-{number}")))
        .find(|path| path.symlink_metadata().is_err())
        .expect("there are endless numbers");
    std::fs::rename(path, &free).map_err(RunError::io(path))?;
    Ok(free)
}

/// The most bytes of a text file of a run.
const TEXT: u64 = 256 << 20;

/// Opens a file, and tells its size in bytes. A pipe or a device that has its name would wait for somebody, or never
/// end.
///
/// # Errors
///
/// If it is no file, or cannot be opened.
pub fn open(path: &Path) -> std::io::Result<(File, u64)> {
    let data = std::fs::metadata(path)?;
    match data.is_file() {
        true => Ok((File::open(path)?, data.len())),
        false => Err(std::io::Error::other("it is no file")),
    }
}

/// Reads a whole text file.
pub fn read(path: &Path) -> Result<String, RunError> {
    let cannot = |error| RunError::io(path)(error);
    let (mut file, size) = open(path).map_err(cannot)?;
    if size > TEXT {
        return Err(RunError::run(path, format!("it has {size} bytes, and may have {TEXT}")));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(cannot)?;
    Ok(text)
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
