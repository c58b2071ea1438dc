//! Projection to a vocabulary, softmax and label-smoothed cross entropy (Szegedy et al. 2016) in one, with the
//! gradient at once: logits are made a slice of rows at a time, turned into their own gradient in place, and
//! multiplied back. The vocabulary's probabilities of a whole batch never exist.

use rayon::prelude::*;

use crate::host::blocks::{Buffers, sized, zeros};
use crate::host::matrix::{Matrix, MatrixMut};
use crate::host::products::{Columns, Onto, Products, Rows, multiply_pieces};
use crate::host::simd::{add, add_rows, dot, exponentials, maximum, vectorized};

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

/// The packed exponentials of logits of about this many elements are held at once, at most.
const SLICE: usize = 1 << 23;
/// The same in bfloat16, in which each of them takes two bytes.
const BFLOAT16_SLICE: usize = 1 << 24;
/// Rows that one thread takes from logits to gradients. More of them read the table less often.
const ROWS: usize = 128;
/// The same in bfloat16, whose table is half as large: the logits should be in the core's own cache.
const BFLOAT16_ROWS: usize = 32;
/// Tokens of one piece of the table's gradient.
const TOKENS: usize = 992;

/// A slice of rows whose logits have become exponentials: the softmax of row `r` is `scales[r]` times them.
struct Slice<'a> {
    /// The numbers of the rows, `[rows]`.
    rows: &'a [usize],
    /// The exponentials of their logits, and their hidden states, each times its row's scale and the weight of the loss,
    /// packed in pieces of rows.
    factors: Vec<(Rows, Columns)>,
    /// One over the sum of the exponentials of each row, `[rows]`.
    scales: &'a [f32],
    /// The exponentials times the table, `[rows, d_model]`; all zeros when they were not asked for.
    means: &'a [f32],
}

/// Both forms of the table in which products read it.
struct Table {
    /// `[d_model, vocabulary]`
    columns: Columns,
    /// `[vocabulary, d_model]`, and the weight of the loss, where gradients are asked for.
    rows: Option<(Columns, f32)>,
    /// The mean of its rows, `[d_model]`.
    mean: Vec<f32>,
}

/// Buffers of one thread.
struct Scratch {
    packed: Rows,
    logits: Vec<f32>,
}

/// What a piece of rows comes to: each row's outcome, one over the sum of its exponentials, and the packed factors of the
/// table's gradient.
type Piece = (Vec<(Outcome, f32)>, Option<(Rows, Columns)>);

