//! Samples of a task's data, and the vocabulary of its target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Reference;
use any2any_portable::View;

/// The vocabulary that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct VocabularyQuery {
    /// The run.
    pub run: Reference,
    /// The task.
    pub task: Reference,
}

/// The vocabulary of a task's target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Vocabulary {
    /// The text of each token.
    pub tokens: Vec<String>,
    /// The token that the decoder starts from.
    pub begin: u32,
    /// The token that ends a sequence.
    pub end: u32,
    /// Tokens that search never chooses.
    pub forbidden: Vec<u32>,
}

/// The samples that are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SamplesQuery {
    /// The run.
    pub run: Reference,
    /// The task.
    pub task: Reference,
    /// The split.
    pub split: String,
    /// The first sample, from 0.
    pub from: usize,
    /// The number of samples, at most 100.
    pub count: usize,
}

impl Default for SamplesQuery {
    fn default() -> Self {
        Self {
            run: Reference::default(),
            task: Reference::default(),
            split: "test".to_owned(),
            from: 0,
            count: 12,
        }
    }
}

/// Some samples of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Samples {
    /// The number of samples of the split.
    pub total: usize,
    /// The samples; those that cannot be read are left out.
    pub samples: Vec<Sample>,
}

/// A sample of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Sample {
    /// The sample's number in its split, from 0.
    pub number: usize,
    /// The source; null for a decoder-only model.
    pub source: Option<View>,
    /// The target.
    pub target: View,
}
