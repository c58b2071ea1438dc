//! Checkpoints of a training: what is saved, and what is removed again.

use any2any_run::{Checkpoint, parameters};

use super::Trainer;
use crate::adaptation::Adaptation;
use crate::error::TrainError;
use crate::observer::{Event, Observer};

impl Trainer {
    /// Saves the current step, and removes checkpoints that are neither the last nor among the best.
    pub(super) fn save(&self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        if let Some(to) = self.run.checkpoints().save(&self.checkpoint())? {
            observer.event(Event::SetAside { to: &to });
        }
        self.prune()
    }

    /// Replaces the checkpoint of the current step, which was saved before its evaluation.
    pub(super) fn save_once_more(&self) -> Result<(), TrainError> {
        self.run.checkpoints().save_once_more(&self.checkpoint())?;
        self.prune()
    }

    /// The checkpoint of the current step.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        let (_, optimizer) = self.optimizer.state();
        let weights = parameters::weights(&self.model);
        let architecture = Some(self.model.architecture().clone());
        let lora = self.adaptation.as_ref().map(Adaptation::to_host);
        Checkpoint { architecture, weights, lora, optimizer, state: self.state.clone() }
    }

    pub(super) fn prune(&self) -> Result<(), TrainError> {
        let checkpoints = self.run.checkpoints();
        let best = self.state.best.first().map_or(self.state.step, |best| best.step);
        checkpoints.point("best", best)?;
        let mut kept: Vec<u64> = self.state.best.iter().map(|ranked| ranked.step).collect();
        kept.push(self.state.step);
        Ok(checkpoints.keep_only(&kept)?)
    }
}
