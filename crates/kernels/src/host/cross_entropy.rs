//! Projection to a vocabulary, softmax and label-smoothed cross entropy (Szegedy et al. 2016) in one, with the
//! gradient at once: logits are made a slice of rows at a time, turned into their own gradient in place, and
//! multiplied back. The vocabulary's probabilities of a whole batch never exist.

use rayon::prelude::*;

use super::matrix::{Into, Matrix, multiply_in_pieces};
use super::simd::{exponentials, maximum, sum, vectorized};

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
const SLICE: usize = 1 << 22;
/// Rows and tokens of one piece of a product.
const ROWS: usize = 64;
const TOKENS: usize = 1000;

impl CrossEntropy<'_> {
    /// Each row's outcome.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.slices(|_, _, _| {}, None)
    }

    /// Each row's outcome, and the gradients of the sum of the smoothed cross entropies times `weight`.
    pub fn outcomes_and_gradients(&self, weight: f32) -> (Vec<Outcome>, Gradients) {
        let width = self.d_model;
        let mut of_hidden = vec![0.0; self.hidden.len()];
        let mut of_table = vec![0.0; self.table.len()];
        let vocabulary = self.table.len() / width.max(1);
        let mut of_rows = Vec::new();
        let outcomes = self.slices(
            |rows, hidden, logits| {
                of_rows.resize(hidden.len(), 0.0);
                let gradient = Matrix::new(logits, rows.len(), vocabulary);
                let table = Matrix::new(self.table, vocabulary, width);
                multiply_in_pieces(&mut of_rows, ROWS, Into::Replace, gradient, table);
                for (&row, of_row) in rows.iter().zip(of_rows.chunks_exact(width)) {
                    of_hidden[row * width..][..width].copy_from_slice(of_row);
                }
                let hidden = Matrix::new(hidden, rows.len(), width);
                multiply_in_pieces(&mut of_table, TOKENS, Into::Add, gradient.transposed(), hidden);
            },
            Some(weight),
        );
        (outcomes, Gradients { hidden: of_hidden, table: of_table })
    }

    /// Goes through the rows that count, slice by slice: hands on their numbers, their hidden states, and
    /// their logits or, with a weight, the gradients of these.
    fn slices(
        &self,
        mut use_slice: impl FnMut(&[usize], &[f32], &[f32]),
        weight: Option<f32>,
    ) -> Vec<Outcome> {
        let width = self.d_model;
        let vocabulary = self.table.len() / width.max(1);
        let mut outcomes = vec![Outcome::default(); self.targets.len()];
        let rows: Vec<usize> =
            (0..self.targets.len()).filter(|&row| self.targets[row] != self.padding).collect();
        let slice = (SLICE / vocabulary.max(1)).max(1).next_multiple_of(ROWS);
        let mut logits = vec![0.0; slice.min(rows.len()) * vocabulary];
        let mut hidden = Vec::with_capacity(slice.min(rows.len()) * width);
        for rows in rows.chunks(slice) {
            hidden.clear();
            for &row in rows {
                hidden.extend_from_slice(&self.hidden[row * width..][..width]);
            }
            let logits = &mut logits[..rows.len() * vocabulary];
            let table = Matrix::new(self.table, vocabulary, width).transposed();
            multiply_in_pieces(logits, ROWS, Into::Replace, Matrix::new(&hidden, rows.len(), width), table);
            let of_rows: Vec<Outcome> = logits
                .par_chunks_mut(vocabulary)
                .zip(rows)
                .map(|(logits, &row)| vectorized!(self.row(logits, self.targets[row] as usize, weight)))
                .collect();
            for (&row, outcome) in rows.iter().zip(of_rows) {
                outcomes[row] = outcome;
            }
            use_slice(rows, &hidden, logits);
        }
        outcomes
    }

    /// Turns a row of logits into `weight * (softmax - smoothed target)`.
    #[inline(always)]
    fn row(&self, row: &mut [f32], target: usize, weight: Option<f32>) -> Outcome {
        let count = row.len() as f32;
        let highest = maximum(row);
        let mean = sum(row) / count;
        let logit = row[target];
        let sum = exponentials(row, highest);
        let log_sum = highest + sum.ln();
        if let Some(weight) = weight {
            let (scale, spread) = (weight / sum, weight * self.label_smoothing / count);
            for value in row.iter_mut() {
                *value = value.mul_add(scale, -spread);
            }
            row[target] -= weight * (1.0 - self.label_smoothing);
        }
        let smoothing = f64::from(self.label_smoothing);
        let smoothed =
            f64::from(log_sum) - (1.0 - smoothing) * f64::from(logit) - smoothing * f64::from(mean);
        Outcome { log_probability: logit - log_sum, smoothed, correct: logit >= highest, counts: true }
    }
}
