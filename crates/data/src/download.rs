//! Download of a dataset into the data root.
//!
//! A file is written to `NAME.part` and takes its name once its size and its SHA-256 are right, so that a file
//! with its own name is always whole. A transfer that breaks off goes on where it stopped, at once or in a
//! later run. Archives are unpacked beside their final place and moved there when complete.
//!
//! Files that a person put into the folder are never written to, moved or deleted.

pub(crate) mod digest;
mod fetch;
mod part;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
mod unpack;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;

use crate::{DataError, DataRoot, Manifest, ManifestFile};

/// Progress of the download of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The file's path in the set's folder.
    pub file: &'a Path,
    /// The bytes that have arrived, those of earlier runs counted.
    pub done: u64,
    /// The bytes of the whole file.
    pub total: u64,
}

/// Result of [`get`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The set's folder.
    pub folder: PathBuf,
    /// Outcome for each file of the manifest; empty for a generated set, which needs none.
    pub files: Vec<(PathBuf, Outcome)>,
}

/// Outcome of the download of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The file was there already, with the right checksum.
    AlreadyThere,
    /// The file was downloaded.
    Downloaded {
        /// The bytes of an earlier run, which were not downloaded again.
        resumed_from: u64,
    },
}

/// Downloader with its patience: rounds, pauses and lowest rate.
#[derive(Clone, Debug)]
pub struct Downloader {
    agent: Agent,
    rounds: usize,
    backoff: Duration,
    /// The fewest bytes that must arrive within a window of time.
    lowest: (u64, Duration),
}

impl Default for Downloader {
    fn default() -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("any2any/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self {
            agent,
            rounds: 5,
            backoff: Duration::from_secs(1),
            lowest: (64 << 10, Duration::from_secs(60)),
        }
    }
}

/// Downloads the missing files of a dataset, with the default patience. See [`Downloader::get`].
///
/// # Errors
///
/// As [`Downloader::get`].
pub fn get(
    manifest: &Manifest,
    root: &DataRoot,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, DataError> {
    Downloader::default().get(manifest, root, progress)
}

impl Downloader {
    /// Sets the number of rounds over all mirrors without progress before a download fails, and the first pause
    /// between two rounds; each pause is twice as long as the one before, up to 30 seconds.
    #[must_use]
    pub fn with_patience(mut self, rounds: usize, backoff: Duration) -> Self {
        self.rounds = rounds.max(1);
        self.backoff = backoff;
        self
    }

    /// Sets the lowest rate: a mirror that sends fewer bytes within a window is given up for this round, and its
    /// bytes are kept. The default is 64 KiB within a minute.
    #[must_use]
    pub fn with_lowest_rate(mut self, bytes: u64, window: Duration) -> Self {
        self.lowest = (bytes, window);
        self
    }

    /// Downloads the missing files of a dataset into the data root. Files that are there are checked and kept.
    ///
    /// # Errors
    ///
    /// When a file is there but wrong, one must be made by hand and is not there, no mirror gives the right file, an archive is not safe to unpack, or the
    /// folder cannot be written.
    pub fn get(
        &self,
        manifest: &Manifest,
        root: &DataRoot,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Report, DataError> {
        let folder = root.set_folder(manifest);
        let mut files = Vec::with_capacity(manifest.files.len());
        for file in &manifest.files {
            files.push((file.path.clone(), self.get_file(manifest, &folder, file, progress)?));
        }
        Ok(Report { folder, files })
    }

    fn get_file(
        &self,
        manifest: &Manifest,
        folder: &Path,
        file: &ManifestFile,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Outcome, DataError> {
        if file.archive.as_ref().is_some_and(|archive| folder.join(&archive.into).is_dir()) {
            return Ok(Outcome::AlreadyThere);
        }
        let path = folder.join(&file.path);
        let outcome = if path.exists() {
            check_existing(manifest, &path, file)?;
            Outcome::AlreadyThere
        } else if file.urls.is_empty() {
            let origin = manifest.origin.clone().unwrap_or_default();
            return Err(DataError::ByHand { dataset: manifest.name.clone(), path, origin });
        } else {
            self.fetch(&path, file, progress)?
        };
        if let Some(archive) = &file.archive {
            unpack::unpack(&path, archive, folder, file.bytes)?;
        }
        Ok(outcome)
    }
}

fn check_existing(manifest: &Manifest, path: &Path, file: &ManifestFile) -> Result<(), DataError> {
    let (get, owned) = (manifest.name.clone(), path.to_owned());
    let metadata =
        std::fs::metadata(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
    if metadata.len() != file.bytes {
        return Err(DataError::Size { path: owned, get, expected: file.bytes, found: metadata.len() });
    }
    let found = digest::of_file(path)?;
    if found != file.sha256 {
        return Err(DataError::Checksum { path: owned, get, expected: file.sha256.clone(), found });
    }
    Ok(())
}
