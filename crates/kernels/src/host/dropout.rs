//! Dropout masks from a counter: whether an element is kept depends on a key, its row and its column alone,
//! so a mask is never stored, and is the same whichever thread asks, in whatever order.

/// A mask of the elements of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    key: u64,
    /// Elements whose 32 random bits lie below are dropped.
    threshold: u32,
    /// The factor of kept elements.
    scale: f32,
}

/// One row of a mask.
#[derive(Clone, Copy, Debug)]
pub struct MaskRow {
    low: u32,
    high: u32,
    threshold: u32,
    scale: f32,
}

impl Mask {
    /// A mask that drops a share `rate` in `[0, 1)` of all elements and scales the others by `1 / (1 - rate)`.
    pub fn new(rate: f64, key: u64) -> Self {
        let threshold = (rate.clamp(0.0, 1.0) * f64::from(u32::MAX)).round() as u32;
        Self { key, threshold, scale: (1.0 / (1.0 - rate)) as f32 }
    }

    /// A row of the mask.
    #[inline(always)]
    pub fn row(&self, row: usize) -> MaskRow {
        let bits = mix_64(self.key ^ (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        MaskRow { low: bits as u32, high: (bits >> 32) as u32, threshold: self.threshold, scale: self.scale }
    }

    /// The whole mask as factors, `[rows, columns]` row-major.
    pub fn values(&self, rows: usize, columns: usize) -> Vec<f32> {
        let mut values = vec![1.0; rows * columns];
        for (row, values) in values.chunks_exact_mut(columns.max(1)).enumerate() {
            super::simd::vectorized!(self.row(row).apply(values));
        }
        values
    }
}

impl Mask {
    /// Elements whose 32 random bits lie below are dropped.
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// The factor of kept elements.
    pub fn scale(&self) -> f32 {
        self.scale
    }
}

impl MaskRow {
    /// The two numbers that tell rows apart.
    pub fn key(&self) -> (u32, u32) {
        (self.low, self.high)
    }

    /// The factor of the element of a column: 0 when it is dropped.
    #[inline(always)]
    pub fn factor(&self, column: u32) -> f32 {
        if mix_32(column, self.low, self.high) >= self.threshold { self.scale } else { 0.0 }
    }

    /// Drops and scales the elements of a row, `[columns]`.
    #[inline(always)]
    pub fn apply(&self, values: &mut [f32]) {
        for (column, value) in values.iter_mut().enumerate() {
            *value *= self.factor(column as u32);
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
#[inline(always)]
fn mix_64(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The factor of a column's number: 2^32 over the golden ratio.
pub const COUNTER: u32 = 0x9e37_79b9;

/// Shifts and factors that mix bits: a number is shifted and joined with itself before each factor, and at the end.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Places to shift by.
    pub shifts: [u32; 3],
    /// Factors, between the shifts.
    pub factors: [u32; 2],
}

/// Shifts and factors by which a counter becomes random bits.
pub const MIX: Mix = Mix { shifts: [16, 15, 16], factors: [0x7feb_352d, 0x846c_a68b] };

/// 32 random bits of a counter under a key: multiplications and shifts that every bit goes through twice.
#[inline(always)]
fn mix_32(counter: u32, low: u32, high: u32) -> u32 {
    let [first, second, third] = MIX.shifts;
    let mut x = counter.wrapping_mul(COUNTER) ^ low;
    x = (x ^ (x >> first)).wrapping_mul(MIX.factors[0]).wrapping_add(high);
    x = (x ^ (x >> second)).wrapping_mul(MIX.factors[1]);
    x ^ (x >> third)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 400;
    const COLUMNS: usize = 500;

    fn kept(mask: Mask) -> Vec<bool> {
        mask.values(ROWS, COLUMNS).iter().map(|&factor| factor != 0.0).collect()
    }

    /// The share of equal decisions of two masks, which is `p^2 + (1 - p)^2` for independent ones.
    fn agreement(a: &[bool], b: &[bool]) -> f64 {
        a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len().min(b.len()) as f64
    }

    #[test]
    fn rate_and_mean_are_kept() {
        for rate in [0.0, 0.1, 0.3, 0.5, 0.9] {
            let values = Mask::new(rate, 7).values(ROWS, COLUMNS);
            let dropped = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
            // Four standard deviations of the mean of 200,000 draws.
            let tolerance = 4.0 * (rate * (1.0 - rate) / values.len() as f64).sqrt() + 1e-9;
            assert!((dropped - rate).abs() <= tolerance, "rate {rate}: {dropped} dropped");
            assert!((mean - 1.0).abs() <= tolerance / (1.0 - rate) + 1e-6, "rate {rate}: mean {mean}");
        }
    }

    #[test]
    fn neighbours_keys_and_lags_are_independent() {
        let mask = kept(Mask::new(0.3, 1));
        let expected = 0.3 * 0.3 + 0.7 * 0.7;
        let close = |agreement: f64, what: &str| {
            assert!((agreement - expected).abs() < 0.006, "{what}: {agreement}, not {expected}");
        };
        for lag in [1, 2, 3, 16, 32, COLUMNS - 1, COLUMNS, COLUMNS + 1, 2 * COLUMNS] {
            close(agreement(&mask, &mask[lag..]), &format!("lag {lag}"));
        }
        for key in [0, 2, 3, 1 << 32, u64::MAX] {
            close(agreement(&mask, &kept(Mask::new(0.3, key))), &format!("key {key}"));
        }
    }
}
