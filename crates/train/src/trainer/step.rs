//! One update of a training: the passes of this rank's batches, the sum of all ranks' gradients, and the optimizer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use any2any_adapter::Seed;
use any2any_model::{Model, Pass};
use any2any_run::LastGood;
use any2any_run::parameters::{self, Named};
use any2any_translate::batch::{Batch, Targets};
use burn::tensor::Tensor;

use super::Trainer;
use crate::adaptation::Adapted;
use crate::error::TrainError;
use crate::gradient_sum::GradientSum;
use crate::layer_exchange::{Layers, Shares};
use crate::objective::BatchLosses;
use crate::phases::Phase;
use crate::precision;
use crate::running_mean::Outcome;
use crate::schedule::LearningRate;

/// The passes of a rank's batches of an update.
struct Passes {
    outcomes: Vec<Outcome>,
    /// The sum over all batches but the last.
    gradients: GradientSum,
    last: Option<Forward>,
}

/// A batch after its forward pass.
struct Forward {
    total: Tensor<1>,
    adapted: Option<Adapted>,
    /// The layers that it has gone through, if it is listened to.
    layers: Arc<Layers>,
}

impl Forward {
    /// The gradients of all parameters.
    fn backward(self, model: &Model) -> Named {
        let mut found = self.total.backward();
        let of_adaptation = self.adapted.map(|adapted| adapted.take_gradients(&mut found));
        let mut gradients = parameters::take_gradients(model, &mut found);
        gradients.extend(of_adaptation.unwrap_or_default());
        gradients
    }
}

impl Trainer {
    /// Makes one update from the gradients of this rank's batches, and of those of the others.
    pub(crate) fn step(
        &mut self,
        step: u64,
        update: &[Batch],
        learning_rate: f64,
    ) -> Result<Outcome, TrainError> {
        if !LearningRate::is_sound(learning_rate) {
            return Err(TrainError::Rate { step, rate: learning_rate });
        }
        // Gradients are divided by the tokens of the whole update, which every rank must know before it computes some.
        let tokens = self.tokens_of_all(update)?;
        let passes = self.passes(step, update, 1.0 / tokens.max(1) as f64);
        let Passes { outcomes, gradients, last } = self.ranks.agree(passes)?;
        let mut outcome = self.sum_of_all(&outcomes)?;
        let mut gradients = self.summed(gradients, last, update.len() * self.ranks.size())?;
        outcome.gradient_norm = gradients.norm();
        if !outcome.gradient_norm.is_finite() {
            return Err(self.not_finite(step, "gradient", outcome.gradient_norm, update));
        }
        let scale = match self.experiment.training.clip_norm {
            Some(limit) if outcome.gradient_norm > limit => limit / outcome.gradient_norm,
            _ => 1.0,
        };
        let (model, adaptation) = (self.model.clone(), self.adaptation.as_mut());
        self.model = self.optimizer.update_all(model, adaptation, gradients, (scale, learning_rate));
        self.phases.end(Phase::Optimizer);
        Ok(outcome)
    }

    /// The number of target tokens of all ranks' batches.
    fn tokens_of_all(&self, update: &[Batch]) -> Result<usize, TrainError> {
        let tokens: usize = update.iter().map(|batch| batch.tokens).sum();
        let all = self.ranks.all_gather_bytes(&(tokens as u64).to_le_bytes())?;
        let tokens = all.iter().filter_map(|of| Some(u64::from_le_bytes(of.as_slice().try_into().ok()?)));
        Ok(tokens.sum::<u64>() as usize)
    }

