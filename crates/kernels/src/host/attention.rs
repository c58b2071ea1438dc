//! Scaled dot-product attention of many heads (Vaswani et al. 2017, section 3.2), without the matrix of
//! weights: a tile of queries at a time, which the backward pass computes again from one number a query and
//! head, the logarithm of its sum of exponentials (Dao et al. 2022, "FlashAttention"). Memory grows with the
//! length, not with its square.

use rayon::prelude::*;

use super::dropout::Mask;
use super::matrix::{Into, Matrix, MatrixMut, multiply, transpose_into};
use super::simd::{dot, exp, exponentials, maximum, vectorized};

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Sequences.
    pub batch: usize,
    /// Positions that attend, of each sequence.
    pub queries: usize,
    /// Positions that are attended to, of each sequence.
    pub keys: usize,
    /// Heads.
    pub heads: usize,
    /// The width of a head.
    pub d_head: usize,
}

impl Shape {
    /// The width of all heads together.
    pub fn d_model(&self) -> usize {
        self.heads * self.d_head
    }
}

/// Which keys a query sees, and how distance counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visibility<'a> {
    /// How many keys of each sequence are there; the rest is padding.
    pub lengths: Option<&'a [usize]>,
    /// Whether a query sees no key after itself; the last query stands at the last key.
    pub causal: bool,
    /// What a step of distance costs each head (Press et al. 2022, "ALiBi").
    pub slopes: Option<&'a [f32]>,
}

impl Visibility<'_> {
    /// How many keys the query of a sequence sees, from the first.
    #[inline(always)]
    fn keys(&self, shape: Shape, sequence: usize, query: usize) -> usize {
        let there = self.lengths.map_or(shape.keys, |lengths| lengths[sequence].min(shape.keys));
        if self.causal { there.min((query + 1 + shape.keys).saturating_sub(shape.queries)) } else { there }
    }
}

/// Rows of heads beside one another: head `h` of a row begins at `row * stride + column + h * d_head`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The values.
    pub values: &'a [f32],
    /// How far apart rows begin.
    pub stride: usize,
    /// Where the first head begins.
    pub column: usize,
}

impl<'a> Rows<'a> {
    /// Some rows of one head.
    fn head(&self, shape: Shape, head: usize, first: usize, rows: usize) -> Matrix<'a> {
        let start = (first * self.stride + self.column + head * shape.d_head).min(self.values.len());
        Matrix::strided(&self.values[start..], rows, shape.d_head, self.stride)
    }
}

/// What an attention reads.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// `[batch * queries]` rows.
    pub query: Rows<'a>,
    /// `[batch * keys]` rows.
    pub key: Rows<'a>,
    /// `[batch * keys]` rows.
    pub value: Rows<'a>,
    /// Which keys count.
    pub visibility: Visibility<'a>,
    /// Drops weights.
    pub mask: Option<Mask>,
    /// The sizes.
    pub shape: Shape,
}

/// Queries that are computed together.
const TILE: usize = 64;

/// Memory of one thread.
#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    scores: Vec<f32>,
    gradients: Vec<f32>,
}

/// The first `length` values, of a buffer that grows when it must.
fn sized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}

