//! Samples with a state near to that of a position.

use any2any_architecture::StackKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::reference::Reference;

/// The position whose state is compared, and the samples that it is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NeighboursRequest {
    /// The task.
    #[serde(default)]
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    #[serde(default)]
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0.
    #[serde(default)]
    pub window: usize,
    /// The tokens written so far, without begin.
    #[serde(default)]
    pub tokens: Vec<u32>,
    /// The stack whose states are compared: what it hands on.
    pub stack: StackKind,
    /// The position in that stack; of a decoder, the number of tokens before the one that is chosen from the state.
    pub position: usize,
    /// The split.
    #[serde(default = "train")]
    pub split: String,
    /// The first sample that is compared, from 0.
    #[serde(default)]
    pub from: usize,
    /// The most samples that are compared, from 1 to 64.
    #[serde(default = "samples")]
    pub samples: usize,
    /// The most neighbours, from 1 to 64.
    #[serde(default = "count")]
    pub count: usize,
}

fn train() -> String {
    "train".to_owned()
}

fn samples() -> usize {
    64
}

fn count() -> usize {
    8
}

/// The nearest of some samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Neighbours {
    /// The number of samples of the split.
    pub total: usize,
    /// The sample to go on from; null at the end of the split.
    pub next: Option<usize>,
    /// The nearest samples, the nearest first.
    pub neighbours: Vec<Neighbour>,
}

/// A sample, by its position whose state is the nearest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Neighbour {
    /// The sample's number in its split, from 0.
    pub sample: usize,
    /// The position.
    pub position: usize,
    /// The cosine of the angle between both states, from -1 to 1.
    pub similarity: f32,
    /// The texts of the sample's positions in that stack; null for frames. Of a decoder, the tokens that were chosen.
    pub labels: Vec<Option<String>>,
    /// The sample's reference as a text.
    pub reference: String,
}
