//! Preparation of a training: from a checked experiment to encoded data, with all problems that remain before the first
//! step.

use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Kept, Registry, Sequence, Value};
use any2any_architecture::Block;
use any2any_data::{DataError, DataRoot, Dataset, Limits, Samples, Selection};
use any2any_experiment::spec::{Experiment, Metric, Plugged};
use any2any_experiment::{Diagnostic, Diagnostics, Document};
use any2any_metrics::ValueMetric;
use any2any_model::rehearse_block;
use any2any_run::{AdapterSet, Groups, Role, RunError, Start, Task, TaskSide, TaskSides, encoder_blocks};
use any2any_translate::text_metrics::spaces_missing;
use any2any_translate::{OpenedSplit, Split};

use crate::error::TrainError;
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
    /// The training split.
    pub train: Split,
    /// The samples of the training split that are within the limits.
    pub selection: Selection,
    /// The validation split.
    pub validation: Option<Split>,
    /// The test split.
    pub test: Option<Split>,
}

/// Reads the data, fits the adapters and encodes every split.
///
/// # Errors
///
/// All problems of data and adapters at once, each at its place in the experiment.
pub fn prepare(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Prepared, TrainError> {
    let Encoding { adapters, tasks, warnings, start, taken_over } = encode(document, registry, root)?;
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
pub fn check(
    document: &Document,
    registry: &Registry,
    root: &DataRoot,
) -> Result<(Vec<TaskReport>, Diagnostics, Option<StartReport>), TrainError> {
    let Encoding { tasks, warnings, taken_over, .. } = encode(document, registry, root)?;
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
fn encode(document: &Document, registry: &Registry, root: &DataRoot) -> Result<Encoding, TrainError> {
    let groups = Groups::new(&document.experiment, registry)?;
    rehearse_blocks(document)?;
    schedule::rehearse(document)?;
    let start = Start::of(&document.experiment, registry)?;
    let opened = read(document, &groups, root)?;
    let adapters = fit(document, groups, start.as_ref(), &opened)?;
    check_tasks(document, &adapters)?;
    let taken_over = start_report::check(document, &adapters, start.as_ref())?;
    let warnings = warnings(document, &adapters, &opened);
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
            let train = split(opened.train)?;
            let selection = limits.select(&train.lengths());
            if selection.kept.is_empty() {
                return Err(TrainError::NothingToTrainOn {
                    task: task.name().to_owned(),
                    reason: selection.to_string(),
                });
            }
            Ok(PreparedTask {
                name: task.name().to_owned(),
                train,
                selection,
                validation: opened.validation.map(split).transpose()?,
                test: opened.test.map(split).transpose()?,
            })
        })
        .collect::<Result<_, TrainError>>()?;
    Ok(Encoding { adapters, tasks, warnings, start, taken_over })
}

/// Warnings about values that are allowed but probably not intended: those of the adapters, each once at the first side
/// that has it, and those about metrics that count words between spaces, for targets without spaces.
fn warnings(document: &Document, adapters: &AdapterSet, opened: &[OpenedTask]) -> Diagnostics {
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
    for (task, opened) in adapters.tasks().iter().zip(opened) {
        // Without a source nothing is decoded, and no metric is computed.
        let held_out = opened.validation.as_ref().or(opened.test.as_ref());
        let (Some(held_out), true) = (held_out, task.source().is_some()) else { continue };
        let texts: Vec<&str> = held_out.targets.iter().filter_map(Value::as_text).collect();
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
    found.into_iter().collect()
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

/// The opened splits of one task, which no adapter has seen yet.
struct OpenedTask {
    train: OpenedSplit,
    validation: Option<OpenedSplit>,
    test: Option<OpenedSplit>,
}

fn read(document: &Document, groups: &Groups, root: &DataRoot) -> Result<Vec<OpenedTask>, RunError> {
    let mut problems = Vec::new();
    let mut opened = Vec::new();
    for task in groups.tasks() {
        let place = format!("/tasks/{}/data", task.name);
        let dataset = match any2any_data::open(&document.experiment.tasks[&task.name].data, root) {
            Ok(dataset) => dataset,
            Err(error) => {
                problems.push(document.diagnose(&format!("{place}/dataset"), error.to_string(), None));
                continue;
            }
        };
        let mut split = |role: &str| -> Option<Samples> {
            dataset.has_split(role).then_some(())?;
            let problem = |error: DataError| {
                document.diagnose(&format!("{place}/files/{role}"), error.to_string(), None)
            };
            dataset.split(role).map_err(|error| problems.push(problem(error))).ok()
        };
        let (train, validation, test) = (split("train"), split("validation"), split("test"));
        let Some(train) = train else {
            if !dataset.has_split("train") {
                let message = format!("the dataset {} has no training split", dataset.name());
                problems.push(document.diagnose(&place, message, Some(splits_of(&dataset))));
            }
            continue;
        };
        let splits = [Some(&train), validation.as_ref(), test.as_ref()];
        let mut missing = missing_fields(document, task, &splits);
        missing.extend(missing_references(document, task, &splits));
        if !missing.is_empty() {
            problems.extend(missing);
            continue;
        }
        let mut open = |samples: &Samples| -> Option<OpenedSplit> {
            let opened = OpenedSplit::new(samples, task);
            opened.map_err(|error| problems.push(unreadable(document, task, &error))).ok()
        };
        let Some(mut train) = open(&train) else { continue };
        train.alternatives.clear();
        let validation = validation.as_ref().and_then(&mut open);
        let test = test.as_ref().and_then(&mut open);
        opened.push(OpenedTask { train, validation, test });
    }
    if problems.is_empty() { Ok(opened) } else { Err(RunError::Experiment(Diagnostics::from_iter(problems))) }
}

/// Problems of fields that the sides of a task need and some split lacks.
fn missing_fields(document: &Document, task: &TaskSides, splits: &[Option<&Samples>]) -> Vec<Diagnostic> {
    let mut missing = Vec::new();
    let sides = [(Role::Source, task.source.as_ref()), (Role::Target, Some(&task.target))];
    for (role, side) in sides {
        let Some(side) = side else { continue };
        for field in &side.fields {
            let error = splits.iter().flatten().find_map(|samples| samples.require(field).err());
            if let Some(error) = error {
                let place = format!("/tasks/{}/{}/{}/field", task.name, role.word(), side.medium.name());
                missing.push(document.diagnose(&place, error.to_string(), None));
            }
        }
    }
    missing
}

/// Problems of further references that no split has.
fn missing_references(document: &Document, task: &TaskSides, splits: &[Option<&Samples>]) -> Vec<Diagnostic> {
    let missing = |(number, field): (usize, &String)| {
        let mut looked_for = splits.iter().flatten().map(|samples| samples.require(field));
        let first = looked_for.next()?.err()?;
        let place = format!("/tasks/{}/references/{number}", task.name);
        looked_for.all(|found| found.is_err()).then(|| document.diagnose(&place, first.to_string(), None))
    };
    task.references.iter().enumerate().filter_map(missing).collect()
}

/// The problem of a split of which no sample can be read.
fn unreadable(document: &Document, task: &TaskSides, error: &RunError) -> Diagnostic {
    let help = "no sample of the split can be read; this is the first".to_owned();
    document.diagnose(&format!("/tasks/{}", task.name), error.to_string(), Some(help))
}

fn splits_of(dataset: &Dataset) -> String {
    format!("its splits: {}", dataset.splits().join(", "))
}

fn fit(
    document: &Document,
    groups: Groups,
    start: Option<&Start>,
    opened: &[OpenedTask],
) -> Result<AdapterSet, RunError> {
    let values = |task: usize, role| opened[task].train.values(role);
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
