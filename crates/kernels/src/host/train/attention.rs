//! Scaled dot-product attention of many heads (Vaswani et al. 2017, section 3.2), without the matrix of
//! weights: a tile of queries at a time, which the backward pass computes again from one number a query and
//! head, the logarithm of its sum of exponentials (Dao et al. 2022, "FlashAttention"). Memory grows with the
//! length, not with its square.

mod backward;
mod row;

use rayon::prelude::*;

use crate::host::blocks::{Buffers, Fresh, sized};
use crate::host::dropout::Mask;
use crate::host::head_rows::HeadRows;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply, transpose_into};
use crate::host::simd::{LANES, exponentials, vectorized};

pub use backward::{Places, Results};
use row::Row;

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

/// The keys that a query sees, and the cost of distance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visibility<'a> {
    /// The number of keys of each sequence, `[batch]`; the rest is padding.
    pub lengths: Option<&'a [usize]>,
    /// A query sees no key after itself; the last query stands at the last key.
    pub causal: bool,
    /// The cost of a step of distance for each head, `[heads]` (Press et al. 2022, "ALiBi").
    pub slopes: Option<&'a [f32]>,
}

impl Visibility<'_> {
    /// The number of keys that a query of a sequence sees, from the first.
    #[inline(always)]
    fn keys(&self, shape: Shape, sequence: usize, query: usize) -> usize {
        let there = self.lengths.map_or(shape.keys, |lengths| lengths[sequence].min(shape.keys));
        if self.causal { there.min((query + 1 + shape.keys).saturating_sub(shape.queries)) } else { there }
    }
}

/// The inputs of an attention.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Queries, `[batch * queries, heads, d_head]`.
    pub query: HeadRows<'a>,
    /// Keys, `[batch * keys, heads, d_head]`.
    pub key: HeadRows<'a>,
    /// Values, `[batch * keys, heads, d_head]`.
    pub value: HeadRows<'a>,
    /// The keys that count.
    pub visibility: Visibility<'a>,
    /// Drops weights.
    pub mask: Option<Mask>,
    /// The sizes.
    pub shape: Shape,
}

/// Queries that are computed together.
const TILE: usize = 64;

/// Scores that a core's own cache holds while they become weights.
const CACHED: usize = 1 << 17;

