//! Assessments of the samples of a split: which the model finds hard, and what it takes for what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Reference;

/// The samples that are assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AssessmentQuery {
    /// The run.
    pub run: Reference,
    /// The checkpoint; `best` if left out.
    pub checkpoint: Option<String>,
    /// The task, which writes tokens from a source.
    pub task: Reference,
    /// The split.
    pub split: String,
    /// The first sample, from 0.
    pub from: usize,
    /// The number of samples, at most 64.
    pub count: usize,
}

impl Default for AssessmentQuery {
    fn default() -> Self {
        Self {
            run: Reference::default(),
            checkpoint: None,
            task: Reference::default(),
            split: "test".to_owned(),
            from: 0,
            count: 64,
        }
    }
}

/// Samples of a split, each held against the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Assessments {
    /// The number of samples of the split.
    pub total: usize,
    /// The sample to go on from; null at the end of the split.
    pub next: Option<usize>,
    /// The samples; those that cannot be read, or are read in several windows, are left out.
    pub samples: Vec<AssessedSample>,
}

/// A sample, held against the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct AssessedSample {
    /// The sample's number in its split, from 0.
    pub number: usize,
    /// The source, if it is a text.
    pub source: Option<String>,
    /// The reference as a text.
    pub reference: String,
    /// The output as a text.
    pub output: String,
    /// The number of positions of the source.
    pub positions: usize,
    /// The number of tokens of the reference, its end included where the model writes it.
    pub tokens: usize,
    /// The negative log-probability of the reference, the mean over its tokens, in nats.
    pub loss: f32,
    /// The entropy of the model's distributions along the reference, the mean over its tokens, in bits.
    pub entropy: f32,
    /// The fewest edits from the reference to the output, for each token of the reference.
    pub error: f64,
    /// The places at which the model, told the reference up to there, holds another token for the likeliest.
    pub confusions: Vec<Confusion>,
}

/// A token of a reference for which the model holds another one likelier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Confusion {
    /// The place in the reference.
    pub position: usize,
    /// The text of the reference's token.
    pub expected: String,
    /// The text of the likeliest token.
    pub likeliest: String,
    /// The log-probability of the reference's token.
    pub log_probability: f32,
}
