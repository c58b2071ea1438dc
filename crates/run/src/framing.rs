//! Framing of a task's batches: their padding and begin tokens.

use any2any_adapter::{Adapter, FrameCount, Head, Stem};

/// Framing of a task's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Padding token of sources.
    pub source_padding: u32,
    /// Framing of the targets.
    pub target: TargetFraming,
}

/// Framing of a task's targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetFraming {
    /// Tokens, written one after the other.
    Tokens {
        /// Padding token.
        padding: u32,
        /// Begin token, the decoder's first input.
        begin: u32,
    },
    /// Tokens, one for every position of the source, without an end token.
    PerPosition {
        /// Padding token.
        padding: u32,
    },
    /// Frames.
    Frames(FrameCount),
}

impl Framing {
    pub(crate) fn new(source: Option<&dyn Adapter>, target: &dyn Adapter, per_position: bool) -> Self {
        let source_padding = match source.map(Adapter::stem) {
            Some(Stem::Lookup { padding, .. }) => padding,
            _ => 0,
        };
        let target = match target.head() {
            Some(Head::Softmax { padding, .. }) if per_position => TargetFraming::PerPosition { padding },
            Some(Head::Softmax { padding, begin, .. }) => TargetFraming::Tokens { padding, begin },
            Some(Head::Regression { length, .. }) => TargetFraming::Frames(length),
            _ => TargetFraming::Tokens { padding: 0, begin: 0 },
        };
        Self { source_padding, target }
    }

    /// Begin token; 0 for a task that writes frames or per position.
    pub fn begin(self) -> u32 {
        match self.target {
            TargetFraming::Tokens { begin, .. } => begin,
            TargetFraming::PerPosition { .. } | TargetFraming::Frames(_) => 0,
        }
    }
}
