//! Start of a model: the run whose weights it takes over.

mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::{Adapter, Head, Registry, Stem};
use any2any_architecture::Architecture;
use any2any_experiment::spec::{Experiment, VocabularyStart};
use any2any_model::Model;
use burn::tensor::{Tensor, TensorData};

use crate::adapters::AdapterSet;
use crate::error::RunError;
use crate::parameters::{self, Weights};
use crate::run_folder::RunFolder;
use crate::weights_file::read_finite_weights;

pub use plan::{Source, TakenOver};

/// Run that a model starts from: its adapters, its architecture and the weights of its best checkpoint.
pub struct Start {
    /// The folder as the experiment names it.
    named: PathBuf,
    /// The folder of the run.
    folder: PathBuf,
    vocabulary: VocabularyStart,
    adapters: AdapterSet,
    architecture: Architecture,
    weights: BTreeMap<String, Weights>,
}

impl Start {
    /// The start of an experiment; `None` if its model starts from nothing.
    ///
    /// # Errors
    ///
    /// If the folder holds neither a run nor a model from elsewhere, or one of its files cannot be read.
    pub fn of(experiment: &Experiment, registry: &Registry) -> Result<Option<Self>, RunError> {
        let start = &experiment.model.start;
        let Some(named) = &start.from else { return Ok(None) };
        let run = run_of(named, registry)?;
        let theirs = run.experiment(registry)?.experiment;
        let adapters = run.adapters(&theirs, registry)?;
        let architecture = run.architecture(&theirs, &adapters)?;
        let weights = read_finite_weights(&run.weights_file("best")?)?;
        let weights = parameters::under_current_names(&architecture, weights);
        Ok(Some(Self {
            named: named.clone(),
            folder: run.path().to_owned(),
            vocabulary: start.vocabulary,
            adapters,
            architecture,
            weights,
        }))
    }

    /// The folder of the run, or of the model from elsewhere, as the experiment names it.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// The adapters, and the folder of their states.
    pub(crate) fn adapters(&self) -> (&AdapterSet, PathBuf) {
        (&self.adapters, self.folder.join("vocab"))
    }

    pub(crate) fn vocabulary(&self) -> VocabularyStart {
        self.vocabulary
    }

    /// The parameters of a model, each with what is taken over for it.
    pub fn plan(&self, architecture: &Architecture, adapters: &AdapterSet) -> Vec<TakenOver> {
        plan::plan(self, architecture, adapters)
    }

    /// The model with the weights that are taken over; the others are its own.
    pub fn carried_into(&self, model: Model, plan: &[TakenOver]) -> Model {
        let planned: BTreeMap<&str, &TakenOver> = plan.iter().map(|of| (of.name.as_str(), of)).collect();
        parameters::map(model, |name, parameter| {
            let Some(taken) = planned.get(name).filter(|taken| taken.source != Source::Fresh) else {
                return parameter.flat();
            };
            let own = || {
                let data = parameter.flat().into_data().convert::<f32>();
                data.try_into_vec().expect("converted to 32-bit floats")
            };
            let values = taken.values(&self.weights, own);
            let length = values.len();
            Tensor::from_data(TensorData::new(values, [length]), &parameter.device().inner())
        })
    }
}

/// The run of a folder, which a model from elsewhere becomes first.
fn run_of(named: &Path, registry: &Registry) -> Result<RunFolder, RunError> {
    let run = RunFolder::new(named);
    if run.is_there() {
        return Ok(run);
    }
    match registry.import(named) {
        Some(imported) => imported.map(RunFolder::new).map_err(|reason| RunError::run(named, reason)),
        None => Ok(run),
    }
}

/// The number in a start of each token: that of the token of the same name or, of special tokens, of the same role.
fn shared_tokens(ours: &dyn Adapter, theirs: &dyn Adapter) -> Option<Vec<Option<usize>>> {
    let (Stem::Lookup { vocabulary, .. }, Stem::Lookup { vocabulary: known, .. }) =
        (ours.stem(), theirs.stem())
    else {
        return None;
    };
    let numbers: BTreeMap<String, usize> =
        (0..known).rev().map(|token| (theirs.show(token as u32), token)).collect();
    let mut shared: Vec<Option<usize>> =
        (0..vocabulary).map(|token| numbers.get(&ours.show(token as u32)).copied()).collect();
    if let (Some(ours), Some(theirs)) = (ours.head(), theirs.head()) {
        let roles = |head: Head| match head {
            Head::Softmax { padding, begin, end, .. } => vec![padding, begin, end],
            _ => Vec::new(),
        };
        for (token, known) in roles(ours).into_iter().zip(roles(theirs)) {
            shared[token as usize].get_or_insert(known as usize);
        }
    }
    Some(shared)
}
