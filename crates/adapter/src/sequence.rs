//! The two kinds of sequence that the model knows: tokens and frames.

use crate::Region;

/// A sequence of tokens or frames, made by an adapter of one value.
///
/// ```
/// use any2any_adapter::Sequence;
///
/// // c, e and g in a vocabulary of seven notes and the end token.
/// let melody = Sequence::Tokens(vec![0, 2, 4, 7]);
/// assert_eq!(melody.len(), 4);
/// assert_eq!(melody.tokens().and_then(|tokens| tokens.last()), Some(&7));
/// assert!(melody.frames().is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Sequence {
    /// Positions that are numbers of a vocabulary.
    Tokens(Vec<u32>),
    /// Positions that are vectors.
    Frames(Frames),
}

impl Sequence {
    /// Number of positions.
    pub fn len(&self) -> usize {
        match self {
            Sequence::Tokens(tokens) => tokens.len(),
            Sequence::Frames(frames) => frames.len(),
        }
    }

    /// True if the sequence has no position.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens, when this is a sequence of tokens.
    pub fn tokens(&self) -> Option<&[u32]> {
        match self {
            Sequence::Tokens(tokens) => Some(tokens),
            Sequence::Frames(_) => None,
        }
    }

    /// The frames, when this is a sequence of frames.
    pub fn frames(&self) -> Option<&Frames> {
        match self {
            Sequence::Frames(frames) => Some(frames),
            Sequence::Tokens(_) => None,
        }
    }
}

/// A sequence of vectors, all of the same width.
///
/// ```
/// use any2any_adapter::Frames;
///
/// // The key and the beats of three notes.
/// let notes = Frames::new(2, vec![60.0, 1.0, 64.0, 0.5, 67.0, 0.5]).expect("rows of two");
/// assert_eq!((notes.len(), notes.width()), (3, 2));
/// assert_eq!(notes.values().chunks(notes.width()).nth(1), Some(&[64.0, 0.5][..]));
/// // A note without its beats.
/// assert!(Frames::new(2, vec![60.0, 1.0, 64.0]).is_none());
/// ```
///
/// # Shapes
///
/// - values: `[frames, width]`, row-major
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    width: usize,
    values: Vec<f32>,
}

impl Frames {
    /// Frames from their values, row after row.
    ///
    /// Returns `None` when `values` does not divide into rows of `width`.
    pub fn new(width: usize, values: Vec<f32>) -> Option<Self> {
        (width > 0 && values.len().is_multiple_of(width)).then_some(Self { width, values })
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// True if there is no frame.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The width of each frame.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// A sequence, and the region that each of its positions covers.
///
/// ```
/// use any2any_adapter::{Encoded, Region, Sequence};
///
/// // The notes c and e of the text "c e", and the end token.
/// let melody = Encoded {
///     sequence: Sequence::Tokens(vec![0, 2, 7]),
///     regions: vec![Region::Bytes(0..1), Region::Bytes(2..3), Region::Nothing],
/// };
/// assert_eq!(melody.regions.len(), melody.sequence.len());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// The positions.
    pub sequence: Sequence,
    /// The region of each position of the encoder, [`Stem::positions`](crate::Stem::positions) in number.
    pub regions: Vec<Region>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_need_whole_rows() {
        let frames = Frames::new(2, vec![0.0; 6]).expect("three rows of two");
        assert_eq!((frames.len(), frames.width()), (3, 2));
        assert!(Frames::new(4, vec![0.0; 6]).is_none());
        assert!(Frames::new(0, vec![]).is_none());
    }
}
