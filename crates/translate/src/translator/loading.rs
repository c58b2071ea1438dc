//! Translators from a run, or from their parts.

use std::sync::Arc;

use any2any_adapter::{Cancellation, Registry};
use any2any_experiment::spec::Experiment;
use any2any_inference::Precision;
use any2any_model::Model;
use any2any_run::{
    AdapterSet, EngineOptions, LoadedModel, RunError, RunFolder, check_file, check_finite, model_config,
    read_any_weights, read_product_scales,
};

use super::Translator;
use crate::error::TranslateError;

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
        Self::load_of(run, run.experiment(registry)?.experiment, checkpoint, registry, precision)
    }

    /// Loads a run whose experiment has been read already.
    ///
    /// # Errors
    ///
    /// Those of [`load_in`](Self::load_in).
    pub fn load_of(
        run: &RunFolder,
        experiment: Experiment,
        checkpoint: &str,
        registry: &Registry,
        precision: Precision,
    ) -> Result<Self, TranslateError> {
        let device = any2any_run::device::device(&experiment.device)?;
        let adapters = run.adapters(&experiment, registry)?;
        let file = run.weights_file(checkpoint)?;
        let config = model_config(&experiment, &adapters);
        // The shapes first, which say how much memory the weights take.
        check_file(&config.architecture, &file)?;
        let (weights, rounded) = read_any_weights(&file)?;
        check_finite(&file, &weights)?;
        let stored = if rounded { Precision::Int8 } else { precision };
        let scales = read_product_scales(&file)?;
        let options = EngineOptions { precision: stored, scales, shortlists: run.shortlists(&adapters)? };
        let model = LoadedModel::of_weights(config, weights, device, options).map_err(|reason| {
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
            ensemble: Arc::default(),
            terms: None,
            aligner: None,
            run: None,
        }
    }

    fn that_decodes_in(self, precision: Precision) -> Result<Self, TranslateError> {
        if precision == Precision::Int8 && self.model.engine().is_none() {
            return Err(TranslateError::NoInt8);
        }
        Ok(self)
    }
}
