//! What counts for a token, and what was learned.

use any2any_inspect::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::numbers::Floats;

/// Which token is explained, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributionRequest {
    /// The number of the task.
    #[serde(default)]
    pub task: usize,
    /// The source; left out for a decoder-only model.
    #[serde(default)]
    pub source: Option<Input>,
    /// The tokens written so far, without begin.
    #[serde(default)]
    pub tokens: Vec<u32>,
    /// How many tokens stand before the one that is explained.
    pub position: usize,
    /// The token; the one that was written there when left out.
    #[serde(default)]
    pub token: Option<u32>,
    /// How.
    pub method: Method,
}

/// How much each position counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// One for each position of the source.
    pub source: Vec<f32>,
    /// One for the begin token and for each token before.
    pub target: Vec<f32>,
    /// The log-probability of the token when nothing is taken away.
    pub base: f32,
}

/// Which parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParameterQuery {
    /// The number of the run.
    pub run: usize,
    /// The checkpoint; `best` when left out.
    pub checkpoint: Option<String>,
    /// The parameter's name.
    pub name: String,
}

/// A parameter, its longer sides pooled by the mean of blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// The numbers.
    #[serde(flatten)]
    pub floats: Floats,
    /// The sizes before pooling.
    pub full_shape: Vec<usize>,
}
