//! Sides of a task, and their values, which a medium opens before an adapter sees them: on any thread, without the
//! model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use any2any_adapter::{AdapterError, AnyMedium, AnySide, Kept, Kind, OpenedValue, Price, Registry, Value};
use any2any_data::{DataError, DataRoot, Dataset, Samples};
use any2any_experiment::spec;

use crate::error::RunError;

/// Role of a side in its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The source, which is read.
    Source,
    /// The target, which is written.
    Target,
}

impl Role {
    /// The role's word in the YAML.
    pub fn word(self) -> &'static str {
        match self {
            Role::Source => "source",
            Role::Target => "target",
        }
    }
}

/// Side of a task: its medium, the medium's parsed options, and the fields of the dataset that it reads.
#[derive(Clone)]
#[non_exhaustive]
pub struct TaskSide {
    /// The medium.
    pub medium: Arc<dyn AnyMedium>,
    /// The medium with the options of this side, which opens values and builds adapters.
    pub with_options: Arc<dyn AnySide>,
    /// The fields of the dataset.
    pub fields: Vec<String>,
}

impl TaskSide {
    /// The side of a task that an experiment describes; it keeps what it has decoded in `kept`.
    ///
    /// # Errors
    ///
    /// If no medium has that name, or its options are not sound.
    fn new(
        task: &str,
        role: Role,
        side: &spec::Side,
        registry: &Registry,
        kept: &mut KeptByMedium,
    ) -> Result<Self, RunError> {
        let medium = registry.get(side.medium())?.clone();
        let kept = kept.entry(side.medium().to_owned()).or_default();
        let side = medium
            .sound_side(side.options(), kept)
            .map_err(|source| RunError::Adapter { side: format!("{task} {}", role.word()), source })?;
        Ok(Self { fields: side.fields(), medium, with_options: side })
    }

    /// The price of opening a value, from its header alone.
    pub fn price(&self, value: &Value) -> Result<Price, AdapterError> {
        self.with_options.price(value)
    }

    /// Opens a value for the adapter.
    pub fn open(&self, value: &Value) -> Result<OpenedValue, AdapterError> {
        self.with_options.open(value)
    }

    /// The values of all samples as the dataset has them; a side of several fields gets a series of their values.
    pub fn column<'a>(&self, samples: &'a Samples) -> Result<Cow<'a, [Value]>, RunError> {
        match &self.fields[..] {
            [field] => Ok(Cow::Borrowed(samples.require(field)?)),
            fields => {
                let columns =
                    fields.iter().map(|field| samples.require(field)).collect::<Result<Vec<_>, _>>()?;
                let row =
                    |row: usize| Value::Series(columns.iter().map(|column| column[row].clone()).collect());
                Ok(Cow::Owned((0..samples.len()).map(row).collect()))
            }
        }
    }
}

/// What the sides of an experiment keep between values, by medium: sides that read the same files decode them once.
pub(crate) type KeptByMedium = BTreeMap<String, Kept>;

/// Values of a split as the dataset has them, not opened yet.
#[non_exhaustive]
pub struct Columns<'a> {
    /// The sources; `None` if the task has none.
    pub sources: Option<Cow<'a, [Value]>>,
    /// The targets.
    pub targets: Cow<'a, [Value]>,
}

/// Sides of a task as the experiment describes them, before any adapter is fitted.
#[derive(Clone)]
#[non_exhaustive]
pub struct TaskSides {
    /// The task's name.
    pub name: String,
    /// The source side; `None` for a task without one.
    pub source: Option<TaskSide>,
    /// The target side.
    pub target: TaskSide,
    /// Fields of the dataset with further references.
    pub references: Vec<String>,
}

impl TaskSides {
    /// The sides of a task.
    ///
    /// # Errors
    ///
    /// If there is no medium of a name, or options are not sound.
    pub(crate) fn new(
        name: &str,
        task: &spec::Task,
        registry: &Registry,
        kept: &mut KeptByMedium,
    ) -> Result<Self, RunError> {
        let mut side = |role, side| TaskSide::new(name, role, side, registry, kept);
        Ok(Self {
            name: name.to_owned(),
            source: task.source.as_ref().map(|source| side(Role::Source, source)).transpose()?,
            target: side(Role::Target, &task.target)?,
            references: task.references.clone(),
        })
    }

    /// The fields that both sides read, each once.
    pub fn fields(&self) -> Vec<String> {
        let sides = self.source.iter().chain([&self.target]);
        let mut fields: Vec<String> = sides.flat_map(|side| side.fields.clone()).collect();
        fields.sort();
        fields.dedup();
        fields
    }

    /// The task's data, whose filters compare the texts of these sides.
    ///
    /// # Errors
    ///
    /// As [`any2any_data::open`].
    pub fn dataset(&self, data: &spec::Data, root: &DataRoot) -> Result<Dataset, DataError> {
        let text = |side: &TaskSide| match &side.fields[..] {
            [field] if side.medium.kind() == Kind::Text => Some(field.clone()),
            _ => None,
        };
        let texts = self.source.iter().chain([&self.target]).map(text).collect();
        Ok(any2any_data::open(data, root)?.for_texts(texts))
    }

    /// The values of a split that the task reads.
    ///
    /// # Errors
    ///
    /// If a field is missing.
    pub fn columns<'a>(&self, samples: &'a Samples) -> Result<Columns<'a>, RunError> {
        let sources = self.source.as_ref().map(|side| side.column(samples)).transpose()?;
        Ok(Columns { sources, targets: self.target.column(samples)? })
    }

    /// Opens a source for its adapter.
    ///
    /// # Errors
    ///
    /// If the task has no source, or its medium cannot read the value.
    pub fn open_source(&self, value: &Value) -> Result<Value, RunError> {
        Ok(self.opened_source(value)?.value)
    }

    /// Opens a source for its adapter, with warnings about the value.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn opened_source(&self, value: &Value) -> Result<OpenedValue, RunError> {
        let side = self.source.as_ref().ok_or_else(|| self.no_source())?;
        side.open(value).map_err(|error| self.error(Role::Source, error))
    }

    /// The price of opening a source, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn price_source(&self, value: &Value) -> Result<Price, RunError> {
        let side = self.source.as_ref().ok_or_else(|| self.no_source())?;
        side.price(value).map_err(|error| self.error(Role::Source, error))
    }

    /// The price of opening a target, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_target`](Self::open_target).
    pub fn price_target(&self, value: &Value) -> Result<Price, RunError> {
        self.target.price(value).map_err(|error| self.error(Role::Target, error))
    }

    /// Opens a target for its adapter.
    ///
    /// # Errors
    ///
    /// If its medium cannot read the value.
    pub fn open_target(&self, value: &Value) -> Result<Value, RunError> {
        let opened = self.target.open(value).map_err(|error| self.error(Role::Target, error))?;
        Ok(opened.value)
    }

    pub(crate) fn no_source(&self) -> RunError {
        RunError::Unsupported(format!("task '{}' has no source: leave it out", self.name))
    }

    /// The error of the adapter or medium of one side.
    pub fn error(&self, role: Role, source: AdapterError) -> RunError {
        RunError::Adapter { side: format!("{} {}", self.name, role.word()), source }
    }
}
