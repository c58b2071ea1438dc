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

impl Outcome {
    /// The number of bytes that tell another rank of an outcome.
    pub(crate) const BYTES: usize = 9 * 8;

    /// Adds the losses and counts of another batch or update.
    pub(crate) fn add(&mut self, other: &Self) {
        self.smoothed += other.smoothed;
        self.negative_log_likelihood += other.negative_log_likelihood;
        self.alignment += other.alignment;
        if let Some(auxiliary) = other.auxiliary {
            self.auxiliary = Some(self.auxiliary.unwrap_or_default() + auxiliary);
        }
        self.correct += other.correct;
        self.judged += other.judged;
        self.tokens += other.tokens;
        self.gradient_norm += other.gradient_norm;
    }

    /// The outcome for another rank, to the last bit.
    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let (has_auxiliary, auxiliary) = (u64::from(self.auxiliary.is_some()), self.auxiliary.unwrap_or(0.0));
        let words = [
            self.smoothed.to_bits(),
            self.negative_log_likelihood.to_bits(),
            self.alignment.to_bits(),
            has_auxiliary,
            auxiliary.to_bits(),
            self.correct as u64,
            self.judged as u64,
            self.tokens as u64,
            self.gradient_norm.to_bits(),
        ];
        let mut bytes = [0; Self::BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The outcome that another rank has told of.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = bytes.chunks_exact(8).map(|word| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            u64::from_le_bytes(bytes)
        });
        let mut word = || words.next().unwrap_or_default();
        let (smoothed, negative_log_likelihood, alignment) = (word(), word(), word());
        let (has_auxiliary, auxiliary) = (word() == 1, f64::from_bits(word()));
        Self {
            smoothed: f64::from_bits(smoothed),
            negative_log_likelihood: f64::from_bits(negative_log_likelihood),
            alignment: f64::from_bits(alignment),
            auxiliary: has_auxiliary.then_some(auxiliary),
            correct: word() as usize,
            judged: word() as usize,
            tokens: word() as usize,
            gradient_norm: f64::from_bits(word()),
        }
    }
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
        self.sum.add(outcome);
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
