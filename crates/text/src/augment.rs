//! Augmentation: texts cut in another way every epoch, so that a model of little data meets a word in more than one
//! spelling, and texts that lack some of their words.

use any2any_adapter::OptionProblem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{TextOptions, Tokenizer};
use crate::sampling::Sampling;

/// Random changes of a text's tokens in training; none unless named here. Texts of more than 16,384 bytes are cut as
/// they always are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Augment {
    /// BPE dropout (Provilkov et al. 2020): the share of merges that are left out, each time that they could be done. 0.1
    /// is usual. Of BPE alone.
    #[schemars(range(min = 0, max = 1))]
    pub bpe_dropout: f64,
    /// Subword regularisation (Kudo 2018): pieces drawn by their probability. Of unigram models alone.
    pub unigram_sampling: Option<UnigramSampling>,
    /// MaxMatch dropout (Hiraoka 2022): the share of pieces that are passed over when the longest is looked for. Of WordPiece
    /// alone.
    #[schemars(range(min = 0, max = 1))]
    pub max_match_dropout: f64,
    /// Share of words each of whose tokens becomes the token for unknown text, as if its embedding were dropped (Gal and
    /// Ghahramani 2016; Sennrich et al. 2016). Words stand between spaces; one at least stays as it is, and so do added
    /// tokens. For sources: a target would learn to write unknown tokens.
    #[schemars(range(min = 0, max = 1))]
    pub word_dropout: f64,
    /// Share of words that are left out (Iyyer et al. 2015); one at least stays, and so do added tokens. For sources.
    #[schemars(range(min = 0, max = 1))]
    pub word_deletion: f64,
}

/// Pieces drawn by their probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UnigramSampling {
    /// Exponent of the probabilities: near 0 every way to cut a text is equally likely, and the larger it is, the nearer is
    /// what is drawn to the most probable one.
    #[schemars(range(min = 0.001, max = 100))]
    pub alpha: f64,
    /// Draw among this many ways, the most probable ones; left out: among all. A tokenizer that was trained here counts the
    /// ways to cut a word, a `.model` of SentencePiece those to cut a text.
    #[schemars(range(min = 2, max = 1024))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_best: Option<usize>,
}

impl Default for UnigramSampling {
    fn default() -> Self {
        Self { alpha: 0.1, n_best: None }
    }
}

impl Augment {
    /// True if no change is switched on.
    pub(crate) fn is_none(&self) -> bool {
        self.sampling().is_none() && self.word_dropout == 0.0 && self.word_deletion == 0.0
    }

    /// The random way to cut a text, if there is one.
    pub(crate) fn sampling(&self) -> Option<Sampling> {
        match self.unigram_sampling {
            Some(sampling) => Some(Sampling::Unigram(sampling)),
            None if self.bpe_dropout > 0.0 => Some(Sampling::BpeDropout(self.bpe_dropout)),
            None if self.max_match_dropout > 0.0 => Some(Sampling::MaxMatchDropout(self.max_match_dropout)),
            None => None,
        }
    }

    /// Problems of the options that need no file.
    pub(crate) fn problems(&self, options: &TextOptions) -> Vec<OptionProblem> {
        let mut problems = Vec::new();
        let mut range = |name: &str, value: f64, least: f64, most: f64| {
            if !(least..=most).contains(&value) {
                let help = format!("a number from {least} to {most}");
                let message = format!("{value} is out of range");
                problems.push(OptionProblem::new(format!("/augment/{name}"), message, help));
            }
        };
        range("bpe_dropout", self.bpe_dropout, 0.0, 1.0);
        range("max_match_dropout", self.max_match_dropout, 0.0, 1.0);
        range("word_dropout", self.word_dropout, 0.0, 1.0);
        range("word_deletion", self.word_deletion, 0.0, 1.0);
        if let Some(UnigramSampling { alpha, n_best }) = self.unigram_sampling {
            range("unigram_sampling/alpha", alpha, 0.001, 100.0);
            if let Some(n_best) = n_best {
                range("unigram_sampling/n_best", n_best as f64, 2.0, 1024.0);
            }
        }
        let name = options.tokenizer.name();
        for asked in self.asked() {
            let fits = match options.tokenizer {
                Tokenizer::File(_) => true,
                Tokenizer::Bpe(_) => matches!(asked, Sampling::BpeDropout(_)),
                Tokenizer::Unigram(_) => matches!(asked, Sampling::Unigram(_)),
                Tokenizer::WordPiece(_) => matches!(asked, Sampling::MaxMatchDropout(_)),
                _ => false,
            };
            if !fits {
                problems.push(asked.refused(name));
            }
        }
        if self.word_dropout > 0.0 && matches!(options.tokenizer, Tokenizer::Bytes(_)) {
            problems.push(no_unknown("bytes"));
        }
        problems
    }

    /// All random ways to cut a text that are asked for; a tokenizer has at most one.
    pub(crate) fn asked(&self) -> Vec<Sampling> {
        let bpe = (self.bpe_dropout > 0.0).then_some(Sampling::BpeDropout(self.bpe_dropout));
        let longest =
            (self.max_match_dropout > 0.0).then_some(Sampling::MaxMatchDropout(self.max_match_dropout));
        bpe.into_iter().chain(self.unigram_sampling.map(Sampling::Unigram)).chain(longest).collect()
    }
}

/// The problem of a tokenizer that has no token for unknown text.
pub(crate) fn no_unknown(tokenizer: &str) -> OptionProblem {
    let message = format!("{tokenizer} has no token for unknown text, which would stand for a dropped word");
    OptionProblem::new("/augment/word_dropout", message, "word_deletion leaves words out instead")
}
