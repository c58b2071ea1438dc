//! How the model writes: greedy unless a beam or sampling is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the model writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decoding {
    /// Beam search. At most one of `beam` and `sampling` can be given; without either, search is greedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beam: Option<Beam>,
    /// Draw each token at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// How far outputs follow their source: the factor by which logits are moved away from those without a source
    /// (classifier-free guidance, Ho and Salimans 2022). 1: as learned; 0: the source is not looked at. Tasks need
    /// `source_dropout` for it.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub guidance: f64,
    /// The most tokens to write, the end not counted; null: `2 * source + 20`.
    #[schemars(range(min = 1, max = 65_536))]
    pub max_length: Option<usize>,
    /// The fewest tokens to write, the end not counted.
    #[schemars(range(max = 65_536))]
    pub min_length: usize,
    /// No sequence of this many tokens is written twice; 0: no such rule.
    pub no_repeat_ngram: usize,
    /// Divides the score of tokens already written (Keskar et al. 2019); 1: no penalty.
    #[schemars(range(min = 1.0))]
    pub repetition_penalty: f64,
    /// Source positions of one batch, padding and beams counted.
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
    /// Whether no output can be both as long as it must and as short as it may be.
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
    /// The exponent of the length that divides a finished hypothesis' log-probability; 0: none.
    #[schemars(range(min = 0.0))]
    pub length_penalty: f64,
    /// How many finished hypotheses are given back, at most `size`.
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
    /// Divides the logits: below 1 sharper, above 1 flatter.
    #[schemars(range(min = 1e-4))]
    pub temperature: f64,
    /// Only the k most probable tokens (Fan et al. 2018); 0: all.
    pub top_k: usize,
    /// Only the most probable tokens that together reach p (Holtzman et al. 2020).
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub top_p: f64,
    /// The seed of the draw; null: the experiment's.
    pub seed: Option<u64>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, seed: None }
    }
}
