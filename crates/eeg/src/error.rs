//! Errors between a recording and its frames.

use any2any_adapter::{AdapterError, File};

/// Error between a recording and its frames.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EegError {
    /// A recording that cannot be read, or lacks what the options ask for.
    #[error("{file}: {reason}")]
    Recording {
        /// The file.
        file: String,
        /// The reason, and the way out.
        reason: String,
    },
    /// An option that does not fit the recordings.
    #[error("{option}: {reason}")]
    Option {
        /// The option, as a path such as `filter.high`.
        option: &'static str,
        /// The reason, and the way out.
        reason: String,
    },
    /// A value or a sequence that does not belong to the options.
    #[error("{reason}")]
    Value {
        /// The reason, and the way out.
        reason: String,
    },
}

impl EegError {
    pub(crate) fn recording(file: &File, reason: impl Into<String>) -> Self {
        Self::Recording { file: file.to_string(), reason: reason.into() }
    }

    pub(crate) fn option(option: &'static str, reason: impl Into<String>) -> Self {
        Self::Option { option, reason: reason.into() }
    }

    pub(crate) fn value(reason: impl Into<String>) -> Self {
        Self::Value { reason: reason.into() }
    }
}

impl From<EegError> for AdapterError {
    fn from(error: EegError) -> Self {
        match error {
            EegError::Recording { file, reason } => Self::Broken { file, reason },
            EegError::Option { option, reason } => Self::Fit { option: option.to_owned(), reason },
            EegError::Value { reason } => Self::Value { reason },
        }
    }
}
