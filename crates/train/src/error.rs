//! What can go wrong between an experiment and a trained model.

use std::path::PathBuf;

use any2any_adapter::Cancelled;
use any2any_data::DataError;
use any2any_run::{LastGood, RunError};
use any2any_translate::TranslateError;

/// What can go wrong between an experiment and a trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The experiment, its data, or the run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An evaluation on the way.
    #[error(transparent)]
    Translate(#[from] TranslateError),
    /// A loss that is not a number.
    #[error(
        "step {step}: the {what} is not finite ({value}) in a batch of task '{task}' with samples {samples}; {last_good}. Lower the learning rate, lengthen the warm-up, or look at these samples"
    )]
    NotFinite {
        /// The step.
        step: u64,
        /// What is not finite.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The batch's task.
        task: String,
        /// The numbers of the batch's samples in the training split, from 1.
        samples: String,
        /// The newest checkpoint that is sound.
        last_good: LastGood,
    },
    /// A run of whose checkpoints none can be read.
    #[error("no checkpoint of this run is whole:\n{}", .0.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n"))]
    NoneWhole(Vec<TrainError>),
    /// Nothing to train on.
    #[error(
        "task '{task}': no sample of the training split is within the limits of `training.batch` ({reason})"
    )]
    NothingToTrainOn {
        /// The task.
        task: String,
        /// What was left out and why.
        reason: String,
    },
    /// A run that has been changed since its last checkpoint.
    #[error("{}: this run cannot go on as if it had never stopped:\n{}\n{way_out}", path.display(),
        changes.iter().map(|change| format!("  {change}")).collect::<Vec<_>>().join("\n"))]
    Changed {
        /// The checkpoint.
        path: PathBuf,
        /// What is no longer as it was.
        changes: Vec<String>,
        /// What to do.
        way_out: String,
    },
    /// Something asked of a kind of model that it cannot do.
    #[error("{0}")]
    Unsupported(String),
}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        Self::Run(error.into())
    }
}

impl From<Cancelled> for TrainError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Translate(cancelled.into())
    }
}
