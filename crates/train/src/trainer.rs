//! Trainer: the training loop, with logs, evaluations and checkpoints.

mod batches;
mod evaluation;
mod resuming;
mod saving;
mod step;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use any2any_adapter::Seed;
use any2any_experiment::spec::Experiment;
use any2any_model::Model;
use any2any_run::{
    AdapterSet, Existing, ExperimentTexts, RunFolder, RunLock, Start, State, fresh_model, parameters,
};
use any2any_translate::{HeldOut, checksum_behind};
use burn::module::Module;
use burn::tensor::Device;

use crate::adaptation::Adaptation;
use crate::error::TrainError;
use crate::learning::{Learning, Learns, Rates};
use crate::log::Log;
use crate::objective::Objective;
use crate::observer::{Event, Observer, Stopped};
use crate::optimizer::Optimizer;
use crate::phases::Phases;
use crate::precision;
use crate::prepare::{Prepared, PreparedTask};
use crate::ranks::Ranks;
use crate::running_mean::RunningMean;
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
    /// True once some rank's flag has ended the training, which all ranks know at the same step.
    stopping: bool,
    phases: Phases,
    ranks: Ranks,
    /// This rank's batches of each update, by their numbers in it.
    share: Range<usize>,
}

impl Trainer {
    /// Starts a training in a run folder of its own.
    ///
    /// # Errors
    ///
    /// If the folder already holds a run and is not to be set aside, a training runs there, or it cannot be written.
    pub fn start(prepared: Prepared, run: RunFolder, existing: Existing) -> Result<Self, TrainError> {
        Self::start_among(&Ranks::alone(), prepared, run, existing)
    }

    /// Starts a training as one of several ranks, of which the first alone writes the run's folder.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start) on any rank, or if the ranks cannot share the batches of an update.
    pub fn start_among(
        ranks: &Ranks,
        prepared: Prepared,
        run: RunFolder,
        existing: Existing,
    ) -> Result<Self, TrainError> {
        let started = || -> Result<Self, TrainError> {
            let share = ranks.share(prepared.experiment.training.accumulate)?;
            precision::agree(ranks, prepared.experiment.training.precision)?;
            let device = any2any_run::device::device(&prepared.experiment.device)?;
            let running = if ranks.is_first() {
                let texts = ExperimentTexts { given: &prepared.given, resolved: &prepared.resolved };
                Some(run.create(texts, &prepared.adapters, existing)?)
            } else {
                None
            };
            let Prepared { experiment, adapters, tasks, start, .. } = prepared;
            let new = Self::new(experiment, adapters, run, device, tasks);
            let mut trainer = Self { running, ranks: ranks.clone(), share, ..new };
            if let Some(start) = start {
                trainer.take_over(&start);
                if ranks.is_first() {
                    // From here on the run is whole, without that from which it starts.
                    trainer.run.checkpoints().save(&trainer.checkpoint())?;
                    trainer.prune()?;
                }
            }
            Ok(trainer)
        };
        ranks.agree(started())
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
        let validation = HeldOut::checksum(tasks.iter().filter_map(|task| task.validation.as_ref()));
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
            stopping: false,
            phases: Phases::default(),
            ranks: Ranks::alone(),
            share: 0..experiment.training.accumulate,
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
    /// If a loss or a weight is not finite or a file cannot be written, on any rank; the last checkpoint is then still
    /// good.
    pub fn train(self, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
        let ranks = self.ranks.clone();
        let trained = if ranks.is_first() { self.train_on(observer) } else { self.train_on(&mut ()) };
        ranks.agree(trained)
    }

    /// Trains on this rank, whose first one alone has an observer, a log and checkpoints.
    fn train_on(mut self, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
        self.require_same()?;
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
        let is_first = self.ranks.is_first();
        let mut log = is_first.then(|| Log::open(&self.run, self.state.step)).transpose()?;
        let batches = self.prefetch(sampler, self.state.step);
        let mut updates = Updates::after(self.state.step, batches, self.learning_rate());
        let mut mean = RunningMean::new();
        let mut stopped = Stopped::Finished;
        if self.state.unevaluated {
            self.evaluate_until_stopped(log.as_mut(), &mut updates.rate, observer)?;
            if self.state.unevaluated {
                stopped = Stopped::Interrupted;
            } else {
                if is_first {
                    self.save_once_more()?;
                }
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
                if let Some(log) = &mut log {
                    log.progress(&progress)?;
                }
                observer.event(Event::Logged(&progress));
                mean = RunningMean::new();
            }
            let evaluates = step.is_multiple_of(self.experiment.evaluation.every) || step == steps;
            let saves = self.experiment.training.save_every.is_some_and(|every| step.is_multiple_of(every));
            if evaluates {
                self.require_finite()?;
                self.evaluate_until_stopped(log.as_mut(), &mut updates.rate, observer)?;
            }
            let interrupted = self.is_stopped();
            if evaluates || saves || interrupted {
                if is_first {
                    self.save(observer)?;
                }
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
        if is_first && self.run.checkpoints().steps()?.is_empty() {
            self.save(observer)?;
        }
        log.map_or(Ok(()), Log::close)?;
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

    /// True if the training is to end after this step. Ranks end after the same step: each tells of its flag with what it
    /// tells anyway.
    fn is_stopped(&self) -> bool {
        if self.ranks.is_alone() { self.stop.load(Ordering::Relaxed) } else { self.stopping }
    }

    /// Fails if the ranks would train on different data or from different weights.
    fn require_same(&self) -> Result<(), TrainError> {
        if self.ranks.is_alone() {
            return Ok(());
        }
        let experiment = self.state.experiment.as_ref().map(ToString::to_string).unwrap_or_default();
        let weights = parameters::weights(&self.model);
        let weights = weights
            .values()
            .flat_map(|of| &of.values)
            .fold(0, |sum, value| crc32c::crc32c_append(sum, &value.to_le_bytes()));
        let sums = [
            ("program", crc32c::crc32c(env!("CARGO_PKG_VERSION").as_bytes())),
            ("experiment", crc32c::crc32c(experiment.as_bytes())),
            ("training split", self.state.data),
            ("validation split", self.state.validation.unwrap_or_default()),
            ("step", self.state.step as u32),
            ("model", weights),
        ];
        let mine: Vec<u8> = sums.iter().flat_map(|(_, sum)| sum.to_le_bytes()).collect();
        let all = self.ranks.all_gather_bytes(&mine)?;
        for (rank, theirs) in all.iter().enumerate() {
            let mut pairs = sums.iter().zip(theirs.chunks(4).zip(all[0].chunks(4)));
            if let Some(((what, _), _)) = pairs.find(|(_, (theirs, first))| theirs != first) {
                return Err(TrainError::RanksDiffer { rank, what });
            }
        }
        Ok(())
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
