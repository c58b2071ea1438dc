//! Decoding options: greedy search, beam search or sampling, and the limits of outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decoding options; search is greedy unless a beam or sampling is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decoding {
    /// Beam search. At most one of `beam` and `sampling` can be given; without either, search is greedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beam: Option<Beam>,
    /// Sampling: each token is drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// The scale of classifier-free guidance (Ho and Salimans 2022): the factor by which logits are moved away from
    /// those without a source. 1: no guidance; 0: the source is ignored. Tasks need `source_dropout` for it.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub guidance: f64,
    /// The most tokens of an output, the end token excluded; null: `2 * source + 20`.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_length: Option<usize>,
    /// The fewest tokens of an output, the end token excluded.
    #[schemars(range(max = 65_536))]
    pub min_length: usize,
    /// The length of the n-grams that no output repeats; 0: no such rule.
    pub no_repeat_ngram: usize,
    /// The divisor of the score of tokens already written (Keskar et al. 2019); 1: no penalty.
    #[schemars(range(min = 1.0))]
    pub repetition_penalty: f64,
    /// The most source positions of one batch, padding and beams included.
    #[schemars(range(min = 1))]
    pub batch_tokens: usize,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            beam: None,
            sampling: None,
            guidance: 1.0,
            max_length: None,
            min_length: 0,
            no_repeat_ngram: 0,
            repetition_penalty: 1.0,
            batch_tokens: 8192,
        }
    }
}

impl Decoding {
    /// True if no output can be as long and as short as these options demand.
    pub fn contradicts_itself(&self) -> bool {
        self.max_length.is_some_and(|most| self.min_length > most)
    }
}

/// Beam search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Beam {
    /// Hypotheses kept at every step.
    #[schemars(range(min = 1, max = 1024))]
    pub size: usize,
    /// The exponent of the length by which a finished hypothesis' log-probability is divided; 0: no penalty.
    #[schemars(range(min = 0.0))]
    pub length_penalty: f64,
    /// The number of finished hypotheses in the result, at most `size`.
    #[schemars(range(min = 1))]
    pub n_best: usize,
}

impl Default for Beam {
    fn default() -> Self {
        Self { size: 5, length_penalty: 1.0, n_best: 1 }
    }
}

/// Sampling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// The divisor of the logits: below 1 sharper, above 1 flatter.
    #[schemars(range(min = 1e-4))]
    pub temperature: f64,
    /// The number of most probable tokens to draw from (Fan et al. 2018); 0: all.
    pub top_k: usize,
    /// The probability of the nucleus: only the most probable tokens that together reach it are drawn (Holtzman et al.
    /// 2020).
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub top_p: f64,
    /// The seed of the random numbers; null: the experiment's.
    pub seed: Option<u64>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, seed: None }
    }
}
