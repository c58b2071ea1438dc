//! Head: the learnable exit that a target medium needs in the model.

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
