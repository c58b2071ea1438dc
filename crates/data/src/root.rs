//! The data root: the folder that holds datasets, each in a folder of its own name unless it shares one.
//!
//! A set that is already there is used where it lies and never written to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::download::digest;
use crate::manifest::MODELS;
use crate::reach::Reach;
use crate::{DataError, Manifest, ManifestFile};

/// The environment variable that names the data root.
const VARIABLE: &str = "ANY2ANY_DATA";

/// The folder that holds datasets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    folder: PathBuf,
    /// Let runs name files anywhere.
    trusts_runs: bool,
    /// Further folders that a run may name files in.
    named: Vec<PathBuf>,
    /// Folder of the run whose data is opened; none for an experiment that a person wrote.
    run: Option<PathBuf>,
    /// Folder of the cache, if a person chose one.
    cache: Option<PathBuf>,
}

/// Presence of a dataset in the data root.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// Every file is there, with its size.
    Present,
    /// Something is missing.
    Missing(PathBuf),
    /// A file has another size than the manifest says.
    WrongSize {
        /// The file.
        path: PathBuf,
        /// The size that the manifest names.
        expected: u64,
        /// The size on disk.
        found: u64,
    },
}

impl DataRoot {
    /// The data root at a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), trusts_runs: false, named: Vec::new(), run: None, cache: None }
    }

    /// The root with a choice of trust: if true, runs may name files anywhere, as a person's own may and a stranger's
    /// should not.
    #[must_use]
    pub fn trusting_runs(self, trusts_runs: bool) -> Self {
        Self { trusts_runs, ..self }
    }

    /// True if runs may name files anywhere.
    pub fn trusts_runs(&self) -> bool {
        self.trusts_runs
    }

    /// The root with a further folder in which runs may name files.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.named.push(folder.into());
        self
    }

    /// The root with the folder of the cache that a person chose.
    #[must_use]
    pub fn with_cache(self, folder: Option<PathBuf>) -> Self {
        Self { cache: folder, ..self }
    }

    /// The cache for what is made of the data.
    ///
    /// # Errors
    ///
    /// When nobody chose one and the platform has no folder for caches.
    pub fn cache(&self) -> Result<Cache, DataError> {
        Cache::find(self.cache.as_deref())
    }

    /// The root for the data of the run in a folder: unless runs are trusted, the files that it names must lie there, in
    /// the data root, in the current folder, or in a folder that [`with_folder`](Self::with_folder) names.
    #[must_use]
    pub fn for_run(&self, run: impl Into<PathBuf>) -> Self {
        Self { run: Some(run.into()), ..self.clone() }
    }

    /// The files that the run whose data is opened may name; none if it may name any file.
    pub(crate) fn reach(&self) -> Option<Reach> {
        let run = self.run.as_ref().filter(|_| !self.trusts_runs)?;
        let named = std::iter::once(&self.folder).chain(&self.named);
        Some(Reach::new(run, named.map(PathBuf::as_path)))
    }

    /// The data root that a person chose: the folder given, else the environment variable `ANY2ANY_DATA`,
    /// else `any2any` in the platform's folder for caches.
    ///
    /// # Errors
    ///
    /// When there is none of these.
    pub fn find(given: Option<&Path>) -> Result<Self, DataError> {
        Self::find_in(given, |name| std::env::var_os(name))
    }

    fn find_in(given: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, DataError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        given
            .map(Path::to_owned)
            .or_else(|| set(VARIABLE))
            .or_else(|| Self::usual_folder(&variable))
            .map(Self::at)
            .ok_or(DataError::NoRoot)
    }

    /// `any2any` in the platform's folder for caches, by its environment variables.
    pub(crate) fn usual_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = if cfg!(windows) {
            set("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            set("HOME").map(|home| home.join("Library/Caches"))
        } else {
            // The XDG specification asks to pass over a path that is not absolute.
            let given = set("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
            given.or_else(|| set("HOME").map(|home| home.join(".cache")))
        };
        cache.map(|cache| cache.join("any2any"))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of one dataset, which several may share.
    pub fn set_folder(&self, manifest: &Manifest) -> PathBuf {
        self.folder.join(manifest.folder())
    }

    /// The folder of a model that was fetched, or given this name by a person; the path itself if there is a file or a
    /// folder at it.
    pub fn model_folder(&self, name_or_path: &Path) -> PathBuf {
        let fetched = self.folder.join(MODELS).join(name_or_path);
        let is_name = name_or_path.components().count() == 1;
        if is_name && !name_or_path.exists() && fetched.is_dir() { fetched } else { name_or_path.to_owned() }
    }

    /// Presence of a dataset. Sizes are compared, contents are not: see [`verify`](Self::verify).
    pub fn presence(&self, manifest: &Manifest) -> Presence {
        let folder = self.set_folder(manifest);
        manifest
            .files
            .iter()
            .map(|file| file_presence(&folder, file))
            .find(|presence| *presence != Presence::Present)
            .unwrap_or(Presence::Present)
    }

    /// Compares every file of a dataset with its checksum.
    ///
    /// # Errors
    ///
    /// When a file is missing or differs.
    pub fn verify(&self, manifest: &Manifest) -> Result<(), DataError> {
        self.require(manifest, &manifest.name)?;
        let folder = self.set_folder(manifest);
        for file in &manifest.files {
            let path = folder.join(&file.path);
            // The archive of an unpacked folder may have been deleted.
            if path.is_file() {
                let found = digest::of_file(&path)?;
                if found != file.sha256 {
                    let get = manifest.name.clone();
                    return Err(DataError::Checksum { path, get, expected: file.sha256.clone(), found });
                }
            }
        }
        Ok(())
    }

    /// Presence as a result; `asked` is the name by which the person called the dataset.
    pub(crate) fn require(&self, manifest: &Manifest, asked: &str) -> Result<(), DataError> {
        let get = asked.to_owned();
        match self.presence(manifest) {
            Presence::Present => Ok(()),
            Presence::Missing(missing) => {
                let folder = self.set_folder(manifest);
                let missing = missing.strip_prefix(&folder).unwrap_or(&missing).to_owned();
                Err(DataError::Missing { dataset: manifest.name.clone(), get, folder, missing })
            }
            Presence::WrongSize { path, expected, found } => {
                Err(DataError::Size { path, get, expected, found })
            }
        }
    }
}

fn file_presence(folder: &Path, file: &ManifestFile) -> Presence {
    if let Some(archive) = &file.archive {
        let unpacked = folder.join(&archive.into);
        return if unpacked.is_dir() { Presence::Present } else { Presence::Missing(unpacked) };
    }
    let path = folder.join(&file.path);
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == file.bytes => Presence::Present,
        Ok(metadata) if metadata.is_file() => {
            Presence::WrongSize { path, expected: file.bytes, found: metadata.len() }
        }
        _ => Presence::Missing(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder given, the environment, and the root that is found.
    type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>);

    #[test]
    #[cfg(target_os = "linux")]
    fn the_nearest_wish_wins() {
        let cases: &[Case] = &[
            (Some("here"), &[("ANY2ANY_DATA", "/there"), ("HOME", "/home/me")], Some("here")),
            (None, &[("ANY2ANY_DATA", "/there"), ("HOME", "/home/me")], Some("/there")),
            (None, &[("ANY2ANY_DATA", ""), ("HOME", "/home/me")], Some("/home/me/.cache/any2any")),
            (None, &[("XDG_CACHE_HOME", "/cache"), ("HOME", "/home/me")], Some("/cache/any2any")),
            (None, &[("XDG_CACHE_HOME", "cache"), ("HOME", "/home/me")], Some("/home/me/.cache/any2any")),
            (None, &[], None),
        ];
        for (given, variables, expected) in cases {
            let lookup = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            let found = DataRoot::find_in(given.map(Path::new), lookup).ok();
            assert_eq!(found, expected.map(DataRoot::at));
        }
    }

    #[test]
    fn presence_compares_sizes_and_verify_compares_contents() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = DataRoot::at(folder.path());
        let sha256 = digest::of_bytes(b"abc");
        let text = format!(
            "{{ name: s, description: d, licence: l, splits: {{ train: {{ parallel: {{ en: a }} }} }},
               files: [{{ path: a, urls: ['http://h/a'], sha256: '{sha256}', bytes: 3 }}] }}"
        );
        let manifest = Manifest::parse("s", &text).expect("sound");
        let path = root.set_folder(&manifest).join("a");
        assert_eq!(root.presence(&manifest), Presence::Missing(path.clone()));

        std::fs::create_dir(root.set_folder(&manifest)).expect("made");
        std::fs::write(&path, "ab").expect("written");
        assert_eq!(
            root.presence(&manifest),
            Presence::WrongSize { path: path.clone(), expected: 3, found: 2 }
        );

        std::fs::write(&path, "abd").expect("written");
        assert_eq!(root.presence(&manifest), Presence::Present);
        let error = root.verify(&manifest).expect_err("another content").to_string();
        assert!(error.contains(&sha256) && error.contains(&digest::of_bytes(b"abd")), "{error}");

        std::fs::write(&path, "abc").expect("written");
        root.verify(&manifest).expect("the right content");
    }
}
