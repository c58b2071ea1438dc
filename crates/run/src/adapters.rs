//! The adapters of an experiment: fitted on training splits, saved in the run, loaded again.
//!
//! Sides (sources and targets of all tasks) with the same options of their medium form a group; each group has one
//! adapter, and with it one vocabulary and one embedding.

mod joint;
mod origins;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::testing::{keeps_promises, saves_whole};
use any2any_adapter::{Adapter, AdapterError, Registry, Seed, Value};
use any2any_experiment::spec::Experiment;
use any2any_portable::Bytes;

use crate::error::RunError;
use crate::start::Start;
use crate::task::Task;
use crate::task_sides::{KeptByMedium, Role, TaskSide, TaskSides};

pub(crate) use origins::Origin;

/// Adapters of an experiment, and its tasks, which use them.
#[derive(Clone)]
pub struct AdapterSet {
    groups: Groups,
    adapters: Vec<Arc<dyn Adapter>>,
    tasks: Vec<Arc<Task>>,
}

/// The sides of an experiment in groups that share an adapter, before any is fitted.
#[derive(Clone)]
pub struct Groups {
    groups: Vec<Group>,
    tasks: Vec<TaskSides>,
    /// The group of each side: of the source, if there is one, and of the target.
    of_tasks: Vec<(Option<usize>, usize)>,
}

/// Sides that share one adapter.
#[derive(Clone)]
struct Group {
    /// The folder of the adapter's state.
    name: String,
    /// The key by which sides share an adapter.
    key: String,
    /// The first of the sides; all options on which the adapter depends are equal in the group.
    side: TaskSide,
    /// The task and the role of each side.
    members: Vec<(usize, Role)>,
}

impl Groups {
    /// Groups the sides of an experiment, in a fixed order.
    pub fn new(experiment: &Experiment, registry: &Registry) -> Result<Self, RunError> {
        let mut groups = Self { groups: Vec::new(), tasks: Vec::new(), of_tasks: Vec::new() };
        let mut kept = KeptByMedium::new();
        for (name, task) in &experiment.tasks {
            let number = groups.tasks.len();
            let sides = TaskSides::new(name, task, registry, &mut kept)?;
            let source = sides.source.as_ref().map(|side| groups.add(side, name, number, Role::Source));
            let target = groups.add(&sides.target, name, number, Role::Target);
            groups.of_tasks.push((source, target));
            groups.tasks.push(sides);
        }
        groups.name();
        Ok(groups)
    }

    /// Sides of the tasks, in the order of the experiment.
    pub fn tasks(&self) -> &[TaskSides] {
        &self.tasks
    }

