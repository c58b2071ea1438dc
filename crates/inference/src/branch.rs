//! The residual branch around a sub-layer.

use any2any_core::NormPlacement;
use any2any_kernels::host::forward::elementwise::{join, normalise};
use any2any_kernels::host::layer_norm;

use crate::buffers::{Buffers, Inner, sized};
use crate::error::EngineError;
use crate::parameters::Reader;

/// Gain and bias of a normalisation.
#[derive(Debug)]
pub(crate) struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
}

impl Norm {
    pub(crate) fn read(reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        let values = |name| Ok(reader.values(name, &[d_model])?.to_vec());
        Ok(Self { gain: values("gamma")?, bias: values("beta")? })
    }

    pub(crate) fn apply(&self, input: &[f32], output: &mut [f32]) {
        normalise(layer_norm::Norm { gain: &self.gain, bias: &self.bias }, input, output);
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
    carry: f32,
}

impl Branch {
    pub(crate) fn read(
        reader: &Reader<'_>,
        d_model: usize,
        placement: NormPlacement,
        carry: f32,
    ) -> Result<Self, EngineError> {
        Ok(Self { norm: Norm::read(&reader.child("norm"), d_model)?, placement, carry })
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
                join(stream, self.carry, output);
            }
            NormPlacement::Post => {
                layer(stream, output, &mut buffers.inner);
                normed.copy_from_slice(stream);
                join(normed, self.carry, output);
                self.norm.apply(normed, stream);
            }
        }
    }
}
