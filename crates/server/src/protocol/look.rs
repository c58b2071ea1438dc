//! One pass over a source and what was written so far, with everything that every head attended to.

use any2any_architecture::StackKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::numbers::Floats;
use super::value::{Region, View};

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LookRequest {
    /// The number of the task.
    pub task: usize,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The tokens written so far, without begin. Left out for a task that writes frames: the model then writes,
    /// and looks at what it wrote.
    pub tokens: Option<Vec<u32>>,
    /// Positions of the source that are taken away.
    pub masked: Vec<usize>,
    /// Heads that are taken away.
    pub muted: Vec<Head>,
}

/// A head of attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The stack of its layer.
    pub stack: StackKind,
    /// What its layer attends to.
    pub kind: AttentionKind,
    /// The layer, from 0.
    pub layer: usize,
    /// The head, from 0.
    pub head: usize,
}

/// What a layer attends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// Its own sequence.
    Own,
    /// The encoder's states.
    Cross,
}

/// What a pass has shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Look {
    /// What was read; null for a decoder-only model.
    pub source: Option<LookSource>,
    /// What was written.
    pub target: LookTarget,
    /// The attention of every layer.
    pub attention: Vec<Attention>,
    /// What follows the first `i` tokens, `[tokens + 1, vocabulary]`; null for frames.
    pub logits: Option<Floats>,
    /// The most tokens that the model writes for this source, as its run says; null for frames.
    pub longest: Option<usize>,
    /// How long the pass took.
    pub milliseconds: f64,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LookSource {
    /// The value, whose parts the regions are.
    pub view: View,
    /// The positions that the encoder sees.
    pub positions: Vec<LookPosition>,
    /// Words that hold pieces unknown to the model; none of other media than texts.
    pub unknown: Vec<String>,
    /// What is odd about the value: numbers beyond reason, damage that could be mended.
    pub warnings: Vec<String>,
    /// What the stem is fed, `[frames, width]`: mel frames, patches; null for tokens.
    pub frames: Option<Floats>,
}

/// A position of the encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LookPosition {
    /// Its token, as it is shown; null for frames.
    pub label: Option<String>,
    /// What it covers.
    pub region: Region,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LookTarget {
    /// The value; null while it is not whole.
    pub view: Option<View>,
    /// One for each token or frame.
    pub positions: Vec<WrittenPosition>,
}

/// A position of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenPosition {
    /// The token; null for a frame.
    pub token: Option<u32>,
    /// As it is shown; null for a frame.
    pub label: Option<String>,
    /// What it covers.
    pub region: Region,
    /// How probable it was after those before it; null for a frame.
    pub log_probability: Option<f32>,
}

/// The attention of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attention {
    /// The stack.
    pub stack: StackKind,
    /// What it attends to.
    pub kind: AttentionKind,
    /// The layer, from 0.
    pub layer: usize,
    /// `[heads, queries, keys]`; each row sums to one. The decoder's queries are the begin token and the tokens.
    /// Of very long sequences a row stands for several queries, and a column for several keys.
    pub weights: Floats,
}
