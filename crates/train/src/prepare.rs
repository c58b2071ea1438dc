//! Preparation of a training: from a checked experiment to encoded data, with all problems that remain before the first
//! step.

mod drawing;
mod opening;
mod storing;

use std::borrow::Cow;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Kept, Registry, Sequence};
use any2any_architecture::Block;
use any2any_data::batching::Lengths;
use any2any_data::cache::Cache;
use any2any_data::{DataRoot, Limits, Selection, Streamed};
use any2any_experiment::spec::{Experiment, Metric, Plugged};
use any2any_experiment::{Diagnostic, Diagnostics, Document};
use any2any_metrics::ValueMetric;
use any2any_model::rehearse_block;
use any2any_run::{AdapterSet, Groups, Role, RunError, Start, Task, TaskSide, encoder_blocks};
use any2any_translate::text_metrics::spaces_missing;
use any2any_translate::{HeldOut, OpenedSplit, Origin, Split, StoredExamples};

use self::drawing::Drawn;
use self::opening::{OpenedTask, Train, Unencoded, read, unreadable};
pub(crate) use self::storing::stored;
use crate::error::TrainError;
use crate::precision;
use crate::report::TaskReport;
use crate::schedule;
use crate::start_report::{self, StartReport};

/// An experiment with its adapters fitted and its splits encoded.
#[non_exhaustive]
pub struct Prepared {
    /// The experiment.
    pub experiment: Experiment,
    /// The experiment's text as it was given.
    pub given: String,
    /// The experiment's text with every default.
    pub resolved: String,
    /// The fitted adapters.
    pub adapters: AdapterSet,
    /// The data of each task, in the order of the experiment.
    pub tasks: Vec<PreparedTask>,
    /// Warnings about values that the data shows to be unintended.
    pub warnings: Diagnostics,
    /// The run that the model starts from.
    pub start: Option<Start>,
    /// What is taken over from it.
    pub taken_over: Option<StartReport>,
}

/// The data of one task.
#[derive(Clone)]
pub struct PreparedTask {
    /// The task's name.
    pub name: String,
    /// The training split; without its samples where they are stored.
    pub train: Split,
    /// The samples of a training split that are kept on the disk.
    pub stored: Option<Arc<StoredExamples>>,
    /// The samples of the training split that are within the limits.
    pub selection: Selection,
    /// The validation split.
    pub validation: Option<HeldOut>,
    /// The test split.
    pub test: Option<HeldOut>,
}

impl PreparedTask {
    /// The number of training samples that can be read.
    pub fn samples(&self) -> usize {
        self.stored.as_ref().map_or(self.train.examples.len(), |stored| stored.len())
    }

    /// The lengths of all training samples that can be read.
    pub fn lengths(&self) -> Cow<'_, [Lengths]> {
        match &self.stored {
            Some(stored) => Cow::Borrowed(stored.lengths()),
            None => Cow::Owned(self.train.lengths()),
        }
    }
}

/// A part of a preparation that may take long.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Preparing<'a> {
    /// The samples of a task are read for its vocabularies.
    Fitting {
        /// The task.
        task: &'a str,
    },
    /// Vocabularies and other states of media are fitted to some samples of a task, drawn at random.
    Drawn {
        /// The task.
        task: &'a str,
        /// The number of samples that were drawn.
        samples: usize,
        /// The number of all.
        of: usize,
    },
    /// Another process encodes the same samples, and is waited for.
    Waiting {
        /// The task.
        task: &'a str,
    },
    /// The training samples of a task are encoded for the cache.
    Encoding {
        /// The task.
        task: &'a str,
        /// The number of samples so far.
        samples: usize,
        /// The number of all, where it is known.
        of: Option<usize>,
    },
}

/// Watcher of a preparation.
pub type Watch<'w> = dyn FnMut(Preparing<'_>) + 'w;

