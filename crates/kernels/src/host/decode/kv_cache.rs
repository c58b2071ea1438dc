//! Attention of one new position a row to the positions that the row's hypothesis has written.
//!
//! Positions are kept where they were computed: a list by position, each with the rows of that time.
//! Hypotheses are told apart by which row of each position they continue, so that one can be continued several
//! ways, or dropped, without a copy of its keys and values.

use pulp::{Simd, WithSimd};

use crate::host::simd::{ARCH, LANES, fold_registers, mul_add, mul_add_registers};

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
        let keys = (self.positions.len() + 1).next_multiple_of(LANES);
        scores.resize(scores.len().max(self.heads * keys), 0.0);
        ARCH.dispatch(Rows {
            cache: self,
            queries,
            query_stride,
            new,
            output,
            scores,
            keys,
            look: look.as_mut(),
        });
    }
}

/// Rows on their way to their contexts.
struct Rows<'a, 'look> {
    cache: &'a KvCache<'a>,
    /// `[rows, query_stride]`.
    queries: &'a [f32],
    query_stride: usize,
    /// `[rows, row_width]`.
    new: &'a [f32],
    /// `[rows, heads * d_head]`.
    output: &'a mut [f32],
    /// `[heads, keys]` or more, with `keys` a multiple of [`LANES`].
    scores: &'a mut [f32],
    keys: usize,
    look: Option<&'a mut AttentionLook<'look>>,
}

impl WithSimd for Rows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let all_heads = self.cache.heads * self.cache.d_head;
        let rows = self.output.len() / all_heads.max(1);
        for row in 0..rows {
            self.attend(simd, row);
        }
    }
}

impl Rows<'_, '_> {
    /// The context of one row.
    #[inline(always)]
    fn attend<S: Simd>(&mut self, simd: S, row: usize) {
        let KvCache { heads, d_head, row_width, column, positions, bias, .. } = *self.cache;
        let (all_heads, keys) = (heads * d_head, self.keys);
        let query = &self.queries[row * self.query_stride..][..all_heads];
        let output = &mut self.output[row * all_heads..][..all_heads];
        let scores = &mut self.scores[..heads * keys];
        let ancestors = &self.cache.ancestors[row * positions.len()..][..positions.len()];
        let new = &self.new[row * row_width + column..][..2 * all_heads];
        let scale = (d_head as f32).sqrt().recip();
        let at = |position: usize| match positions.get(position) {
            Some(rows) => &rows[ancestors[position] as usize * row_width + column..][..2 * all_heads],
            None => new,
        };
        let count = positions.len() + 1;
        for position in 0..count {
            let key = &at(position)[..all_heads];
            for head in 0..heads {
                let of_head = head * d_head;
                let product = dot(simd, &query[of_head..][..d_head], &key[of_head..][..d_head]);
                scores[head * keys + position] = product * scale;
            }
        }
        for (head, row) in scores.chunks_exact_mut(keys).enumerate() {
            let scores = &mut row[..count];
            if let Some(bias) = bias {
                let bias = bias.row(head, count - 1, 0);
                scores.iter_mut().zip(bias).for_each(|(score, &bias)| *score += bias);
            }
            if let Some(look) = self.look.as_deref() {
                look.hide(scores);
            }
            softmax(simd, row, count);
            if let Some(look) = self.look.as_deref_mut() {
                look.keep(head, (0, 1), &mut row[..count]);
            }
        }
        if d_head.is_multiple_of(S::F32_LANES) {
            let (contexts, _) = S::as_mut_simd_f32s(output);
            let (groups, rest) = contexts.as_chunks_mut::<TOGETHER>();
            let of_register = |number: usize| &scores[number * S::F32_LANES / d_head * keys..][..count];
            let values = |position: usize| S::as_simd_f32s(&at(position)[all_heads..]).0;
            for (group, context) in groups.iter_mut().enumerate() {
                let weights = std::array::from_fn(|number| of_register(group * TOGETHER + number));
                *context = weighted(simd, group * TOGETHER, weights, values);
            }
            let first = groups.len() * TOGETHER;
            for (number, context) in rest.iter_mut().enumerate() {
                [*context] = weighted(simd, first + number, [of_register(first + number)], values);
            }
        } else {
            output.fill(0.0);
            for position in 0..count {
                let value = &at(position)[all_heads..];
                for (at, (output, &value)) in output.iter_mut().zip(value).enumerate() {
                    *output = mul_add(scores[at / d_head * keys + position], value, *output);
                }
            }
        }
        for &head in self.look.as_deref().map_or(&[][..], |look| look.silenced) {
            output.chunks_exact_mut(d_head).nth(head).into_iter().for_each(|context| context.fill(0.0));
        }
    }
}

