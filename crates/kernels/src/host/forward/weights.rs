//! The weights of a linear map in one of the forms in which they can be kept.

use std::ops::Range;

use crate::host::rows::Linear;

use super::packed::Packed;

/// How weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As 32-bit floats.
    #[default]
    Float,
}

/// The weights of `x W + b`.
#[derive(Clone, Debug)]
pub enum Weights {
    /// As 32-bit floats.
    Float(Packed),
}

/// Rows as weights of one form read them.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// As they are.
    Float(&'a [f32]),
}

/// Memory for rows in another form, used again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {}

impl Weights {
    /// Maps of one input, side by side.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn new(parts: &[Linear<'_>], inputs: usize, precision: Precision) -> Self {
        match precision {
            Precision::Float => Self::Float(Packed::new(parts, inputs)),
        }
    }

    /// A table, `[outputs, inputs]`, as the map from rows to their inner products with the rows of the table.
    pub fn transposed(table: &[f32], inputs: usize, precision: Precision) -> Self {
        match precision {
            Precision::Float => Self::Float(Packed::transposed(table, inputs)),
        }
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Float(weights) => weights.inputs(),
        }
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Float(weights) => weights.outputs(),
        }
    }

    /// The weights of one output, `[inputs]`.
    pub fn column(&self, column: usize, output: &mut [f32]) {
        match self {
            Self::Float(weights) => weights.column(column, output),
        }
    }

    /// Rows, `[rows, inputs]`, in the form that these weights read.
    pub fn read<'a>(&self, input: &'a [f32], scratch: &'a mut Scratch) -> Input<'a> {
        let _ = scratch;
        match self {
            Self::Float(_) => Input::Float(input),
        }
    }

    /// The output of consecutive rows, `[rows, inputs]` to `[rows, outputs]`.
    ///
    /// # Panics
    ///
    /// When the slices are not of whole rows.
    pub fn apply(&self, input: &[f32], output: &mut [f32], scratch: &mut Scratch) {
        let _ = scratch;
        match self {
            Self::Float(weights) => weights.apply(input, output),
        }
    }

    /// The output of consecutive rows at some panels of columns, `[rows, panels * PANEL]`.
    ///
    /// # Panics
    ///
    /// When there are no such panels, or the rows are in the form of other weights.
    pub fn apply_panels(&self, input: Input<'_>, panels: Range<usize>, output: &mut [f32]) {
        match (self, input) {
            (Self::Float(weights), Input::Float(input)) => weights.apply_panels(input, panels, output),
        }
    }
}
