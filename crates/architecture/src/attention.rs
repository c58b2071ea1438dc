//! Multi-head attention.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Multi-head attention (Vaswani et al. 2017, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// The number of heads.
    pub heads: usize,
    /// The width of a head's queries, keys and values; all heads together may be wider or narrower than `d_model`.
    pub d_head: usize,
    /// Queries have a bias.
    pub query_bias: bool,
    /// Keys have a bias.
    pub key_bias: bool,
    /// Values have a bias.
    pub value_bias: bool,
    /// The output has a bias.
    pub output_bias: bool,
    /// Scores are divided by the square root of `d_head`.
    pub scaled: bool,
}

impl Attention {
    /// Heads that divide `d_model`, with every bias, scaled.
    pub fn new(d_model: usize, heads: usize) -> Self {
        Self {
            heads,
            d_head: d_model / heads.max(1),
            query_bias: true,
            key_bias: true,
            value_bias: true,
            output_bias: true,
            scaled: true,
        }
    }

    /// The width of all heads together.
    pub fn width(&self) -> usize {
        self.heads * self.d_head
    }

    /// The factor of the products of queries and keys.
    pub fn scale(&self) -> f64 {
        if self.scaled { (self.d_head as f64).powf(-0.5) } else { 1.0 }
    }
}
