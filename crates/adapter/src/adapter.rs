//! One medium turned into sequences and back, with everything it learned from the training split.

use std::path::{Path, PathBuf};

use crate::{Encoded, Random, Region, Sequence, Value};

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
    /// How many frames each position sees; odd.
    pub kernel: usize,
    /// From one position to the next, in frames.
    pub stride: usize,
}

impl Convolution {
    /// How many positions come out when `frames` go in: one for every stride begun.
    pub fn positions(self, frames: usize) -> usize {
        frames.div_ceil(self.stride.max(1))
    }
}

impl Stem {
    /// How many positions the encoder sees of a sequence.
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
    /// Frames: a projection from the model's width, trained by regression.
    Regression {
        /// The width of a frame.
        width: usize,
        /// How many frames are written.
        length: FrameCount,
    },
}

/// How many frames a regression writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameCount {
    /// Always as many; all at once, none seeing the others before they are written.
    Fixed(usize),
    /// One after the other, until the model says that it has finished, or there are this many.
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
    /// What each position of the sequence covers in the value.
    pub regions: Vec<Region>,
}

/// Turns the values of one medium into sequences, and, when the medium can be written, sequences into values.
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
    /// Sequences of tokens end with the end token and do not start with the begin token: the model's
    /// decoder is fed the begin token by whoever batches.
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken.
    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError>;

    /// Whether [`augment`](Adapter::augment) changes anything.
    fn augments(&self) -> bool {
        false
    }

    /// A value as a sequence, changed at random in ways that leave its meaning alone: what a model is trained
    /// on, while it is judged on [`encode`](Adapter::encode). The same generator gives the same sequence.
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

    /// A written value back from the bytes of its file, as far as the file's format keeps it.
    ///
    /// # Errors
    ///
    /// When these are not bytes that [`to_file`](Self::to_file) gives.
    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| AdapterError::Value { reason: error.to_string() })?;
        Ok(Value::from(text.strip_suffix('\n').unwrap_or(text)))
    }

    /// The most tokens that a sequence of this medium has, when the adapter knows: search writes no more.
    /// `None`: it depends on the source.
    fn longest(&self) -> Option<usize> {
        None
    }

    /// The words of a value that hold something the model was never trained on, in their order, each once; `encoded`
    /// is what [`encode`](Self::encode) gave of the value.
    ///
    /// None where a medium has no such thing, or its state does not tell.
    fn unknown(&self, _encoded: &Encoded, _value: &Value) -> Vec<String> {
        Vec::new()
    }

    /// What is odd about the adapter as a whole, such as a part of a given file that is not taken over: said to the
    /// person who checks or trains an experiment, once.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

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
    /// A file of the dataset, or a part of one, that its medium cannot read.
    #[error("cannot read {file}: {reason}")]
    Broken {
        /// The file, with its part.
        file: String,
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

impl AdapterError {
    /// An error about a value of another medium.
    pub fn other_medium(medium: &str, value: &Value) -> Self {
        Self::Value { reason: format!("{medium} was expected, but this is {}", value.kind()) }
    }
}
