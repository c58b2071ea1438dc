//! The step loop: the updates of a training one by one, for trainings, benchmarks and sweeps.

use any2any_run::RunError;
use any2any_translate::batch::Batch;

use crate::error::TrainError;
use crate::running_mean::Outcome;
use crate::schedule::LearningRate;
use crate::trainer::Trainer;

/// The updates of a training from some step on.
pub(crate) struct Updates<B> {
    batches: B,
    /// The schedule of the learning rate.
    pub rate: LearningRate,
    step: u64,
}

/// An update that has been made.
pub(crate) struct Update {
    /// The update's number, from 1.
    pub step: u64,
    pub learning_rate: f64,
    pub batches: Vec<Batch>,
    pub outcome: Outcome,
}

impl<B: Iterator<Item = Result<Batch, RunError>>> Updates<B> {
    /// The updates after a step, from the batches that follow it.
    pub(crate) fn after(step: u64, batches: B, rate: LearningRate) -> Self {
        Self { batches, rate, step }
    }

    /// Makes the next update.
    ///
    /// # Errors
    ///
    /// If a loss or a gradient is not finite, or samples cannot be read.
    pub(crate) fn make(&mut self, trainer: &mut Trainer) -> Result<Update, TrainError> {
        self.step += 1;
        let (step, learning_rate) = (self.step, self.rate.at(self.step));
        let batches = trainer.next_update(&mut self.batches)?;
        let outcome = trainer.step(step, &batches, learning_rate)?;
        Ok(Update { step, learning_rate, batches, outcome })
    }
}
