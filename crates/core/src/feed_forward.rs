//! The position-wise feed-forward layer, and its gated variant (Shazeer 2020, "GLU Variants Improve
//! Transformer").

pub use any2any_kernels::Activation;
use any2any_kernels::{Branch, FeedForwardParameters, feed_forward};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation};

use crate::dropout::Dropout;
use crate::initializer::{Initializer, weight_and_bias};
use crate::pass::Pass;

/// The sizes of a [`FeedForward`].
#[derive(Clone, Debug)]
pub struct FeedForwardConfig {
    /// The width outside.
    pub d_model: usize,
    /// The width inside.
    pub d_ff: usize,
    /// The activation.
    pub activation: Activation,
    /// Dropout after the activation.
    pub dropout: f64,
    /// Multiplies the initial matrices.
    pub gain: f64,
    /// Multiplies the initial last matrix, besides `gain`.
    pub output_gain: f64,
}

impl FeedForwardConfig {
    /// The layer with fresh weights.
    pub fn init(&self, initializer: &Initializer) -> FeedForward {
        let inner = |name| initializer.linear(name, self.d_model, self.d_ff, self.gain);
        FeedForward {
            inner: inner("inner"),
            gate: (self.activation == Activation::Swiglu).then(|| inner("gate")),
            outer: initializer.linear("outer", self.d_ff, self.d_model, self.gain * self.output_gain),
            dropout: Dropout::new(self.dropout),
            activation: self.activation,
        }
    }
}

/// `activation(x W1 + b1) W2 + b2` at every position.
#[derive(Module, Debug)]
pub struct FeedForward {
    inner: Linear,
    gate: Option<Linear>,
    outer: Linear,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
}

impl FeedForward {
    /// The stream joined with what the layer makes of it.
    ///
    /// # Shapes
    ///
    /// - stream and output: `[batch, positions, d_model]`
    pub fn forward(&self, stream: Tensor<3>, branch: &Branch, pass: &mut Pass) -> Tensor<3> {
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

    /// The same in burn's primitives, with what is computed in between.
    fn forward_by_steps(&self, stream: Tensor<3>, branch: &Branch, pass: &mut Pass) -> Tensor<3> {
        let input = branch.enter(stream.clone());
        let inner = self.inner.forward(input.clone());
        let active = match (self.activation, &self.gate) {
            (Activation::Relu, _) => activation::relu(inner),
            (Activation::Gelu, _) => activation::gelu(inner),
            (Activation::Swiglu, Some(gate)) => activation::silu(gate.forward(input)) * inner,
            (Activation::Swiglu, None) => activation::silu(inner),
        };
        pass.record("inner", || active.clone());
        let output = self.outer.forward(self.dropout.forward(active, pass));
        pass.record("output", || output.clone());
        branch.join(stream, output)
    }
}
