//! Projection to a vocabulary and cross entropy.

use burn::tensor::{Int, Tensor, TensorData, activation};

use crate::host::products::Products;
pub use crate::host::train::cross_entropy::Outcome;

/// The right token of each row, and the smoothing of the loss.
#[derive(Clone, Copy, Debug)]
pub struct SmoothedTargets<'a> {
    /// The right token of each row, `[rows]`.
    pub tokens: &'a [u32],
    /// The token whose rows do not count.
    pub padding: u32,
    /// The share of each target's probability that is spread over the whole vocabulary.
    pub label_smoothing: f32,
    /// The arithmetic of the products with the table.
    pub products: Products,
}

/// Each row's outcome, and the sum of the smoothed cross entropies times `weight` as a tensor of one element
/// that can be differentiated.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets and outcomes: `[rows]`; the sum: `[1]`
///
/// # Panics
///
/// When a target is not below the vocabulary's size.
pub fn cross_entropy(
    hidden: Tensor<2>,
    table: Tensor<2>,
    targets: SmoothedTargets<'_>,
    weight: f64,
) -> (Vec<Outcome>, Tensor<1>) {
    #[cfg(feature = "flex")]
    if super::fused::applies(&hidden.device()) {
        return on_flex(hidden, table, targets, weight);
    }
    primitive(hidden, table, targets, weight)
}

/// Each row's outcome, without a gradient.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets: `[rows]`
///
/// # Panics
///
/// When a target is not below the vocabulary's size.
pub fn cross_entropy_outcomes(
    hidden: Tensor<2>,
    table: Tensor<2>,
    targets: SmoothedTargets<'_>,
) -> Vec<Outcome> {
    #[cfg(feature = "flex")]
    if super::fused::applies(&hidden.device()) {
        let [_, d_model] = hidden.dims();
        let plain = |tensor: Tensor<2>| if tensor.is_autodiff() { tensor.inner() } else { tensor };
        return super::fused::with_values(&plain(hidden), |hidden| {
            super::fused::with_values(&plain(table), |table| host(hidden, table, d_model, targets).outcomes())
        });
    }
    let mut outcomes = Vec::with_capacity(targets.tokens.len());
    for_slices(&hidden, &table, targets, |hidden, targets| {
        outcomes.extend(slice(hidden, table.clone(), targets).0);
    });
    outcomes
}

/// Logits of about this many elements are held at once where probabilities are not needed later.
const SLICE: usize = 1 << 21;

