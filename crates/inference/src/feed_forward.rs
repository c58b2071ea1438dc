//! The position-wise feed-forward layer.

use any2any_core::Activation;
use any2any_kernels::host::forward::elementwise::activate;
use any2any_kernels::host::forward::weights::Weights;

use crate::buffers::{Inner, sized};
use crate::error::EngineError;
use crate::parameters::Reader;

/// `activation(x W1 + b1) W2 + b2`.
#[derive(Debug)]
pub(crate) struct FeedForward {
    inner: Weights,
    outer: Weights,
    activation: Activation,
}

impl FeedForward {
    pub(crate) fn read(
        reader: &Reader<'_>,
        d_model: usize,
        d_ff: usize,
        activation: Activation,
    ) -> Result<Self, EngineError> {
        let names: &[&str] = if activation.inputs() == 2 { &["inner", "gate"] } else { &["inner"] };
        Ok(Self {
            inner: reader.joined(names, d_model, d_ff)?,
            outer: reader.joined(&["outer"], d_ff, d_model)?,
            activation,
        })
    }

    /// `[rows, d_model]` to `[rows, d_model]`.
    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32], memory: &mut Inner) {
        let (d_ff, rows) = (self.outer.inputs(), input.len() / self.inner.inputs());
        let sums = sized(&mut memory.wide, rows * self.inner.outputs());
        self.inner.apply(input, sums, &mut memory.rows);
        let active = sized(&mut memory.narrow, rows * d_ff);
        activate(self.activation, sums, active, d_ff);
        self.outer.apply(active, output, &mut memory.rows);
    }
}
