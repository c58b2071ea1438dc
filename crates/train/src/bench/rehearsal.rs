//! A training whose updates are asked for one by one, without log, evaluation or checkpoints.

use any2any_data::Prefetch;
use any2any_translate::batch::Batch;

use super::Phases;
use crate::error::TrainError;
use crate::schedule::LearningRate;
use crate::trainer::Trainer;
use crate::window::Outcome;

/// A training whose updates are asked for one by one.
pub(crate) struct Rehearsal {
    trainer: Trainer,
    batches: Prefetch<Batch>,
    rate: LearningRate,
    batches_an_epoch: usize,
    step: u64,
}

impl Trainer {
    /// This training from its first step, update by update.
    pub(crate) fn rehearse(mut self) -> Result<Rehearsal, TrainError> {
        let (order, _) = self.order()?;
        let batches_an_epoch = order.batches_an_epoch();
        let batches = self.prefetch(order, 0);
        Ok(Rehearsal { rate: self.learning_rate(), trainer: self, batches, batches_an_epoch, step: 0 })
    }
}

impl Rehearsal {
    /// Makes the next update; gives its batches and what it came to.
    pub(crate) fn step(&mut self) -> Result<(Vec<Batch>, Outcome), TrainError> {
        self.step += 1;
        let update = self.trainer.next_update(&mut self.batches);
        let outcome = self.trainer.step(self.step, &update, self.rate.at(self.step))?;
        Ok((update, outcome))
    }

    /// Reads the time of each phase from now on.
    pub(crate) fn measure(&mut self, phases: Phases) {
        *self.phases() = phases;
    }

    /// The time of each phase so far.
    pub(crate) fn phases(&mut self) -> &mut Phases {
        self.trainer.phases()
    }

    /// Batches of one epoch of every task.
    pub(crate) fn batches_an_epoch(&self) -> usize {
        self.batches_an_epoch
    }
}
