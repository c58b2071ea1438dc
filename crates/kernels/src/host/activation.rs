//! Activations of feed-forward layers and their derivatives, a row at a time.
//!
//! A row of sums holds the output of the first matrix and, of a gated activation, behind it that of the gate's.

use any2any_architecture::Activation;

use super::dropout::Mask;
use super::simd::{erf, exp, mul_add, sigmoid};

/// 1 / sqrt(2 pi): the density of the normal distribution at 0.
const DENSITY: f32 = 0.398_942_3;

/// Activates a row of sums, `[d_ff]` or `[2 * d_ff]` of a gated activation, into `[d_ff]`. Elements are dropped by the
/// mask's row.
#[inline(always)]
pub fn row(activation: Activation, sums: &[f32], output: &mut [f32], mask: Option<Mask>, row: usize) {
    let (values, gates) = sums.split_at(output.len());
    match activation {
        Activation::Relu => map(values, output, |x| if x > 0.0 { x } else { 0.0 }),
        Activation::Gelu => {
            map(values, output, |x| 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)))
        }
        Activation::GeluTanh => map(values, output, gelu_tanh),
        Activation::ReluSquared => map(values, output, |x| if x > 0.0 { x * x } else { 0.0 }),
        Activation::Silu => map(values, output, |x| x * sigmoid(x)),
        Activation::Swiglu => gated(values, gates, output, |value, gate| value * gate * sigmoid(gate)),
        Activation::Geglu => gated(values, gates, output, |value, gate| value * gelu_tanh(gate)),
    }
    if let Some(mask) = mask {
        mask.row(row).apply(output);
    }
}

/// Turns the gradient of an activated row, `[d_ff]`, into that of its sums, `[d_ff]` or `[2 * d_ff]`.
#[inline(always)]
pub fn row_backward(
    activation: Activation,
    sums: &[f32],
    gradient: &mut [f32],
    sums_gradient: &mut [f32],
    mask: Option<Mask>,
    row: usize,
) {
    if let Some(mask) = mask {
        mask.row(row).apply(gradient);
    }
    let (values, gates) = sums.split_at(gradient.len());
    let (of_values, of_gates) = sums_gradient.split_at_mut(gradient.len());
    match activation {
        Activation::Relu => {
            map_gradient(values, gradient, of_values, |x, gradient| if x > 0.0 { gradient } else { 0.0 });
        }
        Activation::Gelu => map_gradient(values, gradient, of_values, |x, gradient| {
            let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
            gradient * (x * DENSITY).mul_add(exp(-0.5 * x * x), below)
        }),
        Activation::GeluTanh => {
            map_gradient(values, gradient, of_values, |x, gradient| gradient * gelu_tanh_slope(x));
        }
        Activation::ReluSquared => {
            map_gradient(
                values,
                gradient,
                of_values,
                |x, gradient| {
                    if x > 0.0 { 2.0 * x * gradient } else { 0.0 }
                },
            )
        }
        Activation::Silu => map_gradient(values, gradient, of_values, |x, gradient| {
            let open = sigmoid(x);
            gradient * open * (x * (1.0 - open) + 1.0)
        }),
        Activation::Swiglu => {
            for at in 0..gradient.len() {
                let (value, gate, gradient) = (values[at], gates[at], gradient[at]);
                let open = sigmoid(gate);
                of_values[at] = gradient * gate * open;
                of_gates[at] = gradient * value * open * (gate * (1.0 - open) + 1.0);
            }
        }
        Activation::Geglu => {
            for at in 0..gradient.len() {
                let (value, gate, gradient) = (values[at], gates[at], gradient[at]);
                of_values[at] = gradient * gelu_tanh(gate);
                of_gates[at] = gradient * value * gelu_tanh_slope(gate);
            }
        }
    }
}

/// A function of each value of a row, `[d_ff]` in and out.
#[inline(always)]
fn map(input: &[f32], output: &mut [f32], function: impl Fn(f32) -> f32) {
    for (output, &input) in output.iter_mut().zip(input) {
        *output = function(input);
    }
}

/// A function of each value of a row and of its gradient, `[d_ff]` each.
#[inline(always)]
fn map_gradient(input: &[f32], gradient: &[f32], output: &mut [f32], function: impl Fn(f32, f32) -> f32) {
    for ((output, &gradient), &input) in output.iter_mut().zip(gradient).zip(input) {
        *output = function(input, gradient);
    }
}

/// A function of each value of a row and of its gate, `[d_ff]` each.
#[inline(always)]
fn gated(values: &[f32], gates: &[f32], output: &mut [f32], function: impl Fn(f32, f32) -> f32) {
    for ((output, &value), &gate) in output.iter_mut().zip(values).zip(gates) {
        *output = function(value, gate);
    }
}

/// `sqrt(2 / pi) (x + 0.044715 x^3)`, twice: `(1 + tanh(u)) / 2` is the sigmoid of `2 u`.
#[inline(always)]
fn twice_the_angle(x: f32) -> f32 {
    1.595_769 * mul_add(0.044_715 * x * x, x, x)
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    x * sigmoid(twice_the_angle(x))
}

#[inline(always)]
fn gelu_tanh_slope(x: f32) -> f32 {
    let open = sigmoid(twice_the_angle(x));
    let steepness = 1.595_769 * (0.134_145 * x).mul_add(x, 1.0);
    (x * open * (1.0 - open)).mul_add(steepness, open)
}
