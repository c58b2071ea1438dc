//! Normalisation of hidden states, with learned gain and bias.

use any2any_architecture::{Norm, NormKind, names};
use any2any_kernels::host::decode::elementwise::normalise;
use any2any_kernels::host::layer_norm::NormLayer;

use crate::buffers::{Buffers, sized};
use crate::error::EngineError;
use crate::parameters::Reader;

/// Gain and bias of a normalisation.
#[derive(Debug)]
pub(crate) struct Normalization {
    /// The factor, `[d_model]`.
    gain: Vec<f32>,
    /// The addend, `[d_model]`.
    bias: Vec<f32>,
    kind: NormKind,
    epsilon: f32,
}

impl Normalization {
    pub(crate) fn read(data: &Norm, reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        let bias = match data.bias {
            true => reader.values(names::BIAS, &[d_model])?.to_vec(),
            false => vec![0.0; d_model],
        };
        let gain = reader.values(names::WEIGHT, &[d_model])?.to_vec();
        Ok(Self { gain, bias, kind: data.kind, epsilon: data.epsilon as f32 })
    }

    /// Normalised rows, `[rows, d_model]` in and out.
    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32]) {
        let Self { gain, bias, kind, epsilon } = self;
        normalise(NormLayer { gain, bias, kind: *kind, epsilon: *epsilon }, input, output);
    }

    /// Normalises rows, `[rows, d_model]`.
    pub(crate) fn apply_in_place(&self, stream: &mut [f32], buffers: &mut Buffers) {
        let normed = sized(&mut buffers.normed, stream.len());
        self.apply(stream, normed);
        stream.copy_from_slice(normed);
    }
}
