//! The residual branch around a sub-layer.

use any2any_architecture::{Norm as NormData, NormKind, NormPlacement, TransformerLayers, names};
use any2any_kernels::host::decode::elementwise::{join, normalise};
use any2any_kernels::host::layer_norm;

use crate::buffers::{Buffers, Inner, sized};
use crate::error::EngineError;
use crate::parameters::Reader;

/// Gain and bias of a normalisation.
#[derive(Debug)]
pub(crate) struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    kind: NormKind,
    epsilon: f32,
}

impl Norm {
    pub(crate) fn read(data: &NormData, reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        let bias = match data.bias {
            true => reader.values(names::BIAS, &[d_model])?.to_vec(),
            false => vec![0.0; d_model],
        };
        let gain = reader.values(names::WEIGHT, &[d_model])?.to_vec();
        Ok(Self { gain, bias, kind: data.kind, epsilon: data.epsilon as f32 })
    }

    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32]) {
        let Self { gain, bias, kind, epsilon } = self;
        normalise(layer_norm::Norm { gain, bias, kind: *kind, epsilon: *epsilon }, input, output);
    }

    pub(crate) fn apply_in_place(&self, stream: &mut [f32], buffers: &mut Buffers) {
        let normed = sized(&mut buffers.normed, stream.len());
        self.apply(stream, normed);
        stream.copy_from_slice(normed);
    }
}

/// A residual branch.
#[derive(Debug)]
pub(crate) struct Branch {
    norm: Norm,
    placement: NormPlacement,
    residual_scale: f32,
}

impl Branch {
    /// Reads the branch around a sub-layer, by the sub-layer's name.
    pub(crate) fn read(
        layers: &TransformerLayers,
        sub_layer: &str,
        reader: &Reader<'_>,
        d_model: usize,
    ) -> Result<Self, EngineError> {
        let norm = Norm::read(&layers.norm, &reader.child(names::norm_of(sub_layer)), d_model)?;
        Ok(Self { norm, placement: layers.placement, residual_scale: layers.residual_scale as f32 })
    }

    /// Joins a stream with what a sub-layer makes of it; `layer` gets its input, its output and memory.
    pub(crate) fn join(
        &self,
        stream: &mut [f32],
        buffers: &mut Buffers,
        layer: impl FnOnce(&[f32], &mut [f32], &mut Inner),
    ) {
        let normed = sized(&mut buffers.normed, stream.len());
        let output = sized(&mut buffers.output, stream.len());
        match self.placement {
            NormPlacement::Pre => {
                self.norm.apply(stream, normed);
                layer(normed, output, &mut buffers.inner);
                join(stream, self.residual_scale, output);
            }
            NormPlacement::Post => {
                layer(stream, output, &mut buffers.inner);
                normed.copy_from_slice(stream);
                join(normed, self.residual_scale, output);
                self.norm.apply(normed, stream);
            }
        }
    }
}
