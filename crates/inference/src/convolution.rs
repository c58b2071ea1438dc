//! Convolutions over neighbouring frames, on one sequence.

use any2any_adapter::Convolution as Layer;
use any2any_architecture::{Activation, convolved_positions, names};
use any2any_kernels::host::decode::elementwise::activate;
use any2any_kernels::host::decode::weights::{Scratch, Weights};

use crate::error::EngineError;
use crate::parameters::Reader;

/// Convolutions, each followed by a GELU.
#[derive(Debug)]
pub(crate) struct Convolutions {
    layers: Vec<(Layer, Weights)>,
}

impl Convolutions {
    pub(crate) fn read(
        width: usize,
        layers: &[Layer],
        reader: &Reader<'_>,
        d_model: usize,
    ) -> Result<Self, EngineError> {
        let reader = reader.child(names::LAYERS);
        let layer = |(number, layer): (usize, &Layer)| {
            let width = if number == 0 { width } else { d_model };
            Ok((*layer, reader.child(number).only(d_model, layer.kernel * width)?))
        };
        Ok(Self { layers: layers.iter().enumerate().map(layer).collect::<Result<_, _>>()? })
    }

    /// The number of positions that so many frames become.
    pub(crate) fn positions(&self, frames: usize) -> usize {
        convolved_positions(self.layers.iter().map(|(layer, _)| layer), frames)
    }

    /// Convolves one sequence, `[frames, width]` to `[positions, d_model]`.
    pub(crate) fn apply(&self, frames: &[f32], width: usize, rows: &mut [f32]) {
        let (mut states, mut width) = (frames.to_vec(), width);
        for (layer, weights) in &self.layers {
            let windows = windows(&states, width, *layer);
            width = weights.outputs();
            let mut sums = vec![0.0; windows.len() / weights.inputs() * width];
            weights.apply(&windows, &mut sums, &mut Scratch::default());
            states = vec![0.0; sums.len()];
            activate(Activation::Gelu, &sums, &mut states, width);
        }
        rows.copy_from_slice(&states);
    }
}

/// The frames that each position sees, side by side, `[positions, kernel * width]`; zeros beyond both ends.
fn windows(frames: &[f32], width: usize, layer: Layer) -> Vec<f32> {
    let count = frames.len() / width;
    let mut windows = vec![0.0; layer.positions(count) * layer.kernel * width];
    for (position, window) in windows.chunks_exact_mut(layer.kernel * width).enumerate() {
        for (offset, place) in window.chunks_exact_mut(width).enumerate() {
            let frame = (position * layer.stride + offset).checked_sub(layer.kernel / 2);
            if let Some(frame) = frame.filter(|&frame| frame < count) {
                place.copy_from_slice(&frames[frame * width..][..width]);
            }
        }
    }
    windows
}
