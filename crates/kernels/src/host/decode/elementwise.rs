//! Operations on rows between matrix products.

use any2any_architecture::Activation;
use pulp::Simd;

use crate::host::activation;
use crate::host::layer_norm::NormLayer;
use crate::host::simd::{LANES, exp_of_negatives, fold_registers, mul_add, vectorized};

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

/// Turns the first `count` of scores, `[keys]`, into weights that sum to 1. There is room for whole registers: the number of
/// keys is a multiple of [`LANES`], and what lies beyond `count` has no weight.
#[inline(always)]
pub(super) fn softmax<S: Simd>(simd: S, scores: &mut [f32], count: usize) {
    let (registers, _) = S::as_mut_simd_f32s(scores);
    let (scored, beyond) = registers.split_at_mut(count.div_ceil(S::F32_LANES));
    let (zero, nothing) = (simd.splat_f32s(0.0), simd.splat_f32s(f32::NEG_INFINITY));
    beyond.fill(zero);
    let Some((last, whole)) = scored.split_last_mut() else { return };
    let rest = count - whole.len() * S::F32_LANES;
    let in_last = simd.mask_between_m32s(0, rest as u32).mask();
    let of_last = simd.select_f32s(in_last, *last, nothing);
    let mut highest = of_last;
    for &mut register in &mut *whole {
        highest = simd.max_f32s(register, highest);
    }
    let highest = simd.splat_f32s(simd.reduce_max_f32s(highest));
    let mut sums = [zero; LANES];
    for (number, register) in whole.iter_mut().enumerate() {
        *register = exp_of_negatives(simd, simd.sub_f32s(*register, highest));
        let sum = &mut sums[number % (LANES / S::F32_LANES)];
        *sum = simd.add_f32s(*sum, *register);
    }
    // Zeros, and not the least of exponentials: processors take a hundred cycles for what becomes subnormal below.
    let power = exp_of_negatives(simd, simd.sub_f32s(of_last, highest));
    *last = simd.select_f32s(in_last, power, zero);
    let sum = &mut sums[whole.len() % (LANES / S::F32_LANES)];
    *sum = simd.add_f32s(*sum, *last);
    let scale = simd.splat_f32s(1.0 / fold_registers(simd, sums));
    for register in scored {
        *register = simd.mul_f32s(*register, scale);
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::host::simd::with_every_width;

    struct Softmax(Vec<f32>, usize);

    impl WithSimd for Softmax {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, simd: S) -> Vec<f32> {
            softmax(simd, &mut self.0, self.1);
            self.0
        }
    }

    #[test]
    fn weights_are_those_of_the_definition_and_nothing_lies_beyond_them() {
        for count in 0..70_usize {
            let score = |at: usize| (at * 37 % 23) as f32 - 9.0;
            let mut scores = vec![f32::NAN; count.next_multiple_of(LANES)];
            scores[..count].iter_mut().enumerate().for_each(|(at, value)| *value = score(at));
            let mut found = with_every_width(|| Softmax(scores.clone(), count));
            let scores = found.pop().expect("one");
            assert!(found.iter().all(|found| *found == scores), "the same bits on every processor");
            let sum: f64 = (0..count).map(|at| f64::from(score(at)).exp()).sum();
            for (at, &weight) in scores[..count].iter().enumerate() {
                let expected = f64::from(score(at)).exp() / sum;
                assert!((f64::from(weight) / expected - 1.0).abs() < 2e-6, "{count}, {at}: {weight}");
            }
            // Zero, and not subnormal, which would take a hundred cycles each.
            assert!(scores[count..].iter().all(|&weight| weight == 0.0), "{count}: {scores:?}");
        }
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
