//! Dropout (Srivastava et al. 2014) from a counter-based generator.
//!
//! The mask depends on the pass's seed and step alone, not on a generator's state: a resumed run drops what
//! an uninterrupted one would have dropped, whatever the number of threads.

use any2any_adapter::Seed;
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::TensorData;
use rayon::prelude::*;

use crate::pass::Pass;

/// Sets a share of all values to zero while training, and scales the others up by `1 / (1 - rate)`.
#[derive(Module, Debug)]
pub struct Dropout {
    rate: f64,
}

/// Elements of one piece of a mask; pieces are drawn in parallel, each from its own generator.
const PIECE: usize = 1 << 14;

impl Dropout {
    /// Dropout at a rate in `[0, 1)`.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }

    /// The input with a share of its values dropped if the pass is training.
    ///
    /// # Shapes
    ///
    /// - input and output: any, the same
    pub fn forward<const D: usize>(&self, input: Tensor<D>, pass: &mut Pass) -> Tensor<D> {
        if self.rate <= 0.0 {
            return input;
        }
        match pass.next_mask() {
            None => input,
            Some(seed) => {
                let mask = self.mask(seed, input.shape().num_elements());
                let mask = Tensor::from_data(TensorData::new(mask, input.shape()), &input.device());
                input * mask
            }
        }
    }

    fn mask(&self, seed: Seed, elements: usize) -> Vec<f32> {
        // 16 random bits decide an element: rates are exact to 1 / 65,536.
        let threshold = (self.rate * 65_536.0).round() as u16;
        let scale = (1.0 / (1.0 - f64::from(threshold) / 65_536.0)) as f32;
        let mut mask = vec![0.0_f32; elements];
        mask.par_chunks_mut(PIECE).enumerate().for_each(|(piece, values)| {
            let mut random = seed.random("", piece as u64);
            for four in values.chunks_mut(4) {
                let bits = random.next_u64();
                for (lane, value) in four.iter_mut().enumerate() {
                    let kept = (bits >> (16 * lane)) as u16 >= threshold;
                    *value = if kept { scale } else { 0.0 };
                }
            }
        });
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_keeps_the_mean_and_repeats() {
        let dropout = Dropout::new(0.3);
        let mask = dropout.mask(Seed(5), 100_000);
        assert_eq!(mask, dropout.mask(Seed(5), 100_000));
        assert_ne!(mask, dropout.mask(Seed(6), 100_000));
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        assert!((mean - 1.0).abs() < 0.01, "mean {mean}");
        let dropped = mask.iter().filter(|value| **value == 0.0).count() as f64 / 1e5;
        assert!((dropped - 0.3).abs() < 0.01, "dropped {dropped}");
    }

    #[test]
    fn evaluation_changes_nothing() {
        let device = Device::default();
        let input = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device);
        let output = Dropout::new(0.9).forward(input.clone(), &mut Pass::evaluation());
        assert_eq!(input.to_data(), output.to_data());
    }

    use burn::tensor::Device;
}
