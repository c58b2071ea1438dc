//! Softmax cross entropy with label smoothing (Szegedy et al. 2016), from hidden states to a number.

use any2any_kernels::{Outcome, Products, cross_entropy, cross_entropy_outcomes};
use burn::tensor::Tensor;

/// The settings of the loss.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossConfig {
    /// The share of each target's probability that is spread over the whole vocabulary.
    pub label_smoothing: f32,
    /// The arithmetic of products with the table.
    pub products: Products,
}

/// A batch's target tokens, in the order of the rows of its hidden states.
#[derive(Clone, Copy, Debug)]
pub struct TokenTargets<'a> {
    /// The right token of each row, `[rows]`.
    pub tokens: &'a [u32],
    /// The token whose rows do not count.
    pub padding: u32,
}

/// The loss of a batch.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The log-probability of each row's target, `[rows]`; 0 at padding.
    pub log_probabilities: Vec<f32>,
    /// The cross entropy against smoothed targets, summed over rows.
    pub smoothed: f64,
    /// The cross entropy against the targets themselves, summed over rows.
    pub negative_log_likelihood: f64,
    /// Rows whose most probable token is the target.
    pub correct: usize,
    /// Rows that are not padding.
    pub tokens: usize,
}

impl LossConfig {
    /// The loss of hidden states, without a gradient.
    ///
    /// # Shapes
    ///
    /// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets: `[rows]`
    pub fn evaluate(&self, hidden: Tensor<2>, table: Tensor<2>, targets: TokenTargets<'_>) -> Loss {
        Loss::of(&cross_entropy_outcomes(hidden, table, self.with(targets)))
    }

    /// The loss of hidden states, and a tensor of one element whose backward pass gives the gradient of the
    /// smoothed loss times `weight`.
    ///
    /// # Shapes
    ///
    /// - hidden: `[rows, d_model]`; table: `[vocabulary, d_model]`; targets: `[rows]`; the loss as a tensor: `[1]`
    pub fn forward(
        &self,
        hidden: Tensor<2>,
        table: Tensor<2>,
        targets: TokenTargets<'_>,
        weight: f64,
    ) -> (Loss, Tensor<1>) {
        let (outcomes, total) = cross_entropy(hidden, table, self.with(targets), weight);
        (Loss::of(&outcomes), total)
    }

    fn with<'a>(&self, targets: TokenTargets<'a>) -> any2any_kernels::SmoothedTargets<'a> {
        let TokenTargets { tokens, padding } = targets;
        let Self { label_smoothing, products } = *self;
        any2any_kernels::SmoothedTargets { tokens, padding, label_smoothing, products }
    }
}

impl Loss {
    fn of(outcomes: &[Outcome]) -> Self {
        let of_each = |value: fn(&Outcome) -> f64| outcomes.iter().map(value).sum();
        Self {
            log_probabilities: outcomes.iter().map(|outcome| outcome.log_probability).collect(),
            smoothed: of_each(|outcome| outcome.smoothed),
            negative_log_likelihood: of_each(|outcome| -f64::from(outcome.log_probability)),
            correct: outcomes.iter().filter(|outcome| outcome.correct && outcome.counts).count(),
            tokens: outcomes.iter().filter(|outcome| outcome.counts).count(),
        }
    }
}
