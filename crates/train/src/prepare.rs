//! From a checked experiment to encoded data: everything that can still be wrong before the first step.

use any2any_adapter::{Registry, Value};
use any2any_data::batching::Lengths;
use any2any_data::{DataRoot, Dataset, Limits, Samples, Selection};
use any2any_experiment::spec::Experiment;
use any2any_experiment::{Diagnostics, Document};

use crate::adapters::{AdapterSet, TaskAdapters};
use crate::corpus::{self, Example};
use crate::error::TrainError;

/// An experiment with its adapters fitted and its splits encoded.
pub struct Prepared {
    /// What is to be done.
    pub experiment: Experiment,
    /// The experiment's text as given.
    pub given: String,
    /// The experiment with every default written out.
    pub resolved: String,
    /// The fitted adapters.
    pub adapters: AdapterSet,
    /// The data of each task, in the order of the experiment.
    pub tasks: Vec<PreparedTask>,
}

/// The data of one task.
pub struct PreparedTask {
    /// The task's name.
    pub name: String,
    /// The training split.
    pub train: Split,
    /// Which samples of the training split are within the limits.
    pub selection: Selection,
    /// The validation split.
    pub validation: Option<Split>,
    /// The test split.
    pub test: Option<Split>,
}

/// A split, encoded, beside its values as they stand in the dataset.
pub struct Split {
    /// Every sample, encoded.
    pub examples: Vec<Example>,
    /// The sources; none when the task has none.
    pub sources: Vec<Value>,
    /// The targets.
    pub references: Vec<Value>,
}

impl Split {
    fn new(samples: &Samples, task: &TaskAdapters, adapters: &AdapterSet) -> Result<Self, TrainError> {
        let sources = match &task.source_field {
            Some(field) => corpus::column(samples, field)?.to_vec(),
            None => Vec::new(),
        };
        let references = corpus::column(samples, &task.target_field)?.to_vec();
        Ok(Self { examples: corpus::encode(samples, task, adapters)?, sources, references })
    }

    /// The lengths of every sample.
    pub fn lengths(&self) -> Vec<Lengths> {
        self.examples.iter().map(Example::lengths).collect()
    }
}

/// Reads the data, fits the adapters and encodes every split.
///
/// # Errors
///
/// All problems of data and adapters at once, each at its place in the experiment.
pub fn prepare(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Prepared, TrainError> {
    crate::device::limit_threads(&document.experiment.device);
    let raw = read(document, registry, root)?;
    let adapters = fit(document, registry, &raw)?;
    let experiment = document.experiment.clone();
    let limits = Limits {
        source: experiment.training.batch.max_source_length,
        target: experiment.training.batch.max_target_length,
    };
    let tasks = raw
        .iter()
        .zip(adapters.tasks())
        .map(|(raw, task)| {
            let split = |samples: &Samples| Split::new(samples, task, &adapters);
            let train = split(&raw.train)?;
            let selection = limits.select(&train.lengths());
            if selection.kept.is_empty() {
                return Err(TrainError::NothingToTrainOn {
                    task: task.name.clone(),
                    reason: selection.to_string(),
                });
            }
            Ok(PreparedTask {
                name: task.name.clone(),
                train,
                selection,
                validation: raw.validation.as_ref().map(split).transpose()?,
                test: raw.test.as_ref().map(split).transpose()?,
            })
        })
        .collect::<Result<_, TrainError>>()?;
    Ok(Prepared {
        given: document.given().to_owned(),
        resolved: document.resolved_yaml(),
        experiment,
        adapters,
        tasks,
    })
}

/// Checks the data and the adapters of an experiment without keeping either.
///
/// # Errors
///
/// All problems of data and adapters at once, each at its place in the experiment.
pub fn check(document: &Document, registry: &Registry, root: &DataRoot) -> Result<(), TrainError> {
    let raw = read(document, registry, root)?;
    fit(document, registry, &raw)?;
    Ok(())
}

/// A split of one task of a run, encoded by the run's own adapters.
pub(crate) fn load_split(
    experiment: &Experiment,
    adapters: &AdapterSet,
    task: usize,
    split: &str,
    root: &DataRoot,
) -> Result<Split, TrainError> {
    let task = &adapters.tasks()[task];
    let dataset = any2any_data::open(&experiment.tasks[&task.name].data, root)?;
    Split::new(&dataset.split(split)?, task, adapters)
}

/// The splits of one task, before any adapter has seen them.
struct RawTask {
    name: String,
    train: Samples,
    validation: Option<Samples>,
    test: Option<Samples>,
}

fn read(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Vec<RawTask>, TrainError> {
    let mut problems = Vec::new();
    let mut raw = Vec::new();
    for (name, task) in &document.experiment.tasks {
        let place = format!("/tasks/{name}/data");
        let dataset = match any2any_data::open(&task.data, root) {
            Ok(dataset) => dataset,
            Err(error) => {
                problems.push(document.diagnose(&format!("{place}/dataset"), error.to_string(), None));
                continue;
            }
        };
        let mut split = |role: &str| -> Option<Samples> {
            dataset.has_split(role).then_some(())?;
            match dataset.split(role) {
                Ok(samples) => Some(samples),
                Err(error) => {
                    problems.push(document.diagnose(
                        &format!("{place}/files/{role}"),
                        error.to_string(),
                        None,
                    ));
                    None
                }
            }
        };
        let (train, validation, test) = (split("train"), split("validation"), split("test"));
        let Some(train) = train else {
            if !dataset.has_split("train") {
                let message = format!("the dataset {} has no training split", dataset.name());
                problems.push(document.diagnose(&place, message, Some(splits_of(&dataset))));
            }
            continue;
        };
        for (role, side) in [("source", task.source.as_ref()), ("target", Some(&task.target))] {
            let Some(side) = side else { continue };
            let Ok(medium) = registry.get(side.medium()) else { continue };
            for field in medium.fields(side.options()) {
                for samples in [Some(&train), validation.as_ref(), test.as_ref()].into_iter().flatten() {
                    if let Err(error) = samples.require(&field) {
                        let place = format!("/tasks/{name}/{role}/{}/field", side.medium());
                        problems.push(document.diagnose(&place, error.to_string(), None));
                        break;
                    }
                }
            }
        }
        raw.push(RawTask { name: name.clone(), train, validation, test });
    }
    if problems.is_empty() { Ok(raw) } else { Err(TrainError::Experiment(Diagnostics::from_iter(problems))) }
}

fn splits_of(dataset: &Dataset) -> String {
    format!("its splits: {}", dataset.splits().join(", "))
}

fn fit(document: &Document, registry: &Registry, raw: &[RawTask]) -> Result<AdapterSet, TrainError> {
    let column = |task: &str, field: &str| {
        let raw = raw.iter().find(|raw| raw.name == task);
        raw.and_then(|raw| raw.train.column(field)).unwrap_or(&[])
    };
    AdapterSet::fit(&document.experiment, registry, column).map_err(|problems| {
        let diagnose = |(place, error): (String, any2any_adapter::AdapterError)| match &error {
            any2any_adapter::AdapterError::Fit { option, reason } => {
                document.diagnose(&format!("{place}/{}", option.replace('.', "/")), reason.clone(), None)
            }
            _ => document.diagnose(&place, error.to_string(), None),
        };
        TrainError::Experiment(problems.into_iter().map(diagnose).collect())
    })
}
