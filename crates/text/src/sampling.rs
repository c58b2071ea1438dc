//! Random ways to cut a text into the pieces of its tokenizer, drawn from a generator that is handed in: the libraries
//! draw from a generator of their own, and a resumed training would meet other tokens.

mod lattice;
mod longest;
mod merges;
mod unigram;

use std::ops::Range;

use any2any_adapter::{OptionProblem, Random};
use serde_json::Value as Json;

pub(crate) use self::lattice::{Edge, Kind, Lattice};
use self::longest::LongestMatch;
use self::merges::Merges;
use self::unigram::UnigramPieces;
use crate::augment::UnigramSampling;

/// A random way to cut a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampling {
    /// Share of merges that are left out.
    BpeDropout(f64),
    /// Pieces drawn by their probability.
    Unigram(UnigramSampling),
    /// Share of pieces that are passed over when the longest is looked for.
    MaxMatchDropout(f64),
}

/// Part of a text and its token.
pub(crate) type Piece = (u32, Range<usize>);

impl Sampling {
    /// The name of its option.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::BpeDropout(_) => "bpe_dropout",
            Self::Unigram(_) => "unigram_sampling",
            Self::MaxMatchDropout(_) => "max_match_dropout",
        }
    }

    /// The problem of a tokenizer that cannot cut a text in this way.
    pub(crate) fn refused(self, tokenizer: &str) -> OptionProblem {
        let needs = match self {
            Self::BpeDropout(_) => "merges, which bpe alone has",
            Self::Unigram(_) => "pieces with probabilities, which unigram alone has",
            Self::MaxMatchDropout(_) => "the search for the longest piece, which word_piece alone does",
        };
        let message = format!("{} needs {needs}, and the tokenizer is {tokenizer}", self.option());
        let help = "bpe_dropout is of bpe, unigram_sampling of unigram and max_match_dropout of word_piece; word_dropout \
                    and word_deletion are of all tokenizers";
        OptionProblem::new(format!("/augment/{}", self.option()), message, help)
    }
}

/// A model in the format of `tokenizer.json` that cuts words at random.
pub(crate) enum Sampler {
    Merges(Merges),
    Unigram(UnigramPieces),
    LongestMatch(LongestMatch),
}

impl Sampler {
    /// The sampler of a model; `None` if no text can be cut at random by it.
    pub(crate) fn new(model: &Json) -> Option<Self> {
        // Files of early versions do not name the type of their model.
        if model["vocab"].is_array() {
            UnigramPieces::new(model).map(Self::Unigram)
        } else if model["merges"].is_array() {
            Merges::new(model).map(Self::Merges)
        } else if model["max_input_chars_per_word"].is_u64() {
            LongestMatch::new(model).map(Self::LongestMatch)
        } else {
            None
        }
    }

    /// The kind of tokenizer, as an experiment names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Merges(_) => "bpe",
            Self::Unigram(_) => "unigram",
            Self::LongestMatch(_) => "word_piece",
        }
    }

    /// True if it can cut a text in a way.
    pub(crate) fn fits(&self, sampling: Sampling) -> bool {
        matches!(
            (self, sampling),
            (Self::Merges(_), Sampling::BpeDropout(_))
                | (Self::Unigram(_), Sampling::Unigram(_))
                | (Self::LongestMatch(_), Sampling::MaxMatchDropout(_))
        )
    }

    /// A word cut at random; `None` if it is to be cut as it always is.
    pub(crate) fn cut(&self, word: &str, sampling: Sampling, random: &mut Random) -> Option<Vec<Piece>> {
        match (self, sampling) {
            (Self::Merges(merges), Sampling::BpeDropout(dropout)) => Some(merges.cut(word, dropout, random)),
            (Self::Unigram(pieces), Sampling::Unigram(sampling)) => pieces.cut(word, sampling, random),
            (Self::LongestMatch(pieces), Sampling::MaxMatchDropout(dropout)) => {
                pieces.cut(word, dropout, random)
            }
            _ => None,
        }
    }
}