/// Reads the data, fits the adapters and encodes every split.
///
/// # Errors
///
/// All problems of data and adapters at once, each at its place in the experiment.
pub fn prepare(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Prepared, TrainError> {
    prepare_watched(document, registry, root, &mut |_| ())
}

/// [`prepare`] before the eyes of a person, who may have to wait for data that is larger than memory.
///
/// # Errors
///
/// As [`prepare`].
pub fn prepare_watched(
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
    watch: &mut Watch<'_>,
) -> Result<Prepared, TrainError> {
    let Encoding { adapters, tasks, warnings, start, taken_over } = encode(document, registry, root, watch)?;
    let device = any2any_run::device::device(&document.experiment.device)?;
    let mut document = document.clone();
    let training = &mut document.experiment.training;
    training.precision = precision::resolved(training.precision, &device);
    Ok(Prepared {
        start,
        taken_over,
        given: document.given().to_owned(),
        resolved: document.resolved_yaml(),
        experiment: document.experiment.clone(),
        adapters,
        tasks,
        warnings,
    })
}

/// Checks the data and the adapters of an experiment. Gives a report about the data of each task, warnings about values
/// that are allowed but probably not intended, and a report of what the model takes over from the run that it starts from.
///
/// # Errors
///
/// All problems of data and adapters at once, each at its place in the experiment.
pub fn check(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Checked, TrainError> {
    check_watched(document, registry, root, &mut |_| ())
}

/// Reports about the data of each task, warnings, and a report of what the model takes over.
pub type Checked = (Vec<TaskReport>, Diagnostics, Option<StartReport>);

/// [`check`] before the eyes of a person, as [`prepare_watched`].
///
/// # Errors
///
/// As [`check`].
pub fn check_watched(
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
    watch: &mut Watch<'_>,
) -> Result<Checked, TrainError> {
    let Encoding { tasks, warnings, taken_over, .. } = encode(document, registry, root, watch)?;
    Ok((tasks.iter().map(PreparedTask::report).collect(), warnings, taken_over))
}

/// The fitted adapters, the encoded splits, and warnings.
struct Encoding {
    adapters: AdapterSet,
    tasks: Vec<PreparedTask>,
    warnings: Diagnostics,
    start: Option<Start>,
    taken_over: Option<StartReport>,
}

/// Reads the data, fits the adapters, and encodes the splits.
fn encode(
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
    watch: &mut Watch<'_>,
) -> Result<Encoding, TrainError> {
    let groups = Groups::new(&document.experiment, registry)?;
    rehearse_blocks(document)?;
    schedule::rehearse(document)?;
    let start = Start::of(&document.experiment, registry)?;
    let mut opened = read(document, &groups, root)?;
    let on_disk = opened.iter().any(|task| matches!(task.train, Train::Disk(..)));
    let cache = on_disk.then(|| root.cache()).transpose().map_err(RunError::data)?;
    let adapters = match &cache {
        Some(cache) => {
            fit_to_stored(document, (groups, registry), start.as_ref(), &mut opened, cache, watch)?
        }
        None => fit(document, groups, start.as_ref(), &opened, watch)?,
    };
    let digest = cache.as_ref().map(|_| adapters.digest()).transpose()?;
    check_tasks(document, &adapters)?;
    let taken_over = start_report::check(document, &adapters, start.as_ref())?;
    let mut warnings = adapter_warnings(document, &adapters);
    let batch = &document.experiment.training.batch;
    let limits = Limits { source: batch.max_source_length, target: batch.max_target_length };
    let tasks = opened
        .into_iter()
        .zip(adapters.tasks())
        .map(|(opened, task)| {
            let unread = |error: RunError| match error {
                RunError::Adapter { .. } => {
                    RunError::Experiment(unreadable(document, task.sides(), &error).into())
                }
                other => other,
            };
            let split = |opened: OpenedSplit| Split::new(opened, task).map_err(unread);
            let held_out = |unencoded: Option<Unencoded>| {
                unencoded.map(|unencoded| unencoded.encode(task)).transpose().map_err(unread)
            };
            let (train, stored) = match (opened.train, &cache, &digest) {
                (Train::Memory(train), ..) => (split(train)?, None),
                (Train::Disk(streamed, _), Some(cache), Some(digest)) => {
                    let stored = store(task, &streamed, cache, digest, watch).map_err(unread)?;
                    (stored.findings(), Some(Arc::new(stored)))
                }
                (Train::Disk(..), ..) => unreachable!("there is a cache where samples are stored"),
            };
            let selection = match &stored {
                Some(stored) => limits.select(stored.lengths()),
                None => limits.select(&train.lengths()),
            };
            if selection.kept.is_empty() {
                return Err(TrainError::NothingToTrainOn {
                    task: task.name().to_owned(),
                    reason: selection.to_string(),
                });
            }
            let (validation, test) = (held_out(opened.validation)?, held_out(opened.test)?);
            Ok(PreparedTask { name: task.name().to_owned(), train, stored, selection, validation, test })
        })
        .collect::<Result<Vec<PreparedTask>, TrainError>>()?;
    metric_warnings(document, &adapters, &tasks, &mut warnings);
    warnings.extend(precision::check(document)?);
    let warnings = warnings.into_iter().collect();
    Ok(Encoding { adapters, tasks, warnings, start, taken_over })
}

/// The adapters' warnings about values that are allowed but probably not intended, each once at the first side that has it.
fn adapter_warnings(document: &Document, adapters: &AdapterSet) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut asked: Vec<&Arc<dyn Adapter>> = Vec::new();
    for task in adapters.tasks() {
        let source =
            task.source().zip(task.source_medium()).map(|(adapter, medium)| (Role::Source, adapter, medium));
        let target = (Role::Target, task.target(), task.target_medium());
        for (role, adapter, medium) in source.into_iter().chain([target]) {
            if asked.iter().any(|known| Arc::ptr_eq(known, adapter)) {
                continue;
            }
            asked.push(adapter);
            let place = format!("/tasks/{}/{}/{}", task.name(), role.word(), medium.name());
            let said = adapter.warnings().into_iter();
            found.extend(said.map(|warning| document.diagnose(&place, warning, None).as_warning()));
        }
    }
    found
}

/// Warnings about metrics that count words between spaces, for targets without spaces.
fn metric_warnings(
    document: &Document,
    adapters: &AdapterSet,
    prepared: &[PreparedTask],
    found: &mut Vec<Diagnostic>,
) {
    for (task, prepared) in adapters.tasks().iter().zip(prepared) {
        // Without a source nothing is decoded, and no metric is computed.
        let held_out = prepared.validation.as_ref().or(prepared.test.as_ref());
        let (Some(held_out), true) = (held_out, task.source().is_some()) else { continue };
        let texts = held_out.reference_texts();
        let own = task.spec().metrics.is_some();
        let list =
            if own { format!("/tasks/{}/metrics", task.name()) } else { "/evaluation/metrics".to_owned() };
        for missing in spaces_missing(task.metrics(), &texts) {
            let place = format!("{list}/{}", missing.metric);
            let warning = document.diagnose(&place, missing.message, Some(missing.help)).as_warning();
            if !found.contains(&warning) {
                found.push(warning);
            }
        }
    }
}

/// Tries the blocks of the program's own at the width of the model.
fn rehearse_blocks(document: &Document) -> Result<(), RunError> {
    let d_model = document.experiment.model.stacks().1.d_model;
    let blocks = encoder_blocks(&document.experiment, d_model);
    let problem = |(number, block): (usize, &Block)| {
        let place = format!("/model/transformer/encoder_blocks/{number}");
        let reason = rehearse_block(block, d_model).err()?;
        Some(document.diagnose(&place, format!("the block '{}' is at fault: {reason}", block.name), None))
    };
    let problems: Vec<Diagnostic> = blocks.iter().enumerate().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(RunError::Experiment(Diagnostics::from_iter(problems))) }
}

