//! Initial weights, drawn on the host from the run's seed and the weight's name, so that they are the same on every
//! backend and do not depend on the order in which modules are built.

use any2any_adapter::Seed;
use burn::module::{Param, ParamId};
use burn::nn::Linear;
use burn::tensor::TensorData;
use burn::tensor::{Device, Tensor};

/// Draws the weights of one module, and of modules inside it.
#[derive(Clone, Debug)]
pub struct Initializer {
    seed: Seed,
    path: String,
    device: Device,
}

impl Initializer {
    /// The initializer of a whole model.
    pub fn new(seed: Seed, device: &Device) -> Self {
        Self { seed, path: String::new(), device: device.clone() }
    }

    /// The initializer of a module inside this one.
    #[must_use]
    pub fn child(&self, name: impl std::fmt::Display) -> Self {
        Self { path: format!("{}/{name}", self.path), ..self.clone() }
    }

    /// The device that weights are put on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Weights `[..]` of a uniform distribution from `-bound` to `bound`.
    pub fn uniform<const D: usize>(&self, shape: [usize; D], bound: f64) -> Param<Tensor<D>> {
        let mut random = self.seed.random(&self.path, 0);
        self.parameter(shape, move || ((random.unit() * 2.0 - 1.0) * bound) as f32)
    }

    /// Weights `[..]` of a normal distribution around 0.
    pub fn normal<const D: usize>(&self, shape: [usize; D], deviation: f64) -> Param<Tensor<D>> {
        let mut random = self.seed.random(&self.path, 0);
        self.parameter(shape, move || (random.normal() * deviation) as f32)
    }

    /// Weights `[..]` that all start at one value.
    pub fn constant<const D: usize>(&self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        self.parameter(shape, move || value)
    }

    /// A linear layer with weight `[d_input, d_output]`, of Glorot's uniform times `gain`, and bias `[d_output]`, 0.
    pub fn linear(&self, name: &str, d_input: usize, d_output: usize, gain: f64) -> Linear {
        let child = self.child(name);
        let bound = gain * (6.0 / (d_input + d_output) as f64).sqrt();
        Linear {
            weight: child.child("weight").uniform([d_input, d_output], bound),
            bias: Some(child.child("bias").constant([d_output], 0.0)),
        }
    }

    /// Weights `[..]` that are drawn when they are first needed: until then a model has shapes alone, which cost
    /// nothing.
    pub(crate) fn parameter<const D: usize>(
        &self,
        shape: [usize; D],
        mut draw: impl FnMut() -> f32 + Send + Sync + 'static,
    ) -> Param<Tensor<D>> {
        let draw = move |device: &Device, learns: bool| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|_| draw()).collect();
            Tensor::from_data(TensorData::new(values, shape), device).set_require_grad(learns)
        };
        Param::uninitialized(ParamId::new(), draw, self.device.clone(), true, shape.into())
    }
}

/// The parameters of a linear layer, `[d_input, d_output]` and `[d_output]`.
pub(crate) fn weight_and_bias(linear: &Linear) -> (Tensor<2>, Tensor<1>) {
    let weight = linear.weight.val();
    let [_, d_output] = weight.dims();
    let bias = match &linear.bias {
        Some(bias) => bias.val(),
        None => Tensor::zeros([d_output], &weight.device()),
    };
    (weight, bias)
}
