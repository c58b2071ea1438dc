//! The learnable exit of a medium.

use serde::{Deserialize, Serialize};

/// An exit: a softmax over a vocabulary, or a projection to frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Head {
    /// A softmax over a vocabulary.
    Softmax {
        /// The number of tokens.
        vocabulary: usize,
        /// The number of the stem whose table of embeddings it multiplies with; none when it has its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tied: Option<usize>,
        /// Each token has a bias.
        bias: bool,
        /// The factor of hidden states before it; 1 but for T5, whose tied table is not scaled.
        scale: f64,
    },
    /// Frames by regression.
    Frames {
        /// The width of a frame.
        width: usize,
        /// The model says in one more column when it has finished.
        stops: bool,
    },
}

impl Head {
    /// A softmax without biases, of its own table or of a stem's.
    pub fn softmax(vocabulary: usize, tied: Option<usize>) -> Self {
        Self::Softmax { vocabulary, tied, bias: false, scale: 1.0 }
    }

    /// The width of its output at each position.
    pub fn outputs(&self) -> usize {
        match *self {
            Self::Softmax { vocabulary, .. } => vocabulary,
            Self::Frames { width, stops } => width + usize::from(stops),
        }
    }

    /// The number of the stem whose table it multiplies with.
    pub fn tied(&self) -> Option<usize> {
        match *self {
            Self::Softmax { tied, .. } => tied,
            Self::Frames { .. } => None,
        }
    }
}
