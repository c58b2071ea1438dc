//! Projection to a vocabulary, softmax and label-smoothed cross entropy (Szegedy et al. 2016) in one, with the
//! gradient at once: logits are made a slice of rows at a time, turned into their own gradient in place, and
//! multiplied back. The vocabulary's probabilities of a whole batch never exist.

use rayon::prelude::*;

use crate::host::bfloat16::Rows;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut};
use crate::host::products::{Products, Right};
use crate::host::simd::{add, dot, exponentials, maximum, vectorized};

/// The outcome of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The log-probability of the row's target; 0 at padding.
    pub log_probability: f32,
    /// The cross entropy against the smoothed target; 0 at padding.
    pub smoothed: f64,
    /// The target is the most probable token.
    pub correct: bool,
    /// The row is no padding.
    pub counts: bool,
}

/// The inputs of the loss.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy<'a> {
    /// Hidden states, `[rows, d_model]`.
    pub hidden: &'a [f32],
    /// The weights of each token, `[vocabulary, d_model]`.
    pub table: &'a [f32],
    /// The width of a row.
    pub d_model: usize,
    /// The right token of each row, `[rows]`.
    pub targets: &'a [u32],
    /// The token whose rows do not count.
    pub padding: u32,
    /// The share of each target's probability that is spread over the whole vocabulary.
    pub label_smoothing: f32,
    /// The arithmetic of the products with the table.
    pub products: Products,
}

/// The gradients of the summed smoothed cross entropy, times a weight.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// Of the hidden states, `[rows, d_model]`.
    pub hidden: Vec<f32>,
    /// Of the table, `[vocabulary, d_model]`.
    pub table: Vec<f32>,
}

/// Logits of about this many elements are held at once.
const SLICE: usize = 1 << 22;
/// Rows that one thread takes from logits to gradients.
const ROWS: usize = 128;
/// Tokens of one piece of the table's gradient.
const TOKENS: usize = 1000;

/// A slice of rows whose logits have become exponentials: the softmax of row `r` is `scales[r]` times them.
struct Slice<'a> {
    /// The numbers of the rows, `[rows]`.
    rows: &'a [usize],
    /// Their hidden states, `[rows, d_model]`.
    hidden: &'a [f32],
    /// The exponentials of their logits, `[rows, vocabulary]`.
    exponentials: &'a [f32],
    /// One over the sum of the exponentials of each row, `[rows]`.
    scales: &'a [f32],
    /// The exponentials times the table, `[rows, d_model]`; all zeros when they were not asked for.
    means: &'a [f32],
}

