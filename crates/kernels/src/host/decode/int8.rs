//! Matrices of weights in 8 bits, a scale each output, multiplied with rows that are rounded to 8 bits on the way
//! in, a scale each row (Jacob et al. 2018, without zero points).
//!
//! Models of other programs bring scales of their own ([`ProductScales`]): one of a whole matrix, and one of all rows
//! that it is multiplied with, beyond which their values are cut off.
//!
//! Sums are whole numbers, so they are the same on every processor. Rows are kept with 128 added to each value,
//! which makes them unsigned, as the dot-product instructions of AVX-512 want them; 128 times the sum of the
//! weights is taken off again before the first product.

use std::ops::Range;

use crate::host::rows::Linear;
use crate::host::simd::vectorized;

use super::dot_products::{self, Scaling, TAKEN_OFF};
use super::packed::PANEL;
use super::quantized::{Quantized, QuantizedRows};
use super::shifted::Shifted;

/// Inputs whose products one instruction adds.
pub(super) const GROUP: usize = 4;

/// The addend that makes a rounded input unsigned.
pub(super) const OFFSET: i32 = 128;

/// The weights of one group of inputs at one panel, `[PANEL, GROUP]`.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [i8; PANEL * GROUP]);

/// The weights of `x W + b` in 8 bits.
#[derive(Clone, Debug)]
pub struct Int8 {
    /// The weights, `[panels, groups]`.
    lines: Vec<Line>,
    /// The initial values of sums, `[panels * PANEL]`.
    starts: Vec<i32>,
    /// The scale of each output, `[panels * PANEL]`.
    scales: Vec<f32>,
    /// The addend of each output, `[panels * PANEL]`.
    bias: Vec<f32>,
    /// What products with one scale of all rows need; `None` where each row has its own.
    shifted: Option<Box<Shifted>>,
    inputs: usize,
    outputs: usize,
}

/// Scales of the 8-bit products with a matrix, as a model brings them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProductScales {
    /// The factor that turns the matrix's weights into whole numbers.
    pub weight: f32,
    /// The factor that turns rows into what is rounded to whole numbers; `None` where each row has its own, by its largest
    /// value.
    pub input: Option<f32>,
}

