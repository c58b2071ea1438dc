//! Attention to one sequence that stays as it is: an encoder's self-attention and a decoder's cross-attention.

use pulp::{Simd, WithSimd};

use super::distance::DistanceBias;
use super::elementwise::softmax;
use super::look::AttentionLook;
use crate::host::head_rows::HeadRows;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply, transpose_into};
use crate::host::simd::{ARCH, vectorized};

/// Queries that are computed together.
const TILE: usize = 64;

/// Projected keys and values of one sequence.
#[derive(Clone, Debug)]
pub struct KeyValues {
    /// Keys, `[heads, d_head, width]`: a row for each place of a key, filled up with zeros.
    keys: Vec<f32>,
    /// Values, `[count, heads * d_head]`.
    values: Vec<f32>,
    count: usize,
    width: usize,
    heads: usize,
    d_head: usize,
}

/// Queries of one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Queries<'a> {
    /// Their rows, `[queries, heads, d_head]`.
    pub rows: HeadRows<'a>,
    /// The bias of distances between query and key; the first query stands at the first key.
    pub bias: Option<&'a DistanceBias>,
}

impl KeyValues {
    /// Keys and values of `count` positions, `[keys, heads, d_head]` each.
    ///
    /// # Panics
    ///
    /// When there are fewer rows.
    pub fn new(keys: HeadRows<'_>, values: HeadRows<'_>, count: usize, heads: usize, d_head: usize) -> Self {
        let all_heads = heads * d_head;
        let width = count.next_multiple_of(16);
        let mut transposed = vec![0.0; all_heads * width];
        vectorized!({
            for (head, transposed) in transposed.chunks_exact_mut((d_head * width).max(1)).enumerate() {
                transpose_into(transposed, width, keys.head(d_head, head, 0, count));
            }
        });
        let value_rows = values.values.chunks(values.stride.max(1)).take(count);
        let values = value_rows.flat_map(|row| &row[values.column..][..all_heads]).copied().collect();
        Self { keys: transposed, values, count, width, heads, d_head }
    }

    /// The number of keys.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The context of queries, `[queries, heads * d_head]`; 0 when there is no key. `scores` is a buffer that is used
    /// again.
    pub fn attend(&self, queries: Queries<'_>, output: &mut [f32], scores: &mut Vec<f32>) {
        self.attend_looked_at(queries, output, scores, None);
    }

    /// The context of queries, `[queries, heads * d_head]`, with a look at the weights.
    pub fn attend_looked_at(
        &self,
        queries: Queries<'_>,
        output: &mut [f32],
        scores: &mut Vec<f32>,
        mut look: Option<AttentionLook<'_>>,
    ) {
        let all_heads = self.heads * self.d_head;
        let count = output.len() / all_heads.max(1);
        for (tile, output) in output.chunks_mut((TILE * all_heads).max(1)).enumerate() {
            self.attend_tile(queries, (tile * TILE, count), output, scores, look.as_mut());
        }
    }

    /// The context of the queries from `first` on, of `count` in all, `[queries, heads * d_head]`.
    fn attend_tile(
        &self,
        queries: Queries<'_>,
        (first, count): (usize, usize),
        output: &mut [f32],
        scores: &mut Vec<f32>,
        mut look: Option<&mut AttentionLook<'_>>,
    ) {
        let Self { width, d_head, .. } = *self;
        let all_heads = self.heads * d_head;
        let rows = output.len() / all_heads;
        let of_head = rows * width;
        if of_head == 0 {
            return output.fill(0.0);
        }
        scores.resize(scores.len().max(of_head), 0.0);
        let scores = &mut scores[..of_head];
        let scale = (d_head as f32).sqrt().recip();
        for head in 0..self.heads {
            multiply(
                MatrixMut::new(scores, rows, width),
                Accumulate::Replace,
                queries.rows.head(d_head, head, first, rows),
                Matrix::new(&self.keys[head * d_head * width..], d_head, width),
            );
            let bias = queries.bias.map(|bias| (bias, head, first));
            let look_at = look.as_deref();
            ARCH.dispatch(Scores { values: scores, width, count: self.count, scale, bias, look: look_at });
            if let Some(look) = look.as_deref_mut() {
                for (offset, scores) in scores.chunks_exact_mut(width).enumerate() {
                    look.keep(head, (first + offset, count), &mut scores[..self.count]);
                }
            }
            multiply(
                MatrixMut::strided(&mut output[head * d_head..], rows, d_head, all_heads),
                Accumulate::Replace,
                Matrix::strided(scores, rows, self.count, width),
                Matrix::strided(&self.values[head * d_head..], self.count, d_head, all_heads),
            );
            if look.as_deref().is_some_and(|look| look.silenced.contains(&head)) {
                output.chunks_exact_mut(all_heads).for_each(|row| row[head * d_head..][..d_head].fill(0.0));
            }
        }
    }
}

/// Scores of one head on their way to weights.
struct Scores<'a> {
    /// `[queries, width]`, of which the first `count` are of keys.
    values: &'a mut [f32],
    width: usize,
    count: usize,
    scale: f32,
    /// The bias of distances, the head, and the place of the first query.
    bias: Option<(&'a DistanceBias, usize, usize)>,
    look: Option<&'a AttentionLook<'a>>,
}

impl WithSimd for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let scale = simd.splat_f32s(self.scale);
        for (offset, row) in self.values.chunks_exact_mut(self.width).enumerate() {
            let (registers, _) = S::as_mut_simd_f32s(row);
            for register in registers {
                *register = simd.mul_f32s(*register, scale);
            }
            let scores = &mut row[..self.count];
            if let Some((bias, head, first)) = self.bias {
                let bias = bias.row(head, first + offset, 0);
                scores.iter_mut().zip(bias).for_each(|(score, &bias)| *score += bias);
            }
            if let Some(look) = self.look {
                look.hide(scores);
            }
            softmax(simd, row, self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::decode::distance::DistanceRule;

    #[test]
    fn attention_follows_the_formula() {
        let (count, heads, d_head) = (70, 2, 3);
        let d_model = heads * d_head;
        let values: Vec<f32> =
            (0..count * 3 * d_model).map(|at| ((at * 37) % 23) as f32 / 11.0 - 1.0).collect();
        let place =
            |column: usize| HeadRows { values: &values, stride: 3 * d_model, column: column * d_model };
        let key_values = KeyValues::new(place(1), place(2), count, heads, d_head);
        let slopes = [0.5, 0.0];
        let bias = DistanceRule::Slopes(slopes.into()).between(count, count);
        let mut output = vec![0.0; count * d_model];
        let queries = Queries { rows: place(0), bias: Some(&bias) };
        key_values.attend(queries, &mut output, &mut Vec::new());
        let at = |row: usize, part: usize, column: usize| values[row * 3 * d_model + part * d_model + column];
        for query in 0..count {
            for (head, slope) in slopes.into_iter().enumerate() {
                let score = |key: usize| {
                    let places = head * d_head..(head + 1) * d_head;
                    let product: f32 = places.map(|column| at(query, 0, column) * at(key, 1, column)).sum();
                    (product / (d_head as f32).sqrt() - slope * query.abs_diff(key) as f32).exp()
                };
                let sum: f32 = (0..count).map(score).sum();
                for column in head * d_head..(head + 1) * d_head {
                    let expected: f32 = (0..count).map(|key| score(key) / sum * at(key, 2, column)).sum();
                    let found = output[query * d_model + column];
                    assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
                }
            }
        }
    }
}
