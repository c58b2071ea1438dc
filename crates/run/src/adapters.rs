//! The adapters of an experiment: fitted on training splits, saved in the run, loaded again.
//!
//! Sides (sources and targets of all tasks) that share what they learn form a group; each group has one
//! adapter, and with it one vocabulary and one embedding.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Medium, Registry, Stem, Value};
use any2any_experiment::spec::Experiment;

use crate::error::RunError;
use crate::task_side::{Role, Side};

/// All adapters of an experiment, and which task uses which.
#[derive(Clone)]
pub struct AdapterSet {
    groups: Groups,
    adapters: Vec<Arc<dyn Adapter>>,
}

/// A task's adapters, by number, and its sides.
#[derive(Clone)]
pub struct TaskAdapters {
    /// The task's name.
    pub name: String,
    /// The adapter of the source.
    pub source: Option<usize>,
    /// The adapter of the target.
    pub target: usize,
    /// Whether the target has one token for every position of the source.
    pub aligned: bool,
    /// Further fields of the dataset that hold right outputs.
    pub references: Vec<String>,
    /// What is read.
    pub source_side: Option<Side>,
    /// What is written.
    pub target_side: Side,
}

impl TaskAdapters {
    /// The medium of the source; none when the task has no source.
    pub fn source_medium(&self) -> Option<&dyn Medium> {
        self.source_side.as_ref().map(|side| side.medium.as_ref())
    }

    /// The medium of the target.
    pub fn target_medium(&self) -> &dyn Medium {
        self.target_side.medium.as_ref()
    }

    /// The fields of the dataset that the source reads; none when the task has no source.
    pub fn source_fields(&self) -> &[String] {
        self.source_side.as_ref().map_or(&[], |side| &side.fields)
    }

    /// The fields of the dataset that the target reads.
    pub fn target_fields(&self) -> &[String] {
        &self.target_side.fields
    }
}

/// The sides of an experiment in groups that share an adapter, before any is fitted.
#[derive(Clone)]
pub struct Groups {
    groups: Vec<Group>,
    tasks: Vec<TaskAdapters>,
}

/// Sides that share one adapter.
#[derive(Clone)]
struct Group {
    /// The folder of the adapter's state.
    name: String,
    /// What tells sides apart that do not share.
    key: String,
    /// The first of its sides: whatever the adapter depends on is the same for all.
    side: Side,
    /// The task and the role of each side.
    members: Vec<(usize, Role)>,
}

impl Groups {
    /// The groups of an experiment in a fixed order, and each task's numbers among them.
    pub fn new(experiment: &Experiment, registry: &Registry) -> Result<Self, RunError> {
        let mut groups = Self { groups: Vec::new(), tasks: Vec::new() };
        for (name, task) in &experiment.tasks {
            let number = groups.tasks.len();
            let source_side = task.source.as_ref().map(|side| Side::new(side, registry)).transpose()?;
            let target_side = Side::new(&task.target, registry)?;
            let source = source_side.as_ref().map(|side| groups.add(side, name, number, Role::Source));
            let target = groups.add(&target_side, name, number, Role::Target);
            groups.tasks.push(TaskAdapters {
                name: name.clone(),
                source,
                target,
                aligned: task.aligned,
                references: task.references.clone(),
                source_side,
                target_side,
            });
        }
        groups.name();
        Ok(groups)
    }

    /// The tasks, in the order of the experiment.
    pub fn tasks(&self) -> &[TaskAdapters] {
        &self.tasks
    }

    fn add(&mut self, side: &Side, task: &str, number: usize, role: Role) -> usize {
        let key = match side.medium.sharing(&side.options) {
            Some(key) => format!("{} {key}", side.medium.name()),
            None => format!("{task} {}", role.word()),
        };
        match self.groups.iter().position(|group| group.key == key) {
            Some(group) => {
                self.groups[group].members.push((number, role));
                group
            }
            None => {
                let members = vec![(number, role)];
                self.groups.push(Group { name: String::new(), key, side: side.clone(), members });
                self.groups.len() - 1
            }
        }
    }

