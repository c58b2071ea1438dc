//! One forward pass over a source and the tokens so far, with the attention of every head.

use any2any_architecture::StackKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::reference::Reference;
use any2any_portable::{Floats, Region, View};

/// The input of a forward pass, and the ablations in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LookRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
    pub window: usize,
    /// The tokens written so far, without begin. Left out for a task that writes frames: the model then writes the
    /// target first.
    pub tokens: Option<Vec<u32>>,
    /// Source positions that are masked.
    pub masked: Vec<usize>,
    /// Heads that are ablated: their context is zero.
    #[serde(alias = "muted")]
    pub ablated: Vec<Head>,
    /// Attention weights that are set by hand.
    pub edited: Vec<AttentionEdit>,
}

/// Attention weights of a head that are set by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AttentionEdit {
    /// The stack of the head's layer.
    pub stack: StackKind,
    /// The kind of attention of the head's layer.
    pub kind: AttentionKind,
    /// The number of the layer, from 0.
    pub layer: usize,
    /// The number of the head, from 0.
    pub head: usize,
    /// The change of its weights.
    pub change: AttentionChange,
}

/// The change of a head's attention weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AttentionChange {
    /// The weights of one query.
    Row(AttentionRow),
    /// A key, by its number from 0, that no query of the head sees: the other weights of each row grow to its sum.
    Silence(usize),
}

/// The weights of one query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttentionRow {
    /// The number of the query, from 0.
    pub query: usize,
    /// Its weights, one for each key; what is missing at the end is zero.
    pub weights: Vec<f32>,
}

/// An attention head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Head {
    /// The stack of the head's layer.
    pub stack: StackKind,
    /// The kind of attention of the head's layer.
    pub kind: AttentionKind,
    /// The number of the layer, from 0.
    pub layer: usize,
    /// The number of the head, from 0.
    pub head: usize,
}

/// The kind of attention of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum AttentionKind {
    /// Self-attention, over the layer's own sequence.
    #[serde(rename = "self", alias = "own")]
    SelfAttention,
    /// Cross-attention, over the output of the encoder.
    #[serde(rename = "cross")]
    CrossAttention,
}

/// The attention and logits of a forward pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Look {
    /// The source; null for a decoder-only model.
    pub source: Option<LookSource>,
    /// The target.
    pub target: LookTarget,
    /// The attention weights of every layer.
    pub attention: Vec<Attention>,
    /// The logits behind the first `i` tokens, `[tokens + 1, vocabulary]`; null for frames.
    pub logits: Option<Floats>,
    /// The most tokens of an output for this source, as the run limits it; null for frames.
    pub longest: Option<usize>,
    /// The duration of the pass in milliseconds.
    pub milliseconds: f64,
}

/// The source of a forward pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LookSource {
    /// The value, whose parts the regions are: that of the window, where there are several.
    pub view: View,
    /// The window that is looked at, of a source that is read in several; else null.
    pub window: Option<LookWindow>,
    /// The positions that the encoder sees.
    pub positions: Vec<LookPosition>,
    /// Words that hold pieces unknown to the model; none of other media than texts.
    pub unknown: Vec<String>,
    /// The warnings of the value: numbers beyond reason, damage that could be repaired.
    pub warnings: Vec<String>,
    /// The input of the stem, `[frames, width]`: mel frames, patches; null for tokens.
    pub frames: Option<Floats>,
}

/// A window of a source that is read in several.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LookWindow {
    /// The window's number, from 0.
    pub number: usize,
    /// The number of windows.
    pub count: usize,
    /// Its start in the whole source, in seconds.
    pub start: f64,
    /// Its end in the whole source, in seconds.
    pub end: f64,
}

/// A position of the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LookPosition {
    /// The token's text; null for frames.
    pub label: Option<String>,
    /// The position's region in the value.
    pub region: Region,
}

/// The target of a forward pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LookTarget {
    /// The value; null if it is not whole yet.
    pub view: Option<View>,
    /// One position for each token or frame.
    pub positions: Vec<WrittenPosition>,
}

/// A position of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WrittenPosition {
    /// The token; null for a frame.
    pub token: Option<u32>,
    /// The token's text; null for a frame.
    pub label: Option<String>,
    /// The position's region in the value.
    pub region: Region,
    /// The log-probability after the positions before it; null for a frame.
    pub log_probability: Option<f32>,
}

/// The attention weights of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Attention {
    /// The stack of the layer.
    pub stack: StackKind,
    /// The kind of attention.
    pub kind: AttentionKind,
    /// The number of the layer, from 0.
    pub layer: usize,
    /// The weights, `[heads, queries, keys]`; each row sums to one. The decoder's queries are the begin token and the
    /// tokens. Of very long sequences a row stands for several queries, and a column for several keys.
    pub weights: Floats,
}
