//! The training loop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use any2any_adapter::{Cancellation, Registry, Seed};
use any2any_core::{Model, Pass};
use any2any_data::{DataRoot, Limits, Prefetch};
use any2any_experiment::Document;
use any2any_experiment::spec::Experiment;
use burn::module::Module;
use burn::tensor::Device;

use crate::adapters::AdapterSet;
use crate::batch::{Batch, Framing, Targets};
use crate::bench::{Phase, Phases};
use crate::build::model_config;
use crate::changes::Changes;
use crate::checkpoint::{Checkpoint, Checkpoints, LastGood, Ranked, State};
use crate::corpus;
use crate::error::TrainError;
use crate::evaluate;
use crate::loaded::config_shapes;
use crate::log::Log;
use crate::objective::{Objective, Trained as TrainedBatch};
use crate::observer::{Event, Observer, Stopped, TaskEvaluation};
use crate::optimizer::{GradientSum, Optimizer};
use crate::order::{Order, TaskExamples};
use crate::parameters;
use crate::prepare::{Prepared, PreparedTask, load_split};
use crate::run::{Existing, RunFolder, fresh_model};
use crate::running::Running;
use crate::schedule::LearningRate;
use crate::silence::Silence;
use crate::trained::Trained;
use crate::translator::Translator;
use crate::variation::Variation;
use crate::window::{Outcome, Window};

/// How a training is gone on with.
#[derive(Clone, Debug, Default)]
pub struct Resuming {
    /// A new number of steps, for a run that is to go on beyond its end.
    pub steps: Option<u64>,
    /// The folder that the data has been moved to; none where it is where the run says.
    pub files: Option<PathBuf>,
    /// Whether to go on in spite of changes that make the run another.
    pub accept_changes: bool,
    /// The checkpoint to go on from (`best`, `last`, `step-N`); the newest that is whole where there is none.
    pub from: Option<String>,
}

/// A training that can be started, or gone on with.
pub struct Trainer {
    experiment: Experiment,
    adapters: AdapterSet,
    run: RunFolder,
    device: Device,
    tasks: Vec<PreparedTask>,
    model: Model,
    optimizer: Optimizer,
    objective: Objective,
    state: State,
    /// What has been changed since the last checkpoint.
    changes: Vec<String>,
    /// What became of checkpoints that are not gone on from.
    passed_over: Vec<String>,
    /// The lock of the run's folder; none of a training that writes none.
    running: Option<Running>,
    stop: Arc<AtomicBool>,
    phases: Phases,
}

/// The items of some places.
fn keep<T>(items: Vec<T>, places: &[usize]) -> Vec<T> {
    let mut places = places.iter().copied().peekable();
    let items = items.into_iter().enumerate();
    items.filter_map(|(at, item)| places.next_if_eq(&at).map(|_| item)).collect()
}

impl Trainer {
    /// A new training in a run folder of its own.
    ///
    /// # Errors
    ///
    /// When the folder already holds a run and is not to be set aside, a run is being trained there, or it cannot be
    /// written.
    pub fn start(prepared: Prepared, run: RunFolder, existing: Existing) -> Result<Self, TrainError> {
        let device = crate::device::device(&prepared.experiment.device)?;
        let running = run.create(&prepared, existing)?;
        let Prepared { experiment, adapters, tasks, .. } = prepared;
        Ok(Self { running: Some(running), ..Self::new(experiment, adapters, run, device, tasks) })
    }

