//! Adapter of one medium: values to sequences and back, with the state that it learned from the training split.

use std::path::{Path, PathBuf};

use crate::{Encoded, Random, Region, Sequence, Value};

/// The entrance that an adapter's sequences need in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stem {
    /// Tokens: an embedding table.
    Lookup {
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
        /// The token that fills up a batch; its embedding is never read.
        padding: u32,
    },
    /// Frames: a projection to the model's width.
    Projection {
        /// The width of a frame.
        width: usize,
    },
    /// Frames: convolutions over neighbouring frames, each followed by a GELU, the last of the model's width.
    Convolution {
        /// The width of a frame.
        width: usize,
        /// The layers, the first next to the frames.
        layers: Vec<Convolution>,
    },
}

/// One convolution over neighbouring frames, padded by zeros so that every frame is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Convolution {
    /// Width of the kernel, in frames; odd.
    pub kernel: usize,
    /// Stride from one position to the next, in frames.
    pub stride: usize,
}

impl Convolution {
    /// Number of positions that come out when `frames` go in: one for every stride begun.
    pub fn positions(self, frames: usize) -> usize {
        frames.div_ceil(self.stride.max(1))
    }
}

impl Stem {
    /// Number of positions of the encoder for a sequence of length `len`.
    pub fn positions(&self, len: usize) -> usize {
        match self {
            Stem::Lookup { .. } | Stem::Projection { .. } => len,
            Stem::Convolution { layers, .. } => layers.iter().fold(len, |len, layer| layer.positions(len)),
        }
    }
}

/// The exit that a target medium needs in the model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Head {
    /// Tokens: a softmax over the vocabulary.
    Softmax {
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
        /// The token that fills up a batch.
        padding: u32,
        /// The token that the decoder starts from.
        begin: u32,
        /// The token that ends a sequence.
        end: u32,
        /// Tokens that search never writes (padding, begin, unknown).
        forbidden: Vec<u32>,
    },
    /// Frames: a projection from the model's width, trained by regression.
    Regression {
        /// The width of a frame.
        width: usize,
        /// Number of frames that are written.
        length: FrameCount,
    },
}

/// Number of frames that a regression writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameCount {
    /// Always as many; all at once, none depending on the others.
    Fixed(usize),
    /// One after the other, until the model signals the end, or there are this many.
    UntilStop {
        /// The most frames.
        at_most: usize,
    },
}

/// A sequence turned back into its medium.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// The region of the value that each position of the sequence covers.
    pub regions: Vec<Region>,
}

/// Adapter of one medium: turns values into sequences and, if the medium can be written, sequences into values.
///
/// An adapter is built and fitted by its [`Medium`](crate::Medium), whose [`open`](crate::Medium::open) every
/// value has gone through before it comes here. It holds no randomness of its own: the same value always gives
/// the same sequence.
pub trait Adapter: Send + Sync {
    /// The entrance that the sequences of [`encode`](Adapter::encode) need.
    fn stem(&self) -> Stem;

    /// The exit that writes this medium; `None` when it can only be read.
    fn head(&self) -> Option<Head>;

    /// A value as a sequence, each position with its region.
    ///
    /// Sequences of tokens end with the end token and do not start with the begin token: the code that builds batches
    /// feeds the begin token to the decoder.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError>;

    /// True if [`augment`](Adapter::augment) changes anything.
    fn augments(&self) -> bool {
        false
    }

    /// A value as a sequence, changed at random in ways that leave its meaning alone. A model is trained on it, and
    /// evaluated on [`encode`](Adapter::encode). The same generator gives the same sequence.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn augment(&self, value: &Value, _random: &mut Random) -> Result<Encoded, AdapterError> {
        self.encode(value)
    }

    /// A sequence that the model wrote, as a value: tokens without begin and end, or frames.
    ///
    /// # Errors
    ///
    /// When the medium can only be read, a token is outside the vocabulary, or the sequence is of the other
    /// kind.
    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError>;

    /// A written value as a file: its extension and its bytes.
    ///
    /// # Errors
    ///
    /// When the value is of another medium.
    fn to_file(&self, value: &Value) -> Result<(&'static str, Vec<u8>), AdapterError> {
        Ok(("txt", format!("{value}\n").into_bytes()))
    }

    /// Reads a written value back from the bytes of its file, as far as the file's format keeps it.
    ///
    /// # Errors
    ///
    /// When [`to_file`](Self::to_file) cannot have written these bytes.
    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| AdapterError::Value { reason: error.to_string() })?;
        Ok(Value::from(text.strip_suffix('\n').unwrap_or(text)))
    }

    /// The most tokens of a sequence of this medium, if the adapter knows: search writes no more. `None`: it depends
    /// on the source.
    fn longest(&self) -> Option<usize> {
        None
    }

    /// The words of a value with parts that the model was never trained on, in their order, each once; `encoded` is
    /// the result of [`encode`](Self::encode) for the value.
    ///
    /// Empty if a medium has no such words, or its state does not tell.
    fn unknown(&self, _encoded: &Encoded, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Warnings about the adapter as a whole, such as a part of a given file that is not taken over: reported once,
    /// when an experiment is checked or trained.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The text that stands for a token in displays.
    fn show(&self, token: u32) -> String;

    /// Writes the learned state into a folder that exists, so that [`Medium::load`](crate::Medium::load) gives the
    /// same adapter again.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    fn save(&self, folder: &Path) -> Result<(), AdapterError>;
}

/// Error of an adapter or a medium.
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
    /// An error about a value of another medium.
    pub fn other_medium(medium: &str, value: &Value) -> Self {
        Self::Value { reason: format!("{medium} was expected, but this is {}", value.kind()) }
    }
}
