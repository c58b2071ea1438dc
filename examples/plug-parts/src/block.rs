//! A block: every position of a source is gated by its two neighbours before the encoder sees it.

use any2any::burn::tensor::{Tensor, activation};
use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{BlockInput, BlockWeight, BlockWeights, EncoderBlock, Package, Start};

/// Gates of neighbours (after Dauphin et al. 2017): `x + x * sigmoid((left + right) W + b)`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", default, deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct Gate {
    /// The bias that all gates begin with: the smaller, the more they are shut.
    start: f32,
}

impl Default for Gate {
    fn default() -> Self {
        Self { start: -2.0 }
    }
}

impl EncoderBlock for Gate {
    fn package() -> Package {
        any2any::package!()
    }

    fn weights(&self, d_model: usize) -> Vec<BlockWeight> {
        vec![
            BlockWeight::new("weight", [d_model, d_model], Start::Xavier),
            BlockWeight::new("bias", [d_model], Start::Constant(self.start)),
        ]
    }

    fn forward(&self, weights: &BlockWeights<'_>, BlockInput { states, mask }: BlockInput) -> Tensor<3> {
        let [batch, positions, d_model] = states.dims();
        let nothing = Tensor::zeros([batch, 1, d_model], &states.device());
        let shown = states.clone() * mask;
        let left = Tensor::cat(vec![nothing.clone(), shown.clone()], 1).narrow(1, 0, positions);
        let right = Tensor::cat(vec![shown, nothing], 1).narrow(1, 1, positions);
        let [weight, bias] = [weights.matrix("weight").unsqueeze(), weights.vector("bias").unsqueeze()];
        states.clone() + states * activation::sigmoid((left + right).matmul(weight) + bias)
    }
}
