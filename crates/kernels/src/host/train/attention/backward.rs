//! The backward pass: weights are computed again, a tile of queries at a time.

use rayon::prelude::*;

use super::{Inputs, Scratch, Shape, TILE};
use crate::host::blocks::{Buffers, Fresh, sized};
use crate::host::head_rows::HeadRows;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply, transpose_into};
use crate::host::simd::{LANES, dot, vectorized};

/// Places for the gradients of queries, keys and values of one sequence.
#[derive(Debug)]
struct Gradients<'a> {
    /// Holds the gradients of the queries, `[queries, stride]`, and of keys and values too when `key_value` is none.
    query: &'a mut [f32],
    /// The distance between the beginnings of two rows of `query`.
    query_stride: usize,
    /// The column of the queries' gradients.
    query_column: usize,
    /// Holds the gradients of keys and values, `[keys, stride]`, with that distance.
    key_value: Option<(&'a mut [f32], usize)>,
    /// The column of the keys' gradients.
    key_column: usize,
    /// The column of the values' gradients.
    value_column: usize,
}

/// Where the gradients of queries, keys and values stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// Side by side, `[batch * positions, 3 * d_model]`: of a sequence that attends to itself.
    Joined,
    /// Those of queries, `[batch * queries, d_model]`, and those of keys and values, `[batch * keys, 2 * d_model]`.
    Apart,
}

impl Gradients<'_> {
    /// The gradients of some queries of one head, `[rows, width]`.
    fn of_query(&mut self, first: usize, rows: usize, width: usize) -> MatrixMut<'_> {
        let start = first * self.query_stride + self.query_column;
        MatrixMut::strided(&mut self.query[start..], rows, width, self.query_stride)
    }

    /// The gradients of the first keys or values of one head, `[rows, width]`.
    fn of_key_value(&mut self, column: usize, rows: usize, width: usize) -> MatrixMut<'_> {
        let (values, stride) = match &mut self.key_value {
            Some((values, stride)) => (&mut **values, *stride),
            None => (&mut *self.query, self.query_stride),
        };
        let start = column.min(values.len());
        MatrixMut::strided(&mut values[start..], rows, width, stride)
    }

    /// The gradients of a head whose columns begin `offset` later.
    fn shifted(&mut self, offset: usize) -> Gradients<'_> {
        Gradients {
            query: self.query,
            query_stride: self.query_stride,
            query_column: self.query_column + offset,
            key_value: self.key_value.as_mut().map(|(values, stride)| (&mut **values, *stride)),
            key_column: self.key_column + offset,
            value_column: self.value_column + offset,
        }
    }
}

/// Results of the forward pass, and the gradient of its output, as the backward pass reads them.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// The output of the forward pass, `[batch * queries, d_model]`.
    pub output: &'a [f32],
    /// Its logarithms, `[batch * queries, heads]`.
    pub log_sums: &'a [f32],
    /// The gradient of the output, `[batch * queries, d_model]`.
    pub gradient: &'a [f32],
}

