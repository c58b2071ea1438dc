//! Whether a run can be opened at all, found out where it costs nobody anything.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::api_error::ApiError;

/// Opens a run in another process, and says why the process did not survive it.
pub type Probe = fn(&Path) -> Result<(), String>;

/// A run that is tried once before it is opened here: some libraries abort on files that nobody foresaw, and an abort
/// would take all other runs along.
pub(crate) struct Probed {
    folder: PathBuf,
    probe: Option<Probe>,
    found: OnceLock<Result<(), String>>,
}

impl Probed {
    pub(crate) fn new(folder: PathBuf, probe: Option<Probe>) -> Self {
        Self { folder, probe, found: OnceLock::new() }
    }

    /// Fails when the run must not be opened; the first who asks waits for the trial, and others with it.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let found = self.found.get_or_init(|| self.probe.map_or(Ok(()), |probe| probe(&self.folder)));
        found.clone().map_err(ApiError::unreadable)
    }
}
