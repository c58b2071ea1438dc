//! Logit lens: the next token as every layer of the decoder would choose it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::look::{AttentionEdit, Head};
use super::reference::Reference;
use any2any_portable::Floats;

/// The input of a forward pass that is read at every layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LensRequest {
    /// The task.
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
    pub window: usize,
    /// The tokens written so far, without begin.
    pub tokens: Vec<u32>,
    /// The number of likeliest tokens of each layer and position, at most 20.
    pub count: usize,
    /// Source positions that are masked.
    pub masked: Vec<usize>,
    /// Heads that are ablated: their context is zero.
    pub ablated: Vec<Head>,
    /// Attention weights that are set by hand.
    pub edited: Vec<AttentionEdit>,
}

impl Default for LensRequest {
    fn default() -> Self {
        let (masked, ablated, edited) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            task: Reference::default(),
            source: None,
            window: 0,
            tokens: Vec::new(),
            count: 5,
            masked,
            ablated,
            edited,
        }
    }
}

/// The distributions behind every layer of the decoder. Depth 0 is the embedded input, the last is what the model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Lens {
    /// The token that each row is about: the one that was written there, and behind the last, the model's likeliest.
    pub tokens: Vec<u32>,
    /// The log-probability of each row's token, `[depths, rows]`.
    pub log_probability: Floats,
    /// The number of tokens that are likelier than it, `[depths, rows]`.
    pub rank: Floats,
    /// The entropy of the distribution in bits, `[depths, rows]`.
    pub entropy: Floats,
    /// The divergence of the last layer's distribution from this one (Kullback and Leibler) in bits, `[depths, rows]`.
    pub divergence: Floats,
    /// The likeliest tokens of each depth and row, the likeliest first.
    pub likeliest: Vec<Vec<Vec<LensToken>>>,
}

/// A likely token of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LensToken {
    /// The token.
    pub token: u32,
    /// The token's text.
    pub label: String,
    /// Its log-probability.
    pub log_probability: f32,
}
