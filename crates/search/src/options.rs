//! Options of a search: strategy and rules.

use serde::{Deserialize, Serialize};

use crate::{SearchError, TimestampTokens};

/// Options of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchOptions {
    /// Choice of the next token.
    pub strategy: Strategy,
    /// Length of the n-grams that are never written twice; 0: no such rule.
    pub no_repeat_ngram: usize,
    /// Penalty of tokens that are already written: positive logits are divided by it, negative ones multiplied
    /// (Keskar et al., "CTRL", 2019); 1: no penalty.
    pub repetition_penalty: f64,
    /// Number of the first tokens of every prefix that are a prompt: they are given and not written, so their
    /// probability is 1, though they count in the length.
    pub prompt: usize,
    /// Tokens that are not written first behind the prompt; the end may be one of them.
    pub suppress_first: Vec<u32>,
    /// Tokens of timestamps that stand around the pieces of a transcript; none where outputs have no such tokens.
    pub timestamps: Option<TimestampTokens>,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            strategy: Strategy::Greedy,
            no_repeat_ngram: 0,
            repetition_penalty: 1.0,
            prompt: 0,
            suppress_first: Vec::new(),
            timestamps: None,
        }
    }
}

/// Choice of the next token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// The most probable one.
    #[default]
    Greedy,
    /// Several hypotheses, followed side by side.
    Beam(Beam),
    /// A token drawn at random.
    Sampling(Sampling),
}

/// Beam search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beam {
    /// Hypotheses kept at every step.
    pub size: usize,
    /// The exponent of the length that divides a finished hypothesis' log-probability; 0: none.
    pub length_penalty: f64,
    /// Number of finished hypotheses that are returned, at most `size`.
    pub n_best: usize,
}

impl Default for Beam {
    fn default() -> Self {
        Self { size: 5, length_penalty: 1.0, n_best: 1 }
    }
}

/// Sampling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Divisor of the logits: below 1 sharper, above 1 flatter.
    pub temperature: f64,
    /// Only the k most probable tokens (Fan et al. 2018); 0: all.
    pub top_k: usize,
    /// Only the most probable tokens that together reach p (Holtzman et al. 2020).
    pub top_p: f64,
    /// The seed of the draw.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 1 }
    }
}

impl SearchOptions {
    pub(crate) fn check<E: std::error::Error + 'static>(&self) -> Result<(), SearchError<E>> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let mut problem = (!positive(self.repetition_penalty))
            .then_some(("repetition_penalty", "must be positive; 1 means no penalty"));
        match &self.strategy {
            Strategy::Greedy => {}
            Strategy::Beam(beam) => {
                if beam.size == 0 {
                    problem = Some(("size", "must be at least 1"));
                } else if beam.n_best == 0 || beam.n_best > beam.size {
                    problem = Some(("n_best", "must be between 1 and the size of the beam"));
                } else if !(beam.length_penalty.is_finite() && beam.length_penalty >= 0.0) {
                    problem = Some(("length_penalty", "must not be negative; 0 means none"));
                }
            }
            Strategy::Sampling(sampling) => {
                if !positive(sampling.temperature) {
                    problem = Some(("temperature", "must be positive; search greedily instead of with 0"));
                } else if !(positive(sampling.top_p) && sampling.top_p <= 1.0) {
                    problem = Some(("top_p", "must be above 0 and at most 1; 1 means all tokens"));
                }
            }
        }
        match problem {
            Some((option, reason)) => Err(SearchError::Option { option, reason }),
            None => Ok(()),
        }
    }
}
