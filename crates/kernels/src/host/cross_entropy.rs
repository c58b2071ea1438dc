//! Projection to a vocabulary, softmax and label-smoothed cross entropy (Szegedy et al. 2016) in one, with the
//! gradient at once: logits are made a slice of rows at a time, turned into their own gradient in place, and
//! multiplied back. The vocabulary's probabilities of a whole batch never exist.

use rayon::prelude::*;

use super::matrix::{Into, Matrix, multiply_in_pieces};
use super::simd::{add, dot, exponentials, maximum, vectorized};

/// What one row comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The log-probability of the row's target; 0 at padding.
    pub log_probability: f32,
    /// The cross entropy against the smoothed target; 0 at padding.
    pub smoothed: f64,
    /// Whether the target is the most probable token.
    pub correct: bool,
    /// Whether the row is not padding.
    pub counts: bool,
}

/// What the loss is computed from.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy<'a> {
    /// `[rows, d_model]`
    pub hidden: &'a [f32],
    /// `[vocabulary, d_model]`
    pub table: &'a [f32],
    /// The width of a row.
    pub d_model: usize,
    /// The right token of each row.
    pub targets: &'a [u32],
    /// The token whose rows do not count.
    pub padding: u32,
    /// How much of each target's probability is spread over the whole vocabulary.
    pub label_smoothing: f32,
}

/// The gradients of the summed smoothed cross entropy, times a weight.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// `[rows, d_model]`
    pub hidden: Vec<f32>,
    /// `[vocabulary, d_model]`
    pub table: Vec<f32>,
}

/// Logits of about this many elements are held at once.
const SLICE: usize = 1 << 23;
/// Rows and tokens of one piece of a product.
const ROWS: usize = 256;
const TOKENS: usize = 1000;

/// A slice of rows whose logits have become exponentials: the softmax of row `r` is `scales[r]` times them.
struct Slice<'a> {
    /// The numbers of the rows.
    rows: &'a [usize],
    /// Their hidden states, `[rows, d_model]`.
    hidden: &'a [f32],
    /// `[rows, vocabulary]`
    exponentials: &'a [f32],
    /// One over the sum of the exponentials of each row.
    scales: &'a [f32],
}

