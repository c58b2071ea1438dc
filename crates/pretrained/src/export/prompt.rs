//! Tokens that a model is told beside its sources.

use std::collections::BTreeMap;

/// Tokens in front of sources and outputs: languages, tags, or what else a model was told in training.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The tokens in front of every source.
    pub source: Vec<u32>,
    /// The tokens that every output begins with.
    pub target: Vec<u32>,
    /// The token of each language, by the name that users give it.
    pub languages: BTreeMap<String, u32>,
    /// A language is named by whoever uses the model: the one among the tokens is an example.
    pub in_any_language: bool,
    /// The latest timestamp that an output may begin with, as a number from 0.
    pub latest_start: Option<u32>,
}
