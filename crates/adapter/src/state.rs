//! Files of an adapter's saved state: on a disk, or held in memory where there is none, as in a browser.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The files that are held, by the paths under which adapters look for them.
static HELD: RwLock<BTreeMap<PathBuf, Arc<[u8]>>> = RwLock::new(BTreeMap::new());

/// Holds a file of a saved state in memory, from now on, in the place of one on a disk with this path.
///
/// ```
/// use any2any_adapter::state;
///
/// state::hold("held/notes.json", *b"[60, 62]");
/// assert_eq!(state::read("held/notes.json".as_ref())?, b"[60, 62]");
/// assert!(state::read("held/no such file".as_ref()).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn hold(path: impl Into<PathBuf>, bytes: impl Into<Arc<[u8]>>) {
    HELD.write().unwrap_or_else(PoisonError::into_inner).insert(path.into(), bytes.into());
}

/// True if a file is held in memory.
///
/// ```
/// use any2any_adapter::state;
///
/// assert!(!state::is_held("held/pitches.json".as_ref()));
/// state::hold("held/pitches.json", *b"[]");
/// assert!(state::is_held("held/pitches.json".as_ref()));
/// ```
pub fn is_held(path: &Path) -> bool {
    HELD.read().unwrap_or_else(PoisonError::into_inner).contains_key(path)
}

/// The bytes of a file of a saved state. [`Medium::load`](crate::Medium::load) reads with this, so that an adapter can be
/// loaded where there is no disk.
///
/// ```
/// use any2any_adapter::state;
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("notes.json"), b"[60]")?;
/// assert_eq!(state::read(&folder.path().join("notes.json"))?, b"[60]");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// When there is no such file, or it cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if let Some(held) = HELD.read().unwrap_or_else(PoisonError::into_inner).get(path) {
        return Ok(held.to_vec());
    }
    if cfg!(target_family = "wasm") {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
    }
    std::fs::read(path)
}
