//! Errors on the way from an experiment to a trained model.

use std::path::PathBuf;

use any2any_adapter::Cancelled;
use any2any_data::DataError;
use any2any_run::{LastGood, RunError};
use any2any_translate::TranslateError;

use crate::ranks::RankFailure;

/// An error on the way from an experiment to a trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The experiment, its data, or the run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An error of an evaluation during training.
    #[error(transparent)]
    Translate(#[from] TranslateError),
    /// A loss or gradient that is not finite.
    #[error(
        "step {step}: the {what} is not finite ({value}) in a batch of task '{task}' with samples {samples}; {last_good}. Lower the learning rate, lengthen the warm-up, or look at these samples"
    )]
    NotFinite {
        /// The step.
        step: u64,
        /// The quantity that is not finite.
        what: &'static str,
        /// The quantity's value.
        value: f64,
        /// The batch's task.
        task: String,
        /// The numbers of the batch's samples in the training split, from 1.
        samples: String,
        /// The newest checkpoint that is whole.
        last_good: LastGood,
    },
    /// A schedule that gives no learning rate.
    #[error(
        "the schedule gives step {step} the learning rate {rate}: a rate is a finite number, 0 or larger"
    )]
    Rate {
        /// The step.
        step: u64,
        /// The rate.
        rate: f64,
    },
    /// A run without a readable checkpoint, with the error of each.
    #[error("no checkpoint of this run is whole:\n{}", .0.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n"))]
    NoneWhole(Vec<TrainError>),
    /// The newest checkpoint, which this process cannot read now and which may be whole.
    #[error("{}: {source}: the checkpoint may be whole, so it is not passed over; mend that, or choose one", path.display())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Nothing to train on.
    #[error(
        "task '{task}': no sample of the training split is within the limits of `training.batch` ({reason})"
    )]
    NothingToTrainOn {
        /// The task.
        task: String,
        /// The samples left out, and the reasons.
        reason: String,
    },
    /// A run that has been changed since its last checkpoint.
    #[error("{}: this run cannot go on as if it had never stopped:\n{}\n{way_out}", path.display(),
        changes.iter().map(|change| format!("  {change}")).collect::<Vec<_>>().join("\n"))]
    Changed {
        /// The checkpoint.
        path: PathBuf,
        /// The changes.
        changes: Vec<String>,
        /// The way out.
        way_out: String,
    },
    /// An error of another rank of the training.
    #[error(transparent)]
    RankFailure(#[from] RankFailure),
    /// Ranks that cannot share the batches of an update evenly.
    #[error(
        "{ranks} ranks cannot share the {batches} batches of an update evenly (`training.accumulate: {batches}`): start {fewer} of them, or set `training.accumulate` to a multiple of {ranks}, which makes another training, since an update then has as many batches"
    )]
    UnevenShares {
        /// The number of ranks.
        ranks: usize,
        /// The number of batches of an update.
        batches: usize,
        /// The largest smaller number of ranks that can.
        fewer: usize,
    },
    /// Ranks whose trainings are not the same.
    #[error(
        "rank {rank} has another {what} than rank 0: all ranks need the same program, experiment and data, and processors of one kind"
    )]
    RanksDiffer {
        /// The number of the rank.
        rank: usize,
        /// What differs.
        what: &'static str,
    },
    /// A request that this kind of model does not support.
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
