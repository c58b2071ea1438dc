//! One medium turned into sequences and back, with everything it learned from the training split.

use std::path::{Path, PathBuf};

use crate::{Encoded, Region, Value};

/// The entrance that an adapter's sequences need in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stem {
    /// Tokens: an embedding table.
    Lookup {
        /// How many tokens there are.
        vocabulary: usize,
        /// The token that fills a batch up; its embedding is never read.
        padding: u32,
    },
    /// Frames: a projection to the model's width.
    Projection {
        /// The width of a frame.
        width: usize,
    },
}

/// The exit that a target medium needs in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// Tokens: a softmax over the vocabulary.
    Softmax {
        /// How many tokens there are.
        vocabulary: usize,
        /// The token that fills a batch up.
        padding: u32,
        /// The token that the decoder starts from.
        begin: u32,
        /// The token that ends a sequence.
        end: u32,
        /// Tokens that search never writes (padding, begin, unknown).
        forbidden: Vec<u32>,
    },
}

/// A sequence turned back into its medium.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// What each position of the sequence covers in the value.
    pub regions: Vec<Region>,
}

/// Turns the values of one medium into sequences, and, when the medium can be written, sequences into values.
///
/// An adapter is built and fitted by its [`Medium`](crate::Medium). It holds no randomness: the same value
/// always gives the same sequence.
pub trait Adapter: Send + Sync {
    /// The entrance that the sequences of [`encode`](Adapter::encode) need.
    fn stem(&self) -> Stem;

    /// The exit that writes this medium; `None` when it can only be read.
    fn head(&self) -> Option<Head>;

    /// A value as a sequence, each position with its region.
    ///
    /// Sequences of tokens end with the end token and do not start with the begin token: the model's
    /// decoder is fed the begin token by whoever batches.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError>;

    /// Tokens, without begin and end, as a value.
    ///
    /// # Errors
    ///
    /// When the medium can only be read, or a token is outside the vocabulary.
    fn decode(&self, tokens: &[u32]) -> Result<Decoded, AdapterError>;

    /// How one token is shown to a person.
    fn show(&self, token: u32) -> String;

    /// Writes what was learned into a folder that exists, so that
    /// [`Medium::load`](crate::Medium::load) gives the same adapter again.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    fn save(&self, folder: &Path) -> Result<(), AdapterError>;
}

/// What an adapter cannot do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// A value that the adapter cannot read.
    #[error("cannot read this value: {reason}")]
    Value {
        /// Why, and the way out.
        reason: String,
    },
    /// Options that do not fit the training data.
    #[error("{option}: {reason}")]
    Fit {
        /// The option, as a path such as `tokenizer.bpe.vocab`.
        option: String,
        /// Why, and the way out.
        reason: String,
    },
    /// A file of the adapter's state.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
