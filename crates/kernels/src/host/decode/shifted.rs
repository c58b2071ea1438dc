//! 8-bit products as intgemm computes them ("Int8Shift"), to the last bit: rows have 127 added to each value, so that they
//! are unsigned, and 127 times the sums of the weights are taken off again with the bias, in 32-bit floats. Their rounding
//! there is a hundred times that of other operations, and decides which way values of the next layer are rounded.
//!
//! Products of two neighbouring inputs are added in 16 bits and stop at the border of these. That can happen to pairs of
//! large weights alone, so sums are whole first, and what is beyond the border is taken off for these pairs.

use std::ops::Range;

use super::dot_products::TAKEN_OFF;
use super::int8::GROUP;
use super::packed::PANEL;

/// The addend of intgemm's rows.
const SHIFT: i32 = 127;

/// The difference from what rows are kept with.
const KEPT: i32 = 128 - SHIFT;

/// A pair of weights whose products can leave 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    output: usize,
    group: usize,
    /// Its first input in the group.
    offset: usize,
    weights: [i32; 2],
}

/// Parts of a matrix's products that rows with 127 added need.
#[derive(Clone, Debug)]
pub(super) struct Shifted {
    /// The factor of rows before they are rounded.
    input: f32,
    /// The factor that turned the weights of each output into whole numbers, `[outputs]`.
    weights: Vec<f32>,
    /// The sum of each output's weights, `[outputs]`.
    sums: Vec<i32>,
    /// The factor of each output's sum, `[panels * PANEL]`.
    factors: Vec<f32>,
    /// The addend of each output, which takes off what the rows have more, `[panels * PANEL]`.
    bias: Vec<f32>,
    /// Pairs that can leave 16 bits, by output.
    pairs: Vec<Pair>,
}

impl Shifted {
    /// The parts of a matrix without a bias, whose weights are given by output and group: the factors of input and weights.
    pub(super) fn new(
        input: f32,
        weights: Vec<f32>,
        groups: usize,
        line: impl Fn(usize, usize) -> [i8; GROUP],
    ) -> Self {
        let (mut sums, mut pairs) = (Vec::with_capacity(weights.len()), Vec::new());
        for output in 0..weights.len() {
            let mut sum = 0;
            for group in 0..groups {
                let values = line(output, group).map(i32::from);
                sum += values.iter().sum::<i32>();
                for (half, weights) in values.as_chunks::<2>().0.iter().enumerate() {
                    let pair = Pair { output, group, offset: 2 * half, weights: *weights };
                    if pair.can_leave() {
                        pairs.push(pair);
                    }
                }
            }
            sums.push(sum);
        }
        Self { input, weights, sums, factors: Vec::new(), bias: Vec::new(), pairs }.with_bias(&[])
    }

    /// The factor of rows before they are rounded.
    pub(super) fn input(&self) -> f32 {
        self.input
    }

    /// The same with biases of the first outputs.
    #[must_use]
    pub(super) fn with_bias(mut self, bias: &[f32]) -> Self {
        let padded = self.weights.len().next_multiple_of(PANEL);
        let shift = SHIFT as f32;
        self.factors = self.weights.iter().map(|weight| 1.0 / (self.input * weight)).collect();
        let addend = |(output, (&sum, weight)): (usize, (&i32, &f32))| {
            // In intgemm's order, whose rounding it has.
            let factor = -((shift / self.input) * (shift / weight)) / shift;
            sum as f32 * factor + bias.get(output).copied().unwrap_or(0.0)
        };
        self.bias = self.sums.iter().zip(&self.weights).enumerate().map(addend).collect();
        self.factors.resize(padded, 0.0);
        self.bias.resize(padded, 0.0);
        self
    }

    /// Some of the outputs, in this order.
    pub(super) fn select(&self, outputs: &[u32]) -> Self {
        let padded = outputs.len().next_multiple_of(PANEL);
        let of = |values: &[f32]| {
            let mut selected: Vec<f32> = outputs.iter().map(|&output| values[output as usize]).collect();
            selected.resize(padded, 0.0);
            selected
        };
        let mut pairs = Vec::new();
        for (place, &output) in outputs.iter().enumerate() {
            let pairs_of = &self.pairs[self.between(output as usize..output as usize + 1)];
            pairs.extend(pairs_of.iter().map(|pair| Pair { output: place, ..*pair }));
        }
        Self {
            input: self.input,
            weights: outputs.iter().map(|&output| self.weights[output as usize]).collect(),
            sums: outputs.iter().map(|&output| self.sums[output as usize]).collect(),
            factors: of(&self.factors),
            bias: of(&self.bias),
            pairs,
        }
    }

    /// The start of an output's sum, which turns rows as they are kept into intgemm's.
    pub(super) fn start(&self, output: usize) -> i32 {
        (TAKEN_OFF - KEPT) * self.sums[output]
    }

    /// Takes off of sums of a panel, `[rows, PANEL]`, what is beyond 16 bits; rows are `[rows, groups]`.
    pub(super) fn clip(&self, panel: usize, rows: &[u32], groups: usize, sums: &mut [[i32; PANEL]]) {
        for pair in &self.pairs[self.between(panel * PANEL..(panel + 1) * PANEL)] {
            for (row, sums) in rows.chunks_exact(groups.max(1)).zip(&mut *sums) {
                let values = row[pair.group].to_le_bytes();
                let values = [values[pair.offset], values[pair.offset + 1]];
                sums[pair.output % PANEL] -= pair.excess(values.map(|value| i32::from(value) - KEPT));
            }
        }
    }

    /// The factors and addends of a panel's outputs, `[PANEL]`.
    pub(super) fn panel(&self, panel: usize) -> (&[f32], &[f32]) {
        let columns = panel * PANEL..(panel + 1) * PANEL;
        (&self.factors[columns.clone()], &self.bias[columns])
    }

    /// The pairs of some outputs.
    fn between(&self, outputs: Range<usize>) -> Range<usize> {
        let place = |output: usize| self.pairs.partition_point(|pair| pair.output < output);
        place(outputs.start)..place(outputs.end)
    }
}

impl Pair {
    /// True if some row leads out of 16 bits.
    fn can_leave(&self) -> bool {
        let part = |choose: fn(i32, i32) -> i32| self.weights.map(|weight| choose(weight, 0) * 2 * SHIFT);
        let [most, least] = [part(i32::max), part(i32::min)].map(|[first, second]| first + second);
        most > i32::from(i16::MAX) || least < i32::from(i16::MIN)
    }

    /// How far the products with two unsigned inputs lie beyond 16 bits.
    fn excess(&self, inputs: [i32; 2]) -> i32 {
        let sum = self.weights[0] * inputs[0] + self.weights[1] * inputs[1];
        sum - sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
    }
}