impl Int8 {
    /// Maps of one input, side by side, `[inputs, d_output]` each.
    ///
    /// Rounding weights that were rounded before gives the same again: the largest value of each output is exact.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn new(parts: &[Linear<'_>], inputs: usize) -> Self {
        Self::of_columns(parts, inputs, |part, width| Quantized::columns(part.weight, width))
    }

    /// Maps of one input, side by side, `[inputs, d_output]` each, with the factors that turn each map's weights and the
    /// input into whole numbers.
    ///
    /// # Panics
    ///
    /// When a part does not have that many inputs.
    pub fn with_scales(parts: &[(Linear<'_>, f32)], inputs: usize, input_factor: Option<f32>) -> Self {
        let linears: Vec<_> = parts.iter().map(|(linear, _)| *linear).collect();
        let mut factors = parts.iter().map(|&(_, factor)| factor);
        let bytes = Self::of_columns(&linears, inputs, |part, width| {
            Quantized::by_factor(part.weight, width, factors.next().unwrap_or(1.0))
        });
        let factors = parts.iter().flat_map(|(part, factor)| std::iter::repeat_n(*factor, part.outputs()));
        bytes.shifted(input_factor, factors.collect())
    }

    fn of_columns(
        parts: &[Linear<'_>],
        inputs: usize,
        mut quantize: impl FnMut(&Linear<'_>, usize) -> Quantized,
    ) -> Self {
        let mut bytes = Self::zeros(inputs, parts.iter().map(Linear::outputs).sum());
        let mut first = 0;
        for part in parts {
            let width = part.outputs();
            assert_eq!(part.weight.len(), inputs * width, "a part of {inputs} inputs and {width} outputs");
            let Quantized { values, scales } = quantize(part, width);
            for (input, row) in values.chunks_exact(width.max(1)).enumerate() {
                row.iter().enumerate().for_each(|(offset, &value)| bytes.set(input, first + offset, value));
            }
            bytes.scales[first..first + width].copy_from_slice(&scales);
            bytes.bias[first..first + width].copy_from_slice(part.bias);
            first += width;
        }
        bytes
    }

    /// A table, `[d_output, d_input]`, as the map from rows to their inner products with the rows of the table.
    pub fn transposed(table: &[f32], inputs: usize) -> Self {
        Self::of_rows(Quantized::rows(table, inputs), inputs)
    }

    /// A table, `[d_output, d_input]`, with the scales of its products, as the map from rows to their inner products with
    /// the rows of the table.
    pub fn transposed_with_scales(table: &[f32], inputs: usize, scales: ProductScales) -> Self {
        let outputs = table.len() / inputs.max(1);
        let bytes = Self::of_rows(Quantized::by_factor(table, outputs, scales.weight), inputs);
        bytes.shifted(scales.input, vec![scales.weight; outputs])
    }

    /// The same for rows of one factor, with the factors of weights, `[outputs]`.
    fn shifted(mut self, input: Option<f32>, weights: Vec<f32>) -> Self {
        let Some(input) = input else { return self };
        let groups = self.groups();
        let line = |output: usize, group: usize| {
            let line = &self.lines[output / PANEL * groups + group].0;
            std::array::from_fn(|place| line[output % PANEL * GROUP + place])
        };
        let shifted = Shifted::new(input, weights, groups, line).with_bias(&self.bias[..self.outputs]);
        for (output, start) in self.starts.iter_mut().enumerate().take(self.outputs) {
            *start = shifted.start(output);
        }
        self.shifted = Some(Box::new(shifted));
        self
    }

    fn of_rows(Quantized { values, scales }: Quantized, inputs: usize) -> Self {
        let mut bytes = Self::zeros(inputs, scales.len());
        for (output, row) in values.chunks_exact(inputs.max(1)).enumerate() {
            row.iter().enumerate().for_each(|(input, &value)| bytes.set(input, output, value));
        }
        bytes.scales[..scales.len()].copy_from_slice(&scales);
        bytes
    }

    fn zeros(inputs: usize, outputs: usize) -> Self {
        let panels = outputs.div_ceil(PANEL);
        Self {
            lines: vec![Line([0; PANEL * GROUP]); panels * inputs.div_ceil(GROUP)],
            starts: vec![0; panels * PANEL],
            scales: vec![0.0; panels * PANEL],
            bias: vec![0.0; panels * PANEL],
            shifted: None,
            inputs,
            outputs,
        }
    }

    fn set(&mut self, input: usize, output: usize, value: i8) {
        let line = output / PANEL * self.groups() + input / GROUP;
        self.lines[line].0[output % PANEL * GROUP + input % GROUP] = value;
        self.starts[output] -= (OFFSET - TAKEN_OFF) * i32::from(value);
    }

    fn groups(&self) -> usize {
        self.inputs.div_ceil(GROUP)
    }

    /// Adds a bias to each output, `[d_output]`.
    pub fn set_bias(&mut self, bias: &[f32]) {
        self.bias[..bias.len()].copy_from_slice(bias);
        self.shifted =
            self.shifted.take().map(|shifted| Box::new(shifted.with_bias(&self.bias[..self.outputs])));
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
        let lines = &self.lines[column / PANEL * self.groups()..][..self.groups()];
        let values = lines.iter().flat_map(|line| &line.0[column % PANEL * GROUP..][..GROUP]);
        for (output, &value) in output.iter_mut().zip(values) {
            *output = f32::from(value) * self.scales[column];
        }
    }

    /// The factor of every row of the input before it is rounded; `None` where each row has its own.
    pub fn input_factor(&self) -> Option<f32> {
        self.shifted.as_deref().map(Shifted::input)
    }

    /// Some of the outputs, in this order.
    ///
    /// # Panics
    ///
    /// When there is no such output.
    #[must_use]
    pub fn select(&self, outputs: &[u32]) -> Self {
        let groups = self.groups();
        let shifted = self.shifted.as_ref().map(|shifted| Box::new(shifted.select(outputs)));
        let mut selected = Self { shifted, ..Self::zeros(self.inputs, outputs.len()) };
        for (place, &output) in outputs.iter().enumerate() {
            let output = output as usize;
            let from = &self.lines[output / PANEL * groups..][..groups];
            let into = &mut selected.lines[place / PANEL * groups..][..groups];
            let (from_column, into_column) = (output % PANEL * GROUP, place % PANEL * GROUP);
            for (from, into) in from.iter().zip(into) {
                into.0[into_column..][..GROUP].copy_from_slice(&from.0[from_column..][..GROUP]);
            }
            selected.starts[place] = self.starts[output];
            selected.scales[place] = self.scales[output];
            selected.bias[place] = self.bias[output];
        }
        selected
    }

    /// The output of consecutive rows at some panels, `[rows, d_input]` to `[rows, stride]`.
    pub(super) fn multiply(
        &self,
        input: QuantizedRows<'_>,
        panels: Range<usize>,
        output: &mut [f32],
        stride: usize,
    ) {
        let groups = self.groups();
        assert_eq!(input.width, self.inputs, "rows of as many inputs as the weights have");
        assert_eq!(output.len(), input.scales.len() * stride, "an output for each row of the input");
        let first_panel = panels.start;
        for panel in panels {
            let lines = &self.lines[panel * groups..][..groups];
            let columns = panel * PANEL..(panel + 1) * PANEL;
            let starts = &self.starts[columns.clone()];
            let width = PANEL.min(self.outputs - panel * PANEL);
            let (scales, bias) = (&self.scales[columns.clone()], &self.bias[columns]);
            let column = (panel - first_panel) * PANEL;
            let rows = input.groups.chunks(dot_products::ROWS * groups);
            let outputs = output.chunks_mut(dot_products::ROWS * stride);
            let row_scales = input.scales.chunks(dot_products::ROWS);
            for ((rows, output), row_scales) in rows.zip(outputs).zip(row_scales) {
                let Some(shifted) = &self.shifted else {
                    let scaling = Scaling { rows: row_scales, columns: scales, bias };
                    let shape = [stride, width];
                    dot_products::scaled_panel(lines, rows, starts, scaling, &mut output[column..], shape);
                    continue;
                };
                let mut sums = [[0_i32; PANEL]; dot_products::ROWS];
                let sums = &mut sums[..row_scales.len()];
                dot_products::panel(lines, rows, starts, sums);
                shifted.clip(panel, rows, groups, sums);
                let (factors, bias) = shifted.panel(panel);
                vectorized!({
                    for (output, sums) in output.chunks_mut(stride).zip(&*sums) {
                        let columns = output[column..].iter_mut().zip(sums).zip(factors).zip(bias);
                        for (((output, &sum), &factor), &bias) in columns.take(width) {
                            *output = sum as f32 * factor + bias;
                        }
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantized::Quantizer;
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32).map(|at| ((at * 37 + seed * 101) % 23) as f32 / 11.0 - 1.0).collect()
    }

    /// The largest of both factors is 1, so a value is off by at most half a step of 1 / 127 in each.
    #[test]
    fn products_are_close_at_every_shape() {
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 7, 31), (12, 16, 32), (13, 128, 70), (40, 9, 33)] {
            let (weight, bias) = (values(inputs * outputs, 1), values(outputs, 2));
            let input = values(rows * inputs, 3);
            let bytes = Int8::new(&[Linear { weight: &weight, bias: &bias }], inputs);
            let mut rounding = Quantizer::default();
            let rounded = rounding.quantize(&input, inputs, None);
            let panels = outputs.div_ceil(PANEL);
            let mut output = vec![0.0; rows * panels * PANEL];
            bytes.multiply(rounded, 0..panels, &mut output, panels * PANEL);
            let mut last = vec![0.0; panels * PANEL];
            bytes.multiply(rounded.rows(rows - 1..rows), 0..panels, &mut last, panels * PANEL);
            assert_eq!(last, output[(rows - 1) * panels * PANEL..]);
            for row in 0..rows {
                for column in 0..outputs {
                    let product = |k: usize| input[row * inputs + k] * weight[k * outputs + column];
                    let expected = (0..inputs).map(product).sum::<f32>() + bias[column];
                    let found = output[row * panels * PANEL + column];
                    let tolerance = inputs as f32 * 1.01 / 127.0;
                    assert!(
                        (found - expected).abs() < tolerance,
                        "{rows} x {inputs} x {outputs}: {found}, not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_rounded_rounds_to_itself() {
        let weight = values(6 * 40, 4);
        let rounded = Quantized::rows(&weight, 6);
        assert_eq!(Quantized::rows(&rounded.to_rows(6), 6).values, rounded.values);
        let columns = Quantized::columns(&weight, 40);
        assert_eq!(Quantized::columns(&columns.to_columns(), 40).values, columns.values);
        let table = Int8::transposed(&weight, 6);
        for (row, expected) in rounded.to_rows(6).chunks_exact(6).enumerate() {
            let mut found = [0.0; 6];
            table.column(row, &mut found);
            assert_eq!(found, *expected);
        }
    }

    #[test]
    fn given_scales_are_taken_as_they_are() {
        // Weights of quarters, inputs that are rounded to halves up to 63.5.
        let (weight, bias) = ([0.25, -1.0, 0.5, 31.75], [10.0, 0.0]);
        let linear = Linear { weight: &weight, bias: &bias };
        let bytes = Int8::with_scales(&[(linear, 4.0)], 2, Some(2.0));
        let mut rounding = Quantizer::default();
        let rounded = rounding.quantize(&[1.2, 1000.0, -0.75, -0.25], 2, bytes.input_factor());
        let mut output = vec![0.0; 2 * PANEL];
        bytes.multiply(rounded, 0..1, &mut output, PANEL);
        // Of two nearest the even one: -1.5 becomes -2 halves, -0.5 becomes 0.
        assert_eq!(output[..2], [10.0 + 0.25 + 63.5 / 2.0, -1.0 + 63.5 * 31.75]);
        assert_eq!(output[PANEL..][..2], [10.0 - 0.25, 1.0]);
        let table = Int8::transposed_with_scales(
            &[0.25, 0.5, -1.0, 31.75],
            2,
            ProductScales { weight: 4.0, input: Some(2.0) },
        );
        let mut by_table = vec![0.0; 2 * PANEL];
        table.multiply(rounded, 0..1, &mut by_table, PANEL);
        assert_eq!(by_table[..2], [output[0] - 10.0, output[1]]);
        let mut row = [0.0; 2];
        table.column(1, &mut row);
        assert_eq!(row, [-1.0, 31.75]);
    }

    #[test]
    fn selected_outputs_are_those_of_the_whole() {
        let (inputs, outputs) = (9, 70);
        let table = values(inputs * outputs, 5);
        let scales = ProductScales { weight: 127.0, input: Some(100.0) };
        selection(Int8::transposed(&table, inputs), inputs, outputs);
        selection(Int8::transposed_with_scales(&table, inputs, scales), inputs, outputs);
    }

    fn selection(mut bytes: Int8, inputs: usize, outputs: usize) {
        bytes.set_bias(&values(outputs, 6));
        let chosen: Vec<u32> = (0..outputs as u32).step_by(3).rev().collect();
        let input = values(2 * inputs, 7);
        let mut rounding = Quantizer::default();
        let rounded = rounding.quantize(&input, inputs, bytes.input_factor());
        let (mut whole, mut selected) = (vec![0.0; 2 * 3 * PANEL], vec![0.0; 2 * PANEL]);
        bytes.multiply(rounded, 0..3, &mut whole, 3 * PANEL);
        bytes.select(&chosen).multiply(rounded, 0..1, &mut selected, PANEL);
        for row in 0..2 {
            for (place, &output) in chosen.iter().enumerate() {
                assert_eq!(selected[row * PANEL + place], whole[row * 3 * PANEL + output as usize]);
            }
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let bytes = Int8::transposed(&[0.0; 12], 4);
        let mut rounding = Quantizer::default();
        let rounded = rounding.quantize(&[0.0; 4], 4, None);
        let mut output = [1.0; PANEL];
        bytes.multiply(rounded, 0..1, &mut output, PANEL);
        assert_eq!(output[..3], [0.0; 3]);
    }

    /// intgemm's products, a number after the other.
    #[test]
    fn products_with_one_scale_of_all_rows_are_those_of_intgemm() {
        let (rows, inputs, outputs) = (5, 10, 40);
        let (weight, bias) = (values(inputs * outputs, 1), values(outputs, 2));
        let input = values(rows * inputs, 3);
        let (by_weight, by_input) = (127.0_f32, 130.0_f32);
        let linear = Linear { weight: &weight, bias: &bias };
        let bytes = Int8::with_scales(&[(linear, by_weight)], inputs, Some(by_input));
        let mut rounding = Quantizer::default();
        let rounded = rounding.quantize(&input, inputs, bytes.input_factor());
        let mut output = vec![0.0; rows * 2 * PANEL];
        bytes.multiply(rounded, 0..2, &mut output, 2 * PANEL);
        let whole = |value: f32, factor: f32| (value * factor).round_ties_even().clamp(-127.0, 127.0) as i32;
        let mut clipped = 0;
        for row in 0..rows {
            for column in 0..outputs {
                let weight = |at: usize| whole(weight[at * outputs + column], by_weight);
                let unsigned = |at: usize| whole(input[row * inputs + at], by_input) + 127;
                let mut sum = 0;
                for at in (0..inputs).step_by(2) {
                    let pair = unsigned(at) * weight(at) + unsigned(at + 1) * weight(at + 1);
                    clipped += usize::from(i16::try_from(pair).is_err());
                    sum += pair.clamp(i16::MIN.into(), i16::MAX.into());
                }
                let of_weights: i32 = (0..inputs).map(weight).sum();
                let addend = of_weights as f32 * (-((127.0 / by_input) * (127.0 / by_weight)) / 127.0);
                let expected = sum as f32 * (1.0 / (by_input * by_weight)) + (addend + bias[column]);
                assert_eq!(output[row * 2 * PANEL + column], expected, "row {row}, column {column}");
            }
        }
        assert!(clipped > 0, "{clipped} pairs leave 16 bits");
    }
}
