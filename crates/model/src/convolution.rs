//! Convolutions over neighbouring frames: an entrance whose positions see their surroundings and are fewer than the
//! frames, as in speech models (Gulati et al. 2020; Radford et al. 2022, "Whisper").
//!
//! A convolution over one dimension is a product of the frames of each window, side by side, with one matrix.
//! After every layer the positions beyond the end of a row are set to zero, so that the rows beside it
//! in a batch change nothing in a row.

use any2any_adapter::Convolution as Layer;
use any2any_architecture::convolved_positions;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::initializer::Initializer;

/// Convolutions, each followed by a GELU.
#[derive(Module, Debug)]
pub struct Convolutions {
    layers: Vec<Linear>,
    #[module(skip)]
    shapes: Vec<Layer>,
}

impl Convolutions {
    pub(crate) fn init(width: usize, layers: &[Layer], d_model: usize, initializer: &Initializer) -> Self {
        let linear = |(number, layer): (usize, &Layer)| {
            let width = if number == 0 { width } else { d_model };
            initializer.linear(&format!("layers/{number}"), layer.kernel * width, d_model, 1.0)
        };
        Self { layers: layers.iter().enumerate().map(linear).collect(), shapes: layers.to_vec() }
    }

    /// The number of positions that so many frames become.
    pub fn positions(&self, frames: usize) -> usize {
        convolved_positions(&self.shapes, frames)
    }

    /// Convolves a batch, rows padded by zeros.
    ///
    /// # Shapes
    ///
    /// - input: `[batch, frames, width]`; lengths, in frames: `[batch]`
    /// - output: `[batch, positions, d_model]`
    pub fn forward(&self, input: Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let mut lengths = lengths.to_vec();
        let mut states = input;
        for (linear, layer) in self.layers.iter().zip(&self.shapes) {
            states = activation::gelu(linear.forward(windows(states, *layer)));
            lengths.iter_mut().for_each(|length| *length = layer.positions(*length));
            let [_, positions, _] = states.dims();
            if lengths.iter().any(|&length| length < positions) {
                states = states.clone() * mask(&lengths, positions, &states.device());
            }
        }
        states
    }
}

/// The frames that each position sees, side by side: `[batch, frames, width]` to
/// `[batch, positions, kernel * width]`.
fn windows(states: Tensor<3>, layer: Layer) -> Tensor<3> {
    let [batch, frames, width] = states.dims();
    let (positions, stride) = (layer.positions(frames), layer.stride.max(1));
    if layer.kernel == 1 && stride == 1 {
        return states;
    }
    let before = layer.kernel / 2;
    // The last offset reads `positions` strides from `kernel - 1` on.
    let after = (layer.kernel - 1 + positions * stride).saturating_sub(before + frames);
    let device = states.device();
    let zeros = |frames| Tensor::<3>::zeros([batch, frames, width], &device);
    let padded = Tensor::cat(vec![zeros(before), states, zeros(after)], 1);
    let offset = |offset| {
        let from = padded.clone().narrow(1, offset, positions * stride);
        if stride == 1 {
            return from;
        }
        from.reshape([batch, positions, stride * width]).narrow(2, 0, width)
    };
    Tensor::cat((0..layer.kernel).map(offset).collect(), 2)
}

/// 1 at the positions of each row, 0 beyond: `[batch, positions, 1]`.
fn mask(lengths: &[usize], positions: usize, device: &Device) -> Tensor<3> {
    let row = |&length: &usize| (0..positions).map(move |at| if at < length { 1.0_f32 } else { 0.0 });
    let values: Vec<f32> = lengths.iter().flat_map(row).collect();
    Tensor::from_data(TensorData::new(values, [lengths.len(), positions, 1]), device)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    fn values(tensor: Tensor<3>) -> Vec<f32> {
        tensor.into_data().try_to_vec::<f32>().expect("32-bit floats")
    }

    #[test]
    fn windows_hold_neighbours() {
        let device = Device::default();
        let frames = Tensor::<3>::from_data([[[1.0], [2.0], [3.0], [4.0], [5.0]]], &device);
        let check = |kernel, stride, expected: &[f32]| {
            assert_eq!(values(windows(frames.clone(), Layer { kernel, stride })), expected);
        };
        check(1, 1, &[1.0, 2.0, 3.0, 4.0, 5.0]);
        check(3, 1, &[0.0, 1.0, 2.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 3.0, 4.0, 5.0, 4.0, 5.0, 0.0]);
        check(3, 2, &[0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 0.0]);
        check(1, 2, &[1.0, 3.0, 5.0]);
        check(5, 4, &[0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 0.0, 0.0]);
    }

    #[test]
    fn what_stands_beside_a_row_changes_nothing_in_it() {
        let device = Device::default();
        let layers = [Layer { kernel: 3, stride: 2 }, Layer { kernel: 5, stride: 2 }];
        let stem = Convolutions::init(2, &layers, 4, &Initializer::new(Seed(1), &device));
        let mut random = Seed(2).random("frames", 0);
        let mut draw =
            |frames: usize| -> Vec<f32> { (0..frames * 2).map(|_| random.normal() as f32).collect() };
        let (short, long) = (draw(5), draw(11));
        let alone = stem.forward(Tensor::from_data(TensorData::new(short.clone(), [1, 5, 2]), &device), &[5]);
        let mut both = short;
        both.resize(22, 0.0);
        both.extend(long);
        let both = stem.forward(Tensor::from_data(TensorData::new(both, [2, 11, 2]), &device), &[5, 11]);
        assert_eq!((stem.positions(5), both.dims()), (2, [2, 3, 4]));
        let beside = values(both.slice([0..1, 0..2, 0..4]));
        for (alone, beside) in values(alone).iter().zip(&beside) {
            assert!((alone - beside).abs() < 1e-6);
        }
    }
}
