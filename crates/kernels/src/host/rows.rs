//! Linear maps and normalisation of many rows, a block of rows at a time.

use rayon::prelude::*;

use super::blocks::block_rows;
use super::dropout::Mask;
use super::layer_norm::NormLayer;
use super::matrix::{Accumulate, Matrix, MatrixMut, multiply};
use super::simd::{add, vectorized};

/// A linear map, `x W + b`.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// The matrix, `[d_input, d_output]`.
    pub weight: &'a [f32],
    /// The addend, `[d_output]`.
    pub bias: &'a [f32],
}

/// Several linear maps of one input, side by side: their outputs stand one after the other in a row.
#[derive(Debug)]
pub struct Joined {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Joined {
    /// Joins maps of `inputs` inputs, `[inputs, d_output]` each.
    pub fn new(parts: &[Linear<'_>], inputs: usize) -> Self {
        let mut weight = Vec::with_capacity(parts.iter().map(|part| part.weight.len()).sum());
        for row in 0..inputs {
            for part in parts {
                weight.extend_from_slice(&part.weight[row * part.bias.len()..][..part.bias.len()]);
            }
        }
        Self { weight, bias: parts.iter().flat_map(|part| part.bias).copied().collect() }
    }

    /// The joined map.
    pub fn linear(&self) -> Linear<'_> {
        Linear { weight: &self.weight, bias: &self.bias }
    }
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

/// Takes the gradients of joined maps of one width apart: weight `[d_input, PARTS * d_output]`, bias
/// `[PARTS * d_output]`.
pub fn unjoin<const PARTS: usize>(weight: &[f32], bias: &[f32]) -> [LinearGradients; PARTS] {
    let (outputs, width) = (bias.len(), bias.len() / PARTS.max(1));
    std::array::from_fn(|part| {
        let rows = weight.chunks_exact(outputs.max(1));
        LinearGradients {
            weight: rows.flat_map(|row| &row[part * width..][..width]).copied().collect(),
            bias: bias[part * width..][..width].to_vec(),
        }
    })
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

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`, on this thread.
    pub fn apply(&self, input: &[f32], output: &mut [f32]) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = output.len() / outputs.max(1);
        output.chunks_exact_mut(outputs.max(1)).for_each(|output| output.copy_from_slice(self.bias));
        multiply(
            MatrixMut::new(output, rows, outputs),
            Accumulate::Add,
            Matrix::new(input, rows, inputs),
            Matrix::new(self.weight, inputs, outputs),
        );
    }

    /// The output of consecutive rows, normalised before, `[rows, d_input]` to `[rows, d_output]`, in parallel.
    pub fn forward(&self, input: &[f32], norm: Option<NormLayer<'_>>) -> Vec<f32> {
        let (inputs, outputs) = (self.inputs().max(1), self.outputs().max(1));
        let mut output = vec![0.0; input.len() / inputs * outputs];
        let block = block_rows(input.len() / inputs);
        output.par_chunks_mut(block * outputs).zip(input.par_chunks(block * inputs)).for_each_init(
            Vec::new,
            |scratch, (output, input)| {
                self.apply(normalised(norm, input, scratch), output);
            },
        );
        output
    }

    /// The gradient of consecutive rows of the input, `[rows, d_output]` to `[rows, d_input]`, on this thread.
    pub fn input_gradient(&self, gradient: &[f32], into: Accumulate, output: &mut [f32]) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = gradient.len() / outputs.max(1);
        multiply(
            MatrixMut::new(output, rows, inputs),
            into,
            Matrix::new(gradient, rows, outputs),
            Matrix::new(self.weight, inputs, outputs).transposed(),
        );
    }

    /// Adds the gradients of consecutive rows to those of weight and bias, on this thread.
    ///
    /// # Shapes
    ///
    /// - input: `[rows, d_input]`; gradient: `[rows, d_output]`
    /// - weight gradient: `[d_input, d_output]`; bias gradient: `[d_output]`
    pub fn add_parameter_gradients(
        &self,
        input: &[f32],
        gradient: &[f32],
        weight_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = gradient.len() / outputs.max(1);
        multiply(
            MatrixMut::new(weight_gradient, inputs, outputs),
            Accumulate::Add,
            Matrix::new(input, rows, inputs).transposed(),
            Matrix::new(gradient, rows, outputs),
        );
        vectorized!(gradient.chunks_exact(outputs.max(1)).for_each(|row| add(bias_gradient, row)));
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
