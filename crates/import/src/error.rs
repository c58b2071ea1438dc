//! Error of an import.

use std::path::{Path, PathBuf};

use any2any_experiment::Diagnostics;
use any2any_pretrained::PretrainedError;
use any2any_run::RunError;

/// Error of an import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A model that cannot be read.
    #[error(transparent)]
    Pretrained(#[from] PretrainedError),
    /// A file of the model, or its folder, that no run can be made of.
    #[error("{}: {problem}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// The problem.
        problem: String,
    },
    /// Options that do not fit the model's experiment.
    #[error(transparent)]
    Experiment(#[from] Diagnostics),
    /// A run that cannot be put together or written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
}

/// Result of a step of an import.
pub(crate) type Result<T, E = ImportError> = std::result::Result<T, E>;

impl ImportError {
    /// The error of a file of a model, or of its folder.
    pub(crate) fn of(path: impl AsRef<Path>, problem: impl std::fmt::Display) -> Self {
        Self::Source { path: path.as_ref().to_owned(), problem: problem.to_string() }
    }

    /// The error of a file that cannot be read or written.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.as_ref().to_owned(), source }
    }
}
