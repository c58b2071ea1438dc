//! Schemes of initial weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scheme of initial weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// Uniform of Glorot and Bengio (2010).
    #[default]
    Xavier,
    /// Glorot's, with the last matrix of each residual branch divided by the square root of the number of
    /// branches of its stack (as in GPT-2, Radford et al. 2019).
    DepthScaled,
    /// DeepNorm (Wang et al. 2022) for deep post-norm stacks: residual sums weigh the branch less.
    DeepNorm,
}

/// Factors of an [`Initialization`] in the layers of one stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gains {
    /// Multiplies the residual stream in each sum.
    pub residual_scale: f64,
    /// Multiplies the initial matrices of values, outputs and feed-forward layers.
    pub inner: f64,
    /// Multiplies the initial last matrix of each branch, besides.
    pub output: f64,
}

impl Initialization {
    /// The gains of an encoder of `layers` layers beside a decoder of `decoder` layers.
    pub fn encoder(self, layers: usize, decoder: usize) -> Gains {
        let (n, m) = (layers as f64, decoder as f64);
        // Table 2 of the DeepNorm paper.
        let depth = (n.powi(4) * m).powf(1.0 / 16.0);
        self.gains(2 * layers, (0.81 * depth, 0.87 / depth))
    }

    /// The gains of a decoder of `layers` layers that attends to an encoder.
    pub fn decoder(self, layers: usize) -> Gains {
        let m = layers as f64;
        self.gains(3 * layers, ((3.0 * m).powf(0.25), (12.0 * m).powf(-0.25)))
    }

    /// The gains of a decoder of `layers` layers that stands alone.
    pub fn decoder_only(self, layers: usize) -> Gains {
        let m = layers as f64;
        self.gains(2 * layers, ((2.0 * m).powf(0.25), (8.0 * m).powf(-0.25)))
    }

    fn gains(self, branches: usize, (residual_scale, inner): (f64, f64)) -> Gains {
        let none = Gains { residual_scale: 1.0, inner: 1.0, output: 1.0 };
        match self {
            Self::Xavier => none,
            Self::DepthScaled => Gains { output: (branches.max(1) as f64).powf(-0.5), ..none },
            Self::DeepNorm => Gains { residual_scale, inner, output: 1.0 },
        }
    }
}
