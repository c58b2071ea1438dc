//! Normalisation of hidden states, with learned gain and bias.

use any2any_architecture::{Norm, NormKind};
use any2any_kernels::{NormParameters, layer_norm};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::initializer::Initializer;

/// A normalisation over the last dimension.
#[derive(Module, Debug)]
pub(crate) struct Normalization {
    weight: Param<Tensor<1>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    kind: NormKind,
    epsilon: f64,
}

impl Normalization {
    /// A normalisation with a gain of 1 and a bias of 0.
    pub(crate) fn init(norm: &Norm, d_model: usize, initializer: &Initializer) -> Self {
        let bias = norm.bias.then(|| initializer.constant([d_model], 0.0));
        let weight = initializer.constant([d_model], 1.0);
        Self { weight, bias, kind: norm.kind, epsilon: norm.epsilon }
    }

    /// The parameters, as a fused sub-layer takes them.
    pub(crate) fn parameters(&self) -> NormParameters {
        let gain = self.weight.val();
        let bias = self.bias.as_ref().map_or_else(|| gain.zeros_like(), |bias| bias.val());
        NormParameters { gain, bias, kind: self.kind, epsilon: self.epsilon }
    }

    /// Normalised states.
    ///
    /// # Shapes
    ///
    /// - states and output: `[batch, positions, d_model]`
    pub(crate) fn forward(&self, states: Tensor<3>) -> Tensor<3> {
        layer_norm(states, self.parameters())
    }
}