impl Inputs<'_> {
    /// The row of the dropout mask, and the place of the logarithm, that belong to a query of a head.
    fn number(&self, sequence: usize, head: usize, query: usize) -> usize {
        (sequence * self.shape.heads + head) * self.shape.queries + query
    }

    /// Keys rounded up, so that rows of scores are whole registers.
    fn padded_keys(&self) -> usize {
        self.shape.keys.next_multiple_of(16)
    }

    /// The weighted sums of values, `[batch * queries, d_model]`, and the logarithms of the sums of
    /// exponentials, `[batch * queries, heads]`.
    pub fn forward(&self) -> (Vec<f32>, Vec<f32>) {
        let Shape { batch, queries, heads, .. } = self.shape;
        let d_model = self.shape.d_model();
        let mut output = vec![0.0; batch * queries * d_model];
        let mut log_sums = vec![0.0; batch * queries * heads];
        if output.is_empty() {
            return (output, log_sums);
        }
        let sequences = output
            .par_chunks_mut(queries * d_model)
            .zip(log_sums.par_chunks_mut(queries * heads))
            .enumerate();
        if queries <= TILE {
            sequences.for_each_init(Scratch::default, |scratch, (sequence, (output, log_sums))| {
                self.forward_tile(sequence, 0, output, log_sums, scratch);
            });
        } else {
            sequences.for_each(|(sequence, (output, log_sums))| {
                let tiles = output.par_chunks_mut(TILE * d_model).zip(log_sums.par_chunks_mut(TILE * heads));
                tiles.enumerate().for_each_init(Scratch::default, |scratch, (tile, (output, log_sums))| {
                    self.forward_tile(sequence, tile * TILE, output, log_sums, scratch);
                });
            });
        }
        (output, log_sums)
    }

    fn forward_tile(
        &self,
        sequence: usize,
        first: usize,
        output: &mut [f32],
        log_sums: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let shape = self.shape;
        let (d_model, width) = (shape.d_model(), self.padded_keys());
        let rows = output.len() / d_model;
        let seen = self.visibility.keys(shape, sequence, first + rows - 1);
        for head in 0..shape.heads {
            let keys = sized(&mut scratch.keys, shape.d_head * width);
            let scores = sized(&mut scratch.scores, rows * width);
            let first_key = sequence * shape.keys;
            vectorized!(transpose_into(keys, width, self.key.head(shape, head, first_key, seen)));
            self.scores(sequence, head, first, rows, seen, keys, scores);
            vectorized!({
                for (offset, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
                    let number = self.number(sequence, head, first + offset);
                    let count = self.visibility.keys(shape, sequence, first + offset);
                    log_sums[offset * shape.heads + head] = self.softmax(&mut scores[..seen], count, number);
                }
            });
            multiply(
                MatrixMut::strided(&mut output[head * shape.d_head..], rows, shape.d_head, d_model),
                Into::Replace,
                Matrix::strided(scores, rows, seen, width),
                self.value.head(shape, head, first_key, seen),
            );
        }
    }

    /// Scaled scores of a tile, with the cost of distance, `[rows, width]`.
    #[allow(clippy::too_many_arguments)] // a tile's place and extent
    fn scores(
        &self,
        sequence: usize,
        head: usize,
        first: usize,
        rows: usize,
        seen: usize,
        keys: &[f32],
        scores: &mut [f32],
    ) {
        let shape = self.shape;
        let width = self.padded_keys();
        let columns = seen.next_multiple_of(16);
        multiply(
            MatrixMut::strided(scores, rows, columns, width),
            Into::Replace,
            self.query.head(shape, head, sequence * shape.queries + first, rows),
            Matrix::strided(keys, shape.d_head, columns, width),
        );
        let scale = (shape.d_head as f32).sqrt().recip();
        let slope = self.visibility.slopes.map(|slopes| slopes[head]);
        vectorized!({
            for (offset, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
                match slope {
                    None => scores[..seen].iter_mut().for_each(|score| *score *= scale),
                    Some(slope) => {
                        let place = (first + offset + shape.keys) as f32 - shape.queries as f32;
                        for (key, score) in scores[..seen].iter_mut().enumerate() {
                            *score = *score * scale - slope * (place - key as f32).abs();
                        }
                    }
                }
            }
        });
    }

    /// Turns the first `count` scores of a row into dropped weights and the others into 0; gives the
    /// logarithm of their sum of exponentials.
    #[inline(always)]
    fn softmax(&self, scores: &mut [f32], count: usize, number: usize) -> f32 {
        let (scores, hidden) = scores.split_at_mut(count.min(scores.len()));
        hidden.fill(0.0);
        if scores.is_empty() {
            return f32::INFINITY; // every weight computed from it is 0
        }
        let highest = maximum(scores);
        let sum = exponentials(scores, highest);
        let scale = 1.0 / sum;
        scores.iter_mut().for_each(|score| *score *= scale);
        if let Some(mask) = self.mask {
            mask.row(number).apply(scores);
        }
        highest + sum.ln()
    }

    /// The attention weights themselves, before dropout, `[batch, heads, queries, keys]`.
    pub fn weights(&self) -> Vec<f32> {
        let shape = self.shape;
        let width = self.padded_keys();
        let undropped = Inputs { mask: None, ..*self };
        let mut scratch = Scratch::default();
        let mut weights = Vec::with_capacity(shape.batch * shape.heads * shape.queries * shape.keys);
        for sequence in 0..shape.batch {
            for head in 0..shape.heads {
                let keys = sized(&mut scratch.keys, shape.d_head * width);
                let scores = sized(&mut scratch.scores, shape.queries * width);
                let of_keys = self.key.head(shape, head, sequence * shape.keys, shape.keys);
                vectorized!(transpose_into(keys, width, of_keys));
                undropped.scores(sequence, head, 0, shape.queries, shape.keys, keys, scores);
                for (query, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
                    let count = self.visibility.keys(shape, sequence, query);
                    undropped.softmax(&mut scores[..shape.keys], count, 0);
                    weights.extend_from_slice(&scores[..shape.keys]);
                }
            }
        }
        weights
    }
}

