//! The position-wise feed-forward layer, and its gated variants (Shazeer 2020, "GLU Variants Improve
//! Transformer").

use any2any_architecture::{Activation, FeedForward as FeedForwardData, Gains};
use any2any_kernels::{Branch, FeedForwardParameters, activated, feed_forward};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;

use crate::dropout::Dropout;
use crate::initializer::{Initializer, weight_and_bias};
use crate::pass::Pass;

/// `activation(x W1 + b1) W2 + b2` at every position.
#[derive(Module, Debug)]
pub(crate) struct FeedForward {
    inner: Linear,
    gate: Option<Linear>,
    outer: Linear,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
}

impl FeedForward {
    /// The layer with fresh weights; `dropout` is that after the activation.
    pub(crate) fn init(
        data: &FeedForwardData,
        d_model: usize,
        gains: Gains,
        dropout: f64,
        initializer: &Initializer,
    ) -> Self {
        let linear = |name, inputs, outputs, gain| Linear {
            bias: data.bias.then(|| initializer.child(name).child("bias").constant([outputs], 0.0)),
            ..initializer.linear(name, inputs, outputs, gain)
        };
        let inner = |name| linear(name, d_model, data.d_ff, gains.inner);
        Self {
            inner: inner("inner"),
            gate: data.activation.is_gated().then(|| inner("gate")),
            outer: linear("outer", data.d_ff, d_model, gains.inner * gains.output),
            dropout: Dropout::new(dropout),
            activation: data.activation,
        }
    }

    /// The stream joined with the layer's output.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub(crate) fn forward(&self, stream: Tensor<3>, branch: &Branch, pass: &mut Pass) -> Tensor<3> {
        if pass.is_recorded() {
            return self.forward_by_steps(stream, branch, pass);
        }
        let parameters = FeedForwardParameters {
            inner: weight_and_bias(&self.inner),
            gate: self.gate.as_ref().map(weight_and_bias),
            outer: weight_and_bias(&self.outer),
        };
        feed_forward(stream, parameters, branch, self.activation, self.dropout.mask(pass))
    }

    /// The layer in burn's primitives, with the tensors in between, `[batch, positions, d_model]` in and out.
    fn forward_by_steps(&self, stream: Tensor<3>, branch: &Branch, pass: &mut Pass) -> Tensor<3> {
        let input = branch.enter(stream.clone());
        let gate = self.gate.as_ref().map(|gate| gate.forward(input.clone()));
        let active = activated(self.activation, self.inner.forward(input), gate);
        pass.record("inner", || active.clone());
        let output = self.outer.forward(self.dropout.forward(active, pass));
        pass.record("output", || output.clone());
        branch.join(stream, output)
    }
}
