//! Errors of experiments, their data and run folders.

use std::path::{Path, PathBuf};

use any2any_adapter::{AdapterError, RegistryError};
use any2any_data::DataError;
use any2any_experiment::Diagnostics;
use any2any_experiment::spec::PromptError;

use crate::checkpoint::LastGood;

/// An error of an experiment, its data, or a run folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A problem of the experiment, or of the data that it names.
    #[error("{0}")]
    Experiment(Diagnostics),
    /// An error of the data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An error of an adapter.
    #[error("{side}: {source}")]
    Adapter {
        /// The adapter: `translate source`.
        side: String,
        /// The adapter's error.
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
        /// The available backends.
        available: String,
    },
    /// Threads that cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// The number of threads.
        threads: usize,
        /// The system's reason.
        reason: String,
    },
    /// A run folder that is already there.
    #[error("{} already holds a run: resume it, choose another folder, or have it set aside", .0.display())]
    RunExists(PathBuf),
    /// A run folder that another process trains in.
    #[error("{}: another process is training this run; wait for it, stop it, or choose another folder", .0.display())]
    Occupied(PathBuf),
    /// A folder without a run.
    #[error("{}: this folder holds no run (no resolved.yaml)", .0.display())]
    NoRun(PathBuf),
    /// A link in a run folder that leads out of it.
    #[error("{}: this link leads out of the run: put what it leads to in its place", .0.display())]
    LeadsOut(PathBuf),
    /// A file of a checkpoint that is no longer as it was written.
    #[error(
        "{}: this file is no longer as it was written: its checksum is not the one in {}; choose another checkpoint",
        .0.display(), crate::checksums::NAME
    )]
    Altered(PathBuf),
    /// A folder that is no run, or an incomplete one.
    #[error("{}: {reason}", path.display())]
    Run {
        /// The folder or file.
        path: PathBuf,
        /// The problem, and the way out.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A task that the experiment does not have, or none named where it has several.
    #[error("{}; its tasks: {}", match name {
        Some(name) => format!("the run has no task '{name}'"),
        None => "the run has several tasks, and none is named".to_owned(),
    }, known.join(", "))]
    Task {
        /// The name that was asked for, if any.
        name: Option<String>,
        /// The names of all tasks.
        known: Vec<String>,
    },
    /// Weights that are not finite.
    #[error(
        "step {step}: {parameter} is not finite after this update, so it is not saved; {last_good}. Lower the learning rate, or lengthen the warm-up"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// The name of a parameter, or of a value of the optimizer's state.
        parameter: String,
        /// The newest checkpoint that is whole.
        last_good: LastGood,
    },
    /// An invalid axis of a sweep.
    #[error("{given}: {reason}")]
    Axis {
        /// The axis as it was given.
        given: String,
        /// The problem, and the way out.
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
        /// The pieces that the vocabulary lacks.
        pieces: Vec<String>,
    },
    /// A prompt whose tokens are not known.
    #[error("task '{task}': {source}; {}", source.help())]
    Prompt {
        /// The task.
        task: String,
        /// The problem.
        source: PromptError,
    },
    /// A token that the vocabulary lacks.
    #[error("task '{task}': `{option}` names the token '{token}', which its vocabulary lacks")]
    Token {
        /// The task.
        task: String,
        /// The option that names it.
        option: String,
        /// The name of the token.
        token: String,
    },
    /// A missing file of a run's data.
    #[error(
        "there is no {} any more, which the run says its data is in: put it back, or name the folder that the data is in \
         now",
        .0.display()
    )]
    Moved(PathBuf),
    /// A request that this kind of model does not support.
    #[error("{0}")]
    Unsupported(String),
}

impl RunError {
    /// An error about a file.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// An error about the data of a run, which may have been moved.
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
