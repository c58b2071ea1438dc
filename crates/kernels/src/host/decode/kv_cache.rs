//! Attention of one new position a row to the positions that the row's hypothesis has written.
//!
//! Positions are kept where they were computed: a list by position, each with the rows of that time.
//! Hypotheses are told apart by which row of each position they continue, so that one can be continued several
//! ways, or dropped, without a copy of its keys and values.

use crate::host::simd::{mul_add, vectorized};

use super::distance::DistanceBias;
use super::elementwise::softmax;
use super::look::AttentionLook;

/// Keys and values of one layer at earlier positions, and the ancestors that each row continues.
#[derive(Clone, Copy, Debug)]
pub struct KvCache<'a> {
    /// For each earlier position the rows of that time, `[rows, row_width]` each.
    pub positions: &'a [Vec<f32>],
    /// The values of a row, all layers together.
    pub row_width: usize,
    /// The column at which the layer's keys begin; its values follow.
    pub column: usize,
    /// For each row now, its row at every earlier position, `[rows, positions]`.
    pub ancestors: &'a [u32],
    /// Heads.
    pub heads: usize,
    /// The width of a head.
    pub d_head: usize,
    /// The bias of distances to earlier positions.
    pub bias: Option<&'a DistanceBias>,
}

impl KvCache<'_> {
    /// The context of each row; `new` is the newest position of each. `scores` is a buffer that is used again.
    ///
    /// # Shapes
    ///
    /// - queries: `[rows, query_stride]`; new: `[rows, row_width]`; output: `[rows, heads * d_head]`
    pub fn attend(
        &self,
        queries: &[f32],
        query_stride: usize,
        new: &[f32],
        output: &mut [f32],
        scores: &mut Vec<f32>,
    ) {
        self.attend_looked_at(queries, query_stride, new, output, scores, None);
    }

    /// The context of each row, with a look at the weights of each head; of several rows at those of the last.
    pub fn attend_looked_at(
        &self,
        queries: &[f32],
        query_stride: usize,
        new: &[f32],
        output: &mut [f32],
        scores: &mut Vec<f32>,
        mut look: Option<AttentionLook<'_>>,
    ) {
        let all_heads = self.heads * self.d_head;
        scores.resize(scores.len().max(self.heads * (self.positions.len() + 1)), 0.0);
        vectorized!({
            let rows = output.chunks_exact_mut(all_heads).zip(queries.chunks(query_stride));
            for (row, (output, query)) in rows.enumerate() {
                self.attend_row(row, &query[..all_heads], new, output, scores, look.as_mut());
            }
        });
    }

    /// The context of one row.
    ///
    /// # Shapes
    ///
    /// - query and output: `[heads * d_head]`; new, of all rows: `[rows, row_width]`; scores: `[heads, keys]` or more
    #[inline(always)]
    fn attend_row(
        &self,
        row: usize,
        query: &[f32],
        new: &[f32],
        output: &mut [f32],
        scores: &mut [f32],
        mut look: Option<&mut AttentionLook<'_>>,
    ) {
        let Self { heads, d_head, row_width, column, .. } = *self;
        let all_heads = heads * d_head;
        let count = self.positions.len() + 1;
        let ancestors = &self.ancestors[row * self.positions.len()..][..self.positions.len()];
        let new = &new[row * row_width + column..][..2 * all_heads];
        let scale = (d_head as f32).sqrt().recip();
        let at = |position: usize| match self.positions.get(position) {
            Some(rows) => &rows[ancestors[position] as usize * row_width + column..][..2 * all_heads],
            None => new,
        };
        for position in 0..count {
            let key = &at(position)[..all_heads];
            let heads = query.chunks_exact(d_head).zip(key.chunks_exact(d_head));
            for (head, (query, key)) in heads.enumerate() {
                scores[head * count + position] = dot(query, key) * scale;
            }
        }
        for (head, scores) in scores.chunks_exact_mut(count).take(heads).enumerate() {
            if let Some(bias) = self.bias {
                let bias = bias.row(head, count - 1, 0);
                scores.iter_mut().zip(bias).for_each(|(score, &bias)| *score += bias);
            }
            if let Some(look) = look.as_deref() {
                look.hide(scores);
            }
            softmax(scores);
            if let Some(look) = look.as_deref_mut() {
                look.keep(head, (0, 1), scores);
            }
        }
        output.fill(0.0);
        for position in 0..count {
            let value = &at(position)[all_heads..];
            let heads = output.chunks_exact_mut(d_head).zip(value.chunks_exact(d_head));
            for (head, (output, value)) in heads.enumerate() {
                let weight = scores[head * count + position];
                for (output, &value) in output.iter_mut().zip(value) {
                    *output = mul_add(weight, value, *output);
                }
            }
        }
        for &head in look.as_deref().map_or(&[][..], |look| look.silenced) {
            output.chunks_exact_mut(d_head).nth(head).into_iter().for_each(|context| context.fill(0.0));
        }
    }
}

/// Lanes of a sum: a head is seldom wider than a few registers.
const LANES: usize = 16;

/// The inner product of two short slices, `[d_head]` each.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (chunks_a, rest_a) = a.as_chunks::<LANES>();
    let (chunks_b, rest_b) = b.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for lane in 0..LANES {
            lanes[lane] = mul_add(a[lane], b[lane], lanes[lane]);
        }
    }
    let mut sum = 0.0;
    for (&a, &b) in rest_a.iter().zip(rest_b) {
        sum = mul_add(a, b, sum);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    sum + lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two positions with two rows each, one head of width 1: keys and values are easily told apart.
    #[test]
    fn each_row_sees_its_own_ancestors() {
        let positions = vec![vec![0.0, 1.0, 0.0, 2.0], vec![0.0, 10.0, 0.0, 20.0]];
        let ancestors = [0, 1, 1, 0, 1, 1];
        let cache = KvCache {
            positions: &positions,
            row_width: 2,
            column: 0,
            ancestors: &ancestors,
            heads: 1,
            d_head: 1,
            bias: None,
        };
        let (mut output, mut scores) = ([0.0; 3], Vec::new());
        cache.attend(&[1.0; 3], 1, &[0.0, 100.0, 0.0, 200.0, 0.0, 300.0], &mut output, &mut scores);
        let expected = [(1.0 + 20.0 + 100.0) / 3.0, (2.0 + 10.0 + 200.0) / 3.0, (2.0 + 20.0 + 300.0) / 3.0];
        for (found, expected) in output.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
    }

    #[test]
    fn short_products_hold_at_every_length() {
        for length in 0..70 {
            let values: Vec<f32> = (0..length).map(|at| at as f32 - 9.0).collect();
            let expected: f32 = values.iter().map(|value| value * value).sum();
            assert_eq!(vectorized!(dot(&values, &values)), expected);
        }
    }
}
