//! The figure of the paper, with this model's activations and parameters.

use any2any_inspect::{PartKind, PartParameter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::look::{AttentionEdit, Head};
use super::reference::Reference;
use any2any_architecture::StackKind;
use any2any_portable::Floats;

/// The source and tokens of a forward pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MachineRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
    pub window: usize,
    /// The tokens written so far, without begin.
    pub tokens: Option<Vec<u32>>,
    /// Source positions that are masked.
    pub masked: Vec<usize>,
    /// Heads that are ablated: their context is zero.
    pub ablated: Vec<Head>,
    /// Attention weights that are set by hand.
    pub edited: Vec<AttentionEdit>,
}

/// All parts of the model, in the order of computation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Machine {
    /// The parts.
    pub parts: Vec<Part>,
}

/// A part of the model, drawn as a box of the figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Part {
    /// The identifier, such as `encoder.0.attention`.
    pub id: String,
    /// A title for people.
    pub name: String,
    /// The part's operation.
    pub kind: PartKind,
    /// The part's stack; null for the exit.
    pub stack: Option<StackKind>,
    /// The part's layer, from 0; null before and after the layers.
    pub layer: Option<usize>,
    /// The activations, in the order of computation.
    pub values: Vec<PartValues>,
    /// The learned parameters.
    pub parameters: Vec<PartParameter>,
}

/// Activations of one kind in a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PartValues {
    /// The name of the activations, such as `query`.
    pub name: String,
    /// The sizes of the dimensions.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Floats,
}
