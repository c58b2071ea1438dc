//! The translator: a trained model with its adapters, which decodes, scores and continues.

mod scoring;
mod sequences;

use std::path::PathBuf;
use std::sync::Arc;

use any2any_adapter::{Cancellation, Registry, Sequence, Value};
use any2any_architecture::Architecture;
use any2any_core::Model;
use any2any_data::DataRoot;
use any2any_experiment::spec::{Decoding, Experiment};
use any2any_inference::{Engine, Precision};
use any2any_run::{
    AdapterSet, LoadedModel, Role, RunError, RunFolder, Task, check_file, check_finite, model_config,
    read_any_weights,
};
use any2any_search::{Cancellable, SourceRow, Stepper, log_sum_exp};
use burn::tensor::Device;

use crate::decode::Output;
use crate::error::TranslateError;
use crate::split::{Split, load_split};

pub use scoring::PairScore;

/// A trained model with its adapters. Clones share all of it.
#[derive(Clone)]
pub struct Translator {
    /// The experiment of its training.
    pub experiment: Arc<Experiment>,
    /// Its adapters.
    pub adapters: Arc<AdapterSet>,
    model: Arc<LoadedModel>,
    cancellation: Cancellation,
    longest_source: usize,
    /// The folder of its run; `None` if it was not loaded from one.
    run: Option<PathBuf>,
}

/// A possible next token with its probability.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NextToken {
    /// The token's text.
    pub token: String,
    /// The token's id.
    pub id: u32,
    /// The token's probability.
    pub probability: f32,
}

impl Translator {
    /// Loads a run.
    ///
    /// `checkpoint` is `best`, `last`, `step-N`, or the path of a safetensors file.
    ///
    /// # Errors
    ///
    /// If the folder holds no run, a file is broken, or the backend is missing.
    pub fn load(run: &RunFolder, checkpoint: &str, registry: &Registry) -> Result<Self, TranslateError> {
        Self::load_in(run, checkpoint, registry, Precision::Float32)
    }

    /// Loads a run that decodes in a precision; int8 weights are always decoded in int8.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load), and int8 for a model or a device that has no engine.
    pub fn load_in(
        run: &RunFolder,
        checkpoint: &str,
        registry: &Registry,
        precision: Precision,
    ) -> Result<Self, TranslateError> {
        let experiment = run.experiment(registry)?.experiment;
        let device = any2any_run::device::device(&experiment.device)?;
        let adapters = run.adapters(&experiment, registry)?;
        let file = run.weights_file(checkpoint)?;
        let config = model_config(&experiment, &adapters);
        // The shapes first, which say how much memory the weights take.
        check_file(&config.architecture, &file)?;
        let (weights, rounded) = read_any_weights(&file)?;
        check_finite(&file, &weights)?;
        let stored = if rounded { Precision::Int8 } else { precision };
        let model = LoadedModel::of_weights(config, weights, device, stored).map_err(|reason| {
            RunError::run(&file, format!("these weights are of another model: {reason}"))
        })?;
        let translator = Self { run: Some(run.path().to_owned()), ..Self::of(experiment, adapters, model) };
        translator.that_decodes_in(precision)
    }

    /// A translator from its parts; the model without autodiff.
    pub fn new(
        experiment: impl Into<Arc<Experiment>>,
        adapters: impl Into<Arc<AdapterSet>>,
        model: Model,
    ) -> Self {
        let (experiment, adapters) = (experiment.into(), adapters.into());
        let model = LoadedModel::of_model(model_config(&experiment, &adapters), model, Precision::Float32);
        Self::of(experiment, adapters, model)
    }

    /// A translator from its parts that decodes in a precision.
    ///
    /// # Errors
    ///
    /// For int8 with a model or a device that has no engine.
    pub fn in_precision(
        experiment: Experiment,
        adapters: AdapterSet,
        model: Model,
        precision: Precision,
    ) -> Result<Self, TranslateError> {
        let model = LoadedModel::of_model(model_config(&experiment, &adapters), model, precision);
        Self::of(experiment, adapters, model).that_decodes_in(precision)
    }

