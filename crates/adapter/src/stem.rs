//! Stem: the learnable entrance that an adapter's sequences need in the model.

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
