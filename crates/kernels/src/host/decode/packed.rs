//! Matrices of weights in panels of columns, in the order in which a product reads them.
//!
//! A product holds some rows times two registers of columns in registers and goes through the whole inner
//! dimension at once, so each value of the output is one chain of fused additions, whatever stands beside it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::host::rows::Linear;
use crate::host::simd::{ARCH, mul_add_registers};

/// Columns of a panel.
pub const PANEL: usize = 32;

/// Rows that go through all panels together, so that they stay in the core's own cache.
const BLOCK: usize = 96;

/// The most rows whose sums registers hold at once.
const MOST_ROWS: usize = 12;

/// One row of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; PANEL]);

const ZEROS: Line = Line([0.0; PANEL]);

/// The weights of `x W + b`.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The weights, `[panels, d_input]`; columns beyond the last output are 0.
    lines: Vec<Line>,
    /// The addends, `[panels]`.
    bias: Vec<Line>,
    inputs: usize,
    outputs: usize,
}

impl Packed {
    /// Maps of one input, side by side, `[inputs, d_output]` each.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn new(parts: &[Linear<'_>], inputs: usize) -> Self {
        let outputs = parts.iter().map(Linear::outputs).sum();
        let mut packed = Self::zeros(inputs, outputs);
        let mut first = 0;
        for part in parts {
            let width = part.outputs();
            assert_eq!(part.weight.len(), inputs * width, "a part of {inputs} inputs and {width} outputs");
            for (input, row) in part.weight.chunks_exact(width.max(1)).enumerate() {
                for (offset, &value) in row.iter().enumerate() {
                    let column = first + offset;
                    packed.lines[column / PANEL * inputs + input].0[column % PANEL] = value;
                }
            }
            for (offset, &value) in part.bias.iter().enumerate() {
                let column = first + offset;
                packed.bias[column / PANEL].0[column % PANEL] = value;
            }
            first += width;
        }
        packed
    }

    /// A table, `[d_output, d_input]`, as the map from rows to their inner products with the rows of the table.
    pub fn transposed(table: &[f32], inputs: usize) -> Self {
        let outputs = table.len() / inputs.max(1);
        let mut packed = Self::zeros(inputs, outputs);
        for (panel, rows) in table.chunks((PANEL * inputs).max(1)).enumerate() {
            let lines = &mut packed.lines[panel * inputs..][..inputs];
            for (column, row) in rows.chunks_exact(inputs.max(1)).enumerate() {
                for (line, &value) in lines.iter_mut().zip(row) {
                    line.0[column] = value;
                }
            }
        }
        packed
    }

    /// Adds a bias to each output, `[d_output]`.
    pub fn set_bias(&mut self, bias: &[f32]) {
        for (line, bias) in self.bias.iter_mut().zip(bias.chunks(PANEL)) {
            line.0[..bias.len()].copy_from_slice(bias);
        }
    }

    fn zeros(inputs: usize, outputs: usize) -> Self {
        let panels = outputs.div_ceil(PANEL);
        Self { lines: vec![ZEROS; panels * inputs], bias: vec![ZEROS; panels], inputs, outputs }
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The weights of one output, `[d_input]`.
    pub fn column(&self, column: usize, output: &mut [f32]) {
        let lines = &self.lines[column / PANEL * self.inputs..][..self.inputs];
        for (output, line) in output.iter_mut().zip(lines) {
            *output = line.0[column % PANEL];
        }
    }

    /// Some of the outputs, in this order.
    ///
    /// # Panics
    ///
    /// When there is no such output.
    #[must_use]
    pub fn select(&self, outputs: &[u32]) -> Self {
        let mut selected = Self::zeros(self.inputs, outputs.len());
        for (place, &output) in outputs.iter().enumerate() {
            let output = output as usize;
            let from = &self.lines[output / PANEL * self.inputs..][..self.inputs];
            let into = &mut selected.lines[place / PANEL * self.inputs..][..self.inputs];
            for (from, into) in from.iter().zip(into) {
                into.0[place % PANEL] = from.0[output % PANEL];
            }
            selected.bias[place / PANEL].0[place % PANEL] = self.bias[output / PANEL].0[output % PANEL];
        }
        selected
    }

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`.
    ///
    /// # Panics
    ///
    /// When the slices are not of whole rows.
    pub fn apply(&self, input: &[f32], output: &mut [f32]) {
        let inputs = input.chunks((BLOCK * self.inputs).max(1));
        for (input, output) in inputs.zip(output.chunks_mut((BLOCK * self.outputs).max(1))) {
            self.multiply(input, 0..self.bias.len(), output, self.outputs);
        }
    }

    /// The output of consecutive rows at some panels, `[rows, d_input]` to `[rows, panels * PANEL]`; columns that do
    /// not exist are not written.
    ///
    /// # Panics
    ///
    /// When the slices are not of whole rows, or there are no such panels.
    pub fn apply_panels(&self, input: &[f32], panels: Range<usize>, output: &mut [f32]) {
        let stride = panels.len() * PANEL;
        self.multiply(input, panels, output, stride);
    }

    /// The output of consecutive rows at some panels, `[rows, d_input]` to `[rows, stride]`.
    fn multiply(&self, input: &[f32], panels: Range<usize>, output: &mut [f32], stride: usize) {
        let rows = input.len() / self.inputs.max(1);
        assert_eq!(input.len(), rows * self.inputs, "an input of whole rows");
        assert_eq!(output.len(), rows * stride, "an output for each row of the input");
        ARCH.dispatch(Product { weights: self, input, panels, output, stride });
    }
}

/// A product under way.
struct Product<'a> {
    weights: &'a Packed,
    input: &'a [f32],
    panels: Range<usize>,
    output: &'a mut [f32],
    stride: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let inputs = self.weights.inputs;
        let rows = self.input.len() / inputs.max(1);
        // Two registers of columns for each row must fit, beside those that are multiplied into them.
        let most = if S::F32_LANES >= 16 { MOST_ROWS } else { MOST_ROWS / 2 };
        let tiles = rows.div_ceil(most).max(1);
        let first_panel = self.panels.start;
        for panel in self.panels {
            let tile = Tile {
                lines: &self.weights.lines[panel * inputs..][..inputs],
                bias: &self.weights.bias[panel],
                column: (panel - first_panel) * PANEL,
                width: PANEL.min(self.weights.outputs - panel * PANEL),
                stride: self.stride,
            };
            let (mut row, mut rest) = (0, rows);
            for left in (1..=tiles).rev() {
                let count = rest.div_ceil(left);
                let input = &self.input[row * inputs..][..count * inputs];
                let output = &mut self.output[row * self.stride..][..count * self.stride];
                tile.rows(simd, count, input, output);
                (row, rest) = (row + count, rest - count);
            }
        }
    }
}

/// One panel, and where its columns go.
struct Tile<'a> {
    lines: &'a [Line],
    bias: &'a Line,
    column: usize,
    width: usize,
    stride: usize,
}

impl Tile<'_> {
    /// The panel's columns of some rows, `[rows, d_input]` to `[rows, stride]`.
    #[inline(always)]
    fn rows<S: Simd>(&self, simd: S, rows: usize, input: &[f32], output: &mut [f32]) {
        if self.width == PANEL {
            return self.whole_rows(simd, rows, input, &mut output[self.column..], self.stride);
        }
        let mut whole = [[0.0; PANEL]; MOST_ROWS];
        self.whole_rows(simd, rows, input, whole.as_flattened_mut(), PANEL);
        for (output, whole) in output.chunks_exact_mut(self.stride).zip(&whole) {
            output[self.column..][..self.width].copy_from_slice(&whole[..self.width]);
        }
    }

    /// All columns of the panel, `[rows, d_input]` to `[rows, stride]`.
    #[inline(always)]
    fn whole_rows<S: Simd>(&self, simd: S, rows: usize, input: &[f32], output: &mut [f32], stride: usize) {
        macro_rules! dispatch {
            ($($count:literal)*) => {
                match rows {
                    $($count => self.fixed_rows::<S, $count>(simd, input, output, stride),)*
                    _ => debug_assert_eq!(rows, 0),
                }
            };
        }
        dispatch!(1 2 3 4 5 6 7 8 9 10 11 12);
    }

    /// All columns of `ROWS` rows, `[rows, d_input]` to `[rows, stride]`.
    #[inline(always)]
    fn fixed_rows<S: Simd, const ROWS: usize>(
        &self,
        simd: S,
        input: &[f32],
        output: &mut [f32],
        stride: usize,
    ) {
        let inputs = self.lines.len();
        let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &input[row * inputs..][..inputs]);
        let (bias, _) = S::as_simd_f32s(&self.bias.0);
        for pair in 0..bias.len() / 2 {
            let mut sums = [[bias[2 * pair], bias[2 * pair + 1]]; ROWS];
            for (at, line) in self.lines.iter().enumerate() {
                let (line, _) = S::as_simd_f32s(&line.0);
                let (left, right) = (line[2 * pair], line[2 * pair + 1]);
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let value = simd.splat_f32s(row[at]);
                    sums[0] = mul_add_registers(simd, value, left, sums[0]);
                    sums[1] = mul_add_registers(simd, value, right, sums[1]);
                }
            }
            let first = pair * 2 * S::F32_LANES;
            for (row, &[left, right]) in sums.iter().enumerate() {
                let output = &mut output[row * stride + first..][..2 * S::F32_LANES];
                let (output, _) = S::as_mut_simd_f32s(output);
                (output[0], output[1]) = (left, right);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32).map(|at| ((at * 37 + seed * 101) % 23) as f32 / 11.0 - 1.0).collect()
    }

    #[test]
    fn products_equal_the_definition_at_every_shape() {
        for (rows, inputs, outputs) in
            [(1, 1, 1), (5, 7, 31), (12, 16, 32), (13, 128, 70), (100, 9, 33), (0, 4, 4), (3, 5, 40)]
        {
            let (weight, bias, input) =
                (values(inputs * outputs, 1), values(outputs, 2), values(rows * inputs, 3));
            let half = outputs / 2;
            let columns = |range: Range<usize>| -> Vec<f32> {
                weight.chunks_exact(outputs).flat_map(|row| &row[range.clone()]).copied().collect()
            };
            let (left, right) = (columns(0..half), columns(half..outputs));
            let parts = [
                Linear { weight: &left, bias: &bias[..half] },
                Linear { weight: &right, bias: &bias[half..] },
            ];
            let packed = Packed::new(&parts, inputs);
            let mut output = vec![f32::NAN; rows * outputs];
            packed.apply(&input, &mut output);
            for row in 0..rows {
                for column in 0..outputs {
                    let expected: f32 = (0..inputs)
                        .map(|k| input[row * inputs + k] * weight[k * outputs + column])
                        .sum::<f32>()
                        + bias[column];
                    let found = output[row * outputs + column];
                    assert!(
                        (found - expected).abs() < 1e-4,
                        "{rows} x {inputs} x {outputs}: {found}, not {expected}"
                    );
                }
            }
            for row in 0..rows {
                let mut alone = vec![0.0; outputs];
                packed.apply(&input[row * inputs..][..inputs], &mut alone);
                assert_eq!(alone, output[row * outputs..][..outputs], "a row alone is the row among others");
            }
        }
    }

    #[test]
    fn a_table_gives_its_rows_back_and_their_inner_products() {
        let (inputs, outputs) = (6, 45);
        let table = values(inputs * outputs, 4);
        let packed = Packed::transposed(&table, inputs);
        let input = values(inputs, 5);
        let mut output = vec![0.0; 2 * PANEL];
        packed.apply_panels(&input, 0..2, &mut output);
        for (row, expected) in table.chunks_exact(inputs).enumerate() {
            let mut found = vec![0.0; inputs];
            packed.column(row, &mut found);
            assert_eq!(found, expected);
            let product: f32 = expected.iter().zip(&input).map(|(a, b)| a * b).sum();
            assert!((output[row] - product).abs() < 1e-5);
        }
    }
}
