//! Parts that the tests of all operations share: random shapes and values, and the comparison of gradients.

use any2any_architecture::NormKind;
use burn::tensor::{Device, Tensor, TensorData};

use super::branch::{Branch, NormParameters};
use crate::host::bfloat16::Order;
use crate::host::dropout::Mask;
use crate::host::products::Products;

/// Draws shapes and values.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = self.0 ^ (self.0 >> 29);
        x.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn bool(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Uniform on [-1, 1].
    fn value(&mut self) -> f32 {
        self.below(2_000_001) as f32 / 1e6 - 1.0
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.value()).collect()
    }

    /// A tensor whose memory is in order, or that of its transpose.
    fn tensor<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let count = shape.iter().product();
        if D >= 2 && self.bool() {
            let mut swapped = shape;
            swapped.swap(D - 1, D - 2);
            let values = TensorData::new(self.values(count), swapped);
            let plain = Tensor::<D>::from_data(values, &device.clone().inner());
            return Tensor::from_inner(plain.swap_dims(D - 1, D - 2)).require_grad();
        }
        Tensor::from_data(TensorData::new(self.values(count), shape), device).require_grad()
    }

    fn mask(&mut self) -> Option<Mask> {
        self.bool().then(|| Mask::new(0.3, self.next()))
    }

    fn linear(&mut self, inputs: usize, outputs: usize, device: &Device) -> (Tensor<2>, Tensor<1>) {
        (self.leaf([inputs, outputs], device), self.leaf([outputs], device))
    }

    /// A tensor whose gradient is asked for.
    fn leaf<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.values(shape.iter().product()), shape), device).require_grad()
    }

    /// A normalisation of either kind.
    fn norm(&mut self, d_model: usize, device: &Device) -> NormParameters {
        let norm = NormParameters::layer(self.leaf([d_model], device), self.leaf([d_model], device));
        let kind = if self.bool() { NormKind::LayerNorm } else { NormKind::RmsNorm };
        NormParameters { kind, ..norm }
    }

    fn branch(&mut self, d_model: usize, device: &Device) -> Branch {
        let norm = self.bool().then(|| self.norm(d_model, device));
        let residual_scale = if self.bool() { 1.0 } else { 1.7 };
        Branch { norm, residual_scale, mask: self.mask(), products: Products::Float32 }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("32-bit floats")
}

/// The gradients of leaves of any rank.
macro_rules! gradients {
    ($output:expr, $cotangent:expr, [$($leaf:expr),* $(,)?]) => {{
        let gradients = ($output * $cotangent.clone()).sum().backward();
        vec![$($leaf.grad(&gradients).map(values).unwrap_or_default()),*]
    }};
}

/// Differences are measured in units of the largest value of the case: a gradient that is 0 but for rounding,
/// like that of a key's bias, is as exact as those it is summed from.
fn agree(what: &str, case: usize, fused: &[Vec<f32>], plain: &[Vec<f32>]) {
    agree_within(3e-5, what, case, fused, plain);
}

/// Both forms of an operation with factors in bfloat16, in both orders of sums, are the one with 32-bit floats but for the
/// rounding of factors. If its gradient jumps, as that of a rectifier does where a rounding takes a value over zero, the
/// forms are compared with each other alone.
fn agree_in_bfloat16(what: &str, case: usize, jumps: bool, run: impl Fn(bool, Products) -> Vec<Vec<f32>>) {
    let primitive = run(false, Products::Bfloat16(Order::Tiles));
    let reference = if jumps { primitive.clone() } else { run(true, Products::Float32) };
    agree_within(BFLOAT16, what, case, &primitive, &reference);
    for order in Order::ALL {
        agree_within(BFLOAT16, what, case, &run(true, Products::Bfloat16(order)), &reference);
    }
}

/// Of the largest value: ten roundings, each by at most 2^-8 of a value; softmax and normalisation add to them.
const BFLOAT16: f32 = 10.0 / 256.0;

fn agree_within(tolerance: f32, what: &str, case: usize, fused: &[Vec<f32>], plain: &[Vec<f32>]) {
    let largest = plain.iter().flatten().fold(1.0_f32, |largest, value| largest.max(value.abs()));
    for (number, (fused, plain)) in fused.iter().zip(plain).enumerate() {
        assert_eq!(fused.len(), plain.len());
        let pairs = fused.iter().zip(plain);
        let difference = pairs.fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs())) / largest;
        assert!(difference < tolerance, "{what}, case {case}, tensor {number}: {difference}");
    }
}

fn device() -> Device {
    Device::flex().autodiff()
}

mod agreement;
mod derivatives;