    /// The forward and backward passes of this rank's batches, but the backward pass of the last one: until all ranks know
    /// that no loss of another has gone wrong.
    fn passes(&mut self, step: u64, update: &[Batch], weight: f64) -> Result<Passes, TrainError> {
        let autodiff = self.device.clone().autodiff();
        let first = self.ranks.rank() * update.len();
        let all = update.len() * self.ranks.size();
        let mut gradients = GradientSum::from_batch(first);
        let (mut outcomes, mut last) = (Vec::new(), None);
        for (number, batch) in update.iter().enumerate() {
            let pass_number = (step - 1) * all as u64 + (first + number) as u64;
            let training = &self.experiment.training;
            let mut pass = Pass::training(Seed(self.experiment.seed), pass_number)
                .multiplying_in(precision::products(training.precision));
            if training.recompute.is_some() {
                pass = pass.recomputing_layers();
            }
            let objective = &self.objective;
            let adapted =
                self.adaptation.as_ref().map(|of| of.applied_to(self.model.clone(), Some(pass_number)));
            let mut layers = Arc::default();
            // The matrices of an adaptation learn outside of layers, and are small.
            if number + 1 == update.len() && !self.ranks.is_alone() && adapted.is_none() {
                layers = Arc::new(Layers::new(parameters::names(&self.model)));
                pass = pass.listened_by(layers.clone());
            }
            let model = adapted.as_ref().map_or(&self.model, |(model, _)| model);
            let BatchLosses { loss, alignment, auxiliary, total } =
                objective.forward(model, batch, &autodiff, &mut pass, weight);
            if let Some(auxiliary) = auxiliary.filter(|auxiliary| !auxiliary.is_finite()) {
                return Err(self.not_finite(step, "auxiliary loss", auxiliary, update));
            }
            if !loss.smoothed.is_finite() {
                return Err(self.not_finite(step, "loss", loss.smoothed, update));
            }
            let (correct, judged) = match batch.targets {
                Targets::Tokens { .. } => (loss.correct, batch.tokens),
                Targets::Frames { .. } => (0, 0),
            };
            outcomes.push(Outcome {
                smoothed: loss.smoothed,
                negative_log_likelihood: loss.negative_log_likelihood,
                alignment: alignment.unwrap_or_default(),
                auxiliary,
                correct,
                judged,
                tokens: batch.tokens,
                gradient_norm: 0.0,
            });
            self.phases.end(Phase::Forward);
            let forward = Forward { total, adapted: adapted.map(|(_, adapted)| adapted), layers };
            if number + 1 == update.len() {
                last = Some(forward);
            } else {
                gradients.add_named(forward.backward(&self.model));
                self.phases.end(Phase::Backward);
            }
        }
        Ok(Passes { outcomes, gradients, last })
    }

    /// The sum of the gradients of all ranks' batches, after the backward pass of this rank's last one.
    fn summed(
        &mut self,
        gradients: GradientSum,
        last: Option<Forward>,
        batches: usize,
    ) -> Result<GradientSum, TrainError> {
        let shares = Shares { ranks: &self.ranks, batches, wire: self.experiment.training.exchange };
        let layers = last.as_ref().map(|last| last.layers.clone()).unwrap_or_default();
        let backward = || {
            let found = last.map(|last| last.backward(&self.model)).unwrap_or_default();
            self.phases.end(Phase::Backward);
            found
        };
        Ok(layers.exchanged(gradients, shares, backward)?)
    }

    /// The sum of the outcomes of all ranks' batches, in their order. Ranks tell each other here whether they are to stop.
    fn sum_of_all(&mut self, outcomes: &[Outcome]) -> Result<Outcome, TrainError> {
        let stop = u8::from(self.stop.load(Ordering::Relaxed));
        let mine: Vec<u8> =
            std::iter::once(stop).chain(outcomes.iter().flat_map(|outcome| outcome.to_bytes())).collect();
        let mut sum = Outcome::default();
        for of in self.ranks.all_gather_bytes(&mine)? {
            if let Some((stop, outcomes)) = of.split_first() {
                self.stopping |= *stop == 1;
                outcomes
                    .chunks_exact(Outcome::BYTES)
                    .for_each(|outcome| sum.add(&Outcome::from_bytes(outcome)));
            }
        }
        Ok(sum)
    }

    fn not_finite(&self, step: u64, what: &'static str, value: f64, update: &[Batch]) -> TrainError {
        let samples = update.iter().flat_map(|batch| &batch.samples).map(|sample| (sample + 1).to_string());
        let mut samples: Vec<String> = samples.collect();
        let more = samples.len().saturating_sub(20);
        samples.truncate(20);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        TrainError::NotFinite {
            step,
            what,
            value,
            task: update.first().map_or_else(String::new, |batch| self.tasks[batch.task].name.clone()),
            samples: samples.join(", ") + &more,
            last_good: LastGood(self.run.checkpoints().newest_whole()),
        }
    }
}
