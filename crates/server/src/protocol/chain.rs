//! Chains of runs: what one run writes, the next reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::translate::{Decoding, Translations};

/// A served chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Chain {
    /// The chain's number, from 0.
    pub number: usize,
    /// The names of its runs, with `+` between them.
    pub name: String,
    /// The steps in order; none if they do not fit.
    pub steps: Vec<ChainStep>,
    /// The reason why its runs make no chain; null if they do.
    pub broken: Option<String>,
}

/// A step of a chain: a task of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ChainStep {
    /// The number of the run.
    pub run: usize,
    /// The number of its task: the first that reads what the step before writes.
    pub task: usize,
}

/// Sources that a chain takes through all of its steps, and the decoding options of the last. `source_language` is that of
/// the first step, `target_language` that of the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ChainRequest {
    /// The number of the chain.
    pub chain: usize,
    /// The sources.
    pub sources: Vec<Input>,
    /// The decoding options of the last step; those left out are as its run's experiment says.
    pub decoding: Option<Decoding>,
}

/// The outputs of every step of a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Chained {
    /// The outputs of each step; the best output of each source is what the next step reads.
    pub steps: Vec<Translations>,
}
