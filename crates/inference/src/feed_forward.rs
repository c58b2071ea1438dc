//! The position-wise feed-forward layer.

use any2any_architecture::{Activation, FeedForward as FeedForwardData, names};
use any2any_kernels::host::decode::elementwise::activate;
use any2any_kernels::host::decode::weights::Weights;

use crate::buffers::{InnerBuffers, sized};
use crate::error::EngineError;
use crate::parameters::{Map, Reader};

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
        data: &FeedForwardData,
        d_model: usize,
    ) -> Result<Self, EngineError> {
        let map = |name| Map::new(name, data.d_ff, data.bias);
        let (inner, gate) = (map(names::INNER), map(names::GATE));
        let maps: &[Map<'_>] = if data.activation.is_gated() { &[inner, gate] } else { &[inner] };
        Ok(Self {
            inner: reader.joined(maps, d_model)?,
            outer: reader.joined(&[Map::new(names::OUTER, d_model, data.bias)], data.d_ff)?,
            activation: data.activation,
        })
    }

    /// The output of rows, `[rows, d_model]` in and out.
    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32], buffers: &mut InnerBuffers) {
        let (d_ff, rows) = (self.outer.inputs(), input.len() / self.inner.inputs());
        let sums = sized(&mut buffers.wide, rows * self.inner.outputs());
        self.inner.apply(input, sums, &mut buffers.rows);
        let active = sized(&mut buffers.narrow, rows * d_ff);
        activate(self.activation, sums, active, d_ff);
        self.outer.apply(active, output, &mut buffers.rows);
    }
}
