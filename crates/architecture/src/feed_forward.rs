//! The position-wise feed-forward layer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;

/// `activation(x W1 + b1) W2 + b2` at every position (Vaswani et al. 2017, section 3.3), and its gated variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedForward {
    /// The inner width.
    pub d_ff: usize,
    /// The activation.
    pub activation: Activation,
    /// The matrices have biases.
    pub bias: bool,
}
