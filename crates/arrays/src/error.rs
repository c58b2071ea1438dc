//! Errors between an array and its sequence.

use any2any_adapter::{AdapterError, File};

/// Error between an array and its sequence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file or the text is broken, or of a form that is not read.
    #[error("it {reason}")]
    Broken {
        /// The reason and the way out, as the end of a sentence.
        reason: String,
    },
    /// A value without a frame or an id.
    #[error("it is empty: there is no {unit} in it")]
    Empty {
        /// `frame` or `id`.
        unit: &'static str,
    },
    /// Frames of another width.
    #[error(
        "its frames have {found} values, and 'width' is {width}: give frames of that width, or train with others"
    )]
    Width {
        /// Width of its frames.
        found: usize,
        /// The width of the options, or of training.
        width: usize,
    },
    /// A number of frames that the options do not allow.
    #[error("it has {found} frames, and '{option}' is {allowed}: cut it, or change the option")]
    Length {
        /// Number of its frames.
        found: usize,
        /// The option.
        option: &'static str,
        /// The number of the option.
        allowed: usize,
    },
    /// A value that is no finite number.
    #[error(
        "frame {frame} holds {value} in column {column}, counted from 0: every value must be a finite number"
    )]
    NotFinite {
        /// The value, in words.
        value: String,
        /// Number of the frame.
        frame: usize,
        /// Number of the column.
        column: usize,
    },
    /// An id that the vocabulary does not have.
    #[error(
        "id {id} at place {place}, counted from 0, is outside the vocabulary of {vocab} ids: raise 'vocab' and train \
         again, or use the tokenizer that made the training data"
    )]
    OutsideVocabulary {
        /// The id.
        id: u32,
        /// Its place.
        place: usize,
        /// Number of ids.
        vocab: usize,
    },
    /// What the model wrote does not belong to the options.
    #[error("{expected} were expected: the model and the options do not belong together")]
    OtherKind {
        /// `frames of 40 values`, `tokens`.
        expected: String,
    },
    /// Frames that can be read but not written.
    #[error("frames are read here and cannot be written: set 'output' to frames or codes")]
    ReadOnly,
}

impl ArrayError {
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken { reason: reason.into() }
    }

    /// The error with the file that it belongs to.
    pub(crate) fn of(self, file: &File) -> AdapterError {
        AdapterError::Broken { file: file.to_string(), reason: self.to_string() }
    }
}

impl From<ArrayError> for AdapterError {
    fn from(error: ArrayError) -> Self {
        AdapterError::Value { reason: error.to_string() }
    }
}

/// An error about an option that does not fit the training data.
pub(crate) fn fit_error(option: &str, reason: impl Into<String>) -> AdapterError {
    AdapterError::Fit { option: option.to_owned(), reason: reason.into() }
}