/// Registers of a context that are summed at once.
const TOGETHER: usize = 4;

/// The sums of `COUNT` registers of values over all positions, each with the weights of its head, `[positions]`.
#[inline(always)]
fn weighted<'a, S: Simd, const COUNT: usize>(
    simd: S,
    first: usize,
    weights: [&[f32]; COUNT],
    values: impl Fn(usize) -> &'a [S::f32s],
) -> [S::f32s; COUNT] {
    let mut sums = [simd.splat_f32s(0.0); COUNT];
    for (position, _) in weights[0].iter().enumerate() {
        let values = &values(position)[first..first + COUNT];
        for (number, sum) in sums.iter_mut().enumerate() {
            let weight = simd.splat_f32s(weights[number][position]);
            *sum = mul_add_registers(simd, weight, values[number], *sum);
        }
    }
    sums
}

/// The inner product of two short slices, `[d_head]` each, in the order of [`LANES`] sums, however many a register holds: halves
/// are added to halves.
#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let (chunks_a, rest_a) = a.as_chunks::<LANES>();
    let (chunks_b, rest_b) = b.as_chunks::<LANES>();
    let mut registers = [simd.splat_f32s(0.0); LANES];
    let count = LANES / S::F32_LANES;
    for (number, a) in chunks_a.iter().enumerate() {
        let ((a, _), (b, _)) = (S::as_simd_f32s(a), S::as_simd_f32s(&chunks_b[number]));
        for (number, sum) in registers[..count].iter_mut().enumerate() {
            *sum = mul_add_registers(simd, a[number], b[number], *sum);
        }
    }
    let mut sum = 0.0;
    for (number, &a) in rest_a.iter().enumerate() {
        sum = mul_add(a, rest_b[number], sum);
    }
    sum + fold_registers(simd, registers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::simd::with_every_width;

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

    struct Dot<'a>(&'a [f32], &'a [f32]);

    impl WithSimd for Dot<'_> {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f32 {
            dot(simd, self.0, self.1)
        }
    }

    /// The order of the sum, one number after the other: the same on every processor.
    fn defined(a: &[f32], b: &[f32]) -> f32 {
        let whole = a.len() - a.len() % LANES;
        let mut lanes = [0.0_f32; LANES];
        for at in 0..whole {
            lanes[at % LANES] = mul_add(a[at], b[at], lanes[at % LANES]);
        }
        let rest = (whole..a.len()).fold(0.0, |sum, at| mul_add(a[at], b[at], sum));
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                lanes[lane] += lanes[lane + width];
            }
            width /= 2;
        }
        rest + lanes[0]
    }

    #[test]
    fn short_products_have_one_order_at_every_length() {
        let value = |at: usize, seed: usize| ((at * 7919 + seed) % 1009) as f32 / 1009.0 - 0.4;
        for length in 0..70 {
            let a: Vec<f32> = (0..length).map(|at| value(at, 1)).collect();
            let b: Vec<f32> = (0..length).map(|at| value(at, 500)).collect();
            for found in with_every_width(|| Dot(&a, &b)) {
                assert_eq!(found, defined(&a, &b), "{length}");
            }
        }
    }
}