    fn of(
        experiment: impl Into<Arc<Experiment>>,
        adapters: impl Into<Arc<AdapterSet>>,
        model: LoadedModel,
    ) -> Self {
        Self {
            experiment: experiment.into(),
            adapters: adapters.into(),
            model: Arc::new(model),
            cancellation: Cancellation::default(),
            longest_source: usize::MAX,
            run: None,
        }
    }

    /// The translator with the experiment of the same run on other files.
    #[must_use]
    pub fn on(&self, experiment: Experiment) -> Self {
        let adapters = Arc::new(self.adapters.for_experiment(&experiment));
        Self { experiment: experiment.into(), adapters, ..self.clone() }
    }

    /// A translator whose work ends with [`TranslateError::Cancelled`] when it is cancelled.
    #[must_use]
    pub fn until(&self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self.clone() }
    }

    /// A translator that refuses sources of more positions, if possible by their header, before they are decoded.
    #[must_use]
    pub fn up_to_positions(&self, longest_source: usize) -> Self {
        Self { longest_source, ..self.clone() }
    }

    /// True if the positions of a source are limited, so that its header has to be read.
    pub(crate) fn limits_sources(&self) -> bool {
        self.longest_source < usize::MAX
    }

    /// Fails for a source of more positions than the limit.
    pub(crate) fn require_short(&self, positions: u64) -> Result<(), TranslateError> {
        if positions <= self.longest_source as u64 {
            return Ok(());
        }
        Err(TranslateError::Unsupported(format!(
            "this source has {positions} positions, and at most {} are read: shorten it, or raise --max-source",
            self.longest_source
        )))
    }

    /// The cancellation of its work.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    fn that_decodes_in(self, precision: Precision) -> Result<Self, TranslateError> {
        if precision == Precision::Int8 && self.model.engine().is_none() {
            return Err(TranslateError::Unsupported(
                "only transformers on the CPU backend decode with 8-bit weights; leave --int8 out".to_owned(),
            ));
        }
        Ok(self)
    }

    /// The task of a name; the only task, when no name is given.
    ///
    /// # Errors
    ///
    /// When there is no such task, or no name and several tasks.
    pub fn task(&self, name: Option<&str>) -> Result<&Arc<Task>, RunError> {
        self.adapters.task(name)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.model()
    }

    /// The model's architecture.
    pub fn architecture(&self) -> &Architecture {
        self.model.architecture()
    }

    /// The device that the model is on.
    pub fn device(&self) -> &Device {
        self.model.device()
    }

    /// The engine that decodes on the CPU; `None` if the device or the kind of model has none.
    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.model.engine()
    }

    /// The data root for the data of the run, which may be anyone's.
    pub(crate) fn data_root(&self, root: &DataRoot) -> DataRoot {
        self.run.as_ref().map_or_else(|| root.clone(), |run| root.for_run(run))
    }

    /// A split of a task's data, encoded.
    ///
    /// # Errors
    ///
    /// If the data is missing, or a value cannot be encoded.
    pub fn load_split(&self, task: &Task, split: &str, root: &DataRoot) -> Result<Split, TranslateError> {
        let task_data = &task.spec().data;
        let dataset = any2any_data::open(task_data, &self.data_root(root)).map_err(RunError::data)?;
        Ok(load_split(&dataset, task, split)?)
    }

    /// The texts of one field of the dataset, for the samples of a split that can be read.
    ///
    /// # Errors
    ///
    /// If the data is missing, or has no such field.
    pub fn load_texts(
        &self,
        task: &Task,
        split: &str,
        field: &str,
        samples: &Split,
        root: &DataRoot,
    ) -> Result<Vec<String>, TranslateError> {
        let dataset = any2any_data::open(&task.spec().data, &self.data_root(root)).map_err(RunError::data)?;
        let all = dataset.split(split).map_err(RunError::data)?;
        let all = all.require(field)?;
        Ok(samples.examples.iter().map(|example| all[example.sample].to_string()).collect())
    }

    /// Translates values in the order given; the best results of each first.
    ///
    /// All outputs begin with `prefix`.
    ///
    /// # Errors
    ///
    /// If a value cannot be read or a result cannot be written.
    pub fn translate(
        &self,
        task: &Task,
        values: &[Value],
        decoding: &Decoding,
        prefix: Option<&Value>,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let results = self.translate_each(task, values, decoding, prefix)?.into_iter();
        results.map(|result| Ok(result?.outputs)).collect()
    }

    /// Continues texts with a decoder-only model, or generates freely if `prefix` is empty.
    ///
    /// # Errors
    ///
    /// If the task has a source.
    pub fn complete(
        &self,
        task: &Task,
        prefix: &Value,
        decoding: &Decoding,
        results: usize,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        if task.source().is_some() {
            return Err(TranslateError::Unsupported(
                "only a decoder-only model completes; use `translate` for a model with a source".to_owned(),
            ));
        }
        let prefix = prefix_tokens(task, Some(prefix))?;
        let rows: Vec<SourceRow> =
            (0..results).map(|number| self.row(task, number, None, &prefix, decoding)).collect();
        self.run_search(task, &[], &rows, decoding)
    }

    /// The most probable tokens after a prefix, in falling order, by the model's own distribution.
    ///
    /// # Errors
    ///
    /// If the source or the prefix cannot be read.
    pub fn next_tokens(
        &self,
        task: &Task,
        source: Option<&Value>,
        prefix: &Value,
        count: usize,
    ) -> Result<Vec<NextToken>, TranslateError> {
        require_tokens(task)?;
        let source = match (source, task.source()) {
            (Some(value), Some(_)) => Some(task.read(Role::Source, value)?.sequence),
            _ => None,
        };
        self.next_of_tokens(task, source.as_ref(), &prefix_tokens(task, Some(prefix))?, count)
    }

    /// The most probable next tokens after an encoded source and the tokens written so far, without the begin token.
    ///
    /// # Errors
    ///
    /// If the task writes frames.
    pub fn next_of_tokens(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        written: &[u32],
        count: usize,
    ) -> Result<Vec<NextToken>, TranslateError> {
        require_tokens(task)?;
        let sources: Vec<&Sequence> = source.into_iter().collect();
        let mut tokens = vec![task.framing().begin()];
        tokens.extend(written);
        let stepper = self.stepper(task, &sources);
        let logits = last_logits(Cancellable::new(stepper, self.cancellation.clone()), &tokens)?;
        let log_sum = log_sum_exp(&logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let target = task.target();
        Ok(order
            .into_iter()
            .take(count)
            .map(|id| NextToken {
                token: target.show(id as u32),
                id: id as u32,
                probability: (f64::from(logits[id]) - log_sum).exp() as f32,
            })
            .collect())
    }
}

