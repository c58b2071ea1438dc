//! Attribution of a token to the positions before it, and the values of a parameter.

use any2any_inspect::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::look::{AttentionEdit, Head};
use super::reference::Reference;
use any2any_portable::Floats;

/// The token to explain, and the method of attribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AttributionRequest {
    /// The task.
    #[serde(default)]
    pub task: Reference,
    /// The source; left out for a decoder-only model.
    #[serde(default)]
    pub source: Option<Input>,
    /// The window of a source that is read in several, from 0: what is looked at is what the model reads at once.
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
    /// The token that might have been written instead: explained is by how much the explained token is likelier; left out, how
    /// likely it is.
    #[serde(default)]
    pub contrast: Option<u32>,
    /// The method of attribution.
    pub method: Method,
    /// Source positions that are masked.
    #[serde(default)]
    pub masked: Vec<usize>,
    /// Heads that are ablated: their context is zero.
    #[serde(default)]
    pub ablated: Vec<Head>,
    /// Attention weights that are set by hand.
    #[serde(default)]
    pub edited: Vec<AttentionEdit>,
}

/// The attribution of a token: a weight for each position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// The weight of each source position.
    pub source: Vec<f32>,
    /// The weight of the begin token and of each token before the explained one.
    pub target: Vec<f32>,
    /// The explained number when nothing is taken away: the log-probability of the token, or by how much it is above that of
    /// the contrast.
    pub base: f32,
    /// The integral behind integrated gradients; null for other methods.
    pub integral: Option<Integral>,
}

/// The integral of integrated gradients, as it was summed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Integral {
    /// The explained number of embeddings of zeros, where the way begins.
    pub baseline: f32,
    /// The number of points on the way.
    pub steps: usize,
    /// What the sum of all weights lacks of the base less the baseline.
    pub missing: f32,
}

/// The parameter that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ParameterQuery {
    /// The run.
    pub run: Reference,
    /// The checkpoint; `best` if left out.
    pub checkpoint: Option<String>,
    /// The parameter's name.
    pub name: String,
}

/// A parameter, its longer sides pooled by the mean of blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Parameter {
    /// The numbers.
    #[serde(flatten)]
    pub floats: Floats,
    /// The sizes before pooling.
    pub full_shape: Vec<usize>,
}