    /// A training that goes on from its last checkpoint, as if it had never stopped. Where that one is broken, it goes on
    /// from the newest that is whole; later ones are set aside.
    ///
    /// # Errors
    ///
    /// When the folder holds no run, it is being trained, no checkpoint is whole, its data is gone, or it or its data
    /// has been changed such that it would go on as another.
    pub fn resume(
        run: RunFolder,
        registry: &Registry,
        root: &DataRoot,
        Resuming { steps, files, accept_changes, from }: Resuming,
    ) -> Result<Self, TrainError> {
        let root = files.iter().fold(root.for_run(run.path()), DataRoot::with_folder);
        if !root.trusts_runs() {
            run.require_whole()?;
        }
        let document = run.experiment_on(files.as_deref(), registry)?;
        // Before anything is read that another training may be writing.
        let running = Running::alone(run.path())?;
        let adapters = run.adapters(&document.experiment, registry)?;
        let shapes = config_shapes(&model_config(&document.experiment, &adapters));
        let load = |folder: &Path| {
            let checkpoint = Checkpoint::load(folder)?;
            let changes = changes_since(&checkpoint, &document, run.path(), registry)?;
            // Of a model that has been changed, the change is the better word.
            if changes.model.is_empty() {
                let found = checkpoint.weights.iter().map(|(name, weights)| (name, &weights.shape));
                parameters::check_shapes(&shapes, found).map_err(|reason| TrainError::run(folder, reason))?;
            }
            Ok((checkpoint, changes))
        };
        let (loaded, broken) = start_of(&run.checkpoints(), from.as_deref(), load)?;
        let mut experiment = document.experiment;
        experiment.training.steps = steps.unwrap_or(experiment.training.steps);
        let device = crate::device::device(&experiment.device)?;
        let limits = Limits {
            source: experiment.training.batch.max_source_length,
            target: experiment.training.batch.max_target_length,
        };
        let tasks = (0..adapters.tasks().len())
            .map(|task| {
                let name = adapters.tasks()[task].name.clone();
                let dataset =
                    any2any_data::open(&experiment.tasks[&name].data, &root).map_err(TrainError::data)?;
                let split = |role: &str| load_split(&dataset, &adapters, task, role);
                let optional = |role: &str| dataset.has_split(role).then(|| split(role)).transpose();
                let train = split("train")?;
                let selection = limits.select(&train.lengths());
                let (validation, test) = (optional("validation")?, optional("test")?);
                Ok(PreparedTask { name, train, selection, validation, test })
            })
            .collect::<Result<_, TrainError>>()?;
        let mut trainer =
            Self { running: Some(running), ..Self::new(experiment, adapters, run, device, tasks) };
        if let Some((checkpoint, changes)) = loaded {
            trainer.restore(checkpoint, changes, accept_changes)?;
            trainer.pass_over(broken)?;
        }
        Ok(trainer)
    }

    /// Sets the checkpoints aside that this training passes again, and keeps what is to be said of them.
    fn pass_over(&mut self, broken: Vec<TrainError>) -> Result<(), TrainError> {
        let (checkpoints, step) = (self.run.checkpoints(), self.state.step);
        self.passed_over =
            broken.iter().map(|error| format!("{error}; training goes on from step-{step}")).collect();
        for aside in checkpoints.go_back_to(step)? {
            let words = format!("a checkpoint after step-{step} is kept as {}", aside.display());
            self.passed_over.push(words);
        }
        // Those that were best then may have been removed since.
        let there = checkpoints.steps()?;
        self.state.best.retain(|ranked| there.contains(&ranked.step));
        if !self.passed_over.is_empty() {
            checkpoints.point("best", self.state.best.first().map_or(step, |best| best.step))?;
        }
        Ok(())
    }

