//! The best tokens of a vocabulary and the logarithm of the softmax's sum, a piece of the row of logits at a
//! time: whole rows never exist.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::host::simd::{
    ARCH, LANES, exp, exp_of_negatives, fold_registers, lanes_above, maximum_by_registers,
};

use super::packed::PANEL;
use super::weights::{Scratch, Weights};

/// Panels whose logits exist at once.
const PIECE: usize = 8;

/// Rows whose logits exist at once.
const BLOCK: usize = 48;

/// Parts of the vocabulary that sums are taken of, each on its own, so that threads can share a few rows
/// without a change in what comes out.
const PARTS: usize = 8;

/// Rows below which threads share the vocabulary instead of the rows.
const FEW: usize = 24;

/// The question that is asked of each row.
#[derive(Clone, Copy, Debug)]
pub struct Ranking<'a> {
    /// The weights of the softmax, `[d_model, vocabulary]`.
    pub table: &'a Weights,
    /// The number of tokens that are wanted.
    pub count: usize,
    /// A token whose logit is wanted, and which is none of the best.
    pub end: u32,
    /// Tokens that are none of the best.
    pub forbidden: &'a [u32],
}

/// A token and its logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The logit.
    pub logit: f32,
    /// The token.
    pub token: u32,
}

/// The best of one row.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The best tokens, best first; of equals the lower token first.
    pub best: Vec<Candidate>,
    /// The logit of the end.
    pub end: f32,
    /// For each part of the vocabulary the highest logit and the sum of exponentials below it.
    sums: [(f32, f32); PARTS],
}

impl Ranked {
    fn new() -> Self {
        Self { best: Vec::new(), end: f32::NEG_INFINITY, sums: [(f32::NEG_INFINITY, 0.0); PARTS] }
    }

    /// The logarithm of the sum of exponentials of all logits; not finite when one of them is no number.
    pub fn log_sum(&self) -> f64 {
        let highest = self.sums.iter().map(|sum| sum.0).fold(f32::NEG_INFINITY, f32::max);
        let part = |&(part, sum): &(f32, f32)| f64::from(sum) * (f64::from(part) - f64::from(highest)).exp();
        // A part without a column has no sum; its highest logit is minus infinity.
        let parts = self.sums.iter().filter(|(part, sum)| *part > f32::NEG_INFINITY || sum.is_nan());
        f64::from(highest) + parts.map(part).sum::<f64>().ln()
    }

    fn least(&self, count: usize) -> f32 {
        if self.best.len() < count { f32::NEG_INFINITY } else { self.best[count - 1].logit }
    }

    fn insert(&mut self, candidate: Candidate, count: usize) {
        let better = |other: &Candidate| {
            other.logit > candidate.logit || (other.logit == candidate.logit && other.token < candidate.token)
        };
        // Counted rather than searched: a search goes another way for each, which processors cannot foresee.
        let at = self.best.iter().filter(|other| better(other)).count();
        if at >= count {
            return;
        }
        if self.best.len() < count {
            self.best.push(candidate);
        }
        let last = self.best.len() - 1;
        self.best.copy_within(at..last, at + 1);
        self.best[at] = candidate;
    }

    /// Joins the ranks of other parts of the vocabulary.
    fn merge(&mut self, other: &Self, count: usize) {
        other.best.iter().for_each(|&candidate| self.insert(candidate, count));
        self.end = self.end.max(other.end);
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            if other.0 > f32::NEG_INFINITY || other.1.is_nan() {
                *sum = other;
            }
        }
    }
}

impl Ranking<'_> {
    /// Ranks rows of hidden states, `[rows, d_model]`, on this thread.
    pub fn rows(&self, hidden: &[f32], scratch: &mut Scratch) -> Vec<Ranked> {
        let mut ranked = vec![Ranked::new(); hidden.len() / self.table.inputs().max(1)];
        for part in 0..PARTS {
            self.part(part, hidden, &mut ranked, scratch);
        }
        ranked
    }

    /// Ranks rows of hidden states, `[rows, d_model]`, with all threads.
    pub fn rows_in_parallel(&self, hidden: &[f32]) -> Vec<Ranked> {
        let d_model = self.table.inputs().max(1);
        if hidden.len() / d_model >= FEW {
            return hidden
                .par_chunks(FEW * d_model)
                .flat_map_iter(|hidden| self.rows(hidden, &mut Scratch::default()))
                .collect();
        }
        let parts: Vec<Vec<Ranked>> = (0..PARTS)
            .into_par_iter()
            .map(|part| {
                let mut ranked = vec![Ranked::new(); hidden.len() / d_model];
                self.part(part, hidden, &mut ranked, &mut Scratch::default());
                ranked
            })
            .collect();
        let mut parts = parts.into_iter();
        let mut ranked = parts.next().unwrap_or_default();
        for part in parts {
            ranked.iter_mut().zip(&part).for_each(|(ranked, part)| ranked.merge(part, self.count));
        }
        ranked
    }

    /// Ranks the columns of one part of the vocabulary into the ranks of the parts before it, of hidden states
    /// `[rows, d_model]`.
    fn part(&self, part: usize, hidden: &[f32], ranked: &mut [Ranked], scratch: &mut Scratch) {
        let panels = self.table.outputs().div_ceil(PANEL);
        let of_part = panels.div_ceil(PARTS).next_multiple_of(PIECE);
        let range = (part * of_part).min(panels)..((part + 1) * of_part).min(panels);
        let mut logits = vec![0.0; PIECE * PANEL * BLOCK.min(ranked.len())];
        let input = self.table.read(hidden, scratch);
        for first in range.clone().step_by(PIECE) {
            let piece = first..(first + PIECE).min(range.end);
            let width = piece.len() * PANEL;
            let columns = width.min(self.table.outputs() - first * PANEL);
            // A piece of the table stays in a core's own cache while all rows go by.
            for (block, ranked) in ranked.chunks_mut(BLOCK).enumerate() {
                let logits = &mut logits[..ranked.len() * width];
                let rows = block * BLOCK..block * BLOCK + ranked.len();
                self.table.apply_panels(input.rows(rows), piece.clone(), logits);
                let first = (first * PANEL) as u32;
                ARCH.dispatch(Piece { ranking: self, part, first, logits, width, columns, ranked });
            }
        }
    }
}