impl Inputs<'_> {
    /// The gradients of queries, keys and values, the latter two in memory of their own where they stand [apart](Places::Apart).
    pub fn backward(&self, results: Results<'_>, places: Places) -> (Vec<f32>, Option<Vec<f32>>) {
        let Shape { batch, queries, keys, heads, .. } = self.shape;
        let d_model = self.shape.d_model();
        let apart = places == Places::Apart;
        let (query_stride, stride) = if apart { (d_model, 2 * d_model) } else { (3 * d_model, 0) };
        if batch == 0 || queries == 0 || keys == 0 || heads == 0 {
            let none = |rows: usize, stride: usize| vec![0.0; batch * rows * stride];
            return (none(queries, query_stride), apart.then(|| none(keys, stride)));
        }
        let mut query = Fresh::new(batch * queries * query_stride);
        let mut key_value = apart.then(|| Fresh::new(batch * keys * stride));
        let buffers = Buffers::new(Scratch::default);
        let of_sequence = |sequence: usize, mut gradients: Gradients<'_>| {
            // Few long sequences are shared between threads by their heads.
            if queries * keys > 1 << 16 {
                self.backward_heads_apart(sequence, results, &mut gradients);
            } else {
                buffers.with(|scratch| {
                    for head in 0..heads {
                        let mut of_head = gradients.shifted(head * self.shape.d_head);
                        self.backward_head(sequence, head, results, &mut of_head, scratch);
                    }
                });
            }
        };
        let of_queries = query.par_pieces(queries * query_stride).enumerate();
        let places = |query, key_value| Gradients {
            query,
            query_stride,
            query_column: 0,
            key_value,
            key_column: if apart { 0 } else { d_model },
            value_column: if apart { d_model } else { 2 * d_model },
        };
        match &mut key_value {
            None => of_queries.for_each(|(sequence, query)| of_sequence(sequence, places(query, None))),
            Some(key_value) => of_queries.zip(key_value.par_pieces(keys * stride)).for_each(
                |((sequence, query), key_value)| {
                    of_sequence(sequence, places(query, Some((key_value, stride))));
                },
            ),
        }
        (query.finish(), key_value.map(Fresh::finish))
    }

    /// All heads of a sequence in parallel, each into a buffer of its own that is copied to its columns.
    fn backward_heads_apart(&self, sequence: usize, results: Results<'_>, gradients: &mut Gradients<'_>) {
        let Shape { queries, keys, heads, d_head, .. } = self.shape;
        let of_heads: Vec<(Vec<f32>, Vec<f32>)> = (0..heads)
            .into_par_iter()
            .map(|head| {
                let (mut query, mut key_value) = (vec![0.0; queries * d_head], vec![0.0; keys * 2 * d_head]);
                let mut of_head = Gradients {
                    query: &mut query,
                    query_stride: d_head,
                    query_column: 0,
                    key_value: Some((&mut key_value, 2 * d_head)),
                    key_column: 0,
                    value_column: d_head,
                };
                self.backward_head(sequence, head, results, &mut of_head, &mut Scratch::default());
                (query, key_value)
            })
            .collect();
        let copy = |from: &[f32], from_stride: usize, from_column: usize, to: MatrixMut<'_>| {
            let (to, _, stride) = to.into_parts();
            for (row, from) in from.chunks_exact(from_stride).enumerate() {
                to[row * stride..][..d_head].copy_from_slice(&from[from_column..][..d_head]);
            }
        };
        for (head, (query, key_value)) in of_heads.iter().enumerate() {
            let mut places = gradients.shifted(head * d_head);
            copy(query, d_head, 0, places.of_query(0, queries, d_head));
            let (key_column, value_column) = (places.key_column, places.value_column);
            copy(key_value, 2 * d_head, 0, places.of_key_value(key_column, keys, d_head));
            copy(key_value, 2 * d_head, d_head, places.of_key_value(value_column, keys, d_head));
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
        self.transpose_keys(sequence, head, keys);
        vectorized!(transpose_into(values, width, self.value.head(d_head, head, first_key, all_seen)));
        let of_output = HeadRows { values: results.output, stride: d_model, column: 0 };
        let of_gradient = HeadRows { values: results.gradient, ..of_output };
        for first in (0..queries).step_by(TILE) {
            let rows = TILE.min(queries - first);
            let seen = self.visibility.keys(shape, sequence, first + rows - 1);
            let columns = seen.next_multiple_of(LANES);
            let scores = sized(&mut scratch.scores, rows * width);
            let of_scores = sized(&mut scratch.gradients, rows * width);
            self.scores(sequence, head, first, rows, seen, keys, scores);
            let gradient = of_gradient.head(d_head, head, first_query + first, rows);
            multiply(
                MatrixMut::strided(of_scores, rows, columns, width),
                Accumulate::Replace,
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
            let query = self.query.head(d_head, head, first_query + first, rows);
            let into = if first == 0 { Accumulate::Replace } else { Accumulate::Add };
            let keys = self.key.head(d_head, head, first_key, seen);
            multiply(gradients.of_query(first, rows, d_head), Accumulate::Replace, of_scores, keys);
            let (key_column, value_column) = (gradients.key_column, gradients.value_column);
            let of_key = gradients.of_key_value(key_column, seen, d_head);
            multiply(of_key, into, of_scores.transposed(), query);
            let of_value = gradients.of_key_value(value_column, seen, d_head);
            multiply(of_value, into, weights.transposed(), gradient);
        }
    }
}
