//! A run that has a model: its experiment, adapters and data, which are read without loading the weights.

mod describe;
mod inputs;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use any2any_adapter::{Registry, Value};
use any2any_architecture::Architecture;
use any2any_data::{DataError, DataRoot, Dataset, Samples};
use any2any_experiment::spec::Experiment;
use any2any_inspect::ReadSource;
use any2any_run::atomic_file::open as open_file;
use any2any_run::{AdapterSet, Role, RunError, RunFolder, Task};

use crate::api_error::ApiError;
use crate::protocol::{self, InputSample, Languages, Reference, Sample, View};
use crate::run_registry::Kept;
use any2any_portable::view;

pub(crate) use describe::vocabulary;
pub(crate) use inputs::{Longest, ToTranslate, require_tokens};

/// The most bytes of a picture or sound that a training wrote.
const WRITTEN: u64 = 64 << 20;

/// The most splits in the cache.
const SPLITS: usize = 8;

/// The most attention weights, of all heads and layers together, of one forward pass.
pub(crate) const LOOK: usize = 1 << 28;
/// The most attention weights of a forward pass whose every activation is answered.
pub(crate) const MACHINE: usize = 1 << 22;

/// A run that has a model.
pub(crate) struct LoadedRun {
    pub(crate) experiment: Experiment,
    pub(crate) adapters: AdapterSet,
    /// The model's architecture.
    pub(crate) architecture: Architecture,
    pub(crate) parameters: u64,
    root: Option<DataRoot>,
    datasets: Kept<usize, Dataset>,
    splits: Kept<(usize, String), Samples>,
}

impl LoadedRun {
    pub(crate) fn new(
        run: &RunFolder,
        registry: &Registry,
        root: Option<DataRoot>,
    ) -> Result<Self, RunError> {
        let experiment = run.experiment(registry)?.experiment;
        let adapters = run.adapters(&experiment, registry)?;
        let checkpoints = run.checkpoints();
        // A training that saves its first checkpoint names it a moment later.
        let last = checkpoints
            .resolve("last")
            .or_else(|error| checkpoints.steps()?.last().map(|&step| checkpoints.step(step)).ok_or(error))?;
        let weights = last.join("model.safetensors");
        let parameters = any2any_run::count_weights(&weights)?;
        let datasets = Kept::new(adapters.tasks().len());
        let root = root.map(|root| root.for_run(run.path()));
        for (name, task) in &experiment.tasks {
            // Printed once, since without its data a run is served without samples.
            if let Some(Err(error @ DataError::OutOfReach { .. })) =
                root.as_ref().map(|root| any2any_data::open(&task.data, root))
            {
                eprintln!("warning: task '{name}' is shown without samples: {error}");
            }
        }
        let architecture = any2any_run::architecture(&experiment, &adapters);
        Ok(Self { experiment, adapters, architecture, parameters, root, datasets, splits: Kept::new(SPLITS) })
    }

    /// The task that a request means.
    pub(crate) fn task(&self, task: &Reference) -> Result<&Arc<Task>, ApiError> {
        let tasks = self.adapters.tasks();
        task.place(tasks.iter().map(|task| task.name())).map(|number| &tasks[number]).ok_or_else(|| {
            let asked: String = task.to_string().chars().take(40).collect();
            let message = match task {
                Reference::Number(_) => {
                    format!("there is no task {asked}; the run has {}, from 0", tasks.len())
                }
                Reference::Name(_) => {
                    let names: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
                    format!("there is no task '{asked}'; the run has: {}", names.join(", "))
                }
            };
            ApiError::missing(message, "/api/runs lists the tasks of every run")
        })
    }

    /// The task that a request means, in its languages.
    pub(crate) fn task_in(&self, task: &Reference, languages: &Languages) -> Result<Arc<Task>, ApiError> {
        Ok(languages.of(self.task(task)?)?)
    }

    /// Fails when a source and a target would make more attention weights than `most`.
    pub(crate) fn require_few_weights(
        &self,
        source: Option<&ReadSource>,
        target: usize,
        most: usize,
    ) -> Result<(), ApiError> {
        let (source, target) = (source.map_or(0, |source| source.positions.len()), target + 1);
        let weights = self.attention_weights(source as u64, target as u64);
        if weights <= most as u64 {
            return Ok(());
        }
        let message =
            format!("{source} and {target} positions make {weights} weights of attention, too many to show");
        Err(ApiError::too_large(message, "choose something shorter"))
    }

