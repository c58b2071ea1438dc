//! The loss of frames: squared error, and cross entropy of the signal to stop (Shen et al. 2018, "Tacotron 2",
//! section 2.3).

use burn::tensor::{Tensor, TensorData, activation};

use crate::loss::Loss;

/// A batch's target frames.
#[derive(Clone, Copy, Debug)]
pub struct FrameTargets<'a> {
    /// `[batch, target, width]`, row-major; anything beyond the end of a row.
    pub values: &'a [f32],
    /// The number of frames of each row, `[batch]`.
    pub lengths: &'a [usize],
}

/// The loss of predicted frames, and a tensor of one element whose backward pass gives the gradient of the
/// loss times `weight`.
///
/// The loss of a frame is the mean squared error over its width. When the prediction is one wider than the
/// targets, its last column is the logit of stopping after this frame, whose cross entropy is added.
///
/// In the [`Loss`], `tokens` counts frames, `negative_log_likelihood` and `smoothed` are the loss summed over
/// frames, `log_probabilities` its negative frame by frame, and `correct` counts frames whose signal to stop
/// is right.
///
/// # Shapes
///
/// - predicted: `[batch, target, width]` or `[batch, target, width + 1]`; the loss as a tensor: `[1]`
///
/// # Panics
///
/// When the targets are of another shape.
pub fn frame_loss(predicted: Tensor<3>, targets: FrameTargets<'_>, weight: f64) -> (Loss, Tensor<1>) {
    let [batch, target, wide] = predicted.dims();
    let device = predicted.device();
    let width = targets.values.len() / (batch * target).max(1);
    assert!(wide == width || wide == width + 1, "frames of {width} against predictions of {wide}");
    let tensor = |values: Vec<f32>, last| {
        Tensor::<3>::from_data(TensorData::new(values, [batch, target, last]), &device)
    };
    let places = || targets.lengths.iter().flat_map(|&length| (0..target).map(move |at| (at, length)));
    let counts: Vec<f32> = places().map(|(at, length)| if at < length { 1.0 } else { 0.0 }).collect();
    let mask = tensor(counts.clone(), 1);

    let difference = predicted.clone().narrow(2, 0, width) - tensor(targets.values.to_vec(), width);
    let mut losses = difference.powi_scalar(2).mean_dim(2);
    let mut correct = 0;
    if wide > width {
        let logits = predicted.narrow(2, width, 1);
        let last: Vec<f32> = places().map(|(at, length)| if at + 1 == length { 1.0 } else { 0.0 }).collect();
        let guesses = numbers(logits.clone());
        correct =
            (0..last.len()).filter(|&at| counts[at] > 0.0 && (guesses[at] > 0.0) == (last[at] > 0.0)).count();
        // log(1 + exp(z)) - y z
        losses = losses + activation::softplus(logits.clone(), 1.0) - logits * tensor(last, 1);
    }
    losses = losses * mask;
    let total = losses.clone().sum().mul_scalar(weight);
    let each = numbers(losses);
    let sum = each.iter().map(|&loss| f64::from(loss)).sum();
    let loss = Loss {
        log_probabilities: each.iter().map(|loss| -loss).collect(),
        smoothed: sum,
        negative_log_likelihood: sum,
        correct,
        tokens: targets.lengths.iter().sum(),
    };
    (loss, total)
}

/// The values of a tensor, `[batch, target, 1]`.
fn numbers(tensor: Tensor<3>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec().expect("converted to 32-bit floats")
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn frames_beyond_the_end_do_not_count() {
        let device = Device::default();
        let predicted = Tensor::<3>::from_data([[[1.0, 2.0], [9.0, 9.0]], [[0.0, 0.0], [4.0, 0.0]]], &device);
        let values = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        let targets = FrameTargets { values: &values, lengths: &[1, 2] };
        let (loss, total) = frame_loss(predicted, targets, 0.5);
        // (1 + 4) / 2, then (1 + 1) / 2 and (16 + 0) / 2.
        assert_eq!((loss.smoothed, loss.tokens), (2.5 + 1.0 + 8.0, 3));
        assert_eq!(loss.log_probabilities, [-2.5, 0.0, -1.0, -8.0]);
        assert_eq!(total.into_scalar::<f32>(), 5.75);
    }

    #[test]
    fn the_signal_to_stop_is_due_at_the_last_frame() {
        let device = Device::default();
        let predicted = Tensor::<3>::from_data([[[0.0, -2.0], [0.0, 3.0]]], &device);
        let targets = FrameTargets { values: &[0.0, 0.0], lengths: &[2] };
        let (loss, _) = frame_loss(predicted, targets, 1.0);
        let expected = (1.0 + (-2.0_f64).exp()).ln() + (1.0 + (-3.0_f64).exp()).ln();
        assert!((loss.smoothed - expected).abs() < 1e-5, "{} {expected}", loss.smoothed);
        assert_eq!(loss.correct, 2);
    }
}
