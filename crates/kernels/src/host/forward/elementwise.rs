//! What happens to rows between matrix products.

use crate::host::feed_forward::Activation;
use crate::host::layer_norm::Norm;
use crate::host::simd::vectorized;

/// Normalises consecutive rows, `[rows, d_model]`, into `output`.
pub fn normalise(norm: Norm<'_>, input: &[f32], output: &mut [f32]) {
    vectorized!(norm.rows(input, output));
}

/// `stream = carry * stream + layer`.
pub fn join(stream: &mut [f32], carry: f32, layer: &[f32]) {
    vectorized!({
        for (stream, &layer) in stream.iter_mut().zip(layer) {
            *stream = stream.mul_add(carry, layer);
        }
    });
}

/// Activates consecutive rows of sums, `[rows, inputs * width]`, into `output`, `[rows, width]`.
pub fn activate(activation: Activation, sums: &[f32], output: &mut [f32], width: usize) {
    vectorized!({
        let sums = sums.chunks_exact((width * activation.inputs()).max(1));
        for (sums, output) in sums.zip(output.chunks_exact_mut(width.max(1))) {
            activation.row(sums, output, None, 0);
        }
    });
}

/// Rotates the pairs `(i, i + d_head / 2)` of every head of a row by angles whose cosines and sines are given,
/// `[d_head / 2]` each (Su et al. 2021, "RoFormer").
pub fn rotate(row: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let half = cosines.len();
    for head in row.chunks_exact_mut((2 * half).max(1)) {
        let (first, second) = head.split_at_mut(half);
        for ((first, second), (&cosine, &sine)) in first.iter_mut().zip(second).zip(cosines.iter().zip(sines))
        {
            (*first, *second) = (*first * cosine - *second * sine, *first * sine + *second * cosine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_swaps_the_halves_of_each_head() {
        let mut row = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        rotate(&mut row, &[0.0, 1.0], &[1.0, 0.0]);
        assert_eq!(row, [-3.0, 2.0, 1.0, 4.0, -7.0, 6.0, 5.0, 8.0]);
    }

    #[test]
    fn rows_are_joined_and_activated() {
        let mut stream = [1.0, -2.0];
        join(&mut stream, 2.0, &[0.5, 0.5]);
        assert_eq!(stream, [2.5, -3.5]);
        let mut active = [0.0; 2];
        activate(Activation::Relu, &stream, &mut active, 1);
        assert_eq!(active, [2.5, 0.0]);
    }
}
