//! Rotary positions (Su et al. 2021, "RoFormer"): the pairs `(i, i + d_head / 2)` of every query and key rotated
//! by an angle that grows with the position.

use rayon::prelude::*;

use super::blocks::block_rows;
use super::simd::vectorized;

/// The cosines and sines of consecutive positions, `[positions, d_head / 2]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// Cosines, `[positions, d_head / 2]`.
    pub cos: Vec<f32>,
    /// Sines, `[positions, d_head / 2]`.
    pub sin: Vec<f32>,
    half: usize,
}

impl Rotation {
    /// The rotation of `positions` positions from `offset`.
    pub fn new(offset: usize, positions: usize, d_head: usize) -> Self {
        let half = d_head / 2;
        let table = |function: fn(f64) -> f64| {
            (offset..offset + positions)
                .flat_map(|position| {
                    (0..half).map(move |pair| {
                        let frequency = 10_000_f64.powf(-2.0 * pair as f64 / d_head as f64);
                        function(position as f64 * frequency) as f32
                    })
                })
                .collect()
        };
        Self { cos: table(f64::cos), sin: table(f64::sin), half }
    }

    /// The number of positions.
    pub fn positions(&self) -> usize {
        self.cos.len() / self.half.max(1)
    }

    /// Rotates the first `heads` heads of every row, `[rows, stride]`, or back; rows are those of consecutive
    /// positions, sequence after sequence.
    pub fn apply_rotary(&self, rows: &mut [f32], stride: usize, heads: usize, back: bool) {
        let positions = self.positions();
        if positions == 0 || stride == 0 {
            return;
        }
        let block = block_rows(rows.len() / stride);
        let sign = if back { -1.0 } else { 1.0 };
        rows.par_chunks_mut(block * stride).enumerate().for_each(|(number, rows)| {
            vectorized!({
                for (row, values) in rows.chunks_exact_mut(stride).enumerate() {
                    let place = (number * block + row) % positions * self.half;
                    let (cos, sin) = (&self.cos[place..][..self.half], &self.sin[place..][..self.half]);
                    for head in values.chunks_exact_mut(2 * self.half).take(heads) {
                        let (first, second) = head.split_at_mut(self.half);
                        for (((first, second), &cos), &sin) in first.iter_mut().zip(second).zip(cos).zip(sin)
                        {
                            let sin = sign * sin;
                            (*first, *second) = (*first * cos - *second * sin, *first * sin + *second * cos);
                        }
                    }
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotated(vector: [f32; 4], position: usize) -> Vec<f32> {
        let mut row = vector.to_vec();
        Rotation::new(position, 1, 4).apply_rotary(&mut row, 4, 1, false);
        row
    }

    #[test]
    fn rotated_products_depend_on_distance_alone() {
        let product = |query: usize, key: usize| -> f32 {
            let (query, key) = (rotated([0.3, -1.0, 0.7, 0.2], query), rotated([1.1, 0.4, -0.5, 0.9], key));
            query.iter().zip(&key).map(|(query, key)| query * key).sum()
        };
        assert!((product(5, 2) - product(13, 10)).abs() < 1e-5);
        assert!((product(5, 2) - product(5, 4)).abs() > 1e-3);
    }

    #[test]
    fn rotating_back_undoes_it() {
        let rotation = Rotation::new(3, 5, 6);
        let values: Vec<f32> = (0..10 * 14).map(|at| at as f32 / 7.0).collect();
        let mut rotated = values.clone();
        rotation.apply_rotary(&mut rotated, 14, 2, false);
        assert!(rotated.iter().zip(&values).any(|(rotated, value)| (rotated - value).abs() > 0.1));
        rotation.apply_rotary(&mut rotated, 14, 2, true);
        assert!(rotated.iter().zip(&values).all(|(rotated, value)| (rotated - value).abs() < 1e-4));
    }
}
