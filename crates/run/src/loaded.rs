//! A loaded model in two forms: burn's model for losses and inspection, and the engine for decoding. Each is built on
//! first use.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use any2any_architecture::Architecture;
use any2any_inference::{Engine, EngineError, Parameter, Parameters, Precision, ProductScales};
use any2any_model::{Initializer, Model, ModelConfig};
use burn::module::Module;
use burn::tensor::Device;

use crate::engine_options::EngineOptions;
use crate::error::RunError;
use crate::parameters::{self, Weights};
use crate::weights_file::{read_architecture, weights_shapes};

/// A loaded model.
pub struct LoadedModel {
    config: ModelConfig,
    device: Device,
    /// The weights from which the model is built; empty if the model was given.
    weights: BTreeMap<String, Weights>,
    model: OnceLock<Model>,
    engine_options: EngineOptions,
    /// The engine; `None` if the device or the kind of model has none.
    engine: OnceLock<Option<Engine>>,
}

impl LoadedModel {
    /// Wraps a model, whose weights the engine keeps in a precision.
    pub fn of_model(config: ModelConfig, model: Model, precision: Precision) -> Self {
        let device = model.device();
        // The model's own architecture counts, even if it is not the experiment's.
        let config = ModelConfig { architecture: model.architecture().clone(), ..config };
        Self {
            config,
            device,
            weights: BTreeMap::new(),
            model: OnceLock::from(model),
            engine_options: EngineOptions { precision, ..EngineOptions::default() },
            engine: OnceLock::new(),
        }
    }

    /// Loads a model from its weights, with options of the engine.
    ///
    /// # Errors
    ///
    /// If a parameter is missing, of another shape or too many: its name, and the problem. If scales or a shortlist are
    /// those of another model.
    pub fn of_weights(
        config: ModelConfig,
        weights: BTreeMap<String, Weights>,
        device: Device,
        engine_options: EngineOptions,
    ) -> Result<Self, String> {
        let weights = parameters::under_current_names(&config.architecture, weights);
        if let Some(name) = engine_options.scales.keys().find(|name| !weights.contains_key(*name)) {
            return Err(format!("there are scales for {name}, which the model does not have"));
        }
        let engine = engine(&config.architecture, &weights, &device, &engine_options)
            .map_err(|error| error.to_string())?;
        let model = match engine {
            Some(_) => OnceLock::new(),
            None => OnceLock::from(model(&config, &weights, &device)?),
        };
        Ok(Self { config, device, weights, model, engine_options, engine: OnceLock::from(engine) })
    }

    /// The model's architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.config.architecture
    }

    /// The weights by name.
    pub fn weights(&self) -> Cow<'_, BTreeMap<String, Weights>> {
        match self.weights.is_empty() {
            true => Cow::Owned(parameters::weights(self.model())),
            false => Cow::Borrowed(&self.weights),
        }
    }

    /// The options of the engine.
    pub fn engine_options(&self) -> &EngineOptions {
        &self.engine_options
    }

    /// The device that the model is on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The model in burn, built on first use.
    pub fn model(&self) -> &Model {
        let build = || model(&self.config, &self.weights, &self.device);
        self.model.get_or_init(|| build().expect("the engine has been built from these weights"))
    }

    /// The engine, built on first use; `None` if the device or the kind of model has none.
    pub fn engine(&self) -> Option<&Engine> {
        let build = || {
            let weights = parameters::weights(self.model());
            engine(&self.config.architecture, &weights, &self.device, &self.engine_options).ok().flatten()
        };
        self.engine.get_or_init(build).as_ref()
    }
}

/// Checks by its header alone that a file holds the weights of a model: neither values are read nor parameters
/// initialized.
///
/// # Errors
///
/// If the architecture in the file is another: the difference. If a parameter is missing, of another shape or too many:
/// its name.
pub fn check_file(architecture: &Architecture, file: &Path) -> Result<(), RunError> {
    let other = |reason| RunError::run(file, format!("these weights are of another model: {reason}"));
    let shapes = parameters::under_current_names(architecture, weights_shapes(file)?);
    parameters::check_shapes(&shapes_of(architecture), &shapes).map_err(other)?;
    match read_architecture(file)?.and_then(|carried| carried.difference(architecture)) {
        None => Ok(()),
        Some(difference) => Err(other(difference)),
    }
}

/// The shapes of a model's parameters.
pub fn shapes_of(architecture: &Architecture) -> BTreeMap<String, Vec<usize>> {
    architecture.parameters().into_iter().map(|parameter| (parameter.name, parameter.shape)).collect()
}

fn model(
    config: &ModelConfig,
    weights: &BTreeMap<String, Weights>,
    device: &Device,
) -> Result<Model, String> {
    // All weights are replaced, so the seed does not matter.
    let fresh = config.init(&Initializer::new(any2any_adapter::Seed(0), device));
    parameters::with_weights(fresh, weights).map(|model| model.valid())
}

/// The engine of a model on the CPU; `None` for other devices, for recurrent models and for those with blocks of a program's own.
fn engine(
    architecture: &Architecture,
    weights: &BTreeMap<String, Weights>,
    device: &Device,
    options: &EngineOptions,
) -> Result<Option<Engine>, EngineError> {
    if !crate::device::is_flex(device) {
        return Ok(None);
    }
    let named = Named { weights, scales: &options.scales, read: RefCell::default() };
    let engine = match Engine::new(architecture, &named, options.precision) {
        Err(EngineError::Recurrent | EngineError::Blocks) => return Ok(None),
        engine => engine?,
    };
    named.check_all_read()?;
    let mut shortlists = options.shortlists.iter();
    shortlists
        .try_fold(engine, |engine, (&task, shortlist)| engine.with_shortlist(task, shortlist.clone()))
        .map(Some)
}

/// Weights by name, with a record of those that have been read.
struct Named<'a> {
    weights: &'a BTreeMap<String, Weights>,
    scales: &'a BTreeMap<String, ProductScales>,
    read: RefCell<BTreeSet<String>>,
}

impl Named<'_> {
    fn check_all_read(&self) -> Result<(), EngineError> {
        let read = self.read.borrow();
        match self.weights.keys().find(|name| !read.contains(*name)) {
            Some(name) => Err(EngineError::Unknown { name: name.clone() }),
            None => Ok(()),
        }
    }
}

impl Parameters for Named<'_> {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        let Weights { shape, values } = self.weights.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(Parameter { shape, values })
    }

    fn scales(&self, name: &str) -> Option<ProductScales> {
        self.scales.get(name).copied()
    }
}
