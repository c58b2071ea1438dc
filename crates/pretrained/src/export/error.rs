//! Errors of models that go out.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::PretrainedError;

/// A model that cannot be written in another program's layout.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A part of the model that the layout cannot say.
    #[error("{format} cannot say `{part}`: {reason}")]
    Refused {
        /// The layout.
        format: &'static str,
        /// The part of the model, by the name of its option.
        part: String,
        /// Why it cannot.
        reason: String,
    },
    /// A parameter of the architecture without weights.
    #[error("there are no weights of {parameter}")]
    Weight {
        /// The parameter.
        parameter: String,
    },
    /// A file that cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Tensors that the correspondence of a family does not fit.
    #[error(transparent)]
    Mapping(#[from] PretrainedError),
}

impl ExportError {
    pub(crate) fn refused(format: &'static str, part: &str, reason: impl Into<String>) -> Self {
        Self::Refused { format, part: part.to_owned(), reason: reason.into() }
    }

    pub(crate) fn write(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }
}