impl CrossEntropy<'_> {
    fn vocabulary(&self) -> usize {
        self.table.len() / self.d_model.max(1)
    }

    /// Each row's outcome.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.slices(&sum_of_rows(self.table, self.d_model), None, |_| {})
    }

    /// Each row's outcome, and the gradients of the sum of the smoothed cross entropies times `weight`.
    ///
    /// The gradient of a row's logits is `softmax - spread - (1 - smoothing) at the target`. Only the softmax
    /// is dense; the other two reach the gradients of hidden states and table by the sums of table and hidden
    /// states, and by single rows.
    pub fn outcomes_and_gradients(&self, weight: f32) -> (Vec<Outcome>, Gradients) {
        let (width, vocabulary) = (self.d_model, self.vocabulary());
        let mut of_hidden = zeros(self.hidden.len());
        let mut of_table = zeros(self.table.len());
        let spread = weight * self.label_smoothing / vocabulary as f32;
        let certain = weight * (1.0 - self.label_smoothing);
        let table_sum = sum_of_rows(self.table, width);
        let outcomes = self.slices(&table_sum, Some(weight), |slice| {
            for (at, (&row, &scale)) in slice.rows.iter().zip(slice.scales).enumerate() {
                let target = &self.table[self.targets[row] as usize * width..][..width];
                let of_hidden = &mut of_hidden[row * width..][..width];
                let mean = &slice.means[at * width..][..width];
                for column in 0..width {
                    of_hidden[column] =
                        weight * scale * mean[column] - spread * table_sum[column] - certain * target[column];
                }
            }
            let factors: Vec<_> = slice.factors.iter().map(|(rows, columns)| (rows, columns)).collect();
            let tokens = TOKENS.next_multiple_of(factors.first().map_or(1, |(rows, _)| rows.step()));
            of_table.par_chunks_mut(tokens * width).enumerate().for_each(|(piece, of_table)| {
                let output = MatrixMut::new(of_table, of_table.len() / width, width);
                multiply_pieces(output, Onto::Output, &factors, piece * tokens);
            });
        });
        let targets = outcomes.iter().zip(self.targets).zip(self.hidden.chunks_exact(width.max(1)));
        for ((_, &target), hidden) in targets.filter(|((outcome, _), _)| outcome.counts) {
            let of_target = &mut of_table[target as usize * width..][..width];
            for (of_target, &hidden) in of_target.iter_mut().zip(hidden) {
                *of_target -= certain * hidden;
            }
        }
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

    /// Goes through the rows that count, slice by slice; `table_sum`, `[d_model]`, is the sum of the rows of the table, and
    /// `weight` that of the loss where gradients are asked for.
    fn slices(
        &self,
        table_sum: &[f32],
        weight: Option<f32>,
        mut use_slice: impl FnMut(Slice<'_>),
    ) -> Vec<Outcome> {
        let (width, vocabulary) = (self.d_model, self.vocabulary());
        let mut outcomes = vec![Outcome::default(); self.targets.len()];
        let rows: Vec<usize> =
            (0..self.targets.len()).filter(|&row| self.targets[row] != self.padding).collect();
        if rows.is_empty() || width == 0 {
            return outcomes;
        }
        let rows_of_table = Matrix::new(self.table, vocabulary, width);
        let packed = |matrix| Columns::in_parallel(matrix, self.products);
        let table = Table {
            columns: packed(rows_of_table.transposed()),
            rows: weight.map(|weight| (packed(rows_of_table), weight)),
            mean: table_sum.iter().map(|value| value / vocabulary as f32).collect(),
        };
        // The sums of gradients are the same wherever slices are cut. Exponentials of 32 bits should be read while they are near;
        // in bfloat16 the gradient of the table takes longer to be read and written for each slice.
        let (together, slice) = match self.products {
            Products::Float32 => {
                (ROWS, (SLICE / vocabulary.max(1)).clamp(ROWS, 2 * ROWS * rayon::current_num_threads()))
            }
            Products::Bfloat16(_) => (BFLOAT16_ROWS, (BFLOAT16_SLICE / vocabulary.max(1)).max(1)),
        };
        let slice = slice.next_multiple_of(ROWS).min(rows.len());
        let buffers = Buffers::new(|| Scratch { packed: Rows::empty(self.products), logits: Vec::new() });
        let mut means = vec![0.0; slice * width];
        let mut hidden = Vec::with_capacity(slice * width);
        for rows in rows.chunks(slice) {
            hidden.clear();
            for &row in rows {
                hidden.extend_from_slice(&self.hidden[row * width..][..width]);
            }
            let means = &mut means[..rows.len() * width];
            let of_pieces: Vec<Piece> = means
                .par_chunks_mut(together * width)
                .zip(hidden.par_chunks(together * width).zip(rows.par_chunks(together)))
                .map(|(means, (hidden, rows))| {
                    buffers.with(|scratch| self.piece(&table, (hidden, rows), means, scratch))
                })
                .collect();
            let (mut scales, mut factors) = (Vec::with_capacity(rows.len()), Vec::new());
            let mut of_rows = rows.iter();
            for (piece, of_table) in of_pieces {
                for ((outcome, scale), &row) in piece.into_iter().zip(&mut of_rows) {
                    outcomes[row] = outcome;
                    scales.push(scale);
                }
                factors.extend(of_table);
            }
            use_slice(Slice { rows, factors, scales: &scales, means });
        }
        outcomes
    }

    /// Takes rows with their hidden states, `[rows, d_model]`, to logits, their exponentials, and the products of these with
    /// the table, `[rows, d_model]`, on this thread.
    fn piece(
        &self,
        table: &Table,
        (hidden, rows): (&[f32], &[usize]),
        means: &mut [f32],
        Scratch { packed, logits }: &mut Scratch,
    ) -> Piece {
        let (width, vocabulary, count) = (self.d_model, self.vocabulary(), rows.len());
        let logits = sized(logits, count * vocabulary);
        table.columns.multiply(logits, Onto::Nothing, Matrix::new(hidden, count, width), packed);
        let of_rows = vectorized!({
            let pairs = logits.chunks_exact_mut(vocabulary).zip(hidden.chunks_exact(width));
            let mut of_rows = Vec::with_capacity(count);
            for ((logits, hidden), &row) in pairs.zip(rows) {
                let mean = dot(hidden, &table.mean);
                of_rows.push(self.row(logits, self.targets[row] as usize, mean));
            }
            of_rows
        });
        let Some((table, weight)) = &table.rows else { return (of_rows, None) };
        let exponentials = Matrix::new(logits, count, vocabulary);
        table.multiply(means, Onto::Nothing, exponentials, packed);
        let scales: Vec<f32> = of_rows.iter().map(|&(_, scale)| scale).collect();
        let scaled = scaled(hidden, width, &scales, *weight);
        let of_table = (
            Rows::of(exponentials.transposed(), self.products),
            Columns::of(Matrix::new(&scaled, count, width), self.products),
        );
        (of_rows, Some(of_table))
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

/// Rows, `[rows, width]`, each times its scale, `[rows]`, and a weight.
fn scaled(rows: &[f32], width: usize, scales: &[f32], weight: f32) -> Vec<f32> {
    let mut scaled = Vec::with_capacity(rows.len());
    for (row, scale) in rows.chunks_exact(width).zip(scales) {
        scaled.extend(row.iter().map(|value| weight * scale * value));
    }
    scaled
}

/// The sum of rows, `[rows, width]` to `[width]`.
fn sum_of_rows(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0.0; width];
    vectorized!(add_rows(&mut sum, rows));
    sum
}