/// Fails if a task writes frames.
///
/// # Errors
///
/// When it does.
pub fn require_tokens(task: &Task) -> Result<(), TranslateError> {
    match task.vocabulary() {
        Some(_) => Ok(()),
        None => Err(TranslateError::Unsupported(format!(
            "task '{}' writes frames, which have no probabilities; only tokens have",
            task.name()
        ))),
    }
}

/// The error of a missing source.
pub fn source_missing(task: &Task) -> TranslateError {
    TranslateError::Unsupported(format!("task '{}' writes from a source, and none is given", task.name()))
}

/// The error of a task that was given a source though it has none.
pub(crate) fn no_source(task: &Task) -> TranslateError {
    TranslateError::Unsupported(format!(
        "task '{}' has no source to translate; use `complete` for a decoder-only model",
        task.name()
    ))
}

/// The tokens of a prefix, without the end.
pub(crate) fn prefix_tokens(task: &Task, prefix: Option<&Value>) -> Result<Vec<u32>, TranslateError> {
    let Some(prefix) = prefix else { return Ok(Vec::new()) };
    Ok(task.encode_prefix(&task.sides().open_target(prefix)?)?)
}

/// Feeds one row all tokens, and gives the logits behind the last.
fn last_logits<S: Stepper>(mut stepper: S, tokens: &[u32]) -> Result<Vec<f32>, S::Error> {
    let mut logits = Vec::new();
    for &token in tokens {
        logits = stepper.step(&[token])?;
    }
    Ok(logits)
}