impl CrossEntropy<'_> {
    fn vocabulary(&self) -> usize {
        self.table.len() / self.d_model.max(1)
    }

    /// Each row's outcome.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.slices(&sum_of_rows(self.table, self.d_model), false, |_| {})
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
        let mut scaled = Vec::new();
        let spread = weight * self.label_smoothing / vocabulary as f32;
        let certain = weight * (1.0 - self.label_smoothing);
        let table_sum = sum_of_rows(self.table, width);
        let outcomes = self.slices(&table_sum, true, |slice| {
            scaled.resize(slice.hidden.len(), 0.0);
            for (at, (&row, &scale)) in slice.rows.iter().zip(slice.scales).enumerate() {
                let places = at * width..(at + 1) * width;
                let target = &self.table[self.targets[row] as usize * width..][..width];
                let of_hidden = &mut of_hidden[row * width..][..width];
                let mean = &slice.means[places.clone()];
                let (scaled, hidden) = (&mut scaled[places.clone()], &slice.hidden[places]);
                for column in 0..width {
                    of_hidden[column] =
                        weight * scale * mean[column] - spread * table_sum[column] - certain * target[column];
                    scaled[column] = weight * scale * hidden[column];
                }
            }
            let exponentials = Matrix::new(slice.exponentials, slice.rows.len(), vocabulary).transposed();
            let scaled = Right::new(Matrix::new(&scaled, slice.rows.len(), width), self.products);
            let pieces = of_table.par_chunks_mut(TOKENS * width).enumerate();
            pieces.for_each_init(Rows::default, |packed, (piece, of_table)| {
                let count = of_table.len() / width;
                let tokens = exponentials.rows(piece * TOKENS..piece * TOKENS + count);
                scaled.multiply(MatrixMut::new(of_table, count, width), Accumulate::Add, tokens, packed);
            });
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

    /// Goes through the rows that count, slice by slice; `table_sum`, `[d_model]`, is the sum of the rows of the table.
    fn slices(
        &self,
        table_sum: &[f32],
        means_too: bool,
        mut use_slice: impl FnMut(Slice<'_>),
    ) -> Vec<Outcome> {
        let (width, vocabulary) = (self.d_model, self.vocabulary());
        let mut outcomes = vec![Outcome::default(); self.targets.len()];
        let rows: Vec<usize> =
            (0..self.targets.len()).filter(|&row| self.targets[row] != self.padding).collect();
        if rows.is_empty() || width == 0 {
            return outcomes;
        }
        let slice = (SLICE / vocabulary.max(1)).max(1).next_multiple_of(ROWS).min(rows.len());
        let mut logits = vec![0.0; slice * vocabulary];
        let mut means = vec![0.0; slice * width];
        let mut hidden = Vec::with_capacity(slice * width);
        let table_mean: Vec<f32> = table_sum.iter().map(|value| value / vocabulary as f32).collect();
        let table = Matrix::new(self.table, vocabulary, width);
        let transposed_table = match self.products {
            Products::Float32 => transposed(self.table, width),
            Products::Bfloat16(_) => Vec::new(),
        };
        let columns = match self.products {
            Products::Float32 => Matrix::new(&transposed_table, width, vocabulary),
            Products::Bfloat16(_) => table.transposed(),
        };
        let columns = Right::new(columns, self.products);
        let table = means_too.then(|| Right::new(table, self.products));
        for rows in rows.chunks(slice) {
            hidden.clear();
            for &row in rows {
                hidden.extend_from_slice(&self.hidden[row * width..][..width]);
            }
            let logits = &mut logits[..rows.len() * vocabulary];
            let means = &mut means[..rows.len() * width];
            let pieces = logits.par_chunks_mut(ROWS * vocabulary).zip(means.par_chunks_mut(ROWS * width));
            let of_rows: Vec<Vec<(Outcome, f32)>> = pieces
                .zip(hidden.par_chunks(ROWS * width).zip(rows.par_chunks(ROWS)))
                .map_init(Rows::default, |packed, ((logits, means), (hidden, rows))| {
                    let count = rows.len();
                    let of_hidden = Matrix::new(hidden, count, width);
                    let of_logits = MatrixMut::new(logits, count, vocabulary);
                    columns.multiply(of_logits, Accumulate::Replace, of_hidden, packed);
                    let of_rows = vectorized!({
                        let pairs = logits.chunks_exact_mut(vocabulary).zip(hidden.chunks_exact(width));
                        let mut of_rows = Vec::with_capacity(count);
                        for ((logits, hidden), &row) in pairs.zip(rows) {
                            let mean = dot(hidden, &table_mean);
                            of_rows.push(self.row(logits, self.targets[row] as usize, mean));
                        }
                        of_rows
                    });
                    if let Some(table) = &table {
                        let exponentials = Matrix::new(logits, count, vocabulary);
                        let means = MatrixMut::new(means, count, width);
                        table.multiply(means, Accumulate::Replace, exponentials, packed);
                    }
                    of_rows
                })
                .collect();
            let mut scales = Vec::with_capacity(rows.len());
            for (&row, (outcome, scale)) in rows.iter().zip(of_rows.into_iter().flatten()) {
                outcomes[row] = outcome;
                scales.push(scale);
            }
            use_slice(Slice { rows, hidden: &hidden, exponentials: logits, scales: &scales, means });
        }
        outcomes
    }

    /// Turns a row of logits, `[vocabulary]`, of which `mean` is the mean, into exponentials; gives one over their sum.
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

/// The sum of rows, `[rows, width]` to `[width]`.
fn sum_of_rows(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0.0; width];
    vectorized!(rows.chunks_exact(width.max(1)).for_each(|row| add(&mut sum, row)));
    sum
}

/// Columns that are written together, so that the rows' cache lines are used whole.
const COLUMNS: usize = 16;

/// Rows as columns, `[rows, width]` to `[width, rows]`.
fn transposed(rows: &[f32], width: usize) -> Vec<f32> {
    let count = rows.len() / width;
    let mut columns = vec![0.0; rows.len()];
    columns.par_chunks_mut(COLUMNS * count).enumerate().for_each(|(piece, columns)| {
        for (number, row) in rows.chunks_exact(width).enumerate() {
            for (offset, column) in columns.chunks_exact_mut(count).enumerate() {
                column[number] = row[piece * COLUMNS + offset];
            }
        }
    });
    columns
}