/// A piece of the rows of logits, on its way into their ranks.
struct Piece<'a> {
    ranking: &'a Ranking<'a>,
    /// The part of the vocabulary that it belongs to.
    part: usize,
    /// Its first token.
    first: u32,
    /// The logits, `[rows, width]`, of which the first `columns` count.
    logits: &'a [f32],
    width: usize,
    columns: usize,
    /// The ranks, `[rows]`.
    ranked: &'a mut [Ranked],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (row, ranked) in self.ranked.iter_mut().enumerate() {
            let logits = &self.logits[row * self.width..][..self.columns];
            let highest = maximum_by_registers(simd, logits);
            let (known, sum) = ranked.sums[self.part];
            let higher = if highest > known { highest } else { known };
            let level_stays = known == higher || known == f32::NEG_INFINITY;
            let before = if level_stays { sum } else { sum * exp(known - higher) };
            ranked.sums[self.part] = (higher, before + sum_of_exponentials(simd, logits, higher));
            if let Some(&end) =
                self.ranking.end.checked_sub(self.first).and_then(|at| logits.get(at as usize))
            {
                ranked.end = end;
            }
            if highest > ranked.least(self.ranking.count) || ranked.best.len() < self.ranking.count {
                self.ranking.insert(simd, self.first, logits, ranked);
            }
        }
    }
}

impl Ranking<'_> {
    /// Takes the best of some logits, `[columns]`, whose first token is `first`, into the ranks of a row.
    #[inline(always)]
    fn insert<S: Simd>(&self, simd: S, first: u32, logits: &[f32], ranked: &mut Ranked) {
        // Offers a logit, and gives the least that is among the best afterwards.
        let take = |ranked: &mut Ranked, column: usize, logit: f32| {
            let token = first + column as u32;
            if logit > ranked.least(self.count) && token != self.end && !self.forbidden.contains(&token) {
                ranked.insert(Candidate { logit, token }, self.count);
            }
            ranked.least(self.count)
        };
        let (registers, rest) = S::as_simd_f32s(logits);
        let mut level = simd.splat_f32s(ranked.least(self.count));
        for (number, &register) in registers.iter().enumerate() {
            let mut above = lanes_above(simd, register, level);
            while above != 0 {
                let column = number * S::F32_LANES + above.trailing_zeros() as usize;
                level = simd.splat_f32s(take(ranked, column, logits[column]));
                above &= above - 1;
            }
        }
        for (offset, &logit) in rest.iter().enumerate() {
            take(ranked, registers.len() * S::F32_LANES + offset, logit);
        }
    }
}