/// Checks tasks by rules that need their adapters.
fn check_tasks(document: &Document, adapters: &AdapterSet) -> Result<(), RunError> {
    let problem = |task: &Arc<Task>| {
        unwritten(document, task).or_else(|| misaligned(document, task)).or_else(|| unscored(document, task))
    };
    let problems: Vec<Diagnostic> = adapters.tasks().iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(RunError::Experiment(Diagnostics::from_iter(problems))) }
}

/// Fails for a metric of the program's own that does not score what a task writes.
fn unscored(document: &Document, task: &Task) -> Option<Diagnostic> {
    let kind = task.target_medium().kind();
    let scores =
        |plugged: &Plugged| plugged.get::<Arc<dyn ValueMetric>>().is_some_and(|metric| metric.scores(kind));
    let place = match task.spec().metrics {
        Some(_) => format!("/tasks/{}/metrics", task.name()),
        None => "/evaluation/metrics".to_owned(),
    };
    task.metrics().iter().enumerate().find_map(|(number, metric)| match metric {
        Metric::Plugged(plugged) if !scores(plugged) => {
            let message = format!("`{}` does not score {kind}, which `{}` writes", plugged.name, task.name());
            let help = "choose another metric, or give the task `metrics` of its own".to_owned();
            Some(document.diagnose(&format!("{place}/{number}"), message, Some(help)))
        }
        _ => None,
    })
}

/// Fails for a target whose medium cannot be written, or not with its options.
fn unwritten(document: &Document, task: &Task) -> Option<Diagnostic> {
    if task.target().head().is_some() {
        return None;
    }
    let medium = task.target_medium();
    let place = format!("/tasks/{}/target/{}", task.name(), medium.name());
    let message = format!("`{}` is read here, but not written", medium.name());
    let schema = medium.schema().to_value();
    let described =
        schema.pointer("/properties/output/description").and_then(|description| description.as_str());
    let help = match described {
        Some(described) if lacks_output(&task.sides().target) => {
            format!("add `output`: {}", described.replace('\n', " "))
        }
        // The adapter itself says what is missing beside it.
        _ => match task.target().decode(&Sequence::Tokens(Vec::new())) {
            Err(AdapterError::Value { reason }) => reason,
            _ => "choose a target of another medium".to_owned(),
        },
    };
    Some(document.diagnose(&place, message, Some(help)))
}

