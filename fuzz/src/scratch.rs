//! The folder for files that readers take from the disk; whoever starts the process gives it a temporary folder.

use std::path::PathBuf;
use std::sync::OnceLock;

/// A path in a folder of this process.
pub(crate) fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("any2any-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    });
    folder.join(name)
}

/// Writes a file there, and gives its path.
pub(crate) fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = path(name);
    std::fs::create_dir_all(path.parent().expect("in the folder")).expect("made");
    std::fs::write(&path, bytes).expect("written");
    path
}
