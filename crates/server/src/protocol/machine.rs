//! The figure of the paper, with this model's numbers flowing through it.

use any2any_inspect::{PartKind, PartParameter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::numbers::Floats;
use any2any_architecture::StackKind;

/// What flows through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MachineRequest {
    /// The number of the task.
    pub task: usize,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The tokens written so far, without begin.
    pub tokens: Option<Vec<u32>>,
}

/// The parts, in the order of computation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The parts.
    pub parts: Vec<Part>,
}

/// A box of the figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What it is called: `encoder.0.attention`.
    pub id: String,
    /// A title for people.
    pub name: String,
    /// What it does.
    pub kind: PartKind,
    /// Its stack; null for the exit.
    pub stack: Option<StackKind>,
    /// Its layer, from 0; null before and after the layers.
    pub layer: Option<usize>,
    /// What flows through it.
    pub values: Vec<PartValues>,
    /// What was learned.
    pub parameters: Vec<PartParameter>,
}

/// Numbers on their way through a box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartValues {
    /// What they are: `query`.
    pub name: String,
    /// The sizes of the dimensions.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Floats,
}