/// Where the gradients of queries, keys and values are written, in rows like those of the inputs.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Holds the gradients of the queries, and of keys and values too when `memory` is none.
    pub query: &'a mut [f32],
    /// How far apart rows of `query` begin.
    pub query_stride: usize,
    /// The column of the queries' gradients.
    pub query_column: usize,
    /// Holds the gradients of keys and values, with the distance between rows.
    pub memory: Option<(&'a mut [f32], usize)>,
    /// The column of the keys' gradients.
    pub key_column: usize,
    /// The column of the values' gradients.
    pub value_column: usize,
}

impl Gradients<'_> {
    fn memory(&mut self) -> (&mut [f32], usize) {
        match &mut self.memory {
            Some((values, stride)) => (values, *stride),
            None => (self.query, self.query_stride),
        }
    }
}

/// What the backward pass knows besides the inputs.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// The output of the forward pass, `[batch * queries, d_model]`.
    pub output: &'a [f32],
    /// Its logarithms, `[batch * queries, heads]`.
    pub log_sums: &'a [f32],
    /// The gradient of the output.
    pub gradient: &'a [f32],
}

/// Gradients of one head of one sequence.
struct HeadGradients {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
}

impl Inputs<'_> {
    /// Writes the gradients of queries, keys and values; `gradients` is all zeros before.
    pub fn backward(&self, results: Results<'_>, gradients: Gradients<'_>) {
        let Shape { batch, queries, keys, heads, .. } = self.shape;
        if batch == 0 || queries == 0 || keys == 0 || heads == 0 {
            return;
        }
        let Gradients { query, query_stride, query_column, memory, key_column, value_column } = gradients;
        let of_sequence = |sequence: usize, mut gradients: Gradients<'_>, scratch: &mut Scratch| {
            // Few long sequences are shared between threads by their heads.
            if queries * keys > 1 << 16 {
                let of_heads: Vec<HeadGradients> = (0..heads)
                    .into_par_iter()
                    .map(|head| self.backward_head(sequence, head, results, &mut Scratch::default()))
                    .collect();
                for (head, of_head) in of_heads.iter().enumerate() {
                    self.place(head, of_head, &mut gradients);
                }
            } else {
                for head in 0..heads {
                    let of_head = self.backward_head(sequence, head, results, scratch);
                    self.place(head, &of_head, &mut gradients);
                }
            }
        };
        let of_queries = query.par_chunks_mut(queries * query_stride).enumerate();
        let places =
            |query, memory| Gradients { query, query_stride, query_column, memory, key_column, value_column };
        match memory {
            None => of_queries.for_each_init(Scratch::default, |scratch, (sequence, query)| {
                of_sequence(sequence, places(query, None), scratch);
            }),
            Some((memory, stride)) => of_queries.zip(memory.par_chunks_mut(keys * stride)).for_each_init(
                Scratch::default,
                |scratch, ((sequence, query), memory)| {
                    of_sequence(sequence, places(query, Some((memory, stride))), scratch);
                },
            ),
        }
    }

    /// Copies a head's gradients to their columns.
    fn place(&self, head: usize, of_head: &HeadGradients, gradients: &mut Gradients<'_>) {
        let width = self.shape.d_head;
        let copy = |from: &[f32], to: &mut [f32], stride: usize, column: usize| {
            for (row, from) in from.chunks_exact(width).enumerate() {
                to[row * stride + column + head * width..][..width].copy_from_slice(from);
            }
        };
        copy(&of_head.query, gradients.query, gradients.query_stride, gradients.query_column);
        let (key_column, value_column) = (gradients.key_column, gradients.value_column);
        let (memory, stride) = gradients.memory();
        copy(&of_head.key, memory, stride, key_column);
        copy(&of_head.value, memory, stride, value_column);
    }

    fn backward_head(
        &self,
        sequence: usize,
        head: usize,
        results: Results<'_>,
        scratch: &mut Scratch,
    ) -> HeadGradients {
        let shape = self.shape;
        let Shape { queries, d_head, .. } = shape;
        let (d_model, width) = (shape.d_model(), self.padded_keys());
        let (first_query, first_key) = (sequence * queries, sequence * shape.keys);
        let scale = (d_head as f32).sqrt().recip();
        let mut gradients = HeadGradients {
            query: vec![0.0; queries * d_head],
            key: vec![0.0; shape.keys * d_head],
            value: vec![0.0; shape.keys * d_head],
        };
        let all_seen = self.visibility.keys(shape, sequence, queries - 1);
        let keys = sized(&mut scratch.keys, d_head * width);
        let values = sized(&mut scratch.values, d_head * width);
        vectorized!({
            transpose_into(keys, width, self.key.head(shape, head, first_key, all_seen));
            transpose_into(values, width, self.value.head(shape, head, first_key, all_seen));
        });
        let of_output = Rows { values: results.output, stride: d_model, column: 0 };
        let of_gradient = Rows { values: results.gradient, ..of_output };
        for first in (0..queries).step_by(TILE) {
            let rows = TILE.min(queries - first);
            let seen = self.visibility.keys(shape, sequence, first + rows - 1);
            let columns = seen.next_multiple_of(16);
            let scores = sized(&mut scratch.scores, rows * width);
            let of_scores = sized(&mut scratch.gradients, rows * width);
            self.scores(sequence, head, first, rows, seen, keys, scores);
            let gradient = of_gradient.head(shape, head, first_query + first, rows);
            multiply(
                MatrixMut::strided(of_scores, rows, columns, width),
                Into::Replace,
                gradient,
                Matrix::strided(values, d_head, columns, width),
            );
            vectorized!({
                let pairs =
                    scores.chunks_exact_mut(width.max(1)).zip(of_scores.chunks_exact_mut(width.max(1)));
                for (offset, (scores, of_scores)) in pairs.enumerate() {
                    let row = first_query + first + offset;
                    let place = row * d_model + head * d_head;
                    let mean =
                        dot(&results.output[place..place + d_head], &results.gradient[place..place + d_head]);
                    let log_sum = results.log_sums[row * shape.heads + head];
                    let count = self.visibility.keys(shape, sequence, first + offset);
                    let mask = self.mask.map(|mask| mask.row(self.number(sequence, head, first + offset)));
                    weigh(&mut scores[..seen], &mut of_scores[..seen], count, |weight, gradient, column| {
                        let weight = exp(weight - log_sum);
                        let factor = mask.map_or(1.0, |mask| mask.factor(column));
                        (weight * factor, weight * (gradient * factor - mean) * scale)
                    });
                }
            });
            let weights = Matrix::strided(scores, rows, seen, width);
            let of_scores = Matrix::strided(of_scores, rows, seen, width);
            let query = self.query.head(shape, head, first_query + first, rows);
            let into = if first == 0 { Into::Replace } else { Into::Add };
            let of_query = MatrixMut::new(&mut gradients.query[first * d_head..], rows, d_head);
            multiply(of_query, Into::Replace, of_scores, self.key.head(shape, head, first_key, seen));
            let of_key = MatrixMut::new(&mut gradients.key, seen, d_head);
            multiply(of_key, into, of_scores.transposed(), query);
            let of_value = MatrixMut::new(&mut gradients.value, seen, d_head);
            multiply(of_value, into, weights.transposed(), gradient);
        }
        gradients
    }
}

/// Replaces the first `count` pairs of two rows by what `change` makes of them and their column, the others
/// by 0.
#[inline(always)]
fn weigh(a: &mut [f32], b: &mut [f32], count: usize, change: impl Fn(f32, f32, u32) -> (f32, f32)) {
    let count = count.min(a.len());
    let (a, hidden_a) = a.split_at_mut(count);
    let (b, hidden_b) = b.split_at_mut(count);
    hidden_a.fill(0.0);
    hidden_b.fill(0.0);
    for (column, (a, b)) in a.iter_mut().zip(b).enumerate() {
        (*a, *b) = change(*a, *b, column as u32);
    }
}
