//! Layer normalisation (Ba, Kiros and Hinton 2016): `gain * (x - mean) / sqrt(variance + epsilon) + bias`
//! over the last dimension.

use super::simd::sum_of;

/// The constant under the root.
pub const EPSILON: f32 = 1e-5;

/// The gain and bias of a normalisation, `[d_model]` each.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Multiplies.
    pub gain: &'a [f32],
    /// Is added.
    pub bias: &'a [f32],
}

/// What normalises one row.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    mean: f32,
    /// One over the standard deviation.
    scale: f32,
}

impl Moments {
    /// The moments of a row, the variance taken around the mean in a pass of its own.
    #[inline(always)]
    pub fn of(row: &[f32]) -> Self {
        let count = row.len().max(1) as f32;
        let mean = super::simd::sum(row) / count;
        let squares = sum_of(row, row, |sum, value, _| {
            let difference = value - mean;
            difference.mul_add(difference, sum)
        });
        Self { mean, scale: 1.0 / (squares / count + EPSILON).sqrt() }
    }
}

impl Norm<'_> {
    /// Normalises a row.
    #[inline(always)]
    pub fn row(&self, input: &[f32], output: &mut [f32]) {
        let Moments { mean, scale } = Moments::of(input);
        for (((output, &input), &gain), &bias) in output.iter_mut().zip(input).zip(self.gain).zip(self.bias) {
            *output = ((input - mean) * scale).mul_add(gain, bias);
        }
    }

    /// Normalises consecutive rows.
    #[inline(always)]
    pub fn rows(&self, input: &[f32], output: &mut [f32]) {
        let width = self.gain.len().max(1);
        for (input, output) in input.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
            self.row(input, output);
        }
    }

    /// The backward pass of a row: `gradient` becomes the gradient of the input times one, and the gradients
    /// of gain and bias are added to.
    #[inline(always)]
    pub fn row_backward(
        &self,
        input: &[f32],
        gradient: &mut [f32],
        gain_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        let Moments { mean, scale } = Moments::of(input);
        let columns = gradient.iter_mut().zip(input).zip(self.gain).zip(gain_gradient).zip(bias_gradient);
        for ((((gradient, &input), &gain), gain_gradient), bias_gradient) in columns {
            *gain_gradient = ((input - mean) * scale).mul_add(*gradient, *gain_gradient);
            *bias_gradient += *gradient;
            *gradient *= gain;
        }
        let count = input.len().max(1) as f32;
        let sum = super::simd::sum(gradient) / count;
        let product = sum_of(gradient, input, |sum, gradient, input| gradient.mul_add(input - mean, sum));
        let product = product * scale * scale / count;
        for (gradient, &input) in gradient.iter_mut().zip(input) {
            *gradient = (*gradient - sum - (input - mean) * product) * scale;
        }
    }
}
