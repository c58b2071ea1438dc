//! Values rounded to 8 bits: weights, a scale each output, and rows that are multiplied with them, a scale each row or one
//! of all.

use std::ops::Range;

use crate::host::simd::{LANES, ROUND, mul_add, vectorized};

use super::int8::{GROUP, OFFSET};

/// The largest magnitude of a rounded value.
const LARGEST: f32 = 127.0;

/// Weights quantized to 8 bits, as they stand in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// The values, `[d_output, d_input]` or `[d_input, d_output]`, as the weights were.
    pub values: Vec<i8>,
    /// The factor of each output's values, `[d_output]`.
    pub scales: Vec<f32>,
}

/// A buffer for rows that are quantized to 8 bits.
#[derive(Clone, Debug, Default)]
pub struct Quantizer {
    groups: Vec<u32>,
    scales: Vec<f32>,
}

/// Rows quantized to 8 bits.
#[derive(Clone, Copy, Debug)]
pub struct QuantizedRows<'a> {
    /// The values, `[rows, groups]`: four inputs each, the first in the lowest bits.
    pub(super) groups: &'a [u32],
    /// The scale of each row, `[rows]`.
    pub(super) scales: &'a [f32],
    pub(super) width: usize,
}

impl Quantized {
    /// Quantizes rows of weights, `[d_output, d_input]`.
    pub fn rows(weight: &[f32], inputs: usize) -> Self {
        let scales = weight.chunks_exact(inputs.max(1)).map(|row| scale(row.iter())).collect::<Vec<_>>();
        let rows = weight.chunks_exact(inputs.max(1)).zip(&scales);
        let values = rows.flat_map(|(row, &scale)| row.iter().map(move |&value| round(value, scale)));
        Self { values: values.collect(), scales }
    }

    /// Quantizes columns of weights, `[d_input, d_output]`.
    pub fn columns(weight: &[f32], outputs: usize) -> Self {
        let column = |column: usize| weight.iter().skip(column).step_by(outputs.max(1));
        let scales: Vec<f32> = (0..outputs).map(|number| scale(column(number))).collect();
        let values = weight.chunks_exact(outputs.max(1)).flat_map(|row| row.iter().zip(&scales));
        Self { values: values.map(|(&value, &scale)| round(value, scale)).collect(), scales }
    }

    /// Quantizes weights by one factor, `[d_output, d_input]` or `[d_input, d_output]`.
    pub(super) fn by_factor(weight: &[f32], outputs: usize, factor: f32) -> Self {
        let scale = 1.0 / factor;
        let values = weight.iter().map(|&value| round(value, scale)).collect();
        Self { values, scales: vec![scale; outputs] }
    }

    /// The weights that rounding has left, of rows, `[d_output, d_input]`.
    pub fn to_rows(&self, inputs: usize) -> Vec<f32> {
        let rows = self.values.chunks_exact(inputs.max(1)).zip(&self.scales);
        rows.flat_map(|(row, &scale)| row.iter().map(move |&value| f32::from(value) * scale)).collect()
    }

    /// The weights that rounding has left, of columns, `[d_input, d_output]`.
    pub fn to_columns(&self) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.scales.len().max(1));
        rows.flat_map(|row| row.iter().zip(&self.scales))
            .map(|(&value, &scale)| f32::from(value) * scale)
            .collect()
    }
}

/// The scale that makes the largest magnitude fit, of an output's weights, `[d_input]`; 1 when all is 0.
fn scale<'a>(values: impl Iterator<Item = &'a f32>) -> f32 {
    let largest = values.fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if largest > 0.0 { largest / LARGEST } else { 1.0 }
}

fn round(value: f32, scale: f32) -> i8 {
    // Conversions to whole numbers stop at the border of the type.
    (value / scale).round() as i8
}

impl QuantizedRows<'_> {
    /// Some of the rows.
    #[must_use]
    pub fn rows(self, range: Range<usize>) -> Self {
        let groups = self.width.div_ceil(GROUP);
        Self {
            groups: &self.groups[range.start * groups..range.end * groups],
            scales: &self.scales[range],
            width: self.width,
        }
    }
}

impl Quantizer {
    /// Quantizes consecutive rows, `[rows, width]`, by one factor or each by its own.
    pub fn quantize(&mut self, input: &[f32], width: usize, factor: Option<f32>) -> QuantizedRows<'_> {
        let (rows, groups) = (input.len() / width.max(1), width.div_ceil(GROUP));
        self.groups.resize(rows * groups, 0);
        self.scales.resize(rows, 0.0);
        vectorized!({
            let rows = input.chunks_exact(width.max(1)).zip(self.groups.chunks_exact_mut(groups.max(1)));
            for ((row, groups), scale) in rows.zip(&mut self.scales) {
                *scale = match factor {
                    None => round_row(row, groups),
                    Some(factor) => round_row_by(row, groups, factor),
                };
            }
        });
        QuantizedRows { groups: &self.groups, scales: &self.scales, width }
    }
}

/// Rounds a row, `[width]`, into groups of four values; gives its scale.
#[inline(always)]
fn round_row(row: &[f32], groups: &mut [u32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            let magnitude = chunk[lane].abs();
            lanes[lane] = if magnitude > lanes[lane] { magnitude } else { lanes[lane] };
        }
    }
    // Not `f32::max`, which is a call in WebAssembly.
    let larger = |largest: f32, value: &f32| if value.abs() > largest { value.abs() } else { largest };
    let largest = lanes.iter().chain(rest).fold(0.0, larger);
    let (scale, inverse) = if largest > 0.0 { (largest / LARGEST, LARGEST / largest) } else { (1.0, 1.0) };
    write_groups(row, groups, |value| low_byte(mul_add(value, inverse, ROUND)));
    scale
}

/// Rounds a row, `[width]`, into groups of four values by a factor; gives its scale. Values beyond the largest become it.
/// The product is rounded before the sum is, as in intgemm.
#[inline(always)]
fn round_row_by(row: &[f32], groups: &mut [u32], factor: f32) -> f32 {
    write_groups(row, groups, |value| {
        let value = value * factor;
        let value = if value < LARGEST { value } else { LARGEST };
        let value = if value > -LARGEST { value } else { -LARGEST };
        low_byte(value + ROUND)
    });
    1.0 / factor
}

/// The whole number in the low bits of a rounded value, made unsigned.
#[inline(always)]
fn low_byte(rounded: f32) -> u32 {
    rounded.to_bits().wrapping_add(OFFSET as u32) & 0xff
}

/// Writes a row, `[width]`, as groups of four values.
#[inline(always)]
fn write_groups(row: &[f32], groups: &mut [u32], whole: impl Fn(f32) -> u32) {
    let (fours, rest) = row.as_chunks::<GROUP>();
    for (group, four) in groups.iter_mut().zip(fours) {
        *group = whole(four[0]) | whole(four[1]) << 8 | whole(four[2]) << 16 | whole(four[3]) << 24;
    }
    if let (false, Some(group)) = (rest.is_empty(), groups.last_mut()) {
        // Weights beyond the last input are 0.
        *group = rest.iter().enumerate().fold(0, |group, (at, &value)| group | whole(value) << (8 * at));
    }
}
