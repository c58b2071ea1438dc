//! Canonical correlation of all channels with rhythms (Lin, Zhang, Wu and Gao, "Frequency recognition based on
//! canonical correlation analysis for SSVEP-based BCIs", 2006), for every frequency rather than for a few
//! that are known.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

/// Least share of its length that an independent direction keeps when those before it are projected out.
const DEPENDENT: f64 = 1e-9;

/// Sines and cosines of every frequency, orthonormal over a window.
#[derive(Clone)]
pub(crate) struct Rhythms {
    /// The waves of all frequencies, `[waves, window]`.
    waves: Array2<f64>,
    /// The rows of the waves of each frequency.
    of_frequency: Vec<Range<usize>>,
}

impl Rhythms {
    /// The rhythms of some frequencies in hertz, over windows of `window` samples.
    pub(crate) fn new(frequencies: &[f64], harmonics: usize, window: usize, rate: f64) -> Self {
        let basis = |&frequency: &f64| {
            let multiples = (1..=harmonics).map(|number| frequency * number as f64);
            let below_half = multiples.filter(|&multiple| multiple < rate / 2.0);
            let waves = below_half.flat_map(|multiple| {
                let angle = 2.0 * PI * multiple / rate;
                let wave = |turn: f64| (0..window).map(|n| (angle * n as f64 + turn).cos()).collect();
                [wave(0.0), wave(PI / 2.0)]
            });
            orthonormal(waves.collect())
        };
        let (waves, of_frequency) = stacked(frequencies.iter().map(basis), window);
        Self { waves, of_frequency }
    }

    /// Number of frequencies.
    pub(crate) fn len(&self) -> usize {
        self.of_frequency.len()
    }

    /// The largest canonical correlation between the channels and the waves of each frequency, 0 to 1, window
    /// after window.
    pub(crate) fn correlations(
        &self,
        samples: &[Vec<f32>],
        windows: impl Iterator<Item = Range<usize>>,
    ) -> Vec<f64> {
        let channels = |window: Range<usize>| {
            let channels = samples.iter().map(|channel| channel[window.clone()].iter());
            orthonormal(channels.map(|channel| channel.map(|&value| f64::from(value)).collect()).collect())
        };
        let (channels, of_window) = stacked(windows.map(channels), self.waves.ncols());
        // One product for all windows, since the waves are read as often as there are products.
        let products = self.waves.dot(&channels.t());
        let pairs =
            of_window.iter().flat_map(|window| self.of_frequency.iter().map(move |waves| (waves, window)));
        pairs
            .map(|(waves, window)| largest_singular_value(products.slice(s![waves.clone(), window.clone()])))
            .collect()
    }
}

/// The vectors of several bases, all of `width` numbers, as the rows of one matrix; and the rows of each basis.
fn stacked(bases: impl Iterator<Item = Vec<Vec<f64>>>, width: usize) -> (Array2<f64>, Vec<Range<usize>>) {
    let (mut all, mut of_basis) = (Vec::new(), Vec::new());
    for basis in bases {
        of_basis.push(all.len()..all.len() + basis.len());
        all.extend(basis);
    }
    (Array2::from_shape_fn((all.len(), width), |(row, column)| all[row][column]), of_basis)
}

/// Orthonormal basis of the space of some vectors, their means removed (Gram and Schmidt, done twice).
fn orthonormal(vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors {
        let mean = vector.iter().sum::<f64>() / vector.len().max(1) as f64;
        vector.iter_mut().for_each(|value| *value -= mean);
        let before = dot(&vector, &vector);
        for _ in 0..2 {
            for other in &basis {
                let share = dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
            }
        }
        let after = dot(&vector, &vector);
        if after > DEPENDENT * before {
            let size = after.sqrt();
            vector.iter_mut().for_each(|value| *value /= size);
            basis.push(vector);
        }
    }
    basis
}

/// The largest singular value of a matrix with few rows, at most 1.
fn largest_singular_value(matrix: ArrayView2<'_, f64>) -> f64 {
    let square = matrix.dot(&matrix.t());
    let square = square.rows().into_iter().map(|row| row.to_vec()).collect();
    largest_eigenvalue(square).max(0.0).sqrt().min(1.0)
}

/// The largest eigenvalue of a small symmetric matrix, by rotations (Jacobi 1846).
fn largest_eigenvalue(mut matrix: Vec<Vec<f64>>) -> f64 {
    let size = matrix.len();
    for _ in 0..30 {
        let mut off = 0.0;
        for p in 0..size {
            for q in p + 1..size {
                let beside = matrix[p][q];
                off += beside * beside;
                if beside.abs() < 1e-300 {
                    continue;
                }
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * beside);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut matrix {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (above, below) = matrix.split_at_mut(q);
                for (a, b) in above[p].iter_mut().zip(&mut below[0]) {
                    (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
                }
            }
        }
        if off < 1e-24 {
            break;
        }
    }
    (0..size).map(|number| matrix[number][number]).fold(0.0, f64::max)
}

/// Number of sums that are taken side by side, so that none waits for the last addition of another.
const LANES: usize = 16;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn a_rhythm_spread_over_channels_is_found() {
        let rate = 128.0;
        let noise =
            |n: usize, seed: usize| (((n * 7919 + seed * 104_729) * 2_654_435_761) % 1000) as f64 / 500.0;
        let channel = |share: f64, seed: usize| -> Vec<f32> {
            let wave = |n: usize| share * (2.0 * PI * 13.0 * n as f64 / rate + 0.4).sin();
            (0..512).map(|n| (wave(n) + noise(n, seed)) as f32).collect()
        };
        let channels = [channel(0.5, 1), channel(-1.0, 2), channel(0.0, 3)];
        let rhythms = Rhythms::new(&[9.0, 13.0, 17.0], 2, 512, rate);
        let found = rhythms.correlations(&channels, iter::once(0..512));
        assert!(found[1] > 0.75 && found[0] < 0.4 && found[2] < 0.4, "{found:?}");
        let silent = vec![0.0_f32; 512];
        assert_eq!(rhythms.correlations(std::slice::from_ref(&silent), iter::once(0..512)), [0.0, 0.0, 0.0]);
        // Windows are independent, also of one in which fewer channels say anything.
        let longer = channels.map(|channel| [channel, silent.clone()].concat());
        let windows = rhythms.correlations(&longer, [512..1024, 0..512].into_iter());
        assert_eq!(windows[..3], [0.0, 0.0, 0.0]);
        let error = windows[3..].iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 1e-12, "{windows:?} {found:?}");
    }

    #[test]
    fn eigenvalues_of_small_matrices_are_known() {
        let cases = [
            (vec![vec![2.0, 1.0], vec![1.0, 2.0]], 3.0),
            (vec![vec![1.0, 0.0], vec![0.0, 5.0]], 5.0),
            (vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]], 2.0 + 2.0_f64.sqrt()),
        ];
        for (matrix, expected) in cases {
            assert!((largest_eigenvalue(matrix) - expected).abs() < 1e-9);
        }
    }
}
