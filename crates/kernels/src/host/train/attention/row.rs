//! One query of one head, from products to weights and back.

use crate::host::dropout::MaskRow;
use crate::host::simd::{LANES, exp, maximum};

/// Weights up to this one are taken as 0: a row's sum to 1, of which 32-bit floats keep seven digits.
const NOTHING: f32 = 1e-30;

/// One query of one head.
pub(super) struct Row {
    /// The number of keys that it sees.
    pub(super) seen: u32,
    /// One over the root of the width of a head.
    pub(super) scale: f32,
    /// The cost of a step of distance.
    pub(super) slope: f32,
    /// The place of the query among the keys.
    pub(super) place: f32,
    pub(super) mask: Option<MaskRow>,
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

    /// Turns a row of products, `[keys]` and whole registers long, into scores, minus infinity where no key is seen;
    /// gives the highest, plus infinity when there is none: every weight computed from that is 0.
    #[inline(always)]
    pub(super) fn shift(&self, row: &mut [f32]) -> f32 {
        for (chunk, products) in row.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            for (lane, product) in products.iter_mut().enumerate() {
                let column = (chunk * LANES + lane) as u32;
                let score = self.score(*product, column);
                *product = if column < self.seen { score } else { f32::NEG_INFINITY };
            }
        }
        if self.seen == 0 { f32::INFINITY } else { maximum(row) }
    }

    /// Turns a row of exponentials, `[keys]`, into dropped weights, `scale` being one over their sum.
    ///
    /// What is not seen, or as good as not, becomes 0 before it is scaled: processors take a hundred cycles for a product that
    /// is subnormal, and for each that it is a factor of.
    #[inline(always)]
    pub(super) fn weigh(&self, row: &mut [f32], scale: f32) {
        for (chunk, weights) in row.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            for (lane, weight) in weights.iter_mut().enumerate() {
                let column = (chunk * LANES + lane) as u32;
                let power = if column < self.seen && *weight > NOTHING { *weight } else { 0.0 };
                *weight = power * scale * self.factor(column);
            }
        }
    }

    /// Turns a row of products, `[keys]`, into dropped weights, and the gradients of dropped weights into those of the
    /// products; `mean` is the mean of the gradients under the weights.
    #[inline(always)]
    pub(super) fn backward(&self, row: &mut [f32], gradients: &mut [f32], log_sum: f32, mean: f32) {
        let pairs = row.as_chunks_mut::<LANES>().0.iter_mut().zip(gradients.as_chunks_mut::<LANES>().0);
        for (chunk, (row, gradients)) in pairs.enumerate() {
            for lane in 0..LANES {
                let column = (chunk * LANES + lane) as u32;
                let weight = exp(self.score(row[lane], column) - log_sum);
                let weight = if column < self.seen && weight > NOTHING { weight } else { 0.0 };
                let factor = self.factor(column);
                row[lane] = weight * factor;
                gradients[lane] = weight * (gradients[lane] * factor - mean) * self.scale;
            }
        }
    }
}
