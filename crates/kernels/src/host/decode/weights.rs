//! The weights of a linear map in one of the forms in which they can be kept.

use std::ops::Range;

use crate::host::rows::Linear;

use super::int8::{Int8, ProductScales};
use super::packed::{PANEL, Packed};
use super::quantized::{QuantizedRows, Quantizer};

/// The form in which weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As 32-bit floats.
    #[default]
    Float32,
    /// As 8-bit whole numbers with a scale each output; rows are rounded to 8 bits on the way in.
    Int8,
}

/// The weights of `x W + b`.
#[derive(Clone, Debug)]
pub enum Weights {
    /// As 32-bit floats.
    Float(Packed),
    /// As 8-bit whole numbers.
    Int8(Int8),
}

/// Rows, `[rows, d_input]`, in the form that weights of one form read.
#[derive(Clone, Copy, Debug)]
pub enum PreparedRows<'a> {
    /// As they are, with their width.
    Float(&'a [f32], usize),
    /// Quantized to 8 bits.
    Int8(QuantizedRows<'a>),
}

impl PreparedRows<'_> {
    /// Some of the rows.
    #[must_use]
    pub fn rows(self, range: Range<usize>) -> Self {
        match self {
            Self::Float(rows, width) => Self::Float(&rows[range.start * width..range.end * width], width),
            Self::Int8(rows) => Self::Int8(rows.rows(range)),
        }
    }
}

/// A buffer for rows in the form that weights read, used again.
#[derive(Clone, Debug, Default)]
pub struct Scratch(Quantizer);

impl Weights {
    /// Maps of one input, side by side, `[inputs, d_output]` each.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn new(parts: &[Linear<'_>], inputs: usize, precision: Precision) -> Self {
        match precision {
            Precision::Float32 => Self::Float(Packed::new(parts, inputs)),
            Precision::Int8 => Self::Int8(Int8::new(parts, inputs)),
        }
    }

    /// Maps of one input, side by side, `[inputs, d_output]` each, in 8 bits with the scales of their products. Inputs that
    /// maps have different factors of are multiplied by the smallest of these, so that none is cut off.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn with_scales(parts: &[(Linear<'_>, ProductScales)], inputs: usize) -> Self {
        let factors: Option<Vec<f32>> = parts.iter().map(|(_, scales)| scales.input).collect();
        let input_factor = factors.and_then(|factors| factors.into_iter().min_by(f32::total_cmp));
        let parts: Vec<_> = parts.iter().map(|(linear, scales)| (*linear, scales.weight)).collect();
        Self::Int8(Int8::with_scales(&parts, inputs, input_factor))
    }

    /// A table, `[d_output, d_input]`, in 8 bits with the scales of its products, as the map from rows to their inner
    /// products with the rows of the table.
    pub fn transposed_with_scales(table: &[f32], inputs: usize, scales: ProductScales) -> Self {
        Self::Int8(Int8::transposed_with_scales(table, inputs, scales))
    }

    /// Some of the outputs, in this order.
    ///
    /// # Panics
    ///
    /// When there is no such output.
    #[must_use]
    pub fn select(&self, outputs: &[u32]) -> Self {
        match self {
            Self::Float(weights) => Self::Float(weights.select(outputs)),
            Self::Int8(weights) => Self::Int8(weights.select(outputs)),
        }
    }

    /// A table, `[d_output, d_input]`, as the map from rows to their inner products with the rows of the table.
    pub fn transposed(table: &[f32], inputs: usize, precision: Precision) -> Self {
        match precision {
            Precision::Float32 => Self::Float(Packed::transposed(table, inputs)),
            Precision::Int8 => Self::Int8(Int8::transposed(table, inputs)),
        }
    }

    /// Adds a bias to each output, `[d_output]`, which is no part of a column of weights.
    ///
    /// # Panics
    ///
    /// When there are more biases than outputs.
    pub fn set_bias(&mut self, bias: &[f32]) {
        match self {
            Self::Float(weights) => weights.set_bias(bias),
            Self::Int8(weights) => weights.set_bias(bias),
        }
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Float(weights) => weights.inputs(),
            Self::Int8(weights) => weights.inputs(),
        }
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Float(weights) => weights.outputs(),
            Self::Int8(weights) => weights.outputs(),
        }
    }

    /// The weights of one output, `[d_input]`.
    pub fn column(&self, column: usize, output: &mut [f32]) {
        match self {
            Self::Float(weights) => weights.column(column, output),
            Self::Int8(weights) => weights.column(column, output),
        }
    }

    /// Rows, `[rows, d_input]`, in the form that these weights read.
    pub fn read<'a>(&self, input: &'a [f32], scratch: &'a mut Scratch) -> PreparedRows<'a> {
        match self {
            Self::Float(weights) => PreparedRows::Float(input, weights.inputs()),
            Self::Int8(weights) => {
                PreparedRows::Int8(scratch.0.quantize(input, weights.inputs(), weights.input_factor()))
            }
        }
    }

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`.
    ///
    /// # Panics
    ///
    /// When the slices are not of whole rows.
    pub fn apply(&self, input: &[f32], output: &mut [f32], scratch: &mut Scratch) {
        match self {
            Self::Float(weights) => weights.apply(input, output),
            Self::Int8(weights) => {
                let outputs = weights.outputs();
                let rows = scratch.0.quantize(input, weights.inputs(), weights.input_factor());
                weights.multiply(rows, 0..outputs.div_ceil(PANEL), output, outputs);
            }
        }
    }

    /// The output of consecutive rows at some panels of columns, `[rows, d_input]` to `[rows, panels * PANEL]`.
    ///
    /// # Panics
    ///
    /// When there are no such panels, or the rows are in the form of other weights.
    pub fn apply_panels(&self, input: PreparedRows<'_>, panels: Range<usize>, output: &mut [f32]) {
        match (self, input) {
            (Self::Float(weights), PreparedRows::Float(input, _)) => {
                weights.apply_panels(input, panels, output)
            }
            (Self::Int8(weights), PreparedRows::Int8(input)) => {
                let stride = panels.len() * PANEL;
                weights.multiply(input, panels, output, stride);
            }
            _ => panic!("rows are read by the weights that they are multiplied with"),
        }
    }
}
