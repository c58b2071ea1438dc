//! Stem: the learnable entrance that an adapter's sequences need in the model.

use crate::Sequence;

/// The entrance that an adapter's sequences need in the model.
///
/// ```
/// use any2any_adapter::{Frames, Sequence, Stem};
///
/// // Columns of a spectrogram with 80 mel bands.
/// let stem = Stem::Projection { width: 80 };
/// let second = Frames::new(80, vec![0.0; 100 * 80]).map(Sequence::Frames).expect("a hundred columns");
/// assert_eq!(stem.reads(&second), Ok(()));
/// assert_eq!(stem.positions(second.len()), 100);
/// ```
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
    /// Frames: a projection to the model's width, behind learned vectors that stand for the whole (the class token of
    /// Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words").
    ClassTokens {
        /// The width of a frame.
        width: usize,
        /// Number of positions in front of the frames.
        tokens: usize,
    },
}

/// One convolution over neighbouring frames, padded by zeros so that every frame is covered.
///
/// ```
/// use any2any_adapter::{Convolution, Stem};
///
/// // Two layers that halve the frames of a sound.
/// let half = Convolution { kernel: 3, stride: 2 };
/// assert_eq!(half.positions(101), 51);
/// let stem = Stem::Convolution { width: 80, layers: vec![half, half] };
/// assert_eq!(stem.positions(101), 26);
/// ```
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

/// Reason why a stem cannot read a sequence.
///
/// ```
/// use any2any_adapter::{Sequence, Stem, Unreadable};
///
/// // Seven notes and three tokens that are none.
/// let stem = Stem::Lookup { vocabulary: 10, padding: 7 };
/// let melody = Sequence::Tokens(vec![0, 2, 12, 9]);
/// assert_eq!(stem.reads(&melody), Err(Unreadable::Token { token: 12, position: 2, vocabulary: 10 }));
/// assert_eq!(stem.reads(&Sequence::Tokens(vec![])), Err(Unreadable::Empty));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// It has no position.
    Empty,
    /// It has frames, and the stem takes tokens.
    Frames,
    /// It has tokens, and the stem takes frames.
    Tokens,
    /// Its frames are of another width.
    Width {
        /// Width of its frames.
        found: usize,
        /// Width that the stem takes.
        width: usize,
    },
    /// A token is outside the vocabulary.
    Token {
        /// The first such token.
        token: u32,
        /// Its position.
        position: usize,
        /// Size of the vocabulary, in tokens.
        vocabulary: usize,
    },
}

impl Stem {
    /// Fails for a sequence that this stem cannot read.
    ///
    /// # Errors
    ///
    /// When it is empty, of the other kind, of frames of another width, or of tokens outside the vocabulary.
    pub fn reads(&self, sequence: &Sequence) -> Result<(), Unreadable> {
        match (self, sequence) {
            (_, sequence) if sequence.is_empty() => Err(Unreadable::Empty),
            (Stem::Lookup { vocabulary, .. }, Sequence::Tokens(tokens)) => {
                match tokens.iter().position(|&token| token as usize >= *vocabulary) {
                    None => Ok(()),
                    Some(position) => {
                        Err(Unreadable::Token { token: tokens[position], position, vocabulary: *vocabulary })
                    }
                }
            }
            (Stem::Lookup { .. }, Sequence::Frames(_)) => Err(Unreadable::Frames),
            (
                Stem::Projection { width }
                | Stem::Convolution { width, .. }
                | Stem::ClassTokens { width, .. },
                Sequence::Frames(frames),
            ) => {
                let (found, width) = (frames.width(), *width);
                if found == width { Ok(()) } else { Err(Unreadable::Width { found, width }) }
            }
            (_, Sequence::Tokens(_)) => Err(Unreadable::Tokens),
        }
    }

    /// Number of positions of the encoder for a sequence of length `len`.
    pub fn positions(&self, len: usize) -> usize {
        match self {
            Stem::Lookup { .. } | Stem::Projection { .. } => len,
            Stem::Convolution { layers, .. } => layers.iter().fold(len, |len, layer| layer.positions(len)),
            Stem::ClassTokens { tokens, .. } => tokens + len,
        }
    }
}
