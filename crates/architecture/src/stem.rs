//! The learnable entrance of a medium.

use any2any_adapter::Convolution;
use serde::{Deserialize, Serialize};

/// An entrance: from tokens or frames to vectors of a stack's width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stem {
    /// A table of embeddings.
    Lookup {
        /// The number of tokens.
        vocabulary: usize,
        /// The factor of embeddings: the square root of `d_model` (Vaswani et al. 2017, section 3.4), or 1.
        scale: f64,
    },
    /// A linear projection.
    Projection {
        /// The width of a frame.
        width: usize,
    },
    /// Convolutions over neighbouring frames, each followed by a GELU.
    Convolution {
        /// The width of a frame.
        width: usize,
        /// The layers, the first next to the frames.
        layers: Vec<Convolution>,
    },
    /// A linear projection, behind learned vectors that stand for the whole: the class token of Dosovitskiy et al. 2021,
    /// "An Image is Worth 16x16 Words"; a second one in Touvron et al. 2021, "DeiT".
    ClassTokens {
        /// The width of a frame.
        width: usize,
        /// The number of positions in front of the frames.
        tokens: usize,
    },
}

/// The number of positions that frames become behind convolutions, the first layer next to the frames.
pub fn convolved_positions<'a>(layers: impl IntoIterator<Item = &'a Convolution>, frames: usize) -> usize {
    layers.into_iter().fold(frames, |frames, layer| layer.positions(frames))
}

impl Stem {
    /// A table of embeddings that are multiplied with the square root of their width.
    pub fn lookup(vocabulary: usize, d_model: usize) -> Self {
        Self::Lookup { vocabulary, scale: (d_model as f64).sqrt() }
    }

    /// The tokens of a table of embeddings; none of other entrances.
    pub fn vocabulary(&self) -> Option<usize> {
        match self {
            Self::Lookup { vocabulary, .. } => Some(*vocabulary),
            Self::Projection { .. } | Self::Convolution { .. } | Self::ClassTokens { .. } => None,
        }
    }

    /// The number of positions that come out when so many tokens or frames go in.
    pub fn positions(&self, length: usize) -> usize {
        match self {
            Self::Lookup { .. } | Self::Projection { .. } => length,
            Self::Convolution { layers, .. } => convolved_positions(layers, length),
            Self::ClassTokens { tokens, .. } => tokens + length,
        }
    }
}
