//! What can go wrong with a trained model at work.

use any2any_adapter::Cancelled;
use any2any_data::DataError;
use any2any_run::RunError;

/// What can go wrong with a trained model at work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranslateError {
    /// The experiment, its data, or the run's folder.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Something asked of a kind of model that it cannot do.
    #[error("{0}")]
    Unsupported(String),
    /// A pair whose score is not a number.
    #[error(
        "the model gives this pair no finite log-probability: its weights may be broken; choose another checkpoint with --checkpoint"
    )]
    ScoreNotFinite,
    /// Work that was given up before its end.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A search that cannot be carried out.
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
