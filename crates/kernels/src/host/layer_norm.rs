//! Normalisation over the last dimension: `gain * (x - mean) / sqrt(variance + epsilon) + bias` (Ba, Kiros and Hinton
//! 2016, layer normalisation), or around 0 in place of the mean (Zhang and Sennrich 2019, RMSNorm).

use any2any_architecture::NormKind;

use super::simd::{LANES, fold, mul_add, sum_of};

/// A normalisation with its gain and bias, `[d_model]` each.
#[derive(Clone, Copy, Debug)]
pub struct NormLayer<'a> {
    /// The factor, `[d_model]`.
    pub gain: &'a [f32],
    /// The addend, `[d_model]`.
    pub bias: &'a [f32],
    /// The statistic that it divides by.
    pub kind: NormKind,
    /// The constant under the root, beside the variance.
    pub epsilon: f32,
}

/// Mean and scale of one row.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    mean: f32,
    /// One over the standard deviation.
    scale: f32,
}

impl Moments {
    /// The moments of a row, `[d_model]`, the variance taken around the mean in a pass of its own.
    #[inline(always)]
    pub fn of(row: &[f32], kind: NormKind, epsilon: f32) -> Self {
        let count = row.len().max(1) as f32;
        let mean = match kind {
            NormKind::LayerNorm => super::simd::sum(row) / count,
            NormKind::RmsNorm => 0.0,
        };
        let squares = sum_of(row, row, |sum, value, _| {
            let difference = value - mean;
            mul_add(difference, difference, sum)
        });
        Self { mean, scale: 1.0 / (squares / count + epsilon).sqrt() }
    }
}

impl NormLayer<'_> {
    /// Normalises a row, `[d_model]` in and out.
    #[inline(always)]
    pub fn row(&self, input: &[f32], output: &mut [f32]) {
        let Moments { mean, scale } = Moments::of(input, self.kind, self.epsilon);
        for (((output, &input), &gain), &bias) in output.iter_mut().zip(input).zip(self.gain).zip(self.bias) {
            *output = mul_add((input - mean) * scale, gain, bias);
        }
    }

    /// Normalises consecutive rows, `[rows, d_model]` in and out.
    #[inline(always)]
    pub fn rows(&self, input: &[f32], output: &mut [f32]) {
        let width = self.gain.len().max(1);
        for (input, output) in input.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
            self.row(input, output);
        }
    }

    /// The backward pass of a row, `[d_model]` each: `gradient` becomes the gradient of the input times one, and the
    /// gradients of gain and bias are added to.
    #[inline(always)]
    pub fn row_backward(
        &self,
        input: &[f32],
        gradient: &mut [f32],
        gain_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        let moments = Moments::of(input, self.kind, self.epsilon);
        let mut sums = [0.0_f32; LANES];
        let mut products = [0.0_f32; LANES];
        let (inputs, input_rest) = input.as_chunks::<LANES>();
        let (gradients, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        let (gains, gain_rest) = self.gain.as_chunks::<LANES>();
        let (of_gains, of_gain_rest) = gain_gradient.as_chunks_mut::<LANES>();
        let (of_biases, of_bias_rest) = bias_gradient.as_chunks_mut::<LANES>();
        let chunks = inputs.iter().zip(gradients).zip(gains).zip(of_gains.iter_mut().zip(of_biases));
        for (((input, gradient), gain), (of_gain, of_bias)) in chunks {
            moments.through_gain(input, gradient, gain, of_gain, of_bias, &mut sums, &mut products);
        }
        moments.through_gain(
            input_rest,
            gradient_rest,
            gain_rest,
            of_gain_rest,
            of_bias_rest,
            &mut sums,
            &mut products,
        );
        let Moments { mean, scale } = moments;
        let count = input.len().max(1) as f32;
        let sum = match self.kind {
            NormKind::LayerNorm => fold(sums) / count,
            NormKind::RmsNorm => 0.0,
        };
        let product = fold(products) * scale * scale / count;
        for (gradient, &input) in gradient.iter_mut().zip(input) {
            *gradient = (*gradient - sum - (input - mean) * product) * scale;
        }
    }
}

impl Moments {
    /// Takes the gradients of some columns, `[LANES]` or fewer, back through gain and bias; adds to their sums, and to
    /// the sums of their products with the centred input.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // parts of one row
    fn through_gain(
        &self,
        input: &[f32],
        gradient: &mut [f32],
        gain: &[f32],
        gain_gradient: &mut [f32],
        bias_gradient: &mut [f32],
        sums: &mut [f32; LANES],
        products: &mut [f32; LANES],
    ) {
        for lane in 0..input.len() {
            let centred = input[lane] - self.mean;
            gain_gradient[lane] = (centred * self.scale).mul_add(gradient[lane], gain_gradient[lane]);
            bias_gradient[lane] += gradient[lane];
            gradient[lane] *= gain[lane];
            sums[lane] += gradient[lane];
            products[lane] = gradient[lane].mul_add(centred, products[lane]);
        }
    }
}