    /// The dataset of a task. A missing dataset is looked for again the next time.
    fn dataset(&self, task: &Task) -> Result<Arc<Dataset>, ApiError> {
        let root = self.root.as_ref().ok_or_else(|| {
            ApiError::missing("there is no folder of data", "start the server with --data-root FOLDER")
        })?;
        self.datasets.get(task.number(), || {
            task.sides().dataset(&task.spec().data, root).map_err(|error| RunError::from(error).into())
        })
    }

    /// The splits of a task's data; none if the data is missing.
    fn splits(&self, task: &Task) -> Vec<String> {
        self.dataset(task).map(|dataset| dataset.splits()).unwrap_or_default()
    }

    /// A split of a task's data.
    pub(crate) fn split(&self, task: &Task, split: &str) -> Result<Arc<Samples>, ApiError> {
        let dataset = self.dataset(task)?;
        if !dataset.has_split(split) {
            let split: String = split.chars().take(40).collect();
            let message = format!("there is no split '{split}'; there are: {}", dataset.splits().join(", "));
            return Err(ApiError::missing(message, "/api/runs lists the splits of every task"));
        }
        self.splits.get((task.number(), split.to_owned()), || {
            dataset.split(split).map_err(|error| ApiError::from(RunError::from(error)))
        })
    }

    /// The number of samples of a split, and some of them; those that cannot be read are left out.
    pub(crate) fn samples(
        &self,
        task: &Task,
        split: &str,
        from: usize,
        count: usize,
    ) -> Result<protocol::Samples, ApiError> {
        let samples = self.split(task, split)?;
        let columns = task.sides().columns(&samples)?;
        let sample = |number: usize| -> Result<Sample, RunError> {
            let source = columns.sources.as_ref().map(|sources| task.sides().open_source(&sources[number]));
            let target = task.sides().open_target(&columns.targets[number])?;
            Ok(Sample { number, source: source.transpose()?.as_ref().map(view), target: view(&target) })
        };
        let all = from.min(samples.len())..from.saturating_add(count).min(samples.len());
        Ok(protocol::Samples {
            total: samples.len(),
            samples: all.filter_map(|number| sample(number).ok()).collect(),
        })
    }

    /// A sample of the validation split, with the output that the training wrote for it after a step.
    pub(crate) fn written(
        &self,
        folder: &RunFolder,
        task: &Task,
        step: u64,
        number: usize,
    ) -> Result<protocol::Written, ApiError> {
        let Sample { source, target, .. } =
            self.samples(task, "validation", number, 1)?.samples.into_iter().next().ok_or_else(|| {
                let message = format!("there is no sample {number} in 'validation' that can be read");
                ApiError::missing(message, "the log of the training says which samples were written")
            })?;
        let read = |file: PathBuf| -> Result<View, ApiError> {
            let unreadable = |error: String| ApiError::internal(format!("{}: {error}", file.display()));
            let (mut opened, size) = open_file(&file).map_err(|error| unreadable(error.to_string()))?;
            if size > WRITTEN {
                return Err(unreadable(format!("it has {size} bytes, and may have {WRITTEN}")));
            }
            let mut bytes = Vec::new();
            opened.read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
            let value = task.target().read_back(&bytes);
            value.map(|value| view(&value)).map_err(|error| unreadable(error.to_string()))
        };
        let output = folder.written(step, task.name(), number).map(read).transpose()?;
        Ok(protocol::Written { source, reference: target, output })
    }

    /// The value of one side of a sample, as the dataset has it.
    fn sample(&self, task: &Task, role: Role, sample: &InputSample) -> Result<Value, ApiError> {
        let samples = self.split(task, &sample.split)?;
        let columns = task.sides().columns(&samples)?;
        let values = match role {
            Role::Source => columns.sources.as_deref().unwrap_or_default(),
            Role::Target => &columns.targets[..],
        };
        values.get(sample.number).cloned().ok_or_else(|| {
            let InputSample { split, number } = sample;
            let message = format!("there is no sample {number} in '{split}', which has {}", values.len());
            ApiError::missing(message, "samples are counted from 0")
        })
    }
}