/// Goes through slices of the rows.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`, of which a slice has fewer rows; table: `[vocabulary, d_model]`
fn for_slices(
    hidden: &Tensor<2>,
    table: &Tensor<2>,
    targets: SmoothedTargets<'_>,
    mut use_slice: impl FnMut(Tensor<2>, SmoothedTargets<'_>),
) {
    let ([rows, _], [vocabulary, _]) = (hidden.dims(), table.dims());
    let slice = (SLICE / vocabulary.max(1)).max(1);
    for start in (0..rows).step_by(slice) {
        let count = slice.min(rows - start);
        let targets = SmoothedTargets { tokens: &targets.tokens[start..start + count], ..targets };
        use_slice(hidden.clone().narrow(0, start, count), targets);
    }
}

/// The loss as a composition of primitives.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; outcomes: `[rows]`; the sum: `[1]`
pub fn primitive(
    hidden: Tensor<2>,
    table: Tensor<2>,
    targets: SmoothedTargets<'_>,
    weight: f64,
) -> (Vec<Outcome>, Tensor<1>) {
    let mut outcomes = Vec::with_capacity(targets.tokens.len());
    let mut total = Tensor::zeros([1], &hidden.device());
    for_slices(&hidden, &table, targets, |hidden, targets| {
        let (of_slice, loss) = slice(hidden, table.clone(), targets);
        outcomes.extend(of_slice);
        total = total.clone() + loss;
    });
    (outcomes, total * weight)
}

/// The outcomes of some rows, and the sum of their smoothed cross entropies.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; outcomes: `[rows]`; the sum: `[1]`
fn slice(hidden: Tensor<2>, table: Tensor<2>, targets: SmoothedTargets<'_>) -> (Vec<Outcome>, Tensor<1>) {
    let [rows, _] = hidden.dims();
    let device = hidden.device();
    let smoothing = f64::from(targets.label_smoothing);
    let index: Vec<i32> = targets.tokens.iter().map(|&token| token as i32).collect();
    let index = Tensor::<2, Int>::from_data(TensorData::new(index, [rows, 1]), &device);
    let counts: Vec<f32> =
        targets.tokens.iter().map(|&token| f32::from(u8::from(token != targets.padding))).collect();
    let counts = Tensor::<2>::from_data(TensorData::new(counts, [rows, 1]), &device);

    let log_softmax =
        activation::log_softmax(super::linear::product(hidden, table.transpose(), targets.products), 1);
    let of_target = log_softmax.clone().gather(1, index);
    let smoothed = of_target.clone() * (smoothing - 1.0) - log_softmax.clone().mean_dim(1) * smoothing;
    let loss = (smoothed.clone() * counts).sum();

    let plain = |tensor: Tensor<2>| if tensor.is_autodiff() { tensor.inner() } else { tensor };
    let (best, of_target, smoothed) = (plain(log_softmax).max_dim(1), plain(of_target), plain(smoothed));
    let correct = best.lower_equal(of_target.clone()).float();
    let columns: Vec<f32> = Tensor::cat(vec![of_target, smoothed, correct], 1)
        .into_data()
        .convert::<f32>()
        .try_into_vec()
        .expect("converted to 32-bit floats");
    let outcome = |(row, &token): (&[f32], &u32)| match token == targets.padding {
        true => Outcome::default(),
        false => Outcome {
            log_probability: row[0],
            smoothed: f64::from(row[1]),
            correct: row[2] > 0.5,
            counts: true,
        },
    };
    (columns.chunks_exact(3).zip(targets.tokens).map(outcome).collect(), loss)
}

/// The loss over slices, hidden states `[rows, d_model]` and table `[vocabulary, d_model]`.
#[cfg(feature = "flex")]
fn host<'a>(
    hidden: &'a [f32],
    table: &'a [f32],
    d_model: usize,
    targets: SmoothedTargets<'a>,
) -> crate::host::train::cross_entropy::CrossEntropy<'a> {
    crate::host::train::cross_entropy::CrossEntropy {
        hidden,
        table,
        d_model,
        targets: targets.tokens,
        padding: targets.padding,
        label_smoothing: targets.label_smoothing,
        products: targets.products,
    }
}

/// The loss on flex.
///
/// # Shapes
///
/// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; outcomes: `[rows]`; the sum: `[1]`
#[cfg(feature = "flex")]
fn on_flex(
    hidden: Tensor<2>,
    table: Tensor<2>,
    targets: SmoothedTargets<'_>,
    weight: f64,
) -> (Vec<Outcome>, Tensor<1>) {
    let [_, d_model] = hidden.dims();
    let mut outcomes = Vec::new();
    let total = super::fused::Inputs::new(hidden).and(table).run(
        [1],
        |inputs| {
            let (of_rows, gradients) =
                host(inputs[0], inputs[1], d_model, targets).outcomes_and_gradients(weight as f32);
            let total = of_rows.iter().map(|outcome| outcome.smoothed).sum::<f64>() * weight;
            outcomes = of_rows;
            (vec![total as f32], std::sync::Mutex::new(Some(gradients)))
        },
        |_, gradients, upstream| {
            let gradients = gradients.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            let mut gradients = gradients.expect("a loss is differentiated once");
            if upstream[0] != 1.0 {
                gradients.hidden.iter_mut().for_each(|value| *value *= upstream[0]);
                gradients.table.iter_mut().for_each(|value| *value *= upstream[0]);
            }
            vec![gradients.hidden, gradients.table]
        },
    );
    (outcomes, total)
}
