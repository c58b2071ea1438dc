//! Scaled dot-product attention of many heads (Vaswani et al. 2017, section 3.2), without the matrix of
//! weights: a tile of queries at a time, which the backward pass computes again from one number a query and
//! head, the logarithm of its sum of exponentials (Dao et al. 2022, "FlashAttention"). Memory grows with the
//! length, not with its square.

use rayon::prelude::*;

use super::dropout::{Mask, MaskRow};
use super::matrix::{Into, Matrix, MatrixMut, multiply, transpose_into};
use super::simd::{LANES, dot, exp, exponentials, maximum, vectorized};

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
    /// Keys rounded up, so that rows of scores are whole registers.
    fn padded_keys(&self) -> usize {
        self.shape.keys.next_multiple_of(LANES)
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
        let columns = seen.next_multiple_of(LANES);
        for head in 0..shape.heads {
            let keys = sized(&mut scratch.keys, shape.d_head * width);
            let scores = sized(&mut scratch.scores, rows * width);
            let first_key = sequence * shape.keys;
            vectorized!(transpose_into(keys, width, self.key.head(shape, head, first_key, seen)));
            self.scores(sequence, head, first, rows, seen, keys, scores);
            vectorized!({
                for (offset, scores) in scores.chunks_exact_mut(width.max(1)).enumerate() {
                    let row = self.row(sequence, head, first + offset);
                    log_sums[offset * shape.heads + head] = row.softmax(&mut scores[..columns]);
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

    /// The products of queries and keys of a tile, `[rows, width]`.
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
        let columns = seen.next_multiple_of(LANES);
        multiply(
            MatrixMut::strided(scores, rows, columns, width),
            Into::Replace,
            self.query.head(shape, head, sequence * shape.queries + first, rows),
            Matrix::strided(keys, shape.d_head, columns, width),
        );
    }

    /// What turns the products of a query into weights.
    #[inline(always)]
    fn row(&self, sequence: usize, head: usize, query: usize) -> Row {
        let shape = self.shape;
        let number = (sequence * shape.heads + head) * shape.queries + query;
        Row {
            seen: self.visibility.keys(shape, sequence, query) as u32,
            scale: (shape.d_head as f32).sqrt().recip(),
            slope: self.visibility.slopes.map_or(0.0, |slopes| slopes[head]),
            place: (query + shape.keys) as f32 - shape.queries as f32,
            mask: self.mask.map(|mask| mask.row(number)),
        }
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
                    vectorized!(undropped.row(sequence, head, query).softmax(scores));
                    weights.extend_from_slice(&scores[..shape.keys]);
                }
            }
        }
        weights
    }
}

/// One query of one head.
struct Row {
    /// How many keys it sees.
    seen: u32,
    /// One over the root of the width of a head.
    scale: f32,
    /// What a step of distance costs.
    slope: f32,
    /// Where the query stands among the keys.
    place: f32,
    mask: Option<MaskRow>,
}

impl Row {
    /// The scaled score of a product, less the cost of distance.
    #[inline(always)]
    fn score(&self, product: f32, column: u32) -> f32 {
        product.mul_add(self.scale, -self.slope * (self.place - column as f32).abs())
    }

    #[inline(always)]
    fn factor(&self, column: u32) -> f32 {
        self.mask.map_or(1.0, |mask| mask.factor(column))
    }

    /// Turns a row of products, whole registers long, into dropped weights, 0 where no key is seen; gives the
    /// logarithm of their sum of exponentials.
    #[inline(always)]
    fn softmax(&self, row: &mut [f32]) -> f32 {
        if self.seen == 0 {
            row.fill(0.0);
            return f32::INFINITY; // every weight computed from it is 0
        }
        let (chunks, _) = row.as_chunks_mut::<LANES>();
        for (chunk, products) in chunks.iter_mut().enumerate() {
            for (lane, product) in products.iter_mut().enumerate() {
                let column = (chunk * LANES + lane) as u32;
                let score = self.score(*product, column);
                *product = if column < self.seen { score } else { f32::NEG_INFINITY };
            }
        }
        let highest = maximum(row);
        // The exponential of minus infinity is too small to change a sum that is at least 1.
        let sum = exponentials(row, highest);
        let scale = 1.0 / sum;
        let (chunks, _) = row.as_chunks_mut::<LANES>();
        for (chunk, weights) in chunks.iter_mut().enumerate() {
            for (lane, weight) in weights.iter_mut().enumerate() {
                let column = (chunk * LANES + lane) as u32;
                let dropped = *weight * scale * self.factor(column);
                *weight = if column < self.seen { dropped } else { 0.0 };
            }
        }
        highest + sum.ln()
    }