    /// `translate-source` for a side of its own, `shared-text` for several.
    fn name(&mut self) {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for group in &mut self.groups {
            let name = match &group.members[..] {
                [(task, role)] => format!("{}-{}", self.tasks[*task].name, role.word()),
                _ => format!("shared-{}", group.side.medium.name()),
            };
            let count = taken.entry(name.clone()).or_default();
            *count += 1;
            group.name = if *count == 1 { name } else { format!("{name}-{count}") };
        }
    }

    /// Fits every adapter on the opened values of the sides that share it.
    ///
    /// `values` gives the opened training values of a task's side. Every adapter that cannot be fitted is
    /// reported, as the JSON pointer of the side (`/tasks/translate/source/text`) and the error.
    pub fn fit<'a>(
        self,
        values: impl Fn(usize, Role) -> &'a [Value],
    ) -> Result<AdapterSet, Vec<(String, AdapterError)>> {
        let mut adapters = Vec::new();
        let mut problems = Vec::new();
        for group in &self.groups {
            let Side { medium, options, .. } = &group.side;
            let mut values = group.members.iter().flat_map(|&(task, role)| values(task, role).iter());
            match medium.fit(options, &mut values) {
                Ok(adapter) => adapters.push(adapter),
                Err(error) => {
                    let (task, role) = group.members[0];
                    let task = &self.tasks[task].name;
                    problems.push((format!("/tasks/{task}/{}/{}", role.word(), medium.name()), error));
                }
            }
        }
        if problems.is_empty() { Ok(AdapterSet { groups: self, adapters }) } else { Err(problems) }
    }
}

impl AdapterSet {
    /// Reads every adapter from the folder that [`save`](Self::save) wrote.
    pub fn load(experiment: &Experiment, registry: &Registry, folder: &Path) -> Result<Self, RunError> {
        let groups = Groups::new(experiment, registry)?;
        let load = |group: &Group| {
            let Side { medium, options, .. } = &group.side;
            medium
                .load(options, &folder.join(&group.name))
                .map_err(|source| RunError::Adapter { side: group.name.clone(), source })
        };
        let adapters = groups.groups.iter().map(load).collect::<Result<_, RunError>>()?;
        Ok(Self { groups, adapters })
    }

    /// Writes every adapter's state into a folder of its own.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        for (name, adapter) in self.named() {
            let folder = folder.join(name);
            std::fs::create_dir_all(&folder).map_err(RunError::io(&folder))?;
            adapter.save(&folder).map_err(|source| RunError::Adapter { side: name.to_owned(), source })?;
        }
        Ok(())
    }

    /// The tasks, in the order of the experiment.
    pub fn tasks(&self) -> &[TaskAdapters] {
        &self.groups.tasks
    }

    /// An adapter by its number.
    pub fn adapter(&self, number: usize) -> &dyn Adapter {
        self.adapters[number].as_ref()
    }

    /// The entrance of the source that a task's target is aligned with; none when it is not.
    pub fn aligned_stem(&self, task: usize) -> Option<Stem> {
        let task = &self.tasks()[task];
        task.source.filter(|_| task.aligned).map(|source| self.adapter(source).stem())
    }

    /// An adapter by its number, for another thread.
    pub fn shared(&self, number: usize) -> Arc<dyn Adapter> {
        self.adapters[number].clone()
    }

    /// Every adapter's name and the adapter.
    pub fn named(&self) -> impl Iterator<Item = (&str, &dyn Adapter)> {
        let names = self.groups.groups.iter().map(|group| group.name.as_str());
        names.zip(self.adapters.iter().map(Arc::as_ref))
    }

    /// The number of the task of a name; of the only task, when no name is given.
    ///
    /// # Errors
    ///
    /// When there is no such task, or no name and several tasks.
    pub fn task(&self, name: Option<&str>) -> Result<usize, RunError> {
        let tasks = self.tasks();
        let found = match name {
            Some(name) => tasks.iter().position(|task| task.name == name),
            None if tasks.len() == 1 => Some(0),
            None => None,
        };
        found.ok_or_else(|| RunError::Task {
            name: name.unwrap_or("(none given: choose one with --task)").to_owned(),
            known: tasks.iter().map(|task| task.name.clone()).collect(),
        })
    }
}