    pub(crate) fn new(
        experiment: Experiment,
        adapters: AdapterSet,
        run: RunFolder,
        device: Device,
        tasks: Vec<PreparedTask>,
    ) -> Self {
        let model = fresh_model(&experiment, &adapters, &device.clone().autodiff());
        let data = corpus::checksum(tasks.iter().flat_map(|task| &task.train.examples));
        let validation = || tasks.iter().filter_map(|task| task.validation.as_ref());
        let validation = corpus::checksum_with_texts(
            validation().flat_map(|split| &split.examples),
            validation().flat_map(|split| split.sources.iter().chain(&split.references)),
        );
        Self {
            optimizer: Optimizer::new(experiment.training.optimizer.clone()),
            objective: Objective::new(&experiment, &adapters),
            state: State {
                data,
                validation: Some(validation),
                // An experiment is plain data.
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
        }
    }

    fn restore(
        &mut self,
        checkpoint: Checkpoint,
        Changes { mut model, scores }: Changes,
        accepted: bool,
    ) -> Result<(), TrainError> {
        let place = self.run.checkpoints().step(checkpoint.state.step);
        if checkpoint.state.data != self.state.data {
            model.push("the training data is no longer what this run has been trained on".to_owned());
        }
        if checkpoint.state.validation.is_some_and(|before| Some(before) != self.state.validation) {
            model.push(
                "the validation data is no longer what this run's checkpoints have been compared on"
                    .to_owned(),
            );
        }
        if !model.is_empty() && !accepted {
            let way_out = format!(
                "put that back as it was ({} holds the options), start a new run, or add --accept-changes: the run then \
                 goes on with the changes, and is no longer what its experiment alone gives",
                self.run.path().join("resolved.yaml").display()
            );
            return Err(TrainError::Changed { path: place, changes: model, way_out });
        }
        self.changes = model.into_iter().chain(scores).collect();
        let model = parameters::with_weights(self.model.clone(), &checkpoint.weights);
        self.model = model.map_err(|reason| TrainError::run(&place, reason))?;
        let kind = self.experiment.training.optimizer.clone();
        self.optimizer =
            Optimizer::with_state(kind, checkpoint.state.step, checkpoint.optimizer, &self.device);
        // From here on it is trained by what holds now.
        let State { data, validation, experiment, .. } = std::mem::take(&mut self.state);
        self.state = State { data, validation, experiment, ..checkpoint.state };
        Ok(())
    }

    /// What has been changed since the last checkpoint, of a run that is gone on with in spite of it.
    pub fn changes(&self) -> &[String] {
        &self.changes
    }

    /// What was broken or later than the checkpoint that is gone on from, and what became of it.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// Set to true, from a signal handler for instance, it ends training after the current step.
    pub fn stop(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Trains to the last step, to the end of patience, or until stopped.
    ///
    /// # Errors
    ///
    /// When a loss or a weight is not finite or a file cannot be written; the last checkpoint is then still good.
    pub fn train(mut self, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
        // Until it has ended, whatever comes after that.
        let _running = self.running.take();
        let steps = self.experiment.training.steps;
        let (order, weights) = self.order()?;
        observer.event(Event::Started {
            parameters: self.model.num_params(),
            step: self.state.step,
            steps,
            tasks: &weights,
            batches_an_epoch: order.batches_an_epoch(),
        });
        let mut log = Log::open(&self.run, self.state.step)?;
        let mut batches = self.prefetch(order, self.state.step);
        let mut rate = self.learning_rate();
        let mut window = Window::new();
        let mut stopped = Stopped::Finished;
        if self.state.unevaluated {
            self.evaluate_until_stopped(&mut log, &mut rate, observer)?;
            self.save(observer, true)?;
            if self.state.unevaluated {
                stopped = Stopped::Interrupted;
            }
        }
        while self.state.step < steps && stopped == Stopped::Finished {
            let step = self.state.step + 1;
            let began = Instant::now();
            let learning_rate = rate.at(step);
            let update = self.next_update(&mut batches);
            let outcome = self.step(step, &update, learning_rate)?;
            self.state.step = step;
            self.state.tokens += outcome.tokens as u64;
            self.state.seconds += began.elapsed().as_secs_f64();
            window.add(&outcome, began.elapsed().as_secs_f64());

            let progress = window.progress(step, steps, learning_rate, &self.state);
            observer.event(Event::Step(&progress));
            if step.is_multiple_of(self.experiment.training.log_every) || step == steps {
                log.progress(&progress)?;
                observer.event(Event::Logged(&progress));
                window = Window::new();
            }
            let evaluates = step.is_multiple_of(self.experiment.evaluation.every) || step == steps;
            let saves = self.experiment.training.save_every.is_some_and(|every| step.is_multiple_of(every));
            let mut interrupted = self.stop.load(Ordering::Relaxed);
            if evaluates || saves || interrupted {
                self.require_finite()?;
            }
            if evaluates {
                self.evaluate_until_stopped(&mut log, &mut rate, observer)?;
                interrupted = self.stop.load(Ordering::Relaxed);
            }
            if evaluates || saves || interrupted {
                self.save(observer, false)?;
                observer.event(Event::Saved { step });
            }
            if interrupted && (step < steps || self.state.unevaluated) {
                stopped = Stopped::Interrupted;
                break;
            }
            if self.experiment.evaluation.patience.is_some_and(|patience| self.state.waited >= patience) {
                stopped = Stopped::Patience;
                break;
            }
        }
        if self.run.checkpoints().steps()?.is_empty() {
            self.save(observer, false)?;
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

    /// The stopwatch of the steps; off unless somebody starts one.
    pub(crate) fn phases(&mut self) -> &mut Phases {
        &mut self.phases
    }

    /// How many weights the model has.
    pub(crate) fn parameters(&self) -> usize {
        self.model.num_params()
    }

    /// The batches of all updates after some steps, prepared ahead.
    pub(crate) fn prefetch(&self, order: Order, steps: u64) -> Prefetch<Batch> {
        let first = steps * self.experiment.training.accumulate as u64;
        Prefetch::new(self.experiment.training.batch.prefetch, order.batches(first))
    }

    /// The batches of the next update.
    pub(crate) fn next_update(&mut self, batches: &mut impl Iterator<Item = Batch>) -> Vec<Batch> {
        let update = batches.by_ref().take(self.experiment.training.accumulate).collect();
        self.phases.end(Phase::Data);
        update
    }

    /// The learning rate over time.
    pub(crate) fn learning_rate(&self) -> LearningRate {
        LearningRate::new(
            self.experiment.training.schedule.clone(),
            crate::build::model_config(&self.experiment, &self.adapters).body.d_model(),
            self.experiment.training.steps,
            self.state.plateau,
        )
    }

    /// The order of training, which takes the training examples over, and what each task brings to it.
    pub(crate) fn order(&mut self) -> Result<(Order, Vec<(String, String)>), TrainError> {
        let mut tasks = Vec::new();
        let mut described = Vec::new();
        for (number, task) in self.tasks.iter_mut().enumerate() {
            // The selection says itself what it leaves out.
            let selection = format!("train: {}", task.selection);
            let report = task.report().warnings.into_iter().filter(|words| *words != selection);
            let mut words =
                [task.selection.to_string()].into_iter().chain(report).collect::<Vec<_>>().join("; ");
            let kept = &task.selection.kept;
            let mut examples = keep(std::mem::take(&mut task.train.examples), kept);
            let lengths = examples.iter().map(|example| example.lengths()).collect();
            let sources = keep(std::mem::take(&mut task.train.sources), kept);
            let targets = keep(std::mem::take(&mut task.train.references), kept);
            let names = &self.adapters.tasks()[number];
            let seed = Seed(self.experiment.seed);
            let variation = Variation::new(names, &self.adapters, sources, targets, seed);
            let unaligned = self.objective.unaligned(number, names, &self.adapters, &examples);
            if let Some(variation) = &variation {
                variation.forget(&mut examples);
            }
            if unaligned > 0 {
                words = format!("{words}; {unaligned} have too few positions for the alignment loss");
            }
            described.push((task.name.clone(), words));
            tasks.push(TaskExamples {
                examples,
                lengths,
                variation,
                silence: Silence::new(&task.name, self.experiment.tasks[&task.name].source_dropout, seed),
                framing: Framing::of(&self.adapters, number),
                weight: self.experiment.tasks[&task.name].weight,
            });
        }
        let training = &self.experiment.training;
        let order = Order::new(tasks, training.batch.tokens, &training.mixing, Seed(self.experiment.seed))?;
        Ok((order, described))
    }

    /// One update from the gradients of some batches.
    pub(crate) fn step(
        &mut self,
        step: u64,
        update: &[Batch],
        learning_rate: f64,
    ) -> Result<Outcome, TrainError> {
        let tokens: usize = update.iter().map(|batch| batch.tokens).sum();
        let weight = 1.0 / tokens.max(1) as f64;
        let autodiff = self.device.clone().autodiff();
        let mut gradients = GradientSum::default();
        let mut outcome = Outcome { tokens, ..Outcome::default() };
        for (number, batch) in update.iter().enumerate() {
            let pass_number = (step - 1) * update.len() as u64 + number as u64;
            let mut pass = Pass::training(Seed(self.experiment.seed), pass_number);
            let objective = &self.objective;
            let TrainedBatch { loss, alignment, total } =
                objective.forward(&self.model, batch, &autodiff, &mut pass, weight);
            outcome.alignment += alignment.unwrap_or_default();
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
            gradients.add(&self.model, total.backward());
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
        self.model = self.optimizer.update(self.model.clone(), gradients, scale, learning_rate);
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

    /// Nothing is decoded with or saved of weights that are no numbers.
    fn require_finite(&self) -> Result<(), TrainError> {
        match parameters::not_finite(&parameters::weights(&self.model)) {
            None => Ok(()),
            Some(parameter) => Err(self.run.checkpoints().diverged(self.state.step, parameter)),
        }
    }

    /// Evaluates, unless the training is stopped meanwhile: then that comes first when it goes on.
    fn evaluate_until_stopped(
        &mut self,
        log: &mut Log,
        rate: &mut LearningRate,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainError> {
        match self.evaluate(log, observer) {
            Ok(improved) => {
                rate.evaluated(improved);
                self.state.plateau = rate.plateau();
                self.state.unevaluated = false;
                Ok(())
            }
            Err(TrainError::Cancelled(_)) => {
                self.state.unevaluated = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Evaluates on the validation splits; whether that was the best so far. Nothing is changed or written when the
    /// training is stopped meanwhile.
    fn evaluate(&mut self, log: &mut Log, observer: &mut dyn Observer) -> Result<bool, TrainError> {
        let settings = &self.experiment.evaluation;
        let (mut evaluations, mut written) = (Vec::new(), Vec::new());
        let translator = Translator::new(self.experiment.clone(), self.adapters.clone(), self.model.valid())
            .until(Cancellation::by_flag(self.stop.clone()));
        for (number, task) in self.tasks.iter().enumerate() {
            let Some(split) = &task.validation else { continue };
            let tokens = self.experiment.training.batch.tokens;
            let forced = evaluate::teacher_forced(&translator, number, &split.examples, tokens)?;
            let metrics = self.experiment.metrics(&task.name).to_vec();
            let names = &self.adapters.tasks()[number];
            let scores = if names.source.is_some() && (settings.show > 0 || !metrics.is_empty()) {
                // What nothing scores is decoded to be seen.
                let few = metrics.is_empty().then(|| split.some(settings.show));
                let split = few.as_ref().unwrap_or(split);
                let decoding = self.experiment.decoding(&task.name);
                let decoded =
                    evaluate::decode(&translator, number, split, decoding, settings.decode_at_most)?;
                written.push((&task.name, decoded.shown(split, settings.show), names.target));
                decoded.scores(&metrics)?
            } else {
                Vec::new()
            };
            evaluations.push(TaskEvaluation { task: task.name.clone(), forced, metrics, scores });
        }
        for (task, shown, target) in written {
            log.samples(self.state.step, task, shown, self.adapters.adapter(target))?;
        }
        if evaluations.is_empty() {
            self.state.best = vec![Ranked { step: self.state.step, value: 0.0, loss: 0.0 }];
            return Ok(true);
        }
        let (value, larger) = self.deciding(&evaluations);
        let ranked = Ranked { step: self.state.step, value, loss: mean_loss(&evaluations) };
        let place = self.state.best.iter().position(|other| ranked.is_better(other, larger));
        let place = place.unwrap_or(self.state.best.len());
        let improved = place == 0;
        self.state.best.insert(place, ranked);
        self.state.best.truncate(settings.keep_best);
        self.state.waited = if improved { 0 } else { self.state.waited + 1 };
        log.evaluation(self.state.step, self.state.seconds, &evaluations)?;
        observer.event(Event::Evaluated { step: self.state.step, evaluations: &evaluations, best: improved });
        Ok(improved)
    }

    /// What decides which checkpoint is best, and whether larger is better: the mean over the tasks that have it.
    fn deciding(&self, evaluations: &[TaskEvaluation]) -> (f64, bool) {
        let Some(metric) = self.experiment.evaluation.best_by else { return (mean_loss(evaluations), false) };
        let values: Vec<f64> =
            evaluations.iter().filter_map(|task| task.score(metric)).map(|score| score.value).collect();
        match mean(&values) {
            Some(value) => (value, evaluate::larger_is_better(metric)),
            None => (mean_loss(evaluations), false),
        }
    }

    /// Saves the current step and removes checkpoints that are neither the last nor among the best.
    /// A checkpoint of this step that is written once more, after its evaluation, takes the place of the first.
    fn save(&self, observer: &mut dyn Observer, once_more: bool) -> Result<(), TrainError> {
        let checkpoints: Checkpoints = self.run.checkpoints();
        let (_, optimizer) = self.optimizer.state();
        let weights = parameters::weights(&self.model);
        if let Some(to) = checkpoints.save(&Checkpoint { weights, optimizer, state: self.state.clone() })? {
            match once_more {
                true => std::fs::remove_dir_all(&to).map_err(TrainError::io(&to))?,
                false => observer.event(Event::SetAside { to: &to }),
            }
        }
        let best = self.state.best.first().map_or(self.state.step, |best| best.step);
        checkpoints.point("best", best)?;
        let mut kept: Vec<u64> = self.state.best.iter().map(|ranked| ranked.step).collect();
        kept.push(self.state.step);
        checkpoints.keep_only(&kept)
    }
}

/// What has been changed in a run since a checkpoint of it.
fn changes_since(
    checkpoint: &Checkpoint,
    document: &Document,
    run: &Path,
    registry: &Registry,
) -> Result<Changes, TrainError> {
    match &checkpoint.state.experiment {
        // Read as a run of any earlier version is.
        Some(before) => any2any_experiment::load_run("state.json", &format!("{before:#}"), run, registry)
            .map(|before| Changes::between(&before, document))
            .map_err(TrainError::Experiment),
        None => Ok(Changes::default()),
    }
}

/// The checkpoint that is named, or the newest that can be loaded, and why later ones cannot; none of a run that has
/// none.
fn start_of<T>(
    checkpoints: &Checkpoints,
    named: Option<&str>,
    load: impl Fn(&Path) -> Result<T, TrainError>,
) -> Result<(Option<T>, Vec<TrainError>), TrainError> {
    if let Some(name) = named {
        return Ok((Some(load(&checkpoints.resolve(name)?)?), Vec::new()));
    }
    let mut broken = Vec::new();
    for step in checkpoints.steps()?.into_iter().rev() {
        match load(&checkpoints.step(step)) {
            Ok(loaded) => return Ok((Some(loaded), broken)),
            Err(error) => broken.push(error),
        }
    }
    if broken.is_empty() { Ok((None, broken)) } else { Err(TrainError::NoneWhole(broken)) }
}

/// The mean teacher-forced loss of the tasks.
fn mean_loss(evaluations: &[TaskEvaluation]) -> f64 {
    let losses: Vec<f64> = evaluations.iter().map(|task| task.forced.loss).collect();
    mean(&losses).unwrap_or_default()
}

/// `None` of no values.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
