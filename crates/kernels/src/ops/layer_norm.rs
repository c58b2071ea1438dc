//! Normalisation over the last dimension.

use any2any_architecture::NormKind;
use burn::tensor::Tensor;

use super::branch::NormParameters;

/// `gain * (x - mean) / sqrt(variance + epsilon) + bias` over the last dimension (Ba, Kiros and Hinton 2016), or
/// around 0 in place of the mean (Zhang and Sennrich 2019, RMSNorm).
///
/// # Shapes
///
/// - input and output: `[.., d_model]`; gain and bias: `[d_model]`
pub fn layer_norm<const D: usize>(input: Tensor<D>, norm: NormParameters) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&input.device()) {
        return on_flex(input, norm);
    }
    primitive(input, norm)
}

/// Normalisation as a composition of primitives, `[.., d_model]` in and out.
pub fn primitive<const D: usize>(input: Tensor<D>, norm: NormParameters) -> Tensor<D> {
    let NormParameters { gain, bias, kind, epsilon } = norm;
    let centred = match kind {
        NormKind::LayerNorm => input.clone() - input.mean_dim(D - 1),
        NormKind::RmsNorm => input,
    };
    let variance = centred.clone().square().mean_dim(D - 1);
    centred / (variance + epsilon).sqrt() * gain.unsqueeze() + bias.unsqueeze()
}

/// Normalisation on flex, `[.., d_model]` in and out.
#[cfg(feature = "flex")]
fn on_flex<const D: usize>(input: Tensor<D>, norm: NormParameters) -> Tensor<D> {
    use crate::host::blocks::{Fresh, Pieces, block_rows, reduce_rows};
    use crate::host::layer_norm;
    use crate::host::simd::vectorized;
    use rayon::prelude::*;

    let NormParameters { gain, bias, kind, epsilon } = norm;
    /// The normalisation over its inputs: states `[rows, d_model]`, gain and bias `[d_model]`.
    fn host<'a>(inputs: &[&'a [f32]], kind: NormKind, epsilon: f64) -> layer_norm::NormLayer<'a> {
        layer_norm::NormLayer { gain: inputs[1], bias: inputs[2], kind, epsilon: epsilon as f32 }
    }
    let shape = input.dims();
    let d_model = shape[D - 1];
    let block = block_rows(input.shape().num_elements() / d_model.max(1));
    super::fused::Inputs::new(input).and(gain).and(bias).run(
        shape,
        move |inputs| {
            let norm = host(inputs, kind, epsilon);
            let mut output = Fresh::new(inputs[0].len());
            let values = (block * d_model).max(1);
            let pieces = output.par_pieces(values).zip(inputs[0].par_chunks(values));
            pieces.for_each(|(output, input)| vectorized!(norm.rows(input, output)));
            (output.finish(), ())
        },
        move |inputs, (), gradient| {
            let norm = host(inputs, kind, epsilon);
            let pieces = Pieces::new(gradient.len() / d_model.max(1), block);
            let (of_input, mut sums) = reduce_rows(
                d_model,
                &pieces,
                2 * d_model,
                || (),
                |rows, of_input, sums, ()| {
                    let (gain, bias) = sums.split_at_mut(d_model);
                    let places = rows.start * d_model..rows.end * d_model;
                    of_input.copy_from_slice(&gradient[places.clone()]);
                    vectorized!({
                        let rows = inputs[0][places].chunks_exact(d_model);
                        for (input, of_input) in rows.zip(of_input.chunks_exact_mut(d_model)) {
                            norm.row_backward(input, of_input, gain, bias);
                        }
                    });
                },
            );
            let of_bias = sums.split_off(d_model);
            vec![of_input, sums, of_bias]
        },
    )
}
