//! What can go wrong with an experiment, its data, or a run folder.

use std::path::{Path, PathBuf};

use any2any_adapter::{AdapterError, RegistryError};
use any2any_data::DataError;
use any2any_experiment::Diagnostics;

use crate::checkpoint::LastGood;

/// What can go wrong with an experiment, its data, or a run folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The experiment, or the data that it names.
    #[error("{0}")]
    Experiment(Diagnostics),
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An adapter.
    #[error("{side}: {source}")]
    Adapter {
        /// Which adapter: `translate source`.
        side: String,
        /// What it cannot do.
        source: AdapterError,
    },
    /// A medium that this program does not know.
    #[error(transparent)]
    Medium(#[from] RegistryError),
    /// A backend that this program was not built with.
    #[error(
        "this program was built without the {wanted} backend (it has: {available}); build it with `--features {wanted}`, or set `device.backend` to one of those"
    )]
    Backend {
        /// The backend that the experiment asks for.
        wanted: String,
        /// The backends there are.
        available: String,
    },
    /// A run folder that is already there.
    #[error("{} already holds a run; go on with `any2any train --resume {}`, choose another folder with `--run`, or replace it with `--overwrite`", .0.display(), .0.display())]
    RunExists(PathBuf),
    /// A folder that holds no run, or half of one.
    #[error("{}: {reason}", path.display())]
    Run {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it, and the way out.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A task that the experiment does not have.
    #[error("the run has no task '{name}'; its tasks: {}", known.join(", "))]
    Task {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Weights that are not numbers.
    #[error(
        "step {step}: {parameter} is not finite after this update, so it is not saved; {last_good}. Lower the learning rate, or lengthen the warm-up"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// A parameter, or what the optimizer remembers of it.
        parameter: String,
        /// The newest checkpoint that is sound.
        last_good: LastGood,
    },
    /// An axis of a sweep that cannot be one.
    #[error("{given}: {reason}")]
    Axis {
        /// What was given.
        given: String,
        /// What is wrong with it, and the way out.
        reason: String,
    },
    /// A prefix that the vocabulary cannot spell.
    #[error(
        "the prefix cannot be written: the vocabulary of task '{task}' lacks {}; leave that out, or give a prefix of \
         pieces that the model has seen in training",
        pieces.iter().map(|piece| format!("'{piece}'")).collect::<Vec<_>>().join(", ")
    )]
    Prefix {
        /// The task.
        task: String,
        /// The pieces that it has no token for.
        pieces: Vec<String>,
    },
    /// A file of a run's data that is not where the run says.
    #[error(
        "there is no {} any more, which the run says its data is in: put it back, or name the folder that the data is in \
         now with --files FOLDER",
        .0.display()
    )]
    Moved(PathBuf),
    /// Something asked of a kind of model that it cannot do.
    #[error("{0}")]
    Unsupported(String),
}

impl RunError {
    /// An error about a file.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// An error about the data of a run, which may have gone elsewhere.
    pub fn data(error: DataError) -> Self {
        match error {
            DataError::Read { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::Moved(path)
            }
            DataError::Dataset { name, .. } if name.ends_with(".yaml") || name.ends_with(".yml") => {
                Self::Moved(name.into())
            }
            other => Self::Data(other),
        }
    }

    /// An error about a run folder.
    pub fn run(path: &Path, reason: impl Into<String>) -> Self {
        Self::Run { path: path.to_owned(), reason: reason.into() }
    }
}
