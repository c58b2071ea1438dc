//! An auxiliary loss: confident outputs are penalised (Pereyra et al. 2017).

use any2any::burn::tensor::{Tensor, activation};
use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{AuxiliaryLoss, LossBatch, LossPairs, Package};

/// The negative entropy of every prediction times a weight: it keeps a model from being too sure.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct Confidence {
    /// The weight of the entropy, in nats, beside the decoder's loss.
    #[schemars(range(min = 0.0))]
    weight: f64,
}

impl AuxiliaryLoss for Confidence {
    fn package() -> Package {
        any2any::package!()
    }

    fn forward(&self, LossBatch { pairs, mask }: LossBatch) -> Tensor<1> {
        let LossPairs::Tokens { logits, .. } = pairs else { return mask.sum().mul_scalar(0.0) };
        let log = activation::log_softmax(logits, 2);
        let negative_entropy: Tensor<2> = (log.clone().exp() * log).sum_dim(2).squeeze_dim(2);
        (negative_entropy * mask).sum().mul_scalar(self.weight)
    }
}
