//! Translations, scores and the next tokens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Input, Prefix};
use super::reference::Reference;
use any2any_portable::View;

/// The sources to translate, and the decoding options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TranslateRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// Several sources, instead of `source`.
    pub sources: Option<Vec<Input>>,
    /// The only window to translate of a source that is read in several, from 0; left out, all of them.
    pub window: Option<usize>,
    /// The decoding options; those left out are as the run's experiment says.
    pub decoding: Option<Decoding>,
    /// The beginning of every output.
    pub prefix: Prefix,
    /// True to answer with one line a token, as soon as each is chosen: greedily, also where the run's experiment searches with a
    /// beam, or by sampling. A beam that the request itself asks for is an error.
    pub stream: bool,
}

/// Decoding options: at most one of `greedy`, `beam` and `sampling`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "DecodingOptions")]
pub struct Decoding {
    /// Greedy search: the most probable token at every step.
    pub greedy: Option<Greedy>,
    /// Beam search.
    pub beam: Option<Beam>,
    /// Sampling: each token drawn at random.
    pub sampling: Option<Sampling>,
    /// The scale of classifier-free guidance; 1: none.
    pub guidance: Option<f64>,
    /// The most tokens of an output, the end token excluded.
    pub max_length: Option<usize>,
    /// The fewest tokens of an output, the end token excluded.
    pub min_length: Option<usize>,
    /// The length of the n-grams that no output repeats; 0: no such rule.
    pub no_repeat_ngram: Option<usize>,
    /// The divisor of the score of tokens already written; 1: no penalty.
    pub repetition_penalty: Option<f64>,
}

/// Greedy search, which has no options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[schemars(rename = "GreedyOptions")]
pub struct Greedy {}

/// Beam search. Options left out are as the experiment says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "BeamOptions")]
pub struct Beam {
    /// Hypotheses kept at every step.
    pub size: Option<usize>,
    /// The exponent of the length by which a finished hypothesis' log-probability is divided.
    pub length_penalty: Option<f64>,
    /// The number of finished hypotheses in the answer.
    pub n_best: Option<usize>,
}

/// Sampling. Options left out are as the experiment says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "SamplingOptions")]
pub struct Sampling {
    /// The divisor of the logits.
    pub temperature: Option<f64>,
    /// The number of most probable tokens to draw from; 0: all.
    pub top_k: Option<usize>,
    /// The probability of the nucleus: only the most probable tokens that together reach it are drawn.
    pub top_p: Option<f64>,
    /// The seed of the random numbers.
    pub seed: Option<u64>,
}

/// Translations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Translations {
    /// The outputs of each source, best first.
    pub outputs: Vec<Vec<Output>>,
    /// The words of each source that hold pieces unknown to the model; none of other media than texts.
    pub unknown: Vec<Vec<String>>,
    /// The warnings of each source: values beyond reason, a damaged file that could be repaired.
    pub warnings: Vec<Vec<String>>,
    /// The language that the model told of each source; left out where it tells none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detected: Vec<Option<DetectedLanguage>>,
}

/// A language that a model told of a source: the most probable at its place in the prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DetectedLanguage {
    /// The language.
    pub language: String,
    /// Its probability among those that the model can tell.
    pub probability: f32,
    /// All languages that it can tell with their probabilities, in falling order.
    pub probabilities: Vec<(String, f32)>,
}

impl From<any2any_translate::DetectedLanguage> for DetectedLanguage {
    fn from(detected: any2any_translate::DetectedLanguage) -> Self {
        let any2any_translate::DetectedLanguage { language, probability, probabilities, .. } = detected;
        Self { language, probability, probabilities }
    }
}

/// An output of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Output {
    /// The value.
    pub view: View,
    /// The tokens, without the end token; none of an output in frames.
    pub tokens: Vec<u32>,
    /// The text of each token.
    pub labels: Vec<String>,
    /// The score by which search ranked the output.
    pub score: f64,
    /// The log-probability, the end token included.
    pub log_probability: f64,
}

/// A token of a streamed output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StreamedToken {
    /// The token.
    pub token: u32,
    /// The token's text.
    pub label: String,
    /// The token's log-probability.
    pub log_probability: f32,
}

/// The last line of a streamed output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StreamedEnd {
    /// The whole output.
    pub done: Output,
    /// Words of the source that hold pieces unknown to the model.
    pub unknown: Vec<String>,
    /// The warnings of the source.
    pub warnings: Vec<String>,
    /// The language that the model told of the source; left out where it tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<DetectedLanguage>,
}

/// A pair of source and target whose probability is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScoreRequest {
    /// The task.
    #[serde(default)]
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    #[serde(default)]
    pub source: Option<Input>,
    /// The window that the target belongs to, from 0, of a source that is read in several. Such a source is an error
    /// without it.
    #[serde(default)]
    pub window: Option<usize>,
    /// The target.
    pub target: Input,
}

/// The probability of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Score {
    /// The log-probability of all tokens, the end token included.
    pub log_probability: f64,
    /// The number of tokens, the end token included.
    pub tokens: usize,
    /// The text of each token, with its log-probability.
    pub by_token: Vec<(String, f32)>,
}

/// The source and prefix whose next tokens are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NextRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
    pub window: usize,
    /// The prefix: all that is written so far.
    pub prefix: Prefix,
    /// The number of most probable tokens to tell.
    pub count: usize,
}

impl Default for NextRequest {
    fn default() -> Self {
        Self { task: Reference::default(), source: None, window: 0, prefix: Prefix::default(), count: 10 }
    }
}

/// The probability distribution over the next token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NextTokens {
    /// The most probable tokens, in falling order.
    pub tokens: Vec<NextToken>,
}

/// A token that may come next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NextToken {
    /// The token.
    pub id: u32,
    /// The token's text.
    pub label: String,
    /// The token's probability.
    pub probability: f32,
}
