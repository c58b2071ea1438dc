//! Trainer: the training loop, with logs, evaluations and checkpoints.

mod batches;
mod evaluation;
mod resuming;
mod saving;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use any2any_adapter::Seed;
use any2any_experiment::spec::Experiment;
use any2any_model::{Model, Pass};
use any2any_run::{
    AdapterSet, Existing, ExperimentTexts, LastGood, RunFolder, RunLock, Start, State, fresh_model,
    parameters,
};
use any2any_translate::batch::{Batch, Targets};
use any2any_translate::{checksum_behind, checksum_with_texts};
use burn::module::Module;
use burn::tensor::Device;

use crate::adaptation::Adaptation;
use crate::error::TrainError;
use crate::learning::{Learning, Learns, Rates};
use crate::log::Log;
use crate::objective::{BatchLosses, Objective};
use crate::observer::{Event, Observer, Stopped};
use crate::optimizer::{GradientSum, Optimizer};
use crate::phases::{Phase, Phases};
use crate::prepare::{Prepared, PreparedTask};
use crate::running_mean::{Outcome, RunningMean};
use crate::schedule::LearningRate;
use crate::trained::Trained;
use crate::updates::{Update, Updates};

pub use resuming::Resuming;

/// A training that can be started or resumed.
pub struct Trainer {
    experiment: Experiment,
    adapters: AdapterSet,
    run: RunFolder,
    device: Device,
    tasks: Vec<PreparedTask>,
    model: Model,
    /// The parameters that learn.
    learning: Learning,
    /// The low-rank adaptation of the model; `None` where all that learns is its own.
    adaptation: Option<Adaptation>,
    optimizer: Optimizer,
    objective: Objective,
    state: State,
    /// The changes since the last checkpoint.
    changes: Vec<String>,
    /// The checkpoints that were passed over, and their new places.
    passed_over: Vec<String>,
    /// The lock of the run's folder; `None` for a training that writes none.
    running: Option<RunLock>,
    stop: Arc<AtomicBool>,
    phases: Phases,
}

impl Trainer {
    /// Starts a training in a run folder of its own.
    ///
    /// # Errors
    ///
    /// If the folder already holds a run and is not to be set aside, a training runs there, or it cannot be written.
    pub fn start(prepared: Prepared, run: RunFolder, existing: Existing) -> Result<Self, TrainError> {
        let device = any2any_run::device::device(&prepared.experiment.device)?;
        let running = run.create(
            ExperimentTexts { given: &prepared.given, resolved: &prepared.resolved },
            &prepared.adapters,
            existing,
        )?;
        let Prepared { experiment, adapters, tasks, start, .. } = prepared;
        let mut trainer =
            Self { running: Some(running), ..Self::new(experiment, adapters, run, device, tasks) };
        if let Some(start) = start {
            trainer.take_over(&start);
            // From here on the run is whole, without that from which it starts.
            trainer.run.checkpoints().save(&trainer.checkpoint())?;
            trainer.prune()?;
        }
        Ok(trainer)
    }

    /// Takes over the weights of the run that the model starts from.
    fn take_over(&mut self, start: &Start) {
        let plan = start.plan(self.model.architecture(), &self.adapters);
        self.model = start.carried_into(self.model.clone(), &plan);
        let fresh = plan.iter().filter(|taken| !taken.is_loaded());
        self.state.fresh = fresh.map(|taken| taken.name.clone()).collect();
        self.divide();
    }

    /// Divides the model into what learns and what does not.
    fn divide(&mut self) {
        self.learning = Learning::new(&self.experiment, self.state.fresh.clone());
        if self.learning.is_of_all() {
            return;
        }
        let learning = &self.learning;
        self.model = parameters::frozen(self.model.clone(), |name| learning.of(name) != Learns::Whole);
        let seed = Seed(self.experiment.seed);
        let adaptation =
            |lora| Adaptation::new(lora, learning, self.model.architecture(), seed, &self.device);
        self.adaptation = self.experiment.model.start.lora.as_ref().map(adaptation);
    }

