//! Auxiliary losses of a program's own, in addition to the decoder's.

use std::sync::Arc;

use any2any_adapter::{Live, OptionProblem, Package, PlugIn, PlugInOptions, Point, Registry};
use any2any_translate::batch::Targets;
use burn::tensor::{Int, Tensor, TensorData};

/// Auxiliary loss of a program's own: its options, as an experiment writes them below `losses` of a task.
///
/// It is added to the decoder's loss, whose unit is nats a target position; a weight is an option like others.
///
/// ```
/// use any2any_train::{AuxiliaryLoss, LossBatch, LossPairs};
/// use burn::tensor::{Device, Tensor};
///
/// /// The squares of all logits times a weight: they stay small.
/// struct SmallLogits {
///     weight: f64,
/// }
///
/// impl AuxiliaryLoss for SmallLogits {
///     fn forward(&self, LossBatch { pairs, mask }: LossBatch) -> Tensor<1> {
///         let LossPairs::Tokens { logits, .. } = pairs else { return mask.sum().mul_scalar(0.0) };
///         let squares: Tensor<2> = (logits.clone() * logits).sum_dim(2).squeeze_dim(2);
///         (squares * mask).sum().mul_scalar(self.weight)
///     }
/// }
///
/// let device = Device::default();
/// // A position of the target, and padding.
/// let logits = Tensor::from_floats([[[1.0, 2.0], [9.0, 9.0]]], &device);
/// let pairs = LossPairs::Tokens { logits, targets: Tensor::from_ints([[1, 0]], &device) };
/// let batch = LossBatch { pairs, mask: Tensor::from_floats([[1.0, 0.0]], &device) };
/// assert_eq!(SmallLogits { weight: 0.5 }.forward(batch).into_scalar::<f32>(), 2.5);
/// ```
pub trait AuxiliaryLoss: Send + Sync {
    /// Package that the loss comes from: [`package!()`](any2any_adapter::package) names it with its version.
    fn package() -> Package
    where
        Self: Sized,
    {
        Package::of::<Self>()
    }

    /// Problems of options that fit their schema.
    fn check(&self) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// The loss, summed over the target positions of a batch, `[1]`. Padding must add nothing to it.
    fn forward(&self, batch: LossBatch) -> Tensor<1>;
}

/// Predictions of a batch beside its targets.
///
/// ```
/// use any2any_train::{LossBatch, LossPairs};
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// // A row of three tokens, and one of a single token with padding behind it, in a vocabulary of five.
/// let pairs = LossPairs::Tokens {
///     logits: Tensor::zeros([2, 3, 5], &device),
///     targets: Tensor::from_ints([[1, 4, 2], [3, 0, 0]], &device),
/// };
/// let mask = Tensor::from_floats([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]], &device);
/// let batch = LossBatch { pairs, mask };
/// let lengths: Vec<f32> = batch.mask.sum_dim(1).into_data().iter::<f32>().collect();
/// assert_eq!(lengths, [3.0, 1.0]);
/// ```
#[derive(Clone, Debug)]
pub struct LossBatch {
    /// What the model predicts, and what it should.
    pub pairs: LossPairs,
    /// 1 where a position is part of its row, 0 where it is padding: `[batch, target]`.
    pub mask: Tensor<2>,
}

/// Predictions and targets, by the kind of sequence that a task writes.
///
/// ```
/// use any2any_train::LossPairs;
/// use burn::tensor::{Device, Tensor};
///
/// /// How far frames are from the right ones, all values together.
/// fn distance(pairs: LossPairs) -> Option<Tensor<1>> {
///     let LossPairs::Frames { frames, targets } = pairs else { return None };
///     // Behind the values of a frame stands the logit of stopping.
///     let [_, _, width] = targets.dims();
///     Some((frames.narrow(2, 0, width) - targets).abs().sum())
/// }
///
/// let device = Device::default();
/// let frames = Tensor::from_floats([[[1.0, -9.0], [2.0, 9.0]]], &device);
/// let pairs = LossPairs::Frames { frames, targets: Tensor::from_floats([[[1.5], [1.0]]], &device) };
/// assert_eq!(distance(pairs).map(|distance| distance.into_scalar::<f32>()), Some(1.5));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LossPairs {
    /// Tokens.
    Tokens {
        /// Logits of each token, `[batch, target, vocabulary]`.
        logits: Tensor<3>,
        /// The right tokens, `[batch, target]`.
        targets: Tensor<2, Int>,
    },
    /// Frames.
    Frames {
        /// Predicted frames, `[batch, target, width]`, one wider with the logit of stopping.
        frames: Tensor<3>,
        /// The right frames, `[batch, target, width]`.
        targets: Tensor<3>,
    },
}

/// A registry with an auxiliary loss of a program's own, under a name.
#[must_use]
pub fn with_loss<T: AuxiliaryLoss + PlugInOptions>(registry: Registry, name: &str) -> Registry {
    let live = |loss: T| Live::new(Arc::new(loss) as Arc<dyn AuxiliaryLoss>);
    registry.plugging(PlugIn::new(Point::Loss, name, T::package(), T::check, live))
}

/// The batch that auxiliary losses see: predictions are logits or frames, `[batch, target, ..]`.
pub(crate) fn batch(predicted: Tensor<3>, targets: &Targets) -> LossBatch {
    let [rows, width, _] = predicted.dims();
    let device = predicted.device();
    let row = |&length: &usize| (0..width).map(move |at| f32::from(at < length));
    let mask: Vec<f32> = targets.lengths().iter().flat_map(row).collect();
    let mask = Tensor::from_data(TensorData::new(mask, [rows, width]), &device);
    let pairs = match targets {
        Targets::Tokens { tokens, .. } => {
            let tokens: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
            let targets = Tensor::from_data(TensorData::new(tokens, [rows, width]), &device);
            LossPairs::Tokens { logits: predicted, targets }
        }
        Targets::Frames { values, .. } => {
            let size = values.len() / (rows * width).max(1);
            let targets = Tensor::from_data(TensorData::new(values.clone(), [rows, width, size]), &device);
            LossPairs::Frames { frames: predicted, targets }
        }
    };
    LossBatch { pairs, mask }
}