    /// Turns a row of products into dropped weights, and the gradients of dropped weights into those of the
    /// products; `mean` is the mean of the gradients under the weights.
    #[inline(always)]
    fn backward(&self, row: &mut [f32], gradients: &mut [f32], log_sum: f32, mean: f32) {
        let pairs = row.as_chunks_mut::<LANES>().0.iter_mut().zip(gradients.as_chunks_mut::<LANES>().0);
        for (chunk, (row, gradients)) in pairs.enumerate() {
            for lane in 0..LANES {
                let column = (chunk * LANES + lane) as u32;
                let weight = exp(self.score(row[lane], column) - log_sum);
                let weight = if column < self.seen { weight } else { 0.0 };
                let factor = self.factor(column);
                row[lane] = weight * factor;
                gradients[lane] = weight * (gradients[lane] * factor - mean) * self.scale;
            }
        }
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
    fn of_query(&mut self, first: usize, rows: usize, width: usize) -> MatrixMut<'_> {
        let start = first * self.query_stride + self.query_column;
        MatrixMut::strided(&mut self.query[start..], rows, width, self.query_stride)
    }

    fn of_memory(&mut self, column: usize, rows: usize, width: usize) -> MatrixMut<'_> {
        let (values, stride) = match &mut self.memory {
            Some((values, stride)) => (&mut **values, *stride),
            None => (&mut *self.query, self.query_stride),
        };
        let start = column.min(values.len());
        MatrixMut::strided(&mut values[start..], rows, width, stride)
    }

    /// The same, for a head whose columns begin `offset` later.
    fn shifted(&mut self, offset: usize) -> Gradients<'_> {
        Gradients {
            query: self.query,
            query_stride: self.query_stride,
            query_column: self.query_column + offset,
            memory: self.memory.as_mut().map(|(values, stride)| (&mut **values, *stride)),
            key_column: self.key_column + offset,
            value_column: self.value_column + offset,
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
                self.backward_heads_apart(sequence, results, &mut gradients);
            } else {
                for head in 0..heads {
                    let mut of_head = gradients.shifted(head * self.shape.d_head);
                    self.backward_head(sequence, head, results, &mut of_head, scratch);
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

    /// All heads of a sequence in parallel, each into memory of its own that is copied to its columns.
    fn backward_heads_apart(&self, sequence: usize, results: Results<'_>, gradients: &mut Gradients<'_>) {
        let Shape { queries, keys, heads, d_head, .. } = self.shape;
        let of_heads: Vec<(Vec<f32>, Vec<f32>)> = (0..heads)
            .into_par_iter()
            .map(|head| {
                let (mut query, mut memory) = (vec![0.0; queries * d_head], vec![0.0; keys * 2 * d_head]);
                let mut of_head = Gradients {
                    query: &mut query,
                    query_stride: d_head,
                    query_column: 0,
                    memory: Some((&mut memory, 2 * d_head)),
                    key_column: 0,
                    value_column: d_head,
                };
                self.backward_head(sequence, head, results, &mut of_head, &mut Scratch::default());
                (query, memory)
            })
            .collect();
        let copy = |from: &[f32], from_stride: usize, from_column: usize, to: MatrixMut<'_>| {
            let (to, stride) = to.into_values();
            for (row, from) in from.chunks_exact(from_stride).enumerate() {
                to[row * stride..][..d_head].copy_from_slice(&from[from_column..][..d_head]);
            }
        };
        for (head, (query, memory)) in of_heads.iter().enumerate() {
            let mut places = gradients.shifted(head * d_head);
            copy(query, d_head, 0, places.of_query(0, queries, d_head));
            let (key_column, value_column) = (places.key_column, places.value_column);
            copy(memory, 2 * d_head, 0, places.of_memory(key_column, keys, d_head));
            copy(memory, 2 * d_head, d_head, places.of_memory(value_column, keys, d_head));
        }
    }

    /// Writes the gradients of one head of one sequence.
    fn backward_head(
        &self,
        sequence: usize,
        head: usize,
        results: Results<'_>,
        gradients: &mut Gradients<'_>,
        scratch: &mut Scratch,
    ) {
        let shape = self.shape;
        let Shape { queries, d_head, .. } = shape;
        let (d_model, width) = (shape.d_model(), self.padded_keys());
        let (first_query, first_key) = (sequence * queries, sequence * shape.keys);
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
            let columns = seen.next_multiple_of(LANES);
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
                    let query = self.row(sequence, head, first + offset);
                    query.backward(&mut scores[..columns], &mut of_scores[..columns], log_sum, mean);
                }
            });
            let weights = Matrix::strided(scores, rows, seen, width);
            let of_scores = Matrix::strided(of_scores, rows, seen, width);
            let query = self.query.head(shape, head, first_query + first, rows);
            let into = if first == 0 { Into::Replace } else { Into::Add };
            let keys = self.key.head(shape, head, first_key, seen);
            multiply(gradients.of_query(first, rows, d_head), Into::Replace, of_scores, keys);
            let (key_column, value_column) = (gradients.key_column, gradients.value_column);
            let of_key = gradients.of_memory(key_column, seen, d_head);
            multiply(of_key, into, of_scores.transposed(), query);
            let of_value = gradients.of_memory(value_column, seen, d_head);
            multiply(of_value, into, weights.transposed(), gradient);
        }
    }
}
