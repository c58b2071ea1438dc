//! Errors of a trained model at work.

use any2any_adapter::Cancelled;
use any2any_data::DataError;
use any2any_experiment::spec::DecodingError;
use any2any_run::RunError;

/// An error of a trained model at work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranslateError {
    /// The experiment, its data, or the run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A request that this kind of model does not support.
    #[error("{0}")]
    Unsupported(String),
    /// A source that is longer than the limit.
    #[error(
        "this source has {positions} positions, and at most {limit} are read: shorten it, or raise the limit"
    )]
    SourceTooLong {
        /// The number of its positions.
        positions: u64,
        /// The largest number that is read.
        limit: usize,
    },
    /// A model or a device that does not decode with 8-bit weights.
    #[error("only transformers on the CPU backend decode with 8-bit weights")]
    NoInt8,
    /// Decoding options by which nothing can be written.
    #[error("{source}: {}", source.help())]
    Decoding {
        /// The rule that they break.
        #[from]
        source: DecodingError,
    },
    /// A task of another run.
    #[error("task '{name}' is not one of this translator's: take it from the translator, which has {}", known.join(", "))]
    OtherTask {
        /// The name of the task.
        name: String,
        /// The names of the translator's tasks.
        known: Vec<String>,
    },
    /// A sequence that the task's adapters cannot have made.
    #[error("task '{task}' cannot read this sequence: {reason}; encode values with the task's own adapters")]
    Sequence {
        /// The name of the task.
        task: String,
        /// The reason.
        reason: String,
    },
    /// A pair whose score is not finite.
    #[error(
        "the model gives this pair no finite log-probability: its weights may be broken; choose another checkpoint"
    )]
    ScoreNotFinite,
    /// Work that was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A search that failed.
    #[error("search: {0}")]
    Search(String),
    /// Scores that cannot be computed.
    #[error(transparent)]
    Metrics(#[from] any2any_metrics::MetricsError),
}

impl From<DataError> for TranslateError {
    fn from(error: DataError) -> Self {
        Self::Run(error.into())
    }
}