impl CrossEntropy<'_> {
    fn vocabulary(&self) -> usize {
        self.table.len() / self.d_model.max(1)
    }

    /// Each row's outcome.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.slices(|_| {})
    }

    /// Each row's outcome, and the gradients of the sum of the smoothed cross entropies times `weight`.
    ///
    /// The gradient of a row's logits is `softmax - spread - (1 - smoothing) at the target`. Only the softmax
    /// is dense; the other two reach the gradients of hidden states and table by the sums of table and hidden
    /// states, and by single rows.
    pub fn outcomes_and_gradients(&self, weight: f32) -> (Vec<Outcome>, Gradients) {
        let (width, vocabulary) = (self.d_model, self.vocabulary());
        let mut of_hidden = vec![0.0; self.hidden.len()];
        let mut of_table = vec![0.0; self.table.len()];
        let mut of_rows = Vec::new();
        let mut scaled = Vec::new();
        let spread = weight * self.label_smoothing / vocabulary as f32;
        let certain = weight * (1.0 - self.label_smoothing);
        let table_sum = sum_of_rows(self.table, width);
        let outcomes = self.slices(|slice| {
            let exponentials = Matrix::new(slice.exponentials, slice.rows.len(), vocabulary);
            let table = Matrix::new(self.table, vocabulary, width);
            of_rows.resize(slice.hidden.len(), 0.0);
            multiply_in_pieces(&mut of_rows, ROWS, Into::Replace, exponentials, table);
            scaled.resize(slice.hidden.len(), 0.0);
            for (at, (&row, &scale)) in slice.rows.iter().zip(slice.scales).enumerate() {
                let places = at * width..(at + 1) * width;
                let target = &self.table[self.targets[row] as usize * width..][..width];
                let of_hidden = &mut of_hidden[row * width..][..width];
                let of_row = &of_rows[places.clone()];
                let (scaled, hidden) = (&mut scaled[places.clone()], &slice.hidden[places]);
                for column in 0..width {
                    of_hidden[column] = weight * scale * of_row[column]
                        - spread * table_sum[column]
                        - certain * target[column];
                    scaled[column] = weight * scale * hidden[column];
                }
            }
            let scaled = Matrix::new(&scaled, slice.rows.len(), width);
            multiply_in_pieces(&mut of_table, TOKENS, Into::Add, exponentials.transposed(), scaled);
            for (&row, hidden) in slice.rows.iter().zip(slice.hidden.chunks_exact(width)) {
                let of_target = &mut of_table[self.targets[row] as usize * width..][..width];
                for (of_target, &hidden) in of_target.iter_mut().zip(hidden) {
                    *of_target -= certain * hidden;
                }
            }
        });
        if spread > 0.0 {
            let mut hidden_sum = vec![0.0; width];
            let rows = self.hidden.chunks_exact(width).zip(&outcomes).filter(|(_, outcome)| outcome.counts);
            rows.for_each(|(hidden, _)| add(&mut hidden_sum, hidden));
            of_table.par_chunks_mut(TOKENS * width).for_each(|of_table| {
                vectorized!(for of_token in of_table.chunks_exact_mut(width) {
                    for (of_token, &hidden) in of_token.iter_mut().zip(&hidden_sum) {
                        *of_token -= spread * hidden;
                    }
                });
            });
        }
        (outcomes, Gradients { hidden: of_hidden, table: of_table })
    }

    /// Goes through the rows that count, slice by slice.
    fn slices(&self, mut use_slice: impl FnMut(Slice<'_>)) -> Vec<Outcome> {
        let (width, vocabulary) = (self.d_model, self.vocabulary());
        let mut outcomes = vec![Outcome::default(); self.targets.len()];
        let rows: Vec<usize> =
            (0..self.targets.len()).filter(|&row| self.targets[row] != self.padding).collect();
        let slice = (SLICE / vocabulary.max(1)).max(1).next_multiple_of(ROWS);
        let mut logits = vec![0.0; slice.min(rows.len()) * vocabulary];
        let mut hidden = Vec::with_capacity(slice.min(rows.len()) * width);
        let mut table_mean = sum_of_rows(self.table, width);
        table_mean.iter_mut().for_each(|value| *value /= vocabulary as f32);
        for rows in rows.chunks(slice) {
            hidden.clear();
            for &row in rows {
                hidden.extend_from_slice(&self.hidden[row * width..][..width]);
            }
            let logits = &mut logits[..rows.len() * vocabulary];
            let table = Matrix::new(self.table, vocabulary, width).transposed();
            multiply_in_pieces(logits, ROWS, Into::Replace, Matrix::new(&hidden, rows.len(), width), table);
            let of_rows: Vec<(Outcome, f32)> = logits
                .par_chunks_mut(vocabulary)
                .zip(rows.par_iter().zip(hidden.par_chunks(width)))
                .map(|(logits, (&row, hidden))| {
                    vectorized!(self.row(logits, self.targets[row] as usize, dot(hidden, &table_mean)))
                })
                .collect();
            for (&row, (outcome, _)) in rows.iter().zip(&of_rows) {
                outcomes[row] = *outcome;
            }
            let scales: Vec<f32> = of_rows.iter().map(|(_, scale)| *scale).collect();
            use_slice(Slice { rows, hidden: &hidden, exponentials: logits, scales: &scales });
        }
        outcomes
    }

    /// Turns a row of logits, of which `mean` is the mean, into exponentials; gives one over their sum.
    #[inline(always)]
    fn row(&self, row: &mut [f32], target: usize, mean: f32) -> (Outcome, f32) {
        let highest = maximum(row);
        let logit = row[target];
        let sum = exponentials(row, highest);
        let log_sum = highest + sum.ln();
        let smoothing = f64::from(self.label_smoothing);
        let smoothed =
            f64::from(log_sum) - (1.0 - smoothing) * f64::from(logit) - smoothing * f64::from(mean);
        let log_probability = logit - log_sum;
        (Outcome { log_probability, smoothed, correct: logit >= highest, counts: true }, 1.0 / sum)
    }
}

/// The sum of rows of `width` values.
fn sum_of_rows(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0.0; width];
    vectorized!(rows.chunks_exact(width.max(1)).for_each(|row| add(&mut sum, row)));
    sum
}
