//! The update of an optimizer, in one pass over a parameter and its running means.

use burn::tensor::Tensor;

pub use crate::host::train::adam::Adam;

/// A parameter with the running means of its gradients and of their squares, `[n]` each.
#[derive(Clone, Debug)]
pub struct AdamState {
    /// The parameter.
    pub value: Tensor<1>,
    /// The mean.
    pub mean: Tensor<1>,
    /// The mean square.
    pub square: Tensor<1>,
}

/// One update of Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter
/// 2019), of tensors without autodiff.
///
/// # Shapes
///
/// - state and gradient: `[n]`
#[must_use]
pub fn adam(state: AdamState, gradient: Tensor<1>, settings: Adam) -> AdamState {
    #[cfg(feature = "flex")]
    if super::fused::applies(&state.value.device()) {
        return on_flex(state, gradient, settings);
    }
    primitive(state, gradient, settings)
}

/// A step of Adam as a composition of primitives, all `[n]`.
pub fn primitive(state: AdamState, gradient: Tensor<1>, settings: Adam) -> AdamState {
    let Adam { beta_1, beta_2, epsilon, decay, rate, scale, step } = settings;
    let gradient = gradient * scale;
    let mean = state.mean * beta_1 + gradient.clone() * (1.0 - beta_1);
    let square = state.square * beta_2 + gradient.square() * (1.0 - beta_2);
    let unbiased = |beta: f64| 1.0 - beta.powf(step as f64);
    let root = (square.clone() / unbiased(beta_2)).sqrt() + epsilon;
    let value = state.value * (1.0 - decay) - mean.clone() / root * (rate / unbiased(beta_1));
    AdamState { value, mean, square }
}

/// A step of Adam on flex, all `[n]`.
#[cfg(feature = "flex")]
fn on_flex(state: AdamState, gradient: Tensor<1>, settings: Adam) -> AdamState {
    let device = state.value.device();
    // The means are the optimizer's alone and are changed in place; what others hold, too, is read where it lies.
    let own = |tensor: Tensor<1>| -> Vec<f32> {
        tensor.into_data().try_into_vec().expect("flex holds 32-bit floats")
    };
    let (mut mean, mut square) = (own(state.mean), own(state.square));
    let mut value = super::fused::with_values(&state.value, crate::host::blocks::copied);
    super::fused::with_values(&gradient, |gradient| {
        crate::host::train::adam::update(
            crate::host::train::adam::AdamState {
                value: &mut value,
                gradient,
                mean: &mut mean,
                square: &mut square,
            },
            settings,
        );
    });
    let tensor = |values: Vec<f32>| {
        let length = values.len();
        Tensor::from_data(burn::tensor::TensorData::new(values, [length]), &device)
    };
    AdamState { value: tensor(value), mean: tensor(mean), square: tensor(square) }
}

/// The sum of the squares of all values of some tensors without autodiff, `[n]` each.
pub fn sum_of_squares<'a>(tensors: impl IntoIterator<Item = &'a Tensor<1>>) -> f64 {
    let mut on_device = Vec::new();
    let mut sum = 0.0;
    for tensor in tensors {
        #[cfg(feature = "flex")]
        if super::fused::applies(&tensor.device()) {
            sum += super::fused::with_values(tensor, crate::host::train::adam::sum_of_squares);
            continue;
        }
        on_device.push(tensor.clone().square().sum());
    }
    if !on_device.is_empty() {
        let squares = Tensor::cat(on_device, 0).into_data().convert::<f64>();
        sum += squares.iter::<f64>().sum::<f64>();
    }
    sum
}
