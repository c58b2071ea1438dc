//! The position-wise feed-forward layer, and its gated variant (Shazeer 2020, "GLU Variants Improve
//! Transformer").

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use burn::tensor::activation;

use crate::dropout::Dropout;
use crate::initializer::Initializer;
use crate::pass::Pass;

/// The activation between the two matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Rectified linear unit.
    #[default]
    Relu,
    /// Gaussian error linear unit, with the error function.
    Gelu,
    /// `swish(x W) * (x V)`.
    Swiglu,
}

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
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    pub fn forward(&self, input: Tensor<3>, pass: &mut Pass) -> Tensor<3> {
        let inner = self.inner.forward(input.clone());
        let active = match (self.activation, &self.gate) {
            (Activation::Relu, _) => activation::relu(inner),
            (Activation::Gelu, _) => activation::gelu(inner),
            (Activation::Swiglu, Some(gate)) => activation::silu(gate.forward(input)) * inner,
            (Activation::Swiglu, None) => activation::silu(inner),
        };
        self.outer.forward(self.dropout.forward(active, pass))
    }
}
