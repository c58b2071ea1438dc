//! Translations, scores and what comes next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Input, Prefix};
use super::value::View;

/// What is to be translated, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TranslateRequest {
    /// The number of the task.
    pub task: usize,
    /// What is translated; left out for a decoder-only model.
    pub source: Option<Input>,
    /// Several of them, instead of `source`.
    pub sources: Option<Vec<Input>>,
    /// How it is written; what is left out is as the run's experiment says.
    pub decoding: Option<Decoding>,
    /// What every output begins with.
    pub prefix: Prefix,
    /// Whether to answer with a line a token, as soon as each is chosen. Greedy and sampling only.
    pub stream: bool,
}

/// How something is written: at most one of `greedy`, `beam` and `sampling`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decoding {
    /// The most probable token at every step.
    pub greedy: Option<Greedy>,
    /// Beam search.
    pub beam: Option<Beam>,
    /// Each token drawn at random.
    pub sampling: Option<Sampling>,
    /// How far outputs follow their source; 1: as learned.
    pub guidance: Option<f64>,
    /// The most tokens to write, the end not counted.
    pub max_length: Option<usize>,
    /// The fewest tokens to write, the end not counted.
    pub min_length: Option<usize>,
    /// No sequence of this many tokens is written twice; 0: no such rule.
    pub no_repeat_ngram: Option<usize>,
    /// Divides the score of tokens already written; 1: no penalty.
    pub repetition_penalty: Option<f64>,
}

/// Greedy search has no options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Greedy {}

/// Beam search; what is left out is as the experiment says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Beam {
    /// Hypotheses kept at every step.
    pub size: Option<usize>,
    /// The exponent of the length that divides a finished hypothesis' log-probability.
    pub length_penalty: Option<f64>,
    /// How many finished hypotheses are given back.
    pub n_best: Option<usize>,
}

/// Sampling; what is left out is as the experiment says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits.
    pub temperature: Option<f64>,
    /// Only the k most probable tokens; 0: all.
    pub top_k: Option<usize>,
    /// Only the most probable tokens that together reach p.
    pub top_p: Option<f64>,
    /// The seed of the draw.
    pub seed: Option<u64>,
}

/// Translations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Translations {
    /// For each source its outputs, best first.
    pub outputs: Vec<Vec<Output>>,
    /// For each source the words that hold pieces unknown to the model; none of other media than texts.
    pub unknown: Vec<Vec<String>>,
    /// For each source what is odd about it: values beyond reason, a file with damage that could be mended.
    pub warnings: Vec<Vec<String>>,
}

/// Something that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The value.
    pub view: View,
    /// Its tokens, without the end; none when it is written in frames.
    pub tokens: Vec<u32>,
    /// Each token as it is shown.
    pub labels: Vec<String>,
    /// What search ranked it by.
    pub score: f64,
    /// Its log-probability, the end included.
    pub log_probability: f64,
}

/// A token of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamedToken {
    /// The token.
    pub token: u32,
    /// As it is shown.
    pub label: String,
    /// Its log-probability.
    pub log_probability: f32,
}

/// The last line of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StreamedEnd {
    /// All that was written.
    pub done: Output,
    /// Words of the source that hold pieces unknown to the model.
    pub unknown: Vec<String>,
    /// What is odd about the source.
    pub warnings: Vec<String>,
}

/// A pair whose probability is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// The number of the task.
    #[serde(default)]
    pub task: usize,
    /// The source; left out for a decoder-only model.
    #[serde(default)]
    pub source: Option<Input>,
    /// The target.
    pub target: Input,
}

/// How probable a target is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// The log-probability of all tokens, the end included.
    pub log_probability: f64,
    /// How many tokens that is.
    pub tokens: usize,
    /// Each token as it is shown, and its log-probability.
    pub by_token: Vec<(String, f32)>,
}

/// What is asked to be continued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NextRequest {
    /// The number of the task.
    pub task: usize,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// What is written so far.
    pub prefix: Prefix,
    /// How many of the most probable tokens to tell.
    pub count: usize,
}

impl Default for NextRequest {
    fn default() -> Self {
        Self { task: 0, source: None, prefix: Prefix::default(), count: 10 }
    }
}

/// What comes next with which probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextTokens {
    /// The most probable tokens, in falling order.
    pub tokens: Vec<NextToken>,
}

/// A token that may come next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextToken {
    /// The token.
    pub id: u32,
    /// As it is shown.
    pub label: String,
    /// Its probability.
    pub probability: f32,
}
