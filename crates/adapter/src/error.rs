//! Error of adapters and media.

use std::path::PathBuf;

use crate::Value;

/// Error of an adapter or a medium.
///
/// ```
/// use any2any_adapter::AdapterError;
///
/// /// The key of a note on a piano.
/// fn key(note: &str) -> Result<u8, AdapterError> {
///     match note {
///         "c" => Ok(60),
///         "e" => Ok(64),
///         _ => Err(AdapterError::value(format!("'{note}' is no note: write c or e"))),
///     }
/// }
///
/// assert_eq!(key("e")?, 64);
/// let error = key("h").expect_err("no such note");
/// assert_eq!(error.to_string(), "cannot read this value: 'h' is no note: write c or e");
/// # Ok::<(), AdapterError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// A value that the adapter cannot read.
    #[error("cannot read this value: {reason}")]
    Value {
        /// The reason, and the way out.
        reason: String,
    },
    /// A file of the dataset, or a part of one, that its medium cannot read.
    #[error("cannot read {file}: {reason}")]
    Broken {
        /// The file, with its part.
        file: String,
        /// The reason, and the way out.
        reason: String,
    },
    /// Options that do not fit the training data.
    #[error("{option}: {reason}")]
    Fit {
        /// The option, as a path such as `tokenizer.bpe.vocab`.
        option: String,
        /// The reason, and the way out.
        reason: String,
    },
    /// An adapter or a medium that does not do what its trait asks for: a mistake in its code.
    #[error("the medium '{medium}' is at fault: {reason}")]
    Contract {
        /// The medium.
        medium: String,
        /// The broken promise, and the way out for its author.
        reason: String,
    },
    /// A file of the adapter's state.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The problem of the file.
        reason: String,
    },
}

impl AdapterError {
    /// An error about a value that cannot be read, for this reason.
    pub fn value(reason: impl Into<String>) -> Self {
        Self::Value { reason: reason.into() }
    }

    /// An error about a value of another medium.
    pub fn other_medium(medium: &str, value: &Value) -> Self {
        Self::Value { reason: format!("{medium} was expected, but this is {}", value.kind()) }
    }
}
