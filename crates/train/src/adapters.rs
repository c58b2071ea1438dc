//! The adapters of an experiment: fitted on training splits, saved in the run, loaded again.
//!
//! Sides (sources and targets of all tasks) that share what they learn form a group; each group has one
//! adapter, and with it one vocabulary and one embedding.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Registry, Value};
use any2any_experiment::spec::{Experiment, Side};
use serde_json::Value as Json;

use crate::error::TrainError;

/// All adapters of an experiment, and which task uses which.
#[derive(Clone)]
pub struct AdapterSet {
    groups: Vec<Group>,
    adapters: Vec<Arc<dyn Adapter>>,
    tasks: Vec<TaskAdapters>,
}

/// A task's adapters, by number, and the fields that they read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskAdapters {
    /// The task's name.
    pub name: String,
    /// The adapter of the source.
    pub source: Option<usize>,
    /// The adapter of the target.
    pub target: usize,
    /// The dataset's field that the source reads.
    pub source_field: Option<String>,
    /// The dataset's field that the target reads.
    pub target_field: String,
}

/// Sides that share one adapter.
#[derive(Clone, Debug)]
struct Group {
    /// The folder of the adapter's state.
    name: String,
    /// What tells sides apart that do not share.
    key: String,
    medium: String,
    options: Json,
    members: Vec<Member>,
}

/// One side of one task.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub task: String,
    /// `source` or `target`.
    pub role: &'static str,
    pub field: String,
}

impl AdapterSet {
    /// Fits every adapter on the values of the sides that share it.
    ///
    /// `column` gives the training values of a task's field. Every adapter that cannot be fitted is reported,
    /// as the JSON pointer of the side (`/tasks/translate/source/text`) and the error.
    pub(crate) fn fit<'a>(
        experiment: &Experiment,
        registry: &Registry,
        column: impl Fn(&str, &str) -> &'a [Value],
    ) -> Result<Self, Vec<(String, AdapterError)>> {
        let (groups, tasks) = groups(experiment, registry)
            .map_err(|error| vec![(String::new(), AdapterError::Value { reason: error.to_string() })])?;
        let mut adapters = Vec::new();
        let mut problems = Vec::new();
        for group in &groups {
            let Ok(medium) = registry.get(&group.medium) else { continue };
            let mut values =
                group.members.iter().flat_map(|member| column(&member.task, &member.field).iter());
            match medium.fit(&group.options, &mut values) {
                Ok(adapter) => adapters.push(adapter),
                Err(error) => {
                    let first = &group.members[0];
                    problems.push((format!("/tasks/{}/{}/{}", first.task, first.role, group.medium), error));
                }
            }
        }
        if problems.is_empty() { Ok(Self { groups, adapters, tasks }) } else { Err(problems) }
    }

    /// Reads every adapter from the folder that [`save`](Self::save) wrote.
    pub(crate) fn load(
        experiment: &Experiment,
        registry: &Registry,
        folder: &Path,
    ) -> Result<Self, TrainError> {
        let (groups, tasks) = groups(experiment, registry)?;
        let adapters = groups
            .iter()
            .map(|group| {
                let medium = registry.get(&group.medium)?;
                medium
                    .load(&group.options, &folder.join(&group.name))
                    .map_err(|source| TrainError::Adapter { side: group.name.clone(), source })
            })
            .collect::<Result<_, TrainError>>()?;
        Ok(Self { groups, adapters, tasks })
    }

    /// Writes every adapter's state into a folder of its own.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), TrainError> {
        for (group, adapter) in self.groups.iter().zip(&self.adapters) {
            let folder = folder.join(&group.name);
            std::fs::create_dir_all(&folder).map_err(TrainError::io(&folder))?;
            adapter
                .save(&folder)
                .map_err(|source| TrainError::Adapter { side: group.name.clone(), source })?;
        }
        Ok(())
    }

    /// The tasks, in the order of the experiment.
    pub fn tasks(&self) -> &[TaskAdapters] {
        &self.tasks
    }

    /// An adapter by its number.
    pub fn adapter(&self, number: usize) -> &dyn Adapter {
        self.adapters[number].as_ref()
    }

    /// Every adapter's name and the adapter.
    pub fn named(&self) -> impl Iterator<Item = (&str, &dyn Adapter)> {
        self.groups.iter().map(|group| group.name.as_str()).zip(self.adapters.iter().map(Arc::as_ref))
    }

    /// The number of the task of a name; of the only task, when no name is given.
    ///
    /// # Errors
    ///
    /// When there is no such task, or no name and several tasks.
    pub fn task(&self, name: Option<&str>) -> Result<usize, TrainError> {
        let found = match name {
            Some(name) => self.tasks.iter().position(|task| task.name == name),
            None if self.tasks.len() == 1 => Some(0),
            None => None,
        };
        found.ok_or_else(|| TrainError::Task {
            name: name.unwrap_or("(none given: choose one with --task)").to_owned(),
            known: self.tasks.iter().map(|task| task.name.clone()).collect(),
        })
    }
}

/// The groups of an experiment in a fixed order, and each task's numbers among them.
fn groups(
    experiment: &Experiment,
    registry: &Registry,
) -> Result<(Vec<Group>, Vec<TaskAdapters>), TrainError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut tasks = Vec::new();
    for (name, task) in &experiment.tasks {
        let mut side = |side: &Side, role: &'static str| -> Result<(usize, String), TrainError> {
            let medium = registry.get(side.medium())?;
            let options = side.options();
            let field = medium.fields(options).into_iter().next().unwrap_or_default();
            let key = match medium.sharing(options) {
                Some(key) => format!("{} {key}", side.medium()),
                None => format!("{name} {role}"),
            };
            let member = Member { task: name.clone(), role, field: field.clone() };
            let number = match groups.iter().position(|group| group.key == key) {
                Some(number) => {
                    groups[number].members.push(member);
                    number
                }
                None => {
                    groups.push(Group {
                        name: String::new(),
                        key,
                        medium: side.medium().to_owned(),
                        options: options.clone(),
                        members: vec![member],
                    });
                    groups.len() - 1
                }
            };
            Ok((number, field))
        };
        let source = task.source.as_ref().map(|source| side(source, "source")).transpose()?;
        let (target, target_field) = side(&task.target, "target")?;
        let (source, source_field) = source.unzip();
        tasks.push(TaskAdapters { name: name.clone(), source, target, source_field, target_field });
    }
    name_groups(&mut groups);
    Ok((groups, tasks))
}

/// `translate-source` for a side of its own, `shared-text` for several.
fn name_groups(groups: &mut [Group]) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for group in groups {
        let name = match &group.members[..] {
            [only] => format!("{}-{}", only.task, only.role),
            _ => format!("shared-{}", group.medium),
        };
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        group.name = if *count == 1 { name } else { format!("{name}-{count}") };
    }
}