/// Buffers of one thread.
#[derive(Debug, Default)]
struct Scratch {
    keys: Vec<f32>,
    values: Vec<f32>,
    scores: Vec<f32>,
    gradients: Vec<f32>,
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
        let mut output = Fresh::new(batch * queries * d_model);
        let mut log_sums = Fresh::new(batch * queries * heads);
        if output.is_empty() {
            return (Vec::new(), vec![0.0; batch * queries * heads]);
        }
        let sequences =
            output.par_pieces(queries * d_model).zip(log_sums.par_pieces(queries * heads)).enumerate();
        let of_head = self.shape.d_head * self.padded_keys();
        if queries <= TILE {
            let buffers = Buffers::new(Scratch::default);
            sequences.for_each(|(sequence, (output, log_sums))| {
                buffers.with(|scratch| {
                    let keys = sized(&mut scratch.keys, heads * of_head);
                    let of_heads = keys.chunks_exact_mut(of_head.max(1)).enumerate();
                    of_heads.for_each(|(head, keys)| self.transpose_keys(sequence, head, keys));
                    self.forward_tile(sequence, 0, keys, &mut scratch.scores, (output, log_sums));
                });
            });
        } else {
            let (of_sequences, of_tiles) = (Buffers::new(Vec::new), Buffers::new(Vec::new));
            sequences.for_each(|(sequence, (output, log_sums))| {
                of_sequences.with(|keys| {
                    // All tiles of a sequence share its keys.
                    let keys = sized(keys, heads * of_head);
                    let of_heads = keys.par_chunks_exact_mut(of_head.max(1)).enumerate();
                    of_heads.for_each(|(head, keys)| self.transpose_keys(sequence, head, keys));
                    let tiles =
                        output.par_chunks_mut(TILE * d_model).zip(log_sums.par_chunks_mut(TILE * heads));
                    tiles.enumerate().for_each(|(tile, of_tile)| {
                        of_tiles
                            .with(|scores| self.forward_tile(sequence, tile * TILE, keys, scores, of_tile));
                    });
                });
            });
        }
        (output.finish(), log_sums.finish())
    }

    /// Writes the keys of a head that the last query sees, `[d_head, padded_keys]`.
    fn transpose_keys(&self, sequence: usize, head: usize, keys: &mut [f32]) {
        let seen = self.visibility.keys(self.shape, sequence, self.shape.queries - 1);
        let of_head = self.key.head(self.shape.d_head, head, sequence * self.shape.keys, seen);
        vectorized!(transpose_into(keys, self.padded_keys(), of_head));
    }

    /// Writes the outputs and logarithms of a tile of queries, given the transposed keys of all heads.
    ///
    /// # Shapes
    ///
    /// - keys: `[heads, d_head, padded_keys]`; output: `[queries, d_model]`; logarithms: `[queries, heads]`
    fn forward_tile(
        &self,
        sequence: usize,
        first: usize,
        keys: &[f32],
        scores: &mut Vec<f32>,
        (output, log_sums): (&mut [f32], &mut [f32]),
    ) {
        let shape = self.shape;
        let (d_model, width) = (shape.d_model(), self.padded_keys());
        let rows = output.len() / d_model;
        let seen = self.visibility.keys(shape, sequence, first + rows - 1);
        let columns = seen.next_multiple_of(LANES);
        let scores = sized(scores, rows * width);
        for head in 0..shape.heads {
            let keys = &keys[head * shape.d_head * width..][..shape.d_head * width];
            self.scores(sequence, head, first, rows, seen, keys, scores);
            let mut of_rows = [(0.0, 0.0); TILE];
            let together = (CACHED / width.max(1)).clamp(4, TILE);
            let groups =
                scores.chunks_mut((together * width).max(1)).zip(of_rows[..rows].chunks_mut(together));
            for (group, (scores, of_rows)) in groups.enumerate() {
                let first = first + group * together;
                vectorized!(self.softmax(sequence, head, first, columns, scores, of_rows));
            }
            for (log_sums, (highest, sum)) in log_sums.chunks_exact_mut(shape.heads).zip(of_rows) {
                log_sums[head] = highest + f32::ln(sum);
            }
            multiply(
                MatrixMut::strided(&mut output[head * shape.d_head..], rows, shape.d_head, d_model),
                Accumulate::Replace,
                Matrix::strided(scores, rows, seen, width),
                self.value.head(shape.d_head, head, sequence * shape.keys, seen),
            );
        }
    }

    /// The products of queries and keys of a tile.
    ///
    /// # Shapes
    ///
    /// - keys: `[d_head, padded_keys]`; scores: `[queries, padded_keys]`
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
            Accumulate::Replace,
            self.query.head(shape.d_head, head, sequence * shape.queries + first, rows),
            Matrix::strided(keys, shape.d_head, columns, width),
        );
    }

    /// Turns rows of products, `[queries, padded_keys]`, into dropped weights; writes the highest score and the sum of
    /// exponentials of each, `[queries]`.
    ///
    /// All rows go through one step before any goes through the next: within a row each step waits for the
    /// last.
    #[inline(always)]
    fn softmax(
        &self,
        sequence: usize,
        head: usize,
        first: usize,
        columns: usize,
        scores: &mut [f32],
        of_rows: &mut [(f32, f32)],
    ) {
        let width = self.padded_keys().max(1);
        for (offset, (scores, of_row)) in scores.chunks_exact_mut(width).zip(&mut *of_rows).enumerate() {
            of_row.0 = self.row(sequence, head, first + offset).shift(&mut scores[..columns]);
        }
        for (scores, of_row) in scores.chunks_exact_mut(width).zip(&mut *of_rows) {
            // The exponential of minus infinity is too small to change a sum that is at least 1.
            of_row.1 = exponentials(&mut scores[..columns], of_row.0);
        }
        for (offset, (scores, of_row)) in scores.chunks_exact_mut(width).zip(of_rows).enumerate() {
            self.row(sequence, head, first + offset).weigh(&mut scores[..columns], 1.0 / of_row.1);
        }
    }

    /// The row of a query, which turns products into weights.
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
}
