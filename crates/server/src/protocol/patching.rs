//! Activation patching: states of a pass over one input, put into a pass over another.

use any2any_architecture::StackKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::look::{AttentionEdit, Head};
use super::reference::Reference;
use any2any_portable::Floats;

/// The two inputs of activation patching, and the token that is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PatchingRequest {
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
    /// The position of the explained token: the number of tokens before it.
    pub position: usize,
    /// The explained token; the one written at `position` if left out.
    #[serde(default)]
    pub token: Option<u32>,
    /// The token that might have been written instead: watched is by how much the explained token is likelier; left out, how
    /// likely it is.
    #[serde(default)]
    pub contrast: Option<u32>,
    /// The source whose states are taken; left out for a decoder-only model.
    #[serde(default)]
    pub other: Option<Input>,
    /// The tokens before the explained one in the pass whose states are taken; those of `tokens` if left out.
    #[serde(default)]
    pub other_tokens: Option<Vec<u32>>,
    /// The stack whose states are put in.
    pub stack: StackKind,
    /// The most groups of neighbouring positions that are patched together, from 1 to 64.
    #[serde(default = "groups")]
    pub groups: usize,
    /// Source positions that are masked, of `source` alone.
    #[serde(default)]
    pub masked: Vec<usize>,
    /// Heads that are ablated in both passes: their context is zero.
    #[serde(default)]
    pub ablated: Vec<Head>,
    /// Attention weights that are set by hand, in the pass over `source` alone.
    #[serde(default)]
    pub edited: Vec<AttentionEdit>,
}

fn groups() -> usize {
    64
}

/// The effects of patches on the watched number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Patching {
    /// The log-probability of the token, or by how much it is above that of the contrast.
    pub base: f32,
    /// The same of the other input.
    pub other: f32,
    /// By how much each patch raises it, `[depths, groups]`. Depth 0 is the embedded input with its positions.
    pub effect: Floats,
    /// By how much it rises when all positions that both inputs have are patched, one for each depth.
    pub whole: Vec<f32>,
    /// The number of neighbouring positions in a group.
    pub group: usize,
    /// The number of positions that both inputs have, from the first.
    pub positions: usize,
    /// The texts of the other input's positions; null for frames. The decoder's are the begin token and the tokens.
    pub labels: Vec<Option<String>>,
}
