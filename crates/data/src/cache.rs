//! Cache: encoded samples and fitted vocabularies on the disk, for every run that asks for the same ones.
//!
//! An entry is a folder `KIND/KEY`, whose key is a digest of all that the entry was made from: the bytes of the files
//! ([`Contents`]), and the options. It is made beside its place and renamed, so that it appears whole. One process makes
//! an entry at a time; others wait for it. What a killed process has made of [`Records`] is gone on with.

mod contents;
mod entry;
mod records;
mod values;
mod writer;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

pub use contents::Contents;
pub use entry::{Entry, Lock};
pub use records::Records;
pub use values::{value_of_bytes, value_to_bytes};
pub use writer::Writer;

use crate::download::digest;
use crate::{DataError, DataRoot};

/// The environment variable that names the cache.
const VARIABLE: &str = "ANY2ANY_CACHE";

/// The file of an entry that describes it; an entry without one is not whole.
const DESCRIPTION: &str = "entry.json";

/// Folder of encoded samples and fitted vocabularies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

/// Digest of all that an entry is made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key of an entry that is made from what a value describes, by this version of the program.
    pub fn of(made_from: &Json) -> Self {
        let text = format!("{} {made_from}", env!("CARGO_PKG_VERSION"));
        Self(digest::of_bytes(text.as_bytes()))
    }

    /// The key in hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Cache {
    /// The cache in a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The cache that a person chose: the folder given, else the environment variable `ANY2ANY_CACHE`, else `cache` in
    /// the platform's folder for caches of this program.
    ///
    /// # Errors
    ///
    /// When there is none of these.
    pub fn find(given: Option<&Path>) -> Result<Self, DataError> {
        Self::find_in(given, |name| std::env::var_os(name))
    }

    fn find_in(given: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, DataError> {
        let chosen = variable(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let usual = || DataRoot::usual_folder(&variable).map(|folder| folder.join("cache"));
        given.map(Path::to_owned).or(chosen).or_else(usual).map(Self::at).ok_or(DataError::NoCache)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The place of an entry, of a kind such as `samples`.
    pub fn entry(&self, kind: &str, key: &Key) -> Entry {
        Entry::new(self.folder.join(kind), key)
    }

    /// What the cache holds: whole entries, and those that are being made or were left half made.
    ///
    /// # Errors
    ///
    /// When its folder cannot be read.
    pub fn held(&self) -> Result<Vec<Held>, DataError> {
        let mut held = Vec::new();
        for kind in folders(&self.folder)? {
            let word = kind.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            for folder in folders(&kind)? {
                let description = entry::described(&folder);
                held.push(Held { kind: word.clone(), bytes: size(&folder)?, folder, description });
            }
        }
        Ok(held)
    }

    /// Removes all entries but those that a process is making, and says how many bytes they had.
    ///
    /// # Errors
    ///
    /// When one cannot be removed.
    pub fn clear(&self) -> Result<u64, DataError> {
        let mut bytes = 0;
        for held in self.held()? {
            let Some(_lock) = Lock::of_folder(&held.folder)? else { continue };
            std::fs::remove_dir_all(&held.folder)
                .map_err(|source| DataError::Write { path: held.folder.clone(), source })?;
            bytes += held.bytes;
        }
        Ok(bytes)
    }
}

/// Entry of a cache, as it lies there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Held {
    /// Its kind: `samples`, `adapters`.
    pub kind: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it was made from; none of an entry that is not whole.
    pub description: Option<Json>,
}

/// The folders in a folder, sorted; none where there is no such folder.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read = |source| DataError::Read { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(read)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(read)?;
        if entry.file_type().map_err(read)?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn size(folder: &Path) -> Result<u64, DataError> {
    let read = |source| DataError::Read { path: folder.to_owned(), source };
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        match entry.metadata() {
            Ok(data) if data.is_dir() => bytes += size(&entry.path())?,
            Ok(data) => bytes += data.len(),
            // A process that makes the entry has renamed it meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(read(error)),
        }
    }
    Ok(bytes)
}
