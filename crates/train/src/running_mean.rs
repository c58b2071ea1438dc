//! Running means over the updates since the last line of the log.

use any2any_run::State;

use crate::observer::Progress;

/// The losses and counts of one update.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The sum of the losses against smoothed targets, in nats.
    pub smoothed: f64,
    /// The sum of the negative log-likelihoods, in nats.
    pub negative_log_likelihood: f64,
    /// The sum of the CTC losses, in nats.
    pub alignment: f64,
    /// The sum of the auxiliary losses of the program's own; `None` if no task of the update has one.
    pub auxiliary: Option<f64>,
    /// The number of tokens that were the model's most probable ones.
    pub correct: usize,
    /// The number of tokens that are right or wrong: all positions but frames.
    pub judged: usize,
    /// The number of target tokens.
    pub tokens: usize,
    /// The norm of all gradients before clipping.
    pub gradient_norm: f64,
}

/// The sums over the updates since the last line of the log.
pub(crate) struct RunningMean {
    sum: Outcome,
    updates: usize,
    seconds: f64,
}

impl RunningMean {
    pub(crate) fn new() -> Self {
        Self { sum: Outcome::default(), updates: 0, seconds: 0.0 }
    }

    pub(crate) fn add(&mut self, outcome: &Outcome, seconds: f64) {
        self.sum.smoothed += outcome.smoothed;
        self.sum.negative_log_likelihood += outcome.negative_log_likelihood;
        self.sum.alignment += outcome.alignment;
        if let Some(auxiliary) = outcome.auxiliary {
            self.sum.auxiliary = Some(self.sum.auxiliary.unwrap_or_default() + auxiliary);
        }
        self.sum.correct += outcome.correct;
        self.sum.judged += outcome.judged;
        self.sum.tokens += outcome.tokens;
        self.sum.gradient_norm += outcome.gradient_norm;
        self.updates += 1;
        self.seconds += seconds;
    }

    pub(crate) fn progress(&self, step: u64, steps: u64, learning_rate: f64, state: &State) -> Progress {
        let tokens = self.sum.tokens.max(1) as f64;
        Progress {
            step,
            steps,
            smoothed_loss: self.sum.smoothed / tokens,
            loss: self.sum.negative_log_likelihood / tokens,
            alignment_loss: (self.sum.alignment > 0.0).then(|| self.sum.alignment / tokens),
            auxiliary_loss: self.sum.auxiliary.map(|sum| sum / tokens),
            accuracy: (self.sum.judged > 0).then(|| 100.0 * self.sum.correct as f64 / self.sum.judged as f64),
            gradient_norm: self.sum.gradient_norm / self.updates.max(1) as f64,
            learning_rate,
            tokens_per_second: self.sum.tokens as f64 / self.seconds.max(1e-9),
            tokens: state.tokens,
            seconds: state.seconds,
        }
    }
}
