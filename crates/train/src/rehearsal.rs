//! Rehearsal: a training without log, evaluation or checkpoints, whose caller makes the updates one by one.

use any2any_experiment::spec::Experiment;
use any2any_run::{AdapterSet, RunError, RunFolder};
use any2any_translate::batch::Batch;
use burn::tensor::Device;

use crate::error::TrainError;
use crate::phases::Phases;
use crate::prepare::PreparedTask;
use crate::running_mean::Outcome;
use crate::trainer::Trainer;
use crate::updates::{Update, Updates};

/// A training whose caller makes the updates one by one.
pub struct Rehearsal {
    trainer: Trainer,
    updates: Updates<Box<dyn Iterator<Item = Result<Batch, RunError>>>>,
    batches_an_epoch: usize,
}

impl Trainer {
    /// A rehearsal of this training from its first step, with batches prepared ahead.
    ///
    /// # Errors
    ///
    /// If no batch can be drawn from the tasks.
    pub fn rehearse(mut self) -> Result<Rehearsal, TrainError> {
        let (sampler, _) = self.batch_sampler()?;
        let batches_an_epoch = sampler.batches_an_epoch();
        let batches = Box::new(self.prefetch(sampler, 0));
        Ok(Rehearsal {
            updates: Updates::after(0, batches, self.learning_rate()),
            trainer: self,
            batches_an_epoch,
        })
    }
}

impl Rehearsal {
    /// A rehearsal on one thread, which writes nothing and announces nothing. `run` only names its folder.
    ///
    /// # Errors
    ///
    /// If no batch can be drawn from the tasks.
    pub fn on_this_thread(
        experiment: Experiment,
        adapters: AdapterSet,
        run: RunFolder,
        device: Device,
        tasks: Vec<PreparedTask>,
    ) -> Result<Self, TrainError> {
        let mut trainer = Trainer::new(experiment, adapters, run, device, tasks);
        let rate = trainer.learning_rate();
        let (sampler, _) = trainer.batch_sampler()?;
        let batches_an_epoch = sampler.batches_an_epoch();
        Ok(Self {
            trainer,
            updates: Updates::after(0, Box::new(sampler.batches(0..)), rate),
            batches_an_epoch,
        })
    }

    /// Makes the next update; gives its batches and its losses.
    ///
    /// # Errors
    ///
    /// If a loss or a gradient is not finite.
    pub fn step(&mut self) -> Result<(Vec<Batch>, Outcome), TrainError> {
        let Update { batches, outcome, .. } = self.updates.make(&mut self.trainer)?;
        Ok((batches, outcome))
    }

    /// The number of the model's parameters.
    pub fn parameters(&self) -> usize {
        self.trainer.parameters()
    }

    /// Measures the time of each phase from now on.
    pub fn measure(&mut self, phases: Phases) {
        *self.phases() = phases;
    }

    /// The times of the phases so far.
    pub fn phases(&mut self) -> &mut Phases {
        self.trainer.phases()
    }

    /// The number of batches in one epoch of every task.
    pub fn batches_an_epoch(&self) -> usize {
        self.batches_an_epoch
    }
}