    pub(crate) fn new(
        experiment: Experiment,
        adapters: AdapterSet,
        run: RunFolder,
        device: Device,
        tasks: Vec<PreparedTask>,
    ) -> Self {
        let model = fresh_model(&experiment, &adapters, &device.clone().autodiff());
        let data = tasks.iter().fold(0, |sum, task| match &task.stored {
            Some(stored) => stored.checksum_behind(sum),
            None => checksum_behind(sum, &task.train.examples),
        });
        let validation = || tasks.iter().filter_map(|task| task.validation.as_ref());
        let validation = checksum_with_texts(
            validation().flat_map(|split| &split.examples),
            validation().flat_map(|split| split.sources.iter().chain(&split.references)),
        );
        let rates = Rates::new(experiment.training.rates.clone());
        let mut trainer = Self {
            optimizer: Optimizer::new(experiment.training.optimizer.clone()).with_rates(rates),
            learning: Learning::default(),
            adaptation: None,
            objective: Objective::new(&experiment, &adapters),
            state: State {
                data,
                validation: Some(validation),
                // An experiment is plain data, which always becomes JSON.
                experiment: serde_json::to_value(&experiment).ok(),
                ..State::default()
            },
            changes: Vec::new(),
            passed_over: Vec::new(),
            running: None,
            stop: Arc::default(),
            phases: Phases::default(),
            experiment,
            adapters,
            run,
            device,
            tasks,
            model,
        };
        trainer.divide();
        trainer
    }

    /// The changes since the last checkpoint, in spite of which the run is resumed.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }

