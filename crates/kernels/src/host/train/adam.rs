//! The update of Adam, in one pass over a parameter, its gradient and its running means.

use rayon::prelude::*;

use crate::host::simd::{sum_of, vectorized};

/// The settings of one update of Adam (Kingma and Ba 2015, algorithm 1), with decoupled weight decay
/// (Loshchilov and Hutter 2019).
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Decay of the running mean.
    pub beta_1: f64,
    /// Decay of the running mean square.
    pub beta_2: f64,
    /// Keeps the quotient finite.
    pub epsilon: f64,
    /// The learning rate times the weight decay.
    pub decay: f64,
    /// The learning rate.
    pub rate: f64,
    /// Multiplies every gradient: clipping.
    pub scale: f64,
    /// The number of this update, from 1.
    pub step: u64,
}

/// A parameter and all that an update reads and writes, `[n]` each.
#[derive(Debug)]
pub struct AdamState<'a> {
    /// The parameter.
    pub value: &'a mut [f32],
    /// Its gradient.
    pub gradient: &'a [f32],
    /// The running mean of its gradients.
    pub mean: &'a mut [f32],
    /// The running mean of their squares.
    pub square: &'a mut [f32],
}

/// Elements of one piece.
const PIECE: usize = 1 << 14;

/// Updates one parameter.
pub fn update(state: AdamState<'_>, adam: Adam) {
    let AdamState { value, gradient, mean, square } = state;
    value
        .par_chunks_mut(PIECE)
        .zip(gradient.par_chunks(PIECE))
        .zip(mean.par_chunks_mut(PIECE).zip(square.par_chunks_mut(PIECE)))
        .for_each(|((value, gradient), (mean, square))| {
            vectorized!(piece(AdamState { value, gradient, mean, square }, adam));
        });
}

#[inline(always)]
fn piece(state: AdamState<'_>, adam: Adam) {
    let step = adam.step as f64;
    let (beta_1, beta_2) = (adam.beta_1 as f32, adam.beta_2 as f32);
    let (new_1, new_2) = ((1.0 - adam.beta_1) as f32, (1.0 - adam.beta_2) as f32);
    // rate * (m / c1) / (sqrt(v / c2) + epsilon), with the constants taken together.
    let rate = (adam.rate / (1.0 - adam.beta_1.powf(step))) as f32;
    let square_scale = (1.0 / (1.0 - adam.beta_2.powf(step))) as f32;
    let (epsilon, scale, kept) = (adam.epsilon as f32, adam.scale as f32, (1.0 - adam.decay) as f32);
    let AdamState { value, gradient, mean, square } = state;
    for (((value, &gradient), mean), square) in value.iter_mut().zip(gradient).zip(mean).zip(square) {
        let gradient = gradient * scale;
        *mean = mean.mul_add(beta_1, gradient * new_1);
        *square = square.mul_add(beta_2, gradient * gradient * new_2);
        *value = *value * kept - rate * *mean / ((*square * square_scale).sqrt() + epsilon);
    }
}

/// The sum of the squares of all values, `[n]`, in an order that depends on their number alone.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    let pieces: Vec<f64> = values
        .par_chunks(PIECE)
        .map(|piece| f64::from(vectorized!(sum_of(piece, piece, |sum, value, _| value.mul_add(value, sum)))))
        .collect();
    pieces.into_iter().sum()
}
