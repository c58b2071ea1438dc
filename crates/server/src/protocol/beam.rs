//! A beam search as a tree.

use any2any_inspect::NodeFate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Input, Prefix};

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BeamRequest {
    /// The number of the task.
    pub task: usize,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// What every hypothesis begins with.
    pub prefix: Prefix,
    /// Hypotheses kept at every step; as the experiment says when left out.
    pub size: Option<usize>,
    /// The exponent of the length that divides a finished hypothesis' log-probability.
    pub length_penalty: Option<f64>,
}

/// Everything that a search considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BeamTree {
    /// The nodes; parents stand before their children.
    pub nodes: Vec<BeamNode>,
    /// The nodes in which hypotheses end, best first.
    pub best: Vec<usize>,
}

/// A token that was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BeamNode {
    /// Its number.
    pub id: usize,
    /// The node of the token before it; null behind the begin token.
    pub parent: Option<usize>,
    /// How many tokens stand before it.
    pub step: usize,
    /// The token; null: the end.
    pub token: Option<u32>,
    /// As it is shown.
    pub label: String,
    /// Its log-probability.
    pub log_probability: f32,
    /// The log-probability of all tokens up to it.
    pub total: f64,
    /// The total normalised by length.
    pub score: f64,
    /// What became of it.
    pub fate: NodeFate,
}