/// True if a target leaves out the option `output`, which says how it is written.
fn lacks_output(TaskSide { medium, with_options, .. }: &TaskSide) -> bool {
    let options = with_options.options();
    let mut left_out = options.clone();
    left_out.as_object_mut().and_then(|options| options.remove("output"));
    let usual = medium.side(&left_out, &Kept::default()).ok().map(|side| side.options());
    usual.is_some_and(|usual| usual.get("output") == options.get("output"))
}

/// Fails for an alignment of other targets than tokens, without a source, or in two ways.
fn misaligned(document: &Document, task: &Task) -> Option<Diagnostic> {
    let possible = task.vocabulary().is_some() && task.source().is_some();
    let (per_position, learned) = (task.spec().per_position, task.spec().losses.ctc > 0.0);
    let (option, message, help) = if per_position && !possible {
        let message = "`per_position` needs a source, and a target that is written in tokens";
        ("per_position", message, "leave `per_position` out")
    } else if per_position && learned {
        let message = "the alignment loss learns what a per-position target already says";
        ("losses/ctc", message, "leave `ctc` out, or `per_position`")
    } else if learned && !possible {
        let message = "the alignment loss needs a source, and a target that is written in tokens";
        ("losses/ctc", message, "leave `ctc` out")
    } else {
        return None;
    };
    let place = format!("/tasks/{}/{option}", task.name());
    Some(document.diagnose(&place, message.to_owned(), Some(help.to_owned())))
}

/// Fits adapters to what is drawn of training splits on the disk, or takes those that a former preparation has left.
fn fit_to_stored(
    document: &Document,
    (groups, registry): (Groups, &Registry),
    start: Option<&Start>,
    opened: &mut [OpenedTask],
    cache: &Cache,
    watch: &mut Watch<'_>,
) -> Result<AdapterSet, RunError> {
    let entry = storing::entry_of_adapters(document, &groups, opened, cache)?;
    if let Some(adapters) = entry.as_ref().and_then(|entry| storing::fitted_before(entry, document, registry))
    {
        return Ok(adapters);
    }
    drawing::draw_all(document, &groups, opened, watch)?;
    let adapters = fit(document, groups, start, opened, watch)?;
    for task in opened {
        if let Train::Disk(_, drawn) = &mut task.train {
            *drawn = None;
        }
    }
    if let Some(entry) = entry {
        storing::keep(&adapters, &entry)?;
    }
    Ok(adapters)
}

/// The stored training samples of a task, which are encoded if the cache has them not.
pub(crate) fn store(
    task: &Arc<Task>,
    streamed: &Streamed,
    cache: &Cache,
    adapters: &str,
    watch: &mut Watch<'_>,
) -> Result<StoredExamples, RunError> {
    let origin = Origin { task, streamed };
    let watch = std::cell::RefCell::new(watch);
    let waits = || (watch.borrow_mut())(Preparing::Waiting { task: task.name() });
    let of = streamed.count();
    let mut encoded = |samples| (watch.borrow_mut())(Preparing::Encoding { task: task.name(), samples, of });
    StoredExamples::open(origin, cache, adapters, waits, &mut encoded)
}

fn fit(
    document: &Document,
    groups: Groups,
    start: Option<&Start>,
    opened: &[OpenedTask],
    watch: &mut Watch<'_>,
) -> Result<AdapterSet, RunError> {
    let drawn: Vec<Option<Drawn>> = groups
        .tasks()
        .iter()
        .zip(opened)
        .map(|(task, opened)| match &opened.train {
            Train::Memory(train) => Drawn::of(train, task, &document.experiment),
            Train::Disk(..) => None,
        })
        .collect();
    for (task, drawn) in groups.tasks().iter().zip(&drawn) {
        drawn.iter().for_each(|drawn| drawing::say_drawn(&task.name, drawn, watch));
    }
    let values = |task: usize, role| match &opened[task].train {
        Train::Memory(train) => drawn[task].as_ref().map_or(train.values(role), |drawn| drawn.values(role)),
        Train::Disk(_, sample) => sample.as_ref().map_or(&[][..], |sample| sample.values(role)),
    };
    let fitted = groups.fit(&document.experiment, start, values);
    let rehearsed = fitted.and_then(|adapters| adapters.rehearse(values).map(|()| adapters));
    rehearsed.map_err(|problems| {
        let diagnose = |(place, error): (String, AdapterError)| match &error {
            AdapterError::Fit { option, reason } => {
                document.diagnose(&format!("{place}/{}", option.replace('.', "/")), reason.clone(), None)
            }
            _ => document.diagnose(&place, error.to_string(), None),
        };
        RunError::Experiment(problems.into_iter().map(diagnose).collect())
    })
}
