//! Normalisation of hidden states.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A normalisation of the last dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Norm {
    /// The statistic that it divides by.
    pub kind: NormKind,
    /// The constant under the root, beside the variance.
    pub epsilon: f64,
    /// A learned bias is added.
    pub bias: bool,
}

/// The statistic that a normalisation divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// The standard deviation, after the mean is taken away (Ba, Kiros and Hinton 2016).
    #[default]
    LayerNorm,
    /// The root of the mean square (Zhang and Sennrich 2019).
    RmsNorm,
}

impl Norm {
    /// Layer normalisation with gain and bias, epsilon 1e-5.
    pub const LAYER: Self = Self { kind: NormKind::LayerNorm, epsilon: 1e-5, bias: true };

    /// Root mean square normalisation with a gain alone, epsilon 1e-6.
    pub const RMS: Self = Self { kind: NormKind::RmsNorm, epsilon: 1e-6, bias: false };
}

/// The place of layer normalisation beside a sub-layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NormPlacement {
    /// Before each sub-layer, with one more at the end of the stack (Xiong et al. 2020): trains without care.
    #[default]
    Pre,
    /// After each residual sum, as in the paper's figure.
    Post,
}
