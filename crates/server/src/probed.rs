//! Trial opening of a run in another process, which may abort without harm.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::api_error::ApiError;

/// Opens a run in another process, and says why the process did not survive it.
pub type Probe = fn(&Path) -> Result<(), String>;

/// A run that is opened in another process once, before it is opened here: some libraries abort on files that nobody
/// foresaw, and an abort here would take all other runs along.
pub(crate) struct Probed {
    folder: PathBuf,
    probe: Option<Probe>,
    found: OnceLock<Result<(), String>>,
}

impl Probed {
    pub(crate) fn new(folder: PathBuf, probe: Option<Probe>) -> Self {
        Self { folder, probe, found: OnceLock::new() }
    }

    /// Fails if the run must not be opened. The first caller starts the trial, and all wait for its end.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let found = self.found.get_or_init(|| self.probe.map_or(Ok(()), |probe| probe(&self.folder)));
        found.clone().map_err(ApiError::unreadable)
    }
}
