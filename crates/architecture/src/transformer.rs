//! Layers of a transformer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attention::Attention;
use crate::feed_forward::FeedForward;
use crate::norm::{Norm, NormPlacement};

/// Equal layers of a transformer: each mixes positions, attends to the encoder where it does, and ends in a
/// feed-forward layer, each within a residual sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformerLayers {
    /// The number of layers.
    pub layers: usize,
    /// The sub-layer that mixes positions.
    pub mixer: Mixer,
    /// Attention to the encoder's output; none of an encoder and of a language model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_attention: Option<Attention>,
    /// The feed-forward layer.
    pub feed_forward: FeedForward,
    /// The normalisation of each sub-layer.
    pub norm: Norm,
    /// The place of the normalisation.
    pub placement: NormPlacement,
    /// The factor of the residual stream in each sum; 1 but for DeepNorm.
    pub residual_scale: f64,
}

/// A sub-layer in which a position learns of the other positions of its own sequence (a token mixer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mixer {
    /// Self-attention.
    SelfAttention(Attention),
    /// A simpler simple recurrent unit (Kim et al. 2019, "From Research to Production and Back"): of a decoder.
    /// `f = sigmoid(x W_f + b_f)`, `c = f c' + (1 - f) (x W)`, output `relu(c)`, all `d_model` wide.
    Ssru,
}
