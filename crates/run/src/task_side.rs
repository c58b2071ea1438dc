//! The two sides of a task, and the values that they read: opened by their medium before an adapter sees them.

use std::borrow::Cow;
use std::sync::Arc;

use any2any_adapter::{AdapterError, Medium, OpenedValue, Price, Registry, Value};
use any2any_data::Samples;
use any2any_experiment::spec;

use crate::error::RunError;

/// Which side of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The source, which is read.
    Source,
    /// The target, which is written.
    Target,
}

impl Role {
    /// The word of the YAML.
    pub fn word(self) -> &'static str {
        match self {
            Role::Source => "source",
            Role::Target => "target",
        }
    }
}

/// One side of one task: its medium, the medium's options, and the fields of the dataset that it reads.
#[derive(Clone)]
pub struct Side {
    /// The medium.
    pub medium: Arc<dyn Medium>,
    /// The medium's options.
    pub options: serde_json::Value,
    /// The fields of the dataset.
    pub fields: Vec<String>,
}

impl Side {
    /// The side that an experiment describes.
    ///
    /// # Errors
    ///
    /// When no medium has that name.
    pub fn new(side: &spec::Side, registry: &Registry) -> Result<Self, RunError> {
        let medium = registry.get(side.medium())?.clone();
        let options = side.options().clone();
        Ok(Self { fields: medium.fields(&options), medium, options })
    }

    /// What it takes to open a value, from its header alone.
    pub fn price(&self, value: &Value) -> Result<Price, AdapterError> {
        self.medium.price(&self.options, value)
    }

    /// A value as adapters take it.
    pub fn open(&self, value: &Value) -> Result<OpenedValue, AdapterError> {
        self.medium.open(&self.options, value)
    }

    /// The values of every sample, as they stand in the dataset: a side that reads several fields gets a series
    /// of them.
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
