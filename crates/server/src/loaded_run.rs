//! A run that has a model: its experiment, adapters and data, which are read without loading the weights.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use any2any_adapter::{Adapter, File, Head, Kind, Medium, Registry, Sequence, Stem, Value};
use any2any_architecture::{Architecture, Positions};
use any2any_data::{DataError, DataRoot, Dataset, Samples};
use any2any_experiment::spec::{self, Experiment};
use any2any_inspect::ReadSource;
use any2any_run::atomic_file::open as open_file;
use any2any_run::{AdapterSet, Role, RunError, RunFolder, Task};

use crate::api_error::ApiError;
use crate::budget::Price;
use crate::protocol::{self, Body, Checkpoint, Input, InputSample, RunModel, Sample, Side, View, Vocabulary};
use crate::run_registry::Kept;
use crate::view::view;

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

/// The longest allowed source or target, in positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Longest(pub usize);

impl LoadedRun {
    pub(crate) fn new(
        run: &RunFolder,
        registry: &Registry,
        root: Option<DataRoot>,
    ) -> Result<Self, RunError> {
        let experiment = run.experiment(registry)?.experiment;
        let adapters = run.adapters(&experiment, registry)?;
        let weights = run.checkpoints().resolve("last")?.join("model.safetensors");
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

    /// The model's entry in the list of runs.
    pub(crate) fn describe(&self, checkpoints: Vec<Checkpoint>) -> RunModel {
        let Architecture { encoder, decoder, .. } = &self.architecture;
        let transformer = decoder.transformer();
        RunModel {
            body: match (encoder, transformer) {
                (_, None) => Body::Lstm,
                (Some(_), Some(_)) => Body::Transformer,
                (None, Some(_)) => Body::DecoderOnly,
            },
            d_model: decoder.d_model,
            d_ff: transformer.map_or(0, |layers| layers.feed_forward.d_ff),
            heads: decoder.self_attention().map_or(0, |attention| attention.heads),
            encoder_layers: encoder.as_ref().map_or(0, |encoder| encoder.layers()),
            decoder_layers: decoder.layers(),
            parameters: self.parameters,
            norm: transformer.map(|layers| layers.placement),
            positions: match decoder.positions {
                Positions::Sinusoidal { .. } => Some(spec::Positions::Sinusoidal),
                Positions::Learned { .. } => Some(spec::Positions::Learned),
                Positions::Rotary => Some(spec::Positions::Rotary),
                Positions::Alibi => Some(spec::Positions::Alibi),
                Positions::None | Positions::Relative { .. } => None,
            },
            checkpoints,
            tasks: self.adapters.tasks().iter().map(|task| self.describe_task(task)).collect(),
        }
    }

    /// The task of a number.
    pub(crate) fn task(&self, number: usize) -> Result<&Arc<Task>, ApiError> {
        let tasks = self.adapters.tasks();
        tasks.get(number).ok_or_else(|| {
            let message = format!("there is no task {number}; the run has {}, from 0", tasks.len());
            ApiError::missing(message, "/api/runs lists the tasks of every run")
        })
    }

    /// A task as it is listed.
    fn describe_task(&self, task: &Task) -> protocol::Task {
        let source = task.source_medium().zip(task.source());
        protocol::Task {
            number: task.number(),
            name: task.name().to_owned(),
            per_position: task.is_per_position(),
            source: source.map(|(medium, adapter)| side(medium, adapter.as_ref())),
            target: side(task.target_medium(), task.target().as_ref()),
            decoding: task.decoding().clone(),
            splits: self.splits(task),
        }
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
            any2any_data::open(&task.spec().data, root).map_err(|error| RunError::from(error).into())
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

    /// The value of an input, for one side of a task, not opened yet.
    fn value(&self, task: &Task, role: Role, given: &Input, longest: Longest) -> Result<Value, ApiError> {
        match given {
            // A text so long is too long however it is tokenized.
            Input::Text(text) if text.len() > 64 * longest.0 => {
                Err(too_long(text.len(), "bytes", 64 * longest.0))
            }
            Input::Text(text) => Ok(Value::from(text.as_str())),
            Input::Sample(sample) => self.sample(task, role, sample),
            Input::File(file) => {
                // Only the extension of the name is used: it tells the format.
                let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
                let plain = extension.chars().all(|character| character.is_ascii_alphanumeric());
                let name = match plain && extension.len() <= 8 {
                    true => format!("given.{extension}"),
                    false => "given".to_owned(),
                };
                Ok(File::in_memory(name, file.content.0.clone()).into())
            }
        }
    }

    /// The price of opening an input, whose header already shows whether it is short enough.
    pub(crate) fn price_of_opening(
        &self,
        task: &Task,
        role: Role,
        given: &Input,
        longest: Longest,
    ) -> Result<Price, ApiError> {
        let value = self.value(task, role, given, longest)?;
        let price = match role {
            Role::Source => task.sides().price_source(&value)?,
            Role::Target => task.sides().price_target(&value)?,
        };
        longest.check(usize::try_from(price.positions.unwrap_or(0)).unwrap_or(usize::MAX))?;
        Ok(Price { memory: price.bytes, products: 0 })
    }

    /// Reads the source of a request: required if the task has a source, forbidden if it has none.
    pub(crate) fn read_source(
        &self,
        task: &Task,
        given: Option<&Input>,
        longest: Longest,
    ) -> Result<Option<ReadSource>, ApiError> {
        let given = match (given, task.source()) {
            (Some(given), _) => given,
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                let help = r#"add for instance "source": { "text": "..." }"#;
                let message = "this task writes from a source, and none is given";
                return Err(ApiError::wrong("no_source", message, help));
            }
        };
        let value = self.value(task, Role::Source, given, longest)?;
        let read = ReadSource::of(task, &value)?;
        longest.check(read.sequence.len().max(read.positions.len()))?;
        Ok(Some(read))
    }

    /// Tokenizes the text that an output begins with, which is no longer than an output may be.
    pub(crate) fn read_prefix(
        &self,
        task: &Task,
        text: String,
        longest: Longest,
    ) -> Result<Vec<u32>, ApiError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let value = self.value(task, Role::Target, &Input::Text(text), longest)?;
        let opened = task.sides().open_target(&value)?;
        let tokens = task.encode_prefix(&opened)?;
        // The end token counts too.
        longest.check(tokens.len() + 1)?;
        Ok(tokens)
    }