/// The sum of `exp(value - highest)` over values, `[columns]`; no number when a value is none. Its order is that of [`LANES`]
/// sums, however many a register holds.
#[inline(always)]
fn sum_of_exponentials<S: Simd>(simd: S, values: &[f32], highest: f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [simd.splat_f32s(0.0); LANES];
    let level = simd.splat_f32s(highest);
    for chunk in chunks {
        let (registers, _) = S::as_simd_f32s(chunk);
        for (number, sum) in sums[..LANES / S::F32_LANES].iter_mut().enumerate() {
            *sum = simd.add_f32s(*sum, exp_of_negatives(simd, simd.sub_f32s(registers[number], level)));
        }
    }
    let mut sum = fold_registers(simd, sums);
    for &value in rest {
        // The exponential of single values moves what is no number to the border of its range: 0 times it does not.
        sum += exp(value - highest) + value * 0.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::weights::Precision;
    use super::*;
    use crate::host::simd::with_every_width;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        let value = |at: u32| ((at.wrapping_mul(2_654_435_761) ^ seed) >> 8) as f32 / (1 << 24) as f32 - 0.5;
        (1..=count as u32).map(value).collect()
    }

    /// Ranks by sorting the whole row.
    fn sorted(ranking: &Ranking<'_>, table: &[f32], hidden: &[f32]) -> (Vec<u32>, f64) {
        let product = |row: &[f32]| row.iter().zip(hidden).map(|(a, b)| a * b).sum::<f32>();
        let logits: Vec<f32> = table.chunks_exact(hidden.len()).map(product).collect();
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        order.retain(|token| *token != ranking.end && !ranking.forbidden.contains(token));
        order.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
        order.truncate(ranking.count);
        (order, logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln())
    }

    struct Sum<'a>(&'a [f32], f32);

    impl WithSimd for Sum<'_> {
        type Output = (f32, u32);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> (f32, u32) {
            let (registers, _) = S::as_simd_f32s(self.0);
            let above = registers.iter().map(|&register| lanes_above(simd, register, simd.splat_f32s(0.1)));
            (sum_of_exponentials(simd, self.0, self.1), above.map(u32::count_ones).sum())
        }
    }

    #[test]
    fn sums_are_the_same_with_every_width() {
        for columns in [0, 16, 96, 256] {
            let logits: Vec<f32> = values(columns, 3).iter().map(|value| value * 20.0).collect();
            let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit - highest).exp()).sum();
            let above = logits.iter().filter(|&&logit| logit > 0.1).count() as u32;
            let found = with_every_width(|| Sum(&logits, highest));
            for &(value, lanes) in &found {
                assert_eq!(value, found[0].0, "{columns} columns");
                assert!((f64::from(value) - sum).abs() <= 2e-6 * sum, "{value}, not {sum}");
                assert_eq!(lanes, above, "{columns} columns");
            }
        }
    }

    #[test]
    fn ranking_equals_sorting_however_rows_are_grouped() {
        let d_model = 8;
        for vocabulary in [5, 33, 700, 9000] {
            let table = values(vocabulary * d_model, 7);
            let weights = Weights::transposed(&table, d_model, Precision::Float32);
            for (rows, count) in [(1, 1), (5, 6), (60, 3)] {
                let ranking = Ranking { table: &weights, count, end: 3, forbidden: &[0, 4] };
                let hidden = values(rows * d_model, 11 + rows as u32);
                let together = ranking.rows(&hidden, &mut Scratch::default());
                let parallel = ranking.rows_in_parallel(&hidden);
                for (row, hidden) in hidden.chunks_exact(d_model).enumerate() {
                    let (order, log_sum) = sorted(&ranking, &table, hidden);
                    let alone = &ranking.rows_in_parallel(hidden)[0];
                    for found in [&together[row], &parallel[row], alone] {
                        let tokens: Vec<u32> = found.best.iter().map(|best| best.token).collect();
                        assert_eq!(tokens, order, "{vocabulary} tokens, {rows} rows, row {row}");
                        assert!(
                            (found.log_sum() - log_sum).abs() < 1e-4,
                            "{} not {log_sum}",
                            found.log_sum()
                        );
                        assert_eq!(found.log_sum(), alone.log_sum(), "bit for bit");
                        assert_eq!(found.end, alone.end);
                    }
                }
            }
        }
    }

    #[test]
    fn rounded_tables_rank_as_their_own_products_do() {
        let (d_model, vocabulary) = (16, 700);
        let weights = Weights::transposed(&values(vocabulary * d_model, 7), d_model, Precision::Int8);
        let ranking = Ranking { table: &weights, count: 4, end: 3, forbidden: &[] };
        let hidden = values(50 * d_model, 5);
        let mut logits = vec![0.0; 50 * vocabulary];
        weights.apply(&hidden, &mut logits, &mut Scratch::default());
        for (found, logits) in ranking.rows_in_parallel(&hidden).iter().zip(logits.chunks_exact(vocabulary)) {
            let log_sum = logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
            assert!((found.log_sum() - log_sum).abs() < 1e-4);
            assert_eq!(found.end, logits[3]);
            for best in &found.best {
                assert_eq!(best.logit, logits[best.token as usize]);
            }
            let better = logits.iter().filter(|&&logit| logit > found.best[3].logit).count();
            assert!(better <= 4, "{better} are better than the fourth, of which one may be the end");
        }
    }

    #[test]
    fn of_equals_the_lower_token_is_better() {
        let weights = Weights::transposed(&vec![1.0; 3000], 1, Precision::Float32);
        let ranking = Ranking { table: &weights, count: 3, end: 0, forbidden: &[2] };
        for found in [ranking.rows(&[0.5], &mut Scratch::default()), ranking.rows_in_parallel(&[0.5])] {
            let tokens: Vec<u32> = found[0].best.iter().map(|best| best.token).collect();
            assert_eq!(tokens, [1, 3, 4]);
        }
    }

    #[test]
    fn what_is_no_number_is_noticed() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut table = vec![1.0; 900];
            table[500] = bad;
            let weights = Weights::transposed(&table, 1, Precision::Float32);
            let ranking = Ranking { table: &weights, count: 2, end: 0, forbidden: &[] };
            assert!(!ranking.rows_in_parallel(&[0.5])[0].log_sum().is_finite(), "{bad}");
        }
    }
}
