//! Errors of portable models.

use any2any_adapter::{AdapterError, RegistryError};
use any2any_inference::EngineError;

/// An error of a portable model, or of a question to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortableError {
    /// Bytes that are no portable model.
    #[error("this is no portable model of this version: {0}; export the page anew")]
    File(String),
    /// A medium that is not built in.
    #[error(transparent)]
    Medium(#[from] RegistryError),
    /// An adapter that cannot be loaded, or a value that it cannot read.
    #[error("{side}: {source}")]
    Adapter {
        /// The task and the side: `translate source`.
        side: String,
        /// The adapter's error.
        source: AdapterError,
    },
    /// A model that the engine does not run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A question that cannot be read.
    #[error("this question cannot be read: {0}")]
    Question(String),
    /// A question that a portable model does not answer.
    #[error("{0}; run `any2any explore` on the run itself")]
    Unsupported(String),
    /// A question about something that is not there.
    #[error("{0}")]
    Missing(String),
    /// A search that its options do not allow.
    #[error("{0}")]
    Search(String),
}

impl PortableError {
    /// The error's short name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Engine(_) => "model",
            Self::Medium(_) => "medium",
            Self::Adapter { .. } => "value",
            Self::Question(_) => "malformed",
            Self::Unsupported(_) => "not_recorded",
            Self::Missing(_) => "missing",
            Self::Search(_) => "decoding",
        }
    }
}
