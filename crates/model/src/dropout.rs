//! Dropout (Srivastava et al. 2014) from a counter-based generator.
//!
//! The mask depends on the pass's seed and step alone, not on a generator's state: a resumed run drops what
//! an uninterrupted one would have dropped, whatever the number of threads.

use any2any_kernels::{Mask, dropout};
use burn::module::Module;
use burn::tensor::Tensor;

use crate::pass::Pass;

/// Sets a share of all values to zero while training, and scales the others up by `1 / (1 - rate)`.
#[derive(Module, Debug)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Dropout at a rate in `[0, 1)`.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }

    /// The next mask; none outside training.
    pub(crate) fn mask(&self, pass: &mut Pass) -> Option<Mask> {
        if self.rate > 0.0 { pass.next_mask().map(|seed| Mask::new(self.rate, seed.0)) } else { None }
    }

    /// The input with a share of its values dropped if the pass is training.
    ///
    /// # Shapes
    ///
    /// - input and output: any, the same
    pub fn forward<const D: usize>(&self, input: Tensor<D>, pass: &mut Pass) -> Tensor<D> {
        dropout(input, self.mask(pass))
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn only_training_drops() {
        let device = Device::default();
        let input = Tensor::<1>::from_floats([1.0; 100], &device);
        let dropout = Dropout::new(0.5);
        let output = dropout.forward(input.clone(), &mut Pass::evaluation());
        assert_eq!(input.to_data(), output.to_data());
        let trained = |step| dropout.forward(input.clone(), &mut Pass::training(Seed(1), step)).to_data();
        assert_eq!(trained(1), trained(1));
        assert_ne!(trained(1), trained(2));
        assert_ne!(trained(1), input.to_data());
    }
}
