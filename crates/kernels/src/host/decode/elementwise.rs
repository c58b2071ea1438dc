//! Operations on rows between matrix products.

use any2any_architecture::Activation;

use crate::host::activation;
use crate::host::layer_norm::NormLayer;
use crate::host::simd::{exponentials, maximum, mul_add, vectorized};

/// Normalises consecutive rows, `[rows, d_model]` in and out.
pub fn normalise(norm: NormLayer<'_>, input: &[f32], output: &mut [f32]) {
    vectorized!(norm.rows(input, output));
}

/// `stream = residual_scale * stream + layer`, `[rows, d_model]` each.
pub fn join(stream: &mut [f32], residual_scale: f32, layer: &[f32]) {
    vectorized!({
        for (stream, &layer) in stream.iter_mut().zip(layer) {
            *stream = mul_add(*stream, residual_scale, layer);
        }
    });
}

/// Activates consecutive rows of sums, `[rows, d_ff]` or `[rows, 2 * d_ff]` of a gated activation, into `[rows, d_ff]`.
pub fn activate(function: Activation, sums: &[f32], output: &mut [f32], d_ff: usize) {
    vectorized!({
        let sums = sums.chunks_exact((d_ff * function.inputs()).max(1));
        for (sums, output) in sums.zip(output.chunks_exact_mut(d_ff.max(1))) {
            activation::row(function, sums, output, None, 0);
        }
    });
}

/// Turns scores, `[keys]`, into weights that sum to 1.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let highest = maximum(scores);
    let sum = exponentials(scores, highest);
    let scale = 1.0 / sum;
    for score in scores {
        *score *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