    /// The checkpoints that are broken, or later than the one that is resumed, and their new places.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// A flag that ends training after the current step, for instance from a signal handler.
    pub fn stop(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Trains to the last step, until patience runs out, or until it is stopped.
    ///
    /// # Errors
    ///
    /// If a loss or a weight is not finite or a file cannot be written; the last checkpoint is then still good.
    pub fn train(mut self, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
        // Locked until the training has ended, in whatever way.
        let _running = self.running.take();
        let steps = self.experiment.training.steps;
        let (sampler, weights) = self.batch_sampler()?;
        observer.event(Event::Started {
            parameters: self.parameters(),
            step: self.state.step,
            steps,
            tasks: &weights,
            batches_an_epoch: sampler.batches_an_epoch(),
        });
        let mut log = Log::open(&self.run, self.state.step)?;
        let batches = self.prefetch(sampler, self.state.step);
        let mut updates = Updates::after(self.state.step, batches, self.learning_rate());
        let mut mean = RunningMean::new();
        let mut stopped = Stopped::Finished;
        if self.state.unevaluated {
            self.evaluate_until_stopped(&mut log, &mut updates.rate, observer)?;
            if self.state.unevaluated {
                stopped = Stopped::Interrupted;
            } else {
                self.save_once_more()?;
                if self.is_out_of_patience() {
                    stopped = Stopped::Patience;
                }
            }
        }
        while self.state.step < steps && stopped == Stopped::Finished {
            let began = Instant::now();
            let Update { step, learning_rate, outcome, .. } = updates.make(&mut self)?;
            self.state.step = step;
            self.state.tokens += outcome.tokens as u64;
            self.state.seconds += began.elapsed().as_secs_f64();
            mean.add(&outcome, began.elapsed().as_secs_f64());

            let progress = mean.progress(step, steps, learning_rate, &self.state);
            let adapted = self.adaptation.as_ref().map(|of| of.applied_to(self.model.clone(), None).0);
            observer
                .event(Event::Step { progress: &progress, model: adapted.as_ref().unwrap_or(&self.model) });
            if step.is_multiple_of(self.experiment.training.log_every) || step == steps {
                log.progress(&progress)?;
                observer.event(Event::Logged(&progress));
                mean = RunningMean::new();
            }
            let evaluates = step.is_multiple_of(self.experiment.evaluation.every) || step == steps;
            let saves = self.experiment.training.save_every.is_some_and(|every| step.is_multiple_of(every));
            if evaluates {
                self.require_finite()?;
                self.evaluate_until_stopped(&mut log, &mut updates.rate, observer)?;
            }
            let interrupted = self.stop.load(Ordering::Relaxed);
            if evaluates || saves || interrupted {
                self.save(observer)?;
                observer.event(Event::Saved { step });
            }
            if interrupted && (step < steps || self.state.unevaluated) {
                stopped = Stopped::Interrupted;
                break;
            }
            if self.is_out_of_patience() {
                stopped = Stopped::Patience;
                break;
            }
        }
        if self.run.checkpoints().steps()?.is_empty() {
            self.save(observer)?;
        }
        log.close()?;
        observer.event(Event::Stopped { step: self.state.step, why: stopped });
        Ok(Trained {
            run: self.run,
            experiment: self.experiment,
            adapters: self.adapters,
            device: self.device,
            tasks: self.tasks,
            state: self.state,
            stopped,
        })
    }

    /// The model as it decodes, with its adaptation merged into it.
    fn merged(&self) -> Model {
        let Some(adaptation) = &self.adaptation else { return self.model.valid() };
        let mut weights = parameters::weights(&self.model);
        let merged = adaptation.to_host().merge_into(&mut weights);
        merged
            .and_then(|()| parameters::with_weights(self.model.valid(), &weights))
            .expect("an adaptation of this model")
    }

    /// The stopwatch of the steps, which is off unless somebody starts it.
    pub(crate) fn phases(&mut self) -> &mut Phases {
        &mut self.phases
    }

    /// The number of the model's parameters.
    pub(crate) fn parameters(&self) -> usize {
        self.model.num_params() + self.adaptation.as_ref().map_or(0, Adaptation::size)
    }

    /// The schedule of the learning rate.
    pub(crate) fn learning_rate(&self) -> LearningRate {
        LearningRate::new(
            self.experiment.training.schedule.clone(),
            self.experiment.model.stacks().1.d_model,
            self.experiment.training.steps,
            self.state.plateau,
        )
    }

    /// Makes one update from the gradients of some batches.
    pub(crate) fn step(
        &mut self,
        step: u64,
        update: &[Batch],
        learning_rate: f64,
    ) -> Result<Outcome, TrainError> {
        if !LearningRate::is_sound(learning_rate) {
            return Err(TrainError::Rate { step, rate: learning_rate });
        }
        let tokens: usize = update.iter().map(|batch| batch.tokens).sum();
        let weight = 1.0 / tokens.max(1) as f64;
        let autodiff = self.device.clone().autodiff();
        let mut gradients = GradientSum::default();
        let mut outcome = Outcome { tokens, ..Outcome::default() };
        for (number, batch) in update.iter().enumerate() {
            let pass_number = (step - 1) * update.len() as u64 + number as u64;
            let mut pass = Pass::training(Seed(self.experiment.seed), pass_number);
            if self.experiment.training.recompute.is_some() {
                pass = pass.recomputing_layers();
            }
            let objective = &self.objective;
            let adapted =
                self.adaptation.as_ref().map(|of| of.applied_to(self.model.clone(), Some(pass_number)));
            let model = adapted.as_ref().map_or(&self.model, |(model, _)| model);
            let BatchLosses { loss, alignment, auxiliary, total } =
                objective.forward(model, batch, &autodiff, &mut pass, weight);
            outcome.alignment += alignment.unwrap_or_default();
            if let Some(auxiliary) = auxiliary {
                outcome.auxiliary = Some(outcome.auxiliary.unwrap_or_default() + auxiliary);
                if !auxiliary.is_finite() {
                    return Err(self.not_finite(step, "auxiliary loss", auxiliary, update));
                }
            }
            outcome.smoothed += loss.smoothed;
            outcome.negative_log_likelihood += loss.negative_log_likelihood;
            if let Targets::Tokens { .. } = batch.targets {
                outcome.correct += loss.correct;
                outcome.judged += batch.tokens;
            }
            if !loss.smoothed.is_finite() {
                return Err(self.not_finite(step, "loss", loss.smoothed, update));
            }
            self.phases.end(Phase::Forward);
            let mut found = total.backward();
            if let Some((_, adapted)) = adapted {
                gradients.add_named(adapted.take_gradients(&mut found));
            }
            gradients.add(&self.model, found);
            self.phases.end(Phase::Backward);
        }
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

    /// Fails if weights are not finite, since nothing can be decoded with them; saving checks by itself.
    fn require_finite(&self) -> Result<(), TrainError> {
        let adaptation = self.adaptation.as_ref().map(|of| of.to_host().matrices).unwrap_or_default();
        let model = parameters::weights(&self.model);
        match parameters::not_finite(&model).or(parameters::not_finite(&adaptation)) {
            None => Ok(()),
            Some(parameter) => Err(self.run.checkpoints().diverged(self.state.step, parameter).into()),
        }
    }

    /// True after more evaluations without an improvement than patience allows.
    fn is_out_of_patience(&self) -> bool {
        self.experiment.evaluation.patience.is_some_and(|patience| self.state.waited >= patience)
    }
}
