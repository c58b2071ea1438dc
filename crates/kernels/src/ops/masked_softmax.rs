//! A softmax over keys, of which some are hidden.

use burn::tensor::{Tensor, TensorData, activation};

/// The cost of a hidden score: large, and finite, so that a row without any key stays finite too.
pub(super) const HIDDEN: f64 = 1e9;

/// Attention weights of scores, in burn's primitives on every backend.
///
/// # Shapes
///
/// - scores and output: `[batch, queries, keys]`; rows of the output sum to one, or to 0 where no key is left by the
///   mask
/// - lengths: `[batch]`, the number of keys of each sequence that are no padding; none when all are there
/// - key_mask: `[batch or 1, 1, keys]`, 0 at keys that are hidden besides, 1 at the others; none when none is
pub fn masked_softmax(
    scores: Tensor<3>,
    lengths: Option<&[usize]>,
    key_mask: Option<Tensor<3>>,
) -> Tensor<3> {
    let [batch, _, keys] = scores.dims();
    let scores = match lengths {
        None => scores,
        Some(lengths) => {
            let cost = |key: usize, length: usize| if key < length { 0.0 } else { -HIDDEN as f32 };
            let costs: Vec<f32> =
                lengths.iter().flat_map(|&length| (0..keys).map(move |key| cost(key, length))).collect();
            let costs = Tensor::from_data(TensorData::new(costs, [batch, 1, keys]), &scores.device());
            scores + costs
        }
    };
    match key_mask {
        None => activation::softmax(scores, 2),
        Some(mask) => activation::softmax(scores + (mask.clone() - 1.0) * HIDDEN, 2) * mask,
    }
}
