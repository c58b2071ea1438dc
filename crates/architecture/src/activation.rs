//! The activation of feed-forward layers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The activation of the feed-forward layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Rectified linear unit.
    #[default]
    Relu,
    /// Gaussian error linear unit (Hendrycks and Gimpel 2016), with the error function.
    Gelu,
    /// Gaussian error linear unit, with the approximation by the hyperbolic tangent of the same paper.
    GeluTanh,
    /// The square of a rectified linear unit (So et al. 2021, "Primer").
    ReluSquared,
    /// Sigmoid linear unit, `x sigmoid(x)`, also called swish (Ramachandran et al. 2017).
    Silu,
    /// A gated unit, `swish(x W) * (x V)` (Shazeer 2020): a third matrix of width `d_ff`.
    Swiglu,
    /// A gated unit, `gelu_tanh(x W) * (x V)` (Shazeer 2020), as in T5 1.1.
    Geglu,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 7] =
        [Self::Relu, Self::Gelu, Self::GeluTanh, Self::ReluSquared, Self::Silu, Self::Swiglu, Self::Geglu];

    /// True when a second matrix leads into the layer, whose activated values multiply those of the first.
    pub fn is_gated(self) -> bool {
        matches!(self, Self::Swiglu | Self::Geglu)
    }

    /// Matrices that lead into the layer.
    pub fn inputs(self) -> usize {
        if self.is_gated() { 2 } else { 1 }
    }
}