    fn add(&mut self, side: &TaskSide, task: &str, number: usize, role: Role) -> usize {
        let key = match side.with_options.sharing() {
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

    /// Names the groups: `translate-source` for a single side, `shared-text` for several.
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

    /// The JSON pointer of the first side of a group.
    fn place(&self, group: &Group) -> String {
        let (task, role) = group.members[0];
        format!("/tasks/{}/{}/{}", self.tasks[task].name, role.word(), group.side.medium.name())
    }

    /// Fits every adapter on the opened values of its group's sides, unless the run that the model starts from has it.
    ///
    /// `values` gives the opened training values of a task's side. The errors list every adapter that cannot be fitted,
    /// with the JSON pointer of its side (`/tasks/translate/source/text`).
    pub fn fit<'a>(
        self,
        experiment: &Experiment,
        start: Option<&Start>,
        values: impl Fn(usize, Role) -> &'a [Value],
    ) -> Result<AdapterSet, Vec<(String, AdapterError)>> {
        let mut adapters = Vec::new();
        let mut problems = Vec::new();
        let joint = start.filter(|_| experiment.model.has_joint_vocabulary());
        let joint = joint.map_or_else(Default::default, |start| joint::names(&self, start, &values));
        for (number, group) in self.groups.iter().enumerate() {
            let side = &group.side.with_options;
            let mut values = group.members.iter().flat_map(|&(task, role)| values(task, role).iter());
            let fitted = match start {
                None => side.fit(&mut values),
                Some(start) => {
                    let (known, state) = start.adapters();
                    let beside = if joint.groups.contains(&number) { &joint.names[..] } else { &[] };
                    self.fit_from(group, &mut values, (known, &state), start.vocabulary(), beside)
                }
            };
            match fitted {
                Ok(adapter) => adapters.push(adapter),
                Err(error) => problems.push((self.place(group), error)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let of_prompt = |(task, error): (String, RunError)| {
            let wrong = AdapterError::Fit { option: "prompt".to_owned(), reason: error.to_string() };
            (format!("/tasks/{task}/prompt"), wrong)
        };
        AdapterSet::new(experiment, self, adapters)
            .map_err(|problems| problems.into_iter().map(of_prompt).collect())
    }
}

/// The adapter of a group as one of its sides uses it.
fn for_side(side: &TaskSide, adapter: &Arc<dyn Adapter>) -> Result<Arc<dyn Adapter>, AdapterError> {
    Ok(adapter.for_side(&side.with_options.options())?.unwrap_or_else(|| adapter.clone()))
}

/// Number of values that an adapter is tried on before a training.
const FEW: usize = 8;

/// Fails if an adapter augments and none of some values can be; one value that cannot be is encoded as it is.
fn augments(adapter: &dyn Adapter, values: &[&Value]) -> Result<(), AdapterError> {
    if !adapter.augments() {
        return Ok(());
    }
    let mut first = None;
    for (step, value) in values.iter().enumerate() {
        match adapter.augment(value, &mut Seed(0).random("rehearsal", step as u64)) {
            Ok(_) => return Ok(()),
            // What cannot be encoded is left out before any training.
            Err(error) if adapter.encode(value).is_ok() => first = first.or(Some(error)),
            Err(_) => {}
        }
    }
    first.map_or(Ok(()), Err)
}

impl AdapterSet {
    /// The adapters in tasks, or the error of each task that cannot be.
    fn new(
        experiment: &Experiment,
        groups: Groups,
        adapters: Vec<Arc<dyn Adapter>>,
    ) -> Result<Self, Vec<(String, RunError)>> {
        let (mut tasks, mut problems) = (Vec::new(), Vec::new());
        for (number, (sides, &(source, target))) in groups.tasks.iter().zip(&groups.of_tasks).enumerate() {
            let of_side = |side: &TaskSide, role: Role, group: usize| {
                for_side(side, &adapters[group]).map_err(|source| RunError::Adapter {
                    side: format!("{}-{}", sides.name, role.word()),
                    source,
                })
            };
            let source = sides.source.as_ref().zip(source);
            let source = source.map(|(side, group)| of_side(side, Role::Source, group)).transpose();
            let target = of_side(&sides.target, Role::Target, target);
            let task =
                source.and_then(|source| Task::new(number, sides.clone(), source, target?, experiment));
            match task {
                Ok(task) => tasks.push(Arc::new(task)),
                Err(error) => problems.push((sides.name.clone(), error)),
            }
        }
        if problems.is_empty() { Ok(Self { groups, adapters, tasks }) } else { Err(problems) }
    }

    fn of_run(
        experiment: &Experiment,
        groups: Groups,
        adapters: Vec<Arc<dyn Adapter>>,
    ) -> Result<Self, RunError> {
        // Of several errors, the first.
        Self::new(experiment, groups, adapters).map_err(|mut problems| problems.swap_remove(0).1)
    }

    /// Adapters for the tasks of another experiment with the same sides, such as one on other files.
    ///
    /// # Errors
    ///
    /// If a task's prompt cannot be said in its vocabulary.
    pub fn for_experiment(&self, experiment: &Experiment) -> Result<Self, RunError> {
        Self::of_run(experiment, self.groups.clone(), self.adapters.clone())
    }

    /// Reads every adapter from the folder that [`save`](Self::save) wrote.
    pub fn load(experiment: &Experiment, registry: &Registry, folder: &Path) -> Result<Self, RunError> {
        let groups = Groups::new(experiment, registry)?;
        let load = |group: &Group| {
            group
                .side
                .with_options
                .load(&folder.join(&group.name))
                .map_err(|source| RunError::Adapter { side: group.name.clone(), source })
        };
        let adapters = groups.groups.iter().map(load).collect::<Result<_, RunError>>()?;
        Self::of_run(experiment, groups, adapters)
    }

    /// Tries what a training needs of every adapter, on a few opened training values of its sides: that it keeps the
    /// promises on which samples and outputs depend, that it can be saved and loaded again, and that its augmentation
    /// gives sequences.
    ///
    /// # Errors
    ///
    /// All adapters that fail, with the JSON pointer of their side.
    pub fn rehearse<'a>(
        &self,
        values: impl Fn(usize, Role) -> &'a [Value],
    ) -> Result<(), Vec<(String, AdapterError)>> {
        let mut problems = Vec::new();
        for (group, adapter) in self.groups.groups.iter().zip(&self.adapters) {
            let (task, role) = group.members[0];
            let values = values(task, role);
            let few: Vec<&Value> = values.iter().step_by(values.len().div_ceil(FEW).max(1)).collect();
            let (medium, adapter) = (group.side.medium.as_ref(), adapter.as_ref());
            let written = group.members.iter().any(|(_, role)| *role == Role::Target);
            let tried = keeps_promises(medium, adapter, &few, written)
                .and_then(|()| saves_whole(medium.name(), group.side.with_options.as_ref(), adapter, &few))
                .and_then(|()| augments(adapter, &few));
            if let Err(error) = tried {
                problems.push((self.groups.place(group), error));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
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

    /// The state of all adapters, as files by adapter and name.
    ///
    /// # Errors
    ///
    /// If one cannot be saved.
    pub fn states(&self) -> Result<BTreeMap<String, BTreeMap<String, Bytes>>, RunError> {
        let place = tempfile::tempdir().map_err(RunError::io(&std::env::temp_dir()))?;
        self.save(place.path())?;
        let mut states = BTreeMap::new();
        for (name, _) in self.named() {
            let folder = place.path().join(name);
            let mut files = BTreeMap::new();
            for entry in folder.read_dir().map_err(RunError::io(&folder))? {
                let path = entry.map_err(RunError::io(&folder))?.path();
                let bytes = std::fs::read(&path).map_err(RunError::io(&path))?;
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.insert(file, Bytes(bytes));
            }
            states.insert(name.to_owned(), files);
        }
        Ok(states)
    }

    /// A digest of the state of all adapters: those of the same digest encode alike.
    ///
    /// # Errors
    ///
    /// If one cannot be saved.
    pub fn digest(&self) -> Result<String, RunError> {
        let place = tempfile::tempdir().map_err(RunError::io(&std::env::temp_dir()))?;
        self.save(place.path())?;
        crate::checksums::of_folder(place.path())
    }

    /// Tasks, in the order of the experiment.
    pub fn tasks(&self) -> &[Arc<Task>] {
        &self.tasks
    }

    /// Numbers of the adapters of a task's source, if it has one, and of its target.
    pub fn numbers(&self, task: &Task) -> (Option<usize>, usize) {
        self.groups.of_tasks[task.number()]
    }

    pub(crate) fn adapter(&self, number: usize) -> &dyn Adapter {
        self.adapters[number].as_ref()
    }

    /// All adapters with their names.
    pub fn named(&self) -> impl Iterator<Item = (&str, &dyn Adapter)> {
        let names = self.groups.groups.iter().map(|group| group.name.as_str());
        names.zip(self.adapters.iter().map(Arc::as_ref))
    }

    /// The task of a name; the only task, if no name is given.
    ///
    /// # Errors
    ///
    /// If there is no such task, or no name and several tasks.
    pub fn task(&self, name: Option<&str>) -> Result<&Arc<Task>, RunError> {
        let found = match (name, &self.tasks[..]) {
            (Some(name), tasks) => tasks.iter().find(|task| task.name() == name),
            (None, [task]) => Some(task),
            (None, _) => None,
        };
        found.ok_or_else(|| RunError::Task {
            name: name.map(str::to_owned),
            known: self.tasks.iter().map(|task| task.name().to_owned()).collect(),
        })
    }
}
