//! Head: the learnable exit that a target medium needs in the model.

/// The exit that a target medium needs in the model.
///
/// ```
/// use any2any_adapter::Head;
///
/// /// Tokens of seven notes, with padding, begin and end behind them.
/// fn head() -> Head {
///     let (padding, begin, end) = (7, 8, 9);
///     Head::Softmax { vocabulary: 10, padding, begin, end, forbidden: vec![padding, begin] }
/// }
///
/// let Head::Softmax { forbidden, end, .. } = head() else { panic!("notes are tokens") };
/// assert!(!forbidden.contains(&end), "an output has to end");
/// ```
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
///
/// ```
/// use any2any_adapter::{FrameCount, Head};
///
/// /// The head of pictures, whose rows are frames, or of sounds, which end somewhere.
/// fn head(rows: Option<usize>) -> Head {
///     let length = rows.map_or(FrameCount::UntilStop { at_most: 800 }, FrameCount::Fixed);
///     Head::Regression { width: 28, length }
/// }
///
/// assert_eq!(head(Some(28)), Head::Regression { width: 28, length: FrameCount::Fixed(28) });
/// assert_eq!(head(None), Head::Regression { width: 28, length: FrameCount::UntilStop { at_most: 800 } });
/// ```
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
