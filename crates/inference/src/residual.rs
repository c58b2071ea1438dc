//! The residual branch around a sub-layer.

use any2any_architecture::{NormPlacement, TransformerLayers, names};
use any2any_kernels::host::decode::elementwise::join;

use crate::buffers::{Buffers, InnerBuffers, sized};
use crate::error::EngineError;
use crate::normalization::Normalization;
use crate::parameters::Reader;

/// A residual branch.
#[derive(Debug)]
pub(crate) struct Residual {
    norm: Normalization,
    placement: NormPlacement,
    residual_scale: f32,
}

impl Residual {
    /// Reads the branch around a sub-layer, by the sub-layer's name.
    pub(crate) fn read(
        layers: &TransformerLayers,
        sub_layer: &str,
        reader: &Reader<'_>,
        d_model: usize,
    ) -> Result<Self, EngineError> {
        let norm = Normalization::read(&layers.norm, &reader.child(names::norm_of(sub_layer)), d_model)?;
        Ok(Self { norm, placement: layers.placement, residual_scale: layers.residual_scale as f32 })
    }

    /// Joins a stream, `[rows, d_model]`, with the output of a sub-layer; `layer` gets its input, its output and
    /// buffers.
    pub(crate) fn join(
        &self,
        stream: &mut [f32],
        buffers: &mut Buffers,
        layer: impl FnOnce(&[f32], &mut [f32], &mut InnerBuffers),
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
