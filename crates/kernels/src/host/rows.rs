//! Linear maps and normalisation of many rows, a block of rows at a time.

use super::dropout::Mask;
use super::layer_norm::NormLayer;
use super::products::Products;
use super::simd::vectorized;

/// A linear map, `x W + b`.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// The matrix, `[d_input, d_output]`.
    pub weight: &'a [f32],
    /// The addend, `[d_output]`.
    pub bias: &'a [f32],
}

/// The gradients of a linear map.
#[derive(Clone, Debug)]
pub struct LinearGradients {
    /// The matrix, `[d_input, d_output]`.
    pub weight: Vec<f32>,
    /// The addend, `[d_output]`.
    pub bias: Vec<f32>,
}

/// The gradients of a normalisation, `[d_model]` each.
#[derive(Clone, Debug)]
pub struct NormGradients {
    /// Of the gain.
    pub gain: Vec<f32>,
    /// Of the bias.
    pub bias: Vec<f32>,
}

impl NormGradients {
    /// The gradients of gain and bias, one after the other, `[2 * d_model]`; none where there is no normalisation.
    pub fn of_sums(sums: &[f32]) -> Option<Self> {
        let (gain, bias) = sums.split_at(sums.len() / 2);
        (!sums.is_empty()).then(|| Self { gain: gain.to_vec(), bias: bias.to_vec() })
    }
}

impl Linear<'_> {
    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.outputs().max(1)
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }
}

/// Rows, `[rows, d_model]`, as they are, or normalised into `scratch`.
pub fn normalised<'a>(norm: Option<NormLayer<'_>>, input: &'a [f32], scratch: &'a mut Vec<f32>) -> &'a [f32] {
    match norm {
        None => input,
        Some(norm) => {
            scratch.resize(input.len(), 0.0);
            vectorized!(norm.rows(input, scratch));
            scratch
        }
    }
}

/// The residual branch around a sub-layer: `residual_scale * x + dropout(layer(norm(x)))`.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    /// Normalises the layer's input.
    pub norm: Option<NormLayer<'a>>,
    /// Multiplies the residual stream, which passes the layer by.
    pub residual_scale: f32,
    /// Drops elements of the layer's output.
    pub mask: Option<Mask>,
    /// The arithmetic of the layer's products with its matrices.
    pub products: Products,
}

impl Branch<'_> {
    /// Turns the layer's output at consecutive rows from `first`, `[rows, d_model]`, into its sum with the residual
    /// stream.
    #[inline(always)]
    pub fn join(&self, first: usize, residual: &[f32], output: &mut [f32], d_model: usize) {
        let rows = output.chunks_exact_mut(d_model).zip(residual.chunks_exact(d_model));
        for (row, (output, residual)) in rows.enumerate() {
            match self.mask {
                None => {
                    for (output, &residual) in output.iter_mut().zip(residual) {
                        *output = residual.mul_add(self.residual_scale, *output);
                    }
                }
                Some(mask) => {
                    let mask = mask.row(first + row);
                    for (column, (output, &residual)) in output.iter_mut().zip(residual).enumerate() {
                        *output = residual.mul_add(self.residual_scale, *output * mask.factor(column as u32));
                    }
                }
            }
        }
    }

    /// The gradient of the layer's output, of consecutive rows from `first`, `[rows, d_model]` in and out.
    #[inline(always)]
    pub fn split(&self, first: usize, gradient: &[f32], layer_gradient: &mut [f32], d_model: usize) {
        layer_gradient.copy_from_slice(gradient);
        if let Some(mask) = self.mask {
            for (row, gradient) in layer_gradient.chunks_exact_mut(d_model).enumerate() {
                mask.row(first + row).apply(gradient);
            }
        }
    }

    /// Turns the gradient of the layer's input into that of the stream: back through the normalisation, and joined with
    /// the gradient of the residual stream.
    ///
    /// # Shapes
    ///
    /// - input, residual and gradient: `[rows, d_model]`
    /// - norm gradients, of gain and then bias: `[2 * d_model]`, or nothing without a normalisation
    #[inline(always)]
    pub fn rejoin(
        &self,
        input: &[f32],
        residual: &[f32],
        gradient: &mut [f32],
        norm_gradients: &mut [f32],
        d_model: usize,
    ) {
        let rows = gradient.chunks_exact_mut(d_model).zip(input.chunks_exact(d_model));
        for ((gradient, input), residual) in rows.zip(residual.chunks_exact(d_model)) {
            if let Some(norm) = self.norm {
                let (gain_gradient, bias_gradient) = norm_gradients.split_at_mut(d_model);
                norm.row_backward(input, gradient, gain_gradient, bias_gradient);
            }
            for (gradient, &residual) in gradient.iter_mut().zip(residual) {
                *gradient = residual.mul_add(self.residual_scale, *gradient);
            }
        }
    }

    /// The number of values of the gradients of the normalisation.
    pub fn norm_values(&self, d_model: usize) -> usize {
        if self.norm.is_some() { 2 * d_model } else { 0 }
    }
}
