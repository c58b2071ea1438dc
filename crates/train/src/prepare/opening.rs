//! Opening of an experiment's data: files become values that adapters take.

use std::sync::Arc;

use any2any_data::{DataError, DataRoot, Dataset, Samples, Streamed};
use any2any_experiment::{Diagnostic, Diagnostics, Document};
use any2any_run::{Groups, Role, RunError, Task, TaskSides};
use any2any_translate::{HeldOut, OpenedSplit, Split, reads_again};

use super::drawing::Drawn;
use super::storing::stored;

/// The opened splits of one task, which no adapter has seen yet.
pub(super) struct OpenedTask {
    pub(super) train: Train,
    pub(super) validation: Option<Unencoded>,
    pub(super) test: Option<Unencoded>,
}

/// A held-out split that no adapter has seen yet.
pub(super) enum Unencoded {
    /// All of it, opened.
    Opened(OpenedSplit),
    /// Values as the data has them, whose files are opened each time that they are needed.
    Files(Samples),
}

impl Unencoded {
    /// The split, encoded.
    pub(super) fn encode(self, task: &Arc<Task>) -> Result<HeldOut, RunError> {
        match self {
            Self::Opened(opened) => Ok(HeldOut::new(Split::new(opened, task)?)),
            Self::Files(samples) => HeldOut::read_again(samples, task, false, None),
        }
    }
}

/// The training split of a task.
pub(super) enum Train {
    /// All of it, opened.
    Memory(OpenedSplit),
    /// Files that are read line by line, and opened values to which adapters are fitted, as long as they are needed.
    Disk(Streamed, Option<Drawn>),
}

/// Reads and opens the splits of all tasks, but for training splits that are kept on the disk.
pub(super) fn read(
    document: &Document,
    groups: &Groups,
    root: &DataRoot,
) -> Result<Vec<OpenedTask>, RunError> {
    let mut problems = Vec::new();
    let mut opened = Vec::new();
    for task in groups.tasks() {
        let place = format!("/tasks/{}/data", task.name);
        let dataset = match task.dataset(&document.experiment.tasks[&task.name].data, root) {
            Ok(dataset) => dataset,
            Err(error) => {
                problems.push(document.diagnose(&format!("{place}/dataset"), error.to_string(), None));
                continue;
            }
        };
        let unread = |role: &str, error: DataError| {
            let option = match &error {
                DataError::Option { option, .. } if option == "filter" => option.clone(),
                _ => format!("files/{role}"),
            };
            document.diagnose(&format!("{place}/{option}"), error.to_string(), None)
        };
        let mut split = |role: &str| -> Option<Samples> {
            dataset.has_split(role).then_some(())?;
            let problem = |error: DataError| unread(role, error);
            dataset.split(role).map_err(|error| problems.push(problem(error))).ok()
        };
        let store = document.experiment.tasks[&task.name].data.store;
        let streamed = stored(&dataset, store);
        let train = match &streamed {
            // The first rows tell the fields.
            Some(streamed) => match streamed.chunks().next().transpose() {
                Ok(first) => first,
                Err(error) => {
                    problems.push(unread("train", error));
                    continue;
                }
            },
            None => split("train"),
        };
        let (validation, test) = (split("validation"), split("test"));
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
        let train = match streamed {
            Some(streamed) => Train::Disk(streamed, None),
            None => {
                let Some(mut train) = open(&train) else { continue };
                train.alternatives.clear();
                Train::Memory(train)
            }
        };
        let mut held_out = |samples: Option<Samples>| {
            let samples = samples?;
            match reads_again(&samples, task, store) {
                true => Some(Unencoded::Files(samples)),
                false => open(&samples).map(Unencoded::Opened),
            }
        };
        let (validation, test) = (held_out(validation), held_out(test));
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
pub(super) fn unreadable(document: &Document, task: &TaskSides, error: &RunError) -> Diagnostic {
    let help = "no sample of the split can be read; this is the first".to_owned();
    document.diagnose(&format!("/tasks/{}", task.name), error.to_string(), Some(help))
}

fn splits_of(dataset: &Dataset) -> String {
    format!("its splits: {}", dataset.splits().join(", "))
}