    /// Reads a target, which is no longer than `longest`.
    pub(crate) fn read_target(
        &self,
        task: &Task,
        given: &Input,
        longest: Longest,
    ) -> Result<Sequence, ApiError> {
        let value = self.value(task, Role::Target, given, longest)?;
        let opened = task.sides().open_target(&value)?;
        let target = task.encode_target(&opened)?.sequence;
        longest.check(target.len())?;
        Ok(target)
    }
}

/// Fails unless all are tokens of the task's target.
pub(crate) fn require_tokens(task: &Task, tokens: &[u32]) -> Result<(), ApiError> {
    if tokens.is_empty() {
        return Ok(());
    }
    let Some(known) = task.vocabulary() else {
        let message = "this task writes frames, so it continues no tokens";
        return Err(ApiError::wrong("token", message, "leave the tokens out"));
    };
    match tokens.iter().find(|&&token| token as usize >= known) {
        None => Ok(()),
        Some(token) => {
            let message = format!("there is no token {token}: the vocabulary has {known}, from 0");
            Err(ApiError::wrong("token", message, "/api/vocabulary lists the tokens"))
        }
    }
}

/// The vocabulary of a task's target.
pub(crate) fn vocabulary(task: &Task) -> Result<Vocabulary, ApiError> {
    match task.target().head() {
        Some(Head::Softmax { vocabulary, begin, end, forbidden, .. }) => Ok(Vocabulary {
            tokens: (0..vocabulary as u32).map(|token| task.target().show(token)).collect(),
            begin,
            end,
            forbidden,
        }),
        _ => Err(ApiError::missing("this task writes frames, which have no vocabulary", "")),
    }
}

/// A side of a task as it is listed.
fn side(medium: &dyn Medium, adapter: &dyn Adapter) -> Side {
    let vocabulary = match (adapter.stem(), adapter.head()) {
        (Stem::Lookup { vocabulary, .. }, _) | (_, Some(Head::Softmax { vocabulary, .. })) => {
            Some(vocabulary)
        }
        _ => None,
    };
    Side {
        medium: medium.name().to_owned(),
        kind: match medium.kind() {
            Kind::Image => protocol::Kind::Image,
            Kind::Signal => protocol::Kind::Signal,
            _ => protocol::Kind::Text,
        },
        extensions: medium.extensions().iter().map(|&extension| extension.to_owned()).collect(),
        tokens: vocabulary.is_some(),
        vocabulary,
    }
}

impl Longest {
    /// The most positions of several inputs together.
    pub(crate) fn several(self) -> Self {
        Self(8 * self.0)
    }

    /// Fails if there are more positions.
    pub(crate) fn check(self, positions: usize) -> Result<(), ApiError> {
        if positions <= self.0 { Ok(()) } else { Err(too_long(positions, "positions", self.0)) }
    }
}

fn too_long(length: usize, unit: &str, most: usize) -> ApiError {
    let message = format!("the input has {length} {unit}; at most {most} are taken");
    ApiError::too_large(message, "shorten it")
}
