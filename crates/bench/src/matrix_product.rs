//! The machine's own rate of matrix products, to which the rate of a training is compared.

use std::time::Instant;

use any2any_adapter::Seed;
use any2any_architecture::Architecture;
use burn::tensor::{Device, Tensor, TensorData};

/// A product of `[m, k]` and `[k, n]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct MatrixProduct {
    /// The number of rows of the left side.
    pub m: usize,
    /// The number of columns of the left side, and of rows of the right.
    pub k: usize,
    /// The number of columns of the right side.
    pub n: usize,
}

/// The most elements of a result, so that measuring never raises the peak memory of a training.
const LARGEST_RESULT: usize = 1 << 21;

/// The least time of the repetitions of one size, in seconds.
const SECONDS: f64 = 0.2;

impl MatrixProduct {
    /// The products that show the rate of the machine: a large square, and the largest ones of the model.
    pub(crate) fn of_model(model: &Architecture, positions: usize) -> Vec<Self> {
        let d_model = model.decoder.d_model;
        let vocabularies = model.heads.iter().map(|head| head.part.outputs());
        let widths = vocabularies.max().into_iter().chain([4 * d_model]).filter(|&n| n > 0);
        let limited = |n: usize| Self { m: positions.min(LARGEST_RESULT / n).max(1), k: d_model, n };
        let mut products = vec![Self { m: 1024, k: 1024, n: 1024 }];
        products.extend(widths.map(limited));
        products
    }

    /// The rate in floating-point operations a second, the best of several repetitions on the device.
    pub fn rate(self, device: &Device) -> f64 {
        let run = self.runs(device);
        run(); // kernels compiled, threads started, pages touched
        let (mut best, mut spent) = (f64::INFINITY, 0.0);
        while spent < SECONDS {
            let seconds = run().max(1e-9);
            best = best.min(seconds);
            spent += seconds;
        }
        self.operations() / best
    }

    /// Computes the product on a device each time it is called; gives the seconds that it took.
    pub(crate) fn runs(self, device: &Device) -> impl Fn() -> f64 + use<> {
        let mut random = Seed(1).random("matrix product", 0);
        let mut matrix = |rows: usize, columns: usize| -> Tensor<2> {
            let values = (0..rows * columns).map(|_| random.unit() as f32 - 0.5).collect();
            Tensor::from_data(TensorData::new::<f32, _>(values, [rows, columns]), device)
        };
        let (left, right, device) = (matrix(self.m, self.k), matrix(self.k, self.n), device.clone());
        move || {
            let began = Instant::now();
            let result = left.clone().matmul(right.clone());
            // A device that fails here has failed the measured work, too.
            let _ = device.sync();
            drop(result);
            began.elapsed().as_secs_f64()
        }
    }

    /// The number of its floating-point operations.
    pub(crate) fn operations(self) -> f64 {
        2.0 * self.m as f64 * self.k as f64 * self.n as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_positive_and_below_any_machines() {
        let rate = MatrixProduct { m: 64, k: 64, n: 64 }.rate(&Device::default());
        assert!((1e6..1e16).contains(&rate), "{rate} operations a second");
    }
}
