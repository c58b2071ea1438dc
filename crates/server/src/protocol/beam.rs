//! A beam search as a tree.

use any2any_inspect::NodeFate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{Input, Prefix};
use super::reference::Reference;

/// The source and options of a beam search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BeamRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
    pub window: usize,
    /// The beginning of every hypothesis.
    pub prefix: Prefix,
    /// Hypotheses kept at every step; as the experiment says if left out.
    pub size: Option<usize>,
    /// The exponent of the length by which a finished hypothesis' log-probability is divided.
    pub length_penalty: Option<f64>,
}

/// A beam search as a tree of all tokens that it considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct BeamTree {
    /// The nodes; parents stand before their children.
    pub nodes: Vec<BeamNode>,
    /// The nodes in which hypotheses end, best first.
    pub best: Vec<usize>,
}

/// A token that the search considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct BeamNode {
    /// The node's number.
    pub id: usize,
    /// The node of the token before; null behind the begin token.
    pub parent: Option<usize>,
    /// The number of tokens before this one.
    pub step: usize,
    /// The token; null: the end.
    pub token: Option<u32>,
    /// The token's text.
    pub label: String,
    /// The token's log-probability.
    pub log_probability: f32,
    /// The log-probability of all tokens up to this one.
    pub total: f64,
    /// The total, normalised by length.
    pub score: f64,
    /// The fate of the hypothesis that ends here.
    pub fate: NodeFate,
}
