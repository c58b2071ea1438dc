//! Linear maps of a sub-layer, made ready once for the products of all pieces of rows.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::host::bfloat16::{self, Columns, Onto, Order, Rows};
use crate::host::blocks::block_rows;
use crate::host::layer_norm::NormLayer;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply};
use crate::host::products::Products;
use crate::host::rows::{Linear, LinearGradients, normalised};
use crate::host::simd::{add, vectorized};

/// One linear map, or several of one input side by side, whose outputs stand one after the other in a row.
#[derive(Debug)]
pub struct LinearMap<'a> {
    weight: Cow<'a, [f32]>,
    bias: Cow<'a, [f32]>,
    /// The packed weights, in the direction that the map was made ready for; none of 32-bit floats.
    packed: Option<(Columns, Order)>,
}

/// Buffers of one thread for factors in the form that products read.
#[derive(Clone, Debug, Default)]
pub struct Factors {
    rows: Rows,
    columns: Columns,
}

/// The pass that a map is made ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From inputs to outputs.
    Forward,
    /// From the gradients of outputs to those of inputs.
    Backward,
}

impl<'a> LinearMap<'a> {
    /// Maps of `inputs` inputs, `[inputs, d_output]` each.
    pub fn new(parts: &[Linear<'a>], inputs: usize, products: Products, direction: Direction) -> Self {
        let (weight, bias) = match parts {
            [part] => (Cow::Borrowed(part.weight), Cow::Borrowed(part.bias)),
            parts => {
                let mut weight = Vec::with_capacity(parts.iter().map(|part| part.weight.len()).sum());
                for row in 0..inputs {
                    for part in parts {
                        weight.extend_from_slice(&part.weight[row * part.bias.len()..][..part.bias.len()]);
                    }
                }
                (weight.into(), parts.iter().flat_map(|part| part.bias).copied().collect())
            }
        };
        let packed = match products {
            Products::Float32 => None,
            Products::Bfloat16(order) => {
                let matrix = Matrix::new(&weight, inputs, bias.len());
                let factor = if direction == Direction::Forward { matrix } else { matrix.transposed() };
                Some((Columns::in_parallel(factor), order))
            }
        };
        Self { weight, bias, packed }
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.outputs().max(1)
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The number of weights.
    pub fn weights(&self) -> usize {
        self.weight.len()
    }

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`, on this thread, of a map for the forward
    /// pass.
    pub fn apply(&self, input: &[f32], output: &mut [f32], factors: &mut Factors) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = output.len() / outputs.max(1);
        let left = Matrix::new(input, rows, inputs);
        match &self.packed {
            Some((weight, order)) => {
                factors.rows.pack(left);
                let output = MatrixMut::new(output, rows, outputs);
                bfloat16::multiply(output, Onto::EveryRow(&self.bias), &factors.rows, weight, *order);
            }
            None => {
                output.chunks_exact_mut(outputs.max(1)).for_each(|output| output.copy_from_slice(&self.bias));
                let weight = Matrix::new(&self.weight, inputs, outputs);
                multiply(MatrixMut::new(output, rows, outputs), Accumulate::Add, left, weight);
            }
        }
    }

    /// The output of consecutive rows, normalised before, `[rows, d_input]` to `[rows, d_output]`, in parallel.
    pub fn forward(&self, input: &[f32], norm: Option<NormLayer<'_>>) -> Vec<f32> {
        let (inputs, outputs) = (self.inputs().max(1), self.outputs().max(1));
        let mut output = vec![0.0; input.len() / inputs * outputs];
        let block = block_rows(input.len() / inputs);
        output.par_chunks_mut(block * outputs).zip(input.par_chunks(block * inputs)).for_each_init(
            <(Vec<f32>, Factors)>::default,
            |(scratch, factors), (output, input)| {
                self.apply(normalised(norm, input, scratch), output, factors);
            },
        );
        output
    }

    /// The gradient of consecutive rows of the input, `[rows, d_output]` to `[rows, d_input]`, on this thread, of a map for
    /// the backward pass.
    pub fn input_gradient(&self, gradient: &[f32], output: &mut [f32], factors: &mut Factors) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = gradient.len() / outputs.max(1);
        let (output, left) = (MatrixMut::new(output, rows, inputs), Matrix::new(gradient, rows, outputs));
        match &self.packed {
            Some((weight, order)) => {
                factors.rows.pack(left);
                bfloat16::multiply(output, Onto::Nothing, &factors.rows, weight, *order);
            }
            None => {
                let weight = Matrix::new(&self.weight, inputs, outputs).transposed();
                multiply(output, Accumulate::Replace, left, weight);
            }
        }
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
        factors: &mut Factors,
    ) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = gradient.len() / outputs.max(1);
        let output = MatrixMut::new(weight_gradient, inputs, outputs);
        let left = Matrix::new(input, rows, inputs).transposed();
        let right = Matrix::new(gradient, rows, outputs);
        match &self.packed {
            Some((_, order)) => {
                factors.rows.pack(left);
                factors.columns.pack(right);
                bfloat16::multiply(output, Onto::Output, &factors.rows, &factors.columns, *order);
            }
            None => multiply(output, Accumulate::Add, left, right),
        }
        vectorized!(gradient.chunks_exact(outputs.max(1)).for_each(|row| add(bias_gradient, row)));
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
